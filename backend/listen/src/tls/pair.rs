//! A certificate and its key: read, checked, and complained about in words.

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, InconsistentKeys, RootCertStore};

use crate::limits::{EXPIRY_WARNING, PEM_BYTES_MAX};

/// Why a certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{}: cannot be read: {error}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {problem}", .path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// Both are well, but do not belong together.
    #[error(
        "{}: is not the key of the first certificate in {}; that must be the server's own, before \
         its issuers'",
        .key.display(), .certificate.display()
    )]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The certificate is of the past.
    #[error("{}: the certificate expired at {until}, and it is {now}; renew it", .path.display())]
    Expired {
        /// Its file.
        path: PathBuf,
        /// Its end (RFC 3339).
        until: String,
        /// This machine's time.
        now: String,
    },
    /// The certificate is of the future.
    #[error(
        "{}: the certificate is valid from {from}, and it is {now}; check this machine's clock",
        .path.display()
    )]
    NotYetValid {
        /// Its file.
        path: PathBuf,
        /// Its beginning (RFC 3339).
        from: String,
        /// This machine's time.
        now: String,
    },
    /// The cryptography does not know the versions of TLS.
    #[error("TLS cannot be set up: {0}")]
    Provider(rustls::Error),
}

/// Tells two contents of the files apart. The contents themselves are not kept: one is a key.
pub(super) type Print = u64;

/// A certificate and a key that belong together.
#[derive(Debug)]
pub(super) struct Pair {
    /// For rustls.
    pub(super) key: Arc<CertifiedKey>,
    /// When the certificate ends, if that is soon.
    pub(super) ends_soon: Option<String>,
}

impl Pair {
    /// Reads both files, and says in any case what has been seen of them.
    pub(super) fn read(certificate: &Path, key: &Path) -> (Print, Result<Self, TlsError>) {
        let contents = read(certificate).and_then(|chain| Ok((chain, read(key)?)));
        let mut print = DefaultHasher::new();
        match contents {
            Ok((chain, secret)) => {
                (&chain, &secret).hash(&mut print);
                let pair = Self::parse(certificate, &chain, key, &secret, UnixTime::now());
                (print.finish(), pair)
            }
            Err(error) => {
                error.to_string().hash(&mut print);
                (print.finish(), Err(error))
            }
        }
    }

    fn parse(
        certificate: &Path,
        chain: &[u8],
        key: &Path,
        secret: &[u8],
        now: UnixTime,
    ) -> Result<Self, TlsError> {
        let provider = rustls::crypto::ring::default_provider();
        let chain = parse_chain(certificate, chain)?;
        let ends_soon = check_time(certificate, &chain, &provider, now)?;
        let secret = parse_key(key, secret)?;
        let signer = provider
            .key_provider
            .load_private_key(secret)
            .map_err(|error| unusable(key, format!("this kind of key cannot be used: {error}")))?;
        let pair = CertifiedKey::new(chain, signer);
        match pair.keys_match() {
            // "Unknown" is a key that cannot say what its public half is; the first client will.
            Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(Self {
                key: Arc::new(pair),
                ends_soon,
            }),
            Err(rustls::Error::InconsistentKeys(_)) => Err(TlsError::Mismatch {
                certificate: certificate.to_owned(),
                key: key.to_owned(),
            }),
            Err(error) => Err(bad_certificate(certificate, &error)),
        }
    }

    /// Says that it is used from now on.
    pub(super) fn log(&self, certificate: &Path) {
        tracing::info!(file = %certificate.display(), "TLS certificate in use");
        self.warn(certificate);
    }

