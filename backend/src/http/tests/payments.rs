//! Payments, credits and what is read of them.

use super::*;
use futures_util::future::join_all;
use qoin_core::api::transactions::TransactionView;

fn transfer(to: &Member, units: u64) -> Operation {
    Operation::Transfer { to: to.address, amount: Amount::from_units(units) }
}

#[tokio::test]
async fn a_payment_is_pending_then_confirmed_and_its_memo_is_the_parties_own() {
    let town = Town::with_money().await;
    let memo = Memo::new("for the coffee", [5; 32]).unwrap();
    let answer = town.pay(&town.ada, &town.bob, 1_250, Some(memo.clone())).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let number = answer.ok()["number"].as_u64().unwrap();

    let account = town.get("/api/v1/account", &town.ada).await.ok();
    assert_eq!((&account["balance"], &account["available"]), (&json!("10000"), &json!("8750")));
    let history = town.get("/api/v1/account/history?limit=1", &town.bob).await.ok();
    let received = &history["movements"][0];
    assert_eq!((&received["kind"], &received["amount"]), (&json!("received"), &json!("1250")));
    assert_eq!((&received["party"]["name"], &received["memo"]["text"]), (&json!("ada"), &json!("for the coffee")));
    assert_eq!(received["block"], Value::Null);
    assert_eq!(history["next"], received["cursor"]);

    town.solve().await;
    assert_eq!(town.get("/api/v1/account", &town.bob).await.ok()["balance"], "1250");
    let path = format!("/api/v1/transactions/{number}");
    for (member, sees_memo) in [(&town.ada, true), (&town.bob, true), (&town.admin, false)] {
        let json = town.get(&path, member).await.ok();
        assert_eq!(json.to_string().contains("coffee"), sees_memo, "{}", member.email);
        let view: TransactionView = serde_json::from_value(json).unwrap();
        assert_eq!(view.memo, sees_memo.then(|| memo.clone()));
        let sealed = view.sealed.unwrap();
        let header = qoin_core::header::Header::from_bytes(&sealed.header.0);
        assert!(sealed.proof.verify(view.record.leaf(), header.merkle_root));
    }
    let blocks = town.get("/api/v1/blocks?limit=1", &town.admin).await.ok();
    assert!(!blocks.to_string().contains("coffee"));
    assert_eq!((&blocks["blocks"][0]["height"], &blocks["next"]), (&json!(2), &json!(2)));
    assert_eq!(town.get("/api/v1/blocks/1", &town.ada).await.ok()["count"], 4);
    let headers = town.get("/api/v1/headers?from=2", &town.ada).await.ok();
    assert_eq!(headers["headers"], json!([blocks["blocks"][0]["header"]]));
}

#[tokio::test]
async fn each_refusal_has_its_code_and_changes_nothing() {
    let town = Town::with_money().await;
    let (ada, bob) = (&town.ada, &town.bob);
    let stranger = Member::new("stranger@example.org", 99, ada.genesis);
    let id = town.payment_id();
    let day_ms = 24 * 3_600_000;
    let old = PaymentId::new(town.ledger.now_ms() - day_ms - 60_000, [1; 10]);
    let early = PaymentId::new(town.ledger.now_ms() + 600_000, [1; 10]);
    let memo = Memo::new("rent", [1; 32]).unwrap();
    let mut other_memo = ada.submission(transfer(bob, 1), id, Some(memo));
    other_memo.memo = Some(Memo::new("a bribe", [1; 32]).unwrap());
    let mut forged = ada.submission(transfer(bob, 1), id, None);
    forged.transaction.signature = bob.sign(transfer(bob, 1), id, None).signature;
    let mut newer = ada.submission(transfer(bob, 1), id, None);
    newer.transaction.transaction.version = 2;
    for (submission, status, code) in [
        (ada.submission(transfer(bob, 10_001), id, None), 422, "insufficient_funds"),
        (ada.submission(transfer(&stranger, 1), id, None), 422, "unknown_recipient"),
        (ada.submission(transfer(bob, 0), id, None), 400, "zero_amount"),
        (ada.submission(transfer(ada, 1), id, None), 422, "payment_to_self"),
        (ada.submission(transfer(bob, 1), old, None), 422, "payment_expired"),
        (ada.submission(transfer(bob, 1), early, None), 422, "payment_from_future"),
        (other_memo, 400, "memo_mismatch"),
        (forged, 403, "wrong_signature"),
        (newer, 400, "unknown_version"),
        (bob.submission(transfer(ada, 1), id, None), 403, "foreign_signer"),
        (ada.submission(Operation::CancelRotation, id, None), 422, "no_pending_rotation"),
        (ada.submission(Operation::RotateKey { public_key: ada.key().public_key() }, id, None), 422, "same_key"),
        (ada.submission(Operation::Issue { amount: Amount::from_units(1) }, id, None), 403, "system_only"),
        (
            ada.submission(Operation::OpenAccount { public_key: ada.key().public_key() }, id, None),
            422,
            "cannot_open_account",
        ),
    ] {
        let answer = town.post("/api/v1/transactions", ada, &submission).await;
        assert_eq!((answer.code(), answer.status.as_u16()), (code, status), "{}", answer.json);
    }
    assert_eq!(town.get("/api/v1/account", ada).await.ok()["available"], "10000");
    town.post("/api/v1/transactions", ada, ada.submission(transfer(bob, 1), id, None)).await.ok();
}

