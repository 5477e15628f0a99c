//! Invitations: a link brings a new member to an account whose key only they hold.

use super::Identity;
use super::error::{Failure, IdentityError, Refusal};
use super::granted::{Granted, Recorded, right};
use super::invitation_file::{self, Row};
use super::password::stored_password;
use super::record::{self, InvitationRecord, MemberRecord, MemberState, from_bytes, to_bytes};
use super::rights::Guest;
use super::session::view;
use super::stored;
use super::token::{Token, TokenHash, TokenKind};
use crate::audit::Action;
use crate::ledger::Change;
use crate::store::{Batch, Order, Snapshot, Table};
use qoin_core::{
    address::Address,
    api::{
        capabilities::Capability,
        invitations::{
            AcceptInvitation, InvitationFileAnswer, InvitationMade, InvitationOpened, InvitationRowMade,
            InvitationState, InvitationToken, InvitationView, InvitationsPage, Invite,
        },
        registration::{Register, Registration},
        sessions::{NewSecrets, Role, SessionOpened},
    },
    audit::{AuditAction, AuditChange, AuditTarget},
    limits::INVITATION_ROWS_MAX,
    transaction::{Operation, SignedTransaction},
    unicode::Tables,
    validate,
};
use std::collections::HashSet;
use std::ops::Bound;

/// The invitations that can be open at once.
const INVITATIONS_MAX: usize = 2 * INVITATION_ROWS_MAX;
/// How long an invitation is kept after it was used or withdrawn, or has expired.
const KEPT_MS: u64 = 90 * 86_400_000;
/// The bytes of a token's hash that name its invitation.
const ID_BYTES: usize = 8;

/// Which invitations.
#[derive(Debug, Clone, Default)]
pub struct InvitationFilter {
    /// Only those of which this became.
    pub state: Option<InvitationState>,
    /// Only those whose name or e-mail address contains this, in any case.
    pub query: String,
    /// How many to pass over.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
}

impl Granted<right::Invite> {
    /// Invites someone. A new invitation for the same e-mail address replaces the one before.
    ///
    /// # Errors
    /// When name or e-mail address cannot be one, a member has the address, or too many invitations are open.
    pub async fn invite(&self, request: Invite) -> Result<InvitationMade, IdentityError> {
        let name = validate::name(&request.name, &Tables).map_err(Refusal::from)?;
        let email = validate::email(&request.email).map_err(Refusal::from)?;
        let (token, hash, record) = self.prepare(name, email, request.role)?;
        let expires_ms = record.expires_ms;
        let actor = self.actor;
        let action = Action::new(AuditAction::MemberInvited, AuditTarget::Invitation { id: id(&hash) })
            .changing([AuditChange::made("role", record.role.name())]);
        self.commit(move |snapshot| {
            if record.role != Role::Member {
                actor.check(snapshot, Capability::SetRoles)?;
            }
            if snapshot.get(Table::Emails, record.email.as_bytes())?.is_some() {
                return Err(Refusal::EmailTaken(record.email).into());
            }
            let batch = add(snapshot, vec![(hash, record)])?;
            Ok::<_, IdentityError>(Recorded { change: batch_alone(batch), actions: vec![action] })
        })
        .await?;
        Ok(InvitationMade { id: id(&hash), token: token.text(), expires_ms })
    }

