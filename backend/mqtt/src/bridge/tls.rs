//! TLS to a broker: whom to trust, and what to show.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::BridgeError;

/// The files of TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TlsFiles {
    /// Authorities, PEM; absent, those that the system trusts.
    pub(super) authorities: Option<PathBuf>,
    /// Our own certificate and its key, PEM, where the broker asks for them.
    pub(super) own: Option<(PathBuf, PathBuf)>,
}

/// What the client needs.
///
/// # Errors
/// A file cannot be used, or the system trusts nobody; the sentence names the file.
pub(super) fn client(files: &TlsFiles) -> Result<Arc<ClientConfig>, BridgeError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| BridgeError::Tls(error.to_string()))?
        .with_root_certificates(roots(files.authorities.as_deref())?);
    let config = match &files.own {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let secret = PrivateKeyDer::from_pem_file(key).map_err(|why| bad(key, &why))?;
            builder
                .with_client_auth_cert(certificates(certificate)?, secret)
                .map_err(|why| bad(certificate, &why))?
        }
    };
    Ok(Arc::new(config))
}

fn roots(authorities: Option<&Path>) -> Result<RootCertStore, BridgeError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = authorities {
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|why| bad(path, &why))?;
        }
    } else {
        // Of those that the system trusts some may be beyond us; the others count.
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
    }
    if roots.is_empty() {
        let why = match authorities {
            Some(path) => format!("{}: holds no certificate", path.display()),
            None => "the system trusts no authority: name one with ?ca=FILE".to_owned(),
        };
        return Err(BridgeError::Tls(why));
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, BridgeError> {
    let found = CertificateDer::pem_file_iter(path).map_err(|why| bad(path, &why))?;
    found
        .map(|certificate| certificate.map_err(|why| bad(path, &why)))
        .collect()
}

fn bad(path: &Path, why: &dyn std::fmt::Display) -> BridgeError {
    BridgeError::Tls(format!("{}: {why}", path.display()))
}
