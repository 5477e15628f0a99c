//! Contributions that `QWINNER`s reward, and the budgets for them.

use super::*;
use futures_util::future::join_all;

const CONTRIBUTIONS: &str = "/api/v1/contributions";

/// A service of Ada's.
struct Service {
    id: u64,
    key: String,
}

impl Service {
    async fn declare(town: &Town, role: &str) -> Self {
        let declared = town.post("/api/v1/services", &town.ada, json!({ "role": role })).await.ok();
        Self { id: declared["service"]["id"].as_u64().unwrap(), key: declared["key"].as_str().unwrap().into() }
    }

    /// One that may give so much in a day.
    async fn with_budget(town: &Town, units: u64) -> Self {
        let service = Self::declare(town, "QWINNER").await;
        service.set_budget(town, &town.admin, 0, units).await.ok();
        service
    }

    async fn set_budget(&self, town: &Town, by: &Member, before: u64, per_day: u64) -> Answer {
        let body = json!({ "per_day": per_day.to_string(), "before": before.to_string() });
        town.send(Method::PUT, &format!("/api/v1/admin/services/{}/budget", self.id), &by.token, Some(body)).await
    }

    async fn reward(&self, town: &Town, name: &str, to: &str, units: u64) -> Answer {
        self.send(town, json!({ "to": to, "amount": units.to_string(), "reason": "a fix", "contribution_id": name }))
            .await
    }

    async fn send(&self, town: &Town, body: Value) -> Answer {
        town.send(Method::POST, CONTRIBUTIONS, &self.key, Some(body)).await
    }
}

async fn incoming(town: &Town, member: &Member) -> Value {
    town.get("/api/v1/account", member).await.ok()["incoming"].clone()
}

#[tokio::test]
async fn a_contribution_is_paid_once_with_its_reason_however_often_it_is_sent() {
    let town = Town::found().await;
    let service = Service::with_budget(&town, 1_000).await;
    let first = service.reward(&town, "one", "bob@example.org", 300).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let first = first.ok();
    assert_eq!(first["budget"], json!({ "per_day": "1000", "spent_today": "300" }));
    let again = service.reward(&town, "one", &town.bob.address.to_string(), 300).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.ok(), first);
    let copies = join_all((0..10).map(|_| service.reward(&town, "two", "Bob@example.org", 200))).await;
    assert_eq!(copies.iter().filter(|answer| answer.status == StatusCode::CREATED).count(), 1);
    assert!(copies.iter().all(|answer| answer.status.is_success()));
    assert_eq!(incoming(&town, &town.bob).await, "500");
    let history = town.get("/api/v1/account/history", &town.bob).await.ok();
    assert_eq!(history["movements"][0]["memo"]["text"], "a fix");
    assert_eq!(history["movements"][0]["party"]["name"], "blockchain-master");

    // Another service's names are its own.
    let other = Service::with_budget(&town, 1_000).await;
    assert_eq!(other.reward(&town, "one", "bob@example.org", 1).await.status, StatusCode::CREATED);
    for (to, units) in [("ada@example.org", 300), ("bob@example.org", 301)] {
        assert_eq!(service.reward(&town, "one", to, units).await.code(), "contribution_conflict");
    }
    // After a restart, and once it is sealed in a block, the answer is the same.
    let sealed = town.solve().await;
    let identity = open_identity(&town.ledger, Default::default()).await;
    let town = Town { router: open_router(&town.ledger, &identity, &town.mining, &town.stopping), identity, ..town };
    let again = service.reward(&town, "one", "bob@example.org", 300).await.ok();
    assert_eq!(again["accepted"]["number"], first["accepted"]["number"]);
    assert_eq!((&again["accepted"]["block"], &again["budget"]["spent_today"]), (&json!(sealed.height), &json!("500")));
}

#[tokio::test]
async fn nothing_is_given_above_the_budget_of_the_day() {
    let town = Town::found().await;
    let service = Service::declare(&town, "QWINNER").await;
    let refused = service.reward(&town, "one", "bob@example.org", 1).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "budget_exceeded"));
    service.set_budget(&town, &town.admin, 0, 1_000).await.ok();
    let names: Vec<String> = (0..15).map(|number| number.to_string()).collect();
    let at_once = join_all(names.iter().map(|name| service.reward(&town, name, "bob@example.org", 300))).await;
    assert_eq!(at_once.iter().filter(|answer| answer.status == StatusCode::CREATED).count(), 3);
    assert!(at_once.iter().all(|answer| answer.status == StatusCode::CREATED || answer.code() == "budget_exceeded"));
    assert_eq!(incoming(&town, &town.bob).await, "900");
    let refused = service.reward(&town, "more", "bob@example.org", 101).await;
    assert!(refused.json["detail"].as_str().unwrap().contains("the 1.00 that are left"), "{}", refused.json);
    service.reward(&town, "rest", "bob@example.org", 100).await.ok();
    // A smaller budget takes nothing back.
    service.set_budget(&town, &town.admin, 1_000, 10).await.ok();
    assert_eq!(service.reward(&town, "one more", "bob@example.org", 1).await.code(), "budget_exceeded");
    assert_eq!(service.reward(&town, "rest", "bob@example.org", 100).await.status, StatusCode::OK);
}

