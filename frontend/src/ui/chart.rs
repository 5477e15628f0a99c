//! Charts of one series: a line or bars over equal steps, with axes, a line to hold it against, the value under the pointer
//! (or at the arrow keys' place), and the same figures as a table.

use super::dom::{El, Part, View, classed, div, el, p, span, svg};
use crate::locales::{admin::texts, fill};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, MouseEvent};

/// The drawing's own width and height; the page stretches it.
const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 200.0;
/// How many steps the scale has.
const STEPS: u32 = 4;
/// How many times are written below it.
const TICKS: usize = 4;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// When or where, in words.
    pub at: String,
    /// The same, as short as the axis needs it.
    pub short: String,
    /// The value.
    pub value: f64,
}

/// How the values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A line through them.
    Line,
    /// A bar for each.
    Bars,
}

/// A chart of what `points` gives, oldest first. `unit` writes a value; `goal` is what they are held against, with its
/// name.
pub fn chart(
    title: &'static str,
    shape: Shape,
    unit: fn(f64) -> String,
    goal: impl Fn() -> Option<(&'static str, f64)> + Copy + Send + Sync + 'static,
    points: impl Fn() -> Vec<Point> + Send + Sync + 'static,
) -> El {
    let t = &texts().chart;
    let points = Memo::new(move |_| points());
    let at = RwSignal::new(None::<usize>);
    let readout = move || {
        points.with(|points| {
            let point = at.get().and_then(|at| points.get(at)).or(points.last())?;
            Some(vec![el("strong").add(unit(point.value)), span("quiet small").add(point.at.as_str())])
        })
    };
    let legend = move || goal().map(|(name, value)| p("chart-goal small").add([name, ": ", &unit(value)].concat()));
    let head = div("chart-head").add(el("h3").add(title)).add(div("chart-readout").add(readout));
    let drawing = move || points.with(|points| draw(shape, points, goal().map(|goal| goal.1), unit, at, title));
    let headings =
        el("tr").add(el("th").attr("scope", "col").add(t.when)).add(el("th").attr("scope", "col").add(t.value));
    let values = move || {
        let value = |point: &Point| {
            el("tr").add(el("th").attr("scope", "row").add(point.at.as_str())).add(el("td").add(unit(point.value)))
        };
        points.with(|points| points.iter().rev().map(value).collect::<Vec<_>>())
    };
    let table = el("table").attr("aria-label", title).add(el("thead").add(headings)).add(el("tbody").add(values));
    let scroll = div("chart-table").attr("tabindex", "0").attr("role", "region").attr("aria-label", title).add(table);
    let as_table = classed("details", "chart-details").add(el("summary").add(t.as_table)).add(scroll);
    classed("figure", "chart").add(head).add(drawing).add(legend).add(as_table)
}

fn draw(
    shape: Shape,
    points: &[Point],
    goal: Option<f64>,
    unit: fn(f64) -> String,
    at: RwSignal<Option<usize>>,
    title: &str,
) -> View {
    let t = &texts().chart;
    if points.is_empty() {
        return p("chart-empty quiet").add(t.nothing).view();
    }
    let highest = points.iter().map(|point| point.value).fold(0.0, f64::max);
    let lowest = points.iter().map(|point| point.value).fold(f64::INFINITY, f64::min);
    let top = round_up(highest.max(goal.unwrap_or_default()));
    let labels = (0..=STEPS).rev().map(|step| el("li").add(unit(top * f64::from(step) / f64::from(STEPS))));
    let scale = classed("ol", "chart-scale").attr("aria-hidden", "true").add(labels.collect::<Vec<_>>());
    let count = points.len();
    let mut plot =
        svg("svg").attr("class", "chart-plot").attr("viewBox", "0 0 1000 200").attr("preserveAspectRatio", "none");
    for step in 0..=STEPS {
        plot = plot.add(level("chart-line", HEIGHT * f64::from(step) / f64::from(STEPS)));
    }
    let height_of = |value: f64| HEIGHT - HEIGHT * (value / top).clamp(0.0, 1.0);
    plot = match shape {
        Shape::Line => plot.add(line(points, height_of)),
        Shape::Bars => plot.add(bars(points, height_of)),
    };
    plot = plot.add(goal.map(|goal| level("chart-goal-line", height_of(goal))));
    plot = plot.add(move || at.get().filter(|at| *at < count).map(|at| marker(x_of(shape, at, count))));
    let told = fill(t.told, &[title, &count.to_string(), &unit(lowest), &unit(highest)]);
    let plot = plot
        .attr("role", "img")
        .attr("aria-label", &told)
        .attr("tabindex", "0")
        .on("pointermove", move |event| at.set(place_of(event.unchecked_ref(), count)))
        .on("pointerleave", move |_| at.set(None))
        .on("blur", move |_| at.set(None))
        .on("keydown", move |event| on_key(event.unchecked_ref(), at, count));
    let ticks = (0..TICKS.min(count)).map(|tick| {
        let place = if count == 1 { 0 } else { tick * (count - 1) / (TICKS.min(count) - 1).max(1) };
        el("li").add(points[place].short.as_str())
    });
    let ticks = classed("ol", "chart-ticks").attr("aria-hidden", "true").add(ticks.collect::<Vec<_>>());
    div("chart-body").add(scale).add(plot).add(ticks).view()
}

/// The smallest round figure that is not below this one.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let magnitude = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 8.0, 10.0];
    let step = steps.into_iter().find(|step| step * magnitude >= value * 0.999_999).unwrap_or(10.0);
    step * magnitude
}

