//! Who sends a request: from which address, over HTTPS or not, and from a page of which site.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, Method};
use std::net::IpAddr;

/// Where a proxy tells its client's address.
pub const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Where a proxy tells whether its client came over HTTPS.
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// From which site a browser says that a request comes (Fetch Metadata).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// How far a request's way is believed.
#[derive(Debug, Clone)]
pub struct Trust {
    /// Proxies whose word counts.
    pub proxies: Vec<IpAddr>,
    /// Whether every browser comes over HTTPS, whatever the proxies say.
    pub https: bool,
}

/// What is known of who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// The address of the browser, as far as the proxies before us can be believed.
    pub address: IpAddr,
    /// Whether the browser came over HTTPS.
    pub over_https: bool,
}

impl Trust {
    /// The sender of a request that came from `peer`. Each trusted proxy is believed about the one before it.
    pub fn sender(&self, peer: IpAddr, headers: &HeaderMap) -> Sender {
        let mut address = peer.to_canonical();
        let mut over_https = self.https;
        if self.believes(address) {
            over_https |=
                headers.get(X_FORWARDED_PROTO).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"https"));
            let named: Vec<&str> = headers
                .get_all(X_FORWARDED_FOR)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .collect();
            for name in named.into_iter().rev() {
                let Ok(before) = name.trim().parse::<IpAddr>() else { break };
                address = before.to_canonical();
                if !self.believes(address) {
                    break;
                }
            }
        }
        Sender { address, over_https }
    }

    fn believes(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|proxy| proxy.to_canonical() == address)
    }
}

/// Whether a request may change something: it reads only, or it comes from a page of this very site. The browser says
/// so in `Sec-Fetch-Site`, or where it does not (plain HTTP beyond localhost) in `Origin`; neither can be set by a page.
pub fn is_own(method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD) {
        return true;
    }
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    let origin = headers.get(ORIGIN).and_then(|value| value.to_str().ok());
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    match (origin.and_then(|origin| origin.split_once("://")), host) {
        (Some((_, origin)), Some(host)) => origin.eq_ignore_ascii_case(host),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_pages_of_this_site_may_change_something() {
        let cases: [(&[(&str, &str)], bool); 9] = [
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (
                &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:5000"), ("host", "localhost:5000")],
                false,
            ),
            (&[("sec-fetch-site", "none")], false),
            (&[("origin", "http://localhost:5000"), ("host", "localhost:5000")], true),
            (&[("origin", "http://evil.example"), ("host", "localhost:5000")], false),
            (&[("origin", "http://localhost:5001"), ("host", "localhost:5000")], false),
            (&[("origin", "null"), ("host", "localhost:5000")], false),
            (&[("host", "localhost:5000")], false),
        ];
        for (pairs, allowed) in cases {
            for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
                assert_eq!(is_own(&method, &headers(pairs)), allowed, "{method} {pairs:?}");
            }
            assert!(is_own(&Method::GET, &headers(pairs)));
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trust = Trust { proxies: vec!["127.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()], https: false };
        let sender = |peer: &str, pairs: &[_]| {
            let sender = trust.sender(peer.parse().unwrap(), &headers(pairs));
            (sender.address.to_string(), sender.over_https)
        };
        let forwarded = [("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.0.0.2"), ("x-forwarded-proto", "https")];
        assert_eq!(sender("9.9.9.9", &forwarded), ("9.9.9.9".into(), false));
        assert_eq!(sender("127.0.0.1", &forwarded), ("1.2.3.4".into(), true));
        assert_eq!(sender("::ffff:127.0.0.1", &forwarded), ("1.2.3.4".into(), true));
        assert_eq!(sender("127.0.0.1", &[]), ("127.0.0.1".into(), false));
        assert_eq!(sender("127.0.0.1", &[("x-forwarded-for", "nonsense")]), ("127.0.0.1".into(), false));
    }
}
