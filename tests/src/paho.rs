//! paho-mqtt for Python, driven by the scripts in `tests/clients`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::process::Command;

use serde_json::{Value, json};

use crate::mosquitto::Version;
use crate::process::Process;
use crate::{tools, wait};

/// One paho client that does what it is told, on one connection.
#[derive(Debug)]
pub struct Session {
    process: Process,
    n_published: u64,
}

impl Session {
    /// Connects, and waits until the broker has accepted.
    #[track_caller]
    pub fn connect(broker: SocketAddr, version: Version) -> Self {
        Self::open(broker, version, &[])
    }

    /// As [`Self::connect`], with a user name and password.
    #[track_caller]
    pub fn connect_as(broker: SocketAddr, version: Version, user: &str, password: &str) -> Self {
        Self::open(broker, version, &[user, password])
    }

    /// As [`Self::connect_as`], by a WebSocket at the server's HTTP address.
    #[track_caller]
    pub fn connect_web(http: SocketAddr, version: Version, user: &str, password: &str) -> Self {
        Self::open_by(http, version, &[user, password], Some("/mqtt"))
    }

    #[track_caller]
    fn open(broker: SocketAddr, version: Version, more: &[&str]) -> Self {
        Self::open_by(broker, version, more, None)
    }

    #[track_caller]
    fn open_by(
        broker: SocketAddr,
        version: Version,
        more: &[&str],
        web_path: Option<&str>,
    ) -> Self {
        let process = python("paho_session.py", broker, |command| {
            let version = if version == Version::V5 { "5" } else { "4" };
            command.arg(version).args(more);
            command.envs(web_path.map(|path| ("WEB_PATH", path)));
        });
        let session = Self {
            process,
            n_published: 0,
        };
        session.event("it is connected", |event| {
            (event["event"] == "connected").then_some(())
        });
        session
    }

    /// Publishes with QoS 1, and waits for the PUBACK; its reason code (0 in MQTT 3.1.1).
    #[track_caller]
    pub fn publish(&mut self, topic: &str, payload: &str) -> u64 {
        self.publish_qos(topic, payload, 1)
    }

    /// As [`Self::publish`], with this QoS; for QoS 2 the code of the PUBREC.
    #[track_caller]
    pub fn publish_qos(&mut self, topic: &str, payload: &str, qos: u8) -> u64 {
        self.n_published += 1;
        let n = self.n_published;
        let order = json!({ "n": n, "topic": topic, "payload": payload, "qos": qos });
        self.process.tell(&order.to_string());
        self.event(&format!("message {n} is acknowledged"), |event| {
            (event["event"] == "acked" && event["n"] == n).then(|| event["reason"].as_u64())
        })
        .expect("a reason code is a number")
    }

    /// How often the connection was lost.
    pub fn n_lost(&self) -> usize {
        self.process
            .out
            .all()
            .iter()
            .filter(|line| line.contains("\"lost\""))
            .count()
    }

    #[track_caller]
    fn event<T>(&self, what: &str, mut pick: impl FnMut(&Value) -> Option<T>) -> T {
        let pick = |line: &str| pick(&serde_json::from_str(line).ok()?);
        let found = self.process.out.find(what, pick);
        found.unwrap_or_else(|| panic!("paho ended: {}", self.process.err.text()))
    }
}

/// A paho subscriber with a session that outlives its connection.
#[derive(Debug)]
pub struct Subscriber {
    process: Process,
    /// Whether the session was there when it connected.
    pub is_present: bool,
}

/// How a [`Subscriber`] connects.
#[derive(Clone, Debug)]
pub struct Lasting<'a> {
    /// Which MQTT it speaks.
    pub version: Version,
    /// Its client identifier.
    pub name: &'a str,
    /// Whether it forgets the session that is there.
    pub is_clean: bool,
    /// How long its session outlives the connection, in seconds; of MQTT 5.
    pub expiry_s: u32,
    /// With what QoS it subscribes.
    pub qos: u8,
    /// To what it subscribes; to nothing if the session has its subscriptions.
    pub filters: &'a [&'a str],
    /// Whether it acknowledges no message.
    pub is_mute: bool,
}

