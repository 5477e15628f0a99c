//! The first start's wizard: a few pages that name the currency and its first administrator before anything is fixed.
//!
//! It is opened by a link with a token, printed on the terminal. The token works once and for an hour: it is exchanged for
//! a cookie, so that one browser has the setup and no other. Pages are plain forms without a script. The currency begins
//! when the last one is confirmed, in the process that serves them; the first administrator's key is then made in the
//! browser, by an invitation like any other.

mod draft;
mod page;
#[cfg(test)]
mod tests;

pub use draft::{Draft, Founding};
use draft::{Faults, form_fields};

use super::Trust;
use super::origin::is_own;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::{get, post};
use http_body_util::{BodyExt, Limited};
use hyper::body::Bytes;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use zeroize::Zeroizing;

/// How long the printed link works, and how long the browser that used it has.
pub const LINK_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 32 * 1024;
/// How long a form may take to arrive.
const FORM_TIMEOUT: Duration = Duration::from_secs(10);
const COOKIE_NAME: &str = "qoin_setup";
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";
/// Everything that the pages look like: the app's vocabulary, and the wizard's own sheet.
const STYLE: &str =
    concat!(include_str!("../../../../frontend/src/styles/tokens.css"), "\n", include_str!("setup.css"));

/// What the wizard asks of who started it: the currency is to begin.
pub struct FoundingRequest {
    /// How.
    pub founding: Founding,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Result<Founded, String>>,
}

/// The currency has begun.
#[derive(Debug, Clone)]
pub enum Founded {
    /// The app is here in a moment: the path at which the first administrator joins.
    Here(String),
    /// The website is somewhere else: the path on it.
    Elsewhere(String),
}

/// The wizard.
pub struct Setup {
    token: Zeroizing<String>,
    begun: Instant,
    lifetime: Duration,
    state: Mutex<Progress>,
    founding: tokio::sync::Mutex<Option<Founded>>,
    requests: mpsc::Sender<FoundingRequest>,
    trust: Trust,
    data: PathBuf,
}

#[derive(Default)]
struct Progress {
    /// The cookie of the browser that used the link.
    browser: Option<Zeroizing<String>>,
    draft: Draft,
}

impl Setup {
    /// A wizard for a data folder, whose form begins with `draft`. What it founds is asked of whoever has the other end.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn new(
        draft: Draft,
        trust: Trust,
        data: PathBuf,
        lifetime: Duration,
    ) -> Result<(Self, mpsc::Receiver<FoundingRequest>), getrandom::Error> {
        let (requests, receiver) = mpsc::channel(1);
        let setup = Self {
            token: random_text()?,
            begun: Instant::now(),
            lifetime,
            state: Mutex::new(Progress { browser: None, draft }),
            founding: tokio::sync::Mutex::default(),
            requests,
            trust,
            data,
        };
        Ok((setup, receiver))
    }

    /// The path, with the token, that opens it.
    pub fn path(&self) -> String {
        format!("/setup?token={}", *self.token)
    }

    /// The pages.
    pub fn router(self) -> Router {
        let setup = Arc::new(self);
        Router::new()
            .route("/setup", get(show).post(take_form))
            .route("/setup/begin", post(begin))
            .route("/setup/check", get(check))
            .route("/setup/found", post(found))
            .route("/setup/style.css", get(style))
            .route("/healthz", get(async || "ok\n"))
            .route("/readyz", get(async || (StatusCode::SERVICE_UNAVAILABLE, "being set up\n")))
            .fallback(async || html(StatusCode::FORBIDDEN, page::locked("There is nothing here yet.")))
            .layer(from_fn_with_state(setup.clone(), guard))
            .with_state(setup)
    }

    fn state(&self) -> MutexGuard<'_, Progress> {
        self.state.lock().expect("nothing panics while it holds the lock")
    }

    /// What the form holds, and what it means.
    fn look(&self) -> (Draft, Result<Founding, Faults>) {
        let draft = self.state().draft.clone();
        let checked = draft.check(|folder| check_backup_folder(folder, &self.data));
        (draft, checked)
    }

    fn is_expired(&self) -> bool {
        self.begun.elapsed() >= self.lifetime
    }

    /// Exchanges the token for the cookie of the one browser.
    fn take_token(&self, token: &str) -> Result<Zeroizing<String>, &'static str> {
        if !bool::from(self.token.as_bytes().ct_eq(token.as_bytes())) {
            return Err("This is not the link that was printed last.");
        }
        let mut state = self.state();
        if state.browser.is_some() {
            return Err("The link was used already.");
        }
        if self.is_expired() {
            return Err("The link has expired.");
        }
        let cookie = random_text().map_err(|_| "The system gives no randomness.")?;
        state.browser = Some(cookie.clone());
        Ok(cookie)
    }

    /// Whether a request comes from the browser that used the link.
    fn admits(&self, headers: &HeaderMap) -> Result<(), &'static str> {
        let shown = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='));
        let state = self.state();
        let is_own = match (&state.browser, shown) {
            (Some(cookie), Some(shown)) => bool::from(cookie.as_bytes().ct_eq(shown.as_bytes())),
            _ => false,
        };
        drop(state);
        if !is_own {
            return Err("This browser has not used the link.");
        }
        if self.is_expired() {
            return Err("The setup took more than an hour, and has expired.");
        }
        Ok(())
    }
}

