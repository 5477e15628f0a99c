//! Mining in this tab: whether it is wanted, what keeps it from going on, and what came of it since the page was opened.
//!
//! It never starts by itself. A [`Crew`] exists exactly while this tab mines; whatever changes ends it, and another one
//! joins with a header of its own, so that no nonce is searched twice.

mod crew;

use crate::{
    ui::react,
    wallet::{Failure, Online, Phase, WalletContext},
};
use crew::Crew;
use js_sys::{Function, Promise, Reflect};
use leptos::{prelude::*, task::spawn_local};
use qoin_core::{
    amount::Amount,
    api::account::{Movement, MovementKind},
};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{EventTarget, VisibilityState};

/// How mining in this tab stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nobody asked for it.
    Stopped,
    /// It goes on when the tab is looked at again.
    Hidden,
    /// It goes on when the device is plugged in.
    OnBattery,
    /// It goes on when the leader answers.
    Connecting,
    /// There is work only while payments wait.
    Waiting,
    /// It searches.
    Working,
}

/// Why mining ended by itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// The worker is of another release than this page.
    Outdated,
    /// The browser did not run the worker.
    Broken,
    /// The leader refused.
    Refused(Failure),
}

/// Mining in this tab. Copies are the same. The app provides it as context.
#[derive(Clone, Copy)]
pub struct Mining {
    wallet: WalletContext,
    wanted: RwSignal<bool>,
    hidden: RwSignal<bool>,
    on_battery: RwSignal<bool>,
    /// Whether there is work, once that is known.
    has_work: RwSignal<Option<bool>>,
    /// Rises when a crew has to begin anew.
    turn: RwSignal<u32>,
    crew: StoredValue<Option<Crew>, LocalStorage>,
    /// Workers at once.
    pub threads: RwSignal<u32>,
    /// The part of the time in which they compute, in percent.
    pub duty_percent: RwSignal<u32>,
    /// Hashes a second, over the last seconds.
    pub rate: RwSignal<f64>,
    /// Shares that the leader took.
    pub shares: RwSignal<u32>,
    /// Heights of the blocks that they solved.
    pub solved: RwSignal<Vec<u32>>,
    /// Why it ended by itself.
    pub ending: RwSignal<Option<Ending>>,
}

impl Mining {
    /// Prepares for mining: nothing is computed or loaded for it yet.
    pub fn new(wallet: WalletContext) -> Self {
        let mining = Self {
            wallet,
            wanted: RwSignal::new(false),
            hidden: RwSignal::new(is_hidden()),
            on_battery: RwSignal::new(false),
            has_work: RwSignal::new(None),
            turn: RwSignal::new(0),
            crew: StoredValue::new_local(None),
            threads: RwSignal::new(1),
            duty_percent: RwSignal::new(50),
            rate: RwSignal::new(0.0),
            shares: RwSignal::new(0),
            solved: RwSignal::new(Vec::new()),
            ending: RwSignal::new(None),
        };
        listen(&document(), "visibilitychange", move || mining.hidden.set(is_hidden()));
        spawn_local(async move { drop(mining.watch_battery().await) });
        wallet.hear_work(move |work| mining.crew.with_value(|crew| crew.iter().for_each(|crew| crew.hear(&work))));
        let crew = Memo::new(move |_| {
            let goes = matches!(mining.standing(), Standing::Connecting | Standing::Waiting | Standing::Working);
            let goes = goes && wallet.online() == Online::Live;
            goes.then(|| (mining.threads.get(), mining.duty_percent.get(), mining.turn.get()))
        });
        react(move || {
            mining.crew.set_value(None);
            mining.has_work.set(None);
            mining.rate.set(0.0);
            if let Some((threads, duty_percent, _)) = crew.get() {
                mining.crew.set_value(Crew::join(mining, threads, duty_percent));
            }
        });
        // Whoever locks the wallet or signs out does not mine on.
        react(move || {
            if !wallet.with_phase(|phase| matches!(phase, Phase::Ready { .. })) {
                mining.stop();
            }
        });
        mining
    }

    /// Starts.
    pub fn start(self) {
        self.ending.set(None);
        self.wanted.set(true);
    }

    /// Stops, at once.
    pub fn stop(self) {
        self.wanted.set(false);
    }

    /// How it stands.
    pub fn standing(self) -> Standing {
        if !self.wanted.get() {
            Standing::Stopped
        } else if self.hidden.get() {
            Standing::Hidden
        } else if self.on_battery.get() {
            Standing::OnBattery
        } else {
            match self.has_work.get() {
                None => Standing::Connecting,
                Some(false) => Standing::Waiting,
                Some(true) => Standing::Working,
            }
        }
    }

    /// The rewards for the solved blocks, as far as the wallet has them.
    pub fn rewards(self) -> Amount {
        let solved = self.solved.get();
        let is_ours = |movement: &&Movement| {
            movement.kind == MovementKind::Reward && movement.block.is_some_and(|block| solved.contains(&block))
        };
        self.wallet.with_movements(|movements| {
            let rewards = movements.unwrap_or_default().iter().filter(is_ours).filter_map(|reward| reward.amount);
            rewards.fold(Amount::ZERO, |sum, reward| sum.checked_add(reward).unwrap_or(sum))
        })
    }

    fn end(self, ending: Ending) {
        self.ending.set(Some(ending));
        self.stop();
    }

    /// Follows whether the device runs on its battery, where the browser tells.
    async fn watch_battery(self) -> Result<(), JsValue> {
        let navigator = window().navigator();
        let ask: Function = Reflect::get(&navigator, &"getBattery".into())?.dyn_into()?;
        let battery = JsFuture::from(ask.call0(&navigator)?.dyn_into::<Promise>()?).await?;
        let of_battery = battery.clone();
        let look = move || {
            let charging = Reflect::get(&of_battery, &"charging".into()).is_ok_and(|charging| charging.is_truthy());
            self.on_battery.set(!charging);
        };
        look();
        listen(battery.unchecked_ref(), "chargingchange", look);
        Ok(())
    }
}

/// How many threads the device has.
pub fn threads_max() -> u32 {
    window().navigator().hardware_concurrency().clamp(1.0, 256.0) as u32
}

fn is_hidden() -> bool {
    document().visibility_state() == VisibilityState::Hidden
}

/// Calls `act` on every such event, as long as the page lives.
fn listen(target: &EventTarget, name: &str, act: impl Fn() + 'static) {
    let listener = Closure::<dyn Fn()>::new(act).into_js_value();
    let _ = target.add_event_listener_with_callback(name, listener.unchecked_ref());
}
