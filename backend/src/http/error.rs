//! The one place that maps errors to HTTP.

use crate::backup::BackupBusy;
use crate::identity::{self, IdentityError, KeyEnd, KeyRefusal};
use crate::ledger::{self, LedgerError, StoreError};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use qoin_core::api::problem::{PROBLEM_MEDIA_TYPE, Problem, ProblemCode};
use qoin_core::ledger::Refusal;
use qoin_core::vault::KdfError;
use std::fmt::Display;

/// After how many seconds to come back to a leader that has too much to do.
const BUSY_RETRY_S: u32 = 1;
/// After how many seconds to come back to a leader that makes another backup.
const BACKUP_RETRY_S: u32 = 10;
/// After how many seconds to come back to a leader that stops, perhaps to start again.
const STOPPED_RETRY_S: u32 = 5;

/// What a request is answered that did not succeed: a problem document (RFC 9457).
#[derive(Debug)]
pub struct ApiError(Problem);

impl ApiError {
    /// A problem with a text for people.
    pub fn new(code: ProblemCode, detail: impl Display) -> Self {
        Self(Problem::new(code, detail.to_string()))
    }

    /// The request is not well formed.
    pub fn malformed(detail: impl Display) -> Self {
        Self::new(ProblemCode::MalformedRequest, detail)
    }

    /// Nothing has this name.
    pub fn not_found(what: impl Display) -> Self {
        Self::new(ProblemCode::NotFound, format_args!("there is no {what}"))
    }

    /// The leader failed: the log gets the detail, the answer a fixed text.
    pub fn internal(error: impl Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(ProblemCode::Internal, "the leader failed to answer; its log says why")
    }

    /// What went wrong, for programs.
    pub fn code(&self) -> ProblemCode {
        self.0.code
    }

    /// The same as a part of an answer.
    pub fn into_problem(self) -> Problem {
        self.0
    }

    /// The same with a time after which to try again.
    pub fn retry_after_s(self, seconds: u32) -> Self {
        Self(self.0.retry_after_s(seconds))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&problem).expect("a problem document is plain JSON");
        let mut response = (status, [(header::CONTENT_TYPE, PROBLEM_MEDIA_TYPE)], body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = problem.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

impl From<LedgerError> for ApiError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Refused(refusal) => refusal.into(),
            LedgerError::MemoMismatch => Self::new(ProblemCode::MemoMismatch, error),
            LedgerError::WrongSignature => Self::new(ProblemCode::WrongSignature, error),
            LedgerError::Busy => Self::new(ProblemCode::Busy, error).retry_after_s(BUSY_RETRY_S),
            LedgerError::ReadOnly(reason) => {
                tracing::warn!(reason, "a request was refused because the ledger is read-only");
                Self::new(ProblemCode::LedgerReadOnly, "the ledger accepts nothing until its operator has looked at it")
            }
            LedgerError::Stopped => Self::new(ProblemCode::Busy, error).retry_after_s(STOPPED_RETRY_S),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            Refusal::UnknownVersion(_) => ProblemCode::UnknownVersion,
            Refusal::PaymentIdConflict => ProblemCode::PaymentIdConflict,
            Refusal::Expired => ProblemCode::PaymentExpired,
            Refusal::FromFuture => ProblemCode::PaymentFromFuture,
            Refusal::UnknownSigner => ProblemCode::UnknownSigner,
            Refusal::WrongKey => ProblemCode::WrongSignature,
            Refusal::AddressMismatch | Refusal::AlreadyOpen => ProblemCode::CannotOpenAccount,
            Refusal::ZeroAmount => ProblemCode::ZeroAmount,
            Refusal::ToSelf => ProblemCode::PaymentToSelf,
            Refusal::UnknownRecipient => ProblemCode::UnknownRecipient,
            Refusal::InsufficientFunds { .. } => ProblemCode::InsufficientFunds,
            Refusal::SystemOnly => ProblemCode::SystemOnly,
            Refusal::NotRecoverable => ProblemCode::NotRecoverable,
            Refusal::NoPendingRotation => ProblemCode::NoPendingRotation,
            Refusal::SameKey => ProblemCode::SameKey,
            Refusal::SupplyOverflow => ProblemCode::AmountOverflow,
            // These concern the leader's own doing, never a request.
            Refusal::ClockNotIncreasing { .. } | Refusal::StaleBlock => return Self::internal(refusal),
        };
        Self::new(code, refusal)
    }
}

