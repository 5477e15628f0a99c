//! The outcome, for people and for programs.

use qoin_core::{
    amount::Amount,
    genesis::Genesis,
    hash::{GenesisHash, StateHash},
    receipt::{Proven, Receipt, ReceiptFault, SignedBy},
    replay::{Fault, Place, Summary},
    transaction::Operation,
};
use serde_json::{Value, json};
use std::process::ExitCode;
use std::time::Duration;

/// What came of a verification.
pub enum Report {
    /// The chain keeps every rule.
    GoodChain {
        /// The currency.
        genesis: Box<Genesis>,
        /// What the chain comes to.
        summary: Box<Summary>,
        /// The first height whose transactions' signatures were checked.
        from: u32,
        /// How long it took.
        took: Duration,
    },
    /// The chain breaks a rule.
    BadChain(Fault),
    /// It is another chain than the one asked for.
    ForeignChain {
        /// The one asked for.
        expected: GenesisHash,
        /// The one found.
        found: GenesisHash,
    },
    /// The chain keeps every rule, but the leader keeps another ledger beside it.
    OtherState {
        /// The leader's.
        expected: StateHash,
        /// The chain's.
        found: StateHash,
    },
    /// The receipt proves what it says.
    GoodReceipt {
        /// The receipt.
        receipt: Box<Receipt>,
        /// What it proves.
        proven: Proven,
        /// Whether the reader named the chain.
        genesis_given: bool,
        /// Whether the reader named the key that sealed it.
        leader_given: bool,
    },
    /// The receipt proves nothing.
    BadReceipt(ReceiptFault),
    /// There was nothing to check.
    Failed(String),
}

impl Report {
    /// 0 if everything is good, 1 if a rule is broken, 2 if there was nothing to check.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::GoodChain { .. } | Self::GoodReceipt { .. } => 0,
            Self::BadChain(_) | Self::ForeignChain { .. } | Self::OtherState { .. } | Self::BadReceipt(_) => 1,
            Self::Failed(_) => 2,
        })
    }

    /// Prints it: as JSON or a good outcome on standard output, anything else on standard error.
    pub fn print(&self, json: bool) {
        match self {
            _ if json => println!("{}", self.json()),
            Self::GoodChain { .. } | Self::GoodReceipt { .. } => println!("{}", self.text()),
            _ => eprintln!("{}", self.text()),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::GoodChain { summary, from, took, .. } => json!({
                "ok": true, "genesis": summary.genesis, "height": summary.height, "head": summary.head,
                "records": summary.records, "pending": summary.pending, "accounts": summary.accounts,
                "issued": summary.issued, "burned": summary.burned, "state": summary.state,
                "signatures_from_height": from, "seconds": took.as_secs_f64(),
            }),
            Self::BadChain(fault) => {
                let (height, record) = fault.place.numbers();
                let transaction = match fault.place {
                    Place::Record { transaction, .. } => Some(transaction),
                    _ => None,
                };
                json!({
                    "ok": false, "rule": fault.rule.name(), "height": height, "record": record,
                    "transaction": transaction, "detail": fault.to_string(),
                })
            }
            Self::ForeignChain { .. } => json!({ "ok": false, "rule": "foreign_genesis", "detail": self.text() }),
            Self::OtherState { .. } => json!({ "ok": false, "rule": "other_state", "detail": self.text() }),
            Self::GoodReceipt { receipt, proven, .. } => json!({
                "ok": true, "genesis": proven.genesis, "transaction": proven.transaction,
                "record": receipt.record, "memo": receipt.memo.as_ref().map(|memo| memo.text()),
                "height": receipt.height, "block": receipt.header.hash(), "solved_ms": receipt.solved_ms,
                "leader_key": receipt.leader_key, "leader_of_genesis": proven.leader_of_genesis,
                "signed_by": match proven.signed {
                    SignedBy::FirstKey => "first_key",
                    SignedBy::LaterKey => "later_key",
                    SignedBy::NotShown => "not_shown",
                },
            }),
            Self::BadReceipt(fault) => json!({ "ok": false, "rule": fault.name(), "detail": fault.to_string() }),
            Self::Failed(error) => json!({ "ok": null, "error": error }),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::GoodChain { genesis, summary, from, took } => good_chain(genesis, summary, *from, *took),
            Self::BadChain(fault) => format!("The chain is wrong {fault} ({}).", fault.rule.name()),
            Self::ForeignChain { expected, found } => format!("This is the chain {found}, not {expected}."),
            Self::OtherState { expected, found } => format!(
                "The chain is good and leads to the ledger {found}, but the leader keeps {expected}: its data are damaged, \
                 and have to be restored from a backup."
            ),
            Self::GoodReceipt { receipt, proven, genesis_given, leader_given } => {
                good_receipt(receipt, proven, *genesis_given, *leader_given)
            }
            Self::BadReceipt(fault) => format!("The receipt proves nothing: {fault} ({}).", fault.name()),
            Self::Failed(error) => format!("error: {error}"),
        }
    }
}

