//! TLS, and the certificate's renewal.

use std::path::PathBuf;
use std::sync::Arc;

use egret_listen::{Limits, Tls};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::site::{
    PATIENCE, Site, eventually, every, generous, get_and_close, get_and_stay, millis, rest, text,
    time_to_close, until, within,
};

/// A certificate for a name, and its key, as files.
pub(crate) struct Files {
    _dir: TempDir,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    trusted: CertificateDer<'static>,
    name: String,
}

impl Files {
    pub(crate) fn new(name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (certificate, key) = (dir.path().join("tls.pem"), dir.path().join("tls.key"));
        let mut files = Self {
            _dir: dir,
            certificate,
            key,
            trusted: CertificateDer::from(Vec::new()),
            name: String::new(),
        };
        files.renew(name);
        files
    }

    /// Replaces both.
    fn renew(&mut self, name: &str) {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed([name.to_owned()]).unwrap();
        std::fs::write(&self.certificate, cert.pem()).unwrap();
        std::fs::write(&self.key, signing_key.serialize_pem()).unwrap();
        self.trusted = cert.der().clone();
        name.clone_into(&mut self.name);
    }

    pub(crate) async fn connect(&self, site: &Site, alpn: &[&str]) -> TlsStream<TcpStream> {
        let versions = &[&rustls::version::TLS13, &rustls::version::TLS12];
        self.try_connect(site, alpn, versions).await.unwrap()
    }

    /// A handshake that trusts this certificate alone.
    async fn try_connect(
        &self,
        site: &Site,
        alpn: &[&str],
        versions: &[&'static SupportedProtocolVersion],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusted.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from(self.name.clone()).unwrap();
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, site.connect().await);
        within(Box::pin(handshake)).await
    }

    async fn site(&self, limits: Limits) -> (Site, Tls) {
        let tls = Tls::open(&self.certificate, &self.key).unwrap();
        (Site::open_with(limits, Some(tls.clone())).await, tls)
    }
}

#[tokio::test]
async fn a_handler_learns_who_asks_and_whether_over_tls() {
    let files = Files::new("a.example");
    let (site, _) = files.site(generous()).await;
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let mut stream = files
            .try_connect(&site, &["http/1.1"], &[version])
            .await
            .unwrap();
        stream.write_all(&get_and_close("/who")).await.unwrap();
        let answer = text(&rest(&mut stream).await);
        assert!(answer.ends_with("127.0.0.1 secure=true"), "{answer}");
    }
    let plain = Site::open(generous()).await;
    let answer = plain.get("/who").await;
    assert!(answer.ends_with("127.0.0.1 secure=false"), "{answer}");
}

#[tokio::test]
async fn plain_http_spoken_to_the_tls_port_is_answered_with_nothing() {
    let files = Files::new("a.example");
    let (site, _) = files.site(generous()).await;
    assert!(site.get("/").await.is_empty());
    assert_eq!(site.counters.tls_failures.get(), 1);
    assert_eq!(site.counters.requests_total.get(), 0);
}

#[tokio::test]
async fn a_handshake_that_does_not_end_is_ended() {
    let files = Files::new("a.example");
    let (site, _) = files
        .site(Limits {
            handshake_timeout: millis(400),
            ..generous()
        })
        .await;
    // Nothing; a hello that has begun; a hello that comes byte by byte.
    let took = time_to_close(&mut site.connect().await).await;
    assert!(took >= millis(350) && took < PATIENCE, "{took:?}");
    let mut begun = site.send(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]).await;
    let took = time_to_close(&mut begun).await;
    assert!(took >= millis(350) && took < PATIENCE, "{took:?}");
    let start = Instant::now();
    let mut dribbling = site.send(&[0x16, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc]).await;
    let mut pace = every(50);
    within(async {
        while dribbling.write_all(&[3]).await.is_ok() {
            pace.tick().await;
        }
    })
    .await;
    assert!(start.elapsed() < PATIENCE);
    assert_eq!(site.counters.timeouts_handshake.get(), 3);
    eventually(|| site.counters.connections_open.get() == 0).await;
}

#[tokio::test]
async fn a_handshake_does_not_hold_the_shutdown_up() {
    let files = Files::new("a.example");
    let limits = Limits {
        drain: PATIENCE,
        ..generous()
    };
    let (mut site, _) = files.site(limits).await;
    let mut begun = site.send(&[0x16, 3, 1, 2, 0]).await;
    eventually(|| site.counters.connections_open.get() == 1).await;
    let start = Instant::now();
    site.shutdown.cancel();
    site.ended().await;
    assert!(start.elapsed() < millis(5000), "{:?}", start.elapsed());
    assert!(rest(&mut begun).await.is_empty());
}

#[tokio::test]
async fn limits_hold_behind_tls_as_they_do_without() {
    let files = Files::new("a.example");
    let (site, _) = files
        .site(Limits {
            head_timeout: millis(300),
            write_stall: millis(300),
            idle: millis(600),
            ..generous()
        })
        .await;
    let mut silent = files.connect(&site, &["http/1.1"]).await;
    rest(&mut silent).await;
    assert_eq!(site.counters.timeouts_head.get(), 1);

    let mut idle = files.connect(&site, &["http/1.1"]).await;
    idle.write_all(&get_and_stay("/")).await.unwrap();
    until(&mut idle, "hello").await;
    rest(&mut idle).await;
    assert_eq!(site.counters.timeouts_idle.get(), 1);

    for path in ["/big", "/lump"] {
        let mut stalled = files.connect(&site, &["http/1.1"]).await;
        stalled.write_all(&get_and_stay(path)).await.unwrap();
        eventually(|| site.counters.connections_open.get() == 1).await;
        eventually(|| site.counters.connections_open.get() == 0).await;
    }
    assert_eq!(site.counters.timeouts_write.get(), 2);
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_to_the_next_client_and_drops_nobody() {
    let mut files = Files::new("a.example");
    let (site, tls) = files.site(generous()).await;
    let mut watching = JoinSet::new();
    watching.spawn(tls.watch(millis(10), site.shutdown.clone()));
    let mut before = files.connect(&site, &["http/1.1"]).await;
    before.write_all(&get_and_stay("/")).await.unwrap();
    until(&mut before, "hello").await;

    files.renew("b.example");
    let versions = &[&rustls::version::TLS13];
    within(async { while files.try_connect(&site, &["h2"], versions).await.is_err() {} }).await;
    before.write_all(&get_and_stay("/who")).await.unwrap();
    until(&mut before, "secure=true").await;
    site.shutdown.cancel();
    within(watching.join_next()).await.unwrap().unwrap();
}
