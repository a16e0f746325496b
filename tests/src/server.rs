//! The server: set up, started, stopped, killed, started again on the same folder.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;
use tempfile::TempDir;

use crate::city::{self, CityCopy};
use crate::dice::Dice;
use crate::http::Http;
use crate::process::Process;
use crate::tls::Certificate;
use crate::{tools, wait};

/// With what a server starts: its city, its data folder, its addresses.
#[derive(Debug)]
pub struct Setup {
    city: CityFolder,
    data: TempDir,
    http: SocketAddr,
    mqtt: SocketAddr,
    more: Vec<String>,
    /// Whether it serves everything to anybody on loopback.
    open: bool,
}

#[derive(Debug)]
enum CityFolder {
    Tiny,
    Copy(CityCopy),
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    process: Process,
    setup: Setup,
    /// Where HTTP and WebSocket are.
    pub http: SocketAddr,
    /// Where the embedded MQTT endpoint is.
    pub mqtt: SocketAddr,
    /// Where it is under TLS, if it is.
    pub mqtts: Option<SocketAddr>,
}

/// `GET /api/v1/state`, and what `egret replay` prints.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct State {
    /// Journal position.
    pub seq: u64,
    /// The fold's hash there.
    pub hash: String,
    /// The city's time there, RFC 3339.
    pub at: String,
}

impl Setup {
    /// The tiny city, an empty data folder, free ports that may change at the next start.
    pub fn tiny() -> Self {
        Self::of(CityFolder::Tiny)
    }

    /// As [`Self::tiny`], with another city.
    pub fn with_city(city: CityCopy) -> Self {
        Self::of(CityFolder::Copy(city))
    }

    fn of(city: CityFolder) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let data = tempfile::tempdir().expect("the temp folder can be written");
        Self {
            city,
            data,
            http: any,
            mqtt: any,
            more: Vec::new(),
            open: true,
        }
    }

    /// Where people have to sign in.
    #[must_use]
    pub fn guarded(self) -> Self {
        Self {
            open: false,
            ..self
        }
    }

    /// With ports that are the same at every start, for clients that come back by themselves.
    #[must_use]
    pub fn with_lasting_ports(self) -> Self {
        Self {
            http: lasting_address(),
            mqtt: lasting_address(),
            ..self
        }
    }

    /// At this address of this machine, and MQTT beside it; ports as free as before.
    #[must_use]
    pub fn at(self, address: IpAddr) -> Self {
        Self {
            http: SocketAddr::new(address, self.http.port()),
            mqtt: SocketAddr::new(address, self.mqtt.port()),
            ..self
        }
    }

    /// With more flags.
    #[must_use]
    pub fn with_flags(mut self, flags: &[&str]) -> Self {
        self.more.extend(flags.iter().map(|&flag| flag.to_owned()));
        self
    }

    /// Under TLS, by this certificate.
    #[must_use]
    pub fn with_certificate(self, certificate: &Certificate) -> Self {
        let flags = certificate.flags();
        self.with_flags(&flags.each_ref().map(String::as_str))
    }

    /// The folder where the server keeps everything.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// The city package.
    pub fn city(&self) -> PathBuf {
        match &self.city {
            CityFolder::Tiny => city::tiny(),
            CityFolder::Copy(copy) => copy.path().to_path_buf(),
        }
    }

    /// Starts a server, and waits until it serves.
    #[track_caller]
    pub fn start(self) -> Server {
        let mut command = clean_egret();
        command
            .arg("serve")
            .arg("--city")
            .arg(self.city())
            .arg("--data")
            .arg(self.data());
        command.args([
            "--http",
            &self.http.to_string(),
            "--mqtt",
            &self.mqtt.to_string(),
        ]);
        command.args(self.open.then_some("--insecure-open"));
        command.args(&self.more);
        let process = Process::start("egret serve", command);
        let ready = process
            .out
            .find("the server says that it is ready", ready_addresses);
        let Some((http, mqtt, mqtts)) = ready else {
            panic!(
                "the server ended before it was ready:\n{}",
                process.err.text()
            );
        };
        Server {
            process,
            setup: self,
            http,
            mqtt,
            mqtts,
        }
    }

    /// Folds the whole journal of the stopped server anew, up to `until` if it is given.
    #[track_caller]
    pub fn replay(&self, until: Option<u64>) -> State {
        let mut command = clean_egret();
        command
            .arg("replay")
            .arg("--city")
            .arg(self.city())
            .arg("--data")
            .arg(self.data());
        command.args(until.map(|until| format!("--until={until}")));
        let output = command.output().expect("egret replay starts");
        let said = || String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "egret replay: {}", said());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("egret replay prints no state ({error}): {}", said()))
    }
}

/// Where HTTP is, MQTT, and MQTT under TLS.
type Addresses = (SocketAddr, SocketAddr, Option<SocketAddr>);

