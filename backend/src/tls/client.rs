//! The client's side: how a leader on another host is reached, and by whose word its certificate is believed.

use super::TlsError;
use crate::config::value::LeaderUrl;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

/// Makes connections to a leader, encrypted where its address says so.
pub type Connector = HttpsConnector<HttpConnector>;

/// Connections to the leader at `url`, which takes one within a time. The certificate of one with https has to be signed
/// by an authority of this PEM file; where none is named, by one that this host trusts.
///
/// # Errors
/// When https is asked for and there is no authority to believe.
pub fn connector(url: &LeaderUrl, authorities: Option<&Path>, within: Duration) -> Result<Connector, TlsError> {
    let roots = match (url.https, authorities) {
        (false, _) => RootCertStore::empty(),
        (true, Some(path)) => authorities_of(path)?,
        (true, None) => authorities_of_this_host()?,
    };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Client)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(within));
    connector.set_nodelay(true);
    Ok(HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().wrap_connector(connector))
}

fn authorities_of(path: &Path) -> Result<RootCertStore, TlsError> {
    let what = "the certificates of authorities";
    let file = |reason: String| TlsError::File { path: path.to_owned(), what, reason };
    let certificates: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| file(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate).map_err(|error| file(error.to_string()))?;
    }
    if roots.is_empty() { Err(file("no certificate is in it".into())) } else { Ok(roots) }
}

fn authorities_of_this_host() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    // Some of what a host trusts may be too old to be understood.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(TlsError::NoAuthorities) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_authority_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let leader = |url| LeaderUrl::parse(url).unwrap();
        let refused = |path: &Path| {
            let refused = connector(&leader("https://leader.example"), Some(path), Duration::from_secs(1));
            refused.err().unwrap().to_string()
        };
        let path = folder.path().join("authorities.pem");
        assert!(refused(&path).contains("authorities.pem"));
        std::fs::write(&path, "nothing of the kind").unwrap();
        assert!(refused(&path).contains("no certificate is in it"), "{}", refused(&path));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        std::fs::write(&path, broken).unwrap();
        assert!(refused(&path).contains("PEM file with the certificates of authorities"), "{}", refused(&path));
        // Without TLS nothing is looked at.
        assert!(connector(&leader("http://leader.example"), Some(&path), Duration::from_secs(1)).is_ok());
    }
}
