//! The website in front of the leader: cookies, foreign pages, and how it hands out the app.

use super::Town;
use anyhow::{Context, Result};
use qoin_core::api::account::{ACCOUNT_PATH, AccountView};
use qoin_core::api::bytes::Bytes;
use qoin_core::api::problem::{Problem, ProblemCode};
use qoin_core::api::sessions::{PARAMETERS_PATH, ParametersRequest, PasswordParameters, SESSIONS_PATH, SignIn};
use qoin_core::api::transactions::TRANSACTIONS_PATH;
use qoin_core::unicode::Tables;
use qoin_core::vault::{Root, Salt};
use qoin_tests::{api::answer, member::units};
use reqwest::Method;
use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};
use serde_json::Value;

/// Signs in through the website as a browser does; returns its cookie and the body of the answer.
async fn sign_in(town: &Town, email: &str, password: &str) -> Result<(String, Value)> {
    let site = town.leader.website();
    let post = |path| site.request(Method::POST, path).header(ORIGIN, site.base());
    let request = ParametersRequest { email: email.to_owned() };
    let (_, asked): (_, PasswordParameters) = answer(post(PARAMETERS_PATH).json(&request)).await?;
    let root = Root::derive(password, &Salt::from_bytes(asked.salt.0), &asked.parameters, &Tables)?;
    let body = SignIn { email: email.to_owned(), authentication_key: Bytes(*root.authentication_key().as_bytes()) };
    let response = post(SESSIONS_PATH).json(&body).send().await?;
    anyhow::ensure!(response.status().is_success(), "signing in answered {}", response.status());
    let cookie = response.headers().get(SET_COOKIE).context("a cookie is set")?.to_str()?.to_owned();
    Ok((cookie, serde_json::from_str(&response.text().await?)?))
}

#[tokio::test]
async fn the_token_stays_in_a_sealed_cookie_that_foreign_pages_cannot_use() -> Result<()> {
    let town = Town::found().await?;
    let site = town.leader.website();
    let (set, body) = sign_in(&town, "ada@example.org", "a long and good password").await?;
    assert_eq!(body.get("token"), None, "the page never sees the token");
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(attribute), "{attribute} is missing: {set}");
    }
    let cookie = set.split(';').next().context("a cookie has a value")?.to_owned();
    let (_, account): (_, AccountView) =
        answer(site.request(Method::GET, ACCOUNT_PATH).header(COOKIE, &cookie)).await?;
    assert_eq!(account.address, town.ada.address);

    let before = town.snapshot().await?;
    let payment = town.ada.transfer(town.bob.address, units("1"), town.ada.new_payment_id().await?, None);
    let post = || site.request(Method::POST, TRANSACTIONS_PATH).header(COOKIE, &cookie).json(&payment);
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        let response = post().header(ORIGIN, origin).send().await?;
        assert_eq!(response.status(), 403, "{origin}");
        let problem: Problem = serde_json::from_str(&response.text().await?)?;
        assert_eq!(problem.code, ProblemCode::ForeignOrigin);
    }
    assert_eq!(town.snapshot().await?, before);
    let response = post().header(ORIGIN, site.base()).send().await?;
    assert_eq!(response.status(), 201, "the same from the website's own page");

    let altered = format!("{}x", cookie);
    let refusal = answer::<AccountView>(site.request(Method::GET, ACCOUNT_PATH).header(COOKIE, altered)).await;
    assert_eq!(refusal.expect_err("an altered cookie").code(), ProblemCode::SessionExpired);
    Ok(())
}

#[tokio::test]
async fn pages_come_with_a_strict_policy() -> Result<()> {
    let town = Town::found().await?;
    let site = town.leader.website();
    let response = site.request(Method::GET, "/").send().await?;
    assert_eq!(response.status(), 200);
    let policy = response.headers().get("content-security-policy").context("a policy")?.to_str()?.to_owned();
    let directive = |name: &str| {
        let found = policy.split(';').map(str::trim).find_map(|part| part.strip_prefix(name)?.strip_prefix(' '));
        found.unwrap_or_default().to_owned()
    };
    assert!(!policy.contains("'unsafe-inline'") && !policy.contains("'unsafe-eval'"), "{policy}");
    assert_eq!(directive("default-src"), "'none'", "{policy}");
    assert!(directive("script-src").contains("'wasm-unsafe-eval'"), "{policy}");
    assert_eq!(directive("frame-ancestors"), "'none'", "{policy}");
    assert_eq!(response.headers().get("x-content-type-options").context("nosniff")?, "nosniff");
    let home = response.text().await?;
    // Every page of the app is the same document, which finds its way by itself.
    let page = site.request(Method::GET, "/history").send().await?;
    assert_eq!((page.status().as_u16(), page.text().await?), (200, home));
    Ok(())
}
