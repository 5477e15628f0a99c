//! The calls of the panel.

use super::{Method, call, encoded, exchange_within, get, post, read, send};
use crate::wallet::Failure;

use qoin_core::{
    address::Address,
    api::{
        admin::{
            ADMIN_MEMBERS_PATH, CREDITS_PATH, CreateMember, Credit,
            audit::{AUDIT_EXPORT_PATH, AUDIT_PATH, AuditPage},
            members::{AdminMemberView, AdminMembersPage, Edit, MemberOrder, RecoveryStarted, SetRole, member_path},
            network::{
                BACKUPS_PATH, BLOCK_TIMES_PATH, BackupProgress, BlockTimesPage, HASH_RATE_PATH, HashRateHistory,
                MINERS_PATH, MinersPage, NETWORK_PATH, NetworkView,
            },
            settings::{ChangeSettings, SETTINGS_PATH, SettingsView},
            treasury::{
                BURNS_PATH, CREDIT_FILES_PATH, ChangeSupply, CreditFileAnswer, Decide, ISSUES_PATH, PROPOSALS_PATH,
                ProposalView, ProposalsPage, REFUNDS_PATH, REPAYMENTS_PATH, Refund, RepaymentView, RepaymentsPage,
                RequestRepayment, STATEMENT_PATH, StatementPage, TREASURY_PATH, TreasuryAnswer, TreasuryView,
                proposal_path,
            },
        },
        invitations::{
            INVITATION_FILES_PATH, INVITATIONS_PATH, InvitationFileAnswer, InvitationMade, InvitationsPage, Invite,
        },
        services::{ADMIN_SERVICES_PATH, DeclaredService, DeclaredServicesPage, SERVICE_BUDGET_PATH, SetBudget},
    },
};
use serde::Serialize;

/// How long a backup or a large file may take, in milliseconds.
const PATIENCE_MS: u32 = 600_000;

/// What is looked for among the members.
#[derive(Clone, PartialEq, Eq)]
pub struct MemberFilter {
    /// A part of a name or an e-mail address.
    pub query: String,
    /// By what they are ordered.
    pub order: MemberOrder,
    /// The other way round.
    pub descending: bool,
    /// The name of a role; empty for all.
    pub role: String,
    /// The name of a state; empty for all.
    pub state: String,
}

/// Members from `offset` on.
pub async fn members(filter: &MemberFilter, offset: usize) -> Result<AdminMembersPage, Failure> {
    let order = word(&filter.order);
    let mut path =
        format!("{ADMIN_MEMBERS_PATH}?limit={PAGE}&offset={offset}&order={order}&descending={}", filter.descending);
    for (name, value) in [("query", filter.query.trim()), ("role", &filter.role), ("state", &filter.state)] {
        if !value.is_empty() {
            path.push_str(&["&", name, "=", &encoded(value)].concat());
        }
    }
    get(&path).await
}

/// A member as it is now.
pub async fn member(address: &Address) -> Result<AdminMemberView, Failure> {
    get(&member_path(address)).await
}

/// Makes a member with a first password.
pub async fn create_member(request: &CreateMember) -> Result<AdminMemberView, Failure> {
    post(ADMIN_MEMBERS_PATH, request).await
}

/// Suspends a member, lets one back in, or erases the personal data of one: `what` is the path's end.
pub async fn edit_member(address: &Address, what: &str, edit: &Edit) -> Result<AdminMemberView, Failure> {
    post(&[&member_path(address), "/", what].concat(), edit).await
}

/// Gives a member another role.
pub async fn set_role(address: &Address, request: &SetRole) -> Result<AdminMemberView, Failure> {
    post(&[&member_path(address), "/role"].concat(), request).await
}

/// Makes a link by which a member who lost the key gets another one.
pub async fn start_recovery(address: &Address, edit: &Edit) -> Result<RecoveryStarted, Failure> {
    post(&[&member_path(address), "/recovery"].concat(), edit).await
}

