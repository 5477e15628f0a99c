//! The treasury: what leaves and enters the system account by someone's decision, on record and exactly once.
//!
//! Each action is a method of a [`Granted`](crate::identity::Granted) right, so that the page, the commands and scripts
//! run the same code. An action is an [`Order`]: it is looked up by its id first, so that sending it again is harmless for
//! ever; it is paid, recorded in the audit log and remembered in one commit; and above the approval limit it waits as a
//! proposal for a second administrator, whose approval pays it in one commit.
//!
//! The leader signs for the system account alone. It cannot take back what it paid to a member: what a
//! member paid in can be given back (`refund`), and a mistaken credit can be asked back (`repayment`).

mod approval;
mod credit_file;
mod error;
mod order;
mod record;
mod refund;
mod repayment;
mod rows;
mod statement;
mod view;

pub use approval::ProposalQuery;
pub use credit_file::CreditFile;
pub use error::{Refusal, TreasuryError};
pub use order::Outcome;
pub(crate) use statement::statement;
pub use statement::{Cursor, Effect, Line, Statement, effect};
pub use view::actor_name;

use crate::audit::Action;
use crate::identity::Recorded;
use crate::ledger::Change;
use crate::store::Batch;

/// Writes that are committed together with their entries in the audit log.
fn recorded<T>(batch: Batch, answer: T, actions: Vec<Action>) -> Recorded<T> {
    Recorded { change: Change { batch, transaction: None, answer }, actions }
}
