//! A lost key: an administrator makes a link, by which the member's browser makes another key and a password.
//!
//! The leader rotates the account to that key with the system key's signature, which everyone sees on the chain and of
//! which every wallet of the account raises an alarm. Until the currency's delay is over, the old key counts and can
//! cancel, and the old password opens the account; then the new ones do.

use super::error::{Failure, IdentityError, Refusal};
use super::granted::{Granted, Recorded, right};
use super::password::stored_password;
use super::record::{MemberState, RecoveryRecord, UsedRecovery, to_bytes};
use super::rights::Guest;
use super::token::{Token, TokenHash, TokenKind};
use super::{Identity, stored};
use crate::audit::Action;
use crate::ledger::{Change, LedgerError};
use crate::store::{Batch, Table};
use qoin_core::{
    address::Address,
    api::admin::members::{
        AdminMemberView, Edit, RecoveryOpened, RecoveryStarted, RecoveryToken, RecoveryUsed, RecoveryView, UseRecovery,
    },
    audit::{AuditAction, AuditActor, AuditChange, AuditTarget},
    keys::Purpose,
};

impl Granted<right::Recover> {
    /// Makes a link by which a member who lost the key gets another one. It takes the place of one made before.
    ///
    /// # Errors
    /// When there is no such member, the account does not allow its recovery, or someone else has changed the member
    /// meanwhile.
    pub async fn start_recovery(&self, address: Address, edit: Edit) -> Result<RecoveryStarted, IdentityError> {
        let identity = &self.identity;
        let number = identity.number_of(&address)?;
        let account = identity.0.ledger.read().account(&address).ok_or(Refusal::UnknownMember(address))?;
        if !account.account.recoverable {
            return Err(LedgerError::from(qoin_core::ledger::Refusal::NotRecoverable).into());
        }
        let token = Token::random()?;
        let created_ms = identity.now_ms();
        let expires_ms = created_ms + u64::from(identity.settings().invitation_days) * 86_400_000;
        let record = RecoveryRecord {
            token_hash: token.hash(TokenKind::Recovery),
            started_by: self.actor.member_number(),
            created_ms,
            expires_ms,
            used: None,
        };
        let shown = record.clone();
        self.edit_member(address, edit, AuditAction::RecoveryStarted, move |member, _, batch, _| {
            if matches!(member.state, MemberState::Erased { .. }) {
                return Err(Refusal::Erased.into());
            }
            batch.put(Table::Recoveries, number.to_be_bytes(), to_bytes(&record));
            Ok(Vec::new())
        })
        .await?;
        identity.people_mut().show_recovery(number, Some(shown));
        Ok(RecoveryStarted { token: token.text(), expires_ms, member: identity.admin_view(&address)? })
    }

    /// Withdraws the link. A rotation that its use began goes on: only the old key cancels that.
    ///
    /// # Errors
    /// When there is no such member, or none that waits to be used.
    pub async fn withdraw_recovery(&self, address: Address) -> Result<AdminMemberView, IdentityError> {
        let number = self.identity.number_of(&address)?;
        self.commit(move |snapshot| {
            let open = stored::one::<RecoveryRecord>(snapshot, Table::Recoveries, &number.to_be_bytes())?;
            if open.is_none_or(|recovery| recovery.used.is_some()) {
                return Err(IdentityError::from(Refusal::RecoveryInvalid));
            }
            let mut batch = Batch::new();
            batch.delete(Table::Recoveries, number.to_be_bytes());
            let action = Action::new(AuditAction::RecoveryWithdrawn, AuditTarget::Member { number, address });
            Ok(Recorded { change: Change { batch, transaction: None, answer: () }, actions: vec![action] })
        })
        .await?;
        self.identity.people_mut().show_recovery(number, None);
        Ok(self.identity.admin_view(&address)?)
    }
}

impl Guest {
    /// What a recovery's link says.
    ///
    /// # Errors
    /// When no open recovery has this token.
    pub fn open_recovery(&self, request: &RecoveryToken) -> Result<RecoveryOpened, IdentityError> {
        let identity = &self.identity;
        let (_, hash) = token_hash(&request.token)?;
        let people = identity.people();
        let number = people.recovery_of(&hash, identity.now_ms()).ok_or(Refusal::RecoveryInvalid)?;
        let (Some(member), Some(recovery)) = (people.member(number), people.recovery(number)) else {
            return Err(Refusal::RecoveryInvalid.into());
        };
        Ok(RecoveryOpened {
            name: member.record.name.clone(),
            email: member.record.email.clone(),
            address: member.record.address,
            expires_ms: recovery.expires_ms,
            delay_ms: identity.0.ledger.genesis().genesis.recovery_delay_ms,
        })
    }

