//! The treasury: what leaves and enters the system account by an administrator's decision.
//!
//! The leader signs for the system account alone. It can pay out of it, make money there and destroy it there; it can take
//! nothing from a member. So what a member paid in can be given back ([`Refund`]), and a mistaken credit can only be asked
//! back ([`RequestRepayment`]): the member's own wallet pays it. Both name their original and never add up to more than it.

use super::super::account::{Movement, Party};
use super::super::transactions::{AcceptedView, SubmitTransaction};
use crate::{amount::Amount, memo::Memo, payment_id::PaymentId};
use serde::{Deserialize, Serialize};

/// `GET`: [`TreasuryView`].
pub const TREASURY_PATH: &str = "/api/v1/admin/treasury";
/// `GET` with `before` and `limit`: [`StatementPage`].
pub const STATEMENT_PATH: &str = "/api/v1/admin/treasury/statement";
/// `GET` with `format=csv` or `format=jsonl`: the whole statement, newest first, as a file.
pub const STATEMENT_EXPORT_PATH: &str = "/api/v1/admin/treasury/statement/export";
/// `POST` a file of credits ([`CREDIT_FILE_BYTES_MAX`](crate::limits::CREDIT_FILE_BYTES_MAX) at most) with `batch` and
/// `dry_run`: [`CreditFileAnswer`].
pub const CREDIT_FILES_PATH: &str = "/api/v1/admin/credits/files";
/// `POST` [`ChangeSupply`], answers [`TreasuryAnswer`]: makes money on the system account.
pub const ISSUES_PATH: &str = "/api/v1/admin/issues";
/// `POST` [`ChangeSupply`], answers [`TreasuryAnswer`]: destroys money of the system account.
pub const BURNS_PATH: &str = "/api/v1/admin/burns";
/// `POST` [`Refund`], answers [`TreasuryAnswer`].
pub const REFUNDS_PATH: &str = "/api/v1/admin/refunds";
/// `POST` [`RequestRepayment`], answers [`RepaymentView`]; `GET` with `before` and `limit` answers [`RepaymentsPage`];
/// `DELETE` below it, with the request's number, withdraws one.
pub const REPAYMENTS_PATH: &str = "/api/v1/admin/repayments";
/// `GET`: the open requests to the session's account, [`RepaymentsPage`]. `POST` below it, with the request's number, a
/// [`SubmitTransaction`] that pays it: answers [`AcceptedView`].
pub const OWN_REPAYMENTS_PATH: &str = "/api/v1/account/repayments";
/// `GET` with `open`, `before` and `limit`: [`ProposalsPage`]. Below it, with the proposal's number: `GET` answers
/// [`ProposalView`], `DELETE` with [`Decide`] withdraws one's own, `/approval` and `/refusal` take [`Decide`] by `POST`
/// from another administrator.
pub const PROPOSALS_PATH: &str = "/api/v1/admin/proposals";

/// The path that pays a request for repayment.
pub fn own_repayment_path(number: u64) -> String {
    format!("{OWN_REPAYMENTS_PATH}/{number}")
}

/// The path of a proposal.
pub fn proposal_path(number: u64) -> String {
    format!("{PROPOSALS_PATH}/{number}")
}

/// What a request for repayment is paid with: a Transfer of exactly its amount to the system account.
pub type PayRepayment = SubmitTransaction;

/// The system account at one moment, and what an administrator can do with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TreasuryView {
    /// The system account.
    pub account: Party,
    /// Its confirmed balance.
    pub balance: Amount,
    /// What credits, refunds and burns can take now: the balance less what is going out and less `reserve`.
    pub available: Amount,
    /// What is going out.
    pub outgoing: Amount,
    /// What is on its way in.
    pub incoming: Amount,
    /// What stays for the rewards of the blocks that wait.
    pub reserve: Amount,
    /// All that was ever made.
    pub issued: Amount,
    /// All that was destroyed.
    pub burned: Amount,
    /// Above this amount a second administrator decides; absent when there is no such limit.
    pub approval_limit: Option<Amount>,
    /// How many members could approve what the session's member proposes.
    pub approvers: u32,
    /// How many proposals wait.
    pub proposals_open: u32,
}

/// Makes or destroys money. Sent again with the same payment id it counts once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangeSupply {
    /// How much.
    pub amount: Amount,
    /// Chosen by the caller; see [`PaymentId`].
    pub payment_id: PaymentId,
    /// Why, for the record.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Gives back what a member paid into the system account, in whole or in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// The log record of the member's payment to the system account.
    pub original: u64,
    /// How much: with all refunds of the same original no more than it.
    pub amount: Amount,
    /// Chosen by the caller; see [`PaymentId`].
    pub payment_id: PaymentId,
    /// What the member reads; "Reversal of record N" if absent.
    #[serde(default)]
    pub memo: Option<Memo>,
    /// Why, for the record.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Asks a member to pay back a credit, in whole or in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestRepayment {
    /// The log record of the credit: a payment out of the system account.
    pub original: u64,
    /// How much: with all requests for the same original that are open or paid no more than it.
    pub amount: Amount,
    /// Why; the member reads it, too.
    pub reason: String,
}

