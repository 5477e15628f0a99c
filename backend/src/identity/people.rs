//! Members, sessions and services in memory: what every request asks, and what only the store could answer otherwise.
//!
//! It follows the store: a change is committed first and shown here afterwards. Two changes may arrive here in
//! another order than they were committed in; [`MemberRecord::version`] tells which of them is the newer one.

use super::policy::DaySent;
use super::rate::PaymentWindow;
use super::record::{MemberRecord, MemberState, RecoveryRecord, SessionRecord};
use super::service::{KeyEnd, KnownServices};
use super::token::TokenHash;
use qoin_core::{
    address::Address,
    api::{
        members::{MemberView, MembersPage},
        sessions::{Me, Role},
    },
};
use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use tokio_util::sync::CancellationToken;

/// A member, as of the moment of asking.
#[derive(Debug)]
pub(super) struct Member {
    pub number: u64,
    pub record: MemberRecord,
    pub payments: Arc<PaymentWindow>,
    /// Recorded refusals of rights.
    pub refusals: Arc<PaymentWindow>,
    /// What was sent today.
    pub sent: Arc<DaySent>,
    /// Open event streams.
    pub streams: Arc<AtomicUsize>,
}

impl Member {
    /// As the member sees it.
    pub fn me(&self) -> Me {
        let MemberRecord { name, email, address, role, first_password, .. } = &self.record;
        Me { name: name.clone(), email: email.clone(), address: *address, role: *role, first_password: *first_password }
    }

    /// The name, or what stands for it.
    pub fn name(&self) -> &str {
        if matches!(self.record.state, MemberState::Erased { .. }) { ERASED_NAME } else { &self.record.name }
    }

    /// As other members see it.
    pub fn view(&self) -> MemberView {
        let MemberRecord { email, address, .. } = &self.record;
        MemberView { name: self.name().to_owned(), email: email.clone(), address: *address }
    }

    /// The place in the list of members: by name without regard to case, then by age.
    fn place(&self) -> (String, u64) {
        (self.record.name.to_lowercase(), self.number)
    }
}

/// A live session.
pub(super) struct Session {
    pub hash: TokenHash,
    pub record: SessionRecord,
    /// Cancelled when it ends before its time.
    pub ended: CancellationToken,
}

/// What stands for the name of a member whose personal data were erased.
pub(super) const ERASED_NAME: &str = "erased member";

#[derive(Default)]
pub(super) struct People {
    members: HashMap<u64, Arc<Member>>,
    by_email: HashMap<String, u64>,
    by_address: HashMap<Address, u64>,
    by_name: BTreeSet<(String, u64)>,
    sessions: HashMap<TokenHash, Arc<Session>>,
    sessions_of: HashMap<u64, Vec<TokenHash>>,
    recoveries: HashMap<u64, RecoveryRecord>,
    by_recovery: HashMap<TokenHash, u64>,
    pub services: KnownServices,
}

impl People {
    pub fn member(&self, number: u64) -> Option<&Arc<Member>> {
        self.members.get(&number)
    }

    pub fn member_of_email(&self, email: &str) -> Option<&Arc<Member>> {
        self.member(*self.by_email.get(email)?)
    }

    pub fn member_of_address(&self, address: &Address) -> Option<&Arc<Member>> {
        self.member(*self.by_address.get(address)?)
    }

    pub fn count(&self) -> usize {
        self.members.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.members.values()
    }

    /// Members whose name or e-mail address contains `query` (lower case), from behind the place of `after`.
    pub fn page(&self, query: &str, after: Option<&Member>, limit: usize) -> MembersPage {
        let from = after.map_or(Bound::Unbounded, |member| Bound::Excluded(member.place()));
        let mut found = self
            .by_name
            .range((from, Bound::Unbounded))
            .filter_map(|(name, number)| Some((name, self.members.get(number)?)))
            .filter(|(_, member)| !matches!(member.record.state, MemberState::Erased { .. }))
            .filter(|(name, member)| name.contains(query) || member.record.email.contains(query))
            .map(|(_, member)| member.view());
        let members: Vec<MemberView> = found.by_ref().take(limit).collect();
        let next = members.last().filter(|_| found.next().is_some()).map(|member| member.address.to_string());
        MembersPage { members, next }
    }