    /// Uses a recovery's link: the rotation to the new key is accepted, and the new password and vault are kept until it
    /// counts.
    ///
    /// # Errors
    /// When no open recovery has this token, the new key does not sign it, or the ledger refuses the rotation.
    pub async fn use_recovery(&self, request: UseRecovery) -> Result<RecoveryUsed, IdentityError> {
        let UseRecovery { token, secrets, public_key, signature } = request;
        let identity = &self.identity;
        let (token, hash) = token_hash(&token)?;
        let ledger = &identity.0.ledger;
        if !public_key.verifies(Purpose::Recovery, &ledger.genesis().hash, token.bytes(), &signature) {
            return Err(LedgerError::WrongSignature.into());
        }
        let password = stored_password(&secrets)?;
        let now_ms = identity.now_ms();
        let number = identity.people().recovery_of(&hash, now_ms).ok_or(Refusal::RecoveryInvalid)?;
        let address = identity.people().member(number).ok_or(Refusal::RecoveryInvalid)?.record.address;
        let rotation = ledger.sign_recovery(address, public_key, super::token::random()?);
        let used = UsedRecovery { public_key, password, vault: secrets.vault };
        let actor = super::granted::Actor::guest(AuditActor::Member { number, address }, self.from);
        let record = identity
            .commit(actor, move |snapshot| {
                let stored = stored::one::<RecoveryRecord>(snapshot, Table::Recoveries, &number.to_be_bytes())?;
                let is_open =
                    |it: &RecoveryRecord| it.token_hash == hash && it.used.is_none() && it.expires_ms > now_ms;
                let mut record = stored.filter(is_open).ok_or(Refusal::RecoveryInvalid)?;
                record.used = Some(used);
                let mut batch = Batch::new();
                batch.put(Table::Recoveries, number.to_be_bytes(), to_bytes(&record));
                let action = Action::new(AuditAction::RecoveryUsed, AuditTarget::Member { number, address })
                    .changing([AuditChange::made("public_key", public_key)]);
                let change = Change { batch, transaction: Some(rotation), answer: record };
                Ok::<_, IdentityError>(Recorded { change, actions: vec![action] })
            })
            .await?;
        identity.people_mut().show_recovery(number, Some(record));
        let account = ledger.read().account(&address);
        let waiting = account.and_then(|it| it.account.pending_rotation_at(ledger.now_us()));
        let effective_ms = waiting.map_or_else(|| ledger.now_ms(), |rotation| rotation.effective_us.div_ceil(1000));
        Ok(RecoveryUsed { effective_ms })
    }
}

impl Identity {
    /// Brings a recovery to its end, if its time has come: where the new key counts, the new password and vault become the
    /// member's and all sessions end; where the old key has cancelled, nothing remains of it.
    pub(super) async fn settle_recovery(&self, number: u64) -> Result<(), IdentityError> {
        let (address, used) = {
            let people = self.people();
            let used = people.recovery(number).and_then(|recovery| recovery.used.clone());
            let (Some(member), Some(used)) = (people.member(number), used) else { return Ok(()) };
            (member.record.address, used)
        };
        let now_us = self.0.ledger.now_us();
        let account = self.0.ledger.read().account(&address);
        let account = account.ok_or_else(|| Failure::Missing(format!("the account {address}")))?.account;
        let counts = account.key_at(now_us) == used.public_key;
        let waits = account.pending_rotation_at(now_us).is_some_and(|rotation| rotation.key == used.public_key);
        if waits && !counts {
            return Ok(());
        }
        let ending = self.people().sessions_of(number);
        let member = self
            .change(move |snapshot| {
                let mut batch = Batch::new();
                let stored = stored::one::<RecoveryRecord>(snapshot, Table::Recoveries, &number.to_be_bytes())?;
                let is_this =
                    stored.is_some_and(|it| it.used.as_ref().map(|used| used.public_key) == Some(used.public_key));
                if !is_this {
                    return Ok(Change { batch, transaction: None, answer: None });
                }
                batch.delete(Table::Recoveries, number.to_be_bytes());
                if !counts {
                    return Ok(Change { batch, transaction: None, answer: None });
                }
                let mut member = stored::member(snapshot, number)?;
                member.password = used.password;
                member.first_password = false;
                member.credentials += 1;
                member.version += 1;
                for hash in &ending {
                    batch.delete(Table::Sessions, hash.as_slice());
                }
                stored::put_member(&mut batch, number, &member, used.vault);
                Ok(Change { batch, transaction: None, answer: Some(member) })
            })
            .await?;
        let mut people = self.people_mut();
        people.show_recovery(number, None);
        if let Some(member) = member {
            people.show_member(number, member, None);
        }
        Ok(())
    }

    /// How far a recovery is; nothing once it has expired or was cancelled.
    pub(super) fn recovery_view(&self, address: &Address, recovery: &RecoveryRecord) -> Option<RecoveryView> {
        match &recovery.used {
            None => {
                (recovery.expires_ms > self.now_ms()).then_some(RecoveryView::Open { expires_ms: recovery.expires_ms })
            }
            Some(used) => {
                let account = self.0.ledger.read().account(address)?.account;
                let waiting = account.pending_rotation_at(self.0.ledger.now_us());
                let waiting = waiting.filter(|rotation| rotation.key == used.public_key)?;
                let effective_ms = waiting.effective_us.div_ceil(1000);
                Some(RecoveryView::Waiting { public_key: used.public_key, effective_ms })
            }
        }
    }
}

fn token_hash(text: &str) -> Result<(Token, TokenHash), Refusal> {
    let token = Token::read(text).ok_or(Refusal::RecoveryInvalid)?;
    let hash = token.hash(TokenKind::Recovery);
    Ok((token, hash))
}
