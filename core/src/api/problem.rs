//! Errors of the API: RFC 9457 problem documents with a stable code.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The media type of a problem document.
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// What went wrong, stable over releases. The text beside it may change; this does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The request is not well formed: its JSON, a field or a parameter.
    MalformedRequest,
    /// The body is larger than allowed.
    BodyTooLarge,
    /// There is nothing at this path or under this name.
    NotFound,
    /// The path does not take this method.
    MethodNotAllowed,
    /// No session was shown, or it has expired or was ended.
    SessionExpired,
    /// The e-mail address and the password (or the recovery words) do not belong together.
    WrongCredentials,
    /// The session has no right to this.
    Forbidden,
    /// The account is suspended.
    AccountSuspended,
    /// Someone else has changed this meanwhile; look at it as it is now.
    EditConflict,
    /// The currency needs an administrator, and this is the last one.
    LastAdministrator,
    /// A setting cannot have this value.
    InvalidSetting,
    /// The same stands in the file already.
    DuplicateRow,
    /// Nobody can join by themselves, or not without an invitation.
    RegistrationClosed,
    /// The member has left, and nothing personal is kept.
    MemberErased,
    /// The recovery link does not exist, was used, was withdrawn or has expired.
    RecoveryInvalid,
    /// The payment would lift its recipient above what a member may hold.
    MaximumBalance,
    /// The payment is above what a member may send in a day.
    DailyAmount,
    /// The request comes from a page of another site.
    ForeignOrigin,
    /// The request came without TLS where it is needed.
    HttpsRequired,
    /// Too many requests; try again after the time in `retry_after_s`.
    TooManyRequests,
    /// The leader has more to do than it can take; try again after the time in `retry_after_s`.
    Busy,
    /// The ledger accepts nothing until its operator has looked at it.
    LedgerReadOnly,
    /// The website cannot reach the leader.
    LeaderUnreachable,
    /// The leader failed; its log says why.
    Internal,

    /// An e-mail address that cannot be one.
    InvalidEmail,
    /// A name that is empty, too long or has letters that disguise it.
    InvalidName,
    /// A password that is too short or too long.
    InvalidPassword,
    /// Password parameters that are weaker than allowed.
    WeakParameters,
    /// The e-mail address belongs to a member already.
    EmailTaken,
    /// The invitation does not exist, was used, was withdrawn or has expired.
    InvitationInvalid,

    /// An amount that is not written as digits.
    InvalidAmount,
    /// An amount below nothing.
    NegativeAmount,
    /// An amount finer than the currency's smallest unit.
    TooManyDecimals,
    /// An amount of nothing.
    ZeroAmount,
    /// An amount larger than any can be.
    AmountOverflow,
    /// A memo that is too long or has control characters.
    InvalidMemo,
    /// The memo is not the one that the transaction names.
    MemoMismatch,
    /// A text that is not an address.
    InvalidAddress,
    /// The signature is not that of the signer's current key.
    WrongSignature,
    /// The transaction's signer is not the session's account.
    ForeignSigner,
    /// A version of transactions that the leader does not know.
    UnknownVersion,
    /// The signer has no open account.
    UnknownSigner,
    /// The recipient has no open account.
    UnknownRecipient,
    /// The account is open already, or the address is not that of the key.
    CannotOpenAccount,
    /// A payment to oneself.
    PaymentToSelf,
    /// More than is available.
    InsufficientFunds,
    /// The payment id was used for another payment.
    PaymentIdConflict,
    /// The payment was created more than a day ago and was never accepted.
    PaymentExpired,
    /// The payment was created in the leader's future.
    PaymentFromFuture,
    /// Only the system account may do this.
    SystemOnly,
    /// The account does not allow its recovery.
    NotRecoverable,
    /// No rotation waits.
    NoPendingRotation,
    /// The key is the current one already.
    SameKey,

    /// A row of a file without the cells that it needs, or that is no text.
    MalformedRow,
    /// Rows of a file are bad, or it has none or too many: nothing was done.
    RowsRefused,
    /// The record is not of a kind that can be given or asked back.
    NotReversible,
    /// More than is left of the original.
    AboveOriginal,
    /// Somebody has decided about this already.
    AlreadyDecided,
    /// Another administrator has to do this.
    OtherAdministratorNeeded,
    /// The leader's host has no folder for backups.
    NoBackupFolder,

    /// A miner's name that is too long or has letters that it cannot have.
    InvalidWorker,
    /// The key is and was no service's.
    WrongServiceKey,
    /// The service has a newer key.
    ServiceKeyReplaced,
    /// The service was revoked.
    ServiceRevoked,
    /// The key is that of a service which does something else.
    WrongServiceRole,
    /// More than the service may give today.
    BudgetExceeded,
    /// A contribution's name that is empty, too long or more than a line.
    InvalidContributionId,
    /// The contribution's name was used for another one.
    ContributionConflict,

    /// A share of a job that is unknown or worthless by now.
    StaleShare,
    /// A share that came before.
    DuplicateShare,
    /// A share whose hash is above its job's target.
    LowDifficultyShare,
    /// A share whose time its job does not allow.
    ShareTime,
}

