//! The server's certificate, which changes while it runs: whoever renews it only has to replace the
//! files.

mod pair;
mod shown;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use tokio_util::sync::CancellationToken;

pub use pair::TlsError;
use pair::{Pair, Print};
pub use shown::{Opener, Showing};

use crate::limits::REMINDER_PERIOD;

/// TLS 1.2 and 1.3 with a certificate and key from files. Cheap to clone; clones are one.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    certificate: PathBuf,
    key: PathBuf,
    config: Arc<ServerConfig>,
    current: Arc<Current>,
    seen: Mutex<Seen>,
}

/// What was last said about the files.
struct Seen {
    /// What they were, whether they could be used or not.
    print: Print,
    /// When.
    said_at: Instant,
}

/// What is shown to the next client. Connections that stand keep what they were shown.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(
            &self.0.read().unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

impl Tls {
    /// Reads a certificate (PEM, the server's own first, then its issuers') and its key (PEM, not
    /// encrypted).
    ///
    /// # Errors
    /// Either cannot be read or used, they do not belong together, or the certificate is not valid
    /// now. The error's text names the file and says what to do.
    pub fn open(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let (print, pair) = Pair::read(certificate, key);
        let pair = pair?;
        pair.log(certificate);
        let current = Arc::new(Current(RwLock::new(pair.key)));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsError::Provider)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(Arc::new(Inner {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            config: Arc::new(config),
            current,
            seen: Mutex::new(Seen {
                print,
                said_at: Instant::now(),
            }),
        })))
    }

    /// What rustls needs; also for other listeners with the same certificate. It says `h2` and
    /// `http/1.1` by ALPN.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.config)
    }

    /// What shows the certificate as it is at the time.
    fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        Arc::clone(&self.0.current) as Arc<dyn ResolvesServerCert>
    }

    /// Looks at the files `every` so often until `shutdown`, and changes to what they hold. Files that
    /// cannot be used are complained about, once a day, and the certificate that is there stays.
    pub fn watch(
        &self,
        every: Duration,
        shutdown: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        let tls = self.clone();
        async move {
            while shutdown
                .run_until_cancelled(tokio::time::sleep(every))
                .await
                .is_some()
            {
                let tls = tls.clone();
                let looked = tokio::task::spawn_blocking(move || tls.look()).await;
                if let Err(error) = looked {
                    tracing::error!(%error, "the certificate could not be looked at");
                }
            }
        }
    }

    /// Looks at the files once. Whether there is a new certificate.
    fn look(&self) -> bool {
        let inner = &*self.0;
        let (print, pair) = Pair::read(&inner.certificate, &inner.key);
        let mut seen = inner.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = seen.print != print;
        if !is_new && seen.said_at.elapsed() < REMINDER_PERIOD {
            return false;
        }
        *seen = Seen {
            print,
            said_at: Instant::now(),
        };
        match pair {
            // A certificate comes to its end by itself, with the files as they were.
            Ok(pair) if !is_new => {
                pair.warn(&inner.certificate);
                false
            }
            Ok(pair) => {
                pair.log(&inner.certificate);
                *inner
                    .current
                    .0
                    .write()
                    .unwrap_or_else(PoisonError::into_inner) = pair.key;
                true
            }
            Err(error) => {
                tracing::warn!(%error, "the certificate before stays in use");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, generate_simple_self_signed};

    use super::*;

    /// Files in a folder, and what is shown.
    struct Desk {
        dir: tempfile::TempDir,
        tls: Tls,
    }

    impl Desk {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let (certificate, key) = fresh();
            std::fs::write(dir.path().join("pem"), certificate).unwrap();
            std::fs::write(dir.path().join("key"), key).unwrap();
            let tls = Tls::open(&dir.path().join("pem"), &dir.path().join("key")).unwrap();
            Self { dir, tls }
        }

        fn write(&self, name: &str, content: &str) {
            std::fs::write(self.dir.path().join(name), content).unwrap();
        }

        fn shown(&self) -> Arc<rustls::sign::CertifiedKey> {
            Arc::clone(&self.tls.0.current.0.read().unwrap())
        }
    }

    fn fresh() -> (String, String) {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    #[test]
    fn files_that_are_as_they_were_change_nothing() {
        let desk = Desk::new();
        let before = desk.shown();
        assert!(!desk.tls.look());
        assert!(Arc::ptr_eq(&before, &desk.shown()));
    }

    #[test]
    fn half_a_renewal_changes_nothing_and_its_other_half_does() {
        let desk = Desk::new();
        let before = desk.shown();
        let (certificate, key) = fresh();
        desk.write("pem", &certificate);
        assert!(!desk.tls.look());
        assert!(Arc::ptr_eq(&before, &desk.shown()));
        desk.write("key", &key);
        assert!(desk.tls.look());
        assert_ne!(before.cert, desk.shown().cert);
        assert!(!desk.tls.look(), "the same is new only once");
    }

    #[test]
    fn broken_and_missing_files_keep_the_certificate_until_they_are_mended() {
        let desk = Desk::new();
        let before = desk.shown();
        desk.write("pem", "nonsense");
        assert!(!desk.tls.look());
        std::fs::remove_file(desk.dir.path().join("key")).unwrap();
        assert!(!desk.tls.look());
        assert!(Arc::ptr_eq(&before, &desk.shown()));
        let (certificate, key) = fresh();
        desk.write("pem", &certificate);
        desk.write("key", &key);
        assert!(desk.tls.look());
        assert!(!Arc::ptr_eq(&before, &desk.shown()));
    }
}
