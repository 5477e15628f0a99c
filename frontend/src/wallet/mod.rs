//! The wallet: who is signed in, the key (in memory only), the account as it is now, and all that can be done with it.
//!
//! Pages read its signals and call its methods; they never fetch and never see a key.

mod draft;
mod failure;

pub use draft::{DraftFault, PaymentDraft};
pub use failure::Failure;

use leptos::prelude::*;
use qoin_core::{
    address::Address,
    amount::Amount,
    api::{
        account::{AccountView, HistoryPage, Movement},
        admin::Credit,
        currency::CurrencyView,
        invitations::{InvitationOpened, InvitationView},
        members::MemberView,
        sessions::{Me, NewSecrets},
        transactions::{AcceptedView, SubmitTransaction},
    },
    transaction::SignedTransaction,
    vault::Seed,
};
use zeroize::Zeroizing;

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

/// Whether what is shown is up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// A key and a password's secrets, made in the browser and not yet handed in.
#[derive(Clone)]
pub struct Prepared {
    /// The words to show and to check before handing in.
    pub words: RecoveryWords,
    secrets: NewSecrets,
    open_account: SignedTransaction,
    seed: Seed,
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

/// A signed payment. Sending it twice pays once, since it carries its payment id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedPayment {
    /// What it pays.
    pub draft: PaymentDraft,
    /// What will be available after it.
    pub resulting: Amount,
    submit: SubmitTransaction,
}

/// A payment out of the system account, with its payment id. Sending it twice pays once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedCredit(Credit);

/// The wallet. Copies are the same wallet. The app makes one and provides it as context.
#[derive(Clone, Copy)]
pub struct WalletContext {
    phase: RwSignal<Phase>,
    currency: RwSignal<Option<CurrencyView>>,
    account: RwSignal<Option<AccountView>>,
    movements: RwSignal<Option<Vec<Movement>>>,
    online: RwSignal<Online>,
    expired: RwSignal<bool>,
}

impl WalletContext {
    /// Makes the wallet and starts finding out where it stands. Called once, by the app.
    pub fn start() -> Self {
        Self {
            phase: RwSignal::new(Phase::Starting),
            currency: RwSignal::new(None),
            account: RwSignal::new(None),
            movements: RwSignal::new(None),
            online: RwSignal::new(Online::Reconnecting),
            expired: RwSignal::new(false),
        }
    }

    /// Where it stands.
    pub fn phase(&self) -> Signal<Phase> {
        self.phase.into()
    }

    /// The signed-in member, in whatever phase there is one.
    pub fn me(&self) -> Signal<Option<Me>> {
        Signal::derive(|| None)
    }

    /// The currency, once known.
    pub fn currency(&self) -> Signal<Option<CurrencyView>> {
        self.currency.into()
    }

    /// The account as it is now; absent while loading and when locked.
    pub fn account(&self) -> Signal<Option<AccountView>> {
        self.account.into()
    }

    /// The latest movements, newest first, at most 20, kept up to date; absent while loading.
    pub fn latest(&self) -> Signal<Option<Vec<Movement>>> {
        self.movements.into()
    }

    /// All movements loaded so far, newest first, kept up to date; [`Self::load_more`] makes it longer.
    /// For the history page: one list, always what a fresh load shows.
    pub fn movements(&self) -> Signal<Option<Vec<Movement>>> {
        self.movements.into()
    }

    /// Whether there are older movements to load.
    pub fn has_more(&self) -> Signal<bool> {
        Signal::derive(|| false)
    }

    /// Adds the next older page to [`Self::movements`].
    pub async fn load_more(&self) -> Result<(), Failure> {
        Err(Failure::Locked)
    }

    /// Whether what is shown is up to date.
    pub fn online(&self) -> Signal<Online> {
        self.online.into()
    }

    /// Whether the session ended by itself (for the sign-in page to say so); cleared by signing in.
    pub fn session_expired(&self) -> Signal<bool> {
        self.expired.into()
    }

    /// The e-mail address that was signed in last in this page, to fill in the sign-in page.
    pub fn last_email(&self) -> Option<String> {
        None
    }

    /// Whether the browser can keep the key over a reload (it cannot over plain HTTP beyond localhost).
    pub fn keeps_over_reload(&self) -> bool {
        true
    }

    /// Signs in.
    pub async fn sign_in(&self, email: String, password: String) -> Result<(), Failure> {
        Err(Failure::Locked)
    }

    /// Opens the key of the signed-in member. [`Failure::WrongPassword`] if it does not open.
    pub async fn unlock(&self, password: String) -> Result<(), Failure> {
        Err(Failure::Locked)
    }