    /// Shows a member as committed. Sessions under older credentials end, except for `kept`, which goes on under its
    /// new record.
    pub fn show_member(&mut self, number: u64, record: MemberRecord, kept: Option<(TokenHash, SessionRecord)>) {
        let known = self.members.get(&number);
        if known.is_some_and(|known| known.record.version > record.version) {
            return;
        }
        let (payments, refusals, sent, streams) = known
            .map(|known| (known.payments.clone(), known.refusals.clone(), known.sent.clone(), known.streams.clone()))
            .unwrap_or_default();
        if let Some(known) = known {
            self.by_name.remove(&known.place());
            if known.record.email != record.email {
                self.by_email.remove(&known.record.email);
            }
        }
        if matches!(record.state, MemberState::Erased { .. }) {
            self.services.forget_all(number);
            self.forget_recovery(number);
        } else {
            self.by_email.insert(record.email.clone(), number);
        }
        if record.check_active().is_err() {
            self.services.drop_all(number, KeyEnd::Suspended);
        }
        self.by_address.insert(record.address, number);
        let credentials = record.credentials;
        let member = Arc::new(Member { number, record, payments, refusals, sent, streams });
        self.by_name.insert(member.place());
        self.members.insert(number, member);
        if let Some((hash, record)) = kept
            && let Some(session) = self.sessions.get_mut(&hash)
        {
            *session = Arc::new(Session { hash, record, ended: session.ended.clone() });
        }
        self.end_sessions(number, |session| session.record.credentials < credentials);
    }

    /// The session with this token and its member, unless it is over.
    pub fn session(&self, hash: &TokenHash, now_ms: u64) -> Option<(Arc<Session>, Arc<Member>)> {
        let session = self.sessions.get(hash).filter(|session| session.record.expires_ms > now_ms)?;
        let member = self.member(session.record.member)?;
        Some((session.clone(), member.clone()))
    }

    /// Shows a session as committed, unless its credentials were replaced meanwhile.
    pub fn show_session(&mut self, hash: TokenHash, record: SessionRecord) {
        let current = self.member(record.member).map(|member| member.record.credentials);
        // A member that is not shown yet has no newer credentials here, but will end older sessions when it is.
        if current.is_some_and(|current| current > record.credentials) {
            return;
        }
        self.sessions_of.entry(record.member).or_default().push(hash);
        self.sessions.insert(hash, Arc::new(Session { hash, record, ended: CancellationToken::new() }));
    }

    /// Ends one session.
    pub fn end_session(&mut self, hash: &TokenHash) {
        if let Some(session) = self.sessions.get(hash) {
            let member = session.record.member;
            self.end_sessions(member, |session| session.hash == *hash);
        }
    }

    /// The sessions that a new one leaves no place for: those that have expired, and the oldest of more than `max`.
    pub fn superfluous_sessions(&self, member: u64, max: usize, now_ms: u64) -> Vec<TokenHash> {
        let hashes = self.sessions_of.get(&member).map(Vec::as_slice).unwrap_or_default();
        let is_live = |hash: &&TokenHash| self.sessions.get(*hash).is_some_and(|it| it.record.expires_ms > now_ms);
        let (live, over): (Vec<&TokenHash>, Vec<&TokenHash>) = hashes.iter().partition(is_live);
        let oldest = (live.len() + 1).saturating_sub(max);
        over.into_iter().chain(live.into_iter().take(oldest)).copied().collect()
    }

    /// All sessions of a member.
    pub fn sessions_of(&self, member: u64) -> Vec<TokenHash> {
        self.sessions_of.get(&member).cloned().unwrap_or_default()
    }

    /// All members with their names in lower case, by name.
    pub fn by_name(&self) -> impl Iterator<Item = (&str, &Arc<Member>)> {
        self.by_name.iter().filter_map(|(name, number)| Some((name.as_str(), self.members.get(number)?)))
    }

    /// The numbers of all members who have the role of an administrator.
    pub fn administrators(&self) -> Vec<u64> {
        let all = self.members.values().filter(|member| member.record.role == Role::Administrator);
        all.map(|member| member.number).collect()
    }

    /// Shows a member's recovery as committed, or that there is none.
    pub fn show_recovery(&mut self, number: u64, recovery: Option<RecoveryRecord>) {
        self.forget_recovery(number);
        if let Some(recovery) = recovery {
            self.by_recovery.insert(recovery.token_hash, number);
            self.recoveries.insert(number, recovery);
        }
    }

    fn forget_recovery(&mut self, number: u64) {
        if let Some(known) = self.recoveries.remove(&number) {
            self.by_recovery.remove(&known.token_hash);
        }
    }

    /// A member's recovery.
    pub fn recovery(&self, number: u64) -> Option<&RecoveryRecord> {
        self.recoveries.get(&number)
    }

