//! Leader, website and miner on hosts of their own, each with its own file, encrypted between them.

use anyhow::{Context, Result, ensure};
use hyper::{Method, StatusCode};
use qoin_core::api::account::{ACCOUNT_PATH, AccountView, MovementKind};
use qoin_core::api::bytes::Bytes;
use qoin_core::api::currency::CURRENCY_PATH;
use qoin_core::api::problem::{Problem, ProblemCode};
use qoin_core::api::services::{DeclareService, SERVICES_PATH, ServiceDeclared, ServiceRole};
use qoin_core::api::sessions::{PARAMETERS_PATH, ParametersRequest, PasswordParameters, SESSIONS_PATH, SignIn};
use qoin_core::api::transactions::TRANSACTIONS_PATH;
use qoin_core::unicode::Tables;
use qoin_core::vault::{Root, Salt};
use qoin_tests::authority::{Answer, Authority};
use qoin_tests::configured::configured;
use qoin_tests::memory::Memory;
use qoin_tests::network::Network;
use qoin_tests::process::{Process, run};
use qoin_tests::{Api, Member, member::units, wait};
use serde_json::json;
use std::path::{Path, PathBuf};

const LEADER: &str = "http://10.77.0.2:5002";
const WEBSITE: &str = "https://10.77.0.3:5000";
const PASSWORD: &str = "a long and good password";

/// Three hosts and their files.
struct Place {
    network: Network,
    authority: Authority,
    folder: tempfile::TempDir,
}

