//! The first run: the wizard with the real program, killed wherever it can be.

use anyhow::{Context, Result};
use qoin_core::api::admin::treasury::{TREASURY_PATH, TreasuryView};
use qoin_core::api::currency::{CURRENCY_PATH, CurrencyView};
use qoin_core::api::invitations::{InvitationOpened, InvitationToken, OPEN_INVITATION_PATH};
use qoin_core::api::problem::ProblemCode;
use qoin_core::api::sessions::Role;
use qoin_tests::process::{Process, program};
use qoin_tests::{Leader, Member, api::Api};
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// A form that is good, and one that is not.
const GOOD: &[(&str, &str)] = &[
    ("name", "Hack Space Hours"),
    ("symbol", "H"),
    ("decimals", "1"),
    ("supply", "5 000"),
    ("interval", "5"),
    ("recovery", "24"),
    ("administrator_name", "Ada Lovelace"),
    ("administrator_email", "ada@example.org"),
    ("backup", ""),
];

fn start(data: &Path, more: &[&str]) -> Result<Process> {
    let own = ["run", "--json", "--miners", "1", "--rpyc-port", "0", "--website-port", "0", "--api-port", "0"];
    let rest = ["--stratum-port", "0", "--set", "easiest_work=65536", "--data"];
    let arguments = own.into_iter().chain(rest).map(str::to_owned).chain([data.display().to_string()]);
    Process::start("qoin", arguments.chain(more.iter().map(|argument| (*argument).to_owned())))
}

/// The next line of JSON with this key.
fn told(process: &mut Process, key: &str) -> Result<Value> {
    process.wait_for(key, |line| serde_json::from_str::<Value>(line).ok().filter(|line| line.get(key).is_some()))
}

/// A browser without scripts on the wizard's pages.
struct Browser {
    http: Client,
    base: String,
    token: String,
    cookie: String,
}

impl Browser {
    /// One that has used the link.
    async fn at(process: &mut Process) -> Result<Self> {
        let link = told(process, "setup")?["setup"].as_str().context("a link")?.to_owned();
        let (base, token) = link.split_once("/setup?token=").context("a link with a token")?;
        let http = Client::builder().redirect(Policy::none()).pool_max_idle_per_host(0).build()?;
        let mut browser = Self { http, base: base.to_owned(), token: token.to_owned(), cookie: String::new() };
        let welcome = browser.get(&format!("/setup?token={token}")).await?;
        assert_eq!(welcome.status(), 200);
        let begun = browser.begin().await?;
        assert_eq!(begun.status(), StatusCode::SEE_OTHER);
        let cookie = begun.headers().get(SET_COOKIE).context("a cookie")?.to_str()?;
        browser.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(browser)
    }

