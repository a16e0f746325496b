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
