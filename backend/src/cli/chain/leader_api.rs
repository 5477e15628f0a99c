//! A running leader's API, as far as the commands need it: sign in, and download.

use anyhow::{Context, Result, anyhow, bail};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use qoin::config::value::LeaderUrl;
use qoin::tls::client::{Connector, connector};
use qoin_core::api::bytes::Bytes as Hexadecimal;
use qoin_core::api::problem::Problem;
use qoin_core::api::sessions::{
    PARAMETERS_PATH, ParametersRequest, PasswordParameters, SESSIONS_PATH, SessionOpened, SignIn,
};
use qoin_core::unicode::Tables;
use qoin_core::vault::{Root, Salt};
use serde::{Serialize, de::DeserializeOwned};
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

/// How long the leader may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the leader may take to begin its answer, or to go on with it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest answer that is not a download, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// A leader's API, and the session that is shown there.
pub struct LeaderApi {
    runtime: Runtime,
    client: Client<Connector, Full<Bytes>>,
    url: LeaderUrl,
    token: Option<Zeroizing<String>>,
}

/// An answer that is read as it comes, piece by piece.
pub struct Download {
    runtime: Runtime,
    headers: HeaderMap,
    body: Incoming,
}

impl LeaderApi {
    /// The API at an address; `authorities` is a PEM file with those whose word on its certificate is believed.
    pub fn at(url: &str, authorities: Option<&Path>) -> Result<Self> {
        let url = LeaderUrl::parse(url).map_err(|refused| anyhow!("{}", refused.what))?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting a runtime")?;
        let connector = connector(&url, authorities, CONNECT_TIMEOUT)?;
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { runtime, client, url, token: None })
    }

    /// Shows this session's token from now on.
    pub fn show_token(&mut self, token: String) {
        self.token = Some(Zeroizing::new(token));
    }

    /// Opens a session for a member, with the password from the environment or the terminal.
    pub fn sign_in(&mut self, email: &str) -> Result<()> {
        let password = password(email)?;
        let email = email.to_owned();
        let PasswordParameters { salt, parameters } =
            self.post(PARAMETERS_PATH, &ParametersRequest { email: email.clone() })?;
        let root = Root::derive(&password, &Salt::from_bytes(salt.0), &parameters, &Tables)?;
        let authentication_key = Hexadecimal(*root.authentication_key().as_bytes());
        let opened: SessionOpened = self.post(SESSIONS_PATH, &SignIn { email, authentication_key })?;
        let token = opened.token.context("this is a website's address: name the leader's own API")?;
        self.show_token(token);
        Ok(())
    }

    /// Begins to read what is at a path.
    pub fn download(self, path: &str) -> Result<Download> {
        let request = self.request(Method::GET, path).body(Full::default()).context("making a request")?;
        let response = self.runtime.block_on(self.answer(request))?;
        let (parts, body) = response.into_parts();
        Ok(Download { runtime: self.runtime, headers: parts.headers, body })
    }

    fn request(&self, method: Method, path: &str) -> hyper::http::request::Builder {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {}", **token)),
            None => request,
        }
    }

    fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let request = self.request(Method::POST, path).header(CONTENT_TYPE, "application/json");
        let request = request.body(Full::from(serde_json::to_vec(body)?)).context("making a request")?;
        self.runtime.block_on(async {
            let bytes = read(self.answer(request).await?).await?;
            serde_json::from_slice(&bytes).context("the leader's answer has another form; is this its API?")
        })
    }

    /// The answer to a request, if it is a success.
    async fn answer(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>> {
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, self.client.request(request)).await;
        let unreachable = || format!("the leader at {} cannot be reached", self.url);
        let response = answer.with_context(unreachable)?.with_context(unreachable)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        match serde_json::from_slice::<Problem>(&read(response).await?) {
            Ok(problem) => bail!("the leader says no ({}): {}", problem.code, problem.detail),
            Err(_) => bail!("what listens at {} answered {status}; is it a leader's API?", self.url),
        }
    }
}

async fn read(response: Response<Incoming>) -> Result<Bytes> {
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect();
    let body = tokio::time::timeout(ANSWER_TIMEOUT, body).await.context("the leader's answer does not go on")?;
    Ok(body.map_err(|error| anyhow!("reading the leader's answer: {error}"))?.to_bytes())
}

fn password(email: &str) -> Result<Zeroizing<String>> {
    if let Ok(password) = std::env::var("QOIN_PASSWORD") {
        return Ok(Zeroizing::new(password));
    }
    let asked = rpassword::prompt_password(format!("Password of {email}: "));
    asked.map(Zeroizing::new).context("no password in QOIN_PASSWORD, and no terminal to ask at")
}

impl Download {
    /// A header of the answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Iterator for Download {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let body = &mut self.body;
            let next = self.runtime.block_on(async { tokio::time::timeout(ANSWER_TIMEOUT, body.frame()).await });
            let frame = match next {
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(error))) => return Some(Err(io::Error::other(error))),
                Ok(None) => return None,
                Err(_) => return Some(Err(io::Error::new(io::ErrorKind::TimedOut, "the leader does not go on"))),
            };
            // Trailers have no data.
            if let Ok(data) = frame.into_data() {
                return Some(Ok(data));
            }
        }
    }
}