impl From<identity::Refusal> for ApiError {
    fn from(refusal: identity::Refusal) -> Self {
        use identity::Refusal;
        let code = match &refusal {
            Refusal::SessionExpired => ProblemCode::SessionExpired,
            Refusal::WrongCredentials => ProblemCode::WrongCredentials,
            Refusal::FirstPassword | Refusal::NotAllowed(_) | Refusal::WrongMasterKey => ProblemCode::Forbidden,
            Refusal::Suspended => ProblemCode::AccountSuspended,
            Refusal::UnknownMember(_) => ProblemCode::NotFound,
            Refusal::Erased => ProblemCode::MemberErased,
            Refusal::RecoveryInvalid => ProblemCode::RecoveryInvalid,
            Refusal::MaximumBalance { .. } => ProblemCode::MaximumBalance,
            Refusal::DailyAmount { .. } => ProblemCode::DailyAmount,
            Refusal::EditConflict { .. } => ProblemCode::EditConflict,
            Refusal::LastAdministrator => ProblemCode::LastAdministrator,
            Refusal::InvalidSetting { .. } => ProblemCode::InvalidSetting,
            Refusal::RegistrationClosed(_) => ProblemCode::RegistrationClosed,
            Refusal::TooManyAttempts { retry_after_s } | Refusal::TooManyPayments { retry_after_s, .. } => {
                return Self::new(ProblemCode::TooManyRequests, &refusal).retry_after_s(*retry_after_s);
            }
            Refusal::TooMany { .. } | Refusal::TooManyAtOnce { .. } => ProblemCode::TooManyRequests,
            Refusal::NoService(_) => ProblemCode::NotFound,
            Refusal::Key(KeyRefusal::Ended(KeyEnd::Refreshed)) => ProblemCode::ServiceKeyReplaced,
            Refusal::Key(KeyRefusal::Ended(KeyEnd::Revoked)) => ProblemCode::ServiceRevoked,
            Refusal::Key(KeyRefusal::Ended(KeyEnd::Suspended)) => ProblemCode::AccountSuspended,
            Refusal::Key(KeyRefusal::WrongRole { .. }) => ProblemCode::WrongServiceRole,
            Refusal::Key(KeyRefusal::Unknown | KeyRefusal::WrongOwner) => ProblemCode::WrongServiceKey,
            Refusal::NoBudget(_) => ProblemCode::WrongServiceRole,
            Refusal::UnknownContributor(_) => ProblemCode::UnknownRecipient,
            Refusal::ContributionId => ProblemCode::InvalidContributionId,
            Refusal::ContributionConflict => ProblemCode::ContributionConflict,
            Refusal::BudgetExceeded { .. } => ProblemCode::BudgetExceeded,
            Refusal::Memo(_) => ProblemCode::InvalidMemo,
            Refusal::EmailTaken(_) => ProblemCode::EmailTaken,
            Refusal::InvitationInvalid => ProblemCode::InvitationInvalid,
            Refusal::Email(_) => ProblemCode::InvalidEmail,
            Refusal::Name(_) => ProblemCode::InvalidName,
            Refusal::Password(_) | Refusal::Parameters(KdfError::PasswordTooLong(_)) => ProblemCode::InvalidPassword,
            Refusal::Parameters(KdfError::TooWeak(_)) => ProblemCode::WeakParameters,
            Refusal::Parameters(_) | Refusal::Reason | Refusal::WrongOperation(_) | Refusal::RotationMissing => {
                ProblemCode::MalformedRequest
            }
            Refusal::ForeignSigner { .. } => ProblemCode::ForeignSigner,
        };
        Self::new(code, refusal)
    }
}

impl From<IdentityError> for ApiError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Refused(refusal) => refusal.into(),
            IdentityError::Ledger(error) => error.into(),
            IdentityError::Failed(failure) => Self::internal(failure),
        }
    }
}

impl From<BackupBusy> for ApiError {
    fn from(busy: BackupBusy) -> Self {
        Self::new(ProblemCode::Busy, busy).retry_after_s(BACKUP_RETRY_S)
    }
}

impl From<ledger::PositionError> for ApiError {
    fn from(error: ledger::PositionError) -> Self {
        Self::malformed(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qoin_core::amount::Amount;

    #[test]
    fn refusals_of_the_ledger_have_codes_of_their_own() {
        let refusals = [
            Refusal::UnknownVersion(9),
            Refusal::PaymentIdConflict,
            Refusal::Expired,
            Refusal::FromFuture,
            Refusal::UnknownSigner,
            Refusal::WrongKey,
            Refusal::AlreadyOpen,
            Refusal::ZeroAmount,
            Refusal::ToSelf,
            Refusal::UnknownRecipient,
            Refusal::InsufficientFunds { available: Amount::ZERO },
            Refusal::SystemOnly,
            Refusal::NotRecoverable,
            Refusal::NoPendingRotation,
            Refusal::SameKey,
            Refusal::SupplyOverflow,
        ];
        let codes: std::collections::HashSet<_> = refusals.iter().map(|it| ApiError::from(it.clone()).code()).collect();
        assert_eq!(codes.len(), refusals.len());
        assert!(!codes.contains(&ProblemCode::Internal));
    }

    #[test]
    fn a_failure_does_not_tell_its_detail() {
        let ApiError(problem) = ApiError::internal("the disk under /secret/path is full");
        assert_eq!(problem.status, 500);
        assert!(!problem.detail.contains("secret"), "{}", problem.detail);
    }

    #[test]
    fn retry_after_stands_in_the_header_and_in_the_document() {
        let response = ApiError::from(LedgerError::Busy).into_response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_MEDIA_TYPE);
    }
}
