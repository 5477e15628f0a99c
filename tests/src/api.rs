//! The HTTP API as a client sees it.

use anyhow::Context;
use qoin_core::api::problem::{Problem, ProblemCode};
use reqwest::{Method, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt;

/// A door that speaks the API, with the session whose token it shows, if any.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// An answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The leader said what was wrong.
    Problem(Box<Problem>),
    /// There was no answer, or one that is no problem document.
    Broken(String),
}

impl Refusal {
    /// The stable code.
    ///
    /// # Panics
    /// When there was no problem document, since a test that asks for a code expects one.
    pub fn code(&self) -> ProblemCode {
        match self {
            Self::Problem(problem) => problem.code,
            Self::Broken(what) => panic!("no problem document: {what}"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(problem) => write!(f, "{} {}: {}", problem.status, problem.code, problem.detail),
            Self::Broken(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Refusal {}

impl Api {
    /// The API at an address such as `http://127.0.0.1:5002`; the scheme may be left out.
    pub fn at(address: &str) -> Self {
        let address = address.trim_end_matches('/');
        let base = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        // A connection kept from before the leader was killed would fail the first request to the next one.
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a plain client can be made");
        Self { http, base, token: None }
    }

    /// The same over connections that are kept, for many requests to a leader that stays.
    pub fn over_kept_connections(&self) -> Self {
        Self { http: reqwest::Client::new(), ..self.clone() }
    }

    /// The same, with a session's token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The address that paths are put behind.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The session's token.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// A request that is not sent yet.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Reads something.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refusal> {
        answer(self.request(Method::GET, path)).await.map(|(_, value)| value)
    }

    /// Sends something.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Refusal> {
        self.post_with_status(path, body).await.map(|(_, value)| value)
    }

    /// Sends something and also tells the status of the success.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn post_with_status<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<(StatusCode, T), Refusal> {
        answer(self.request(Method::POST, path).json(body)).await
    }

    /// Deletes something.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn delete(&self, path: &str) -> Result<(), Refusal> {
        let response = self.request(Method::DELETE, path).send().await.map_err(broken)?;
        if response.status().is_success() { Ok(()) } else { Err(refusal(response).await) }
    }
}

/// Sends a request and reads what comes back.
///
/// # Errors
/// When it is refused.
pub async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<(StatusCode, T), Refusal> {
    let response = request.send().await.map_err(broken)?;
    let status = response.status();
    if !status.is_success() {
        return Err(refusal(response).await);
    }
    let text = response.text().await.map_err(broken)?;
    let value = serde_json::from_str(&text).with_context(|| format!("an answer of another form: {text}"));
    Ok((status, value.map_err(|error| Refusal::Broken(format!("{error:#}")))?))
}

async fn refusal(response: reqwest::Response) -> Refusal {
    let (status, url) = (response.status(), response.url().clone());
    let media_type = response.headers().get("content-type").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let text = response.text().await.unwrap_or_default();
    match serde_json::from_str::<Problem>(&text) {
        Ok(problem) if media_type.as_deref() == Some(qoin_core::api::problem::PROBLEM_MEDIA_TYPE) => {
            assert_eq!(problem.status, status.as_u16(), "the problem document tells another status");
            assert_eq!(problem.code.status(), status.as_u16(), "the status is not the code's");
            Refusal::Problem(Box::new(problem))
        }
        _ => Refusal::Broken(format!("{url} answered {status} ({media_type:?}): {text}")),
    }
}

fn broken(error: reqwest::Error) -> Refusal {
    Refusal::Broken(format!("{:#}", anyhow::Error::new(error)))
}