impl Place {
    fn make() -> Result<Self> {
        let network = Network::join(&["leader", "website", "miner", "neighbour"])?;
        let folder = tempfile::tempdir()?;
        let authority = Authority::found(folder.path())?;
        for host in ["leader", "website"] {
            authority.certify(&network.address(host)?.to_string(), folder.path(), host)?;
        }
        let place = Self { network, authority, folder };
        place.write(
            "server.conf",
            &[
                ("data", r#""data""#),
                ("api_listen", r#""10.77.0.2:5002""#),
                ("stratum_listen", r#""10.77.0.2:3333""#),
                ("miners", "0"),
                ("secret_key", r#""5f0d1b6d2a9c4be3a7d1cf6a1e0b9d47""#),
                ("block_interval_s", "1"),
                ("easiest_work", "65536"),
                ("sign_ins_per_minute", "1"),
                ("trusted_proxies", r#"["10.77.0.3"]"#),
                ("tls_certificate", r#""leader.pem""#),
                ("tls_key", r#""leader.key""#),
            ],
        )?;
        place.write(
            "website.conf",
            &[
                ("listen", r#""10.77.0.3:5000""#),
                ("leader", r#""https://10.77.0.2:5002""#),
                ("secret_key", r#""file:website.secret""#),
                ("leader_authorities", r#""authority.pem""#),
                ("tls_certificate", r#""website.pem""#),
                ("tls_key", r#""website.key""#),
            ],
        )?;
        std::fs::write(place.path("website.secret"), "c2a8f3e6510d4f7b9a6e7d8c3b2a1f05\n")?;
        Ok(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, fields: &[(&str, &str)]) -> Result<()> {
        configured(self.folder.path(), name, fields).map(|_| ())
    }

    /// Starts a program with the file of its host.
    fn start(&self, host: &str, program: &str, role: &[&str], file: &str) -> Result<Process> {
        let config = self.path(file).display().to_string();
        let arguments = role.iter().map(|word| (*word).to_owned()).chain(["-c".to_owned(), config]);
        Process::start_by(&self.network.on(host), program, arguments)
    }

    fn start_leader(&self) -> Result<Process> {
        let mut leader = self.start("leader", "qoin", &["server"], "server.conf")?;
        leader
            .wait_for("address of the API", |line| line.contains("API is at https://10.77.0.2:5002").then_some(()))?;
        Ok(leader)
    }

    /// A request as a browser's page makes it, from where this thread is.
    async fn ask(&self, method: Method, path: &str, cookie: &str, body: String) -> Result<Answer> {
        let headers = [("sec-fetch-site", "same-origin"), ("content-type", "application/json"), ("cookie", cookie)];
        self.authority.ask(method, &format!("{WEBSITE}{path}"), &headers, body).await
    }

    /// Signs in through the website; answers its cookie.
    async fn sign_in(&self, email: &str, password: &str) -> Result<String> {
        let request = serde_json::to_string(&ParametersRequest { email: email.to_owned() })?;
        let parameters = self.ask(Method::POST, PARAMETERS_PATH, "", request).await?.text;
        let asked: PasswordParameters = serde_json::from_str(&parameters)?;
        let root = Root::derive(password, &Salt::from_bytes(asked.salt.0), &asked.parameters, &Tables)?;
        let key = Bytes(*root.authentication_key().as_bytes());
        let answer = self.try_key(email, key).await?;
        let cookie = answer.headers.get("set-cookie").with_context(|| answer.text.clone())?.to_str()?;
        ensure!(cookie.starts_with("__Host-qoin_session=") && cookie.contains("; Secure"), "{cookie}");
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }

    async fn try_key(&self, email: &str, authentication_key: Bytes<32>) -> Result<Answer> {
        let request = SignIn { email: email.to_owned(), authentication_key };
        self.ask(Method::POST, SESSIONS_PATH, "", serde_json::to_string(&request)?).await
    }
}

fn code(answer: &Answer) -> Result<ProblemCode> {
    Ok(serde_json::from_str::<Problem>(&answer.text).with_context(|| answer.text.clone())?.code)
}

async fn account(place: &Place, cookie: &str) -> Result<AccountView> {
    let answer = place.ask(Method::GET, ACCOUNT_PATH, cookie, String::new()).await?;
    serde_json::from_str(&answer.text).with_context(|| answer.text.clone())
}

#[tokio::test]
async fn each_role_works_on_a_host_of_its_own_and_the_website_outlives_the_leader() -> Result<()> {
    let place = Place::make()?;
    let mut leader = place.start_leader()?;
    let password = leader.wait_for("first password", |line| {
        line.strip_prefix("The password")
            .and_then(|rest| rest.rsplit_once(": "))
            .map(|(_, password)| password.to_owned())
    })?;
    let mut website = place.start("website", "qoin", &["website"], "website.conf")?;
    website.wait_for("its address", |line| line.contains(WEBSITE).then_some(()))?;

    // Programs of the leader's own host need no TLS; those of others do.
    let (ada, bob, key) = place
        .network
        .visit("leader", async || {
            let administrator = Member::sign_in(&Api::at(LEADER), "admin@example.org", &password).await?;
            let ada = administrator.invite("Ada", PASSWORD).await?;
            let bob = administrator.invite("Bob", "another long password").await?;
            administrator.credit(ada.address, units("100")).await?;
            let request = DeclareService { role: ServiceRole::Miner };
            let declared: ServiceDeclared = bob.api.post(SERVICES_PATH, &request).await?;
            Ok((ada, bob, declared.key))
        })
        .await?;
    let plain = place.authority.ask(Method::GET, &format!("{LEADER}{CURRENCY_PATH}"), &[], "").await?;
    assert_eq!((plain.status, code(&plain)?), (StatusCode::FORBIDDEN, ProblemCode::HttpsRequired));
    let page =
        place.authority.ask(Method::GET, "http://10.77.0.3:5000/send", &[("host", "10.77.0.3:5000")], "").await?;
    assert_eq!(page.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(page.headers["location"], "https://10.77.0.3:5000/send");
    let others = tempfile::tempdir()?;
    let stranger = Authority::found(others.path())?;
    assert!(stranger.ask(Method::GET, WEBSITE, &[], "").await.is_err(), "anyone's word for a certificate was taken");

    // The miner finds the leader from its own file, and its owner is rewarded.
    std::fs::write(place.path("miner.key"), &key)?;
    let (owner, secret) = (json!(bob.email).to_string(), json!(format!("file:{}", place.path("miner.key").display())));
    place.write(
        "miner.conf",
        &[
            ("server", r#""10.77.0.2:3333""#),
            ("owner", &owner),
            ("worker", r#""attic""#),
            ("service_key", &secret.to_string()),
            ("threads", "1"),
        ],
    )?;
    let files = ["server.conf", "website.conf", "miner.conf"].map(|name| place.path(name).display().to_string());
    let checked = run("qoin", &[&["check-config"][..], &files.each_ref().map(String::as_str)].concat())?;
    let good = ["qoin server", "qoin website", "qoin-miner"];
    let said = checked.map_err(anyhow::Error::msg)?;
    assert!(said.lines().zip(good).all(|(line, role)| line.ends_with(&format!("`{role}`."))), "{said}");
    let _miner = place.start("miner", "qoin-miner", &[], "miner.conf")?;

    let cookie = place.sign_in(&ada.email, PASSWORD).await?;
    wait::until("the credit in a block", async || {
        Ok((account(&place, &cookie).await?.balance == units("100")).then_some(()))
    })
    .await?;
    let pay = async |amount: &str| -> Result<Answer> {
        let id = place.network.visit("leader", async || ada.new_payment_id().await).await?;
        let payment = serde_json::to_string(&ada.transfer(bob.address, units(amount), id, None))?;
        place.ask(Method::POST, TRANSACTIONS_PATH, &cookie, payment).await
    };
    assert_eq!(pay("5").await?.status, StatusCode::CREATED);
    wait::until("the payment in a block", async || {
        Ok((account(&place, &cookie).await?.balance == units("95")).then_some(()))
    })
    .await?;
    let rewards = place.network.visit("leader", async || Ok(bob.history().await?)).await?;
    assert!(rewards.iter().any(|movement| movement.kind == MovementKind::Reward), "{rewards:?}");

    // The leader is killed: the website stays, says so, and goes on by itself with the same sessions.
    leader.kill()?;
    let away = place.ask(Method::GET, ACCOUNT_PATH, &cookie, String::new()).await?;
    assert_eq!((away.status, code(&away)?), (StatusCode::BAD_GATEWAY, ProblemCode::LeaderUnreachable));
    assert_eq!(away.headers["retry-after"], "2");
    assert_eq!(place.ask(Method::GET, "/", &cookie, String::new()).await?.status, StatusCode::OK);
    let leader = place.start_leader()?;
    assert_eq!(account(&place, &cookie).await?.balance, units("95"));
    assert_eq!(pay("6").await?.status, StatusCode::CREATED);
    wait::until("the payment in a block of the miner that came back", async || {
        Ok((account(&place, &cookie).await?.balance == units("89")).then_some(()))
    })
    .await?;

    // What passed through the website could not have been spent by it.
    let memory = Memory::of(website.id())?;
    assert!(memory.holds(b"10.77.0.2:5002"), "the memory of the website was not read");
    let seed = ada.key.to_seed();
    for (what, secret) in [("the key", &seed[..]), ("the password", PASSWORD.as_bytes())] {
        assert!(!memory.holds(secret), "{what} was in the website's memory");
    }

    // Failed sign-ins count for the browser's host, not for the website's.
    let guess = async |number: u8| place.try_key(&format!("nobody{number}@example.org"), Bytes([number; 32])).await;
    for number in 0..3 {
        assert_eq!(code(&guess(number).await?)?, ProblemCode::WrongCredentials);
    }
    assert_eq!(code(&guess(3).await?)?, ProblemCode::TooManyRequests);
    let neighbours = place.network.visit("neighbour", async || guess(4).await).await?;
    assert_eq!(code(&neighbours)?, ProblemCode::WrongCredentials);
    drop(leader);
    Ok(())
}

#[test]
fn what_a_host_cannot_use_is_refused_at_its_start_with_the_mend() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let authority = Authority::found(folder.path())?;
    authority.certify("localhost", folder.path(), "one")?;
    authority.certify("localhost", folder.path(), "other")?;
    let fields = [("listen", r#""127.0.0.1:0""#), ("secret_key", r#""c2a8f3e6510d4f7b9a6e7d8c3b2a1f05""#)];
    let config = configured(folder.path(), "website.conf", &fields)?;
    let refused = |sets: &[&str]| -> Result<String> {
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        let arguments: Vec<&str> = ["website", "-c", path(&config)].into_iter().chain(sets).collect();
        match run("qoin", &arguments)? {
            Ok(said) => anyhow::bail!("it was taken: {said}"),
            Err(said) => Ok(said),
        }
    };
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (certificate, key) = (format!("tls_certificate={}", file("one.pem")), format!("tls_key={}", file("other.key")));
    assert!(refused(&[&certificate])?.contains("tls_certificate and tls_key belong together: set both, or neither"));
    assert!(refused(&[&certificate, &key])?.contains("cannot be used with the key in"));
    let missing = refused(&[&certificate, &format!("tls_key={}", file("nothing.key"))])?;
    assert!(
        missing.contains("nothing.key") && missing.contains("it has to be a PEM file with a private key"),
        "{missing}"
    );
    let unknown = format!("leader_authorities={}", file("nothing.pem"));
    let (leader, config) = ("https://leader.example:5002", path(&config));
    let refused = run("qoin", &["website", "-c", config, "--leader", leader, "--set", &unknown])?;
    assert!(refused.is_err_and(|said| said.contains("the certificates of authorities")));
    Ok(())
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a temporary folder has a plain name")
}
