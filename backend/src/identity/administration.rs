//! Looking after members: who they are, and what is changed about them.

use super::error::{IdentityError, Refusal};
use super::granted::{Granted, Recorded, Right, right};
use super::people::{Member, People};
use super::record::{
    InvitationRecord, InvitationState, MemberRecord, MemberState, ServiceRecord, StoredPassword, to_bytes,
};
use super::{Identity, reason, stored};
use crate::audit::Action;
use crate::ledger::{Change, EntryKind, Reader};
use crate::store::{Batch, Snapshot, Table};
use qoin_core::{
    address::Address,
    amount::Amount,
    api::{
        admin::members::{
            self as api, AdminMemberView, AdminMembersPage, Edit, MemberCounts, MemberOrder, SetRole, Stopped,
        },
        sessions::Role,
    },
    audit::{AuditAction, AuditChange, AuditTarget},
    vault::{KdfParameters, Salt},
};
use std::cmp::Ordering;
use std::sync::Arc;

/// The movements that are read at a time.
const MOVEMENTS_AT_ONCE: usize = 500;

/// Which members, and in which order.
#[derive(Debug, Clone, Default)]
pub struct MembersFilter {
    /// Only those whose name or e-mail address contains this, in any case.
    pub query: String,
    /// The order; those who are equal in it stand by their names.
    pub order: MemberOrder,
    /// Whether the last come first.
    pub descending: bool,
    /// Only those with this role.
    pub role: Option<Role>,
    /// Only those in this state; without one all but the erased.
    pub state: Option<api::MemberState>,
    /// How many to pass over.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
}

impl MemberRecord {
    /// The state as it is shown.
    pub(super) fn shown_state(&self) -> api::MemberState {
        match self.state {
            MemberState::Active if self.first_password => api::MemberState::FirstPassword,
            MemberState::Active => api::MemberState::Active,
            MemberState::Suspended { .. } => api::MemberState::Suspended,
            MemberState::Erased { .. } => api::MemberState::Erased,
        }
    }

    /// Whether this member can administrate.
    fn administrates(&self) -> bool {
        self.role == Role::Administrator && self.state == MemberState::Active && !self.first_password
    }
}

impl MembersFilter {
    fn takes(&self, state: api::MemberState, lower_name: &str, record: &MemberRecord) -> bool {
        self.state.map_or(state != api::MemberState::Erased, |wanted| {
            // Whoever has a first password is active all the same.
            wanted == state || (wanted, state) == (api::MemberState::Active, api::MemberState::FirstPassword)
        }) && self.role.is_none_or(|role| role == record.role)
            && (lower_name.contains(&self.query) || record.email.contains(&self.query))
    }
}

/// The members that match and stand at the asked for places, in order, with how many match and how many there are.
fn select<'a>(
    people: &'a People,
    filter: &MembersFilter,
    balance: impl Fn(&Address) -> Amount,
) -> (Vec<&'a Arc<Member>>, u64, MemberCounts) {
    let mut counts = MemberCounts::default();
    let mut found: Vec<&Arc<Member>> = Vec::new();
    for (lower_name, member) in people.by_name() {
        let state = member.record.shown_state();
        match state {
            api::MemberState::Active => counts.active += 1,
            api::MemberState::FirstPassword => {
                (counts.active, counts.first_password) = (counts.active + 1, counts.first_password + 1)
            }
            api::MemberState::Suspended => counts.suspended += 1,
            api::MemberState::Erased => counts.erased += 1,
        }
        if filter.takes(state, lower_name, &member.record) {
            found.push(member);
        }
    }
    let total = found.len() as u64;
    let MembersFilter { order, descending, offset, limit, .. } = *filter;
    let members = match order {
        MemberOrder::Name if descending => found.into_iter().rev().skip(offset).take(limit).collect(),
        MemberOrder::Name => found.into_iter().skip(offset).take(limit).collect(),
        MemberOrder::Email => part(found, descending, offset, limit, |member| &*member.record.email),
        MemberOrder::Joined => part(found, descending, offset, limit, |member| member.record.created_ms),
        MemberOrder::LastSignedIn => part(found, descending, offset, limit, |member| member.record.last_signed_in_ms),
        MemberOrder::Balance => {
            let keyed: Vec<_> = found.into_iter().map(|member| (balance(&member.record.address), member)).collect();
            let part = part(keyed, descending, offset, limit, |(balance, _)| *balance);
            part.into_iter().map(|(_, member)| member).collect()
        }
    };
    (members, total, counts)
}

