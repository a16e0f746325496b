//! Debian's Mosquitto: its two clients, and its broker.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use tempfile::TempDir;

use crate::process::Process;
use crate::server::lasting_address;
use crate::tls::{Authority, Certificate};
use crate::{tools, wait};

/// Which MQTT a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 3.1.1.
    V3,
    /// 5.
    V5,
}

impl Version {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::V3, Self::V5];

    fn word(self) -> &'static str {
        match self {
            Self::V3 => "mqttv311",
            Self::V5 => "mqttv5",
        }
    }
}

/// What `mosquitto_pub` ended with.
#[derive(Clone, Debug)]
pub struct Published {
    /// Whether it reports success.
    pub success: bool,
    /// What it printed; for MQTT 5, each refusal by its reason.
    pub said: String,
}

/// Publishes one message with QoS 1, and waits for its acknowledgement.
#[track_caller]
pub fn publish(broker: SocketAddr, version: Version, topic: &str, payload: &str) -> Published {
    publish_lines(broker, version, topic, &[payload])
}

/// As [`publish`], with more flags, such as those of TLS.
#[track_caller]
pub fn publish_with(
    broker: SocketAddr,
    version: Version,
    (topic, payload): (&str, &str),
    flags: &[&str],
) -> Published {
    let mut command = client("mosquitto_pub", broker, version);
    command.args(["-q", "1", "-t", topic, "-m", payload]);
    command.args(flags);
    ended(Process::start("mosquitto_pub", command))
}

/// Publishes each line as a message on one connection with QoS 1.
#[track_caller]
pub fn publish_lines(
    broker: SocketAddr,
    version: Version,
    topic: &str,
    lines: &[&str],
) -> Published {
    let mut command = client("mosquitto_pub", broker, version);
    command.args(["-q", "1", "-t", topic, "-l"]);
    let mut process = Process::start("mosquitto_pub", command);
    for line in lines {
        process.tell(line);
    }
    process.end_input();
    ended(process)
}

/// Publishes the content of a file as one message with QoS 1.
#[track_caller]
pub fn publish_file(
    broker: SocketAddr,
    version: Version,
    topic: &str,
    file: &std::path::Path,
) -> Published {
    let mut command = client("mosquitto_pub", broker, version);
    command.args(["-q", "1", "-t", topic, "-f"]).arg(file);
    ended(Process::start("mosquitto_pub", command))
}

/// As [`publish_file`], with more flags.
#[track_caller]
pub fn publish_file_with(
    broker: SocketAddr,
    version: Version,
    topic: &str,
    file: &str,
    flags: &[&str],
) -> Published {
    let mut command = client("mosquitto_pub", broker, version);
    command.args(["-q", "1", "-t", topic, "-f", file]);
    command.args(flags);
    ended(Process::start("mosquitto_pub", command))
}

#[track_caller]
fn ended(mut process: Process) -> Published {
    let success = process.ended().success();
    let nothing = |_: &str| None::<()>;
    process.out.find("its output ends", nothing);
    process.err.find("its output ends", nothing);
    let said = format!("{}\n{}", process.out.text(), process.err.text());
    Published {
        success,
        said: said.trim().to_owned(),
    }
}

/// A running `mosquitto_sub`.
#[derive(Debug)]
pub struct Subscriber(Process);

/// Subscribes to `filter`; each message is a line `topic payload`, retained ones among them.
pub fn subscribe(broker: SocketAddr, version: Version, filter: &str) -> Subscriber {
    let mut command = client("mosquitto_sub", broker, version);
    command.args(["-q", "1", "-v", "-t", filter]);
    Subscriber(Process::start("mosquitto_sub", command))
}

/// As [`subscribe`], with more flags, such as further filters or how a line is written.
pub fn subscribe_with(
    broker: SocketAddr,
    version: Version,
    filter: &str,
    flags: &[&str],
) -> Subscriber {
    let mut command = client("mosquitto_sub", broker, version);
    command.args(["-q", "1", "-v", "-t", filter]);
    command.args(flags);
    Subscriber(Process::start("mosquitto_sub", command))
}

