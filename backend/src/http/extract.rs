//! From a request to types, once, at the door: the session, the body, the query, the path.

use super::Leader;
use super::error::ApiError;
use crate::identity::{Granted, Guest, MemberSession, OpenSession, Qwinner, Refusal, Right};
use crate::operator::Operator;
use axum::body::{Bytes, HttpBody};
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::{header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use qoin_core::api::problem::ProblemCode;
use qoin_core::limits::{BODY_BYTES_MAX, PAGE_ENTRIES_DEFAULT, PAGE_ENTRIES_MAX};
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// How much of a body that is too large is still taken, and forgotten.
const DRAINED_BYTES_MAX: usize = 4 * 1024 * 1024;

impl FromRequestParts<Arc<Leader>> for OpenSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, leader: &Arc<Leader>) -> Result<Self, ApiError> {
        let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.to_str().ok()?));
        Ok(leader.identity.session(token.ok_or(Refusal::SessionExpired)?)?)
    }
}

impl FromRequestParts<Arc<Leader>> for MemberSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, leader: &Arc<Leader>) -> Result<Self, ApiError> {
        Ok(OpenSession::from_request_parts(parts, leader).await?.into_member()?)
    }
}

/// A session whose role has the right, or the operator's token.
impl<R: Right> FromRequestParts<Arc<Leader>> for Granted<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, leader: &Arc<Leader>) -> Result<Self, ApiError> {
        if let Ok(operator) = Operator::from_request_parts(parts, leader).await {
            return Ok(operator.grant(&leader.identity));
        }
        let session = MemberSession::from_request_parts(parts, leader).await?;
        Ok(session.grant(client_address(parts, &leader.settings.trusted_proxies)).await?)
    }
}

/// Where the request comes from.
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<Arc<Leader>> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, leader: &Arc<Leader>) -> Result<Self, Infallible> {
        Ok(Self(client_address(parts, &leader.settings.trusted_proxies)))
    }
}

impl FromRequestParts<Arc<Leader>> for Guest {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, leader: &Arc<Leader>) -> Result<Self, ApiError> {
        Ok(leader.identity.guest(client_address(parts, &leader.settings.trusted_proxies)))
    }
}

impl FromRequestParts<Arc<Leader>> for Qwinner {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, leader: &Arc<Leader>) -> Result<Self, ApiError> {
        let key = parts.headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.to_str().ok()?));
        let from = client_address(parts, &leader.settings.trusted_proxies);
        Ok(leader.identity.qwinner(from, key.unwrap_or_default()).map_err(Refusal::from)?)
    }
}

impl FromRequestParts<Arc<Leader>> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, leader: &Arc<Leader>) -> Result<Self, ApiError> {
        let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.to_str().ok()?));
        let operator = token.and_then(|token| leader.operator.admit(token));
        operator.ok_or_else(|| {
            ApiError::new(ProblemCode::SessionExpired, "this needs the token in the leader's data folder")
        })
    }
}

/// The token of `Bearer TOKEN`; the scheme in any case (RFC 9110, 11.1).
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Who is at the other end. A trusted proxy is asked for whom it came, in `X-Forwarded-For`, whose entries the
/// proxies append: the last one that is not a trusted proxy itself.
fn client_address(parts: &Parts, trusted: &[IpAddr]) -> IpAddr {
    // Requests that come without a connection are made within this process.
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(Ipv4Addr::LOCALHOST.into(), |peer| peer.0.ip());
    let is_trusted = |address: &IpAddr| trusted.contains(&address.to_canonical());
    if !is_trusted(&peer) {
        return peer;
    }
    let forwarded: Vec<IpAddr> = parts
        .headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|entry| entry.trim().parse().ok())
        .collect();
    forwarded.into_iter().rev().find(|address| !is_trusted(address)).unwrap_or(peer)
}

/// The bytes of a body of at most [`BODY_BYTES_MAX`].
pub struct Body(pub Bytes);

impl<S: Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        read_body(request.into_body(), BODY_BYTES_MAX).await.map(Self)
    }
}

/// Reads a body of at most `max` bytes.
///
/// # Errors
/// When it is larger, breaks off, or takes too long.
pub async fn read_body(body: axum::body::Body, max: usize) -> Result<Bytes, ApiError> {
    match tokio::time::timeout(BODY_TIMEOUT, read(body, max)).await {
        Ok(read) => read,
        Err(_) => Err(ApiError::malformed("the body did not arrive in time")),
    }
}

async fn read(mut body: axum::body::Body, max: usize) -> Result<Bytes, ApiError> {
    if body.size_hint().lower() <= max as u64 {
        match Limited::new(&mut body, max).collect().await {
            Ok(collected) => return Ok(collected.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {}
            Err(error) => return Err(ApiError::malformed(format_args!("the body broke off: {error}"))),
        }
    }
    // Most clients read the answer only once they have sent everything.
    let mut left = DRAINED_BYTES_MAX;
    while let Some(Ok(frame)) = body.frame().await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            break;
        }
    }
    Err(ApiError::new(ProblemCode::BodyTooLarge, format_args!("a body has at most {max} bytes here")))
}

/// A JSON body.
pub struct Json<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Body(bytes) = Body::from_request(request, state).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(ApiError::malformed)
    }
}

/// The query's parameters.
pub struct Parameters<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(rejection) => Err(ApiError::malformed(rejection.body_text())),
        }
    }
}

/// The part of the path that names something. What cannot be a name names nothing.
pub struct Name<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Name<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(name)) => Ok(Self(name)),
            Err(_) => Err(ApiError::not_found("such thing")),
        }
    }
}

/// How many entries a page has.
///
/// # Errors
/// When more are asked for than allowed, or none.
pub fn page_entries(limit: Option<u32>) -> Result<usize, ApiError> {
    entries(limit.unwrap_or(PAGE_ENTRIES_DEFAULT), PAGE_ENTRIES_MAX)
}

/// The same for a list with a limit of its own.
///
/// # Errors
/// When more are asked for than allowed, or none.
pub fn entries(limit: u32, max: u32) -> Result<usize, ApiError> {
    if (1..=max).contains(&limit) {
        Ok(limit as usize)
    } else {
        Err(ApiError::malformed(format_args!("limit lies between 1 and {max}, not at {limit}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let mut request = Request::builder();
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        let trusted = ["127.0.0.1".parse().unwrap(), "10.0.0.1".parse().unwrap()];
        client_address(&parts, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_say_for_whom_they_came() {
        assert_eq!(seen("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(seen("127.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(seen("127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn what_a_client_forges_stands_before_what_proxies_append() {
        assert_eq!(seen("127.0.0.1", &["203.0.113.9, 198.51.100.7, 10.0.0.1"]), "198.51.100.7");
        assert_eq!(seen("127.0.0.1", &["203.0.113.9", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(seen("127.0.0.1", &["127.0.0.1, nonsense"]), "127.0.0.1");
    }

    #[test]
    fn bearer_tokens() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc"), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("Bearer"), None);
    }

    #[test]
    fn page_sizes_are_bounded() {
        assert_eq!(page_entries(None).unwrap(), 50);
        assert_eq!(page_entries(Some(200)).unwrap(), 200);
        assert!(page_entries(Some(0)).is_err());
        assert!(page_entries(Some(201)).is_err());
    }
}