/// The entries from `offset` on in the order of `key`; equal ones in the order in which they came. Only that part is
/// sorted.
fn part<T, K: Ord>(all: Vec<T>, descending: bool, offset: usize, limit: usize, key: impl Fn(&T) -> K) -> Vec<T> {
    let compare = |(a_place, a): &(usize, T), (b_place, b): &(usize, T)| -> Ordering {
        let by_key = if descending { key(b).cmp(&key(a)) } else { key(a).cmp(&key(b)) };
        by_key.then(a_place.cmp(b_place))
    };
    let mut all: Vec<(usize, T)> = all.into_iter().enumerate().collect();
    let end = offset.saturating_add(limit);
    if end < all.len() {
        all.select_nth_unstable_by(end, compare);
        all.truncate(end);
    }
    all.sort_unstable_by(compare);
    all.into_iter().skip(offset).map(|(_, entry)| entry).collect()
}

impl Granted<right::ViewMembers> {
    /// Members that match, in the order asked for.
    pub fn members(&self, mut filter: MembersFilter) -> AdminMembersPage {
        filter.query = filter.query.trim().to_lowercase();
        let reader = self.identity.0.ledger.read();
        let balance = |address: &Address| reader.account(address).map_or(Amount::ZERO, |it| it.account.balance);
        let people = self.identity.people();
        let (members, total, counts) = select(&people, &filter, balance);
        let members = members.into_iter().map(|member| self.identity.member_view(&people, member)).collect();
        AdminMembersPage { members, total, counts }
    }

    /// A member.
    ///
    /// # Errors
    /// When there is none with this account.
    pub fn member(&self, address: &Address) -> Result<AdminMemberView, Refusal> {
        self.identity.admin_view(address)
    }
}

impl Granted<right::Suspend> {
    /// Suspends a member: all sessions end, nobody signs in, nothing is paid, and the balance stays.
    ///
    /// # Errors
    /// When there is no such member, someone else has changed it meanwhile, or it is the last administrator.
    pub async fn suspend(&self, address: Address, edit: Edit) -> Result<AdminMemberView, IdentityError> {
        let since_ms = self.identity.now_ms();
        self.edit_member(address, edit, AuditAction::MemberSuspended, move |member, _, _, reason| {
            if member.state != MemberState::Active {
                return Err(conflict(member));
            }
            member.state = MemberState::Suspended { since_ms, reason: reason.to_owned() };
            member.credentials += 1;
            Ok(vec![AuditChange::new("state", "active", "suspended")])
        })
        .await
    }

    /// Lets a suspended member back in.
    ///
    /// # Errors
    /// When there is no such member, or someone else has changed it meanwhile.
    pub async fn resume(&self, address: Address, edit: Edit) -> Result<AdminMemberView, IdentityError> {
        self.edit_member(address, edit, AuditAction::MemberResumed, |member, _, _, _| {
            if !matches!(member.state, MemberState::Suspended { .. }) {
                return Err(conflict(member));
            }
            member.state = MemberState::Active;
            Ok(vec![AuditChange::new("state", "suspended", "active")])
        })
        .await
    }
}

impl Granted<right::SetRoles> {
    /// Gives a member another role.
    ///
    /// # Errors
    /// When there is no such member, someone else has changed it meanwhile, or it is the last administrator.
    pub async fn set_role(&self, address: Address, request: SetRole) -> Result<AdminMemberView, IdentityError> {
        let SetRole { version, role, reason } = request;
        self.edit_member(address, Edit { version, reason }, AuditAction::RoleChanged, move |member, _, _, _| {
            if matches!(member.state, MemberState::Erased { .. }) {
                return Err(Refusal::Erased.into());
            }
            let before = std::mem::replace(&mut member.role, role);
            Ok(vec![AuditChange::new("role", before.name(), role.name())])
        })
        .await
    }
}