/// A paho client that has a will and says nothing else. Lost with its value.
#[derive(Debug)]
pub struct Testator(Process);

/// How a [`Testator`] connects.
#[derive(Clone, Copy, Debug)]
pub struct Will<'a> {
    /// Which MQTT it speaks.
    pub version: Version,
    /// Its client identifier.
    pub name: &'a str,
    /// How long its session outlives the connection, in seconds; of MQTT 5. In 3.1.1 not at all if
    /// it is 0, else as long as may be.
    pub expiry_s: u32,
    /// How long the will waits for its client, in seconds; of MQTT 5.
    pub delay_s: u32,
    /// Where it is to be published.
    pub topic: &'a str,
    /// What it says.
    pub payload: &'a str,
}

impl Will<'_> {
    /// Connects with it, and waits until that is granted.
    #[track_caller]
    pub fn connect(&self, broker: SocketAddr) -> Testator {
        let process = python("paho_will.py", broker, |command| {
            let version = if self.version == Version::V5 {
                "5"
            } else {
                "4"
            };
            command.args([version, self.name]);
            command.args([self.expiry_s.to_string(), self.delay_s.to_string()]);
            command.args([self.topic, self.payload]);
        });
        let connected = process.out.find("it is connected", |line| {
            (line == "connected").then_some(())
        });
        assert!(connected.is_some(), "paho ended: {}", process.err.text());
        Testator(process)
    }
}

impl Testator {
    /// Says goodbye.
    #[track_caller]
    pub fn leave(mut self) {
        self.0.end_input();
        let left = self
            .0
            .out
            .find("it has left", |line| (line == "left").then_some(()));
        assert!(left.is_some(), "paho ended: {}", self.0.err.text());
    }
}

/// A message as a [`Subscriber`] hears it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Heard {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: String,
    /// The QoS that it came with.
    pub qos: u8,
    /// Whether it may have come before.
    pub dup: bool,
    /// Whether it is a retained one.
    pub retain: bool,
}

impl Lasting<'_> {
    /// Comes back to the session, or begins it, and waits until that is granted.
    #[track_caller]
    pub fn connect(&self, broker: SocketAddr) -> Subscriber {
        let process = python("paho_lasting.py", broker, |command| {
            let version = if self.version == Version::V5 {
                "5"
            } else {
                "4"
            };
            let start = if self.is_clean { "clean" } else { "stay" };
            command.args([version, self.name, start]);
            command.args([self.expiry_s.to_string(), self.qos.to_string()]);
            command.args(self.filters);
            command.envs(self.is_mute.then_some(("MUTE", "1")));
        });
        let mut subscriber = Subscriber {
            process,
            is_present: false,
        };
        let connected = subscriber.event("it is connected", "connected");
        assert_eq!(connected["refused"], false, "{connected}");
        subscriber.is_present = connected["present"] == true;
        subscriber.event("it subscribes", "subscribed");
        subscriber
    }
}

impl Subscriber {
    /// What it has heard, once that are `n` messages.
    #[track_caller]
    pub fn heard(&self, n: usize) -> Vec<Heard> {
        wait::until(&format!("{n} messages come"), || {
            let heard: Vec<Heard> = self
                .process
                .out
                .all()
                .iter()
                .filter(|line| line.contains("\"message\""))
                .filter_map(|line| serde_json::from_str(line).ok())
                .collect();
            if heard.len() < n {
                Err(format!("{heard:?}"))
            } else {
                Ok(heard)
            }
        })
    }

    /// Says goodbye.
    #[track_caller]
    pub fn leave(mut self) {
        self.process.end_input();
        self.event("it has left", "left");
    }

    #[track_caller]
    fn event(&self, what: &str, name: &str) -> Value {
        let pick = |line: &str| {
            let event: Value = serde_json::from_str(line).ok()?;
            (event["event"] == name).then_some(event)
        };
        let found = self.process.out.find(what, pick);
        found.unwrap_or_else(|| panic!("paho ended: {}", self.process.err.text()))
    }
}

