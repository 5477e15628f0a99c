//! One account.

use crate::{amount::Amount, keys::PublicKey};
use borsh::{BorshDeserialize, BorshSerialize};

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
    rotation: Option<PendingRotation>,
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

    /// What can be spent: the balance less what is going out.
    pub fn available(&self) -> Amount {
        self.balance.checked_sub(self.outgoing).unwrap_or(Amount::ZERO)
    }

    /// The key that signs at a moment (microseconds since 1970, on the clock of accepted times).
    pub fn key_at(&self, now_us: u64) -> PublicKey {
        match self.rotation {
            Some(rotation) if rotation.effective_us <= now_us => rotation.key,
            _ => self.key,
        }
    }

    /// The rotation that has not come into effect at a moment.
    pub fn pending_rotation_at(&self, now_us: u64) -> Option<PendingRotation> {
        self.rotation.filter(|rotation| rotation.effective_us > now_us)
    }

    /// Takes a key into use at once; a rotation that waited is void.
    pub(super) fn set_key(&mut self, key: PublicKey) {
        self.key = key;
        self.rotation = None;
    }

    /// Lets a rotation wait, after taking into use one whose time has come.
    pub(super) fn set_rotation(&mut self, now_us: u64, rotation: Option<PendingRotation>) {
        self.key = self.key_at(now_us);
        self.rotation = rotation;
    }
}
