//! TLS for the doors that have a certificate. A connection's first byte tells whether it asks for TLS, so one port can
//! serve both.

pub mod client;
#[cfg(test)]
pub(crate) mod testing;

use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use thiserror::Error;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{self, ServerConfig},
    server::TlsStream,
};

/// The first byte of TLS: a handshake record (RFC 8446, 5.1). Stratum's is `{`, that of HTTP a letter.
const HANDSHAKE: u8 = 0x16;

/// Why a certificate and a key are of no use.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file that is missing or not PEM.
    #[error("{}: {reason}; it has to be a PEM file with {what}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Certificate and key do not belong together, or are of a kind that is not supported.
    #[error("the certificate in {} cannot be used with the key in {}: {reason}", certificate.display(), key.display())]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        reason: rustls::Error,
    },
    /// One of the two files without the other.
    #[error("{certificate} and {key} belong together: set both, or neither")]
    Half {
        /// The certificate's setting.
        certificate: &'static str,
        /// The key's setting.
        key: &'static str,
    },
    /// Nobody whose word on certificates this host would take.
    #[error("this host trusts no authority of certificates: name a PEM file with the one that signed the leader's")]
    NoAuthorities,
    /// This program's own part of TLS does not work.
    #[error("TLS cannot be spoken: {0}")]
    Client(rustls::Error),
}

/// Accepts connections, encrypted or not.
#[derive(Clone)]
pub struct Acceptor(TlsAcceptor);

/// A connection.
pub enum Accepted {
    /// Which speaks TLS.
    Encrypted(Box<TlsStream<TcpStream>>),
    /// Which does not.
    Plain(TcpStream),
}

impl Acceptor {
    /// With the files that two settings name, whose names are given too; none where neither is set.
    ///
    /// # Errors
    /// When only one of them is set, or a file cannot be used.
    pub fn of_settings(
        (certificate_name, certificate): (&'static str, &Option<PathBuf>),
        (key_name, key): (&'static str, &Option<PathBuf>),
    ) -> Result<Option<Self>, TlsError> {
        match (certificate, key) {
            (Some(certificate), Some(key)) => Self::open(certificate, key).map(Some),
            (None, None) => Ok(None),
            _ => Err(TlsError::Half { certificate: certificate_name, key: key_name }),
        }
    }

    /// With the certificate chain and the key in these PEM files.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn open(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let file = |path: &Path, what, reason: String| TlsError::File { path: path.to_owned(), what, reason };
        let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect)
            .map_err(|error| file(certificate, "a certificate chain", error.to_string()))?;
        let secret =
            PrivateKeyDer::from_pem_file(key).map_err(|error| file(key, "a private key", error.to_string()))?;
        let pair = |reason| TlsError::Pair { certificate: certificate.to_owned(), key: key.to_owned(), reason };
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(pair)?
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .map_err(pair)?;
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Looks at a connection's first byte, and shakes hands if it asks for TLS; all that in this time.
    ///
    /// # Errors
    /// When the connection breaks, the handshake fails, or either takes too long.
    pub async fn accept(&self, stream: TcpStream, within: Duration) -> io::Result<Accepted> {
        stream.set_nodelay(true)?;
        let accepting = async {
            let mut first = [0];
            stream.peek(&mut first).await?;
            if first[0] != HANDSHAKE {
                return Ok(Accepted::Plain(stream));
            }
            Ok(Accepted::Encrypted(Box::new(self.0.accept(stream).await?)))
        };
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "it said nothing, or did not end its TLS handshake");
        timeout(within, accepting).await.map_err(late)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testing::Files;

    #[test]
    fn files_that_are_of_no_use_are_named() {
        let (files, others) = (Files::make(), Files::make());
        let open = |certificate: PathBuf, key: PathBuf| Acceptor::open(&certificate, &key).err().unwrap().to_string();
        let missing = open(files.path("nothing.pem"), files.path("key.pem"));
        assert!(missing.contains("nothing.pem") && missing.contains("certificate chain"), "{missing}");
        let swapped = open(files.path("certificate.pem"), files.path("certificate.pem"));
        assert!(swapped.contains("private key"), "{swapped}");
        let foreign = open(files.path("certificate.pem"), others.path("key.pem"));
        assert!(foreign.contains("cannot be used with the key"), "{foreign}");
    }

    #[test]
    fn two_settings_make_one_pair() {
        let files = Files::make();
        let (certificate, key) = (Some(files.path("certificate.pem")), Some(files.path("key.pem")));
        let of = |certificate, key| Acceptor::of_settings(("tls_certificate", certificate), ("tls_key", key));
        assert!(of(&certificate, &key).unwrap().is_some());
        assert!(of(&None, &None).unwrap().is_none());
        for half in [of(&certificate, &None), of(&None, &key)] {
            assert!(half.err().unwrap().to_string().contains("tls_certificate and tls_key belong together"));
        }
    }
}
