//! One account.

use crate::{amount::Amount, keys::PublicKey};
use borsh::{BorshDeserialize, BorshSerialize, io};

/// An account: its money, its key, and whether the key can be recovered.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Account {
    /// The key that signs, unless `rotation` has come into effect; see [`Self::key_at`].
    key: PublicKey,
    /// The confirmed balance.
    pub balance: Amount,
    /// Accepted payments to others that no block has sealed yet; never more than the balance.
    pub outgoing: Amount,
    /// Accepted payments from others that no block has sealed yet.
    pub incoming: Amount,
    /// Whether the system key may rotate the key, with a delay.
    pub recoverable: bool,
    /// Boxed, since few accounts have one and all are in memory.
    rotation: Option<Box<PendingRotation>>,
}

/// A rotation by the system key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PendingRotation {
    /// The key that will sign.
    pub key: PublicKey,
    /// From this accepted time on, in microseconds since 1970.
    pub effective_us: u64,
}

impl Account {
    /// A new, empty, recoverable account.
    pub fn open(key: PublicKey) -> Self {
        Self {
            key,
            balance: Amount::ZERO,
            outgoing: Amount::ZERO,
            incoming: Amount::ZERO,
            recoverable: true,
            rotation: None,
        }
    }

    /// Reads the canonical bytes of an account that this ledger kept. Its keys were found to be points of the curve when
    /// the ledger took them in, and are not checked again, which would take most of the time of a start.
    ///
    /// # Errors
    /// When the bytes are not an account's.
    pub fn deserialize_kept(bytes: &mut &[u8]) -> io::Result<Self> {
        let key = PublicKey::kept(BorshDeserialize::deserialize(bytes)?);
        let [balance, outgoing, incoming] = <[Amount; 3]>::deserialize(bytes)?;
        let recoverable = bool::deserialize(bytes)?;
        let rotation = Option::<([u8; 32], u64)>::deserialize(bytes)?
            .map(|(key, effective_us)| Box::new(PendingRotation { key: PublicKey::kept(key), effective_us }));
        Ok(Self { key, balance, outgoing, incoming, recoverable, rotation })
    }

    /// What can be spent: the balance less what is going out.
    pub fn available(&self) -> Amount {
        self.balance.checked_sub(self.outgoing).unwrap_or(Amount::ZERO)
    }

    /// The key that signs at a moment (microseconds since 1970, on the clock of accepted times).
    pub fn key_at(&self, now_us: u64) -> PublicKey {
        match &self.rotation {
            Some(rotation) if rotation.effective_us <= now_us => rotation.key,
            _ => self.key,
        }
    }

    /// The rotation that has not come into effect at a moment.
    pub fn pending_rotation_at(&self, now_us: u64) -> Option<PendingRotation> {
        self.rotation.as_deref().copied().filter(|rotation| rotation.effective_us > now_us)
    }

    /// Takes a key into use at once; a rotation that waited is void.
    pub(super) fn set_key(&mut self, key: PublicKey) {
        self.key = key;
        self.rotation = None;
    }

    /// Lets a rotation wait, after taking into use one whose time has come.
    pub(super) fn set_rotation(&mut self, now_us: u64, rotation: Option<PendingRotation>) {
        self.key = self.key_at(now_us);
        self.rotation = rotation.map(Box::new);
    }

    /// What is going out grows by a payment that the balance covers.
    pub(super) fn reserve(&mut self, amount: Amount) {
        grow(&mut self.outgoing, amount);
    }

    /// A payment is on its way here.
    pub(super) fn expect_incoming(&mut self, amount: Amount) {
        grow(&mut self.incoming, amount);
    }

    /// A block sealed what was going out.
    pub(super) fn confirm_outgoing(&mut self, amount: Amount) {
        shrink(&mut self.balance, amount);
        shrink(&mut self.outgoing, amount);
    }

    /// A block sealed what was on its way here.
    pub(super) fn confirm_incoming(&mut self, amount: Amount) {
        grow(&mut self.balance, amount);
        shrink(&mut self.incoming, amount);
    }

    /// A block's reward came in.
    pub(super) fn earn(&mut self, reward: Amount) {
        grow(&mut self.balance, reward);
    }

    /// A block's reward was paid.
    pub(super) fn pay_reward(&mut self, reward: Amount) {
        shrink(&mut self.balance, reward);
    }
}

/// Adds to a part of the supply.
pub(super) fn grow(sum: &mut Amount, more: Amount) {
    *sum = sum.checked_add(more).expect("parts of one supply do not exceed it");
}

fn shrink(sum: &mut Amount, less: Amount) {
    *sum = sum.checked_sub(less).expect("what was reserved is there");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{encode::encode, keys::SecretKey};

    #[test]
    fn a_kept_account_is_read_as_any_other() {
        let [key, next] = [1, 2].map(|seed| SecretKey::from_seed(&[seed; 32]).public_key());
        let mut account = Account::open(key);
        account.earn(Amount::from_units(9));
        account.reserve(Amount::from_units(4));
        account.expect_incoming(Amount::from_units(7));
        let mut rotating = account.clone();
        rotating.set_rotation(5, Some(PendingRotation { key: next, effective_us: 77 }));
        rotating.recoverable = false;
        for account in [account, rotating] {
            let mut bytes = encode(&account);
            bytes.push(0xff);
            let mut rest = bytes.as_slice();
            assert_eq!(Account::deserialize_kept(&mut rest).unwrap(), account);
            assert_eq!(rest, [0xff]);
            assert!(Account::deserialize_kept(&mut &bytes[..40]).is_err());
        }
    }
}
