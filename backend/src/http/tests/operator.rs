//! The operator's door.

use super::*;
use crate::backup;
use axum::response::Response;

const PATH: &str = "/api/v1/operator/backup";

/// The town's leader with a data folder, and the token to its operator's door.
fn with_door(town: Town) -> (Town, tempfile::TempDir, String) {
    let root = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(root.path()).unwrap();
    folder.ledger_keys().unwrap();
    let operator = OperatorDoor::new(folder).unwrap();
    let token = operator.token().to_owned();
    let router = open_router_with(&town.ledger, &town.identity, &town.mining, &town.stopping, operator);
    (Town { router, ..town }, root, token)
}

async fn ask_for(town: &Town, token: &str, query: &str) -> Response {
    let request = Request::post(format!("{PATH}{query}")).header("authorization", format!("Bearer {token}"));
    town.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_gets_a_backup_of_what_is_committed() {
    let (town, root, token) = with_door(Town::with_money().await);
    for (query, keys) in [("", true), ("?keys=false", false)] {
        let response = ask_for(&town, &token, query).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/octet-stream");
        let path = root.path().join("backup");
        std::fs::write(&path, response.into_body().collect().await.unwrap().to_bytes()).unwrap();
        let report = backup::verify(&path).unwrap();
        assert_eq!(report.description.keys, keys);
        assert_eq!((report.description.height, report.description.records), (1, town.ledger.position().records));
        assert_eq!(report.sections[0].name == "keys", keys);
    }
    assert_eq!(
        town.send(Method::POST, &format!("{PATH}?keys=perhaps"), &token, None).await.code(),
        "malformed_request"
    );
}

#[tokio::test]
async fn no_session_opens_the_operators_door_and_its_token_opens_no_members() {
    let (town, _root, token) = with_door(Town::found().await);
    for stranger in [&town.admin.token, &town.ada.token, &"0".repeat(64), ""] {
        assert_eq!(town.send(Method::POST, PATH, stranger, None).await.code(), "session_expired");
    }
    for path in ["/api/v1/account", "/api/v1/members", "/api/v1/sessions/current"] {
        assert_eq!(town.send(Method::GET, path, &token, None).await.code(), "session_expired", "{path}");
    }
}

#[tokio::test]
async fn the_token_administrates_and_the_audit_log_says_that_it_was_the_operator() {
    let (town, _root, token) = with_door(Town::found().await);
    let invitation = json!({ "name": "Eve", "email": "eve@example.org" });
    town.send(Method::POST, "/api/v1/invitations", &token, Some(invitation)).await.ok();
    let log = town.send(Method::GET, "/api/v1/admin/audit?who=operator", &token, None).await.ok();
    assert_eq!((&log["count"], &log["entries"][0]["who"]["kind"]), (&json!(1), &json!("operator")));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_backup_is_made_at_a_time_and_one_that_nobody_takes_ends_with_the_leader() {
    let (town, _root, token) = with_door(Town::found().await);
    // More than waits for a receiver: what nobody takes is not done.
    let memo = |_| Memo::new("m".repeat(140), rand_bytes()).unwrap();
    let paid = (0..8_000)
        .map(memo)
        .map(|memo| town.ledger.credit(town.ada.address, Amount::from_units(1), town.payment_id(), Some(memo)));
    futures_util::future::try_join_all(paid).await.unwrap();
    let first = ask_for(&town, &token, "").await;
    assert_eq!(first.status(), StatusCode::OK);
    let second = town.send(Method::POST, PATH, &token, None).await;
    assert_eq!((second.status.as_u16(), second.code()), (503, "busy"));
    assert_eq!(second.headers["retry-after"], "10");
    town.stopping.cancel();
    assert!(first.into_body().collect().await.is_err(), "cut off, and so that it is noticed");
}

fn rand_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

#[tokio::test]
async fn the_master_key_is_told_and_replaced() {
    const PATH: &str = "/api/v1/operator/master-key";
    let (town, _root, token) = with_door(Town::found().await);
    let key = async |query: &str| {
        let answer = town.send(Method::POST, &format!("{PATH}{query}"), &token, None).await.ok();
        answer["key"].as_str().unwrap().to_owned()
    };
    let first = key("").await;
    assert_eq!(key("?replace=false").await, first);
    let opens = |key: &str| town.identity.master(key, std::net::Ipv4Addr::LOCALHOST.into()).is_ok();
    assert!(opens(&first));
    let second = key("?replace=true").await;
    assert!(opens(&second) && !opens(&first));
    assert_eq!(town.send(Method::POST, PATH, &town.admin.token, None).await.code(), "session_expired");
}