/// 32 random bytes in hexadecimal.
fn random_text() -> Result<Zeroizing<String>, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes)?;
    Ok(Zeroizing::new(hex::encode(*bytes)))
}

/// Whether what is typed can be a folder for backups: it is made if it is not there, and can be written to.
pub fn check_backup_folder(folder: &Path, data: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("The folder cannot be used: {error}.");
    std::fs::create_dir_all(folder).map_err(failed)?;
    let (folder, data) =
        (folder.canonicalize().map_err(failed)?, data.canonicalize().unwrap_or_else(|_| data.to_owned()));
    if folder.starts_with(&data) {
        return Err("This is within the data folder: what destroys one would destroy the other.".to_owned());
    }
    probe(&folder).map_err(failed)
}

/// Tries to write a file.
fn probe(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".qoin-{}.probe", std::process::id()));
    std::fs::File::create(&probe)?;
    std::fs::remove_file(&probe)
}

async fn guard(State(setup): State<Arc<Setup>>, request: Request, next: Next) -> Response<Body> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let over_https = peer.is_some_and(|peer| setup.trust.sender(peer, request.headers()).over_https);
    let mut response = if is_own(request.method(), request.headers()) {
        next.run(request).await
    } else {
        html(StatusCode::FORBIDDEN, page::locked("The request came from a page of another site."))
    };
    let always: [(HeaderName, &'static str); 6] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The forms need to say that they come from here.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in always {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if over_https {
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        if let Some(cookie) = response.headers_mut().get_mut(SET_COOKIE)
            && let Ok(text) = cookie.to_str()
            && let Ok(secure) = HeaderValue::from_str(&format!("{text}; Secure"))
        {
            *cookie = secure;
        }
    }
    response
}

async fn show(State(setup): State<Arc<Setup>>, request: Request) -> Response<Body> {
    if setup.admits(request.headers()).is_ok() {
        let draft = setup.state().draft.clone();
        return html(StatusCode::OK, page::form(&draft, &Vec::new()));
    }
    let fields = form_fields(request.uri().query().unwrap_or_default().as_bytes());
    match fields.iter().find(|(name, _)| name == "token") {
        // Only looked at here: what looks at links on its own must not use it up.
        Some((_, token)) if token.len() < FORM_BYTES_MAX => html(StatusCode::OK, page::welcome(token)),
        _ => html(StatusCode::FORBIDDEN, page::locked("This browser has not used the link.")),
    }
}

async fn begin(State(setup): State<Arc<Setup>>, request: Request) -> Response<Body> {
    let body = match read(request).await {
        Ok((_, body)) => body,
        Err(refused) => return refused,
    };
    let token = form_fields(&body).into_iter().find(|(name, _)| name == "token").map(|(_, token)| token);
    match setup.take_token(&token.unwrap_or_default()) {
        Ok(cookie) => {
            let mut response = see_other("/setup");
            let cookie = format!("{COOKIE_NAME}={}; Path=/; HttpOnly; SameSite=Strict", *cookie);
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().insert(SET_COOKIE, cookie);
            }
            response
        }
        Err(why) => html(StatusCode::FORBIDDEN, page::locked(why)),
    }
}