impl Subscriber {
    /// What `pick` makes of a topic and its payload, as soon as it takes one.
    #[track_caller]
    pub fn find<T>(&self, what: &str, mut pick: impl FnMut(&str, &str) -> Option<T>) -> T {
        let found = self.0.out.find(what, |line| {
            let (topic, payload) = line.split_once(' ')?;
            pick(topic, payload)
        });
        found.unwrap_or_else(|| panic!("mosquitto_sub ended: {}", self.0.err.text()))
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.0.out.all()
    }
}

fn client(name: &str, broker: SocketAddr, version: Version) -> Command {
    let mut command = Command::new(tools::program(name, "mosquitto-clients"));
    let (host, port) = (broker.ip().to_string(), broker.port().to_string());
    command.args(["-V", version.word(), "-h", &host, "-p", &port]);
    command
}

/// A Mosquitto broker on a port of its own, which keeps its sessions when it is restarted.
#[derive(Debug)]
pub struct Broker {
    folder: TempDir,
    process: Process,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Default for Broker {
    fn default() -> Self {
        Self::start()
    }
}

impl Broker {
    /// Starts a broker, and waits until it listens.
    #[track_caller]
    pub fn start() -> Self {
        Self::start_with("allow_anonymous true\n")
    }

    /// As [`Self::start`], under TLS with this certificate, to those alone who show one that `clients`
    /// has signed.
    #[track_caller]
    pub fn start_under_tls(certificate: &Certificate, clients: &Authority) -> Self {
        Self::start_with(&format!(
            "certfile {}\nkeyfile {}\ncafile {}\nrequire_certificate true\n\
             use_identity_as_username true\n",
            certificate.certificate().display(),
            certificate.key().display(),
            clients.certificate().display(),
        ))
    }

    #[track_caller]
    fn start_with(who: &str) -> Self {
        let folder = tempfile::tempdir().expect("the temp folder can be written");
        let address = lasting_address();
        let settings = format!(
            "listener {} {}\n{who}user root\npersistence true\n\
             persistence_location {}/\nmax_queued_messages 0\nset_tcp_nodelay true\n",
            address.port(),
            address.ip(),
            folder.path().display()
        );
        std::fs::write(folder.path().join("mosquitto.conf"), settings)
            .expect("the temp folder can be written");
        let process = run_broker(&folder, address);
        Self {
            folder,
            process,
            address,
        }
    }

    /// As `--broker` wants it.
    pub fn url(&self) -> String {
        format!("mqtt://{}", self.address)
    }

    /// Stops it; sessions and what waits in them are on its disk.
    #[track_caller]
    pub fn stop(&mut self) {
        self.process.stop();
    }

    /// Takes from its disk every session and what waits in it; it must be stopped.
    #[track_caller]
    pub fn forget(&self) {
        let database = self.folder.path().join("mosquitto.db");
        std::fs::remove_file(database).expect("it has kept its sessions");
    }

    /// Starts it again.
    #[track_caller]
    pub fn start_again(&mut self) {
        self.process = run_broker(&self.folder, self.address);
    }

    /// What it has logged since its start.
    pub fn log(&self) -> String {
        self.process.err.text()
    }
}

#[track_caller]
fn run_broker(folder: &TempDir, address: SocketAddr) -> Process {
    let mut command = Command::new(tools::program("mosquitto", "mosquitto"));
    command
        .arg("-v")
        .arg("-c")
        .arg(folder.path().join("mosquitto.conf"));
    let process = Process::start("mosquitto", command);
    wait::until("Mosquitto listens", || {
        TcpStream::connect(address)
            .map(drop)
            .map_err(|error| format!("{error}: {}", process.err.text()))
    });
    process
}
