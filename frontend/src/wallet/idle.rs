//! Locking after a quarter of an hour without a touch of pointer or key in any tab.
//!
//! It compares clocks instead of counting down, so that time asleep or with the browser closed counts too.

use super::{Phase, WalletContext, storage};
use leptos::{prelude::*, task::spawn_local};
use std::cell::Cell;
use wasm_bindgen::{JsCast, closure::Closure};

/// After how long the wallet locks itself, in milliseconds.
pub const IDLE_MAX_MS: f64 = 15.0 * 60.0 * 1000.0;
const LOOK_EVERY_MS: u32 = 10_000;
/// Other tabs learn of activity this late at most.
const TELL_EVERY_MS: f64 = 5_000.0;
const STORED: &str = "qoin/active-ms";

thread_local! {
    static ACTIVE_MS: Cell<f64> = const { Cell::new(0.0) };
    static TOLD_MS: Cell<f64> = const { Cell::new(0.0) };
}

/// Whether the last activity, in this tab or another, is so long ago that the wallet must be locked.
pub fn is_over() -> bool {
    let stored = storage::read(STORED).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) as f64;
    is_past(js_sys::Date::now(), ACTIVE_MS.get().max(stored))
}

/// A clock that was set back does not keep the wallet open for ever.
fn is_past(now_ms: f64, active_ms: f64) -> bool {
    let idle_ms = now_ms - active_ms;
    !(-IDLE_MAX_MS..=IDLE_MAX_MS).contains(&idle_ms)
}

/// Counts as activity.
pub fn touch() {
    let now_ms = js_sys::Date::now();
    ACTIVE_MS.set(now_ms);
    if (now_ms - TOLD_MS.get()).abs() > TELL_EVERY_MS {
        TOLD_MS.set(now_ms);
        storage::write(STORED, &(now_ms as u64).to_string());
    }
}

/// Watches from now on, for as long as the page lives.
pub fn watch(wallet: WalletContext) {
    let active = Closure::<dyn FnMut()>::new(move || {
        if !lock_if_over(wallet) {
            touch();
        }
    });
    if let Some(document) = web_sys::window().and_then(|window| window.document()) {
        for name in ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "visibilitychange"] {
            // Capturing, to come before the page: what wakes a sleeping wallet must not act in it.
            let listener = active.as_ref().unchecked_ref();
            let _ = document.add_event_listener_with_callback_and_bool(name, listener, true);
        }
    }
    active.forget();
    spawn_local(async move {
        loop {
            gloo_timers::future::TimeoutFuture::new(LOOK_EVERY_MS).await;
            lock_if_over(wallet);
        }
    });
}

fn lock_if_over(wallet: WalletContext) -> bool {
    let open = matches!(wallet.phase.get_untracked(), Phase::Ready { .. });
    let lock = open && is_over();
    if lock {
        wallet.lock();
    }
    lock
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_an_hour_counts_on_any_clock() {
        let start = 1_000_000_000.0;
        assert!(!is_past(start + IDLE_MAX_MS, start));
        assert!(is_past(start + IDLE_MAX_MS + 1.0, start));
        assert!(is_past(start - IDLE_MAX_MS - 1.0, start));
        assert!(is_past(start, 0.0));
    }
}
