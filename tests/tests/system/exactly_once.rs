//! However often a payment is sent, it is made once.

use super::Town;
use anyhow::{Context, Result};
use futures_util::future::join_all;
use qoin_core::api::{
    problem::ProblemCode,
    transactions::{AcceptedView, SubmitTransaction, TRANSACTIONS_PATH},
};
use qoin_tests::{Member, member::units, wait};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn fifty_copies_at_once_make_one_payment() -> Result<()> {
    let town = Town::found().await?;
    let payment = town.ada.transfer(town.bob.address, units("1.50"), town.ada.new_payment_id().await?, None);
    let copies = join_all((0..50).map(|_| town.ada.api.post_with_status(TRANSACTIONS_PATH, &payment))).await;
    let answers: Vec<(u16, AcceptedView)> =
        copies.into_iter().map(|copy| copy.map(|(status, view)| (status.as_u16(), view))).collect::<Result<_, _>>()?;
    let (_, first) = &answers[0];
    assert!(answers.iter().all(|(_, view)| view == first), "copies got different answers: {answers:?}");
    assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 1, "one copy is new");
    assert_eq!(
        answers.iter().filter(|(status, _)| *status == 200).count(),
        49,
        "the others are told the first's place"
    );
    assert_eq!(town.ada.account().await?.outgoing, units("1.50"));
    assert_eq!(town.bob.account().await?.incoming, units("1.50"));
    town.seal_everything().await?;
    assert_eq!(town.bob.account().await?.balance, units("1.50"));
    assert_eq!(payments_of(&town.ada, &payment).await?, 1);
    // Long after, and in a block: still the same payment.
    let again = town.ada.submit(&payment).await?;
    assert_eq!((again.number, again.transaction_id), (first.number, first.transaction_id));
    assert!(again.block.is_some());
    town.assert_money_is_conserved().await
}

#[tokio::test]
async fn a_retry_after_a_lost_answer_finds_the_first() -> Result<()> {
    let town = Town::found().await?;
    let payment = town.ada.transfer(town.bob.address, units("2"), town.ada.new_payment_id().await?, None);
    send_without_listening(&town.ada, &payment).await?;
    wait::until("the payment whose answer nobody heard", async || {
        Ok((town.ada.account().await?.outgoing == units("2")).then_some(()))
    })
    .await?;
    let (status, retried) = town.ada.api.post_with_status::<AcceptedView>(TRANSACTIONS_PATH, &payment).await?;
    assert_eq!(status, 200, "the retry finds the payment");
    let movements = town.ada.history().await?;
    let found = movements.iter().find(|movement| movement.transaction_id == Some(retried.transaction_id));
    assert_eq!(found.context("the history holds it")?.number, Some(retried.number));
    assert_eq!(payments_of(&town.ada, &payment).await?, 1);
    assert_eq!(town.ada.account().await?.outgoing, units("2"));
    Ok(())
}

#[tokio::test]
async fn the_same_id_for_another_payment_is_a_conflict() -> Result<()> {
    let town = Town::found().await?;
    let id = town.ada.new_payment_id().await?;
    town.ada.submit(&town.ada.transfer(town.bob.address, units("3"), id, None)).await?;
    let before = town.snapshot().await?;
    let other_amount = town.ada.transfer(town.bob.address, units("4"), id, None);
    let other_payee = town.ada.transfer(town.administrator.address, units("3"), id, None);
    for other in [other_amount, other_payee] {
        let refusal = town.ada.submit(&other).await.expect_err("another payment under a used id");
        assert_eq!(refusal.code(), ProblemCode::PaymentIdConflict);
        assert_eq!(refusal.code().status(), 409);
    }
    assert_eq!(town.snapshot().await?, before);
    town.seal_everything().await?;
    // The block does not free the id.
    let late = town.ada.submit(&town.ada.transfer(town.bob.address, units("4"), id, None)).await;
    assert_eq!(late.expect_err("the id stays used").code(), ProblemCode::PaymentIdConflict);
    Ok(())
}

/// How many movements of the payer's history are this payment.
async fn payments_of(payer: &Member, payment: &SubmitTransaction) -> Result<usize> {
    let id = payment.transaction.transaction.payment_id;
    Ok(payer.history().await?.iter().filter(|movement| movement.payment_id == Some(id)).count())
}

/// Sends a payment whole and hangs up before the answer, as a phone in a tunnel does.
async fn send_without_listening(payer: &Member, payment: &SubmitTransaction) -> Result<()> {
    let host = payer.api.base().trim_start_matches("http://");
    let (token, body) = (payer.api.token().context("a session")?, serde_json::to_string(payment)?);
    let request = format!(
        "POST {TRANSACTIONS_PATH} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = TcpStream::connect(host).await?;
    connection.write_all(request.as_bytes()).await?;
    connection.flush().await?;
    Ok(())
}