#[tokio::test]
async fn only_a_qwinner_with_its_newest_key_may_and_each_refusal_says_why() {
    let town = Town::found().await;
    let qwinner = Service::with_budget(&town, 1_000).await;
    let miner = Service::declare(&town, "MINER").await;
    let refused = async |key: &str| {
        let service = Service { id: 0, key: key.into() };
        let answer = service.reward(&town, "one", "bob@example.org", 1).await;
        (answer.status.as_u16(), answer.code().to_owned())
    };
    assert_eq!(refused("").await, (401, "wrong_service_key".into()));
    assert_eq!(refused(&"0".repeat(64)).await, (401, "wrong_service_key".into()));
    assert_eq!(refused(&town.admin.token).await, (401, "wrong_service_key".into()));
    assert_eq!(refused(&miner.key).await, (403, "wrong_service_role".into()));
    // It is no session either.
    assert_eq!(town.send(Method::GET, "/api/v1/account", &qwinner.key, None).await.code(), "session_expired");
    let path = format!("/api/v1/services/{}", qwinner.id);
    let new = town.post(&format!("{path}/key"), &town.ada, json!(null)).await.ok()["key"].as_str().unwrap().to_owned();
    assert_eq!(refused(&qwinner.key).await, (401, "service_key_replaced".into()));
    Service { key: new.clone(), ..qwinner }.reward(&town, "one", "bob@example.org", 1).await.ok();
    let listed = town.get("/api/v1/services", &town.ada).await.ok();
    assert_eq!(listed["services"][0]["status"], "active");
    town.send(Method::DELETE, &path, &town.ada.token, None).await;
    assert_eq!(refused(&new).await, (401, "service_revoked".into()));
    assert_eq!(incoming(&town, &town.bob).await, "1");
}

#[tokio::test]
async fn wrong_fields_are_named_and_nothing_is_paid() {
    let town = Town::found().await;
    let service = Service::with_budget(&town, 1_000_000_000).await;
    let good = json!({ "to": "bob@example.org", "amount": "5", "reason": "a fix", "contribution_id": "one" });
    for (field, value, code) in [
        ("to", json!("nobody@example.org"), "unknown_recipient"),
        ("to", json!(""), "unknown_recipient"),
        ("to", json!(town.ledger.genesis().system.to_string()), "unknown_recipient"),
        ("to", json!(7), "malformed_request"),
        ("amount", json!("0"), "zero_amount"),
        ("amount", json!("-1"), "negative_amount"),
        ("amount", json!(1.5), "invalid_amount"),
        ("amount", json!("1000000001"), "budget_exceeded"),
        ("amount", json!("100000000000000000000"), "amount_overflow"),
        // More than the system account has, although the budget allows it.
        ("amount", json!("1000000000"), "insufficient_funds"),
        ("reason", json!("x".repeat(141)), "invalid_memo"),
        ("reason", json!("a\nb"), "invalid_memo"),
        ("contribution_id", json!(""), "invalid_contribution_id"),
        ("contribution_id", json!("x".repeat(201)), "invalid_contribution_id"),
        ("contribution_id", json!("a\nb"), "invalid_contribution_id"),
        ("more", json!(1), "malformed_request"),
    ] {
        let mut body = good.clone();
        body[field] = value.clone();
        assert_eq!(service.send(&town, body).await.code(), code, "{field}: {value}");
    }
    assert_eq!(incoming(&town, &town.bob).await, "0");
    service.send(&town, good).await.ok();
}

#[tokio::test]
async fn administrators_see_all_services_and_notice_each_other_when_they_set_budgets() {
    let town = Town::found().await;
    let (miner, qwinner) = (Service::declare(&town, "MINER").await, Service::declare(&town, "QWINNER").await);
    assert_eq!(qwinner.set_budget(&town, &town.ada, 0, 9).await.code(), "forbidden");
    assert_eq!(miner.set_budget(&town, &town.admin, 0, 9).await.code(), "wrong_service_role");
    assert_eq!(Service { id: 99, ..miner }.set_budget(&town, &town.admin, 0, 9).await.code(), "not_found");
    qwinner.set_budget(&town, &town.admin, 0, 9).await.ok();
    let late = qwinner.set_budget(&town, &town.admin, 0, 100).await;
    assert_eq!((late.status.as_u16(), late.code()), (409, "edit_conflict"));
    qwinner.reward(&town, "one", "bob@example.org", 4).await.ok();
    let page = town.get("/api/v1/admin/services?limit=1", &town.admin).await.ok();
    assert_eq!((&page["services"][0]["service"]["role"], &page["next"]), (&json!("MINER"), &json!(0)));
    let page = town.get("/api/v1/admin/services?after=0", &town.admin).await.ok();
    assert_eq!(page["services"][0]["owner"]["email"], "ada@example.org");
    assert_eq!(page["services"][0]["service"]["budget"], json!({ "per_day": "9", "spent_today": "4" }));
    assert_eq!((page["services"].as_array().unwrap().len(), &page["next"]), (1, &Value::Null));
    assert_eq!(town.get("/api/v1/admin/services", &town.ada).await.code(), "forbidden");
}
