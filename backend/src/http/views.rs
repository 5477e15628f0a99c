//! From what the ledger holds to what a member sees of it.

use super::Leader;
use super::error::ApiError;
use crate::ledger::{Accepted, AccountSnapshot, Entry, EntryKind, Position, StoredBlock, StoredRecord};
use qoin_core::{
    address::Address,
    amount::Amount,
    api::{
        account::{AccountView, Movement, MovementKind, RotationView},
        blocks::BlockView,
        bytes::Bytes,
        transactions::AcceptedView,
    },
    transaction::Operation,
};

/// An accepted transaction.
pub fn accepted(accepted: &Accepted) -> AcceptedView {
    let Accepted { number, accepted_us, id, block, .. } = *accepted;
    AcceptedView { number, accepted_us, transaction_id: id, block }
}

/// An account with the position that the view stands for.
///
/// # Errors
/// When the store fails, or a member's account is not open.
pub fn account(leader: &Leader, address: Address) -> Result<(AccountView, Position), ApiError> {
    let snapshot = leader.ledger.read().account(&address);
    let missing = || ApiError::internal(format_args!("no account is open at the member's address {address}"));
    let AccountSnapshot { account, position, tip } = snapshot.ok_or_else(missing)?;
    let now_us = leader.ledger.now_us();
    let view = AccountView {
        address,
        balance: account.balance,
        available: account.available(),
        outgoing: account.outgoing,
        incoming: account.incoming,
        public_key: account.key_at(now_us),
        recoverable: account.recoverable,
        rotation: account.pending_rotation_at(now_us).map(|rotation| RotationView {
            public_key: rotation.key,
            effective_ms: rotation.effective_us.div_ceil(1000),
        }),
        position: position.to_string(),
        tip,
        read_only: leader.ledger.read_only().is_some(),
    };
    Ok((view, position))
}

/// A movement, as the member with the account `own` sees it.
pub fn movement(leader: &Leader, own: &Address, entry: Entry) -> Movement {
    let cursor = entry.at.to_string();
    match entry.what {
        EntryKind::Reward { height, amount, to, solved_ms } => Movement {
            cursor,
            kind: MovementKind::Reward,
            amount: Some(amount),
            party: Some(leader.identity.party(&if to == *own { leader.ledger.genesis().system } else { to })),
            memo: None,
            at_us: solved_ms.saturating_mul(1000),
            block: Some(height),
            number: None,
            transaction_id: None,
            payment_id: None,
        },
        EntryKind::Record { stored, block } => {
            let is_party = stored.concerns(own);
            let StoredRecord { record, memo, .. } = *stored;
            let transaction = &record.signed.transaction;
            let (kind, amount, party) = happened(&transaction.operation, &transaction.signer, own);
            Movement {
                cursor,
                kind,
                amount,
                party: party.map(|party| leader.identity.party(&party)),
                memo: memo.filter(|_| is_party),
                at_us: record.accepted_us,
                block,
                number: Some(record.number),
                transaction_id: Some(transaction.id(&leader.ledger.genesis().hash)),
                payment_id: Some(transaction.payment_id),
            }
        }
    }
}

type Happened = (MovementKind, Option<Amount>, Option<Address>);

/// What an operation was to one of its parties: its kind, the sum moved and the other side.
fn happened(operation: &Operation, signer: &Address, own: &Address) -> Happened {
    match operation {
        Operation::Transfer { to, amount } if signer == own => (MovementKind::Sent, Some(*amount), Some(*to)),
        Operation::Transfer { amount, .. } => (MovementKind::Received, Some(*amount), Some(*signer)),
        Operation::OpenAccount { .. } => (MovementKind::AccountOpened, None, None),
        Operation::RotateKey { .. } => (MovementKind::KeyRotated, None, None),
        Operation::CancelRotation => (MovementKind::RotationCancelled, None, None),
        Operation::SetRecoverable { .. } => (MovementKind::RecoverableSet, None, None),
        Operation::Issue { amount } => (MovementKind::Issued, Some(*amount), None),
        Operation::Burn { amount } => (MovementKind::Burned, Some(*amount), None),
        Operation::ReplaceLeader { .. } => (MovementKind::LeaderReplaced, None, None),
    }
}

/// A block without its log records.
pub fn block(stored: StoredBlock) -> BlockView {
    let block = stored.block;
    BlockView {
        height: block.coinbase.height,
        hash: block.header.hash(),
        header: Bytes(block.header.to_bytes()),
        coinbase: hex::encode(block.coinbase.to_bytes()),
        first: block.first,
        count: block.count,
        opened_ms: block.coinbase.opened_ms,
        issued_ms: block.coinbase.issued_ms,
        solved_ms: block.solved_ms,
        reward: block.coinbase.reward,
        rewarded: block.coinbase.rewarded,
        seal: block.seal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_is_sent_by_one_and_received_by_the_other() {
        let (ada, bob) = (Address::from_bytes([1; 20]), Address::from_bytes([2; 20]));
        let amount = Amount::from_units(5);
        let transfer = Operation::Transfer { to: bob, amount };
        assert_eq!(happened(&transfer, &ada, &ada), (MovementKind::Sent, Some(amount), Some(bob)));
        assert_eq!(happened(&transfer, &ada, &bob), (MovementKind::Received, Some(amount), Some(ada)));
        assert_eq!(happened(&Operation::CancelRotation, &ada, &ada), (MovementKind::RotationCancelled, None, None));
    }
}
