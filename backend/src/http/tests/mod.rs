//! The router from outside, over a real ledger in memory.

mod administration;
mod batch;
mod contributions;
mod door;
mod events;
mod mining;
mod operator;
mod passwords;
mod payments;
mod people;
mod rights;
mod services;
mod treasury;

use super::{Batches, Leader, Metrics, Settings, router};
use crate::host::Host;
use crate::identity::{self, Identity, LeaderSecret};
use crate::leader::keys::DataFolder;
use crate::ledger::tests::begin;
use crate::ledger::{BlockSummary, Ledger};
use crate::mining::{Browsers, Mining, Settings as MiningSettings};
use crate::operator::OperatorDoor;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use qoin_core::{
    address::Address,
    amount::Amount,
    api::sessions::Role,
    api::transactions::SubmitTransaction,
    hash::GenesisHash,
    keys::SecretKey,
    memo::Memo,
    payment_id::PaymentId,
    transaction::{Operation, SignedTransaction, Transaction},
};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A currency with an administrator, Ada and Bob.
struct Town {
    router: Router,
    ledger: Ledger,
    identity: Identity,
    mining: Mining,
    stopping: CancellationToken,
    admin: Member,
    ada: Member,
    bob: Member,
}

/// Someone with a key, and a session if the token is not empty.
struct Member {
    email: String,
    seed: [u8; 32],
    authentication_key: [u8; 32],
    address: Address,
    token: String,
    genesis: GenesisHash,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    json: Value,
}

impl Answer {
    /// The problem's code, after a look at what all problems have in common.
    fn code(&self) -> &str {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.json);
        assert_eq!(self.json["status"], self.status.as_u16(), "{}", self.json);
        self.json["code"].as_str().unwrap()
    }

    fn ok(self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.json);
        self.json
    }
}

async fn open_identity(ledger: &Ledger, settings: identity::Settings) -> Identity {
    Identity::open(ledger.clone(), LeaderSecret::new([7; 16]), settings).await.unwrap()
}

fn open_router(ledger: &Ledger, identity: &Identity, mining: &Mining, stopping: &CancellationToken) -> Router {
    let operator = OperatorDoor::new(DataFolder::at("/nowhere".as_ref())).unwrap();
    open_router_with(ledger, identity, mining, stopping, operator)
}

fn open_router_with(
    ledger: &Ledger,
    identity: &Identity,
    mining: &Mining,
    stopping: &CancellationToken,
    operator: OperatorDoor,
) -> Router {
    router(Leader {
        ledger: ledger.clone(),
        identity: identity.clone(),
        host: Host::new(operator.clone(), None, ledger.now_ms()),
        operator,
        restores: Vec::new(),
        browsers: Browsers::new(mining.clone()),
        settings: Settings { trusted_proxies: vec!["127.0.0.1".parse().unwrap()] },
        metrics: Arc::new(Metrics::default()),
        rpyc: crate::rpyc::Metrics::default(),
        batches: Batches::default(),
        stopping: stopping.clone(),
    })
}

impl Town {
    async fn found() -> Self {
        Self::with(identity::Settings::default()).await
    }

    async fn with(settings: identity::Settings) -> Self {
        let ledger = begin();
        let identity = open_identity(&ledger, settings).await;
        let stopping = CancellationToken::new();
        let mining = Mining::start(ledger.clone(), MiningSettings::default()).unwrap();
        let router = open_router(&ledger, &identity, &mining, &stopping);
        let genesis = ledger.genesis().hash;
        let mut members = Vec::new();
        for (seed, name) in [(10, "admin"), (11, "ada"), (12, "bob")] {
            let mut member = Member::new(&format!("{name}@example.org"), seed, genesis);
            let role = if name == "admin" { Role::Administrator } else { Role::Member };
            let (key, seed) = (member.authentication_key, member.seed);
            member.token = identity.add_for_test(&member.email, role, seed, key, false).await.unwrap();
            members.push(member);
        }
        let [admin, ada, bob] = members.try_into().ok().unwrap();
        Self { router, ledger, identity, mining, stopping, admin, ada, bob }
    }