fn x_of(shape: Shape, place: usize, count: usize) -> f64 {
    match shape {
        Shape::Line if count == 1 => WIDTH / 2.0,
        Shape::Line => WIDTH * place as f64 / (count - 1) as f64,
        Shape::Bars => WIDTH * (place as f64 + 0.5) / count as f64,
    }
}

fn line(points: &[Point], height_of: impl Fn(f64) -> f64) -> View {
    let count = points.len();
    let corner = |(place, point): (usize, &Point)| {
        format!("{:.1} {:.1}", x_of(Shape::Line, place, count), height_of(point.value))
    };
    let corners = points.iter().enumerate().map(corner).collect::<Vec<_>>().join("L");
    let below = format!("M{corners}L{WIDTH} {HEIGHT}L0 {HEIGHT}Z");
    let area = svg("path").attr("class", "chart-area").attr("d", &below);
    vec![area, svg("path").attr("class", "chart-curve").attr("d", &["M", &corners].concat())].view()
}

fn bars(points: &[Point], height_of: impl Fn(f64) -> f64) -> View {
    let step = WIDTH / points.len() as f64;
    let bar = |(place, point): (usize, &Point)| {
        let top = height_of(point.value);
        let (x, width) = (step * (place as f64 + 0.15), step * 0.7);
        let bar = svg("rect").attr("class", "chart-bar").attr("x", &format!("{x:.1}")).attr("y", &format!("{top:.1}"));
        bar.attr("width", &format!("{width:.1}")).attr("height", &format!("{:.1}", (HEIGHT - top).max(1.0)))
    };
    points.iter().enumerate().map(bar).collect::<Vec<_>>().view()
}

fn level(class: &str, y: f64) -> El {
    let y = format!("{y:.1}");
    svg("line").attr("class", class).attr("x1", "0").attr("x2", "1000").attr("y1", &y).attr("y2", &y)
}

fn marker(x: f64) -> El {
    let x = format!("{x:.1}");
    svg("line").attr("class", "chart-marker").attr("y1", "0").attr("y2", "200").attr("x1", &x).attr("x2", &x)
}

/// The place nearest to the pointer.
fn place_of(event: &MouseEvent, count: usize) -> Option<usize> {
    let plot = event.current_target()?.dyn_into::<Element>().ok()?;
    let bounds = plot.get_bounding_client_rect();
    let share = (f64::from(event.client_x()) - bounds.left()) / bounds.width().max(1.0);
    Some(((share * count as f64) as usize).min(count - 1))
}

fn on_key(event: &KeyboardEvent, at: RwSignal<Option<usize>>, count: usize) {
    let last = count - 1;
    let now = at.get_untracked().unwrap_or(last).min(last);
    let next = match event.key().as_str() {
        "ArrowLeft" => now.saturating_sub(1),
        "ArrowRight" => (now + 1).min(last),
        "Home" => 0,
        "End" => last,
        _ => return,
    };
    event.prevent_default();
    at.set(Some(next));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_on_round_figures() {
        for (value, top) in
            [(0.0, 1.0), (1.0, 1.0), (1.1, 2.0), (37.0, 40.0), (61.0, 80.0), (8_100_000.0, 10_000_000.0)]
        {
            assert!((round_up(value) - top).abs() < 1e-6 * top, "{value}: {}", round_up(value));
        }
    }
}
