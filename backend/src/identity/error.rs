//! Why something about people is refused, and what can fail while finding out.

use super::service::KeyRefusal;
use crate::audit::AuditError;
use crate::ledger::{ChangeError, LedgerError};
use crate::store::StoreError;
use qoin_core::{
    address::Address,
    api::{
        capabilities::Capability, contributions::CONTRIBUTION_ID_CHARACTERS_MAX, registration::Registration,
        services::ServiceRole,
    },
    audit::REASON_CHARACTERS_MAX,
    encode::DecodeError,
    memo::MemoError,
    validate::{EmailError, NameError, PasswordError},
    vault::KdfError,
};
use thiserror::Error;

/// A request that the rules about people do not allow. A normal result.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No live session has this token.
    #[error("the session has ended or was never opened; sign in")]
    SessionExpired,
    /// E-mail address and password, or e-mail address and recovery words, do not belong together.
    #[error("the e-mail address and the password or recovery words do not belong together")]
    WrongCredentials,
    /// The password was set by an administrator.
    #[error("this password was set by an administrator; choose one of your own first (POST /api/v1/account/password)")]
    FirstPassword,
    /// Not the master key.
    #[error("this is not the master key; `qoin key` prints it")]
    WrongMasterKey,
    /// The member's role does not have the right.
    #[error("your role does not allow this; it needs the right {0}")]
    NotAllowed(Capability),
    /// An administrator suspended the member.
    #[error("this account is suspended; its balance stays; ask an administrator")]
    Suspended,
    /// Too many sign-ins failed.
    #[error("too many attempts failed; try again in {retry_after_s} s")]
    TooManyAttempts {
        /// When another try makes sense.
        retry_after_s: u32,
    },
    /// More payments than a member may make in a minute.
    #[error("a member may make {per_minute} payments a minute; try again in {retry_after_s} s")]
    TooManyPayments {
        /// The setting.
        per_minute: u32,
        /// When another try makes sense.
        retry_after_s: u32,
    },
    /// More payments at once than a member may make in a minute.
    #[error("{count} payments are more than the {per_minute} that a member may make in a minute; hand in fewer")]
    TooManyAtOnce {
        /// How many.
        count: u32,
        /// The setting.
        per_minute: u32,
    },
    /// Something has as many entries as it may have.
    #[error("there are {max} {what} already; {remedy}")]
    TooMany {
        /// The entries.
        what: &'static str,
        /// Their limit.
        max: usize,
        /// What to do.
        remedy: &'static str,
    },
    /// Someone else has changed what is to be changed.
    #[error("someone else has changed {what} meanwhile; it has version {version} now: look at it again")]
    EditConflict {
        /// What.
        what: String,
        /// Its version now.
        version: u64,
    },
    /// The currency would have no administrator any more.
    #[error("this is the last administrator; make another one first")]
    LastAdministrator,
    /// A setting that is none, or cannot have this value.
    #[error("{name}: {what}")]
    InvalidSetting {
        /// Its name.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// No member has this account.
    #[error("no member has the account {0}")]
    UnknownMember(Address),
    /// The member has left.
    #[error("this member has left, and nothing personal is kept")]
    Erased,
    /// No open recovery has this token.
    #[error("the recovery link does not exist, was used or withdrawn, or has expired; ask for a new one")]
    RecoveryInvalid,
    /// The payment would lift its recipient too high.
    #[error("nobody can hold more than {max} here, and with this payment its recipient would; pay less")]
    MaximumBalance {
        /// What a member may hold.
        max: String,
    },
    /// More than a member may send in a day.
    #[error(
        "nobody can send more than {max} a day (UTC) here, and with this payment it would be more; pay less, or tomorrow"
    )]
    DailyAmount {
        /// What a member may send.
        max: String,
    },
    /// A reason that cannot be recorded.
    #[error("a reason has at most {REASON_CHARACTERS_MAX} characters that can be seen")]
    Reason,
    /// Who cannot join as the settings are.
    #[error("{}", match .0 { Registration::Closed => "nobody can join at present", _ => "you need an invitation to join" })]
    RegistrationClosed(Registration),
    /// A member has this e-mail address.
    #[error("{0} belongs to a member already")]
    EmailTaken(String),
    /// No service of the member has this number.
    #[error("you have no service {0}; it may have been revoked")]
    NoService(u64),
    /// No service's key.
    #[error(transparent)]
    Key(#[from] KeyRefusal),
    /// A budget for a service that gives nothing.
    #[error("a {0} gives nothing, and has no budget")]
    NoBudget(ServiceRole),
    /// Nobody has this e-mail address or account.
    #[error("there is no member {0:?}")]
    UnknownContributor(String),
    /// No name of a contribution.
    #[error("a contribution's id is one line of 1 to {CONTRIBUTION_ID_CHARACTERS_MAX} characters")]
    ContributionId,
    /// The name of another contribution.
    #[error("this contribution's id was used for another member, amount or reason")]
    ContributionConflict,
    /// More than a service may give.
    #[error(
        "this is more than the {left} that are left of the service's {per_day} for today (UTC); an administrator sets its budget"
    )]
    BudgetExceeded {
        /// Its budget for a day.
        per_day: String,
        /// What is left of it.
        left: String,
    },
    /// No memo.
    #[error(transparent)]
    Memo(#[from] MemoError),
    /// No open invitation has this token or name.
    #[error("the invitation does not exist, was used or withdrawn, or has expired; ask for a new one")]
    InvitationInvalid,
    /// No e-mail address.
    #[error(transparent)]
    Email(#[from] EmailError),
    /// No name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A password that is too easy to guess.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Password parameters out of their bounds.
    #[error(transparent)]
    Parameters(#[from] KdfError),
    /// The transaction in the request is not the one that belongs there.
    #[error("the transaction must be {0}")]
    WrongOperation(&'static str),
    /// Whoever replaces a first password must change the key as well.
    #[error("replacing a first password needs `rotation`: a RotateKey to a new key, signed by the old one")]
    RotationMissing,
    /// The transaction in the request is of another account.
    #[error("the transaction is signed for {signer}, the session's account is {account}")]
    ForeignSigner {
        /// Who signed.
        signer: Address,
        /// Whose session it is.
        account: Address,
    },
}

/// What can break while the leader looks after people. Its log says the detail, its answer does not.
#[derive(Debug, Error)]
pub enum Failure {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record in the store is not what this release writes.
    #[error("a record about people is not readable: {0}")]
    Record(#[from] DecodeError),
    /// A record of a newer release.
    #[error("a record of version {0} needs a newer release")]
    NewerRecord(u8),
    /// A record of a version that no release wrote.
    #[error("no release wrote a record of version {0} here")]
    UnknownRecord(u8),
    /// The audit log.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// A record that another one names is not there.
    #[error("{0} is missing from the store")]
    Missing(String),
    /// The operating system has no randomness.
    #[error("no randomness: {0}")]
    Random(#[from] getrandom::Error),
    /// A password could not be turned into keys.
    #[error("deriving keys from a first password: {0}")]
    Derivation(KdfError),
    /// A task was cancelled by the end of the process.
    #[error("the leader is stopping")]
    Stopping,
}

/// The three ways in which a request about people does not succeed.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The rules about people do not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The ledger does not take it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Something broke.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<StoreError> for IdentityError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<AuditError> for IdentityError {
    fn from(error: AuditError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ChangeError<IdentityError>> for IdentityError {
    fn from(error: ChangeError<IdentityError>) -> Self {
        match error {
            ChangeError::Refused(error) => error,
            ChangeError::Ledger(error) => Self::Ledger(error),
        }
    }
}
