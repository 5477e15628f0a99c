//! The history: all movements by day, newest first, live.

use crate::{
    locales::{describe, texts},
    ui::{
        Button, Icon, Task,
        field::{fault, fresh_id},
        format::{day, day_key, ms},
        movement::{MovementDialog, movement_row},
        state,
    },
    wallet::WalletContext,
};
use leptos::prelude::*;
use qoin_core::api::account::Movement;

/// The page with all movements.
#[component]
pub fn History() -> AnyView {
    let t = &texts().history;
    let wallet = expect_context::<WalletContext>();
    let movements = wallet.movements();
    let has_more = wallet.has_more();
    let selected = RwSignal::new(None);
    let select = Callback::new(move |cursor| selected.set(Some(cursor)));
    let task = Task::new();
    let load = move |()| {
        task.start(async move { wallet.load_more().await.map_err(|failure| describe::failure(&failure)) });
    };
    let days = move || {
        movements.with(|movements| match movements.as_deref() {
            None => view! { <div class="panel">{state::skeleton_rows(8)}</div> }.into_any(),
            Some([]) => {
                view! { <div class="panel">{state::empty(Icon::History, t.empty_title, t.empty_text)}</div> }.into_any()
            }
            Some(movements) => {
                let key = |movement: &Movement| day_key(ms(movement.at_us));
                movements
                    .chunk_by(|a, b| key(a) == key(b))
                    .map(|of_day| day_list(of_day, select))
                    .collect_view()
                    .into_any()
            }
        })
    };
    let more = move || match (has_more.get(), movements.with(|movements| movements.as_ref().map_or(0, Vec::len))) {
        (true, _) => view! { <Button label=texts().parts.more look="plain" busy=task.busy on_press=load /> }.into_any(),
        (false, 10..) => view! { <p class="quiet small">{t.end}</p> }.into_any(),
        _ => ().into_any(),
    };
    view! {
        <div class="page-head"><h1 tabindex="-1">{t.title}</h1></div>
        <div class="days">{days}</div>
        {fault(fresh_id(), task.fault.into())}
        <div class="more">{more}</div>
        <MovementDialog selected />
    }
    .into_any()
}

fn day_list(of_day: &[Movement], select: Callback<String>) -> AnyView {
    let name = of_day.first().map(|movement| day(ms(movement.at_us)));
    let rows = of_day.iter().map(|movement| movement_row(movement.clone(), false, select)).collect_view();
    view! { <section class="day"><h2>{name}</h2><ul class="rows panel">{rows}</ul></section> }.into_any()
}
