//! The history: all movements by day, newest first, live.

use crate::{
    locales::texts,
    ui::{
        Button, El, Icon, Part, Task, View, classed, div, el,
        field::fault,
        format::{day, day_key, ms},
        movement::{movement_dialog, movement_row},
        p, state,
        task::in_words,
    },
    wallet::WalletContext,
};
use leptos::prelude::*;
use qoin_core::api::account::Movement;

/// A list shorter than this needs no word about its end.
const LONG: usize = 10;

/// The page with all movements.
pub fn history() -> View {
    let t = &texts().history;
    let wallet = expect_context::<WalletContext>();
    let selected = RwSignal::new(None);
    let task = Task::new();
    let load = move || task.start(async move { in_words(wallet.load_more().await) });
    let days = move || {
        wallet.with_movements(|movements| match movements {
            None => vec![div("panel").add(state::skeleton_rows(8))],
            Some([]) => vec![div("panel").add(state::empty(Icon::History, t.empty_title, t.empty_text))],
            Some(movements) => {
                let key = |movement: &Movement| day_key(ms(movement.at_us));
                movements.chunk_by(|a, b| key(a) == key(b)).map(|of_day| day_list(of_day, selected)).collect()
            }
        })
    };
    let more = move || match (wallet.has_more(), wallet.with_movements(|movements| movements.map_or(0, <[_]>::len))) {
        (true, _) => Button::new(texts().parts.more, load).look("plain").busy(task.busy).view(),
        (false, LONG..) => p("quiet small").add(t.end).view(),
        _ => View::Nothing,
    };
    vec![
        state::page_heading(t.title).view(),
        div("days").add(days).view(),
        fault(task.fault).view(),
        div("more").add(more).view(),
        movement_dialog(selected),
    ]
    .view()
}

fn day_list(of_day: &[Movement], selected: RwSignal<Option<String>>) -> El {
    let name = of_day.first().map(|movement| day(ms(movement.at_us)));
    let rows: Vec<_> = of_day.iter().map(|movement| movement_row(movement, false, selected)).collect();
    classed("section", "day").add(el("h2").add(name)).add(classed("ul", "rows panel").add(rows))
}
