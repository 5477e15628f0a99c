//! Books that do not balance close the ledger: it accepts nothing more, and goes on to show what there is.

use super::*;
use crate::ledger::{clock::MachineTimes, open::restore, writer::violation};
use qoin_core::{
    encode::{decode, encode},
    ledger::{Account, Head, State},
};

/// Has a store say that more was issued than all accounts hold, behind the ledger's back.
fn unbalance(store: &MemoryStore, issued: u64) {
    let mut head: Head = decode(&store.get(Table::Meta, b"head").unwrap().unwrap()).unwrap();
    head.issued = Amount::from_units(issued);
    let mut batch = Batch::new();
    batch.put(Table::Meta, "head", encode(&head));
    store.commit(store.claim().unwrap(), &batch).unwrap();
}

async fn assert_closed(ledger: &Ledger, ada: &Member, bob: &Member, reason: &str) {
    assert_eq!(ledger.read_only().as_deref(), Some(reason));
    let refused = ledger.submit(ada.pay(ledger, bob, 1), None).await;
    assert_eq!(refused, Err(LedgerError::ReadOnly(reason.into())));
    let id = PaymentId::new(ledger.now_ms(), [8; 10]);
    assert!(matches!(ledger.credit(bob.address, Amount::from_units(1), id, None).await, Err(LedgerError::ReadOnly(_))));
    assert_eq!(ledger.template().await, None);
    assert!(!ledger.read().history(&ada.address, None, 10).unwrap().is_empty());
}

#[tokio::test]
async fn money_that_nobody_holds_closes_it_at_its_opening() {
    let store = Arc::new(MemoryStore::new());
    let ledger = open(&store);
    let (ada, bob) = ada_and_bob(&ledger).await;
    drop(ledger);
    unbalance(&store, 100_000_001);
    assert_closed(&open(&store), &ada, &bob, "the balances do not add up to the supply").await;
    unbalance(&store, 100_000_000);
    assert_eq!(open(&store).read_only(), None);
}

#[tokio::test]
async fn a_violation_closes_it_with_the_block_that_shows_it() {
    let store = Arc::new(MemoryStore::new());
    let ledger = open(&store);
    let (ada, bob) = ada_and_bob(&ledger).await;
    ledger.submit(ada.pay(&ledger, &bob, 10), None).await.unwrap();
    drop(ledger);
    unbalance(&store, 99_999_999);
    // Started without the look at the books that each opening takes.
    let store: Arc<dyn Store> = store;
    let (epoch, opened) = (store.claim().unwrap(), restore(&*store.snapshot().unwrap()).unwrap());
    let times = Arc::new(MachineTimes::now());
    let (ledger, _) = Ledger::start(store, epoch, opened, None, keys(), Settings::default(), times).unwrap();
    assert_eq!(ledger.read_only(), None);
    let mut events = ledger.subscribe();
    solve(&ledger, None).await.unwrap();
    assert!(events.recv().await.unwrap().sealed.is_some(), "the doors are told with the block");
    assert_closed(&ledger, &ada, &bob, "after block 2 the balances do not add up to the supply").await;
}

#[test]
fn an_overdrawn_account_is_a_violation() {
    let state = State::new(genesis());
    let mut account = Account::open(keys().system.public_key());
    (account.balance, account.outgoing) = (Amount::from_units(5), Amount::from_units(5));
    let address = state.system();
    assert_eq!(violation(&state, [(address, &account)]), None);
    account.outgoing = Amount::from_units(6);
    assert!(violation(&state, [(address, &account)]).unwrap().contains("more goes out of qoin1"));
}