/// The addresses of the line `egret ready http=ADDR mqtt=ADDR[ mqtts=ADDR]`.
fn ready_addresses(line: &str) -> Option<Addresses> {
    let (http, mqtt) = line
        .strip_prefix("egret ready http=")?
        .split_once(" mqtt=")?;
    let (mqtt, mqtts) = match mqtt.split_once(" mqtts=") {
        Some((mqtt, mqtts)) => (mqtt, Some(mqtts.parse().ok()?)),
        None => (mqtt, None),
    };
    Some((http.parse().ok()?, mqtt.parse().ok()?, mqtts))
}

impl Server {
    /// A server of the tiny city with an empty data folder.
    #[track_caller]
    pub fn tiny() -> Self {
        Setup::tiny().start()
    }

    /// Its HTTP interface.
    pub fn api(&self) -> Http {
        Http::new(self.http)
    }

    /// Runs an `egret` command on its folder, beside it, and gives what it prints.
    #[track_caller]
    pub fn command(&self, arguments: &[&str], input: &str) -> String {
        let mut command = clean_egret();
        command.args(arguments).arg("--data").arg(self.data());
        command.stdin(std::process::Stdio::piped());
        command.stdout(std::process::Stdio::piped());
        command.stderr(std::process::Stdio::piped());
        let mut child = command.spawn().expect("egret starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input.as_bytes()).expect("egret reads");
        drop(stdin);
        let output = child.wait_with_output().expect("egret ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "egret {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Makes an admin called `admin` by the command line, so that there is an account.
    #[track_caller]
    pub fn make_admin(&self, password: &str) {
        self.command(
            &["user", "add", "admin", "--grant", "admin"],
            &format!("{password}\n"),
        );
        wait::until("the server sees the account", || {
            let me = self.api().get("/api/v1/me").json();
            if me["state"] == "first_start" {
                Err(me.to_string())
            } else {
                Ok(())
            }
        });
    }

    /// Makes an API token with these grants, written as for `egret token add`, and gives its
    /// secret once the server knows it.
    #[track_caller]
    pub fn token(&self, name: &str, grants: &[&str]) -> String {
        let mut arguments = vec!["token", "add", name];
        for grant in grants {
            arguments.extend(["--grant", *grant]);
        }
        let told = self.command(&arguments, "");
        let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        let secret = told["secret"].as_str().expect("a secret").to_owned();
        let api = self.api().with_token(&secret);
        wait::until("the server knows the token", || {
            let me = api.get("/api/v1/me").json();
            if me["state"] == "signed_in" {
                Ok(())
            } else {
                Err(me.to_string())
            }
        });
        secret
    }

    /// The code of the first start, as the server printed it.
    #[track_caller]
    pub fn first_code(&self) -> String {
        let code = self.process.out.find("the server prints a code", |line| {
            let (_, code) = line.split_once("with the code ")?;
            Some(code.to_owned())
        });
        code.expect("the server runs")
    }

    /// Its folder.
    pub fn data(&self) -> &Path {
        self.setup.data()
    }

    /// Journal position and hash.
    #[track_caller]
    pub fn state(&self) -> State {
        self.api().get("/api/v1/state").parsed()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.process.err.text()
    }

    /// Memory that is its own and in use, in bytes; `None` where there is no `/proc`.
    pub fn memory_bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("RssAnon:"))?;
        let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib * 1024)
    }

    /// Ends it at once, as a power cut does, and keeps its folder.
    pub fn kill(mut self) -> Setup {
        self.process.kill();
        self.setup
    }

    /// Asks it to end, and waits until it has kept everything.
    #[track_caller]
    pub fn stop(mut self) -> Setup {
        let status = self.process.stop();
        assert!(
            status.success(),
            "the server ended with {status}:\n{}",
            self.log()
        );
        self.setup
    }
}

/// What `egret` prints when it is run with `arguments` and ends by itself.
#[track_caller]
pub fn egret(arguments: &[&str]) -> Output {
    clean_egret()
        .args(arguments)
        .output()
        .expect("egret starts")
}

/// The binary with no setting from this environment.
fn clean_egret() -> Command {
    let mut command = Command::new(tools::egret());
    let ours = |name: &str| name.starts_with("EGRET_");
    std::env::vars()
        .filter(|(name, _)| ours(name))
        .for_each(|(name, _)| {
            command.env_remove(name);
        });
    command
}

/// First and last port that no system gives out by itself, so that a port stays free between two
/// starts.
const LASTING_PORTS: std::ops::Range<u16> = 20_000..32_000;

/// An address on loopback that stays free while nothing listens there.
pub fn lasting_address() -> SocketAddr {
    let mut dice = Dice::of(u64::from(std::process::id()) << 32 | u64::from(count()));
    let span = u64::from(LASTING_PORTS.end - LASTING_PORTS.start);
    std::iter::repeat_with(|| dice.below(span))
        .take(1_000)
        .filter_map(|n| u16::try_from(n).ok())
        .map(|n| SocketAddr::from(([127, 0, 0, 1], LASTING_PORTS.start + n)))
        .find(|address| TcpListener::bind(address).is_ok())
        .expect("a port is free")
}

/// How often this was called before.
fn count() -> u32 {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
