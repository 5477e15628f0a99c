//! A certificate for tests, signed by itself.

use super::Acceptor;
use rustls_pki_types::CertificateDer;
use std::path::PathBuf;

/// A certificate for `localhost` and its key, in files that are gone when this is dropped.
pub(crate) struct Files {
    folder: tempfile::TempDir,
    certificate: rcgen::Certificate,
}

impl Files {
    pub fn make() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("certificate.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        Self { folder, certificate: made.cert }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn certificate(&self) -> &CertificateDer<'static> {
        self.certificate.der()
    }

    pub fn acceptor(&self) -> Acceptor {
        Acceptor::open(&self.path("certificate.pem"), &self.path("key.pem")).unwrap()
    }
}