fn good_chain(genesis: &Genesis, summary: &Summary, from: u32, took: Duration) -> String {
    let Summary { height, records, pending, accounts, issued, burned, .. } = summary;
    let money = |amount: Amount| amount.display(genesis.decimals);
    let supply = issued.checked_sub(*burned).unwrap_or(Amount::ZERO);
    let rate = (*records as f64 / took.as_secs_f64().max(0.001)) as u64;
    let trusted = match from {
        0 | 1 => String::new(),
        _ => format!(
            "\n  not checked   the signatures of transactions below height {from}, but those of key rotations (--from)"
        ),
    };
    format!(
        "The chain is good: every rule was checked again from the genesis to the end.\n\
         \n  currency      {} ({})\
         \n  blocks        {}\
         \n  transactions  {}, of which {} wait for a block\
         \n  accounts      {}\
         \n  supply        {} {symbol} (issued {}, burned {})\
         \n  genesis       {}\
         \n  last block    {}\
         \n  state         {}\
         \n  took          {:.1} s, {} transactions a second{trusted}",
        genesis.name,
        genesis.symbol,
        thousands(u64::from(*height)),
        thousands(*records),
        thousands(*pending),
        thousands(*accounts),
        money(supply),
        money(*issued),
        money(*burned),
        summary.genesis,
        summary.head,
        summary.state,
        took.as_secs_f64(),
        thousands(rate),
        symbol = genesis.symbol,
    )
}

fn good_receipt(receipt: &Receipt, proven: &Proven, genesis_given: bool, leader_given: bool) -> String {
    let transaction = &receipt.record.signed.transaction;
    let what = match &transaction.operation {
        Operation::Transfer { to, amount } => {
            format!("pays {} {} to {to}", amount.display(receipt.genesis.decimals), receipt.genesis.symbol)
        }
        other => qoin_core::ledger::operation_name(other).replace('_', " "),
    };
    let memo = receipt.memo.as_ref().map(|memo| format!("\n  memo          {:?}", memo.text())).unwrap_or_default();
    let signed = match proven.signed {
        SignedBy::FirstKey => "by the key of which the signer's address is made",
        SignedBy::LaterKey => "by a later key; only the chain shows that it was the signer's",
        SignedBy::NotShown => "not shown by this receipt, since the signer's key has changed; the chain shows it",
    };
    let mut assumed = Vec::new();
    if !genesis_given {
        assumed.push("that the genesis above is the chain you mean (name it with --genesis)");
    }
    if !proven.leader_of_genesis && !leader_given {
        assumed.push(
            "that the leader's key above was named on the chain; it is not the genesis' (name it with --leader-key)",
        );
    }
    assumed.push("that the leader sealed no other history besides: only the chain shows that");
    format!(
        "The receipt is good: the leader's key sealed this.\n\
         \n  transaction   {}\
         \n  by            {}\
         \n  which         {what}{memo}\
         \n  signature     {signed}\
         \n  block         {} at height {}, solved at {} ms since 1970\
         \n  leader's key  {}\
         \n  genesis       {} ({})\
         \n\nTaken as given:\n  - {}",
        proven.transaction,
        transaction.signer,
        receipt.header.hash(),
        receipt.height,
        receipt.solved_ms,
        receipt.leader_key,
        proven.genesis,
        receipt.genesis.name,
        assumed.join("\n  - "),
    )
}

/// A number with commas between its thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_parted() {
        let table = [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345, "12,345"), (1_234_567, "1,234,567")];
        for (number, text) in table {
            assert_eq!(thousands(number), text);
        }
    }
}
