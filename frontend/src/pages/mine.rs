//! Mining in this browser: start, stop, how much of the device it may use, and what came of it.

use crate::{
    locales::{describe, texts},
    mining::{Ending, Mining, Standing, threads_max},
    ui::{
        Button, El, Part, Sign, View, classed, div, el,
        field::fresh_id,
        money, p,
        state::{Tone, notice, page_heading},
    },
};
use leptos::prelude::*;
use web_sys::HtmlSelectElement;

/// How much of each thread can be used, in percent.
const DUTIES: [u32; 4] = [25, 50, 75, 100];

/// The page for mining.
pub fn mine() -> View {
    let t = &texts().mine;
    let mining = expect_context::<Mining>();
    let ending = move || mining.ending.with(|ending| ending.as_ref().map(explain));
    let threads = (1..=threads_max()).map(|count| (count, count.to_string()));
    let duties = DUTIES.into_iter().map(|percent| (percent, [&percent.to_string(), "\u{a0}%"].concat()));
    let settings = classed("section", "panel padded section")
        .add(choice(t.threads, "", mining.threads, threads))
        .add(choice(t.duty, t.duty_hint, mining.duty_percent, duties));
    vec![
        page_heading(texts().pages.mine).view(),
        p("quiet").add(t.lead).view(),
        el("div").attr("role", "alert").add(ending).view(),
        card(mining).view(),
        settings.view(),
    ]
    .view()
}

/// The hash rate, what it brought, and the button.
fn card(mining: Mining) -> El {
    let t = &texts().mine;
    let figure = p("balance-figure").attr("data-testid", "rate").add(move || rate_text(mining.rate.get()));
    let standing = p("").attr("role", "status").attr("data-testid", "standing").add(move || standing_text(mining));
    let part = |name: &str, id: &str, figure: View| {
        el("div").add(el("dt").add(name)).add(el("dd").attr("data-testid", id).add(figure))
    };
    let parts = classed("dl", "balance-parts")
        .add(part(t.shares, "shares", (move || mining.shares.get().to_string()).view()))
        .add(part(t.blocks, "blocks", (move || mining.solved.with(Vec::len).to_string()).view()))
        .add(part(t.rewards, "rewards", (move || money(mining.rewards(), Sign::None)).view()));
    let is_stopped = Memo::new(move |_| mining.standing() == Standing::Stopped);
    let label = move || if is_stopped.get() { t.start } else { t.stop };
    let press = move || if is_stopped.get_untracked() { mining.start() } else { mining.stop() };
    classed("section", "balance")
        .attr("aria-label", texts().pages.mine)
        .add(el("div").add(p("balance-label").add(t.rate)).add(figure).add(standing))
        .add(parts)
        .add(div("balance-actions").add(Button::new(label, press)))
}

/// Hashes a second, in millions to the hundredth.
fn rate_text(rate: f64) -> String {
    let hundredths = (rate / 10_000.0) as u32;
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    let mut text = whole.to_string();
    text.push(texts().decimal_mark);
    text.push(char::from(b'0' + (rest / 10) as u8));
    text.push(char::from(b'0' + (rest % 10) as u8));
    text.push_str("\u{a0}MH/s");
    text
}

fn standing_text(mining: Mining) -> &'static str {
    let t = &texts().mine;
    match mining.standing() {
        Standing::Stopped => t.stopped,
        Standing::Hidden => t.hidden,
        Standing::OnBattery => t.on_battery,
        Standing::Connecting => t.connecting,
        Standing::Waiting => t.waiting,
        Standing::Working => t.working,
    }
}

fn explain(ending: &Ending) -> El {
    let t = &texts().mine;
    match ending {
        Ending::Outdated => {
            let reload = Button::new(t.reload, || drop(window().location().reload())).look("small");
            notice(Tone::Warning, t.outdated_title, vec![p("").add(t.outdated_text).view(), reload.view()])
        }
        Ending::Broken => notice(Tone::Warning, "", p("").add(t.broken)),
        Ending::Refused(failure) => notice(Tone::Warning, "", p("").add(describe::failure(failure))),
    }
}

/// A choice among numbers.
fn choice(label: &str, hint: &str, value: RwSignal<u32>, options: impl Iterator<Item = (u32, String)>) -> El {
    let (id, hint_id) = (fresh_id(), fresh_id());
    let option = |(number, text): (u32, String)| {
        let option = el("option").attr("value", &number.to_string()).add(text);
        if number == value.get_untracked() { option.attr("selected", "") } else { option }
    };
    let select = classed("select", "input")
        .attr("id", &id)
        .attr("aria-describedby", &hint_id)
        .add(options.map(option).collect::<Vec<_>>());
    let element: HtmlSelectElement = select.cast();
    let select = select.on("change", move |_| value.set(element.value().parse().unwrap_or(value.get_untracked())));
    div("field").add(el("label").attr("for", &id).add(label)).add(select).add(p("hint").attr("id", &hint_id).add(hint))
}
