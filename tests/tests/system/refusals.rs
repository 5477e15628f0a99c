//! Whatever is wrong with a payment has its own code, and changes nothing.

use super::Town;
use anyhow::Result;
use qoin_core::address::Address;
use qoin_core::amount::Amount;
use qoin_core::api::problem::ProblemCode;
use qoin_core::api::sessions::CURRENT_SESSION_PATH;
use qoin_core::api::transactions::{AcceptedView, SubmitTransaction, TRANSACTIONS_PATH};
use qoin_core::memo::Memo;
use qoin_core::payment_id::PaymentId;
use qoin_tests::{Member, Refusal, member::leader_time_ms, member::random, member::units};
use serde_json::{Value, json};

/// Hands in a payment as the JSON that it is, so that it can be wrong in ways that the types forbid.
async fn submit_json(member: &Member, submission: &Value) -> Result<AcceptedView, Refusal> {
    member.api.post(TRANSACTIONS_PATH, submission).await
}

#[tokio::test]
async fn each_wrong_payment_is_refused_by_its_own_code_and_changes_nothing() -> Result<()> {
    let town = Town::found().await?;
    let (ada, bob) = (&town.ada, &town.bob);
    let before = town.snapshot().await?;
    let id = ada.new_payment_id().await?;
    let good = ada.transfer(bob.address, units("1"), id, None);

    let stranger = Address::from_bytes([9; 20]);
    let now_ms = leader_time_ms(&ada.api).await?;
    let old = PaymentId::new(now_ms - PaymentId::AGE_MAX_MS - 60_000, random());
    let early = PaymentId::new(now_ms + PaymentId::AHEAD_MAX_MS + 60_000, random());
    let mut other_memo = ada.transfer(bob.address, units("1"), id, Some(Memo::new("rent", random())?));
    other_memo.memo = Some(Memo::new("a bribe", random())?);
    let mut forged = good.clone();
    forged.transaction.signature = bob.sign(good.transaction.transaction.clone()).signature;
    let mut altered = good.clone();
    altered.transaction.transaction = ada.transfer(bob.address, units("99"), id, None).transaction.transaction;

    let wrong: [(SubmitTransaction, ProblemCode); 10] = [
        (ada.transfer(bob.address, units("100.01"), id, None), ProblemCode::InsufficientFunds),
        (ada.transfer(stranger, units("1"), id, None), ProblemCode::UnknownRecipient),
        (ada.transfer(bob.address, Amount::ZERO, id, None), ProblemCode::ZeroAmount),
        (ada.transfer(ada.address, units("1"), id, None), ProblemCode::PaymentToSelf),
        (ada.transfer(bob.address, units("1"), old, None), ProblemCode::PaymentExpired),
        (ada.transfer(bob.address, units("1"), early, None), ProblemCode::PaymentFromFuture),
        (other_memo, ProblemCode::MemoMismatch),
        (forged, ProblemCode::WrongSignature),
        (altered, ProblemCode::WrongSignature),
        // Signed well, but by another account than the session's.
        (bob.transfer(ada.address, units("1"), id, None), ProblemCode::ForeignSigner),
    ];
    for (submission, code) in wrong {
        let refusal = ada.submit(&submission).await.expect_err("wrong in one way");
        assert_eq!(refusal.code(), code, "{refusal}");
        assert_eq!(town.snapshot().await?, before, "after {code}");
    }

    // The same payment, right in every way, is taken: the refusals did not use up its id.
    ada.submit(&good).await?;
    Ok(())
}

#[tokio::test]
async fn what_the_types_forbid_is_refused_at_the_door() -> Result<()> {
    let town = Town::found().await?;
    let before = town.snapshot().await?;
    let good = town.ada.transfer(town.bob.address, units("1"), town.ada.new_payment_id().await?, None);
    let good = serde_json::to_value(&good)?;
    let amount = "/transaction/transaction/operation/amount";
    let to = "/transaction/transaction/operation/to";
    let version = "/transaction/transaction/version";
    let long_memo = json!({ "salt": "00".repeat(32), "text": "m".repeat(141) });
    let two_lines = json!({ "salt": "00".repeat(32), "text": "a\nb" });
    let wrong = [
        (amount, json!("-100"), ProblemCode::NegativeAmount),
        (amount, json!("100.5"), ProblemCode::TooManyDecimals),
        (amount, json!("99999999999999999999999"), ProblemCode::AmountOverflow),
        (amount, json!("1e3"), ProblemCode::InvalidAmount),
        (amount, json!("a lot"), ProblemCode::InvalidAmount),
        (to, json!("qoin1nobody"), ProblemCode::InvalidAddress),
        (version, json!(2), ProblemCode::UnknownVersion),
        ("/memo", long_memo, ProblemCode::InvalidMemo),
        ("/memo", two_lines, ProblemCode::InvalidMemo),
        ("/transaction", json!("nothing"), ProblemCode::MalformedRequest),
    ];
    for (pointer, value, code) in wrong {
        let mut submission = good.clone();
        let place = submission.pointer_mut(pointer).expect("the field is there");
        *place = value.clone();
        let refusal = submit_json(&town.ada, &submission).await.expect_err("not a transaction");
        assert_eq!(refusal.code(), code, "{value}: {refusal}");
    }
    let large = json!({ "transaction": good["transaction"], "padding": "x".repeat(1 << 20) });
    let refusal = submit_json(&town.ada, &large).await.expect_err("too large");
    assert_eq!(refusal.code(), ProblemCode::BodyTooLarge);
    assert_eq!(town.snapshot().await?, before);
    Ok(())
}

#[tokio::test]
async fn an_ended_session_and_a_made_up_token_can_do_nothing() -> Result<()> {
    let town = Town::found().await?;
    let payment = town.ada.transfer(town.bob.address, units("1"), town.ada.new_payment_id().await?, None);
    let before = serde_json::to_string(&town.bob.account().await?)?;
    town.ada.api.delete(CURRENT_SESSION_PATH).await?;
    let made_up = town.ada.api.with_token(&"0".repeat(64));
    for api in [&town.ada.api, &made_up] {
        let refusal = api.post::<AcceptedView>(TRANSACTIONS_PATH, &payment).await.expect_err("no session");
        assert_eq!(refusal.code(), ProblemCode::SessionExpired);
    }
    assert_eq!(serde_json::to_string(&town.bob.account().await?)?, before);
    Ok(())
}

#[tokio::test]
async fn only_administrators_credit_and_invite() -> Result<()> {
    let town = Town::found().await?;
    let before = town.snapshot().await?;
    let credit = town.ada.credit(town.ada.address, units("1000")).await.expect_err("Ada is no administrator");
    assert_eq!(credit.downcast_ref::<Refusal>().map(Refusal::code), Some(ProblemCode::Forbidden));
    let Err(invitation) = town.ada.invite("Mallory", "yet another long password").await else {
        panic!("Ada is no administrator");
    };
    assert_eq!(invitation.downcast_ref::<Refusal>().map(Refusal::code), Some(ProblemCode::Forbidden));
    assert_eq!(town.snapshot().await?, before);
    Ok(())
}