    /// The same, with Ada holding 100.00.
    async fn with_money() -> Self {
        let town = Self::found().await;
        town.credit(&town.ada, 10_000).await;
        town.solve().await;
        town
    }

    async fn credit(&self, member: &Member, units: u64) {
        let id = self.payment_id();
        self.ledger.credit(member.address, Amount::from_units(units), id, None).await.unwrap();
    }

    fn payment_id(&self) -> PaymentId {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let mut random = [0; 10];
        random[..8].copy_from_slice(&COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        PaymentId::new(self.ledger.now_ms(), random)
    }

    /// Mines what waits.
    async fn solve(&self) -> BlockSummary {
        let (_guard, mut work) = self.mining.hub().join();
        let position = self.ledger.position();
        let is_current = |work: &Option<Arc<crate::ledger::Work>>| {
            work.as_ref().is_some_and(|it| it.template.first + u64::from(it.template.count) == position.records)
        };
        let template = work.wait_for(is_current).await.unwrap().clone().unwrap().template.clone();
        let coinbase = template.coinbase(None, [0; 8]);
        let target = template.bits.expand().unwrap();
        let header = (0..)
            .map(|nonce| template.header(&coinbase, template.time(), nonce))
            .find(|header| target.is_met_by(&header.hash()))
            .unwrap();
        self.ledger.solve(template.solution(coinbase, header)).await.unwrap()
    }

    async fn raw(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Answer { status: parts.status, headers: parts.headers, json }
    }

    async fn send(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = body.map_or_else(Body::empty, |json| Body::from(json.to_string()));
        self.raw(request.body(body).unwrap()).await
    }

    async fn get(&self, path: &str, member: &Member) -> Answer {
        self.send(Method::GET, path, &member.token, None).await
    }

    async fn post(&self, path: &str, member: &Member, body: impl serde::Serialize) -> Answer {
        self.send(Method::POST, path, &member.token, Some(serde_json::to_value(body).unwrap())).await
    }

    /// Without a session.
    async fn ask(&self, path: &str, body: impl serde::Serialize) -> Answer {
        self.send(Method::POST, path, "", Some(serde_json::to_value(body).unwrap())).await
    }

    async fn pay(&self, from: &Member, to: &Member, units: u64, memo: Option<Memo>) -> Answer {
        let operation = Operation::Transfer { to: to.address, amount: Amount::from_units(units) };
        let submission = from.submission(operation, self.payment_id(), memo);
        self.post("/api/v1/transactions", from, submission).await
    }

    async fn sign_in(&self, email: &str, authentication_key: [u8; 32]) -> Answer {
        let body = json!({ "email": email, "authentication_key": hex::encode(authentication_key) });
        self.ask("/api/v1/sessions", body).await
    }
}

impl Member {
    fn new(email: &str, seed: u8, genesis: GenesisHash) -> Self {
        let address = Address::of(&SecretKey::from_seed(&[seed; 32]).public_key());
        let authentication_key = [seed; 32];
        Self { email: email.into(), seed: [seed; 32], authentication_key, address, token: String::new(), genesis }
    }

    fn key(&self) -> SecretKey {
        SecretKey::from_seed(&self.seed)
    }

    fn sign(&self, operation: Operation, id: PaymentId, memo: Option<&Memo>) -> SignedTransaction {
        Transaction::new(self.address, operation, id, memo.map(Memo::hash)).sign(&self.key(), &self.genesis)
    }

    fn submission(&self, operation: Operation, id: PaymentId, memo: Option<Memo>) -> SubmitTransaction {
        SubmitTransaction { transaction: self.sign(operation, id, memo.as_ref()), memo }
    }
}
