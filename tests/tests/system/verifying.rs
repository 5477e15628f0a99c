//! A real leader's chain, checked from everywhere it can be had.

use super::Town;
use super::chains::{qoin, verdicts_of_python};
use anyhow::{Context, Result, ensure};
use qoin_core::api::{chain::CHAIN_PATH, problem::ProblemCode};
use qoin_core::memo::Memo;
use qoin_tests::{Api, Refusal, member::units};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_running_leaders_chain_is_good_for_every_verifier() -> Result<()> {
    let mut town = Town::found().await?;
    for _ in 0..3 {
        town.ada.pay(town.bob.address, units("1.25")).await?;
    }
    town.seal_everything().await?;
    town.bob.pay(town.ada.address, units("0.50")).await?;
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (url, file) = (town.leader.api().base().to_owned(), path("chain"));
    let by_token = [("QOIN_TOKEN", town.ada.api.token().context("a session")?)];
    let by_password = [("QOIN_PASSWORD", "another long password")];

    let (code, by_url) = qoin(&["verify", "--json", "--url", &url], &by_token)?;
    assert_eq!((code, &by_url["ok"], &by_url["pending"]), (Some(0), &json!(true), &json!(1)), "{by_url}");
    let same = ["genesis", "height", "head", "records", "pending", "accounts", "issued", "burned", "state"];
    let (_, signed_in) = qoin(&["verify", "--json", "--url", &url, "--email", &town.bob.email], &by_password)?;
    assert_eq!(signed_in["state"], by_url["state"], "{signed_in}");
    export(&[&file, "--url", &url], by_token[0])?;
    ensure!(export(&[&file, "--url", &url], by_token[0]).is_err(), "a file that is there was written over");
    let (_, by_file) = qoin(&["verify", "--json", "--file", &file], &[])?;
    let python = verdicts_of_python(&[folder.path().join("chain")])?.remove(0);
    for key in same {
        assert_eq!(by_file[key], by_url[key], "{key}");
        assert_eq!(number(&python[key]), number(&by_url[key]), "{key}");
    }

    let data = town.leader.data().display().to_string();
    let (code, in_use) = qoin(&["verify", "--json", "--data", &data], &[])?;
    assert_eq!((code, &in_use["ok"]), (Some(2), &json!(null)));
    assert!(in_use["error"].as_str().is_some_and(|error| error.contains("--url")), "{in_use}");
    town.leader.stop()?;
    let (code, by_data) = qoin(&["verify", "--json", "--data", &data], &[])?;
    assert_eq!((code, &by_data["state"]), (Some(0), &by_url["state"]), "{by_data}");
    let wrong = "00".repeat(32);
    let (code, foreign) = qoin(&["verify", "--json", "--data", &data, "--genesis", &wrong], &[])?;
    assert_eq!((code, &foreign["rule"]), (Some(1), &json!("foreign_genesis")));
    // What the reading left, the leader takes up again.
    town.leader.start_again()?;
    town.leader.kill()?;
    let (code, killed) = qoin(&["verify", "--json", "--data", &data], &[])?;
    assert_eq!((code, &killed["ok"]), (Some(2), &json!(null)), "{killed}");
    assert!(killed["error"].as_str().is_some_and(|error| error.contains("start its leader")), "{killed}");
    Ok(())
}

#[tokio::test]
async fn receipts_and_the_chain_are_for_members() -> Result<()> {
    let town = Town::found().await?;
    let memo = Memo::new("for the coffee", [5; 32])?;
    let id = town.ada.new_payment_id().await?;
    let payment = town.ada.transfer(town.bob.address, units("2"), id, Some(memo));
    let number = town.ada.submit(&payment).await?.number;
    let receipt = format!("/api/v1/transactions/{number}/receipt");
    assert_eq!(download(&town.ada.api, &receipt).await.expect_err("pending").code(), ProblemCode::NotFound);
    town.seal_everything().await?;
    let (with_memo, stranger) = (format!("{receipt}?memo=true"), Api::at(town.leader.api().base()));
    for path in [&receipt, CHAIN_PATH] {
        assert_eq!(download(&stranger, path).await.expect_err("a stranger").code(), ProblemCode::SessionExpired);
    }
    let not_a_party = download(&town.administrator.api, &with_memo).await;
    assert_eq!(not_a_party.expect_err("not a party").code(), ProblemCode::Forbidden);
    let chain = download(&town.administrator.api, CHAIN_PATH).await?;
    assert!(!contains(&chain, b"for the coffee"), "a memo is in the chain");
    let plain = download(&town.administrator.api, &receipt).await?;
    assert!(!contains(&plain, b"for the coffee"), "a memo is in a receipt that nobody asked it for");

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("receipt");
    let file = path.display().to_string();
    let bytes = download(&town.bob.api, &with_memo).await?;
    std::fs::write(&path, &bytes)?;
    let (code, told) = qoin(&["verify", "--json", "--receipt", &file], &[])?;
    assert_eq!((code, &told["memo"], &told["signed_by"]), (Some(0), &json!("for the coffee"), &json!("first_key")));
    assert_eq!(told["genesis"], json!(town.ada.genesis));
    let wrong = ["verify", "--json", "--receipt", &file, "--genesis", &"11".repeat(32)];
    assert_eq!(qoin(&wrong, &[])?.1["rule"], json!("foreign_genesis"));
    let mut changed = bytes;
    let place = changed.len() - 1;
    changed[place] ^= 1;
    std::fs::write(&path, &changed)?;
    let (code, told) = qoin(&["verify", "--json", "--receipt", &file], &[])?;
    assert_eq!((code, &told["rule"]), (Some(1), &json!("seal")));
    Ok(())
}

/// The program writes amounts as texts, Python as numbers.
fn number(value: &Value) -> Value {
    value.as_str().and_then(|text| text.parse::<u64>().ok()).map_or_else(|| value.clone(), Value::from)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn export(arguments: &[&str], variable: (&str, &str)) -> Result<()> {
    let mut command = std::process::Command::new(qoin_tests::process::program("qoin")?);
    let output = command.arg("export").args(arguments).env(variable.0, variable.1).output().context("starting qoin")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

async fn download(api: &Api, path: &str) -> Result<Vec<u8>, Refusal> {
    let response = api.request(Method::GET, path).send().await;
    let response = response.map_err(|error| Refusal::Broken(error.to_string()))?;
    let status = response.status();
    let bytes = response.bytes().await.map_err(|error| Refusal::Broken(error.to_string()))?;
    if status.is_success() {
        return Ok(bytes.to_vec());
    }
    let problem = serde_json::from_slice(&bytes).map_err(|error| Refusal::Broken(error.to_string()))?;
    Err(Refusal::Problem(Box::new(problem)))
}
