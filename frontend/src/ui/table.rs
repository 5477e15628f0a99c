//! Tables. Where there is no room for columns, each row becomes a card whose values stand beside their names.

use super::dom::{El, Part, View, classed, div, el};
use std::rc::Rc;

/// A column.
#[derive(Clone)]
pub struct Column {
    name: &'static str,
    class: &'static str,
    sort: Option<Rc<Sort>>,
}

/// How a column sorts the rows.
struct Sort {
    /// `ascending` or `descending` while it does.
    now: Box<dyn Fn() -> Option<&'static str>>,
    press: Box<dyn Fn()>,
}

impl Column {
    /// A column of texts.
    pub fn new(name: &'static str) -> Self {
        Self { name, class: "", sort: None }
    }

    /// A column of figures, which stand at its end.
    pub fn figures(name: &'static str) -> Self {
        Self { class: "figure", ..Self::new(name) }
    }

    /// Its name is a button that sorts the rows; `now` says by `ascending` or `descending` that they are.
    pub fn sorts(self, now: impl Fn() -> Option<&'static str> + 'static, press: impl Fn() + 'static) -> Self {
        Self { sort: Some(Rc::new(Sort { now: Box::new(now), press: Box::new(press) })), ..self }
    }

    fn head(&self) -> El {
        let head = classed("th", self.class).attr("scope", "col").attr("role", "columnheader");
        let Some(sort) = self.sort.clone() else { return head.add(self.name) };
        let now = sort.clone();
        let button = classed("button", "sort").attr("type", "button").add(self.name);
        head.attr_live("aria-sort", move || Some((now.now)().unwrap_or("none")))
            .add(button.on_click(move || (sort.press)()))
    }
}

/// A table of this name; `rows` are made by [`row`] of the same columns.
pub fn table(label: &str, columns: &[Column], rows: impl Part) -> El {
    let heads: Vec<_> = columns.iter().map(Column::head).collect();
    let head = el("thead").attr("role", "rowgroup").add(el("tr").attr("role", "row").add(heads));
    let body = el("tbody").attr("role", "rowgroup").add(rows);
    let table = classed("table", "table").attr("role", "table").attr("aria-label", label);
    div("table-frame").add(table.add(head).add(body))
}

/// A row: its first cell names it.
pub fn row(columns: &[Column], cells: Vec<View>) -> El {
    let cell = |(place, (column, content)): (usize, (&Column, View))| {
        let cell = match place {
            0 => el("th").attr("scope", "row").attr("role", "rowheader"),
            _ => el("td").attr("role", "cell").attr("data-label", column.name),
        };
        cell.attr("class", column.class).add(content)
    };
    el("tr").attr("role", "row").add(columns.iter().zip(cells).enumerate().map(cell).collect::<Vec<_>>())
}