    /// Invites everyone whom a file names, in one commit; a dry run only says what is wrong with it.
    ///
    /// # Errors
    /// When too many invitations are open, or someone who was free of it joined meanwhile: then nobody is invited.
    pub async fn invite_all(&self, file: Vec<u8>, dry_run: bool) -> Result<InvitationFileAnswer, IdentityError> {
        let identity = self.identity.clone();
        let read = move || invitation_file::read(&file, |email| identity.people().member_of_email(email).is_some());
        let rows = tokio::task::spawn_blocking(read).await.map_err(|_| Failure::Stopping)?;
        let expires_ms = self.expires_ms(self.identity.now_ms());
        let mut answer = InvitationFileAnswer {
            good: u32::try_from(rows.good.len()).unwrap_or(u32::MAX),
            bad: rows.bad,
            faults: rows.faults,
            too_many: rows.too_many,
            made: Vec::new(),
            expires_ms,
        };
        if dry_run || answer.too_many || rows.good.is_empty() {
            return Ok(answer);
        }
        let mut records = Vec::with_capacity(rows.good.len());
        for Row { line, name, email, role } in rows.good {
            let (token, hash, record) = self.prepare(name.clone(), email.clone(), role)?;
            answer.made.push(InvitationRowMade { line, id: id(&hash), name, email, token: token.text() });
            records.push((hash, record));
        }
        let actor = self.actor;
        let sets_roles = records.iter().any(|(_, record)| record.role != Role::Member);
        let action = Action::new(AuditAction::MembersInvited, AuditTarget::Leader)
            .changing([AuditChange::made("invitations", records.len()), AuditChange::made("bad rows", answer.bad)]);
        self.commit(move |snapshot| {
            if sets_roles {
                actor.check(snapshot, Capability::SetRoles)?;
            }
            for (_, record) in &records {
                if snapshot.get(Table::Emails, record.email.as_bytes())?.is_some() {
                    return Err(Refusal::EmailTaken(record.email.clone()).into());
                }
            }
            let batch = add(snapshot, records)?;
            Ok::<_, IdentityError>(Recorded { change: batch_alone(batch), actions: vec![action] })
        })
        .await?;
        Ok(answer)
    }

    /// Invitations, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn invitations(&self, filter: &InvitationFilter) -> Result<InvitationsPage, IdentityError> {
        let snapshot = self.identity.0.ledger.read().snapshot()?;
        let now_ms = self.identity.now_ms();
        let query = filter.query.trim().to_lowercase();
        let mut found = stored::all::<InvitationRecord>(&*snapshot, Table::Invitations)?;
        found.retain(|(_, it)| {
            filter.state.is_none_or(|state| state == state_of(it, now_ms))
                && (it.name.to_lowercase().contains(&query) || it.email.contains(&query))
        });
        found.sort_by_key(|(_, invitation)| std::cmp::Reverse(invitation.created_ms));
        let total = found.len() as u64;
        let people = self.identity.people();
        let view = |(key, record): (Vec<u8>, InvitationRecord)| InvitationView {
            id: id(&key),
            expires_ms: record.expires_ms,
            role: record.role,
            state: state_of(&record, now_ms),
            created_ms: record.created_ms,
            invited_by: record.invited_by.and_then(|number| Some(people.member(number)?.record.name.clone())),
            used_by: match record.state {
                record::InvitationState::Used { member, .. } => people.member(member).map(|member| member.view()),
                _ => None,
            },
            ended_ms: (record.state != record::InvitationState::Open).then(|| record.ended_ms()),
            name: record.name,
            email: record.email,
        };
        let invitations = found.into_iter().skip(filter.offset).take(filter.limit).map(view).collect();
        Ok(InvitationsPage { invitations, total })
    }

    /// Withdraws an invitation.
    ///
    /// # Errors
    /// When no open invitation has this name.
    pub async fn withdraw_invitation(&self, id: &str) -> Result<(), IdentityError> {
        let mut named = [0; ID_BYTES];
        hex::decode_to_slice(id, &mut named).map_err(|_| Refusal::InvitationInvalid)?;
        let at_ms = self.identity.now_ms();
        let action = Action::new(AuditAction::InvitationWithdrawn, AuditTarget::Invitation { id: id.to_owned() });
        self.commit(move |snapshot| {
            let from = Bound::Included(named.as_slice());
            let mut found = snapshot.range(Table::Invitations, from, Bound::Unbounded, Order::Ascending, 1)?;
            let (key, bytes) =
                found.pop().filter(|(key, _)| key.starts_with(&named)).ok_or(Refusal::InvitationInvalid)?;
            let mut record: InvitationRecord = from_bytes(&bytes)?;
            if !record.is_open(at_ms) {
                return Err(Refusal::InvitationInvalid.into());
            }
            record.state = record::InvitationState::Withdrawn { at_ms };
            let mut batch = Batch::new();
            batch.put(Table::Invitations, key, to_bytes(&record));
            Ok(Recorded { change: batch_alone(batch), actions: vec![action] })
        })
        .await
    }

    /// A new invitation, not stored yet.
    fn prepare(
        &self,
        name: String,
        email: String,
        role: Role,
    ) -> Result<(Token, TokenHash, InvitationRecord), IdentityError> {
        let token = Token::random()?;
        let hash = token.hash(TokenKind::Invitation);
        let created_ms = self.identity.now_ms();
        let record = InvitationRecord {
            name,
            email,
            role,
            invited_by: self.actor.member_number(),
            created_ms,
            expires_ms: self.expires_ms(created_ms),
            state: record::InvitationState::Open,
        };
        Ok((token, hash, record))
    }

    fn expires_ms(&self, created_ms: u64) -> u64 {
        created_ms + u64::from(self.identity.settings().invitation_days) * 86_400_000
    }
}