impl Granted<right::Erase> {
    /// Erases the personal data of a member who left: the name, the e-mail address, the password and the vault, sessions,
    /// services, what was invited under the address, and the memos that the member wrote. The chain stays as it is, and
    /// with it the account and what it holds.
    ///
    /// # Errors
    /// When there is no such member, someone else has changed it meanwhile, or it is the last administrator.
    pub async fn erase(&self, address: Address, edit: Edit) -> Result<AdminMemberView, IdentityError> {
        let since_ms = self.identity.now_ms();
        let reader = self.identity.0.ledger.read().clone();
        let written = tokio::task::spawn_blocking(move || written_memos(&reader, &address)).await;
        let written = written.map_err(|_| super::Failure::Stopping)??;
        self.edit_member(address, edit, AuditAction::MemberErased, move |member, snapshot, batch, _| {
            if matches!(member.state, MemberState::Erased { .. }) {
                return Err(Refusal::Erased.into());
            }
            batch.delete(Table::Emails, member.email.as_bytes());
            erase_records(snapshot, batch, &address, &member.email)?;
            for number in &written {
                // Empty: there was one.
                batch.put(Table::Memos, number.to_be_bytes(), []);
            }
            let state = member.shown_state();
            member.name = String::new();
            member.email = String::new();
            member.role = Role::Member;
            member.password = StoredPassword::nobodys(Salt::from_bytes([0; 16]), KdfParameters::MINIMUM);
            member.first_password = false;
            member.credentials += 1;
            member.state = MemberState::Erased { since_ms };
            let state = if state == api::MemberState::Suspended { "suspended" } else { "active" };
            Ok(vec![AuditChange::new("state", state, "erased"), AuditChange::gone("memos", written.len())])
        })
        .await
    }
}

/// Takes the vault, the services, the recovery and the names in invitations of the member with this account.
fn erase_records(
    snapshot: &dyn Snapshot,
    batch: &mut Batch,
    address: &Address,
    email: &str,
) -> Result<(), IdentityError> {
    let Some(number) = stored::number_of_email(snapshot, email)? else {
        return Err(Refusal::UnknownMember(*address).into());
    };
    batch.delete(Table::Vaults, number.to_be_bytes());
    batch.delete(Table::Recoveries, number.to_be_bytes());
    for (key, service) in stored::all::<ServiceRecord>(snapshot, Table::Services)? {
        if service.owner == number {
            batch.delete(Table::Services, key);
        }
    }
    for (key, mut invitation) in stored::all::<InvitationRecord>(snapshot, Table::Invitations)? {
        let is_theirs = matches!(invitation.state, InvitationState::Used { member, .. } if member == number);
        if is_theirs || invitation.email == email {
            (invitation.name, invitation.email) = (String::new(), String::new());
            batch.put(Table::Invitations, key, to_bytes(&invitation));
        }
    }
    Ok(())
}

/// The numbers of the records whose memos the account's holder wrote.
fn written_memos(reader: &Reader, address: &Address) -> Result<Vec<u64>, IdentityError> {
    let (mut written, mut before) = (Vec::new(), None);
    loop {
        let entries = reader.history(address, before, MOVEMENTS_AT_ONCE)?;
        before = entries.last().map(|entry| entry.at);
        let count = entries.len();
        for entry in entries {
            if let EntryKind::Record { stored, .. } = entry.what
                && stored.memo.is_some()
                && stored.record.signed.transaction.signer == *address
            {
                written.push(stored.record.number);
            }
        }
        if count < MOVEMENTS_AT_ONCE {
            return Ok(written);
        }
    }
}

fn conflict(member: &MemberRecord) -> IdentityError {
    let state = match member.shown_state() {
        api::MemberState::Active => "active",
        api::MemberState::FirstPassword => "active, with a first password",
        api::MemberState::Suspended => "suspended",
        api::MemberState::Erased => "erased",
    };
    let what = format!("this member, who is {state} and has the role {} now", member.role.name());
    Refusal::EditConflict { what, version: member.version }.into()
}

