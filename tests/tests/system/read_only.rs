//! Books that do not balance, found in a data folder: the leader starts, shows what there is, and takes nothing.

use super::Town;
use anyhow::Result;
use qoin_core::api::problem::{Problem, ProblemCode};
use qoin_tests::{Refusal, books::unbalance, member::units};
use reqwest::{Method, StatusCode};

#[tokio::test]
async fn unbalanced_books_are_told_at_every_door() -> Result<()> {
    let mut town = Town::found().await?;
    let ready = async |town: &Town| town.leader.api().request(Method::GET, "/readyz").send().await;
    assert_eq!(ready(&town).await?.status(), StatusCode::OK);
    assert!(!town.ada.account().await?.read_only);
    town.leader.stop()?;
    unbalance(town.leader.data())?;
    town.leader.start_again()?;

    let answer = ready(&town).await?;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let problem: Problem = serde_json::from_str(&answer.text().await?)?;
    assert_eq!(problem.code, ProblemCode::LedgerReadOnly);
    assert!(problem.detail.contains("the balances do not add up to the supply"), "{}", problem.detail);
    let metrics = town.leader.api().request(Method::GET, "/metrics").send().await?.text().await?;
    assert!(metrics.lines().any(|line| line == "qoin_ledger_read_only 1"), "{metrics}");

    let account = town.ada.account().await?;
    assert!(account.read_only);
    assert_eq!(account.balance, units("100"));
    let payment = town.ada.transfer(town.bob.address, units("1"), town.ada.new_payment_id().await?, None);
    let refused = town.ada.submit(&payment).await.expect_err("a read-only ledger takes nothing");
    assert_eq!(refused.code(), ProblemCode::LedgerReadOnly);
    let invited = town.administrator.invite("Eve", "a third long password").await;
    let error = invited.err().expect("nobody can join");
    let refusal = error.downcast_ref::<Refusal>().expect("the leader's own refusal");
    assert_eq!(refusal.code(), ProblemCode::LedgerReadOnly);
    assert_eq!(town.ada.account().await?, account);
    assert!(!town.bob.history().await?.is_empty());
    Ok(())
}