/// Several paho clients that publish readings as fast as they are acknowledged, come back when
/// they are thrown out, and send again what was not acknowledged.
#[derive(Debug)]
pub struct Load {
    process: Process,
    n_read: usize,
    /// How many messages each client has acknowledged, by client.
    acked: BTreeMap<u64, Vec<u64>>,
    /// Clients that are connected at this moment.
    up: BTreeSet<u64>,
}

impl Load {
    /// Starts `clients` of them. Client `k` publishes message `n` as the only reading of manhole
    /// `{k}-{n}`.
    pub fn start(broker: SocketAddr, clients: usize) -> Self {
        Self::run(broker, &[clients.to_string()])
    }

    /// As [`Self::start`], each client with so many messages a second at most.
    pub fn start_at_rate(broker: SocketAddr, clients: usize, per_second: u32) -> Self {
        Self::run(broker, &[clients.to_string(), per_second.to_string()])
    }

    fn run(broker: SocketAddr, arguments: &[String]) -> Self {
        let process = python("paho_load.py", broker, |command| {
            command.args(arguments);
        });
        Self {
            process,
            n_read: 0,
            acked: BTreeMap::new(),
            up: BTreeSet::new(),
        }
    }

    /// How many messages were acknowledged so far.
    pub fn n_acked(&mut self) -> usize {
        self.read();
        self.acked.values().map(Vec::len).sum()
    }

    /// The asset of every message acknowledged so far.
    pub fn acked(&mut self) -> Vec<String> {
        self.read();
        let of = |(k, ns): (&u64, &Vec<u64>)| {
            let k = *k;
            ns.iter()
                .map(move |n| format!("{k}-{n}"))
                .collect::<Vec<_>>()
        };
        self.acked.iter().flat_map(of).collect()
    }

    /// Whether every client has noticed that its connection is gone, and so has told every
    /// acknowledgement that came over it.
    pub fn is_cut_off(&mut self) -> bool {
        self.read();
        self.up.is_empty()
    }

    /// Has the clients wait, once everything that they have published is acknowledged.
    #[track_caller]
    pub fn pause(&mut self) {
        let n_before = self.process.out.all().len();
        self.process.tell("pause");
        wait::until("the clients wait", || {
            let lines = self.process.out.since(n_before);
            wait::check(lines.iter().any(|line| line == "paused"), lines.len())
        });
    }

    /// Has them go on.
    pub fn resume(&mut self) {
        self.process.tell("resume");
    }

    /// Tells the clients to publish nothing new, and waits until everything is acknowledged; how
    /// many messages that is.
    #[track_caller]
    pub fn finish(&mut self) -> usize {
        self.process.end_input();
        let done = self
            .process
            .out
            .find("all messages are acknowledged", |line| {
                line.strip_prefix("done ")?.parse().ok()
            });
        done.unwrap_or_else(|| panic!("paho ended: {}", self.process.err.text()))
    }

    fn read(&mut self) {
        let lines = self.process.out.since(self.n_read);
        self.n_read += lines.len();
        for line in lines {
            let mut words = line.split(' ');
            match (words.next(), words.next(), words.next()) {
                (Some("acked"), Some(client), Some(n)) => {
                    let numbers = client.parse().ok().zip(n.parse().ok());
                    let (client, n) = numbers.expect("an acked line has two numbers");
                    self.acked.entry(client).or_default().push(n);
                }
                (Some(word @ ("up" | "lost")), Some(client), _) => {
                    let client = client.parse().expect("a client has a number");
                    if word == "up" {
                        self.up.insert(client)
                    } else {
                        self.up.remove(&client)
                    };
                }
                _ => {}
            }
        }
    }
}

pub(crate) fn python(
    script: &str,
    broker: SocketAddr,
    arguments: impl FnOnce(&mut Command),
) -> Process {
    let path = tools::repository().join("tests/clients").join(script);
    let mut command = Command::new(tools::python());
    // -B: no bytecode beside the scripts.
    command.arg("-B").arg("-u").arg(path);
    command
        .arg(broker.ip().to_string())
        .arg(broker.port().to_string());
    arguments(&mut command);
    Process::start(script, command)
}
