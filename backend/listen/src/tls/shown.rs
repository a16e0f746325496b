//! TLS for listeners that are not HTTP's, and who the client's certificate says that it is.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{Tls, TlsError};

/// Whether clients have to show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Showing {
    /// Those that have one; others have to say otherwise who they are.
    Welcome,
    /// All: others are not let in.
    Needed,
}

/// Opens TLS on sockets. Cheap to clone.
#[derive(Clone)]
pub struct Opener(TlsAcceptor);

impl Tls {
    /// Opens TLS with this certificate, whatever is spoken in it. With `clients`, the file of the
    /// authorities (PEM) that sign clients' certificates, clients are asked for theirs. That file is
    /// read once.
    ///
    /// # Errors
    /// The file cannot be read or has no certificate.
    pub fn opener(&self, clients: Option<(&Path, Showing)>) -> Result<Opener, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsError::Provider)?;
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some((path, showing)) => {
                let roots = Arc::new(authorities(path)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                let verifier = match showing {
                    Showing::Needed => verifier,
                    Showing::Welcome => verifier.allow_unauthenticated(),
                };
                let verifier = verifier.build().map_err(|error| TlsError::Unusable {
                    path: path.to_owned(),
                    problem: error.to_string(),
                })?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let config = builder.with_cert_resolver(self.resolver());
        Ok(Opener(TlsAcceptor::from(Arc::new(config))))
    }
}

impl Opener {
    /// Shakes hands; gives the common name of the certificate that the client has shown, if it has.
    /// Whoever calls this bounds its time.
    ///
    /// # Errors
    /// The client does not speak TLS, or shows a certificate that none of the authorities has signed.
    pub async fn open(
        &self,
        stream: TcpStream,
    ) -> io::Result<(TlsStream<TcpStream>, Option<String>)> {
        let stream = self.0.accept(stream).await?;
        let shown = stream.get_ref().1.peer_certificates();
        let name = shown.and_then(<[_]>::first).and_then(common_name);
        Ok((stream, name))
    }
}

/// The authorities in a file.
fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let bytes = std::fs::read(path).map_err(|error| TlsError::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    let unusable = |problem: String| TlsError::Unusable {
        path: path.to_owned(),
        problem,
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| unusable(format!("no PEM: {error}")))?;
        roots
            .add(certificate)
            .map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() {
        let problem = "holds no certificate: it must have those of the authorities, in PEM";
        return Err(unusable(problem.to_owned()));
    }
    Ok(roots)
}

/// The common name of a certificate's subject, if it has one.
fn common_name(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let name = certificate.subject().iter_common_name().next()?;
    name.as_str().ok().map(str::to_owned)
}
