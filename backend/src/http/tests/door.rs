//! What all paths have in common, and the OpenAPI document.

use super::*;
use crate::http::document;
use qoin_core::api::capabilities::Capability;
use std::fs;
use std::path::Path;

/// What a route says of who may use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stated {
    /// Everyone.
    Public,
    /// A session.
    Session,
    /// A session with a right, or the operator.
    Right(Capability),
    /// The operator alone.
    Operator,
    /// A service.
    Service,
}

/// Those that a session under a first password may use as well.
const FIRST: [&str; 2] = ["/api/v1/sessions/current", "/api/v1/account/password"];

/// Every documented operation with what it says of who may use it, and with its path's variables filled in.
fn operations() -> Vec<(Method, String, Stated)> {
    let document = serde_json::to_value(document()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            let stated = stated(&operation["security"]).unwrap_or_else(|| panic!("{name} states no right"));
            assert_eq!(
                path.starts_with("/api/v1/admin"),
                matches!(stated, Stated::Right(_)) && !is_elsewhere(path),
                "{name}"
            );
            let path = path.split('/').map(|part| if part.starts_with('{') { "00" } else { part });
            let path = path.collect::<Vec<_>>().join("/");
            operations.push((method.to_uppercase().parse().unwrap(), path, stated));
        }
    }
    operations
}

/// Whether a path of the administration is named otherwise, since it was there before.
fn is_elsewhere(path: &str) -> bool {
    path.starts_with("/api/v1/invitations")
}

/// Reads the security requirements of an operation; none when they say nothing.
fn stated(security: &Value) -> Option<Stated> {
    let all = security.as_array()?;
    let of = |scheme: &str| all.iter().find_map(|it| it.get(scheme));
    match (of("session").and_then(|it| it.as_array()), of("operator")) {
        (None, None) if of("service").is_some() => Some(Stated::Service),
        (None, None) => all.contains(&json!({})).then_some(Stated::Public),
        (None, Some(_)) => Some(Stated::Operator),
        (Some(scopes), None) if scopes.is_empty() => Some(Stated::Session),
        (Some(scopes), Some(_)) if scopes.len() == 1 => Some(Stated::Right(scopes[0].as_str()?.parse().ok()?)),
        _ => None,
    }
}

#[test]
fn the_openapi_document_is_as_reviewed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let made = document().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("QOIN_BLESS").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let reviewed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        made == reviewed,
        "{} differs; review it after QOIN_BLESS=1 cargo nextest run -p qoin openapi",
        path.display()
    );
}

#[test]
fn every_type_that_the_document_names_is_in_it() {
    let document = document().to_json().unwrap();
    let schemas = serde_json::from_str::<Value>(&document).unwrap()["components"]["schemas"].clone();
    for reference in document.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.get(name).is_some(), "{name}");
    }
}

#[test]
fn every_path_of_the_shared_types_is_served() {
    let document = serde_json::to_value(document()).unwrap();
    for path in [
        qoin_core::api::account::ACCOUNT_PATH,
        qoin_core::api::account::HISTORY_PATH,
        qoin_core::api::admin::ADMIN_MEMBERS_PATH,
        qoin_core::api::admin::CREDITS_PATH,
        qoin_core::api::blocks::BLOCKS_PATH,
        qoin_core::api::blocks::HEADERS_PATH,
        qoin_core::api::contributions::CONTRIBUTIONS_PATH,
        qoin_core::api::currency::CURRENCY_PATH,
        qoin_core::api::currency::SUPPLY_PATH,
        qoin_core::api::events::EVENTS_PATH,
        qoin_core::api::invitations::ACCEPT_INVITATION_PATH,
        qoin_core::api::invitations::INVITATIONS_PATH,
        qoin_core::api::invitations::OPEN_INVITATION_PATH,
        qoin_core::api::members::MEMBERS_PATH,
        qoin_core::api::mining::MINING_PATH,
        qoin_core::api::mining::WORKERS_PATH,
        qoin_core::api::operator::OPERATOR_BACKUP_PATH,
        qoin_core::api::recovery::CHALLENGE_PATH,
        qoin_core::api::recovery::RECOVERY_PATH,
        qoin_core::api::restores::RESTORES_PATH,
        qoin_core::api::services::ADMIN_SERVICES_PATH,
        qoin_core::api::services::SERVICES_PATH,
        qoin_core::api::services::SERVICE_BUDGET_PATH,
        qoin_core::api::services::SERVICE_KEY_PATH,
        qoin_core::api::services::SERVICE_PATH,
        qoin_core::api::sessions::CURRENT_SESSION_PATH,
        qoin_core::api::sessions::PARAMETERS_PATH,
        qoin_core::api::sessions::PASSWORD_PATH,
        qoin_core::api::sessions::SESSIONS_PATH,
        qoin_core::api::transactions::BATCH_PATH,
        qoin_core::api::transactions::TRANSACTIONS_PATH,
    ] {
        assert!(document["paths"].get(path).is_some(), "{path}");
        assert!(path.starts_with(qoin_core::api::PREFIX), "{path}");
    }
}

