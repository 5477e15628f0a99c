//! What the system key says about a leader whose data was restored from a backup, so that a wallet which has seen more of
//! the chain than the leader now shows can tell its member what happened.

use crate::{
    encode::encode,
    hash::{BlockHash, GenesisHash},
    keys::{PublicKey, Purpose, SecretKey, Signature},
};
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// The facts of one restoration. Everything that was accepted after the backup is lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RestoreNotice {
    /// The height of the backup's last block; 0 before the first block.
    pub height: u32,
    /// That block's hash; the genesis hash before the first block.
    pub hash: BlockHash,
    /// How many log records the backup holds, sealed or not.
    pub records: u64,
    /// When the backup was made, in milliseconds since 1970.
    pub backup_ms: u64,
    /// When it was restored, in milliseconds since 1970.
    pub restored_ms: u64,
}

/// A notice under the system key's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedRestoreNotice {
    /// What is signed.
    pub notice: RestoreNotice,
    /// The system key's signature over the notice's canonical bytes, for [`Purpose::RestoreNotice`].
    pub signature: Signature,
}

impl RestoreNotice {
    /// Signs it with the system key.
    pub fn sign(self, system: &SecretKey, genesis: &GenesisHash) -> SignedRestoreNotice {
        let signature = system.sign(Purpose::RestoreNotice, genesis, &encode(&self));
        SignedRestoreNotice { notice: self, signature }
    }

    /// Whether it can be why someone who has seen a chain of this height and a log of so many records sees another one
    /// now: what the backup holds is no more than that.
    pub fn explains(&self, height: u32, records: u64) -> bool {
        self.height <= height && self.records <= records
    }
}

impl SignedRestoreNotice {
    /// Whether the signature is by this system key, on this chain.
    pub fn is_by(&self, system: &PublicKey, genesis: &GenesisHash) -> bool {
        system.verifies_compactly(Purpose::RestoreNotice, genesis, &encode(&self.notice), &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENESIS: GenesisHash = GenesisHash::from_bytes([7; 32]);

    fn notice() -> RestoreNotice {
        RestoreNotice {
            height: 12,
            hash: BlockHash::from_bytes([5; 32]),
            records: 90,
            backup_ms: 1_800_000_000_000,
            restored_ms: 1_800_000_360_000,
        }
    }

    #[test]
    fn every_fact_and_the_chain_are_signed() {
        let system = SecretKey::from_seed(&[1; 32]);
        let signed = notice().sign(&system, &GENESIS);
        assert!(signed.is_by(&system.public_key(), &GENESIS));
        assert!(!signed.is_by(&SecretKey::from_seed(&[2; 32]).public_key(), &GENESIS));
        assert!(!signed.is_by(&system.public_key(), &GenesisHash::from_bytes([8; 32])));
        let changes: [fn(&mut RestoreNotice); 5] = [
            |notice| notice.height += 1,
            |notice| notice.hash = BlockHash::from_bytes([6; 32]),
            |notice| notice.records += 1,
            |notice| notice.backup_ms += 1,
            |notice| notice.restored_ms += 1,
        ];
        for change in changes {
            let mut altered = signed.clone();
            change(&mut altered.notice);
            assert!(!altered.is_by(&system.public_key(), &GENESIS), "{:?}", altered.notice);
        }
    }

    #[test]
    fn it_explains_only_what_came_after_the_backup() {
        assert!(notice().explains(12, 90));
        assert!(notice().explains(13, 200));
        assert!(!notice().explains(11, 200));
        assert!(!notice().explains(13, 89));
    }
}
