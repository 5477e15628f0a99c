//! The website as a whole before a leader made of a few routes.

use super::*;
use axum::extract::Path;
use axum::http::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, Method};
use axum::routing::{any, delete, get, post};
use http_body_util::BodyExt;
use qoin_core::api::sessions::{CURRENT_SESSION_PATH, SESSIONS_PATH};
use std::convert::Infallible;
use tokio::sync::mpsc;
use tower::ServiceExt;

const SECRET: &str = "000102030405060708090a0b0c0d0e0f";

fn session_json(token: &str) -> String {
    let zeros = |bytes: usize| "0".repeat(2 * bytes);
    let address = qoin_core::address::Address::from_bytes([1; 20]);
    format!(
        r#"{{"token":"{token}","session":{{"member":{{"name":"Ada","email":"ada@x","address":"{address}","role":"member",
        "first_password":false}},"expires_ms":{},"share":"{}","password":{{"salt":"{}","parameters":{{"memory_kib":65536,
        "iterations":3,"parallelism":1}}}},"vault":{{"version":1,"nonce":"{}","ciphertext":"{}"}}}}}}"#,
        now_ms() + 3_600_000,
        zeros(32),
        zeros(16),
        zeros(24),
        zeros(48),
    )
}

/// A leader that answers what it was asked with.
fn leader() -> Router {
    let refused = |code| async move { problem(&Problem::new(code, "no")) };
    Router::new()
        .route(SESSIONS_PATH, post(|| async { session_json("the-token") }))
        .route(CURRENT_SESSION_PATH, delete(|| async { StatusCode::NO_CONTENT }))
        .route("/api/v1/expired", get(move || refused(ProblemCode::SessionExpired)))
        .route("/api/v1/wrong", get(move || refused(ProblemCode::WrongCredentials)))
        .route("/api/v1/echo/{name}", any(echo))
}

async fn echo(
    Path(name): Path<String>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: String,
) -> String {
    let authorization = headers.get(AUTHORIZATION).map_or("none", |value| value.to_str().unwrap());
    format!("{name} {} {authorization} {} {body}", peer.ip(), headers.contains_key(COOKIE))
}

fn website(leader: Leader) -> Router {
    let trust = Trust { proxies: Vec::new(), https: false };
    Website::new(leader, &Secret::parse(SECRET).unwrap(), trust, CancellationToken::new()).router()
}

fn there(authority: String) -> Leader {
    Leader::there(&crate::config::value::LeaderUrl { https: false, authority }, None).unwrap()
}

async fn ask(website: &Router, method: Method, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = axum::http::Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::from("body")).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 4711))));
    website.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

async fn code(response: Response<Body>) -> ProblemCode {
    assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_MEDIA_TYPE);
    serde_json::from_str::<Problem>(&text(response).await).unwrap().code
}

const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

/// Signs in, and answers the cookie as a browser sends it back.
async fn signed_in(website: &Router) -> String {
    let response = ask(website, Method::POST, SESSIONS_PATH, &[OWN]).await;
    assert_eq!(response.status(), StatusCode::OK);
    let cookie = response.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let body = text(response).await;
    assert!(body.contains("ada@x") && !body.contains("token"), "{body}");
    cookie
}