/// Withdraws that link.
pub async fn withdraw_recovery(address: &Address) -> Result<AdminMemberView, Failure> {
    call(Method::DELETE, &[&member_path(address), "/recovery"].concat(), None).await
}

/// Invites someone.
pub async fn invite(request: &Invite) -> Result<InvitationMade, Failure> {
    post(INVITATIONS_PATH, request).await
}

/// Invitations in a state (empty for all) from `offset` on.
pub async fn invitations(state: &str, offset: usize) -> Result<InvitationsPage, Failure> {
    let state = if state.is_empty() { String::new() } else { ["&state=", state].concat() };
    get(&format!("{INVITATIONS_PATH}?limit={PAGE}&offset={offset}{state}")).await
}

/// Withdraws an invitation.
pub async fn withdraw_invitation(id: &str) -> Result<(), Failure> {
    call(Method::DELETE, &format!("{INVITATIONS_PATH}/{}", encoded(id)), None).await
}

/// A file of invitations: what it would do, or doing it.
pub async fn invitation_file(file: String, dry_run: bool) -> Result<InvitationFileAnswer, Failure> {
    let path = format!("{INVITATION_FILES_PATH}?dry_run={dry_run}");
    read(&exchange_within(PATIENCE_MS, Method::POST, &path, Some(("text/csv", file))).await?)
}

/// Pays a member out of the system account.
pub async fn credit(request: &Credit) -> Result<TreasuryAnswer, Failure> {
    post(CREDITS_PATH, request).await
}

