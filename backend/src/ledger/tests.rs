//! The engine from outside its door, over the memory store.

use super::*;
use crate::store::{Batch, MemoryStore, Store, Table};
use qoin_core::{
    address::Address,
    amount::Amount,
    decimals::Decimals,
    genesis::{Genesis, RULES_VERSION},
    keys::SecretKey,
    ledger::Refusal,
    memo::Memo,
    payment_id::PaymentId,
    target::Work as Hashes,
    transaction::{Operation, SignedTransaction, Transaction},
};
use std::sync::Arc;

mod agreement;
#[allow(dead_code)]
#[path = "../../../core/tests/common/chain.rs"]
mod chain;
mod clock_jumps;
mod faulty_disk;
#[allow(dead_code)]
#[path = "../../../core/tests/common/model.rs"]
mod model;
mod paying;
mod read_only;
mod world;

const SYSTEM_SEED: [u8; 32] = [1; 32];
const LEADER_SEED: [u8; 32] = [2; 32];

fn keys() -> Keys {
    Keys { system: SecretKey::from_seed(&SYSTEM_SEED), leader: SecretKey::from_seed(&LEADER_SEED) }
}

fn genesis() -> Genesis {
    let easy = Hashes::from_hashes(16).to_target().to_compact();
    Genesis {
        rules_version: RULES_VERSION,
        name: "Qoin".into(),
        symbol: "Q".into(),
        decimals: Decimals::try_from(2).unwrap(),
        genesis_amount: Amount::from_units(100_000_000),
        block_interval_ms: 10_000,
        recovery_delay_ms: 1_000,
        system_key: keys().system.public_key(),
        leader_key: keys().leader.public_key(),
        starting_target: easy,
        easiest_target: easy,
        time_ms: 1_700_000_000_000,
    }
}

/// A ledger that is gone with the test.
pub(crate) fn begin() -> Ledger {
    open(&Arc::new(MemoryStore::new()))
}

fn open(store: &Arc<MemoryStore>) -> Ledger {
    let store: Arc<dyn Store> = store.clone();
    Ledger::open(store, genesis(), keys(), Settings::default()).unwrap().0
}

/// A member with a key, and payment ids that differ.
pub(crate) struct Member {
    key: SecretKey,
    pub(crate) address: Address,
    payments: std::sync::atomic::AtomicU64,
}

impl Member {
    fn new(seed: u8) -> Self {
        let key = SecretKey::from_seed(&[seed; 32]);
        Self { address: Address::of(&key.public_key()), key, payments: Default::default() }
    }

    fn payment_id(&self, ledger: &Ledger) -> PaymentId {
        let mut random = [0; 10];
        let count = self.payments.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        random[..8].copy_from_slice(&count.to_le_bytes());
        PaymentId::new(ledger.now_ms(), random)
    }

    fn sign(&self, ledger: &Ledger, operation: Operation, memo: Option<&Memo>) -> SignedTransaction {
        let id = self.payment_id(ledger);
        Transaction::new(self.address, operation, id, memo.map(Memo::hash)).sign(&self.key, &ledger.genesis().hash)
    }

    pub(crate) fn pay(&self, ledger: &Ledger, to: &Member, units: u64) -> SignedTransaction {
        self.sign(ledger, Operation::Transfer { to: to.address, amount: Amount::from_units(units) }, None)
    }
}

/// Ada and Bob with open accounts, Ada with 100.00 confirmed.
pub(crate) async fn ada_and_bob(ledger: &Ledger) -> (Member, Member) {
    let (ada, bob) = (Member::new(10), Member::new(11));
    for member in [&ada, &bob] {
        let open = Operation::OpenAccount { public_key: member.key.public_key() };
        ledger.submit(member.sign(ledger, open, None), None).await.unwrap();
    }
    let id = PaymentId::new(ledger.now_ms(), [9; 10]);
    ledger.credit(ada.address, Amount::from_units(10_000), id, None).await.unwrap();
    solve(ledger, None).await.unwrap();
    (ada, bob)
}

async fn solve(ledger: &Ledger, owner: Option<Address>) -> Result<BlockSummary, SolveError> {
    let template = ledger.template().await.expect("something waits");
    let coinbase = template.coinbase(owner, [0; 8]);
    let target = template.bits.expand().unwrap();
    let header = (0..)
        .map(|nonce| template.header(&coinbase, template.time(), nonce))
        .find(|header| target.is_met_by(&header.hash()))
        .unwrap();
    ledger.solve(template.solution(coinbase, header)).await
}

fn balance(ledger: &Ledger, member: &Member) -> (u64, u64, u64) {
    let account = ledger.read().account(&member.address).unwrap().account;
    (account.balance.units(), account.outgoing.units(), account.incoming.units())
}