    /// Complains if it ends soon.
    pub(super) fn warn(&self, certificate: &Path) {
        if let Some(until) = &self.ends_soon {
            let file = certificate.display();
            tracing::warn!(%file, until, "the TLS certificate ends soon; renew it");
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let mut content = Vec::new();
    File::open(path)
        .and_then(|file| file.take(PEM_BYTES_MAX + 1).read_to_end(&mut content))
        .map_err(|error| TlsError::Unreadable {
            path: path.to_owned(),
            error,
        })?;
    if content.len() as u64 > PEM_BYTES_MAX {
        let problem = format!("has more than {PEM_BYTES_MAX} bytes; is it the right file?");
        return Err(unusable(path, problem));
    }
    Ok(content)
}

fn parse_chain(path: &Path, content: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(content)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(path, format!("is not PEM: {error}")))?;
    if chain.is_empty() {
        let problem = "has no certificate; it must be PEM with \"BEGIN CERTIFICATE\"";
        return Err(unusable(path, problem));
    }
    Ok(chain)
}

fn parse_key(path: &Path, content: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(content).map_err(|error| {
        const ENCRYPTED: &[u8] = b"ENCRYPTED";
        let is_encrypted = content
            .windows(ENCRYPTED.len())
            .any(|window| window == ENCRYPTED);
        match error {
            pem::Error::NoItemsFound if is_encrypted => unusable(
                path,
                "the key is encrypted; decrypt it (openssl pkey -in IN -out OUT)",
            ),
            pem::Error::NoItemsFound => unusable(
                path,
                "has no private key; it must be PEM with \"BEGIN PRIVATE KEY\"",
            ),
            error => unusable(path, format!("is not PEM: {error}")),
        }
    })
}

/// When the certificate ends, if that is soon.
///
/// rustls does not tell a certificate's times, but its verifier checks them before it looks for an
/// issuer, and says them in its refusal. Whether it finds an issuer is the clients' affair.
fn check_time(
    path: &Path,
    chain: &[CertificateDer<'_>],
    provider: &CryptoProvider,
    now: UnixTime,
) -> Result<Option<String>, TlsError> {
    let Some(first) = chain.first() else {
        return Ok(None);
    };
    let first =
        ParsedCertificate::try_from(first).map_err(|error| bad_certificate(path, &error))?;
    let refusal_at = |time| {
        verify_server_cert_signed_by_trust_anchor(
            &first,
            &RootCertStore::empty(),
            &[],
            time,
            provider.signature_verification_algorithms.all,
        )
    };
    let path = path.to_owned();
    match refusal_at(now) {
        Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext {
            not_after,
            ..
        })) => Err(TlsError::Expired {
            path,
            until: text(not_after),
            now: text(now),
        }),
        Err(rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext {
            not_before,
            ..
        })) => Err(TlsError::NotYetValid {
            path,
            from: text(not_before),
            now: text(now),
        }),
        Ok(()) | Err(_) => {
            let soon = UnixTime::since_unix_epoch(
                std::time::Duration::from_secs(now.as_secs()) + EXPIRY_WARNING,
            );
            Ok(match refusal_at(soon) {
                Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext {
                    not_after,
                    ..
                })) => Some(text(not_after)),
                Ok(()) | Err(_) => None,
            })
        }
    }
}

fn text(time: UnixTime) -> String {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .map_or_else(
            || format!("{} s after 1970", time.as_secs()),
            |time| time.to_rfc3339_opts(SecondsFormat::Secs, true),
        )
}

fn bad_certificate(path: &Path, error: &rustls::Error) -> TlsError {
    unusable(
        path,
        format!("the first certificate cannot be used: {error}"),
    )
}

