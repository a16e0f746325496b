//! A client that holds what it was told: folds snapshots and deltas with the product's own
//! reducer, and fails the test at the first gap.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use egret_shared::channel::Channel;
use egret_shared::message::{DeltaFrame, ErrorFrame, Resume, ServerMessage, SnapshotFrame};
use egret_shared::snapshot::{CitySnapshot, Snapshot};

use crate::socket::{Socket, channel};
use crate::wait;

/// A client with its state.
#[derive(Debug)]
pub struct Follower {
    /// The connection.
    pub socket: Socket,
    /// What it holds, by channel.
    pub held: BTreeMap<Channel, Held>,
    /// What the server complained about.
    pub errors: Vec<ErrorFrame>,
    /// How many messages of any kind it has heard.
    pub n_messages: usize,
}

/// A channel's state at a seq.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The start of the server that the seq belongs to.
    pub generation: u64,
    /// The journal position of the state.
    pub seq: u64,
    /// The state.
    pub state: Snapshot,
    /// How many snapshots it was given.
    pub n_snapshots: usize,
    /// How many deltas it was given.
    pub n_deltas: usize,
}

impl Follower {
    /// Follows over `socket` what it will be subscribed to.
    pub fn new(socket: Socket) -> Self {
        Self {
            socket,
            held: BTreeMap::new(),
            errors: Vec::new(),
            n_messages: 0,
        }
    }

    /// Subscribes, and waits until it holds every one of `channels`.
    #[track_caller]
    pub fn subscribe(&mut self, channels: &[&str]) {
        self.socket.subscribe(channels);
        for text in channels {
            self.until(&format!("a snapshot of {text}"), |follower| {
                wait::check(follower.held.contains_key(&channel(text)), &follower.errors)
            });
        }
    }

    /// Takes one message in, if one comes within `patience`.
    #[track_caller]
    pub fn hear(&mut self, patience: Duration) -> bool {
        let Some(message) = self.socket.hear(patience) else {
            return false;
        };
        self.n_messages += 1;
        match message {
            ServerMessage::Snapshot(frame) => self.replace(frame),
            ServerMessage::Delta(frame) => self.advance(&frame),
            ServerMessage::Error(error) => self.errors.push(error),
            ServerMessage::Welcome(_) | ServerMessage::Heartbeat(_) => {}
        }
        true
    }

    /// Hears on until `look` finds something.
    #[track_caller]
    pub fn until<T>(&mut self, what: &str, mut look: impl FnMut(&Self) -> Result<T, String>) -> T {
        let deadline = Instant::now() + wait::PATIENCE;
        loop {
            match look(self) {
                Ok(found) => return found,
                Err(seen) => assert!(
                    Instant::now() < deadline,
                    "not within {:?}: {what}\nlast seen: {seen}",
                    wait::PATIENCE
                ),
            }
            self.hear(Duration::from_millis(50));
        }
    }

    /// Hears on until it holds `seq` or a later one of the channel.
    #[track_caller]
    pub fn until_seq(&mut self, text: &str, seq: u64) {
        self.until(&format!("{text} at {seq}"), |follower| {
            let held = follower.seq(text);
            wait::check(held >= Some(seq), held)
        });
    }

    /// What it holds of the channel.
    #[track_caller]
    pub fn state(&self, text: &str) -> &Held {
        self.held
            .get(&channel(text))
            .unwrap_or_else(|| panic!("{text} is not held"))
    }

    /// The seq that it holds of the channel, if any.
    pub fn seq(&self, text: &str) -> Option<u64> {
        self.held.get(&channel(text)).map(|held| held.seq)
    }

    /// The city that it holds.
    #[track_caller]
    pub fn city(&self) -> &CitySnapshot {
        match &self.state("city").state {
            Snapshot::City(city) => city,
            other => panic!("the city's channel holds {other:?}"),
        }
    }

    /// What a returning client says it holds.
    pub fn resume(&self) -> Vec<Resume> {
        let resume = |(channel, held): (&Channel, &Held)| Resume {
            channel: channel.clone(),
            generation: held.generation,
            seq: held.seq,
        };
        self.held.iter().map(resume).collect()
    }

    fn replace(&mut self, frame: SnapshotFrame) {
        let (n_snapshots, n_deltas) = self
            .held
            .get(&frame.channel)
            .map_or((0, 0), |held| (held.n_snapshots, held.n_deltas));
        let held = Held {
            generation: frame.generation,
            seq: frame.seq,
            state: frame.state,
            n_snapshots: n_snapshots + 1,
            n_deltas,
        };
        self.held.insert(frame.channel, held);
    }

    #[track_caller]
    fn advance(&mut self, frame: &DeltaFrame) {
        let channel = &frame.channel;
        let Some(held) = self.held.get_mut(channel) else {
            panic!("a delta of {channel}, of which nothing is held");
        };
        assert_eq!(
            (held.generation, held.seq),
            (frame.generation, frame.base),
            "a gap in {channel}: the delta does not begin where the client stands"
        );
        assert!(
            frame.seq > frame.base,
            "a delta of {channel} leads nowhere: {frame:?}"
        );
        let applied = held.state.apply(&frame.changes);
        applied.unwrap_or_else(|mismatch| panic!("{channel}: {mismatch}"));
        held.seq = frame.seq;
        held.n_deltas += 1;
    }
}