async fn take_form(State(setup): State<Arc<Setup>>, request: Request) -> Response<Body> {
    let (headers, body) = match read(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    if let Err(why) = setup.admits(&headers) {
        return html(StatusCode::FORBIDDEN, page::locked(why));
    }
    setup.state().draft = Draft::of_form(&body);
    match setup.look() {
        (_, Ok(_)) => see_other("/setup/check"),
        (draft, Err(faults)) => html(StatusCode::UNPROCESSABLE_ENTITY, page::form(&draft, &faults)),
    }
}

async fn check(State(setup): State<Arc<Setup>>, headers: HeaderMap) -> Response<Body> {
    if let Err(why) = setup.admits(&headers) {
        return html(StatusCode::FORBIDDEN, page::locked(why));
    }
    look_over(&setup, StatusCode::OK, None)
}

async fn found(State(setup): State<Arc<Setup>>, request: Request) -> Response<Body> {
    let (headers, body) = match read(request).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    if let Err(why) = setup.admits(&headers) {
        return html(StatusCode::FORBIDDEN, page::locked(why));
    }
    // Whoever confirms twice at once is answered twice, and founds once.
    let mut founded = setup.founding.lock().await;
    if let Some(founded) = &*founded {
        return joined(founded);
    }
    let (draft, checked) = setup.look();
    let seen = form_fields(&body).into_iter().find(|(name, _)| name == "draft").map(|(_, digest)| digest);
    if seen.as_deref() != Some(draft.digest().as_str()) {
        let note = "Something was changed after this page was opened, perhaps in another tab. Look it over once more.";
        return look_over(&setup, StatusCode::CONFLICT, Some(note));
    }
    let Ok(founding) = checked else { return see_other("/setup") };
    let (reply, answer) = oneshot::channel();
    let asked = setup.requests.send(FoundingRequest { founding, reply }).await;
    let made = match asked {
        Ok(()) => answer.await.unwrap_or_else(|_| Err("the program is stopping".to_owned())),
        Err(_) => Err("the program is stopping".to_owned()),
    };
    match made {
        Ok(made) => joined(founded.insert(made)),
        Err(error) => {
            let note = format!("The currency could not begin: {error}. Nothing is fixed yet.");
            look_over(&setup, StatusCode::INTERNAL_SERVER_ERROR, Some(&note))
        }
    }
}

fn joined(founded: &Founded) -> Response<Body> {
    match founded {
        Founded::Here(path) => see_other(path),
        Founded::Elsewhere(path) => html(StatusCode::OK, page::founded(path)),
    }
}

/// The summary, or the form again when the draft is not good (any more).
fn look_over(setup: &Setup, status: StatusCode, note: Option<&str>) -> Response<Body> {
    match setup.look() {
        (draft, Ok(founding)) => html(status, page::summary(&founding, &draft.digest(), note)),
        (draft, Err(faults)) => html(StatusCode::UNPROCESSABLE_ENTITY, page::form(&draft, &faults)),
    }
}

async fn style() -> Response<Body> {
    let mut response = Response::new(Body::from(STYLE));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    response
}

/// The head and the body of a form.
async fn read(request: Request) -> Result<(HeaderMap, Bytes), Response<Body>> {
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(FORM_TIMEOUT, Limited::new(body, FORM_BYTES_MAX).collect()).await;
    match read {
        Ok(Ok(body)) => Ok((parts.headers, body.to_bytes())),
        Ok(Err(_)) => Err(html(StatusCode::PAYLOAD_TOO_LARGE, page::locked("The form was too long, or broke off."))),
        Err(_) => Err(html(StatusCode::REQUEST_TIMEOUT, page::locked("The form did not arrive in time."))),
    }
}

fn html(status: StatusCode, page: String) -> Response<Body> {
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

fn see_other(path: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(LOCATION, path);
    }
    response
}
