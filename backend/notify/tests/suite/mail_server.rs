//! A real mail server in a process of its own: aiosmtpd, which nobody here wrote.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::world::until;

/// A Python that has aiosmtpd: `EGRET_PYTHON`, or Debian's, or the one in `PATH`.
fn python() -> PathBuf {
    let candidates: Vec<PathBuf> = std::env::var_os("EGRET_PYTHON")
        .map(PathBuf::from)
        .into_iter()
        .chain(["/usr/bin/python3".into(), "python3".into()])
        .collect();
    let has_it = |python: &&PathBuf| {
        let mut command = Command::new(python);
        command.args(["-c", "import aiosmtpd"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let found = candidates.iter().find(has_it);
    found
        .expect("aiosmtpd is missing: apt-get install python3-aiosmtpd")
        .clone()
}

/// The server. It ends when it is dropped.
pub(crate) struct MailServer {
    folder: TempDir,
    process: Child,
    pub(crate) port: u16,
}

/// Where TLS is wanted: certificate, key, user, password.
pub(crate) type Door = [String; 4];

impl MailServer {
    pub(crate) fn start() -> Self {
        Self::start_with(None)
    }

    /// With a certificate, and for this user alone.
    pub(crate) fn start_with(door: Option<Door>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/mail_server.py");
        let mut command = Command::new(python());
        command.arg(script).arg(port.to_string());
        command
            .arg(folder.path().join("log"))
            .arg(folder.path().join("hold"));
        command.args(door.into_iter().flatten());
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "the mail server did not start");
        Self {
            folder,
            process,
            port,
        }
    }

    /// Whether messages are kept without an answer.
    pub(crate) fn hold(&self, is_held: bool) {
        let file = self.folder.path().join("hold");
        if is_held {
            std::fs::write(file, "").unwrap();
        } else {
            std::fs::remove_file(file).unwrap();
        }
    }

    /// What it has taken, in order.
    pub(crate) fn got(&self) -> Vec<Mail> {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let whole = log.rfind('\n').map_or("", |end| &log[..end]);
        whole
            .lines()
            .map(|line| Mail(serde_json::from_str(line).unwrap()))
            .collect()
    }

    /// Waits for so many messages; all that there are.
    pub(crate) async fn wait_for(&self, n: usize) -> Vec<Mail> {
        until(&format!("{n} messages"), || {
            let n_got = self.got().len();
            (n_got >= n)
                .then_some(())
                .ok_or_else(|| format!("{n_got} messages"))
        })
        .await;
        self.got()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// A message as it came.
#[derive(Clone, Debug)]
pub(crate) struct Mail(pub(crate) Value);

impl Mail {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.0["headers"][name].as_str()
    }

    /// Whom it came to, and the key of the notice that it tells.
    pub(crate) fn identity(&self) -> (String, String) {
        assert_eq!(self.0["to"].as_array().unwrap().len(), 1);
        let to = self.0["to"][0].as_str().unwrap().to_owned();
        (
            to,
            self.header("x-egret-key").unwrap_or("digest").to_owned(),
        )
    }

    /// Whether header and subject say that it may be a repetition.
    pub(crate) fn is_marked(&self) -> bool {
        let is_marked = self.header("x-egret-maybe-repeated") == Some("1");
        let subject = self.header("subject").unwrap();
        let says = subject.contains("可能重复") || subject.contains("maybe repeated");
        assert_eq!(is_marked, says, "{subject}");
        is_marked
    }
}