impl ProblemCode {
    /// The HTTP status that goes with it.
    pub const fn status(self) -> u16 {
        use ProblemCode::*;
        match self {
            MalformedRequest
            | InvalidEmail
            | InvalidName
            | InvalidPassword
            | WeakParameters
            | InvalidAmount
            | NegativeAmount
            | TooManyDecimals
            | ZeroAmount
            | AmountOverflow
            | InvalidMemo
            | MemoMismatch
            | InvalidAddress
            | UnknownVersion
            | InvalidWorker
            | InvalidSetting
            | DuplicateRow
            | MalformedRow
            | InvalidContributionId => 400,
            SessionExpired | WrongCredentials | WrongServiceKey | ServiceKeyReplaced | ServiceRevoked => 401,
            Forbidden
            | AccountSuspended
            | RegistrationClosed
            | ForeignOrigin
            | HttpsRequired
            | WrongSignature
            | ForeignSigner
            | SystemOnly
            | WrongServiceRole
            | OtherAdministratorNeeded => 403,
            NotFound => 404,
            MethodNotAllowed => 405,
            EmailTaken | EditConflict | LastAdministrator | PaymentIdConflict | ContributionConflict | StaleShare
            | DuplicateShare | AlreadyDecided | NoBackupFolder => 409,
            InvitationInvalid | RecoveryInvalid | MemberErased => 410,
            BodyTooLarge => 413,
            UnknownSigner | UnknownRecipient | CannotOpenAccount | PaymentToSelf | InsufficientFunds
            | PaymentExpired | PaymentFromFuture | NotRecoverable | NoPendingRotation | SameKey | MaximumBalance
            | DailyAmount | BudgetExceeded | RowsRefused | NotReversible | AboveOriginal | LowDifficultyShare
            | ShareTime => 422,
            TooManyRequests => 429,
            Internal => 500,
            LeaderUnreachable => 502,
            Busy | LedgerReadOnly => 503,
        }
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A problem document (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Always `about:blank`; `code` tells problems apart.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong and what to do, for people.
    pub detail: String,
    /// What went wrong, for programs.
    pub code: ProblemCode,
    /// After how many seconds another try makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

impl Problem {
    /// A problem with a text for people.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        let title = match code.status() {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            409 => "Conflict",
            410 => "Gone",
            413 => "Content Too Large",
            422 => "Unprocessable Content",
            429 => "Too Many Requests",
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            _ => "Internal Server Error",
        };
        Self {
            kind: "about:blank".into(),
            title: title.into(),
            status: code.status(),
            detail: detail.into(),
            code,
            retry_after_s: None,
        }
    }

    /// The same with a time after which to try again.
    pub fn retry_after_s(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}
