//! Payments of the system account that belong together, with what is written beside them.

use super::*;
use std::convert::Infallible;

const KEY: &[u8] = b"kept with the payments";

/// The same id for the same number, within a day.
fn id(ledger: &Ledger, number: u8) -> PaymentId {
    PaymentId::new(ledger.now_ms() / 60_000 * 60_000, [number, 0, 0, 0, 0, 0, 0, 0, 0, 1])
}

fn credit(ledger: &Ledger, number: u8, to: Address, units: u64) -> SystemPayment {
    let operation = Operation::Transfer { to, amount: Amount::from_units(units) };
    SystemPayment { operation, payment_id: id(ledger, number), memo: None }
}

async fn pay(ledger: &Ledger, payments: Vec<SystemPayment>) -> Result<Paid<u64>, ChangeError<Infallible>> {
    ledger
        .submit_with(ledger.sign(payments).await.unwrap(), |_, first| {
            let mut batch = Batch::new();
            batch.put(Table::Meta, KEY, first.to_be_bytes());
            Ok((batch, first))
        })
        .await
}

fn kept(ledger: &Ledger) -> Option<Vec<u8>> {
    ledger.read().snapshot().unwrap().get(Table::Meta, KEY).unwrap()
}

#[tokio::test]
async fn all_are_accepted_in_one_commit_with_what_goes_with_them() {
    let store = Arc::new(MemoryStore::new());
    let ledger = open(&store);
    let (ada, bob) = ada_and_bob(&ledger).await;
    let before = ledger.position().records;
    let payments: Vec<_> = (0..200)
        .map(|number| credit(&ledger, number, [ada.address, bob.address][usize::from(number % 2)], 5))
        .collect();
    let mut events = ledger.subscribe();
    let Paid::Now(first, told) = pay(&ledger, payments).await.unwrap() else { panic!("they are new") };
    assert_eq!((first.number, told, ledger.position().records), (before, before, before + 200));
    assert_eq!(kept(&ledger), Some(before.to_be_bytes().to_vec()));
    assert_eq!(events.recv().await.unwrap().position.records, before + 200, "one commit shows them all");
    drop((events, ledger));
    let ledger = open(&store);
    assert_eq!(ledger.read().account(&bob.address).unwrap().account.incoming, Amount::from_units(500));
    assert_eq!(ledger.read().history(&ada.address, None, 500).unwrap().len(), 102, "with the opening and a credit");
    solve(&ledger, None).await.unwrap();
    assert_eq!(ledger.read().account(&bob.address).unwrap().account.balance, Amount::from_units(500));
}

#[tokio::test]
async fn one_that_is_refused_lets_nothing_happen() {
    let ledger = begin();
    let (ada, bob) = ada_and_bob(&ledger).await;
    let position = ledger.position();
    let nobody = Address::from_bytes([7; 20]);
    let available = ledger.read().account(&ledger.genesis().system).unwrap().account.available().units();
    for last in
        [credit(&ledger, 3, nobody, 1), credit(&ledger, 3, bob.address, available), credit(&ledger, 1, bob.address, 9)]
    {
        let payments = vec![credit(&ledger, 1, ada.address, 5), credit(&ledger, 2, ada.address, 5), last];
        assert!(matches!(pay(&ledger, payments).await, Err(ChangeError::Ledger(LedgerError::Refused(_)))));
        assert_eq!((ledger.position(), kept(&ledger)), (position, None));
    }
    let signed = ledger.sign(vec![credit(&ledger, 1, ada.address, 5)]).await.unwrap();
    let refused = ledger.submit_with(signed, |_, _| Err::<(Batch, ()), _>("no")).await;
    assert!(matches!(refused, Err(ChangeError::Refused("no"))));
    assert_eq!(ledger.position(), position);
    let paid = pay(&ledger, vec![credit(&ledger, 1, ada.address, 5), credit(&ledger, 2, ada.address, 5)]).await;
    assert!(matches!(paid, Ok(Paid::Now(..))), "the ids are still unused");
}

#[tokio::test]
async fn a_single_one_that_is_sent_again_is_told_as_such_and_writes_nothing() {
    let ledger = begin();
    let (ada, _) = ada_and_bob(&ledger).await;
    let payment = credit(&ledger, 1, ada.address, 5);
    let Ok(Paid::Now(first, _)) = pay(&ledger, vec![payment.clone()]).await else { panic!("it is new") };
    let written = kept(&ledger);
    let Ok(Paid::Before(again)) = pay(&ledger, vec![payment.clone()]).await else { panic!("it was there") };
    assert_eq!((again.number, again.id), (first.number, first.id));
    assert_eq!(kept(&ledger), written);
    let other = credit(&ledger, 1, ada.address, 6);
    let conflict = Err::<(), _>(LedgerError::Refused(Refusal::PaymentIdConflict));
    let answered = pay(&ledger, vec![SystemPayment { payment_id: payment.payment_id, ..other }]).await;
    assert!(matches!(answered, Err(ChangeError::Ledger(error)) if Err::<(), _>(error.clone()) == conflict));
}
