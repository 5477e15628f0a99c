//! From what the treasury keeps to what its users see.

use super::TreasuryError;
use super::order::{approval_limit, available, open_count, reserve};
use super::record::Row;
use crate::identity::{Failure, Granted, Identity, IdentityError, right};
use qoin_core::{
    api::admin::treasury::{CreditRowView, TreasuryView},
    audit::AuditActor,
};

impl Granted<right::ViewTreasury> {
    /// The system account, and what can be done with it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn treasury(&self) -> Result<TreasuryView, TreasuryError> {
        let identity = self.identity();
        let ledger = identity.ledger();
        let system = ledger.genesis().system;
        let missing = || IdentityError::from(Failure::Missing("the system account".into()));
        let account = ledger.read().account(&system).ok_or_else(missing)?.account;
        let supply = ledger.read().supply();
        let open = open_count(&*ledger.read().snapshot()?, ledger.now_ms())?;
        Ok(TreasuryView {
            account: identity.party(&system),
            balance: account.balance,
            available: available(identity),
            outgoing: account.outgoing,
            incoming: account.incoming,
            reserve: reserve(identity),
            issued: supply.issued,
            burned: supply.burned,
            approval_limit: approval_limit(identity),
            approvers: identity.approvers_beside(&self.actor().who()),
            proposals_open: u32::try_from(open).unwrap_or(u32::MAX),
        })
    }
}

/// How someone who did something is called now.
pub fn actor_name(identity: &Identity, actor: &AuditActor) -> String {
    match actor {
        AuditActor::Member { address, .. } => {
            identity.party(address).name.unwrap_or_else(|| format!("a member who left ({address})"))
        }
        AuditActor::Operator => "the operator".to_owned(),
        AuditActor::MasterKey => "the master key".to_owned(),
        AuditActor::System => "the leader".to_owned(),
    }
}

pub(super) fn row_view(identity: &Identity, row: Row) -> CreditRowView {
    let Row { line, recipient, amount, memo } = row;
    CreditRowView { line, recipient: identity.party(&recipient), amount, memo }
}