fn unusable(path: &Path, problem: impl Into<String>) -> TlsError {
    TlsError::Unusable {
        path: path.to_owned(),
        problem: problem.into(),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};

    use super::*;

    /// 2026-07-01.
    const NOW: u64 = 1_782_864_000;

    fn parse(chain: &str, secret: &str) -> Result<Pair, TlsError> {
        Pair::parse(
            Path::new("tls.pem"),
            chain.as_bytes(),
            Path::new("tls.key"),
            secret.as_bytes(),
            UnixTime::since_unix_epoch(std::time::Duration::from_secs(NOW)),
        )
    }

    /// A certificate for a time, and its key.
    fn valid(from: (i32, u8, u8), until: (i32, u8, u8), is_ca: IsCa) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["a.example".to_owned()]).unwrap();
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(until.0, until.1, until.2);
        params.is_ca = is_ca;
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn refusal(chain: &str, secret: &str) -> String {
        parse(chain, secret).unwrap_err().to_string()
    }

    #[test]
    fn a_certificate_and_its_key_are_taken_also_from_openssl_that_makes_each_a_ca() {
        for is_ca in [
            IsCa::NoCa,
            IsCa::ExplicitNoCa,
            IsCa::Ca(BasicConstraints::Unconstrained),
        ] {
            let (chain, key) = valid((2026, 1, 1), (2027, 1, 1), is_ca);
            assert_eq!(parse(&chain, &key).unwrap().ends_soon, None);
        }
    }

    #[test]
    fn a_certificate_that_ends_within_two_weeks_is_taken_and_known() {
        let (chain, key) = valid((2026, 1, 1), (2026, 7, 14), IsCa::NoCa);
        let ends_soon = parse(&chain, &key).unwrap().ends_soon;
        assert_eq!(ends_soon.as_deref(), Some("2026-07-14T00:00:00Z"));
    }

    #[test]
    fn a_certificate_out_of_its_time_is_refused_with_both_times() {
        let ca = IsCa::Ca(BasicConstraints::Unconstrained);
        for is_ca in [IsCa::NoCa, ca] {
            let (chain, key) = valid((2025, 1, 1), (2026, 6, 30), is_ca);
            assert_eq!(
                refusal(&chain, &key),
                "tls.pem: the certificate expired at 2026-06-30T00:00:00Z, and it is \
                 2026-07-01T00:00:00Z; renew it"
            );
        }
        let (chain, key) = valid((2026, 7, 2), (2027, 1, 1), IsCa::NoCa);
        assert_eq!(
            refusal(&chain, &key),
            "tls.pem: the certificate is valid from 2026-07-02T00:00:00Z, and it is \
             2026-07-01T00:00:00Z; check this machine's clock"
        );
    }

    #[test]
    fn a_key_of_another_certificate_is_refused_with_both_files() {
        let (chain, key) = valid((2026, 1, 1), (2027, 1, 1), IsCa::NoCa);
        let (other_chain, other_key) = valid((2026, 1, 1), (2027, 1, 1), IsCa::NoCa);
        let words = "tls.key: is not the key of the first certificate in tls.pem; that must be the \
                     server's own, before its issuers'";
        assert_eq!(refusal(&chain, &other_key), words);
        let wrong_order = format!("{other_chain}{chain}");
        assert_eq!(refusal(&wrong_order, &key), words);
        assert!(parse(&format!("{chain}{other_chain}"), &key).is_ok());
    }

    #[test]
    fn files_that_are_something_else_are_refused_with_what_to_do() {
        let (chain, key) = valid((2026, 1, 1), (2027, 1, 1), IsCa::NoCa);
        assert!(refusal(&key, &chain).starts_with("tls.pem: has no certificate"));
        assert!(refusal("", &key).starts_with("tls.pem: has no certificate"));
        assert!(refusal(&chain, &chain).starts_with("tls.key: has no private key"));
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        assert!(refusal(&chain, &encrypted).starts_with("tls.key: the key is encrypted; decrypt"));
        let cut = chain.get(..200).unwrap();
        assert!(refusal(cut, &key).starts_with("tls.pem: is not PEM"));
        let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(
            refusal(nonsense, &key).starts_with("tls.pem: the first certificate cannot be used")
        );
        let nonsense = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(refusal(&chain, nonsense).starts_with("tls.key: this kind of key cannot be used"));
    }

    #[test]
    fn a_file_that_is_not_there_or_far_too_long_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let (missing, long) = (dir.path().join("missing.pem"), dir.path().join("long.pem"));
        std::fs::write(&long, vec![b'x'; 1024 * 1024 + 1]).unwrap();
        let refusal = |path: &Path| Pair::read(path, path).1.unwrap_err().to_string();
        let words = refusal(&missing);
        assert!(words.starts_with(&format!("{}: cannot be read: ", missing.display())));
        let words = refusal(&long);
        assert!(words.starts_with(&format!("{}: has more than 1048576 bytes", long.display())));
    }
}