fn batch_alone(batch: Batch) -> Change<()> {
    Change { batch, transaction: None, answer: () }
}

/// Adds invitations, each in the place of an open one for the same e-mail address, and forgets what was over long ago.
fn add(snapshot: &dyn Snapshot, new: Vec<(TokenHash, InvitationRecord)>) -> Result<Batch, IdentityError> {
    let Some(now_ms) = new.iter().map(|(_, record)| record.created_ms).max() else { return Ok(Batch::new()) };
    let emails: HashSet<&str> = new.iter().map(|(_, record)| &*record.email).collect();
    let mut batch = Batch::new();
    let mut open = new.len();
    for (key, mut known) in stored::all::<InvitationRecord>(snapshot, Table::Invitations)? {
        if known.is_open(now_ms) && emails.contains(&*known.email) {
            known.state = record::InvitationState::Withdrawn { at_ms: now_ms };
            batch.put(Table::Invitations, key, to_bytes(&known));
        } else if known.is_open(now_ms) {
            open += 1;
        } else if known.ended_ms().saturating_add(KEPT_MS) < now_ms {
            batch.delete(Table::Invitations, key);
        }
    }
    if open > INVITATIONS_MAX {
        let remedy = "withdraw some first";
        return Err(Refusal::TooMany { what: "open invitations", max: INVITATIONS_MAX, remedy }.into());
    }
    for (hash, record) in &new {
        batch.put(Table::Invitations, hash.as_slice(), to_bytes(record));
    }
    Ok(batch)
}

fn state_of(record: &InvitationRecord, now_ms: u64) -> InvitationState {
    match record.state {
        record::InvitationState::Open if record.expires_ms > now_ms => InvitationState::Open,
        record::InvitationState::Open => InvitationState::Expired,
        record::InvitationState::Used { .. } => InvitationState::Used,
        record::InvitationState::Withdrawn { .. } => InvitationState::Withdrawn,
    }
}

/// Someone who joins with a key made in the browser.
struct Joining {
    /// The invitation's hash; none where none is needed.
    invitation: Option<TokenHash>,
    name: String,
    /// Without an invitation, which has its own.
    email: String,
    secrets: NewSecrets,
    open_account: SignedTransaction,
}

impl Guest {
    /// What an invitation says.
    ///
    /// # Errors
    /// When no open invitation has this token.
    pub fn open_invitation(&self, request: &InvitationToken) -> Result<InvitationOpened, IdentityError> {
        self.identity.check_registration(true)?;
        let hash = token_hash(&request.token)?;
        let snapshot = self.identity.0.ledger.read().snapshot()?;
        let InvitationRecord { name, email, expires_ms, .. } = open(&*snapshot, &hash, self.identity.now_ms())?;
        Ok(InvitationOpened { name, email, expires_ms })
    }

    /// Uses an invitation: the member, the vault, the account and a first session come into being together or not at
    /// all, and the invitation is used up with them.
    ///
    /// # Errors
    /// When the invitation is not open, the name or the parameters are refused, the transaction does not open the
    /// account of its signer, or the ledger refuses it.
    pub async fn accept_invitation(&self, request: AcceptInvitation) -> Result<SessionOpened, IdentityError> {
        let AcceptInvitation { token, name, secrets, open_account } = request;
        self.identity.check_registration(true)?;
        let invitation = Some(token_hash(&token)?);
        self.join(Joining { invitation, name, email: String::new(), secrets, open_account }).await
    }