/// A request for repayment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RepaymentView {
    /// Its number.
    pub number: u64,
    /// The log record of the credit.
    pub original: u64,
    /// Who is asked.
    pub member: Party,
    /// How much.
    pub amount: Amount,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub requested_by: String,
    /// When it was made.
    pub requested_ms: u64,
    /// How it stands.
    pub state: RepaymentState,
    /// The log record that paid it.
    pub paid_by: Option<u64>,
}

/// How a request for repayment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RepaymentState {
    /// The member has not paid.
    Open,
    /// The member has paid.
    Paid,
    /// It was withdrawn.
    Withdrawn,
}

/// Requests for repayment, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RepaymentsPage {
    /// The requests.
    pub repayments: Vec<RepaymentView>,
    /// What to pass as `before` for the next page; absent at the end.
    pub next: Option<u64>,
}

/// What came of a wish to move or change the system account's money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum TreasuryAnswer {
    /// It was done: 201, or 200 when it had been done before.
    Accepted(AcceptedView),
    /// It waits for a second administrator: 202.
    Waiting(ProposalView),
}

/// Something that one administrator proposes and another one decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalView {
    /// Its number.
    pub number: u64,
    /// What is proposed.
    pub what: ProposedView,
    /// How much in all.
    pub total: Amount,
    /// Why, as its proposer says.
    pub reason: Option<String>,
    /// Who proposes it, as the audit log names them.
    pub proposed_by: String,
    /// Whether the session's member proposed it, and so can withdraw but not approve it.
    pub is_own: bool,
    /// When it was made.
    pub proposed_ms: u64,
    /// When it can no longer be approved.
    pub expires_ms: u64,
    /// How it stands.
    pub state: ProposalState,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_ms: Option<u64>,
    /// The first log record that came of it.
    pub record: Option<u64>,
}

/// What is proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ProposedView {
    /// A credit.
    Credit {
        /// Who is to be paid.
        recipient: Party,
        /// What they will read.
        memo: Option<String>,
    },
    /// A file of credits.
    CreditFile {
        /// How many are to be paid.
        count: u32,
        /// The first of them.
        rows: Vec<CreditRowView>,
    },
    /// New money.
    Issue,
    /// Money to destroy.
    Burn,
    /// A refund.
    Refund {
        /// The log record that it gives back.
        original: u64,
        /// Who is to be paid.
        recipient: Party,
    },
}

/// How a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Nobody has decided.
    Open,
    /// Approved and done.
    Approved,
    /// Declined by another administrator.
    Declined,
    /// Withdrawn by its proposer.
    Withdrawn,
    /// Nobody decided in time.
    Expired,
}

/// Proposals, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalsPage {
    /// The proposals.
    pub proposals: Vec<ProposalView>,
    /// What to pass as `before` for the next page; absent at the end.
    pub next: Option<u64>,
}

/// Approves, declines or withdraws a proposal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// Why, for the record.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What a file of credits says, and what came of it. Either all of it is paid or nothing: then the records are numbered
/// from `first_record` on in the order of the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreditFileAnswer {
    /// What came of it.
    pub outcome: CreditFileOutcome,
    /// How many credits the file has, good and bad ones.
    pub rows_count: u32,
    /// How many are bad.
    pub faults_count: u32,
    /// What the good ones add up to.
    pub total: Amount,
    /// What can be paid out of the system account now.
    pub available: Amount,
    /// Above which total the file waits for a second administrator.
    pub approval_limit: Option<Amount>,
    /// The first good rows, as they are understood.
    pub rows: Vec<CreditRowView>,
    /// The first bad rows.
    pub faults: Vec<CreditRowFault>,
    /// When a file with the very same content was paid before, if one was: perhaps this one is sent by mistake.
    pub same_file_paid_ms: Option<u64>,
    /// The first log record, once it is paid.
    pub first_record: Option<u64>,
    /// The proposal, while it waits for a second administrator.
    pub proposal: Option<u64>,
}

/// What came of a file of credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CreditFileOutcome {
    /// A dry run found nothing wrong: 200.
    Payable,
    /// A dry run found what would be refused: 200.
    NotPayable,
    /// All was paid: 201.
    Paid,
    /// All had been paid before: 200.
    PaidBefore,
    /// It waits for a second administrator: 202.
    Waiting,
}

/// A good row of a file of credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreditRowView {
    /// The line of the file where it begins, counted from 1.
    pub line: u32,
    /// Who is paid.
    pub recipient: Party,
    /// How much.
    pub amount: Amount,
    /// What they read.
    pub memo: Option<String>,
}

/// A bad row of a file of credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreditRowFault {
    /// The line of the file where it begins, counted from 1.
    pub line: u32,
    /// What is wrong, for programs.
    pub code: super::super::problem::ProblemCode,
    /// What is wrong, for people.
    pub detail: String,
}

/// A page of the system account's statement, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementPage {
    /// The lines.
    pub entries: Vec<StatementEntry>,
    /// What to pass as `before` for the next page; absent at the end.
    pub next: Option<String>,
}

/// One movement of the system account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementEntry {
    /// The movement.
    #[serde(flatten)]
    pub movement: Movement,
    /// What the account held and expected after it: its balance with all that is pending, in the order of this statement.
    pub balance_after: Option<Amount>,
    /// Who caused it: an administrator, or the member who paid in.
    pub caused_by: Option<String>,
    /// The log record that it gives back, where it is a refund.
    pub refund_of: Option<u64>,
    /// How much of it was given back or asked back already.
    pub reversed: Amount,
}
