//! Why something that the wallet was asked for did not happen.

use qoin_core::{
    api::problem::{Problem, ProblemCode},
    vault::{KdfError, WordsError},
};
use thiserror::Error;

/// Why something that the wallet was asked for did not happen.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Failure {
    /// The leader or the website refused it and said why.
    #[error("{}", .0.detail)]
    Problem(Problem),
    /// No answer came. Whether the request arrived is not known; sending the same payment again is safe.
    #[error("no answer from the server")]
    Network,
    /// An answer came that is none of this version's.
    #[error("an answer that this page does not understand: {0}")]
    Unreadable(String),
    /// The password does not open the vault (found out in the browser).
    #[error("the password is wrong")]
    WrongPassword,
    /// The server asks for a derivation that is refused, or this device lacks the memory for it.
    #[error(transparent)]
    Derivation(#[from] KdfError),
    /// The recovery words are not recovery words.
    #[error(transparent)]
    Words(#[from] WordsError),
    /// The vault opened, but its key is not the one that signs for the account.
    #[error("the key in the vault is not the account's current key")]
    ForeignKey,
    /// The wallet is locked or nobody is signed in.
    #[error("the wallet is locked")]
    Locked,
    /// The browser gave no random numbers.
    #[error("the browser gave no random numbers")]
    NoRandomness,
}

impl Failure {
    /// The problem's code, if the leader named one.
    pub fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            _ => None,
        }
    }

    /// Whether the same request may succeed if it is simply sent again.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Network => true,
            Self::Problem(problem) => matches!(problem.code, ProblemCode::Busy | ProblemCode::LeaderUnreachable),
            _ => false,
        }
    }
}
