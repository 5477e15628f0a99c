//! Hands requests for the API on to the leader, in this process or on another host. Bodies stream both ways; nothing
//! of the event stream is held back.

use super::origin::X_FORWARDED_FOR;
use crate::config::value::LeaderUrl;
use crate::tls::TlsError;
use crate::tls::client::{Connector, connector};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{
    AUTHORIZATION, CONNECTION, COOKIE, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SET_COOKIE, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri, Version};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use tower::ServiceExt;

/// How long the leader may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long the leader may take to begin its answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long an unused connection is kept: shorter than the leader keeps it, so that none is used while it closes.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// What concerns one connection and not the request (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The API of a leader in this process.
pub type Api = Router;

/// Where the API is.
#[derive(Clone)]
pub enum Leader {
    /// In this process.
    Here(Api),
    /// On another host.
    There {
        /// The connections to it.
        client: Client<Connector, Body>,
        /// Whether it is reached by TLS.
        scheme: Scheme,
        /// Its host and port.
        authority: Authority,
    },
}

/// The leader gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// No connection, or it broke.
    #[error("the leader cannot be reached: {}", with_causes(.0))]
    Connection(#[from] hyper_util::client::legacy::Error),
    /// It took too long.
    #[error("the leader gave no answer within {} s", ANSWER_TIMEOUT.as_secs())]
    Timeout,
}

impl Leader {
    /// The leader at an address; `authorities` is a PEM file with those whose word on its certificate is believed.
    ///
    /// # Errors
    /// When it is to be reached by TLS, and there is no such authority.
    ///
    /// # Panics
    /// Never: the address was checked when it was read.
    pub fn there(url: &LeaderUrl, authorities: Option<&Path>) -> Result<Self, TlsError> {
        let connector = connector(url, authorities, CONNECT_TIMEOUT)?;
        let scheme = if url.https { Scheme::HTTPS } else { Scheme::HTTP };
        let authority = Authority::try_from(url.authority.as_str()).expect("the address was checked when it was read");
        let client = Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE_TIMEOUT).build(connector);
        Ok(Self::There { client, scheme, authority })
    }

    /// Hands a request on for `sender`, with the session's token where there is one.
    ///
    /// # Errors
    /// When the leader gives no answer.
    pub async fn answer(
        &self,
        mut request: Request<Body>,
        sender: IpAddr,
        authorization: Option<HeaderValue>,
    ) -> Result<Response<Body>, Unreachable> {
        prepare(request.headers_mut(), authorization);
        let mut response = match self {
            Self::Here(router) => {
                // The port says nothing that anyone uses.
                request.extensions_mut().insert(ConnectInfo(SocketAddr::new(sender, 0)));
                let router = router.clone();
                router.oneshot(request).await.unwrap_or_else(|never| match never {})
            }
            Self::There { client, scheme, authority } => {
                let sender = HeaderValue::from_str(&sender.to_string()).expect("an address fits a header");
                request.headers_mut().insert(X_FORWARDED_FOR, sender);
                *request.uri_mut() = at(scheme, authority, request.uri());
                *request.version_mut() = Version::HTTP_11;
                let answer = tokio::time::timeout(ANSWER_TIMEOUT, client.request(request));
                answer.await.map_err(|_| Unreachable::Timeout)??.map(Body::new)
            }
        };
        drop_hop_by_hop(response.headers_mut());
        response.headers_mut().remove(SET_COOKIE);
        Ok(response)
    }
}

/// Takes away what is between browser and website alone, and whatever a browser says about sessions and addresses.
fn prepare(headers: &mut HeaderMap, authorization: Option<HeaderValue>) {
    drop_hop_by_hop(headers);
    for name in [AUTHORIZATION, COOKIE, HOST, X_FORWARDED_FOR] {
        headers.remove(name);
    }
    for name in ["forwarded", "x-forwarded-proto", "x-forwarded-host", "x-real-ip"] {
        headers.remove(name);
    }
    if let Some(authorization) = authorization {
        headers.insert(AUTHORIZATION, authorization);
    }
}

fn drop_hop_by_hop(headers: &mut HeaderMap) {
    let listed: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in listed.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// An error with what is behind it, which alone says what happened.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The same path and query at another host.
fn at(scheme: &Scheme, authority: &Authority, uri: &Uri) -> Uri {
    let mut parts = uri.clone().into_parts();
    parts.scheme = Some(scheme.clone());
    parts.authority = Some(authority.clone());
    Uri::from_parts(parts).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_must_not_say_is_taken_away() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer stolen"),
            ("cookie", "qoin_session=1"),
            ("x-forwarded-for", "127.0.0.1"),
            ("forwarded", "for=127.0.0.1"),
            ("connection", "close, x-hop"),
            ("x-hop", "1"),
            ("transfer-encoding", "chunked"),
            ("last-event-id", "1-1"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        prepare(&mut headers, None);
        assert_eq!(headers.keys().collect::<Vec<_>>(), ["last-event-id"]);
        prepare(&mut headers, Some(HeaderValue::from_static("Bearer own")));
        assert_eq!(headers["authorization"], "Bearer own");
    }

    #[test]
    fn path_and_query_are_kept() {
        let authority = Authority::from_static("leader.example:5002");
        let uri = at(&Scheme::HTTP, &authority, &Uri::from_static("/api/v1/members?query=a%20b"));
        assert_eq!(uri, "http://leader.example:5002/api/v1/members?query=a%20b");
    }
}
