//! An authority that signs certificates, and a client that believes it.

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use qoin::config::value::LeaderUrl;
use qoin::tls::client::connector;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a host may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// An authority, with its certificate in a file.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: PathBuf,
}

/// An answer over HTTP or HTTPS.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, if it is text.
    pub text: String,
}

impl Authority {
    /// A new one, whose certificate is written to `authority.pem` in the folder.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn found(folder: &Path) -> Result<Self> {
        let mut parameters = CertificateParams::new(Vec::new())?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let certificate = folder.join("authority.pem");
        std::fs::write(&certificate, parameters.self_signed(&key)?.pem())?;
        Ok(Self { issuer: Issuer::new(parameters, key), certificate })
    }

    /// Writes a certificate for a host, and its key, to `NAME.pem` and `NAME.key`.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub fn certify(&self, host: &str, folder: &Path, name: &str) -> Result<()> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![host.to_owned()])?.signed_by(&key, &self.issuer)?;
        std::fs::write(folder.join(format!("{name}.pem")), certificate.pem())?;
        Ok(std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem())?)
    }

    /// Asks once, over a connection of its own, and believes this authority alone.
    ///
    /// # Errors
    /// When there is no answer, or the certificate is another's.
    pub async fn ask(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Answer> {
        let (scheme, rest) = url.split_once("://").context("an address has a scheme")?;
        let authority = rest.split('/').next().unwrap_or_default();
        let url_of_host = LeaderUrl { https: scheme == "https", authority: authority.to_owned() };
        let connector = connector(&url_of_host, Some(&self.certificate), CONNECT_TIMEOUT)?;
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, body) = client.request(request.body(Full::new(body.into()))?).await?.into_parts();
        let text = String::from_utf8_lossy(&body.collect().await?.to_bytes()).into_owned();
        Ok(Answer { status: parts.status, headers: parts.headers, text })
    }
}
