//! Many transactions in one request.

use super::*;
use qoin_core::api::transactions::{BATCH_PATH, BatchAnswer, BatchEntry, BatchResult};
use qoin_core::encode::encode;
use qoin_core::limits::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, BATCHES_MAX};
use std::future::{Future, poll_fn};
use std::task::Poll;

impl Town {
    async fn post_bytes(&self, member: &Member, body: impl Into<Body>) -> Answer {
        let request = Request::post(BATCH_PATH).header("authorization", format!("Bearer {}", member.token));
        self.raw(request.body(body.into()).unwrap()).await
    }

    async fn hand_in(&self, member: &Member, batch: &Vec<BatchEntry>) -> Vec<BatchResult> {
        let answer: BatchAnswer = serde_json::from_value(self.post_bytes(member, encode(batch)).await.ok()).unwrap();
        assert_eq!(answer.results.len(), batch.len());
        answer.results
    }

    fn transfer(&self, from: &Member, to: &Member, units: u64) -> BatchEntry {
        let operation = Operation::Transfer { to: to.address, amount: Amount::from_units(units) };
        (from.sign(operation, self.payment_id(), None), None)
    }
}

/// `accepted`, `repeated`, or the code of the refusal.
fn words(results: &[BatchResult]) -> Vec<String> {
    let word = |result: &BatchResult| match result {
        BatchResult::Accepted(_) => "accepted".to_string(),
        BatchResult::Repeated(_) => "repeated".to_string(),
        BatchResult::Refused(problem) => problem.code.to_string(),
    };
    results.iter().map(word).collect()
}

#[tokio::test]
async fn each_transaction_of_a_batch_has_its_own_result_in_its_place() {
    let town = Town::with_money().await;
    let (ada, bob) = (&town.ada, &town.bob);
    let memo = Memo::new("for the coffee", [5; 32]).unwrap();
    let operation = |units| Operation::Transfer { to: bob.address, amount: Amount::from_units(units) };
    let with_memo = (ada.sign(operation(1), town.payment_id(), Some(&memo)), Some(memo.clone()));
    let without_its_memo = (ada.sign(operation(2), town.payment_id(), Some(&memo)), None);
    let mut forged = town.transfer(ada, bob, 3);
    forged.0.signature = bob.sign(operation(3), town.payment_id(), None).signature;
    let mut newer = town.transfer(ada, bob, 4);
    newer.0.transaction.version = 2;
    let batch = vec![
        town.transfer(ada, bob, 5),
        without_its_memo,
        town.transfer(ada, bob, 10_001),
        with_memo,
        forged,
        newer,
        town.transfer(bob, ada, 1),
        town.transfer(ada, bob, 6),
    ];
    let results = town.hand_in(ada, &batch).await;
    let expected = [
        "accepted",
        "memo_mismatch",
        "insufficient_funds",
        "accepted",
        "wrong_signature",
        "unknown_version",
        "foreign_signer",
        "accepted",
    ];
    assert_eq!(words(&results), expected);
    assert_eq!(town.get("/api/v1/account", bob).await.ok()["incoming"], "12");
    let history = town.get("/api/v1/account/history?limit=2", bob).await.ok();
    assert_eq!(history["movements"][0]["amount"], "6", "in the batch's order");
    assert_eq!(history["movements"][1]["memo"]["text"], "for the coffee");

    let again = town.hand_in(ada, &batch).await;
    assert_eq!(words(&again).iter().filter(|word| *word == "repeated").count(), 3);
    let (BatchResult::Accepted(first), BatchResult::Repeated(second)) = (&results[7], &again[7]) else {
        panic!("{results:?}, then {again:?}")
    };
    assert_eq!(first.number, second.number);
    assert_eq!(town.get("/api/v1/account", bob).await.ok()["incoming"], "12");
}

#[tokio::test]
async fn an_administrator_hands_in_what_others_signed() {
    let town = Town::with_money().await;
    let batch: Vec<BatchEntry> = (1..=100).map(|units| town.transfer(&town.ada, &town.bob, units)).collect();
    let results = town.hand_in(&town.admin, &batch).await;
    assert!(results.iter().all(|result| matches!(result, BatchResult::Accepted(_))), "{results:?}");
    assert_eq!(town.get("/api/v1/account", &town.bob).await.ok()["incoming"], "5050");
    assert_eq!(town.hand_in(&town.admin, &Vec::new()).await, []);
}

#[tokio::test]
async fn a_members_batch_counts_for_the_limit_by_the_minute_as_a_whole() {
    let settings = identity::Settings { payments_per_minute: 3, ..Default::default() };
    let town = Town::with(settings).await;
    town.credit(&town.ada, 10_000).await;
    town.solve().await;
    let batch = |units: &[u64]| units.iter().map(|units| town.transfer(&town.ada, &town.bob, *units)).collect();
    let too_many: Vec<BatchEntry> = batch(&[1, 1, 1, 1]);
    assert_eq!(town.post_bytes(&town.ada, encode(&too_many)).await.code(), "too_many_requests");
    assert_eq!(words(&town.hand_in(&town.ada, &batch(&[1, 10_001, 0])).await)[0], "accepted");
    // The two that were refused did not count.
    let left: Vec<BatchEntry> = batch(&[1, 1]);
    assert_eq!(words(&town.hand_in(&town.ada, &left).await), ["accepted", "accepted"]);
    let refused = town.post_bytes(&town.ada, encode(&left)).await;
    assert_eq!((refused.code(), refused.headers.contains_key("retry-after")), ("too_many_requests", true));
    assert_eq!(town.get("/api/v1/account", &town.bob).await.ok()["incoming"], "3");
}

#[tokio::test]
async fn a_batch_is_bounded_and_must_be_canonical() {
    let town = Town::with_money().await;
    let good = encode(&vec![town.transfer(&town.ada, &town.bob, 1)]);
    let claims_many = u32::try_from(BATCH_ENTRIES_MAX + 1).unwrap().to_le_bytes().to_vec();
    for body in [vec![], vec![0; 3], good[..good.len() - 1].to_vec(), [&good[..], &[0]].concat(), claims_many] {
        let answer = town.post_bytes(&town.ada, body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "malformed_request"));
    }
    let answer = town.post_bytes(&town.ada, vec![0; BATCH_BYTES_MAX + 1]).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (413, "body_too_large"));
    assert_eq!(town.get("/api/v1/account", &town.ada).await.ok()["available"], "10000");
}

#[tokio::test]
async fn more_batches_at_a_time_than_there_is_room_for_are_told_to_come_back() {
    let town = Town::found().await;
    let never_ending = || Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let mut reading: Vec<_> = (0..BATCHES_MAX).map(|_| Box::pin(town.post_bytes(&town.ada, never_ending()))).collect();
    for batch in &mut reading {
        let is_pending = poll_fn(|context| Poll::Ready(batch.as_mut().poll(context).is_pending())).await;
        assert!(is_pending, "it waits for its body");
    }
    let refused = town.post_bytes(&town.ada, encode(&Vec::<BatchEntry>::new())).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (503, "busy"));
    assert!(refused.headers.contains_key("retry-after"));
    drop(reading);
    assert_eq!(town.hand_in(&town.ada, &Vec::new()).await, []);
}