#[tokio::test]
async fn the_token_stays_in_the_cookie() {
    let website = website(Leader::Here(leader()));
    let cookie = signed_in(&website).await;
    let echoed = ask(&website, Method::GET, "/api/v1/echo/a", &[("cookie", &cookie)]).await;
    assert_eq!(echoed.headers()["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
    assert_eq!(text(echoed).await, "a 192.0.2.7 Bearer the-token false body");
    let stolen = ask(&website, Method::GET, "/api/v1/echo/a", &[("authorization", "Bearer other")]).await;
    assert_eq!(text(stolen).await, "a 192.0.2.7 none false body");
}

#[tokio::test]
async fn signing_out_and_an_expired_session_take_the_cookie_away() {
    let website = website(Leader::Here(leader()));
    let cookie = signed_in(&website).await;
    let cleared = |response: &Response<Body>| {
        response.headers().get(SET_COOKIE).is_some_and(|value| value.to_str().unwrap().contains("Max-Age=0"))
    };
    let with_cookie = [OWN, ("cookie", &*cookie)];
    assert!(cleared(&ask(&website, Method::DELETE, CURRENT_SESSION_PATH, &with_cookie).await));
    let expired = ask(&website, Method::GET, "/api/v1/expired", &with_cookie).await;
    assert!(cleared(&expired));
    assert_eq!(code(expired).await, ProblemCode::SessionExpired);
    let wrong = ask(&website, Method::GET, "/api/v1/wrong", &with_cookie).await;
    assert!(!cleared(&wrong));
    assert_eq!(code(wrong).await, ProblemCode::WrongCredentials);
}

#[tokio::test]
async fn a_foreign_page_changes_nothing() {
    let website = website(Leader::Here(leader()));
    let cookie = signed_in(&website).await;
    for headers in
        [[("sec-fetch-site", "cross-site"), ("cookie", &*cookie)], [("origin", "http://evil"), ("host", "a")]]
    {
        let response = ask(&website, Method::POST, "/api/v1/echo/a", &headers).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(code(response).await, ProblemCode::ForeignOrigin);
    }
    let own = [("origin", "http://localhost:5000"), ("host", "localhost:5000")];
    assert_eq!(ask(&website, Method::POST, "/api/v1/echo/a", &own).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn too_large_a_body_is_refused() {
    let website = website(Leader::Here(leader()));
    let response = ask(&website, Method::POST, "/api/v1/echo/a", &[OWN, ("content-length", "70000")]).await;
    assert_eq!(code(response).await, ProblemCode::BodyTooLarge);
}

#[tokio::test]
async fn a_leader_that_is_away_is_told_with_a_time_to_try_again() {
    // A port that was just free, and that nobody listens on.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    drop(listener);
    let website = website(there(authority));
    let response = ask(&website, Method::GET, "/api/v1/echo/a", &[]).await;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(response.headers()[RETRY_AFTER], "2");
    assert_eq!(code(response).await, ProblemCode::LeaderUnreachable);
    assert_eq!(text(ask(&website, Method::GET, "/healthz", &[]).await).await, "ok\n");
}

#[tokio::test]
async fn a_leader_on_another_host_streams_its_events() {
    let (events, queue) = mpsc::channel::<&'static str>(1);
    let queue = Arc::new(tokio::sync::Mutex::new(Some(queue)));
    let stream = move || async move {
        let queue = queue.lock().await.take().unwrap();
        let chunks = futures_util::stream::unfold(queue, |mut queue| async {
            queue.recv().await.map(|event| (Ok::<_, Infallible>(event), queue))
        });
        Response::new(Body::from_stream(chunks))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let router = leader().route("/api/v1/events", get(stream)).into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let website = website(there(authority));
    let cookie = signed_in(&website).await;
    let echoed = ask(&website, Method::POST, "/api/v1/echo/b?c=d", &[OWN, ("cookie", &cookie)]).await;
    assert_eq!(text(echoed).await, "b 127.0.0.1 Bearer the-token false body");
    let mut body = ask(&website, Method::GET, "/api/v1/events", &[("cookie", &cookie)]).await.into_body();
    for event in ["data: 1\n\n", "data: 2\n\n"] {
        // Each arrives before the next is sent.
        events.send(event).await.unwrap();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), event);
    }
    serving.abort();
}

#[tokio::test]
async fn the_app_comes_with_its_policy() {
    let website = website(Leader::Here(leader()));
    let page = ask(&website, Method::GET, "/send", &[]).await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval'"), "{policy}");
    assert_eq!(page.headers()["cross-origin-opener-policy"], "same-origin");
    assert!(text(page).await.contains("<html"));
}
