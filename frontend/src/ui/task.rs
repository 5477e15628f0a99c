//! Something under way that can fail: what a form's button starts.

use leptos::{prelude::*, task::spawn_local};
use std::future::Future;

/// Whether something is under way, and how the last try failed.
#[derive(Clone, Copy)]
pub struct Task {
    /// Something is under way.
    pub busy: RwSignal<bool>,
    /// How the last try failed, in words.
    pub fault: RwSignal<Option<String>>,
}

impl Task {
    /// Nothing is under way.
    pub fn new() -> Self {
        Self { busy: RwSignal::new(false), fault: RwSignal::new(None) }
    }

    /// Starts `work`, unless something is under way already: a double click starts it once.
    pub fn start(self, work: impl Future<Output = Result<(), String>> + 'static) {
        if self.busy.try_get_untracked() != Some(false) {
            return;
        }
        self.busy.set(true);
        self.fault.set(None);
        spawn_local(async move {
            let result = work.await;
            // The page may be gone by now.
            self.busy.try_set(false);
            self.fault.try_set(result.err());
        });
    }
}