/// How a word of the API is written.
fn word(of: &impl Serialize) -> String {
    serde_json::to_value(of).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The system account as it is now.
pub async fn treasury() -> Result<TreasuryView, Failure> {
    get(TREASURY_PATH).await
}

/// A page of the system account's statement.
pub async fn statement(before: Option<&str>) -> Result<StatementPage, Failure> {
    get(&paged(STATEMENT_PATH, "before", before)).await
}

/// Makes money.
pub async fn issue(request: &ChangeSupply) -> Result<TreasuryAnswer, Failure> {
    post(ISSUES_PATH, request).await
}

/// Destroys money.
pub async fn burn(request: &ChangeSupply) -> Result<TreasuryAnswer, Failure> {
    post(BURNS_PATH, request).await
}

/// Gives back what a member paid in.
pub async fn refund(request: &Refund) -> Result<TreasuryAnswer, Failure> {
    post(REFUNDS_PATH, request).await
}

/// Asks a member to pay back a credit.
pub async fn request_repayment(request: &RequestRepayment) -> Result<RepaymentView, Failure> {
    post(REPAYMENTS_PATH, request).await
}

/// The requests for repayment.
pub async fn repayments(before: Option<&str>) -> Result<RepaymentsPage, Failure> {
    get(&paged(REPAYMENTS_PATH, "before", before)).await
}

/// Withdraws a request for repayment.
pub async fn withdraw_repayment(number: u64) -> Result<(), Failure> {
    call(Method::DELETE, &format!("{REPAYMENTS_PATH}/{number}"), None).await
}

/// A file of credits: what it would do, or doing it.
pub async fn credit_file(file: String, batch: &str, dry_run: bool) -> Result<CreditFileAnswer, Failure> {
    let path = format!("{CREDIT_FILES_PATH}?batch={}&dry_run={dry_run}", encoded(batch));
    read(&exchange_within(PATIENCE_MS, Method::POST, &path, Some(("text/csv", file))).await?)
}

/// What waits for a second administrator, or all that ever did.
pub async fn proposals(open: bool, before: Option<&str>) -> Result<ProposalsPage, Failure> {
    get(&format!("{}&open={open}", paged(PROPOSALS_PATH, "before", before))).await
}

/// Approves a proposal.
pub async fn approve(number: u64, why: &Decide) -> Result<ProposalView, Failure> {
    post(&format!("{}/approval", proposal_path(number)), why).await
}

/// Declines a proposal.
pub async fn decline(number: u64, why: &Decide) -> Result<ProposalView, Failure> {
    post(&format!("{}/refusal", proposal_path(number)), why).await
}

/// Withdraws a proposal of one's own.
pub async fn withdraw_proposal(number: u64, why: &Decide) -> Result<ProposalView, Failure> {
    send(Method::DELETE, &proposal_path(number), why).await
}

/// How the leader is.
pub async fn network() -> Result<NetworkView, Failure> {
    get(NETWORK_PATH).await
}

/// Everyone's miners.
pub async fn miners(after: Option<&str>) -> Result<MinersPage, Failure> {
    get(&paged(MINERS_PATH, "after", after)).await
}

/// How long the latest blocks took.
pub async fn block_times(limit: u32) -> Result<BlockTimesPage, Failure> {
    get(&format!("{BLOCK_TIMES_PATH}?limit={limit}")).await
}

/// The hash rate of all miners together.
pub async fn hash_rate() -> Result<HashRateHistory, Failure> {
    get(HASH_RATE_PATH).await
}

/// Makes a backup in the leader's folder; what came of it.
pub async fn back_up() -> Result<BackupProgress, Failure> {
    let mut answer = exchange_within(PATIENCE_MS, Method::POST, BACKUPS_PATH, None).await?;
    if answer.ok {
        // One document a line as it goes; the last one tells the end.
        answer.text = answer.text.trim_end().rsplit('\n').next().unwrap_or_default().to_owned();
    }
    read(&answer)
}

/// All members' services.
pub async fn services(after: Option<&str>) -> Result<DeclaredServicesPage, Failure> {
    get(&paged(ADMIN_SERVICES_PATH, "after", after)).await
}

/// Sets what a service may give in a day.
pub async fn set_budget(id: u64, request: &SetBudget) -> Result<DeclaredService, Failure> {
    send(Method::PUT, &SERVICE_BUDGET_PATH.replace("{id}", &id.to_string()), request).await
}

/// All settings.
pub async fn settings() -> Result<SettingsView, Failure> {
    get(SETTINGS_PATH).await
}

/// Changes settings.
pub async fn change_settings(request: &ChangeSettings) -> Result<SettingsView, Failure> {
    post(SETTINGS_PATH, request).await
}

/// What is looked for in the audit log.
pub struct AuditFilter {
    /// The name of an action; empty for all.
    pub what: String,
    /// From when on.
    pub from_ms: Option<u64>,
    /// Until when.
    pub to_ms: Option<u64>,
}

impl AuditFilter {
    fn query(&self) -> String {
        let mut query = String::new();
        if !self.what.is_empty() {
            query.push_str(&["&what=", &encoded(&self.what)].concat());
        }
        for (name, at_ms) in [("from_ms", self.from_ms), ("to_ms", self.to_ms)] {
            if let Some(at_ms) = at_ms {
                query.push_str(&format!("&{name}={at_ms}"));
            }
        }
        query
    }
}

/// A page of the audit log.
pub async fn audit(filter: &AuditFilter, before: Option<&str>) -> Result<AuditPage, Failure> {
    get(&[paged(AUDIT_PATH, "before", before), filter.query()].concat()).await
}

/// Where the entries that match are as a file.
pub fn audit_export(filter: &AuditFilter, format: &str) -> String {
    format!("{AUDIT_EXPORT_PATH}?format={format}{}", filter.query())
}

/// How many entries a page has.
const PAGE: u32 = 50;

fn paged(path: &str, name: &str, cursor: Option<&str>) -> String {
    let cursor = cursor.map(|cursor| format!("&{name}={}", encoded(cursor))).unwrap_or_default();
    format!("{path}?limit={PAGE}{cursor}")
}