#[tokio::test]
async fn fifty_copies_and_a_later_one_are_one_payment_and_another_amount_is_a_conflict() {
    let town = Town::with_money().await;
    let id = town.payment_id();
    let submission = town.ada.submission(transfer(&town.bob, 100), id, None);
    let copies = (0..50).map(|_| town.post("/api/v1/transactions", &town.ada, &submission));
    let answers = join_all(copies).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::OK).count(), 49);
    assert!(answers.iter().all(|answer| answer.json["number"] == answers[0].json["number"]));
    town.solve().await;
    let later = town.post("/api/v1/transactions", &town.ada, &submission).await.ok();
    assert_eq!((&later["number"], &later["block"]), (&answers[0].json["number"], &json!(2)));
    let other = town.ada.submission(transfer(&town.bob, 200), id, None);
    let conflict = town.post("/api/v1/transactions", &town.ada, &other).await;
    assert_eq!((conflict.status.as_u16(), conflict.code()), (409, "payment_id_conflict"));
    assert_eq!(town.get("/api/v1/account", &town.bob).await.ok()["balance"], "100");
}

#[tokio::test]
async fn payments_are_limited_by_the_minute_and_only_made_ones_count() {
    let settings = identity::Settings { payments_per_minute: 3, ..Default::default() };
    let town = Town::with(settings).await;
    town.credit(&town.ada, 10_000).await;
    town.solve().await;
    let repeated = town.ada.submission(transfer(&town.bob, 1), town.payment_id(), None);
    for _ in 0..5 {
        town.post("/api/v1/transactions", &town.ada, &repeated).await.ok();
        assert_eq!(town.pay(&town.ada, &town.bob, 100_000, None).await.code(), "insufficient_funds");
    }
    town.pay(&town.ada, &town.bob, 1, None).await.ok();
    town.pay(&town.ada, &town.bob, 1, None).await.ok();
    let refused = town.pay(&town.ada, &town.bob, 1, None).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (429, "too_many_requests"));
    let retry_after: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&retry_after));
    assert_eq!(refused.json["retry_after_s"], retry_after);
    town.credit(&town.bob, 100).await;
    town.solve().await;
    town.pay(&town.bob, &town.ada, 1, None).await.ok();
}

#[tokio::test]
async fn an_administrator_credits_once() {
    let town = Town::found().await;
    let credit = json!({ "recipient": town.ada.address, "amount": "10000", "payment_id": town.payment_id() });
    let first = town.post("/api/v1/admin/credits", &town.admin, &credit).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let again = town.post("/api/v1/admin/credits", &town.admin, &credit).await;
    assert_eq!((again.status, &again.json["number"]), (StatusCode::OK, &first.json["number"]));
    let mut negative = credit.clone();
    negative["amount"] = json!("-5");
    assert_eq!(town.post("/api/v1/admin/credits", &town.admin, &negative).await.code(), "negative_amount");
    assert_eq!(town.post("/api/v1/admin/credits", &town.ada, &credit).await.code(), "forbidden");
    let history = town.get("/api/v1/account/history", &town.ada).await.ok();
    assert_eq!(history["movements"][0]["party"]["name"], "blockchain-master");
    assert_eq!(history["movements"][0]["party"]["email"], Value::Null);
    town.solve().await;
    let supply = town.get("/api/v1/supply", &town.ada).await.ok();
    assert_eq!((&supply["members"], &supply["system"]), (&json!("10000"), &json!("99990000")));
    assert_eq!((&supply["issued"], &supply["accounts"]), (&json!("100000000"), &json!(4)));
}

#[tokio::test]
async fn a_history_is_read_in_pages_without_gap_or_repetition() {
    let town = Town::with_money().await;
    for units in 1..=7 {
        town.pay(&town.ada, &town.bob, units, None).await.ok();
    }
    let mut path = "/api/v1/account/history?limit=3".to_string();
    let mut amounts = Vec::new();
    loop {
        let page = town.get(&path, &town.bob).await.ok();
        amounts.extend(page["movements"].as_array().unwrap().iter().map(|it| it["amount"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/account/history?limit=3&before={next}");
    }
    let mut expected: Vec<Value> = (1..=7).rev().map(|units: u64| json!(units.to_string())).collect();
    expected.push(Value::Null);
    assert_eq!(amounts, expected);
}
