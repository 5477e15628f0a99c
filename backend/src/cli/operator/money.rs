//! `qoin credit`, `qoin issue` and `qoin burn`.

use super::user::member;
use super::{Leader, LeaderArguments, money, with_leader};
use anyhow::{Context, Result};
use qoin_core::amount::Amount;
use qoin_core::api::admin::treasury::{BURNS_PATH, ChangeSupply, ISSUES_PATH, TreasuryAnswer};
use qoin_core::api::admin::{CREDITS_PATH, Credit};
use qoin_core::memo::Memo;
use qoin_core::payment_id::PaymentId;
use serde::Serialize;

/// What `qoin credit` takes.
#[derive(Debug, clap::Args)]
pub struct CreditArguments {
    /// The member's e-mail address.
    email: String,
    #[command(flatten)]
    sum: SumArguments,
    /// What the member reads.
    #[arg(long, value_name = "TEXT")]
    memo: Option<String>,
    #[command(flatten)]
    leader: LeaderArguments,
}

/// What `qoin issue` and `qoin burn` take.
#[derive(Debug, clap::Args)]
pub struct SupplyArguments {
    #[command(flatten)]
    sum: SumArguments,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    leader: LeaderArguments,
}

/// How much, and how it is moved once only.
#[derive(Debug, clap::Args)]
struct SumArguments {
    /// How much, in whole units, like 12 or 12.50.
    #[arg(allow_hyphen_values = true)]
    amount: String,
    /// The payment's name, 32 hexadecimal digits of which the first twelve are the time in milliseconds; a new one if
    /// absent. The same payment sent again under its name is made once.
    #[arg(long, value_name = "ID")]
    payment_id: Option<PaymentId>,
}

/// `qoin credit`.
pub fn credit(arguments: &CreditArguments) -> Result<()> {
    let CreditArguments { email, sum, memo, leader } = arguments;
    with_leader(leader, |leader| {
        let memo = memo.as_ref().map(|text| anyhow::Ok(Memo::new(text, random()?)?)).transpose()?;
        let recipient = member(leader, email)?;
        let what = format!("for {} <{}>", recipient.name, recipient.email);
        let address = recipient.address;
        send(leader, CREDITS_PATH, sum, &what, |amount, payment_id| Credit {
            recipient: address,
            amount,
            payment_id,
            memo: memo.clone(),
        })
    })
}

/// `qoin issue`.
pub fn issue(arguments: &SupplyArguments) -> Result<()> {
    change_supply(arguments, ISSUES_PATH, "of new money")
}

/// `qoin burn`.
pub fn burn(arguments: &SupplyArguments) -> Result<()> {
    change_supply(arguments, BURNS_PATH, "destroyed")
}

fn change_supply(arguments: &SupplyArguments, path: &str, what: &str) -> Result<()> {
    let SupplyArguments { sum, reason, leader } = arguments;
    with_leader(leader, |leader| {
        send(leader, path, sum, what, |amount, payment_id| ChangeSupply { amount, payment_id, reason: reason.clone() })
    })
}

/// Sends what moves money, and tells what came of it. Without an answer nobody knows whether it did, so the name to send
/// it again under is told.
fn send<T: Serialize>(
    leader: &Leader,
    path: &str,
    sum: &SumArguments,
    what: &str,
    request: impl FnOnce(Amount, PaymentId) -> T,
) -> Result<()> {
    let currency = leader.currency()?;
    let amount = Amount::parse(&sum.amount, currency.genesis.decimals)?;
    let id = match sum.payment_id {
        Some(id) => id,
        None => PaymentId::new(currency.leader_time_ms, random()?),
    };
    let answer = leader.post(path, &request(amount, id)).map_err(|error| match error.downcast_ref() {
        Some(qoin::operator::ClientError::Refused(_)) => error,
        _ => error.context(format!("it may have been done: send it again with --payment-id {id}, which does it once")),
    })?;
    let sum = money(amount, &currency);
    leader.tell(answer, |answer| {
        Ok(match answer {
            TreasuryAnswer::Accepted(accepted) => format!("{sum} {what}: accepted as record {}.", accepted.number),
            TreasuryAnswer::Waiting(proposal) => {
                format!("{sum} {what}: waits for an administrator's approval as proposal {}.", proposal.number)
            }
        })
    })
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).context("the system gives no randomness")?;
    Ok(bytes)
}
