//! Something under way that can fail: what a form's button starts.

use super::field::Fault;
use crate::{locales::describe, wallet::Failure};
use leptos::{prelude::*, task::spawn_local};
use std::{future::Future, pin::Pin};

/// Whether something is under way, and how the last try failed.
#[derive(Clone, Copy)]
pub struct Task {
    /// Something is under way.
    pub busy: RwSignal<bool>,
    /// How the last try failed, in words.
    pub fault: Fault,
}

impl Task {
    /// Nothing is under way.
    pub fn new() -> Self {
        Self { busy: RwSignal::new(false), fault: RwSignal::new(None) }
    }

    /// Starts `work`, unless something is under way already: a double click starts it once.
    pub fn start(self, work: impl Future<Output = Result<(), String>> + 'static) {
        self.start_boxed(Box::pin(work));
    }

    fn start_boxed(self, work: Pin<Box<dyn Future<Output = Result<(), String>>>>) {
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

/// The result with its failure in words.
pub fn in_words<T>(result: Result<T, Failure>) -> Result<T, String> {
    result.map_err(|failure| describe::failure(&failure))
}
