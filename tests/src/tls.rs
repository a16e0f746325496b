//! Certificates that a test makes and trusts.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedKey, DnType, IsCa, Issuer, KeyPair,
    generate_simple_self_signed,
};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;

/// For whom it is made out.
const HOST: &str = "localhost";

/// A certificate for `localhost` and its key, as files. Goes with its value.
#[derive(Debug)]
pub struct Certificate {
    folder: TempDir,
    trusted: CertificateDer<'static>,
}

impl Default for Certificate {
    fn default() -> Self {
        Self::new()
    }
}

impl Certificate {
    /// A new one.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("the temp folder can be written");
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed([HOST.to_owned()]).expect("a certificate");
        let made = Self {
            folder,
            trusted: cert.der().clone(),
        };
        std::fs::write(made.certificate(), cert.pem()).expect("the temp folder can be written");
        std::fs::write(made.key(), signing_key.serialize_pem())
            .expect("the temp folder can be written");
        made
    }

    /// The file of the certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("tls.pem")
    }

    /// The file of its key.
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("tls.key")
    }

    /// The flags by which a server takes it.
    pub fn flags(&self) -> [String; 4] {
        [
            "--tls-certificate".to_owned(),
            self.certificate().display().to_string(),
            "--tls-key".to_owned(),
            self.key().display().to_string(),
        ]
    }

    /// A client that trusts this certificate alone, and says these protocols.
    pub fn client(&self, protocols: &[&str]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusted.clone()).expect("a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        Arc::new(config)
    }
}

/// The name that the certificate is made out for.
pub fn name() -> ServerName<'static> {
    ServerName::try_from(HOST).expect("a name")
}

/// Somebody who signs certificates, and what it has signed, as files. Goes with its value.
#[derive(Debug)]
pub struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// A new one.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("the temp folder can be written");
        let mut params = named("an authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let own = params.self_signed(&key).expect("a certificate");
        std::fs::write(folder.path().join("ca.pem"), own.pem())
            .expect("the temp folder can be written");
        Self {
            issuer: Issuer::new(params, key),
            folder,
        }
    }

    /// The file of its certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Signs a certificate whose subject has this common name; the files of it and its key.
    pub fn sign(&self, name: &str) -> [PathBuf; 2] {
        let key = KeyPair::generate().expect("a key");
        let signed = named(name).signed_by(&key, &self.issuer);
        let files =
            ["pem", "key"].map(|ending| self.folder.path().join(format!("{name}.{ending}")));
        let texts = [signed.expect("a certificate").pem(), key.serialize_pem()];
        for (file, text) in files.iter().zip(texts) {
            std::fs::write(file, text).expect("the temp folder can be written");
        }
        files
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("no names of hosts");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
