//! The app's files, embedded at build time, and how they are answered: the smallest encoding that the browser takes,
//! forever cached where the name carries a hash, else checked by their ETag.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

/// One file of the app.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its path, without a slash in front.
    pub path: &'static str,
    /// The SHA-256 of its content, in hexadecimal.
    pub hash: &'static str,
    /// The content.
    pub plain: &'static [u8],
    /// Compressed with brotli, where that saves something.
    pub brotli: Option<&'static [u8]>,
    /// Compressed with gzip, where that saves something.
    pub gzip: Option<&'static [u8]>,
}

/// The embedded files, by path.
static EMBEDDED: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The page that starts the app.
const INDEX: &str = "index.html";

/// The files of one app.
#[derive(Debug, Clone, Copy)]
pub struct Assets(&'static [Asset]);

impl Assets {
    /// Those of this program.
    pub const fn embedded() -> Self {
        Self(EMBEDDED)
    }

    /// The page that starts the app.
    ///
    /// # Panics
    /// Never: the build embeds a page in any case.
    pub fn index(&self) -> &'static Asset {
        self.find(INDEX).expect("the build embeds an index.html")
    }

    /// Answers a request for a path. One without a file name is a page of the app, which finds its way by itself.
    pub fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response<Body> {
        if method != Method::GET && method != Method::HEAD {
            return plain_text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n");
        }
        let path = path.trim_start_matches('/');
        let is_page = !path.rsplit('/').next().unwrap_or_default().contains('.');
        match self.find(path) {
            Some(asset) => asset.answer(method, headers),
            None if is_page => self.index().answer(method, headers),
            None => plain_text(StatusCode::NOT_FOUND, "there is no such file\n"),
        }
    }

    fn find(&self, path: &str) -> Option<&'static Asset> {
        self.0.iter().find(|asset| asset.path == path)
    }
}

impl Asset {
    fn answer(&self, method: &Method, headers: &HeaderMap) -> Response<Body> {
        let (encoding, content) = self.variant(headers);
        let etag = format!("\"{}{}\"", &self.hash[..32], encoding.map(|name| format!("-{name}")).unwrap_or_default());
        let mut response = Response::new(Body::empty());
        let mut set = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        };
        set(ETAG, &etag);
        set(VARY, "accept-encoding");
        set(CACHE_CONTROL, if is_hashed(self.path) { "public, max-age=31536000, immutable" } else { "no-cache" });
        if headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|tags| names(tags, &etag)) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        set(CONTENT_TYPE, media_type(self.path));
        set(CONTENT_LENGTH, &content.len().to_string());
        if let Some(encoding) = encoding {
            set(CONTENT_ENCODING, encoding);
        }
        if method != Method::HEAD {
            *response.body_mut() = Body::from(content);
        }
        response
    }

    /// The smallest variant that the browser takes, with the name of its encoding.
    fn variant(&self, headers: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
        let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        [("br", self.brotli), ("gzip", self.gzip)]
            .into_iter()
            .filter_map(|(name, content)| Some((Some(name), content?)))
            .find(|(name, _)| name.is_some_and(|name| accepts(accepted, name)))
            .unwrap_or((None, self.plain))
    }
}

/// Whether an Accept-Encoding takes an encoding: by its name or by `*`, with a quality above 0 (RFC 9110, 12.5.3).
fn accepts(accepted: &str, encoding: &str) -> bool {
    let quality = |wanted: &str| {
        accepted.split(',').find_map(|item| {
            let mut parts = item.split(';').map(str::trim);
            parts.next().filter(|name| name.eq_ignore_ascii_case(wanted))?;
            let quality = parts.find_map(|part| part.strip_prefix("q="));
            Some(quality.map_or(1.0, |quality| quality.parse::<f32>().unwrap_or(0.0)))
        })
    };
    quality(encoding).or_else(|| quality("*")).is_some_and(|quality| quality > 0.0)
}

