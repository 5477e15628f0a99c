//! `qoin key`.

use super::{LeaderArguments, with_leader};
use anyhow::Result;
use hyper::Method;
use qoin_core::api::operator::{MasterKeyView, OPERATOR_MASTER_KEY_PATH};

/// What `qoin key` takes.
#[derive(Debug, clap::Args)]
pub struct KeyArguments {
    /// Makes a new master key first; scripts with the one before can do nothing from then on.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    leader: LeaderArguments,
}

/// `qoin key`.
pub fn key(arguments: &KeyArguments) -> Result<()> {
    with_leader(&arguments.leader, |leader| {
        let path = format!("{OPERATOR_MASTER_KEY_PATH}?replace={}", arguments.replace);
        let answer = leader.ask(Method::POST, &path, None)?;
        leader.tell(answer, |MasterKeyView { key }| Ok(key))
    })
}