    /// The member whose recovery has this token and waits to be used.
    pub fn recovery_of(&self, hash: &TokenHash, now_ms: u64) -> Option<u64> {
        let number = *self.by_recovery.get(hash)?;
        let is_open = |recovery: &&RecoveryRecord| recovery.used.is_none() && recovery.expires_ms > now_ms;
        self.recovery(number).filter(is_open).map(|_| number)
    }

    fn end_sessions(&mut self, member: u64, ends: impl Fn(&Session) -> bool) {
        let Some(hashes) = self.sessions_of.get_mut(&member) else { return };
        hashes.retain(|hash| match self.sessions.get(hash) {
            Some(session) if ends(session) => {
                session.ended.cancel();
                self.sessions.remove(hash);
                false
            }
            Some(_) => true,
            None => false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{Scope, StoredPassword};
    use super::*;
    use qoin_core::vault::{KdfParameters, Salt};

    fn member(number: u8, name: &str, credentials: u64) -> MemberRecord {
        MemberRecord {
            address: Address::from_bytes([number; 20]),
            name: name.into(),
            email: format!("m{number}@example.org"),
            role: Role::Member,
            password: StoredPassword::new(Salt::from_bytes([0; 16]), KdfParameters::MINIMUM, &[0; 32]),
            first_password: false,
            credentials,
            created_ms: 0,
            version: credentials,
            state: MemberState::Active,
            last_signed_in_ms: 0,
        }
    }

    fn session(member: u64, credentials: u64, expires_ms: u64) -> SessionRecord {
        SessionRecord { member, credentials, share: [0; 32], created_ms: 0, expires_ms, scope: Scope::Full }
    }

    #[test]
    fn members_are_listed_by_name_in_pages_and_found_by_name_or_email() {
        let mut people = People::default();
        for (number, name) in ["bob", "Ada", "Zoë", "ada"].into_iter().enumerate() {
            people.show_member(number as u64, member(number as u8, name, 0), None);
        }
        let names = |page: &MembersPage| page.members.iter().map(|member| member.name.clone()).collect::<Vec<_>>();
        let first = people.page("", None, 3);
        assert_eq!(names(&first), ["Ada", "ada", "bob"]);
        let after = people.member_of_address(&first.next.unwrap().parse().unwrap()).unwrap();
        let second = people.page("", Some(after), 3);
        assert_eq!((names(&second), second.next), (vec!["Zoë".to_string()], None));
        assert_eq!(names(&people.page("zoë", None, 9)), ["Zoë"]);
        assert_eq!(names(&people.page("m0@", None, 9)), ["bob"]);
        people.show_member(0, member(0, "Rob", 1), None);
        assert_eq!(names(&people.page("ob", None, 9)), ["Rob"]);
    }

    #[test]
    fn new_credentials_end_all_sessions_but_the_one_kept() {
        let mut people = People::default();
        people.show_member(7, member(7, "Ada", 0), None);
        people.show_session([1; 32], session(7, 0, 100));
        people.show_session([2; 32], session(7, 0, 100));
        let (other, own) = (people.session(&[1; 32], 0).unwrap().0, people.session(&[2; 32], 0).unwrap().0);
        people.show_member(7, member(7, "Ada", 1), Some(([2; 32], session(7, 1, 100))));
        assert!(other.ended.is_cancelled() && !own.ended.is_cancelled());
        assert!(people.session(&[1; 32], 0).is_none());
        assert_eq!(people.session(&[2; 32], 0).unwrap().0.record.credentials, 1);
        // What was committed before arrives late.
        people.show_session([3; 32], session(7, 0, 100));
        people.show_member(7, member(7, "Old", 0), None);
        assert!(people.session(&[3; 32], 0).is_none());
        assert_eq!(people.member(7).unwrap().record.name, "Ada");
    }

    #[test]
    fn sessions_end_by_time_by_wish_and_by_number() {
        let mut people = People::default();
        people.show_member(7, member(7, "Ada", 0), None);
        for (byte, expires_ms) in [(1, 10), (2, 100), (3, 100)] {
            people.show_session([byte; 32], session(7, 0, expires_ms));
        }
        assert!(people.session(&[1; 32], 10).is_none());
        assert_eq!(people.superfluous_sessions(7, 3, 10), [[1; 32]]);
        assert_eq!(people.superfluous_sessions(7, 2, 10), [[1; 32], [2; 32]]);
        people.end_session(&[2; 32]);
        assert!(people.session(&[2; 32], 10).is_none());
        assert_eq!(people.sessions_of(7), [[1; 32], [3; 32]]);
    }
}