    /// Joins without an invitation, where everyone may; from one address only so often a minute.
    ///
    /// # Errors
    /// When not everyone may, too many came from this address, someone has the e-mail address, or as
    /// [`Self::accept_invitation`].
    pub async fn register(&self, request: Register) -> Result<SessionOpened, IdentityError> {
        let Register { name, email, secrets, open_account } = request;
        self.identity.check_registration(false)?;
        let email = validate::email(&email).map_err(Refusal::from)?;
        self.identity.0.attempts.count_registration(self.from, self.identity.now_ms())?;
        self.join(Joining { invitation: None, name, email, secrets, open_account }).await
    }

    async fn join(&self, joining: Joining) -> Result<SessionOpened, IdentityError> {
        let Joining { invitation, name, email, secrets, open_account } = joining;
        let name = validate::name(&name, &Tables).map_err(Refusal::from)?;
        let password = stored_password(&secrets)?;
        let address = opened_address(&open_account)?;
        let identity = &self.identity;
        let token = Token::random()?;
        let hash = token.hash(TokenKind::Session);
        // The member's number is known only once the change is made.
        let mut session = identity.new_session(0, 0)?;
        let vault = secrets.vault.clone();
        let (number, member, session) = identity
            .change(move |snapshot| {
                let now_ms = session.created_ms;
                let mut used = match invitation {
                    Some(invitation) => Some((invitation, open(snapshot, &invitation, now_ms)?)),
                    None => None,
                };
                let (email, role) = match &used {
                    Some((_, invitation)) => (invitation.email.clone(), invitation.role),
                    None => (email, Role::Member),
                };
                let member = MemberRecord {
                    address,
                    name,
                    email,
                    role,
                    password,
                    first_password: false,
                    credentials: 0,
                    created_ms: now_ms,
                    version: 0,
                    state: MemberState::Active,
                    last_signed_in_ms: now_ms,
                };
                let mut batch = Batch::new();
                session.member = stored::add_member(snapshot, &mut batch, &member, vault)?;
                stored::put_session(&mut batch, &hash, &session);
                if let Some((key, record)) = &mut used {
                    record.state = record::InvitationState::Used { member: session.member, at_ms: now_ms };
                    batch.put(Table::Invitations, key.as_slice(), to_bytes(record));
                }
                Ok(Change { batch, transaction: Some(open_account), answer: (session.member, member, session) })
            })
            .await?;
        let mut people = identity.people_mut();
        people.show_member(number, member, None);
        people.show_session(hash, session.clone());
        let member = people.member(number).ok_or_else(|| Failure::Missing(format!("member {number}")))?;
        Ok(SessionOpened { token: Some(token.text()), session: view(member, &session, secrets.vault) })
    }
}

impl Identity {
    /// Refuses who cannot join as the settings are.
    fn check_registration(&self, is_invited: bool) -> Result<(), Refusal> {
        match self.settings().registration {
            Registration::Open => Ok(()),
            Registration::Invitation if is_invited => Ok(()),
            registration => Err(Refusal::RegistrationClosed(registration)),
        }
    }
}

/// The address that a transaction opens.
fn opened_address(signed: &SignedTransaction) -> Result<Address, Refusal> {
    match &signed.transaction.operation {
        Operation::OpenAccount { public_key } if Address::of(public_key) == signed.transaction.signer => {
            Ok(signed.transaction.signer)
        }
        _ => Err(Refusal::WrongOperation("an OpenAccount of the address of its own key")),
    }
}

fn token_hash(text: &str) -> Result<TokenHash, Refusal> {
    Ok(Token::read(text).ok_or(Refusal::InvitationInvalid)?.hash(TokenKind::Invitation))
}

fn open(snapshot: &dyn Snapshot, hash: &TokenHash, now_ms: u64) -> Result<InvitationRecord, IdentityError> {
    stored::one::<InvitationRecord>(snapshot, Table::Invitations, hash)?
        .filter(|invitation| invitation.is_open(now_ms))
        .ok_or_else(|| Refusal::InvitationInvalid.into())
}

/// The name of an invitation: the first bytes of its token's hash.
fn id(hash: &[u8]) -> String {
    hex::encode(&hash[..hash.len().min(ID_BYTES)])
}
