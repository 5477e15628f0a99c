//! The commands' side of the operator's door.

use super::announcement::Announcement;
use crate::leader::keys::DataFolder;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::AUTHORIZATION;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use qoin_core::api::operator::{MasterKeyView, OPERATOR_BACKUP_PATH, OPERATOR_MASTER_KEY_PATH};
use qoin_core::api::problem::Problem;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// How long the leader may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long it may take to begin its answer, or to go on with it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// The most of an answer or a refusal that is read.
const ANSWER_BYTES_MAX: usize = 1 << 16;

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
    #[error("the leader refused: {0}")]
    Refused(String),
    /// The answer broke off.
    #[error("the leader's answer broke off: {0}")]
    Broken(String),
    /// What came cannot be written.
    #[error("cannot write what the leader sent: {0}")]
    Write(io::Error),
}

/// The way to a running leader.
pub struct OperatorClient {
    client: Client<HttpConnector, Empty<Bytes>>,
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
        let answer = self.post(&format!("{OPERATOR_BACKUP_PATH}?keys={with_keys}")).await?;
        let mut body = answer.into_body();
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

    /// Has the leader tell the master key, after it has made a new one where `replace` says so.
    ///
    /// # Errors
    /// When there is no leader, it refuses, or its answer breaks off.
    pub async fn master_key(&self, replace: bool) -> Result<MasterKeyView, ClientError> {
        let answer = self.post(&format!("{OPERATOR_MASTER_KEY_PATH}?replace={replace}")).await?;
        let body = body(answer).await.ok_or_else(|| ClientError::Broken("it did not come whole".into()))?;
        serde_json::from_slice(&body).map_err(|error| ClientError::Broken(error.to_string()))
    }

    async fn post(&self, path: &str) -> Result<Response<Incoming>, ClientError> {
        let gone = || ClientError::Gone(self.authority.clone());
        let uri = Uri::builder().scheme("http").authority(&*self.authority).path_and_query(path).build();
        let authorization = Zeroizing::new(format!("Bearer {}", *self.token));
        let request = Request::post(uri.map_err(|_| gone())?).header(AUTHORIZATION, &*authorization);
        let request = request.body(Empty::new()).map_err(|_| gone())?;
        let answer = timeout(ANSWER_TIMEOUT, self.client.request(request)).await;
        let answer = answer.map_err(|_| gone())?.map_err(|_| gone())?;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            // Another run's leader, or another program.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Err(gone()),
            status => Err(ClientError::Refused(detail(answer).await.unwrap_or_else(|| status.to_string()))),
        }
    }
}

/// The text for people in a problem document.
async fn detail(answer: Response<Incoming>) -> Option<String> {
    serde_json::from_slice::<Problem>(&body(answer).await?).ok().map(|problem| problem.detail)
}

/// A short answer, if it comes whole.
async fn body(answer: Response<Incoming>) -> Option<Bytes> {
    let body = timeout(ANSWER_TIMEOUT, Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect()).await.ok()?;
    Some(body.ok()?.to_bytes())
}