    /// Forgets the key, in all tabs; the session stays.
    pub fn lock(&self) {}

    /// Ends the session, in all tabs. The key is forgotten even if the server cannot be told.
    pub async fn sign_out(&self) -> Result<(), Failure> {
        Err(Failure::Locked)
    }

    /// Replaces a password that an administrator set, and with it the key. The phase stays `FirstPassword` until
    /// [`Self::words_noted`], so that the page can show the words.
    pub async fn replace_first_password(&self, current: String, new: String) -> Result<RecoveryWords, Failure> {
        Err(Failure::Locked)
    }

    /// The words shown by [`Self::replace_first_password`] were noted: on to `Ready`.
    pub async fn words_noted(&self) -> Result<(), Failure> {
        Err(Failure::Locked)
    }

    /// Sets another password.
    pub async fn change_password(&self, current: String, new: String) -> Result<(), Failure> {
        Err(Failure::Locked)
    }

    /// What an invitation says.
    pub async fn open_invitation(&self, token: String) -> Result<InvitationOpened, Failure> {
        Err(Failure::Locked)
    }

    /// Makes a key and a password's secrets, for [`Self::accept_invitation`].
    pub async fn prepare_account(&self, password: String) -> Result<Prepared, Failure> {
        Err(Failure::Locked)
    }

    /// Makes the account and signs in. After a failure the same `prepared` can be handed in again.
    pub async fn accept_invitation(&self, token: String, name: String, prepared: &Prepared) -> Result<(), Failure> {
        Err(Failure::Locked)
    }

    /// Sets a new password with the recovery words and signs in.
    pub async fn recover(&self, email: String, words: String, new_password: String) -> Result<(), Failure> {
        Err(Failure::Locked)
    }

    /// The account's recovery words. [`Failure::WrongPassword`] if the password is not the member's.
    pub async fn show_words(&self, password: String) -> Result<RecoveryWords, Failure> {
        Err(Failure::Locked)
    }

    /// Members by name or e-mail address, without oneself.
    pub async fn find_members(&self, query: String) -> Result<Vec<MemberView>, Failure> {
        Err(Failure::Locked)
    }

    /// What the wallet knows of a payee's address.
    pub fn check_payee(&self, payee: &MemberView) -> Payee {
        Payee::Known
    }

    /// The words that others see for this wallet's own address when they pay it for the first time.
    pub fn own_words(&self) -> Option<String> {
        None
    }

    /// Checks and signs a payment.
    ///
    /// # Errors
    /// What is wrong with the draft.
    pub fn prepare_payment(&self, draft: PaymentDraft) -> Result<PreparedPayment, DraftFault> {
        Err(DraftFault::NotReady)
    }

    /// Sends a payment, several times if no answer comes; the same `payment` pays once however often it is sent.
    pub async fn send(&self, payment: &PreparedPayment) -> Result<AcceptedView, Failure> {
        Err(Failure::Locked)
    }

    /// A page of history, newest first. (See [`Self::movements`] for the live list.)
    pub async fn history(&self, before: Option<String>) -> Result<HistoryPage, Failure> {
        Err(Failure::Locked)
    }

    /// Invites someone and returns the link to hand over. For administrators.
    pub async fn invite(&self, name: String, email: String) -> Result<String, Failure> {
        Err(Failure::Locked)
    }

    /// The open invitations, newest first. For administrators.
    pub async fn invitations(&self) -> Result<Vec<InvitationView>, Failure> {
        Err(Failure::Locked)
    }

    /// Withdraws an invitation. For administrators.
    pub async fn withdraw_invitation(&self, id: String) -> Result<(), Failure> {
        Err(Failure::Locked)
    }

    /// Prepares a payment out of the system account. For administrators.
    ///
    /// # Errors
    /// What is wrong with amount or memo.
    pub fn prepare_credit(&self, to: &MemberView, amount: Amount, memo: &str) -> Result<PreparedCredit, DraftFault> {
        Err(DraftFault::NotReady)
    }

    /// Sends it, several times if no answer comes; it pays once however often it is sent.
    pub async fn send_credit(&self, credit: &PreparedCredit) -> Result<AcceptedView, Failure> {
        Err(Failure::Locked)
    }

    /// Makes a member with a first password. For administrators.
    pub async fn create_member(&self, name: String, email: String, password: String) -> Result<MemberView, Failure> {
        Err(Failure::Locked)
    }

    /// Stops a change of the key that the system key has asked for.
    pub async fn cancel_rotation(&self) -> Result<AcceptedView, Failure> {
        Err(Failure::Locked)
    }
}
