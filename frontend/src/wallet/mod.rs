//! The wallet: who is signed in, the key (in memory only), the account as it is now, and all that can be done with it.
//!
//! Pages read its signals and call its methods; they never fetch and never see a key.
//!
//! - `session` is the way from a password to an open key and back; `keys` derives and seals, `keep` spans a reload, `idle` locks.
//! - `head` notices a rewritten history; `follow` keeps account and movements up to date; `payment` checks, signs and sends.

mod draft;
mod failure;
mod follow;
mod head;
mod idle;
mod keep;
pub mod keys;
mod movements;
pub mod pause;
mod payees;
mod payment;
mod position;
pub mod services;
mod session;
mod storage;
pub mod tabs;

pub use draft::{DraftFault, PaymentDraft};
pub use failure::Failure;
pub use head::{Rewritten, Why};
pub use payment::{PreparedPayment, salted};
pub use session::{Prepared, PreparedRecovery};

use crate::{api, live::Live};
use leptos::{prelude::*, task::spawn_local};
use movements::Movements;
use qoin_core::{
    address::Address,
    api::{
        account::{AccountView, Movement},
        currency::CurrencyView,
        mining::MiningWork,
        problem::ProblemCode,
        registration::Registration,
        sessions::{Me, SessionView},
    },
    vault::Seed,
};
use serde::{Deserialize, Serialize};
use std::rc::Rc;
use tabs::Channel;
use zeroize::Zeroizing;

/// How many movements [`WalletContext::latest`] shows.
const LATEST: usize = 20;
/// For how long a comparison of the clocks holds, in milliseconds.
const COMPARED_MS: f64 = 60_000.0;
const CHANNEL: &str = "qoin-wallet";

/// Where the wallet stands. It decides which pages can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Finding out.
    Starting,
    /// Nobody is signed in.
    SignedOut,
    /// Signed in, but the password is needed to open the key.
    Locked {
        /// Who is signed in.
        me: Me,
    },
    /// Signed in with a password that an administrator set; it must be replaced first.
    FirstPassword {
        /// Who is signed in.
        me: Me,
    },
    /// Signed in, key at hand.
    Ready {
        /// Who is signed in.
        me: Me,
    },
    /// The server does not answer, so that nothing can be found out. The wallet keeps trying by itself.
    Unreachable,
}

impl Phase {
    /// The signed-in member, in whatever phase there is one.
    pub fn me(&self) -> Option<&Me> {
        match self {
            Self::Locked { me } | Self::FirstPassword { me } | Self::Ready { me } => Some(me),
            Self::Starting | Self::SignedOut | Self::Unreachable => None,
        }
    }
}

/// Whether what is shown is up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Online {
    /// Changes arrive as they happen.
    Live,
    /// The connection is being made, for the first time or again.
    Reconnecting,
    /// The browser says that there is no network.
    Offline,
}

/// 24 words that restore the key on any browser. Wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryWords(Zeroizing<String>);

impl RecoveryWords {
    /// The words, first to last.
    pub fn words(&self) -> Vec<&str> {
        self.0.split(' ').collect()
    }
}

/// What the wallet knows of a payee's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payee {
    /// Never paid from this browser: the payer should compare these words with the payee.
    New {
        /// A few words that stand for the address.
        words: String,
    },
    /// Paid before at this address.
    Known,
    /// Paid before at another address. Such a payment is refused.
    Changed {
        /// The address paid before.
        was: Address,
    },
}

/// What tabs tell each other.
#[derive(Serialize, Deserialize)]
enum TabMessage {
    /// Forget the key.
    Locked,
    /// The session has ended.
    SignedOut,
    /// A session was opened, unlocked or changed.
    SessionChanged,
}

/// The wallet. Copies are the same wallet. The app makes one and provides it as context.
#[derive(Clone, Copy)]
pub struct WalletContext {
    phase: RwSignal<Phase>,
    currency: RwSignal<Option<CurrencyView>>,
    account: RwSignal<Option<AccountView>>,
    movements: RwSignal<Option<Movements>>,
    online: RwSignal<Online>,
    rewritten: RwSignal<Option<Rewritten>>,
    expired: RwSignal<bool>,
    suspended: RwSignal<bool>,
    banner: RwSignal<String>,
    inner: StoredValue<Inner, LocalStorage>,
}

