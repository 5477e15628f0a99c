//! Short messages that come and go: something was done.

use super::{
    dom::{El, div, p},
    icon::{Icon, icon},
};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

/// How long a message stays.
const SHOWN_MS: u32 = 5_000;

/// The messages now on the page, each with its number. The app provides it as context.
#[derive(Clone, Copy)]
pub struct Toasts(RwSignal<Vec<(u32, String)>>);

impl Toasts {
    /// No messages yet.
    pub fn new() -> Self {
        Self(RwSignal::new(Vec::new()))
    }

    fn show(self, text: String) {
        let number = self.0.with_untracked(|shown| shown.last().map_or(0, |last| last.0 + 1));
        self.0.update(|shown| shown.push((number, text)));
        spawn_local(async move {
            TimeoutFuture::new(SHOWN_MS).await;
            self.0.update(|shown| shown.retain(|toast| toast.0 != number));
        });
    }

    /// Where the messages appear. Stands once on the page, always, so that screen readers listen to it.
    pub fn area(self) -> El {
        let message = |(_, text): &(u32, String)| p("toast").add(icon(Icon::Check)).add(text.clone());
        let shown = move || self.0.with(|shown| shown.iter().map(message).collect::<Vec<_>>());
        div("toasts").attr("role", "status").add(shown)
    }
}

/// Shows a message for a few seconds and reads it to screen readers. Call it while a page is set up to get the
/// function that shows.
pub fn toast() -> impl Fn(String) + Copy + 'static {
    let toasts = expect_context::<Toasts>();
    move |text| toasts.show(text)
}