#[tokio::test]
async fn a_payment_is_pending_at_once_and_confirmed_by_its_block() {
    let ledger = begin();
    let (ada, bob) = ada_and_bob(&ledger).await;
    let mut events = ledger.subscribe();
    let memo = Memo::new("for the coffee", [5; 32]).unwrap();
    let transfer = Operation::Transfer { to: bob.address, amount: Amount::from_units(1_250) };
    let accepted = ledger.submit(ada.sign(&ledger, transfer, Some(&memo)), Some(memo.clone())).await.unwrap();
    assert_eq!((balance(&ledger, &ada), balance(&ledger, &bob)), ((10_000, 1_250, 0), (0, 0, 1_250)));
    let published = events.recv().await.unwrap();
    assert!(published.touched.contains(&bob.address) && published.touched.contains(&ada.address));
    assert!(!published.touched.contains(&ledger.genesis().system));

    let block = solve(&ledger, Some(bob.address)).await.unwrap();
    // 12.50 moved: a reward of one whole unit for Bob, whose miner solved the block.
    assert_eq!((balance(&ledger, &ada), balance(&ledger, &bob)), ((8_750, 0, 0), (1_350, 0, 0)));
    assert_eq!(events.recv().await.unwrap().sealed, Some(block.clone()));
    let (stored, proof) = ledger.read().sealed(accepted.number).unwrap().unwrap();
    assert_eq!(stored.height(), block.height);
    let record = ledger.read().record(accepted.number).unwrap().unwrap();
    assert!(proof.verify(record.record.leaf(), stored.block.header.merkle_root));
    assert_eq!(record.memo, Some(memo));

    let history = ledger.read().history(&bob.address, None, 10).unwrap();
    let names: Vec<String> = history.iter().map(|entry| entry.at.to_string()).collect();
    assert_eq!(names, [format!("r{}", block.height), format!("t{}", accepted.number), "t1".into()]);
    let older = ledger.read().history(&bob.address, Some(history[0].at), 10).unwrap();
    assert_eq!(older.len(), 2);
    // Ada's history is not reached through a cursor of Bob's reward.
    assert!(ledger.read().history(&ada.address, Some(history[0].at), 10).unwrap().is_empty());
}

#[tokio::test]
async fn fifty_copies_make_one_payment() {
    let ledger = begin();
    let (ada, bob) = ada_and_bob(&ledger).await;
    let signed = ada.pay(&ledger, &bob, 100);
    let copies = (0..50).map(|_| {
        let (ledger, signed) = (ledger.clone(), signed.clone());
        tokio::spawn(async move { ledger.submit(signed, None).await.unwrap() })
    });
    let mut fresh = 0;
    let mut numbers = std::collections::HashSet::new();
    for copy in copies.collect::<Vec<_>>() {
        let accepted = copy.await.unwrap();
        fresh += usize::from(!accepted.repeated);
        numbers.insert(accepted.number);
    }
    assert_eq!((fresh, numbers.len()), (1, 1));
    assert_eq!(balance(&ledger, &ada).1, 100);
}

#[tokio::test]
async fn the_same_id_with_another_amount_is_a_conflict() {
    let ledger = begin();
    let (ada, bob) = ada_and_bob(&ledger).await;
    let signed = ada.pay(&ledger, &bob, 100);
    let mut other = signed.transaction.clone();
    ledger.submit(signed, None).await.unwrap();
    other.operation = Operation::Transfer { to: bob.address, amount: Amount::from_units(200) };
    let other = other.sign(&ada.key, &ledger.genesis().hash);
    assert_eq!(ledger.submit(other, None).await, Err(Refusal::PaymentIdConflict.into()));
}

#[tokio::test]
async fn a_restart_keeps_everything_and_remembers_payments() {
    let store = Arc::new(MemoryStore::new());
    let ledger = open(&store);
    let (ada, bob) = ada_and_bob(&ledger).await;
    let signed = ada.pay(&ledger, &bob, 300);
    let first = ledger.submit(signed.clone(), None).await.unwrap();
    drop(ledger);
    let ledger = open(&store);
    assert_eq!(balance(&ledger, &ada), (10_000, 300, 0));
    let again = ledger.submit(signed, None).await.unwrap();
    assert_eq!(again, Accepted { repeated: true, ..first });
    solve(&ledger, None).await.unwrap();
    assert_eq!(balance(&ledger, &bob), (300, 0, 0));
    assert_eq!(ledger.read().history(&ada.address, None, 10).unwrap().len(), 3);
}

