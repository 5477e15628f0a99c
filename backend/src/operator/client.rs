//! The commands' side of the operator's door.

use super::announcement::Announcement;
use crate::leader::keys::DataFolder;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use qoin_core::api::operator::OPERATOR_BACKUP_PATH;
use qoin_core::api::problem::{Problem, ProblemCode};
use serde_json::Value;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// How long the leader may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long it may take to begin its answer, or to go on with it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// The most of an answer that is read, but for a backup.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Why a running leader did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The file in the data folder cannot be read.
    #[error("cannot read {path}: {source}")]
    Announcement {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nobody answers where the leader should be, or somebody else: the file is from a run before.
    #[error("no leader answers at {0}")]
    Gone(String),
    /// The leader said no.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// The answer broke off, or has another form than this version knows.
    #[error("the leader's answer broke off: {0}")]
    Broken(String),
    /// What came cannot be written.
    #[error("cannot write what the leader sent: {0}")]
    Write(io::Error),
}

/// The way to a running leader.
pub struct OperatorClient {
    client: Client<HttpConnector, Full<Bytes>>,
    authority: String,
    token: Zeroizing<String>,
}

impl OperatorClient {
    /// The leader that runs with this data folder; none if none says that it does.
    ///
    /// # Errors
    /// When the file in which it says so cannot be read.
    pub fn of(folder: &DataFolder) -> Result<Option<Self>, ClientError> {
        let failed = |source| ClientError::Announcement { path: folder.operator(), source };
        let Some(announced) = Announcement::read(folder).map_err(failed)? else { return Ok(None) };
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Some(Self { client, authority: announced.api.to_string(), token: Zeroizing::new(announced.token) }))
    }

    /// Has the leader make a backup, and writes what it sends to `out`.
    ///
    /// # Errors
    /// When there is no leader, it refuses, or its answer breaks off.
    pub async fn back_up(&self, with_keys: bool, out: &mut impl Write) -> Result<(), ClientError> {
        let path = format!("{OPERATOR_BACKUP_PATH}?keys={with_keys}");
        let mut body = self.send(Method::POST, &path, None).await?.into_body();
        loop {
            let frame = timeout(ANSWER_TIMEOUT, body.frame()).await;
            let frame = frame.map_err(|_| ClientError::Broken("nothing came for a minute".into()))?;
            let Some(frame) = frame else { return Ok(()) };
            let frame = frame.map_err(|error| ClientError::Broken(error.to_string()))?;
            if let Some(bytes) = frame.data_ref() {
                out.write_all(bytes).map_err(ClientError::Write)?;
            }
        }
    }

    /// Asks what any client of the API may ask, with the operator's rights. What has no content is answered by null.
    ///
    /// # Errors
    /// When there is no leader, it refuses, or its answer breaks off.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, ClientError> {
        let answer = self.send(method, path, body).await?;
        let bytes = read(answer).await?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|error| ClientError::Broken(error.to_string()))
    }

    /// The answer to a request, if it is a success.
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<Response<Incoming>, ClientError> {
        let gone = || ClientError::Gone(self.authority.clone());
        let uri = Uri::builder().scheme("http").authority(&*self.authority).path_and_query(path).build();
        let uri = uri.map_err(|error| ClientError::Broken(error.to_string()))?;
        let authorization = Zeroizing::new(format!("Bearer {}", *self.token));
        let request = Request::builder().method(method).uri(uri).header(AUTHORIZATION, &*authorization);
        let request = match body {
            Some(body) => {
                request.header(CONTENT_TYPE, "application/json").body(Full::from(Bytes::from(body.to_string())))
            }
            None => request.body(Full::default()),
        };
        let request = request.map_err(|_| gone())?;
        let answer = timeout(ANSWER_TIMEOUT, self.client.request(request)).await;
        let answer = answer.map_err(|_| gone())?.map_err(|_| gone())?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        match serde_json::from_slice::<Problem>(&read(answer).await?) {
            // Another run's leader: the token is not its own.
            Ok(problem) if problem.code == ProblemCode::SessionExpired => Err(gone()),
            Ok(problem) => Err(ClientError::Refused(Box::new(problem))),
            // Another program.
            Err(_) if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) => {
                Err(gone())
            }
            Err(_) => Err(ClientError::Broken(format!("it is {status}"))),
        }
    }
}

async fn read(answer: Response<Incoming>) -> Result<Bytes, ClientError> {
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect();
    let body = timeout(ANSWER_TIMEOUT, body).await.map_err(|_| ClientError::Broken("it does not go on".into()))?;
    body.map(|body| body.to_bytes()).map_err(|error| ClientError::Broken(error.to_string()))
}