/// Whether an If-None-Match names an ETag (weak comparison, RFC 9110, 13.1.2).
fn names(tags: &str, etag: &str) -> bool {
    tags.split(',').map(|tag| tag.trim()).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// Whether trunk put a hash into the file's name (`app-0123456789abcdef_bg.wasm`), so that the name changes with the
/// content. The names of workers have none.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    // Trunk writes 64 bits without leading zeros.
    let is_hash = |part: &str| {
        (12..=16).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    stem.rsplit_once('-').is_some_and(|(_, hash)| is_hash(hash))
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn plain_text(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASSETS: Assets = Assets(&[
        Asset {
            path: "index.html",
            hash: "00112233445566778899aabbccddeeff00",
            plain: b"page",
            brotli: None,
            gzip: None,
        },
        Asset {
            path: "qoin-app-0123456789abcdef_bg.wasm",
            hash: "ff112233445566778899aabbccddeeff00",
            plain: b"plain wasm",
            brotli: Some(b"brotli"),
            gzip: Some(b"gzip it"),
        },
    ]);
    const WASM: &str = "/qoin-app-0123456789abcdef_bg.wasm";

    fn get(path: &str, headers: &[(HeaderName, &str)]) -> Response<Body> {
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect();
        ASSETS.answer(&Method::GET, path, &headers)
    }

    fn header(response: &Response<Body>, name: HeaderName) -> Option<&str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn the_smallest_encoding_that_is_taken() {
        for (accepted, encoding, length) in [
            ("gzip, deflate, br, zstd", Some("br"), "6"),
            ("gzip", Some("gzip"), "7"),
            ("br;q=0, gzip;q=0.5", Some("gzip"), "7"),
            ("*", Some("br"), "6"),
            ("br;q=0, *;q=0", None, "10"),
            ("", None, "10"),
            ("brotli", None, "10"),
        ] {
            let response = get(WASM, &[(ACCEPT_ENCODING, accepted)]);
            assert_eq!(header(&response, CONTENT_ENCODING), encoding, "{accepted}");
            assert_eq!(header(&response, CONTENT_LENGTH), Some(length), "{accepted}");
            assert_eq!(header(&response, VARY), Some("accept-encoding"));
            assert_eq!(header(&response, CONTENT_TYPE), Some("application/wasm"));
        }
    }

    #[test]
    fn an_unchanged_file_is_not_sent_again() {
        let first = get(WASM, &[(ACCEPT_ENCODING, "br")]);
        let etag = header(&first, ETAG).unwrap().to_owned();
        for tags in [etag.clone(), format!("\"other\", W/{etag}"), "*".into()] {
            let again = get(WASM, &[(ACCEPT_ENCODING, "br"), (IF_NONE_MATCH, &tags)]);
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{tags}");
            assert_eq!(header(&again, ETAG), Some(&*etag));
        }
        let other_encoding = get(WASM, &[(ACCEPT_ENCODING, "gzip"), (IF_NONE_MATCH, &etag)]);
        assert_eq!(other_encoding.status(), StatusCode::OK);
        assert_eq!(get(WASM, &[(IF_NONE_MATCH, "\"other\"")]).status(), StatusCode::OK);
    }

    #[test]
    fn only_names_with_a_hash_are_cached_for_ever() {
        assert!(header(&get(WASM, &[]), CACHE_CONTROL).unwrap().contains("immutable"));
        assert_eq!(header(&get("/", &[]), CACHE_CONTROL), Some("no-cache"));
        assert!(is_hashed("qoin-app-a1b2c3d4e5f60718.js"));
        assert!(is_hashed("styles-1b2c3d4e5f60718.css"));
        for path in ["index.html", "mine-worker.js", "mine-worker_bg.wasm", "icon-512.png", "a-deadbeefcafebabe/b.js"] {
            assert!(!is_hashed(path), "{path}");
        }
    }

    #[test]
    fn pages_of_the_app_start_the_app_and_missing_files_are_missing() {
        for path in ["/", "/send", "/history/t12", "/join"] {
            let response = get(path, &[]);
            assert_eq!(
                (response.status(), header(&response, CONTENT_TYPE)),
                (StatusCode::OK, Some("text/html; charset=utf-8"))
            );
        }
        assert_eq!(get("/qoin-app-old.js", &[]).status(), StatusCode::NOT_FOUND);
        let posted = ASSETS.answer(&Method::POST, "/", &HeaderMap::new());
        assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