#[tokio::test]
async fn an_expired_payment_that_was_accepted_answers_as_the_first_time() {
    let ledger = begin();
    let (ada, bob) = ada_and_bob(&ledger).await;
    let rotated = SecretKey::from_seed(&[77; 32]);
    let signed = ada.pay(&ledger, &bob, 100);
    let first = ledger.submit(signed.clone(), None).await.unwrap();
    let rotate = ada.sign(&ledger, Operation::RotateKey { public_key: rotated.public_key() }, None);
    ledger.submit(rotate, None).await.unwrap();
    // The old key signs nothing new, but what it signed before is found.
    assert_eq!(ledger.submit(signed, None).await, Ok(Accepted { repeated: true, ..first }));
    let fresh = ada.pay(&ledger, &bob, 100);
    assert_eq!(ledger.submit(fresh, None).await, Err(LedgerError::WrongSignature));
    let old = PaymentId::new(ledger.now_ms() - PaymentId::AGE_MAX_MS - 60_000, [1; 10]);
    let transfer = Operation::Transfer { to: bob.address, amount: Amount::from_units(1) };
    let expired = Transaction::new(ada.address, transfer, old, None).sign(&rotated, &ledger.genesis().hash);
    assert_eq!(ledger.submit(expired, None).await, Err(Refusal::Expired.into()));
}

#[tokio::test]
async fn the_system_key_lets_a_rotation_wait() {
    let ledger = begin();
    let (ada, _) = ada_and_bob(&ledger).await;
    let next = SecretKey::from_seed(&[78; 32]).public_key();
    let rotate = Operation::RotateKey { public_key: next };
    let by = |key: &SecretKey| {
        let id = ada.payment_id(&ledger);
        Transaction::new(ada.address, rotate.clone(), id, None).sign(key, &ledger.genesis().hash)
    };
    assert_eq!(ledger.submit(by(&keys().leader), None).await, Err(LedgerError::WrongSignature));
    ledger.submit(by(&keys().system), None).await.unwrap();
    let account = ledger.read().account(&ada.address).unwrap().account;
    assert_eq!(account.key_at(ledger.now_us()), ada.key.public_key());
    assert_eq!(account.pending_rotation_at(ledger.now_us()).map(|rotation| rotation.key), Some(next));
}

#[tokio::test]
async fn a_change_and_its_transaction_are_one() {
    let ledger = begin();
    let carol = Member::new(12);
    let open_account = Operation::OpenAccount { public_key: carol.key.public_key() };
    let signed = carol.sign(&ledger, open_account, None);
    let enroll = |signed: SignedTransaction, name: &'static str| {
        ledger.change(move |_| {
            let mut batch = Batch::new();
            batch.put(Table::Members, name, name);
            Ok::<_, std::convert::Infallible>(Change { batch, transaction: Some(signed), answer: name })
        })
    };
    assert_eq!(enroll(signed.clone(), "carol").await.unwrap(), "carol");
    assert!(ledger.read().account(&carol.address).is_some());
    // The account exists already: nothing of the second change happens.
    assert!(matches!(enroll(signed, "again").await, Err(ChangeError::Ledger(_))));
    let snapshot = ledger.read().snapshot().unwrap();
    assert_eq!(snapshot.get(Table::Members, b"again").unwrap(), None);
    assert!(snapshot.get(Table::Members, b"carol").unwrap().is_some());
}

#[tokio::test]
async fn solutions_of_an_older_height_are_stale() {
    let ledger = begin();
    let (ada, bob) = ada_and_bob(&ledger).await;
    ledger.submit(ada.pay(&ledger, &bob, 1), None).await.unwrap();
    let template = ledger.template().await.unwrap();
    solve(&ledger, None).await.unwrap();
    let coinbase = template.coinbase(None, [0; 8]);
    let header = template.header(&coinbase, template.time(), 0);
    assert_eq!(ledger.solve(template.solution(coinbase, header)).await, Err(SolveError::Stale));
    assert_eq!(ledger.template().await, None);
}

#[tokio::test]
async fn work_is_there_only_while_something_waits_and_someone_mines() {
    let ledger = begin();
    let (ada, bob) = ada_and_bob(&ledger).await;
    let hub = WorkHub::start(ledger.clone());
    let (guard, mut work) = hub.join();
    assert!(work.borrow_and_update().is_none());
    ledger.submit(ada.pay(&ledger, &bob, 100), None).await.unwrap();
    let one = work.wait_for(Option::is_some).await.unwrap().clone().unwrap();
    ledger.submit(ada.pay(&ledger, &bob, 100), None).await.unwrap();
    let both = work.wait_for(|work| work.as_ref().is_some_and(|work| work.template.count == 2)).await.unwrap().clone();
    let both = both.unwrap();
    assert!(!both.is_clean_after(&one), "the same height, no easier");
    assert!(hub.open(one.id).is_some() && hub.open(both.id).is_some() && hub.open(both.id + 1).is_none());
    solve(&ledger, None).await.unwrap();
    work.wait_for(Option::is_none).await.unwrap();
    assert!(hub.open(one.id).is_none() && hub.open(both.id).is_none(), "solutions of both are worthless");
    drop(guard);
}
