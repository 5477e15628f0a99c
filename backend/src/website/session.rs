//! The exchange of the session's token: out of the cookie into the request, out of the answer into the cookie.

use super::cookie::{self, CookieSealer};
use super::problem;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, SET_COOKIE};
use axum::http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use qoin_core::api::invitations::ACCEPT_INVITATION_PATH;
use qoin_core::api::problem::{Problem, ProblemCode};
use qoin_core::api::recovery::RECOVERY_PATH;
use qoin_core::api::sessions::{CURRENT_SESSION_PATH, SESSIONS_PATH, SessionOpened};

/// The longest answer that is looked into, in bytes; those with tokens and problems are far shorter.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What one request has to do with sessions.
pub struct Exchange {
    over_https: bool,
    now_ms: u64,
    had_cookie: bool,
    opens: bool,
    closes: bool,
    authorization: Option<HeaderValue>,
}

impl Exchange {
    /// That of a request.
    pub fn of(request: &Request, cookies: &CookieSealer, over_https: bool, now_ms: u64) -> Self {
        let (method, path) = (request.method(), request.uri().path());
        let authorization = cookies.open(request.headers(), now_ms, over_https).and_then(|token| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", *token)).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        Self {
            over_https,
            now_ms,
            had_cookie: cookie::is_present(request.headers(), over_https),
            opens: *method == Method::POST && [SESSIONS_PATH, ACCEPT_INVITATION_PATH, RECOVERY_PATH].contains(&path),
            closes: *method == Method::DELETE && path == CURRENT_SESSION_PATH,
            authorization,
        }
    }

    /// What to tell the leader.
    pub fn authorization(&self) -> Option<HeaderValue> {
        self.authorization.clone()
    }

    /// The answer for the browser: without the token, with the cookie set or taken away where that is due.
    pub async fn finish(self, answer: Response<Body>, cookies: &CookieSealer) -> Response<Body> {
        if self.opens && answer.status().is_success() {
            return self.keep_token(answer, cookies).await;
        }
        if self.closes {
            return self.clear(answer);
        }
        if self.had_cookie && answer.status() == StatusCode::UNAUTHORIZED {
            let (parts, body) = answer.into_parts();
            let Some(bytes) = read(body).await else { return broken("an answer without access cannot be read") };
            let expired = serde_json::from_slice::<Problem>(&bytes)
                .is_ok_and(|problem| problem.code == ProblemCode::SessionExpired);
            let answer = Response::from_parts(parts, Body::from(bytes));
            return if expired { self.clear(answer) } else { answer };
        }
        answer
    }

    async fn keep_token(&self, answer: Response<Body>, cookies: &CookieSealer) -> Response<Body> {
        let (mut parts, body) = answer.into_parts();
        let opened = match read(body).await {
            Some(bytes) => serde_json::from_slice::<SessionOpened>(&bytes),
            None => return broken("a new session cannot be read"),
        };
        let Ok(mut opened) = opened else { return broken("a new session is not understood") };
        let Some(token) = opened.token.take() else { return broken("a new session has no token") };
        match cookies.seal(&token, opened.session.expires_ms, self.now_ms, self.over_https) {
            Ok(cookie) => parts.headers.insert(SET_COOKIE, cookie),
            Err(error) => return broken(&error.to_string()),
        };
        parts.headers.remove(CONTENT_LENGTH);
        let body = serde_json::to_vec(&opened).expect("a session can be written as JSON");
        Response::from_parts(parts, Body::from(body))
    }

    fn clear(&self, mut answer: Response<Body>) -> Response<Body> {
        answer.headers_mut().insert(SET_COOKIE, cookie::clear(self.over_https));
        answer
    }
}

async fn read(body: Body) -> Option<Bytes> {
    Limited::new(body, ANSWER_BYTES_MAX).collect().await.ok().map(|body| body.to_bytes())
}

fn broken(why: &str) -> Response<Body> {
    tracing::error!(why, "the leader's answer cannot be handed on");
    problem(&Problem::new(ProblemCode::Internal, "The website failed; its log says why."))
}