/// What no page reads.
#[derive(Default)]
struct Inner {
    session: Option<SessionView>,
    seed: Option<Rc<Seed>>,
    live: Option<Live>,
    tabs: Option<Channel<TabMessage>>,
    last_email: Option<String>,
    /// How far the leader's clock is ahead of this one.
    ahead_ms: i64,
    /// When that was found out, by this one.
    compared_ms: f64,
    /// When the history was last looked at, by this one.
    looked_ms: f64,
    /// Rises whenever a key is taken in or forgotten, so that answers to what was asked before are not taken for news.
    turn: u32,
    /// Who is told what this browser's miners are to do.
    hear_work: Option<Rc<dyn Fn(MiningWork)>>,
}

impl WalletContext {
    /// Makes the wallet and starts finding out where it stands. Called once, by the app.
    pub fn start() -> Self {
        let wallet = Self {
            phase: RwSignal::new(Phase::Starting),
            currency: RwSignal::new(None),
            account: RwSignal::new(None),
            movements: RwSignal::new(None),
            online: RwSignal::new(Online::Reconnecting),
            rewritten: RwSignal::new(None),
            expired: RwSignal::new(false),
            suspended: RwSignal::new(false),
            banner: RwSignal::new(String::new()),
            inner: StoredValue::new_local(Inner::default()),
        };
        let tabs = Channel::join(CHANNEL, move |message| wallet.hear(message));
        wallet.inner.update_value(|inner| inner.tabs = tabs);
        idle::watch(wallet);
        spawn_local(async move {
            let mut attempt = 0;
            while wallet.find_out().await.is_err() {
                wallet.phase.set(Phase::Unreachable);
                pause::before_try(attempt).await;
                attempt += 1;
            }
        });
        wallet
    }

    /// Reads where it stands. Whatever reads this or the following is run again when it has changed.
    pub fn with_phase<R>(&self, read: impl FnOnce(&Phase) -> R) -> R {
        self.phase.with(read)
    }

    /// The signed-in member, in whatever phase there is one.
    pub fn me(&self) -> Option<Me> {
        self.phase.with(|phase| phase.me().cloned())
    }

    /// Reads the currency, once known.
    pub fn with_currency<R>(&self, read: impl FnOnce(Option<&CurrencyView>) -> R) -> R {
        self.currency.with(|currency| read(currency.as_ref()))
    }

    /// Reads the account as it is now; absent while loading and when locked.
    pub fn with_account<R>(&self, read: impl FnOnce(Option<&AccountView>) -> R) -> R {
        self.account.with(|account| read(account.as_ref()))
    }

    /// Reads all movements loaded so far, newest first, kept up to date; absent while loading.
    /// [`Self::load_more`] makes the list longer; it always is what a fresh load shows.
    pub fn with_movements<R>(&self, read: impl FnOnce(Option<&[Movement]>) -> R) -> R {
        self.movements.with(|movements| read(movements.as_ref().map(Movements::list)))
    }

    /// Whether there are older movements to load.
    pub fn has_more(&self) -> bool {
        self.movements.with(|movements| movements.as_ref().is_some_and(|movements| movements.next().is_some()))
    }

    /// Whether what is shown is up to date.
    pub fn online(&self) -> Online {
        self.online.get()
    }

    /// Whether the session ended by itself (for the sign-in page to say so); cleared by signing in.
    pub fn session_expired(&self) -> bool {
        self.expired.get()
    }

    /// Whether the session ended because an administrator suspended the account; cleared by signing in.
    pub fn suspended(&self) -> bool {
        self.suspended.get()
    }

    /// What the administrators tell everyone; empty when there is nothing to tell.
    pub fn banner(&self) -> String {
        self.banner.get()
    }

    /// Who can join.
    pub fn registration(&self) -> Registration {
        self.currency
            .with(|currency| currency.as_ref().map_or(Registration::Invitation, |currency| currency.registration))
    }

