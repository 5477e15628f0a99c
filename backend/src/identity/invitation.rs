//! Invitations: a link brings a new member to an account whose key only they hold.

use super::error::{Failure, IdentityError, Refusal};
use super::password::stored_password;
use super::record::{InvitationRecord, MemberRecord, to_bytes};
use super::rights::{AdministratorSession, Guest};
use super::session::view;
use super::stored;
use super::token::{Token, TokenHash, TokenKind};
use crate::ledger::Change;
use crate::store::{Batch, Order, Snapshot, Table};
use qoin_core::{
    address::Address,
    api::{
        invitations::{
            AcceptInvitation, InvitationMade, InvitationOpened, InvitationToken, InvitationView, InvitationsPage,
            Invite,
        },
        sessions::{Role, SessionOpened},
    },
    transaction::{Operation, SignedTransaction},
    unicode::Tables,
    validate,
};
use std::ops::Bound;

/// The invitations that can be open at once.
const INVITATIONS_MAX: usize = 1_000;
/// The bytes of a token's hash that name its invitation.
const ID_BYTES: usize = 8;

impl AdministratorSession {
    /// Invites someone. A new invitation for the same e-mail address replaces the one before.
    ///
    /// # Errors
    /// When name or e-mail address cannot be one, a member has the address, or too many invitations are open.
    pub async fn invite(&self, request: Invite) -> Result<InvitationMade, IdentityError> {
        let name = validate::name(&request.name, &Tables).map_err(Refusal::from)?;
        let email = validate::email(&request.email).map_err(Refusal::from)?;
        let token = Token::random()?;
        let hash = token.hash(TokenKind::Invitation);
        let created_ms = self.identity.now_ms();
        let expires_ms = created_ms + u64::from(self.identity.0.settings.invitation_days) * 86_400_000;
        let record = InvitationRecord { name, email, invited_by: self.member.number, created_ms, expires_ms };
        self.identity
            .change(move |snapshot| {
                if snapshot.get(Table::Emails, record.email.as_bytes())?.is_some() {
                    return Err(Refusal::EmailTaken(record.email).into());
                }
                let mut batch = Batch::new();
                let known = stored::all::<InvitationRecord>(snapshot, Table::Invitations)?;
                let (open, over): (Vec<_>, Vec<_>) = known
                    .into_iter()
                    .partition(|(_, known)| known.expires_ms > created_ms && known.email != record.email);
                if open.len() >= INVITATIONS_MAX {
                    let remedy = "withdraw some first";
                    return Err(Refusal::TooMany { what: "open invitations", max: INVITATIONS_MAX, remedy }.into());
                }
                for (key, _) in over {
                    batch.delete(Table::Invitations, key);
                }
                batch.put(Table::Invitations, hash.as_slice(), to_bytes(&record));
                Ok(Change { batch, transaction: None, answer: () })
            })
            .await?;
        Ok(InvitationMade { id: id(&hash), token: token.text(), expires_ms })
    }

    /// The open invitations, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn invitations(&self) -> Result<InvitationsPage, IdentityError> {
        let snapshot = self.identity.0.ledger.read().snapshot()?;
        let now_ms = self.identity.now_ms();
        let mut open = stored::all::<InvitationRecord>(&*snapshot, Table::Invitations)?;
        open.retain(|(_, invitation)| invitation.expires_ms > now_ms);
        open.sort_by_key(|(_, invitation)| std::cmp::Reverse(invitation.created_ms));
        let view = |(key, record): (Vec<u8>, InvitationRecord)| InvitationView {
            id: id(&key),
            name: record.name,
            email: record.email,
            expires_ms: record.expires_ms,
        };
        Ok(InvitationsPage { invitations: open.into_iter().map(view).collect() })
    }

    /// Withdraws an invitation.
    ///
    /// # Errors
    /// When no open invitation has this name.
    pub async fn withdraw_invitation(&self, id: &str) -> Result<(), IdentityError> {
        let mut named = [0; ID_BYTES];
        hex::decode_to_slice(id, &mut named).map_err(|_| Refusal::InvitationInvalid)?;
        self.identity
            .change(move |snapshot| {
                let from = Bound::Included(named.as_slice());
                let mut found = snapshot.range(Table::Invitations, from, Bound::Unbounded, Order::Ascending, 1)?;
                let (key, _) =
                    found.pop().filter(|(key, _)| key.starts_with(&named)).ok_or(Refusal::InvitationInvalid)?;
                let mut batch = Batch::new();
                batch.delete(Table::Invitations, key);
                Ok(Change { batch, transaction: None, answer: () })
            })
            .await
    }
}

impl Guest {
    /// What an invitation says.
    ///
    /// # Errors
    /// When no open invitation has this token.
    pub fn open_invitation(&self, request: &InvitationToken) -> Result<InvitationOpened, IdentityError> {
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
        let invitation = token_hash(&token)?;
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
                let InvitationRecord { email, .. } = open(snapshot, &invitation, session.created_ms)?;
                let member = MemberRecord {
                    address,
                    name,
                    email,
                    role: Role::Member,
                    password,
                    first_password: false,
                    credentials: 0,
                    created_ms: session.created_ms,
                };
                let mut batch = Batch::new();
                session.member = stored::add_member(snapshot, &mut batch, &member, vault)?;
                stored::put_session(&mut batch, &hash, &session);
                batch.delete(Table::Invitations, invitation.as_slice());
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
        .filter(|invitation| invitation.expires_ms > now_ms)
        .ok_or_else(|| Refusal::InvitationInvalid.into())
}

/// The name of an invitation: the first bytes of its token's hash.
fn id(hash: &[u8]) -> String {
    hex::encode(&hash[..hash.len().min(ID_BYTES)])
}