#[tokio::test]
async fn without_a_session_almost_everything_is_refused_before_its_form_is_looked_at() {
    let town = Town::found().await;
    for (method, path, stated) in operations() {
        let answer = town.send(method.clone(), &path, &"0".repeat(64), Some(json!("nonsense"))).await;
        if stated == Stated::Public {
            assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        } else {
            let code = if stated == Stated::Service { "wrong_service_key" } else { "session_expired" };
            assert_eq!(answer.code(), code, "{method} {path}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
}

#[tokio::test]
async fn a_first_password_allows_only_to_replace_it() {
    let town = Town::found().await;
    let token = town.identity.add_for_test("eve@example.org", Role::Member, [20; 32], [20; 32], true).await.unwrap();
    for (method, path, stated) in operations().into_iter().filter(|(method, ..)| method != Method::DELETE) {
        let answer = town.send(method.clone(), &path, &token, None).await;
        if stated == Stated::Operator {
            assert_eq!(answer.code(), "session_expired", "no session opens the operator's door");
        } else if stated == Stated::Service {
            assert_eq!(answer.code(), "wrong_service_key", "a session is no service");
        } else if stated == Stated::Public || FIRST.contains(&&*path) {
            assert_ne!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
        } else {
            assert_eq!(answer.code(), "forbidden", "{method} {path}");
            assert!(answer.json["detail"].as_str().unwrap().contains("choose one of your own"));
        }
    }
}

/// Every route, every role: who lacks what the route states is refused, and nobody else is.
#[tokio::test]
async fn what_a_route_states_is_what_it_asks_for() {
    for role in [Role::Member, Role::Treasurer, Role::Administrator] {
        let town = Town::found().await;
        // So that the one who asks is never the last administrator.
        for (number, (method, path, stated)) in operations().into_iter().enumerate() {
            let email = format!("m{number}@example.org");
            let mut seed = [0; 32];
            seed[..9].copy_from_slice(&[9, 9, 9, 9, 9, 9, 9, 9, number as u8]);
            let token = town.identity.add_for_test(&email, role, seed, seed, false).await.unwrap();
            // Streams and files are not read: their heads tell.
            let request = Request::builder().method(method.clone()).uri(&path);
            let request = request.header("authorization", format!("Bearer {token}")).body(Body::from("\"nonsense\""));
            let response = town.router.clone().oneshot(request.unwrap()).await.unwrap();
            let is_refused = response.status() == StatusCode::FORBIDDEN;
            let is_unknown = response.status() == StatusCode::UNAUTHORIZED;
            match stated {
                Stated::Public => assert!(!is_refused, "{method} {path}"),
                Stated::Session => assert!(!is_refused && !is_unknown, "{role:?}: {method} {path}"),
                Stated::Right(right) => {
                    assert_eq!(is_refused, !role.may(right), "{role:?}: {method} {path} needs {right}")
                }
                Stated::Operator | Stated::Service => assert!(is_unknown, "{role:?}: {method} {path}"),
            }
        }
    }
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_problems_too() {
    let town = Town::found().await;
    for path in ["/", "/api/v1/nothing", "/api/v1/transactions/x", "/api/v1/transactions/7", "/api/v1/blocks/1"] {
        assert_eq!(town.get(path, &town.ada).await.code(), "not_found", "{path}");
    }
    let answer = town.send(Method::PUT, "/api/v1/sessions", "", None).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (405, "method_not_allowed"));
    assert_eq!(answer.headers["allow"], "POST");
}

#[tokio::test]
async fn answers_are_kept_by_no_cache_and_no_page() {
    let town = Town::found().await;
    for path in ["/api/v1/currency", "/api/v1/account", "/nothing", "/healthz"] {
        let headers = town.get(path, &town.ada).await.headers;
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"), "{path}");
    }
}

#[tokio::test]
async fn the_document_can_be_read_at_its_page() {
    let town = Town::found().await;
    let document = town.get("/api/openapi.json", &town.ada).await;
    assert_eq!(document.headers["content-type"], "application/json");
    assert_eq!(document.json["openapi"], "3.1.0");
    let page = town.get("/api/docs/", &town.ada).await;
    assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));
    let script = town.get("/api/docs/swagger-initializer.js", &town.ada).await;
    assert!(script.json.as_str().unwrap().contains("/api/openapi.json"));
}

#[tokio::test]
async fn health_readiness_and_metrics() {
    let town = Town::with_money().await;
    assert_eq!(town.get("/healthz", &town.ada).await.status, StatusCode::OK);
    assert_eq!(town.get("/readyz", &town.ada).await.status, StatusCode::OK);
    town.sign_in(&town.ada.email, town.ada.authentication_key).await.ok();
    town.pay(&town.ada, &town.bob, 1, None).await.ok();
    let metrics = town.get("/metrics", &town.ada).await.json;
    let metrics = metrics.as_str().unwrap();
    for line in [
        "qoin_records_total 5",
        "qoin_blocks_total 1",
        "qoin_pending_records 1",
        "qoin_members 3",
        "qoin_sessions_opened_total 1",
        "qoin_http_answers_total{status=\"201\"} 2",
    ] {
        assert!(metrics.lines().any(|it| it == line), "{line} is not in\n{metrics}");
    }
    town.stopping.cancel();
    assert_eq!(town.get("/readyz", &town.ada).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_body_is_bounded_and_must_be_json() {
    let town = Town::found().await;
    let answer = town.ask("/api/v1/sessions", json!({ "email": "x".repeat(70_000) })).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (413, "body_too_large"));
    let request = Request::post("/api/v1/sessions").body(Body::from("{")).unwrap();
    assert_eq!(town.raw(request).await.code(), "malformed_request");
    assert_eq!(town.get("/api/v1/members?limit=201", &town.ada).await.code(), "malformed_request");
    assert_eq!(town.get("/api/v1/account/history?before=x", &town.ada).await.code(), "malformed_request");
    assert_eq!(town.get("/api/v1/account/history?surprise=1", &town.ada).await.code(), "malformed_request");
}
