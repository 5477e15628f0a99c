//! What administrators do.

use super::{DraftFault, Failure, WalletContext, keys, payment::salted};
use crate::api;
use qoin_core::{
    amount::Amount,
    api::{
        admin::{CreateMember, Credit},
        invitations::{InvitationView, Invite},
        members::MemberView,
        transactions::AcceptedView,
    },
    payment_id::PaymentId,
};

/// A payment out of the system account, with its payment id. Sending it twice pays once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedCredit(Credit);

impl WalletContext {
    /// Invites someone and returns the link to hand over. For administrators.
    pub async fn invite(&self, name: String, email: String) -> Result<String, Failure> {
        let made = self.heed(api::invite(&Invite { name, email }).await)?;
        let origin = web_sys::window().and_then(|window| window.location().origin().ok()).unwrap_or_default();
        Ok(format!("{origin}/join#{}", made.token))
    }

    /// The open invitations, newest first. For administrators.
    pub async fn invitations(&self) -> Result<Vec<InvitationView>, Failure> {
        Ok(self.heed(api::invitations().await)?.invitations)
    }

    /// Withdraws an invitation. For administrators.
    pub async fn withdraw_invitation(&self, id: String) -> Result<(), Failure> {
        self.heed(api::withdraw_invitation(&id).await)
    }

    /// Prepares a payment out of the system account. For administrators.
    ///
    /// # Errors
    /// What is wrong with amount or memo.
    pub fn prepare_credit(&self, to: &MemberView, amount: Amount, memo: &str) -> Result<PreparedCredit, DraftFault> {
        if amount.is_zero() {
            return Err(DraftFault::ZeroAmount);
        }
        let random = keys::random().map_err(|_| DraftFault::NoRandomness)?;
        let payment_id = PaymentId::new(self.leader_now_ms(), random);
        Ok(PreparedCredit(Credit { recipient: to.address, amount, payment_id, memo: salted(memo)? }))
    }

    /// Sends it, several times if no answer comes; it pays once however often it is sent.
    pub async fn send_credit(&self, credit: &PreparedCredit) -> Result<AcceptedView, Failure> {
        let accepted = self.insist(|| api::credit(&credit.0)).await?;
        self.catch_up().await;
        Ok(accepted)
    }

    /// Makes a member with a first password. For administrators.
    pub async fn create_member(&self, name: String, email: String, password: String) -> Result<MemberView, Failure> {
        self.heed(api::create_member(&CreateMember { name, email, password }).await)
    }
}
