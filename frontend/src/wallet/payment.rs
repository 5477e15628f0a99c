//! Checking, signing and sending.

use super::{DraftFault, Failure, Online, Payee, PaymentDraft, WalletContext, keys, pause, payees::Payees, storage};
use crate::api;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use qoin_core::{
    amount::Amount,
    api::{
        members::MemberView,
        problem::ProblemCode,
        transactions::{AcceptedView, SubmitTransaction},
    },
    keys::SecretKey,
    memo::Memo,
    payment_id::PaymentId,
    transaction::{Operation, Transaction},
};

/// How often an unanswered payment is sent before the failure is told.
const TRIES: u32 = 4;
/// The longest the leader can ask to wait before this gives up instead.
const PATIENCE_S: u32 = 10;
/// How many members a search shows.
const FOUND: u32 = 20;

/// A signed payment. Sending it twice pays once, since it carries its payment id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedPayment {
    /// What it pays.
    pub draft: PaymentDraft,
    /// What will be available after it.
    pub resulting: Amount,
    submit: SubmitTransaction,
}

impl WalletContext {
    /// Members by name or e-mail address, without oneself.
    pub async fn find_members(&self, query: String) -> Result<Vec<MemberView>, Failure> {
        let own = self.phase.with_untracked(|phase| phase.me().map(|me| me.address));
        let mut members = self.heed(api::members(query.trim(), FOUND).await)?.members;
        members.retain(|member| Some(member.address) != own);
        Ok(members)
    }

    /// Checks and signs a payment.
    ///
    /// # Errors
    /// What is wrong with the draft.
    pub fn prepare_payment(&self, draft: PaymentDraft) -> Result<PreparedPayment, DraftFault> {
        let account = self.account.get_untracked().ok_or(DraftFault::NotReady)?;
        let currency = self.currency.get_untracked().ok_or(DraftFault::NotReady)?;
        let seed = self.inner.with_value(|inner| inner.seed.clone()).ok_or(DraftFault::NotReady)?;
        if let Payee::Changed { was } = self.check_payee(&draft.to) {
            return Err(DraftFault::PayeeChanged { was });
        }
        let resulting = draft.check(&account)?;
        let random = |_| DraftFault::NoRandomness;
        let memo = salted(&draft.memo)?;
        let payment_id = PaymentId::new(self.leader_now_ms(), keys::random().map_err(random)?);
        let operation = Operation::Transfer { to: draft.to.address, amount: draft.amount };
        let key = SecretKey::from_seed(seed.as_bytes());
        let transaction = Transaction::new(account.address, operation, payment_id, memo.as_ref().map(Memo::hash))
            .sign(&key, &currency.genesis_hash);
        Ok(PreparedPayment { draft, resulting, submit: SubmitTransaction { transaction, memo } })
    }

    /// Sends a payment, several times if no answer comes; the same `payment` pays once however often it is sent.
    pub async fn send(&self, payment: &PreparedPayment) -> Result<AcceptedView, Failure> {
        let accepted = self.insist(|| api::submit(&payment.submit)).await?;
        self.pin(&payment.draft.to);
        self.catch_up().await;
        Ok(accepted)
    }

    /// Stops a change of the key that the system key has asked for.
    pub async fn cancel_rotation(&self) -> Result<AcceptedView, Failure> {
        let seed = self.inner.with_value(|inner| inner.seed.clone()).ok_or(Failure::Locked)?;
        let account = self.account.get_untracked().ok_or(Failure::Locked)?;
        let transaction = self.sign(&seed, account.address, Operation::CancelRotation).await?;
        let submit = SubmitTransaction { transaction, memo: None };
        let accepted = self.insist(|| api::submit(&submit)).await?;
        self.catch_up().await;
        Ok(accepted)
    }

    /// Asks again, with the same bytes, while the failure may pass.
    pub(super) async fn insist<F: Future<Output = Result<AcceptedView, Failure>>>(
        &self,
        ask: impl Fn() -> F,
    ) -> Result<AcceptedView, Failure> {
        let mut attempt = 0;
        loop {
            let answer = self.heed(ask().await);
            let Err(failure) = &answer else { return answer };
            attempt += 1;
            if attempt == TRIES || !failure.is_passing() {
                if matches!(failure.code(), Some(ProblemCode::PaymentFromFuture | ProblemCode::PaymentExpired)) {
                    // The clocks have parted: the next payment is to know better.
                    let _ = self.refresh_currency().await;
                }
                return answer;
            }
            match failure {
                Failure::Problem(problem) if problem.retry_after_s.is_some_and(|wait_s| wait_s > PATIENCE_S) => {
                    return answer;
                }
                Failure::Problem(problem) => TimeoutFuture::new(1000 * problem.retry_after_s.unwrap_or(1)).await,
                _ => pause::before_try(attempt).await,
            }
        }
    }

    /// The stream tells what was just done; without it, asks.
    pub(super) async fn catch_up(&self) {
        if self.online.get_untracked() != Online::Live {
            // If this fails too, the stream catches up when it comes back.
            let _ = self.reload().await;
        }
    }

    pub(super) fn payees(&self) -> Payees {
        let stored = self.payees_name().and_then(|name| storage::read(&name));
        stored.map(|text| Payees::from_text(&text)).unwrap_or_default()
    }

    fn pin(&self, payee: &MemberView) {
        if let Some(name) = self.payees_name() {
            let mut payees = self.payees();
            payees.pin(payee);
            storage::write(&name, &payees.to_text());
        }
    }

    /// Under which name the pins of the own address are stored.
    fn payees_name(&self) -> Option<String> {
        self.own_name("payees")
    }
}

/// A memo with a new salt; none for an empty text.
pub fn salted(text: &str) -> Result<Option<Memo>, DraftFault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let salt = keys::random().map_err(|_| DraftFault::NoRandomness)?;
    Ok(Some(Memo::new(text, salt)?))
}
