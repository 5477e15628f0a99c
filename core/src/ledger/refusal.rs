//! Why the ledger says no. A refusal is a normal answer; nothing has changed.

use crate::amount::Amount;
use thiserror::Error;

/// The rule that a command breaks.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Made by rules that this program does not know.
    #[error("transactions of version {0} are not known here")]
    UnknownVersion(u8),
    /// The payment id was used for something else.
    #[error("this payment id was used for another payment")]
    PaymentIdConflict,
    /// Created more than a day before.
    #[error("the payment was created more than 24 hours ago and was never accepted")]
    Expired,
    /// Created ahead of the leader's clock.
    #[error("the payment's creation time is more than 5 minutes ahead of the leader's clock")]
    FromFuture,
    /// The leader's clock stood still or went back.
    #[error("accepted times increase, but the last one was {last_us} us")]
    ClockNotIncreasing {
        /// The last record's accepted time.
        last_us: u64,
    },
    /// No account is open at the signer's address.
    #[error("no account is open at the signer's address")]
    UnknownSigner,
    /// The signature is by a key that may not sign this.
    #[error("the signature is not by the account's current key")]
    WrongKey,
    /// An account is opened at the address of its first key only.
    #[error("the signer's address is not that of the new account's key")]
    AddressMismatch,
    /// The account is open already.
    #[error("the account is open already")]
    AlreadyOpen,
    /// An amount of nothing.
    #[error("the amount is zero")]
    ZeroAmount,
    /// A payment to oneself.
    #[error("a payment to oneself moves nothing")]
    ToSelf,
    /// No account is open at the recipient's address.
    #[error("no account is open at the recipient's address")]
    UnknownRecipient,
    /// More than can be spent.
    #[error("more than is available ({available} smallest units)")]
    InsufficientFunds {
        /// What can be spent.
        available: Amount,
    },
    /// Only the system account may do this.
    #[error("only the system account may do this")]
    SystemOnly,
    /// The account does not allow a rotation by the system key.
    #[error("the account does not allow its recovery")]
    NotRecoverable,
    /// Nothing waits that could be cancelled.
    #[error("no rotation waits")]
    NoPendingRotation,
    /// The key is in use already.
    #[error("this is the account's current key already")]
    SameKey,
    /// More money than can be counted.
    #[error("there cannot be that much money")]
    SupplyOverflow,
    /// The block was checked against another state.
    #[error("the block does not follow the chain's end any more")]
    StaleBlock,
}