    async fn get(&self, path: &str) -> Result<Response> {
        Ok(self.http.get(format!("{}{path}", self.base)).header(COOKIE, &self.cookie).send().await?)
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Response> {
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let body: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let request = self.http.post(format!("{}{path}", self.base)).header(COOKIE, &self.cookie);
        Ok(request.header(ORIGIN, &self.base).body(body.join("&")).send().await?)
    }

    async fn begin(&self) -> Result<Response> {
        self.post("/setup/begin", &[("token", &self.token)]).await
    }

    /// Fills the form in, and confirms what the summary shows: where that leads.
    async fn found(&self) -> Result<Response> {
        let filled = self.post("/setup", GOOD).await?;
        assert_eq!(filled.headers().get(LOCATION).context("the summary")?, "/setup/check");
        let summary = self.get("/setup/check").await?.text().await?;
        assert!(summary.contains("Hack Space Hours") && summary.contains("What will be fixed for ever"), "{summary}");
        let draft = summary.split("name=\"draft\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        self.post("/setup/found", &[("draft", draft.context("the draft's name")?)]).await
    }
}

async fn invited(api: &Api, token: &str) -> Result<InvitationOpened, qoin_tests::api::Refusal> {
    api.post(OPEN_INVITATION_PATH, &InvitationToken { token: token.to_owned() }).await
}

fn token_of(link: &Value) -> Result<String> {
    Ok(link.as_str().and_then(|link| link.split_once("/join#")).context("a link to join")?.1.to_owned())
}

/// Why a start is refused.
fn refused(data: &Path) -> Result<String> {
    let arguments = ["run", "--setup", "--website-port", "0", "--api-port", "0", "--stratum-port", "0", "--data"];
    let output = Command::new(program("qoin")?).args(arguments).arg(data).output()?;
    assert!(!output.status.success());
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test]
async fn the_wizard_founds_a_currency_and_lets_its_administrator_in_however_often_it_is_killed() -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut process = start(data.path(), &["--setup"])?;
    let browser = Browser::at(&mut process).await?;
    assert_eq!(browser.begin().await?.status(), 403, "the link works once");
    let mut bad = GOOD.to_vec();
    bad[2] = ("decimals", "12");
    let answer = browser.post("/setup", &bad).await?;
    assert_eq!(answer.status(), 422);
    assert!(answer.text().await?.contains("From 0 to 8 digits."));
    process.kill()?;

    // Nothing was fixed: the wizard comes again, with another link.
    let mut process = start(data.path(), &["--setup"])?;
    let old = browser;
    let browser = Browser::at(&mut process).await?;
    assert_ne!(old.token, browser.token);
    assert_eq!(browser.post("/setup/begin", &[("token", &old.token)]).await?.status(), 403);
    let founded = browser.found().await?;
    assert_eq!(founded.status(), StatusCode::SEE_OTHER, "{}", founded.text().await?);
    let path = founded.headers().get(LOCATION).context("where the administrator joins")?.to_str()?.to_owned();
    let ready = told(&mut process, "website")?;
    assert_eq!((&ready["email"], &ready["password"]), (&Value::from("ada@example.org"), &Value::Null));
    assert!(ready["invitation"].as_str().context("a link")?.ends_with(&path), "{ready} {path}");
    let api = Api::at(ready["api"].as_str().context("the API")?);
    let currency: CurrencyView = api.get(CURRENCY_PATH).await?;
    assert_eq!((currency.genesis.name.as_str(), currency.genesis.symbol.as_str()), ("Hack Space Hours", "H"));
    assert_eq!((currency.genesis.block_interval_ms, currency.genesis.genesis_amount.units()), (5_000, 50_000));
    let first = token_of(&ready["invitation"])?;
    assert_eq!(invited(&api, &first).await?.email, "ada@example.org");
    // The website answers at the wizard's address, where the browser is sent to.
    let site = Client::new().get(format!("{}/join", ready["website"].as_str().context("the website")?)).send().await?;
    assert!(site.status().is_success() && site.url().as_str().starts_with(&browser.base));
    process.kill()?;

    // Founded, and nobody has joined: a new link, and the old one is void.
    assert!(refused(data.path())?.contains("nothing to set up: start without --setup"));
    let mut process = start(data.path(), &[])?;
    let ready = told(&mut process, "website")?;
    let api = Api::at(ready["api"].as_str().context("the API")?);
    let token = token_of(&ready["invitation"])?;
    assert_eq!(invited(&api, &first).await.expect_err("the old link").code(), ProblemCode::InvitationInvalid);
    let ada = Member::join(&api, &token, "Ada Lovelace", "a long and good password").await?;
    let treasury: TreasuryView = ada.api.get(TREASURY_PATH).await?;
    assert_eq!(treasury.issued.units(), 50_000, "she is an administrator");
    process.kill()?;

    let mut process = start(data.path(), &[])?;
    let ready = told(&mut process, "website")?;
    assert_eq!((&ready["invitation"], &ready["password"]), (&Value::Null, &Value::Null));
    let api = Api::at(ready["api"].as_str().context("the API")?);
    Member::sign_in(&api, "ada@example.org", "a long and good password").await?;
    process.interrupt()?;
    Ok(())
}

#[tokio::test]
async fn the_first_password_is_told_until_somebody_signs_in() -> Result<()> {
    let mut leader = Leader::start()?;
    let password = leader.password().to_owned();
    leader.kill()?;
    // The harness holds a password that is told again against the first.
    leader.start_again()?;
    assert!(leader.output().contains(&password), "told again, as nobody has used it");
    leader.administrator().await?;
    leader.stop()?;
    leader.start_again()?;
    assert!(!leader.output().contains(&password));
    assert!(!leader.data().join("keys/administrator.secret").exists());
    leader.administrator().await?;
    Ok(())
}

#[tokio::test]
async fn a_server_is_set_up_at_its_own_address_for_a_website_elsewhere() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("server.conf");
    let text = "data = \"data\"\nowner = \"root@example.org\"\napi_listen = \"127.0.0.1:0\"\n\
                stratum_listen = \"127.0.0.1:0\"\nrpyc_listen = \"127.0.0.1:0\"\nminers = 0\nsecret_key = \"00112233445566778899aabbccddeeff\"\n";
    std::fs::write(&config, text)?;
    let arguments = ["server", "--setup", "-c"].map(str::to_owned).into_iter();
    let mut process = Process::start("qoin", arguments.chain([config.display().to_string()]))?;
    let find = |line: &str| line.split_whitespace().find(|word| word.contains("/setup?token=")).map(str::to_owned);
    let link = process.wait_for("a link", find)?;
    let (base, token) = link.split_once("/setup?token=").context("a link with a token")?;
    let http = Client::builder().redirect(Policy::none()).pool_max_idle_per_host(0).build()?;
    let mut browser = Browser { http, base: base.to_owned(), token: token.to_owned(), cookie: String::new() };
    let begun = browser.begin().await?;
    let cookie = begun.headers().get(SET_COOKIE).context("a cookie")?.to_str()?;
    browser.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    assert!(browser.get("/setup").await?.text().await?.contains("value=\"root@example.org\""));
    let page = browser.found().await?;
    assert_eq!(page.status(), 200);
    let page = page.text().await?;
    let shown = page.split("/join#").nth(1).and_then(|rest| rest.split('<').next()).context("the path to join")?;
    let printed =
        process.wait_for("the path to join", |line| line.split_once("/join#").map(|(_, it)| it.trim().to_owned()))?;
    assert_eq!(printed, shown);
    let ada = Member::join(&Api::at(base), shown, "Ada Lovelace", "a long and good password").await?;
    let member: qoin_core::api::sessions::SessionView =
        ada.api.get(qoin_core::api::sessions::CURRENT_SESSION_PATH).await?;
    assert_eq!(member.member.role, Role::Administrator);
    process.interrupt()?;
    Ok(())
}