    /// Lets `hear` know what miners of this session are to do, whichever tab they are in. Called once, by the app.
    pub fn hear_work(&self, hear: impl Fn(MiningWork) + 'static) {
        self.inner.update_value(|inner| inner.hear_work = Some(Rc::new(hear)));
    }

    /// The e-mail address that was signed in last in this page, to fill in the sign-in page.
    pub fn last_email(&self) -> Option<String> {
        self.inner.with_value(|inner| inner.last_email.clone())
    }

    /// Whether the browser can keep the key over a reload (it cannot over plain HTTP beyond localhost).
    pub fn keeps_over_reload(&self) -> bool {
        keep::is_possible()
    }

    /// What the wallet knows of a payee's address.
    pub fn check_payee(&self, payee: &qoin_core::api::members::MemberView) -> Payee {
        self.payees().check(payee)
    }

    /// The words that others see for this wallet's own address when they pay it for the first time.
    pub fn own_words(&self) -> Option<String> {
        self.phase.with(|phase| phase.me().map(|me| payees::words_of(&me.address)))
    }

    /// Passes an answer on; if it says that the session is gone, so does the wallet.
    fn heed<T>(&self, answer: Result<T, Failure>) -> Result<T, Failure> {
        if let Err(failure) = &answer
            && let Some(code @ (ProblemCode::SessionExpired | ProblemCode::AccountSuspended)) = failure.code()
        {
            self.suspended.set(code == ProblemCode::AccountSuspended || self.suspended.get_untracked());
            self.session_ended();
        }
        answer
    }

    /// The currency, from memory or from the leader, whose clock is noted.
    async fn learn_currency(&self) -> Result<CurrencyView, Failure> {
        match self.currency.get_untracked() {
            Some(currency) => Ok(currency),
            None => self.refresh_currency().await,
        }
    }

    async fn refresh_currency(&self) -> Result<CurrencyView, Failure> {
        let asked_ms = js_sys::Date::now();
        let currency = api::currency().await?;
        let now_ms = js_sys::Date::now();
        let halfway_ms = (asked_ms + now_ms) / 2.0;
        self.inner.update_value(|inner| {
            inner.ahead_ms = currency.leader_time_ms as i64 - halfway_ms as i64;
            inner.compared_ms = now_ms;
        });
        if self.banner.with_untracked(|banner| *banner != currency.banner) {
            self.banner.set(currency.banner.clone());
        }
        let known = |held: &CurrencyView| {
            (held.genesis_hash, &held.version, held.registration)
                == (currency.genesis_hash, &currency.version, currency.registration)
        };
        if !self.currency.with_untracked(|held| held.as_ref().is_some_and(known)) {
            self.currency.set(Some(currency.clone()));
        }
        Ok(currency)
    }

    /// Compares the clocks again, unless that was just done: after sleep or a long interruption they may have parted.
    fn compare_clocks(self) {
        let since_ms = js_sys::Date::now() - self.inner.with_value(|inner| inner.compared_ms);
        if since_ms.abs() > COMPARED_MS {
            // Without an answer the old difference still is the best guess.
            spawn_local(async move { drop(self.refresh_currency().await) });
        }
    }

    /// The leader's time, which payment ids carry, in milliseconds since 1970.
    fn leader_now_ms(&self) -> u64 {
        let ahead_ms = self.inner.with_value(|inner| inner.ahead_ms);
        (js_sys::Date::now() as i64 + ahead_ms).max(0) as u64
    }

    /// Under which name something of the own address is stored in this browser.
    fn own_name(&self, what: &str) -> Option<String> {
        let own = self.phase.with_untracked(|phase| phase.me().map(|me| me.address));
        own.map(|address| format!("qoin/{what}/{address}"))
    }

    fn tell_tabs(&self, message: &TabMessage) {
        self.inner.with_value(|inner| inner.tabs.iter().for_each(|tabs| tabs.post(message)));
    }

    fn turn(&self) -> u32 {
        self.inner.with_value(|inner| inner.turn)
    }
}
