//! The master key: an opaque secret that allows scripts to make members and to credit them (the calls `master_*` over
//! RPyC). The operator reads and replaces it with `qoin key`. It signs nothing: the system account's key stays here.

use super::Identity;
use super::error::{Failure, IdentityError, Refusal};
use super::granted::{Actor, Granted, Recorded, right};
use super::record::{Record, from_bytes, to_bytes};
use super::sealed::Sealed;
use super::secret::{LeaderSecret, Use};
use super::token::{Token, random};
use crate::audit::Action;
use crate::ledger::{Accepted, Change};
use crate::store::{Batch, Snapshot, Table};
use borsh::{BorshDeserialize, BorshSerialize};
use qoin_core::{
    address::Address,
    amount::Amount,
    audit::{AuditAction, AuditTarget},
    payment_id::PaymentId,
};
use std::net::IpAddr;
use std::sync::Mutex;
use zeroize::Zeroizing;

/// Where the store keeps it.
const META_KEY: &[u8] = b"master_key";
/// What its sealed form is about.
const ABOUT: &[u8] = b"qoin/master-key";

/// As the store holds it: encrypted under the leader's secret.
#[derive(BorshSerialize, BorshDeserialize)]
struct MasterKeyRecord {
    sealed: Sealed,
}

impl Record for MasterKeyRecord {}

/// The current master key.
pub(super) struct MasterKey(Mutex<Token>);

impl MasterKey {
    /// The key in the store; a new one and how it is to be stored, where there is none or the leader's secret, and so
    /// what it is encrypted under, is another.
    ///
    /// # Errors
    /// When the store fails, or holds what this release cannot read.
    pub fn load(snapshot: &dyn Snapshot, secret: &LeaderSecret) -> Result<(Self, Option<Batch>), Failure> {
        if let Some(bytes) = snapshot.get(Table::Meta, META_KEY)? {
            let MasterKeyRecord { sealed } = from_bytes(&bytes)?;
            let opened = sealed.open(&secret.derive(Use::MasterKey, b""), ABOUT);
            if let Some(token) = opened.and_then(|bytes| Token::of_bytes(&bytes)) {
                return Ok((Self(Mutex::new(token)), None));
            }
            tracing::warn!(
                "the secret key is another than when the master key was made: there is a new master key now"
            );
        }
        let token = Token::random()?;
        let batch = stored(&token, secret)?;
        Ok((Self(Mutex::new(token)), Some(batch)))
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Token> {
        self.0.lock().expect("nothing panics while it holds the lock")
    }
}

fn stored(token: &Token, secret: &LeaderSecret) -> Result<Batch, Failure> {
    let sealed = Sealed::seal(token.bytes(), &secret.derive(Use::MasterKey, b""), ABOUT)?;
    let mut batch = Batch::new();
    batch.put(Table::Meta, META_KEY, to_bytes(&MasterKeyRecord { sealed }));
    Ok(batch)
}

impl Identity {
    /// The master key, for the operator of the leader's own host: 64 hexadecimal digits.
    pub fn master_key(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.master_key.current().text())
    }

    /// Makes a new master key and tells it; the one before is worthless from now on. It is recorded in the audit log.
    ///
    /// # Errors
    /// When the store fails, or the system gives no randomness; the old key stays then.
    pub async fn replace_master_key(&self, actor: Actor) -> Result<Zeroizing<String>, IdentityError> {
        let token = Token::random()?;
        let batch = stored(&token, &self.0.secret)?;
        let text = Zeroizing::new(token.text());
        let identity = self.clone();
        // Shown by the writer, so that of two replacements the one committed last is also the one that counts.
        self.commit(actor, move |_| {
            *identity.0.master_key.current() = token;
            let change = Change { batch, transaction: None, answer: () };
            let actions = vec![Action::new(AuditAction::MasterKeyReplaced, AuditTarget::Leader)];
            Ok::<_, IdentityError>(Recorded { change, actions })
        })
        .await?;
        Ok(text)
    }

    /// Whoever has shown the master key, from where. It is compared in a time that does not tell how much of it was right.
    ///
    /// # Errors
    /// [`Refusal::WrongMasterKey`].
    pub fn master(&self, key: &str, from: IpAddr) -> Result<Actor, Refusal> {
        let shown = Token::read(key).ok_or(Refusal::WrongMasterKey)?;
        if self.0.master_key.current().equals(&shown) {
            Ok(Actor::master_key(Some(from)))
        } else {
            Err(Refusal::WrongMasterKey)
        }
    }
}

impl Granted<right::Credit> {
    /// Pays a member out of the system account, for whoever has no payment id of their own.
    ///
    /// # Errors
    /// Why it was not accepted; nothing has changed then.
    pub async fn credit_anew(&self, recipient: Address, amount: Amount) -> Result<Accepted, IdentityError> {
        let payment_id = PaymentId::new(self.identity.now_ms(), random()?);
        Ok(self.identity.0.ledger.credit(recipient, amount, payment_id, None).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MemoryStore, Store};

    #[test]
    fn the_key_stays_over_restarts_and_is_made_anew_under_another_secret() {
        let store = MemoryStore::default();
        let load = |secret: u8| MasterKey::load(&*store.snapshot().unwrap(), &LeaderSecret::new([secret; 16])).unwrap();
        let (made, batch) = load(1);
        store.commit(store.claim().unwrap(), &batch.expect("a first key is stored")).unwrap();
        let (kept, batch) = load(1);
        assert!(batch.is_none());
        assert_eq!(kept.current().text(), made.current().text());
        let (other, batch) = load(2);
        assert!(batch.is_some());
        assert_ne!(other.current().text(), made.current().text());
    }
}