impl<R: Right> Granted<R> {
    /// Changes a member in one commit, if nobody else has since `edit.version`, and if there is an administrator left
    /// afterwards.
    pub(super) async fn edit_member(
        &self,
        address: Address,
        edit: Edit,
        what: AuditAction,
        change: impl FnOnce(&mut MemberRecord, &dyn Snapshot, &mut Batch, &str) -> Result<Vec<AuditChange>, IdentityError>
        + Send
        + 'static,
    ) -> Result<AdminMemberView, IdentityError> {
        let Edit { version, reason: given } = edit;
        let reason = reason(&given)?;
        let identity = &self.identity;
        let number = identity.number_of(&address)?;
        let (administrators, ending) = {
            let people = identity.people();
            (people.administrators(), people.sessions_of(number))
        };
        let member = self
            .commit(move |snapshot| {
                let mut member = stored::member(snapshot, number)?;
                if member.version != version {
                    return Err(conflict(&member));
                }
                let (administrated, credentials) = (member.administrates(), member.credentials);
                let mut batch = Batch::new();
                let changes = change(&mut member, snapshot, &mut batch, &reason)?;
                member.version += 1;
                if administrated && !member.administrates() {
                    // Whoever became one meanwhile and is not among these only makes this too careful.
                    let mut others = administrators.into_iter().filter(|other| *other != number);
                    let is_one = |other| Ok::<_, IdentityError>(stored::member(snapshot, other)?.administrates());
                    if !others.try_fold(false, |found, other| Ok::<_, IdentityError>(found || is_one(other)?))? {
                        return Err(Refusal::LastAdministrator.into());
                    }
                }
                if member.credentials != credentials {
                    for hash in &ending {
                        batch.delete(Table::Sessions, hash.as_slice());
                    }
                }
                stored::put_record(&mut batch, number, &member);
                let action =
                    Action::new(what, AuditTarget::Member { number, address }).changing(changes).because(reason);
                Ok(Recorded { change: Change { batch, transaction: None, answer: member }, actions: vec![action] })
            })
            .await?;
        identity.people_mut().show_member(number, member, None);
        Ok(identity.admin_view(&address)?)
    }
}

impl Identity {
    /// The number of the member with this account.
    pub(super) fn number_of(&self, address: &Address) -> Result<u64, Refusal> {
        self.people().member_of_address(address).map(|member| member.number).ok_or(Refusal::UnknownMember(*address))
    }

    pub(super) fn admin_view(&self, address: &Address) -> Result<AdminMemberView, Refusal> {
        let people = self.people();
        let member = people.member_of_address(address).ok_or(Refusal::UnknownMember(*address))?;
        Ok(self.member_view(&people, member))
    }

    fn member_view(&self, people: &People, member: &Member) -> AdminMemberView {
        let record = &member.record;
        let account = self.0.ledger.read().account(&record.address).map(|it| it.account);
        let stopped = match &record.state {
            MemberState::Active => None,
            MemberState::Suspended { since_ms, reason } => {
                Some(Stopped { since_ms: *since_ms, reason: reason.clone() })
            }
            MemberState::Erased { since_ms } => Some(Stopped { since_ms: *since_ms, reason: String::new() }),
        };
        AdminMemberView {
            address: record.address,
            name: record.name.clone(),
            email: record.email.clone(),
            role: record.role,
            state: record.shown_state(),
            stopped,
            version: record.version,
            joined_ms: record.created_ms,
            last_signed_in_ms: Some(record.last_signed_in_ms).filter(|at_ms| *at_ms > 0),
            balance: account.as_ref().map_or(Amount::ZERO, |account| account.balance),
            recoverable: account.is_some_and(|account| account.recoverable),
            recovery: people.recovery(member.number).and_then(|recovery| self.recovery_view(&record.address, recovery)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_sorted_as_the_whole_would_be() {
        let all: Vec<(u32, u32)> = (0..200).map(|number| (number * 37 % 17, number)).collect();
        for descending in [false, true] {
            let mut sorted = all.clone();
            sorted.sort_by_key(|(key, _)| if descending { u32::MAX - key } else { *key });
            for (offset, limit) in [(0, 10), (5, 10), (190, 20), (300, 5), (0, 500)] {
                let expected: Vec<_> = sorted.iter().copied().skip(offset).take(limit).collect();
                assert_eq!(part(all.clone(), descending, offset, limit, |(key, _)| *key), expected);
            }
        }
    }
}
