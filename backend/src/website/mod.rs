//! The website: serves the app, keeps the session's token in a sealed cookie, and hands the API's requests on to the
//! leader.

pub mod assets;
pub mod cookie;
mod headers;
pub mod listen;
mod origin;
mod proxy;
mod session;
pub mod setup;

pub use origin::Trust;
pub use proxy::{Api, Leader};

use crate::config::Secret;
use crate::tls::Acceptor;
use assets::Assets;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Response, StatusCode};
use cookie::CookieSealer;
use futures_util::StreamExt;
use headers::Headers;
use http_body_util::Limited;
use qoin_core::api::problem::{PROBLEM_MEDIA_TYPE, Problem, ProblemCode};
use qoin_core::limits::BODY_BYTES_MAX;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// After how many seconds to try again while the leader is away.
const LEADER_RETRY_S: u32 = 2;

/// A website.
pub struct Website {
    leader: Leader,
    trust: Trust,
    cookies: CookieSealer,
    assets: Assets,
    headers: Headers,
    stopping: CancellationToken,
}

impl Website {
    /// A website with the app of this program, until `stopping`.
    pub fn new(leader: Leader, secret: &Secret, trust: Trust, stopping: CancellationToken) -> Self {
        let assets = Assets::embedded();
        let headers = Headers::of_page(&String::from_utf8_lossy(assets.index().plain));
        Self { leader, trust, cookies: CookieSealer::new(secret), assets, headers, stopping }
    }

    /// Serves it until it is told to stop, then until the open requests are answered; by HTTPS where there is a certificate.
    pub async fn serve(self, listener: TcpListener, connections: u32, tls: Option<Acceptor>) {
        let stopping = self.stopping.clone();
        listen::serve(listener, self.router(), connections, tls, stopping).await;
    }

    fn router(self) -> Router {
        Router::new().fallback(answer).with_state(Arc::new(self))
    }

    async fn answer_api(&self, request: Request, sender: origin::Sender) -> Response<Body> {
        if !origin::is_own(request.method(), request.headers()) {
            let detail = "This request does not come from a page of this website.";
            return problem(&Problem::new(ProblemCode::ForeignOrigin, detail));
        }
        let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > BODY_BYTES_MAX as u64) {
            let detail = format!("A request has at most {BODY_BYTES_MAX} bytes.");
            return problem(&Problem::new(ProblemCode::BodyTooLarge, detail));
        }
        let session = session::Exchange::of(&request, &self.cookies, sender.over_https, now_ms());
        let request = request.map(|body| Body::new(Limited::new(body, BODY_BYTES_MAX)));
        let mut answer = match self.leader.answer(request, sender.address, session.authorization()).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(%error, "no answer from the leader");
                let detail = "The website cannot reach the leader at the moment. Nothing is lost; try again shortly.";
                problem(&Problem::new(ProblemCode::LeaderUnreachable, detail).retry_after_s(LEADER_RETRY_S))
            }
        };
        if answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
            // It has no end of its own, so that the website could not stop while a browser listens.
            answer = answer.map(|body| {
                Body::from_stream(body.into_data_stream().take_until(self.stopping.clone().cancelled_owned()))
            });
        }
        session.finish(answer, &self.cookies).await
    }
}

/// Answers every request.
async fn answer(
    State(website): State<Arc<Website>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let mut sender = website.trust.sender(peer.ip(), request.headers());
    sender.over_https |= request.extensions().get::<listen::Encrypted>().is_some();
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") {
        let mut response = website.answer_api(request, sender).await;
        website.headers.set_for_api(response.headers_mut(), sender.over_https);
        return response;
    }
    let mut response = match path {
        "/healthz" => Response::new(Body::from("ok\n")),
        path => website.assets.answer(request.method(), path, request.headers()),
    };
    website.headers.set_for_app(response.headers_mut(), sender.over_https);
    response
}

/// The answer that carries a problem.
fn problem(problem: &Problem) -> Response<Body> {
    let body = serde_json::to_vec(problem).expect("a problem can be written as JSON");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_MEDIA_TYPE));
    if let Some(seconds) = problem.retry_after_s {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The time now, in milliseconds since 1970.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
