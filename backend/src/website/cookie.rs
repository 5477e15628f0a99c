//! The session's token in a cookie that only this website can read: encrypted and authenticated under its secret key,
//! out of reach of scripts, sent to this site alone.

use crate::config::Secret;
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// The label under which the cookies' key is derived.
const LABEL: &str = "qoin/website/session-cookie";
/// The name over plain HTTP.
const NAME: &str = "qoin_session";
/// The name over HTTPS: browsers take a cookie with this prefix only from the host itself and only with `Secure`.
const SECURE_NAME: &str = "__Host-qoin_session";
const NONCE_LEN: usize = 24;
/// The longest cookie that is looked at, in bytes.
const VALUE_BYTES_MAX: usize = 2048;

/// Seals tokens into cookies and opens them again.
pub struct CookieSealer(XChaCha20Poly1305);

/// No randomness could be had from the system.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no randomness: {0}")]
pub struct NoRandomness(getrandom::Error);

impl CookieSealer {
    /// With a key of the website's secret.
    pub fn new(secret: &Secret) -> Self {
        Self(XChaCha20Poly1305::new(&(*secret.derive(LABEL)).into()))
    }

    /// The `Set-Cookie` that keeps a token until `expires_ms`.
    ///
    /// # Errors
    /// When the system gives no randomness.
    ///
    /// # Panics
    /// Never: a token is far shorter than what the cipher can encrypt.
    pub fn seal(
        &self,
        token: &str,
        expires_ms: u64,
        now_ms: u64,
        over_https: bool,
    ) -> Result<HeaderValue, NoRandomness> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(NoRandomness)?;
        let mut plain = Zeroizing::new(expires_ms.to_le_bytes().to_vec());
        plain.extend_from_slice(token.as_bytes());
        let payload = Payload { msg: &plain, aad: name(over_https).as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).expect("a token is short enough to encrypt");
        let value = format!("{}{}", hex::encode(nonce), hex::encode(sealed));
        Ok(set_cookie(&value, expires_ms.saturating_sub(now_ms) / 1000, over_https))
    }

    /// The token in a request's cookies, unless it was sealed by another key, altered, moved to another name, or has
    /// expired.
    pub fn open(&self, headers: &HeaderMap, now_ms: u64, over_https: bool) -> Option<Zeroizing<String>> {
        let value = value_of(headers, name(over_https)).filter(|value| value.len() <= VALUE_BYTES_MAX)?;
        let bytes = hex::decode(value).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce: [u8; NONCE_LEN] = nonce.try_into().ok()?;
        let payload = Payload { msg: sealed, aad: name(over_https).as_bytes() };
        let plain = Zeroizing::new(self.0.decrypt(&XNonce::from(nonce), payload).ok()?);
        let (expires_ms, token) = plain.split_first_chunk::<8>()?;
        if u64::from_le_bytes(*expires_ms) <= now_ms {
            return None;
        }
        String::from_utf8(token.to_vec()).ok().map(Zeroizing::new)
    }
}

/// Whether a request shows a session's cookie, valid or not.
pub fn is_present(headers: &HeaderMap, over_https: bool) -> bool {
    value_of(headers, name(over_https)).is_some()
}

/// The `Set-Cookie` that takes the cookie away.
pub fn clear(over_https: bool) -> HeaderValue {
    set_cookie("", 0, over_https)
}

const fn name(over_https: bool) -> &'static str {
    if over_https { SECURE_NAME } else { NAME }
}

fn set_cookie(value: &str, max_age_s: u64, over_https: bool) -> HeaderValue {
    let secure = if over_https { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}", name(over_https));
    let mut header = HeaderValue::from_str(&text).expect("hexadecimal digits fit a header");
    header.set_sensitive(true);
    header
}

fn value_of<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(name, value)| (name == wanted && !value.is_empty()).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPIRES_MS: u64 = 2_000_000;
    const NOW_MS: u64 = 1_000_000;

    fn sealer(digit: char) -> CookieSealer {
        let digits = format!("{}{digit}", "0123456789abcdef".repeat(2));
        CookieSealer::new(&Secret::parse(&format!("{digits}0")).unwrap())
    }

    /// What a browser sends back.
    fn request(set_cookie: &HeaderValue) -> String {
        set_cookie.to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    fn open(sealer: &CookieSealer, cookie: &str, now_ms: u64, over_https: bool) -> Option<String> {
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(cookie).unwrap())]);
        sealer.open(&headers, now_ms, over_https).map(|token| token.to_string())
    }

    #[test]
    fn a_token_comes_back() {
        for over_https in [false, true] {
            let cookie = sealer('1').seal("token", EXPIRES_MS, NOW_MS, over_https).unwrap();
            let text = cookie.to_str().unwrap();
            assert!(text.contains("; HttpOnly; SameSite=Strict") && text.contains("; Path=/; Max-Age=1000;"), "{text}");
            assert_eq!(text.ends_with("; Secure"), over_https);
            assert_eq!(text.starts_with("__Host-"), over_https);
            assert!(!text.contains("token"));
            let cookies = format!("a=b; {}; c=d", request(&cookie));
            assert_eq!(open(&sealer('1'), &cookies, NOW_MS, over_https).as_deref(), Some("token"));
            assert_eq!(open(&sealer('1'), &cookies, NOW_MS, !over_https), None);
        }
    }

    #[test]
    fn an_altered_cookie_another_key_and_an_expired_one_are_refused() {
        let cookie = request(&sealer('1').seal("token", EXPIRES_MS, NOW_MS, false).unwrap());
        assert_eq!(open(&sealer('2'), &cookie, NOW_MS, false), None);
        assert_eq!(open(&sealer('1'), &cookie, EXPIRES_MS, false), None);
        let start = cookie.find('=').unwrap() + 1;
        for at in start..cookie.len() {
            let mut altered = cookie.clone().into_bytes();
            altered[at] = if altered[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(open(&sealer('1'), &String::from_utf8(altered).unwrap(), NOW_MS, false), None);
        }
        for cut in [start, start + 10, start + 48, cookie.len() - 1] {
            assert_eq!(open(&sealer('1'), &cookie[..cut], NOW_MS, false), None);
        }
    }

    #[test]
    fn a_cookie_moved_to_the_other_name_is_refused() {
        let cookie = request(&sealer('1').seal("token", EXPIRES_MS, NOW_MS, false).unwrap());
        assert_eq!(open(&sealer('1'), &format!("__Host-{cookie}"), NOW_MS, true), None);
    }

    #[test]
    fn clearing_ends_it_at_once() {
        assert!(clear(true).to_str().unwrap().contains("__Host-qoin_session=; Path=/; Max-Age=0;"));
    }
}
