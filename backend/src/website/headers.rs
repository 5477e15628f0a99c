//! The headers that tell browsers what the app may do.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

/// What every answer carries, the leader's included.
const ALWAYS: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
         magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
    ),
];

/// The policy of answers of the API: there is nothing in them to run.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// The headers of one website.
#[derive(Debug, Clone)]
pub struct Headers {
    app_policy: HeaderValue,
}

impl Headers {
    /// Those for an app that starts with this page.
    ///
    /// # Panics
    /// Never: hashes in base 64 fit a header.
    pub fn of_page(index: &str) -> Self {
        let policy = app_policy(index);
        Self { app_policy: HeaderValue::from_str(&policy).expect("a policy is made of visible characters") }
    }

    /// Sets those of the app's own files.
    pub fn set_for_app(&self, headers: &mut HeaderMap, over_https: bool) {
        headers.insert(CONTENT_SECURITY_POLICY, self.app_policy.clone());
        set_always(headers, over_https);
    }

    /// Sets those of an answer of the API; a policy of its own (that of the API's documentation) stays.
    pub fn set_for_api(&self, headers: &mut HeaderMap, over_https: bool) {
        headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(API_POLICY));
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        set_always(headers, over_https);
    }
}

fn set_always(headers: &mut HeaderMap, over_https: bool) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if over_https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// The Content-Security-Policy of the app. Nothing inline runs but the scripts of the page itself (trunk's starter),
/// which are named by their hashes.
fn app_policy(index: &str) -> String {
    let hashes: String = inline_scripts(index)
        .map(|script| format!(" 'sha256-{}'", base64(&Sha256::digest(script.as_bytes()))))
        .collect();
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{hashes}; worker-src 'self'; style-src 'self'; \
         connect-src 'self'; img-src 'self' data:; font-src 'self'; manifest-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    )
}

/// The contents of a page's script elements without `src`, exactly as they stand.
fn inline_scripts(page: &str) -> impl Iterator<Item = &str> {
    page.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (content, _) = rest.split_once("</script")?;
        (!attributes.contains("src=") && !content.is_empty()).then_some(content)
    })
}

/// Base 64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_rfc_4648() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), text);
        }
    }

    #[test]
    fn the_policy_names_inline_scripts_by_their_hash_and_no_others() {
        let page =
            "<html><script type=\"module\">alert('Hello, world.');</script><script src=\"/a.js\"></script></html>";
        let policy = app_policy(page);
        // The example of the Content Security Policy specification, level 2.
        assert!(
            policy.contains("'wasm-unsafe-eval' 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='; worker"),
            "{policy}"
        );
        assert_eq!(policy.matches("sha256-").count(), 1);
        assert!(!policy.contains("unsafe-inline") && !app_policy("<p>").contains("sha256-"));
    }

    #[test]
    fn a_policy_of_the_api_itself_stays() {
        let headers = Headers::of_page("");
        let mut own = HeaderMap::from_iter([(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'self'"))]);
        headers.set_for_api(&mut own, true);
        assert_eq!(own[CONTENT_SECURITY_POLICY], "default-src 'self'");
        assert_eq!(own[CACHE_CONTROL], "no-store");
        let mut none = HeaderMap::new();
        headers.set_for_api(&mut none, false);
        assert_eq!(none[CONTENT_SECURITY_POLICY], API_POLICY);
        assert_eq!(none[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(!none.contains_key(STRICT_TRANSPORT_SECURITY) && own.contains_key(STRICT_TRANSPORT_SECURITY));
    }
}
