//! The log, at its most talkative, while everything that has secrets is done: none of them is in it.

use anyhow::{Context, Result};
use qoin_core::api::bytes::Bytes;
use qoin_core::api::services::{DeclareService, SERVICES_PATH, ServiceDeclared, ServiceRole};
use qoin_core::api::sessions::{PARAMETERS_PATH, ParametersRequest, PasswordParameters, SESSIONS_PATH, SignIn};
use qoin_core::unicode::Tables;
use qoin_core::vault::{Root, Salt};
use qoin_tests::process::{PATIENCE, Process};
use qoin_tests::{Leader, Member, Miner, member::units, wait};
use reqwest::Method;
use reqwest::header::{ORIGIN, SET_COOKIE};
use serde_json::{Value, json};
use std::io::{Read, Write};

const ADAS: &str = "a long and good password";
const FIRST: &str = "the first one of Cleo";
const CLEOS: &str = "the second one of Cleo";

/// What must not be in a log, with its name.
type Secrets = Vec<(String, String)>;

/// The keys that a password makes, for a member who has one.
async fn keys_of(leader: &Leader, email: &str, password: &str) -> Result<Secrets> {
    let request = ParametersRequest { email: email.to_owned() };
    let asked: PasswordParameters = leader.api().post(PARAMETERS_PATH, &request).await?;
    let root = Root::derive(password, &Salt::from_bytes(asked.salt.0), &asked.parameters, &Tables)?;
    let authentication = hex::encode(root.authentication_key().as_bytes());
    Ok(vec![
        (format!("the password of {email}"), password.to_owned()),
        (format!("the authentication key of {email}"), authentication),
    ])
}

/// Does everything with a leader that has to do with secrets; answers them.
async fn use_all_secrets(leader: &Leader) -> Result<(Secrets, String)> {
    let mut secrets: Secrets = Vec::new();
    let administrator = leader.administrator().await?;
    let ada = administrator.invite("Ada", ADAS).await?;
    let cleo = administrator.create("Cleo", FIRST, CLEOS).await?;
    for (email, password) in [(&administrator.email, leader.password()), (&ada.email, ADAS), (&cleo.email, CLEOS)] {
        secrets.extend(keys_of(leader, email, password).await?);
    }
    secrets.push(("a first password".into(), FIRST.into()));
    for member in [&administrator, &ada, &cleo] {
        secrets.push((format!("the key of {}", member.email), hex::encode(&member.key.to_seed()[..])));
        secrets.push((format!("the token of {}", member.email), member.api.token().context("a token")?.to_owned()));
    }
    administrator.credit(ada.address, units("10")).await?;

    // A service, its miner, and one with a wrong key.
    let request = DeclareService { role: ServiceRole::Miner };
    let declared: ServiceDeclared = ada.api.post(SERVICES_PATH, &request).await?;
    secrets.push(("a service's key".into(), declared.key.clone()));
    let wrong = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    secrets.push(("a wrong service's key".into(), wrong.into()));
    let credentials = ["--server", leader.stratum(), "--owner", &ada.email, "--service-key", wrong].map(str::to_owned);
    let mut refused = Process::start("qoin-miner", credentials)?;
    assert!(!refused.wait_for_end()?.success());
    let mut miner = Miner::of(leader.stratum(), &ada.email, &declared.key)?;
    wait::until("the credit in a block", async || Ok((ada.account().await?.balance >= units("10")).then_some(())))
        .await?;
    ada.pay(cleo.address, units("1")).await?;
    miner.stop()?;

    // Through the website, with a cookie; and with a wrong key.
    let site = leader.website();
    let sign_in = async |key: [u8; 32]| {
        let body = SignIn { email: ada.email.clone(), authentication_key: Bytes(key) };
        site.request(Method::POST, SESSIONS_PATH).header(ORIGIN, site.base()).json(&body).send().await
    };
    let guess = [0x5a; 32];
    assert_eq!(sign_in(guess).await?.status(), 401);
    secrets.push(("a guessed key".into(), hex::encode(guess)));
    let mut key = [0; 32];
    hex::decode_to_slice(
        &secrets.iter().find(|(name, _)| name.ends_with("key of ada@example.org")).context("Ada")?.1,
        &mut key,
    )?;
    let answer = sign_in(key).await?;
    let cookie = answer.headers().get(SET_COOKIE).context("a cookie")?.to_str()?.to_owned();
    secrets.push(("a cookie".into(), cookie.split(['=', ';']).nth(1).context("a value")?.to_owned()));

    // Something that is told only where the log is talkative.
    let mut broken = std::net::TcpStream::connect(leader.api().base().trim_start_matches("http://"))?;
    broken.write_all(b"this is no HTTP\r\n\r\n")?;
    broken.read_to_end(&mut Vec::new())?;
    assert!(leader.log().waits_for("a connection broke off", PATIENCE), "the log is not at its most talkative");

    // What lies in the data folder.
    for entry in std::fs::read_dir(leader.data().join("keys"))? {
        let path = entry?.path();
        secrets.push((path.display().to_string(), std::fs::read_to_string(&path)?.trim().to_owned()));
    }
    let announced: Value = serde_json::from_slice(&std::fs::read(leader.data().join("operator.json"))?)?;
    secrets.push(("the operator's token".into(), announced["token"].as_str().context("a token")?.to_owned()));
    Ok((secrets, refused.output() + &miner.output()))
}

/// The log without the one line of standard output that tells the first password.
fn log_of(leader: &Leader) -> String {
    let is_log = |line: &&str| !line.contains(&json!(leader.password()).to_string());
    leader.output().lines().filter(is_log).collect::<Vec<_>>().join("\n")
}

fn assert_none_shows(secrets: &Secrets, log: &str) {
    assert!(secrets.len() > 15, "only {} secrets were collected", secrets.len());
    for (name, secret) in secrets {
        assert!(secret.len() >= 8, "{name} is too short to be looked for");
        assert!(!log.contains(&**secret), "{name} is in a log");
    }
}

#[tokio::test]
async fn no_secret_is_in_a_log_whatever_its_level_and_form() -> Result<()> {
    let text = Leader::start_with(&["--set", "log_level=trace"])?;
    let (secrets, miners) = use_all_secrets(&text).await?;
    let log = log_of(&text);
    assert!(log.contains("DEBUG") && log.contains("INFO"), "{log}");
    assert_none_shows(&secrets, &(log + &miners));

    let json = Leader::start_with(&["--set", "log_level=trace", "--set", "log_format=json"])?;
    let (secrets, miners) = use_all_secrets(&json).await?;
    let log = log_of(&json);
    let mut levels = std::collections::BTreeSet::new();
    for line in log.lines() {
        let event: Value = serde_json::from_str(line).with_context(|| format!("no JSON: {line}"))?;
        assert!(event["timestamp"].is_string() && event["level"].is_string(), "{line}");
        levels.insert(event["level"].to_string());
    }
    assert!(levels.contains("\"DEBUG\"") && levels.contains("\"INFO\""), "{levels:?}");
    assert_none_shows(&secrets, &(log + &miners));
    Ok(())
}

#[tokio::test]
async fn a_level_leaves_out_what_is_below_it() -> Result<()> {
    let mut leader = Leader::start_with(&["--set", "log_level=warn", "--set", "log_format=json"])?;
    let _member: Member = leader.administrator().await?;
    leader.stop()?;
    let levels = ["\"level\":\"INFO\"", "\"level\":\"DEBUG\"", "\"level\":\"TRACE\""];
    assert!(!levels.iter().any(|level| leader.output().contains(level)), "{}", leader.output());
    Ok(())
}
