//! `oidc-provider`, the certified issuer of the browser suites, as a program beside the test.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use egret_oidc::Settings;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::browser::REDIRECT;

/// How long its start may take on a machine that compiles beside it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running issuer; it ends with its value.
pub(crate) struct Issuer {
    pub(crate) url: String,
    _child: Child,
    _out: Lines<BufReader<ChildStdout>>,
}

impl Issuer {
    /// Starts one with flags and claims of `tests/browser/harness/issuer.mjs`.
    pub(crate) async fn start(flags: &[&str], claims: &str) -> Self {
        let browser = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/browser");
        let package = browser.join("node_modules/oidc-provider");
        assert!(
            package.is_dir(),
            "{} is missing: `cargo xtask test` installs it, or `npm ci --ignore-scripts` in \
             tests/browser",
            package.display()
        );
        let mut child = Command::new(node())
            .arg(browser.join("harness/issuer.mjs"))
            .args(["--port", "0", "--redirect", REDIRECT])
            .args(flags)
            .env("EGRET_ISSUER_CLAIMS", claims)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(PATIENCE, out.next_line()).await;
        let line = line.expect("the issuer does not start").unwrap();
        let line = line.expect("the issuer ends; what it said is above");
        let url = line.strip_prefix("issuer ready ").expect(&line).to_owned();
        Self {
            url,
            _child: child,
            _out: out,
        }
    }

    /// The settings of its only client.
    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::new(self.url.parse().unwrap(), "egret");
        settings.client_secret = Some("egret-secret".to_owned());
        settings
    }
}

fn node() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("node"))
        .find(|file| file.is_file())
        .expect("node is missing: apt-get install nodejs npm")
}
