//! What a transaction does: its change at its place in the log, and its effect when a block seals it.

use super::{Account, AccountNumber, PendingRotation};
use crate::{address::Address, amount::Amount, keys::PublicKey};

/// What changes when a transaction takes its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Open { address: Address, key: PublicKey },
    Transfer { from: AccountNumber, to: AccountNumber, amount: Amount },
    SetKey { account: AccountNumber, key: PublicKey },
    LetRotate { account: AccountNumber, now_us: u64, rotation: PendingRotation },
    CancelRotation { account: AccountNumber, now_us: u64 },
    SetRecoverable { account: AccountNumber, recoverable: bool },
    Issue(Amount),
    Burn(Amount),
    ReplaceLeader(PublicKey),
}

/// What changes when a block seals the transaction. Keys and accounts have changed before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    None,
    Open(AccountNumber),
    Transfer {
        from: AccountNumber,
        to: AccountNumber,
        amount: Amount,
    },
    Issue(Amount),
    Burn(Amount),
    /// Boxed, since it is rare and everything that waits is in memory.
    ReplaceLeader(Box<PublicKey>),
}

/// The accounts that a change or an effect concerns: the payer's or the only one, and the payee's.
pub(super) type Concerned = [Option<AccountNumber>; 2];

impl Change {
    /// The open accounts that it changes.
    pub(super) fn accounts(&self) -> Concerned {
        match self {
            Self::Open { .. } => [None, None],
            Self::Transfer { from, to, .. } => [Some(*from), Some(*to)],
            Self::SetKey { account, .. }
            | Self::LetRotate { account, .. }
            | Self::CancelRotation { account, .. }
            | Self::SetRecoverable { account, .. } => [Some(*account), None],
            Self::Issue(_) | Self::Burn(_) | Self::ReplaceLeader(_) => [Some(AccountNumber::SYSTEM), None],
        }
    }

    /// Changes one of [`Self::accounts`].
    pub(super) fn apply(&self, number: AccountNumber, account: &mut Account) {
        match self {
            Self::Transfer { from, amount, .. } if *from == number => account.reserve(*amount),
            Self::Transfer { amount, .. } | Self::Issue(amount) => account.expect_incoming(*amount),
            Self::Burn(amount) => account.reserve(*amount),
            Self::SetKey { key, .. } => account.set_key(*key),
            Self::LetRotate { now_us, rotation, .. } => account.set_rotation(*now_us, Some(*rotation)),
            Self::CancelRotation { now_us, .. } => account.set_rotation(*now_us, None),
            Self::SetRecoverable { recoverable, .. } => account.recoverable = *recoverable,
            Self::Open { .. } | Self::ReplaceLeader(_) => {}
        }
    }

    /// What is left for the block that seals it. `signer` is the account that it opened, or that acted.
    pub(super) fn effect(&self, signer: AccountNumber) -> Effect {
        match self {
            Self::Open { .. } => Effect::Open(signer),
            Self::Transfer { from, to, amount } => Effect::Transfer { from: *from, to: *to, amount: *amount },
            Self::Issue(amount) => Effect::Issue(*amount),
            Self::Burn(amount) => Effect::Burn(*amount),
            Self::ReplaceLeader(key) => Effect::ReplaceLeader(Box::new(*key)),
            Self::SetKey { .. }
            | Self::LetRotate { .. }
            | Self::CancelRotation { .. }
            | Self::SetRecoverable { .. } => Effect::None,
        }
    }
}

impl Effect {
    /// The accounts whose money it moves.
    pub(super) fn accounts(&self) -> Concerned {
        match self {
            Self::None | Self::Open(_) | Self::ReplaceLeader(_) => [None, None],
            Self::Transfer { from, to, .. } => [Some(*from), Some(*to)],
            Self::Issue(_) | Self::Burn(_) => [Some(AccountNumber::SYSTEM), None],
        }
    }

    /// Moves the money of one of [`Self::accounts`].
    pub(super) fn confirm(&self, number: AccountNumber, account: &mut Account) {
        match self {
            Self::Transfer { from, amount, .. } if *from == number => account.confirm_outgoing(*amount),
            Self::Transfer { amount, .. } | Self::Issue(amount) => account.confirm_incoming(*amount),
            Self::Burn(amount) => account.confirm_outgoing(*amount),
            Self::None | Self::Open(_) | Self::ReplaceLeader(_) => {}
        }
    }
}
