//! Those who are told: a real web server and a real mail server in processes of their own, which
//! keep whatever they take, in order.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::Process;
use crate::server::lasting_address;
use crate::tools::repository;
use crate::wait;

/// One of them. It ends with its value.
#[derive(Debug)]
pub struct Receiver {
    kind: Kind,
    folder: TempDir,
    process: Option<Process>,
    /// Where it listens, also when it is started again.
    pub address: SocketAddr,
}

/// What it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// HTTP: Python's own server.
    Web,
    /// SMTP: aiosmtpd.
    Mail,
}

/// What it has taken once.
#[derive(Clone, Debug)]
pub struct Taken(pub Value);

impl Receiver {
    /// Starts one.
    #[track_caller]
    pub fn start(kind: Kind) -> Self {
        let mut receiver = Self {
            kind,
            folder: tempfile::tempdir().expect("the temp folder can be written"),
            process: None,
            address: lasting_address(),
        };
        receiver.come_back();
        receiver
    }

    /// Is there again, with all that it had taken before.
    #[track_caller]
    pub fn come_back(&mut self) {
        let (script, python) = match self.kind {
            Kind::Web => ("tests/clients/web_receiver.py", PathBuf::from("python3")),
            Kind::Mail => ("backend/notify/tests/suite/mail_server.py", mail_python()),
        };
        let mut command = Command::new(python);
        command
            .arg(repository().join(script))
            .arg(self.address.port().to_string())
            .args([self.file("log"), self.file("hold")]);
        let process = Process::start("a receiver", command);
        let ready = process.out.find("the receiver is ready", |line| {
            (line == "ready").then_some(())
        });
        assert!(ready.is_some(), "{}", process.err.text());
        self.process = Some(process);
    }

    /// Goes away; what it has taken stays.
    pub fn go_away(&mut self) {
        self.process = None;
    }

    /// Takes what comes from now on without an answer, or answers again.
    pub fn hold(&self, is_held: bool) {
        let file = self.file("hold");
        if is_held {
            std::fs::write(file, "").expect("the folder can be written");
        } else {
            std::fs::remove_file(file).expect("it was held");
        }
    }

    /// What it has taken, in order.
    pub fn taken(&self) -> Vec<Taken> {
        let log = std::fs::read_to_string(self.file("log")).unwrap_or_default();
        let whole = log.rfind('\n').map_or("", |end| &log[..end]);
        let lines = whole.lines();
        let read = |line| serde_json::from_str(line).expect("a line of JSON");
        lines.map(|line| Taken(read(line))).collect()
    }

    /// Waits until it has taken what `fits`; all that it has taken.
    #[track_caller]
    pub fn until(&self, what: &str, fits: impl Fn(&[Taken]) -> bool) -> Vec<Taken> {
        wait::within(wait::PATIENCE * 6, what, || {
            let taken = self.taken();
            wait::check(fits(&taken), format_args!("{} messages", taken.len()))?;
            Ok(taken)
        })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its folder, which the server cannot know.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// A Python that has aiosmtpd: `EGRET_PYTHON`, or Debian's, or the one in `PATH`.
fn mail_python() -> PathBuf {
    let named = std::env::var_os("EGRET_PYTHON").map(PathBuf::from);
    let mut candidates = named
        .into_iter()
        .chain(["/usr/bin/python3".into(), "python3".into()]);
    let has_it = |python: &PathBuf| {
        let mut command = Command::new(python);
        command.args(["-c", "import aiosmtpd"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let found = candidates.find(has_it);
    found.expect("aiosmtpd is missing: apt-get install python3-aiosmtpd")
}

impl Taken {
    /// Who was told: the path, or the address.
    pub fn recipient(&self) -> String {
        let to = self.0["path"].as_str().or_else(|| self.0["to"][0].as_str());
        to.unwrap_or_default().to_owned()
    }

    /// What is the same in every repetition of it.
    pub fn identity(&self) -> String {
        let headers = &self.0["headers"];
        let id = headers["webhook-id"]
            .as_str()
            .or_else(|| headers["message-id"].as_str());
        id.expect("it has an id of its own").to_owned()
    }

    /// Whether it says that it may be a repetition.
    pub fn is_marked(&self) -> bool {
        self.0["headers"]["x-egret-maybe-repeated"] == "1"
    }

    /// Its body as JSON; null of a mail.
    pub fn json(&self) -> Value {
        let text = self.0["text"].as_str().unwrap_or_default();
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The key of the notice: `incident/deed/kind`. Of a mail, what its text says instead.
    pub fn key(&self) -> String {
        let json = self.json();
        let key = json["data"]["key"].as_str().map(str::to_owned);
        key.unwrap_or_else(|| self.0["plain"].as_str().unwrap_or_default().to_owned())
    }
}
