//! Messages that came long ago, read once more: as of their own time, and without a trace in the
//! sessions of now.
//!
//! What they are understood by are births among themselves, and those that the live sessions still
//! hold and that had come by then. A birth that has been followed by another is not held any more: an
//! alias of it cannot be read.

use egret_shared::time::TimeMs;
use smol_str::SmolStr;

use super::SparkplugB;
use super::sessions::{Births, Born, Key, Known, Node, Sessions, Step, known};
use super::topic::Topic;
use crate::decoder::{Message, Read, Sink};
use crate::protobuf::sparkplug_b::Metric;

/// Reads messages of the past of one feed, in their order.
pub(super) struct Past<'a> {
    live: &'a SparkplugB,
    births: PastBirths<'a>,
}

/// The births of then.
struct PastBirths<'a> {
    /// Those among the messages that are read once more.
    own: Sessions,
    live: &'a Sessions,
}

impl<'a> Past<'a> {
    pub(super) fn new(live: &'a SparkplugB) -> Self {
        Self {
            live,
            births: PastBirths {
                own: Sessions::default(),
                live: &live.sessions,
            },
        }
    }
}

impl Read for Past<'_> {
    fn read(&self, message: &Message<'_>, sink: Sink<'_>) {
        if let Err(refused) = self.live.message(&self.births, message, sink) {
            sink(Err(refused));
        }
    }
}

impl Births for PastBirths<'_> {
    fn step(
        &self,
        topic: &Topic<'_>,
        step: Step,
        _seq: Option<u8>,
        metrics: &[Option<&Metric>],
        now: TimeMs,
    ) -> Vec<Option<Known>> {
        let key = (SmolStr::new(topic.group), SmolStr::new(topic.node));
        let device = topic.device.map(SmolStr::new);
        let device = device.as_ref();
        let mut own = self.own.lock();
        let mut node = own.taken(&key);
        match step {
            Step::NodeBirth { .. } => {
                node.metrics.clear();
                node.born_at = Some(now);
            }
            Step::DeviceBirth | Step::DeviceDeath => node.unbear(device),
            Step::Data | Step::NodeDeath { .. } => {}
        }
        if matches!(step, Step::NodeBirth { .. } | Step::DeviceBirth) {
            for metric in metrics.iter().flatten() {
                node.bear(metric, device, now);
            }
        }
        let live = self.live.lock();
        let then = Then::new([Some(&node), live.nodes.get(&key)], now);
        let told = metrics
            .iter()
            .map(|metric| known((*metric)?, device, |key| then.find(key)))
            .collect();
        drop(live);
        own.put(key, node);
        told
    }

    fn unborn_why(&self) -> &'static str {
        "from before it came is kept that tells, and without its birth it cannot be read"
    }
}

/// A node as it was known at some time.
struct Then<'n> {
    nodes: [Option<&'n Node>; 2],
    /// When it was born last by then: what was told before that is void.
    since: TimeMs,
    at: TimeMs,
}

impl<'n> Then<'n> {
    fn new(nodes: [Option<&'n Node>; 2], at: TimeMs) -> Self {
        let births = nodes.iter().flatten().filter_map(|node| node.born_at);
        let since = births.filter(|born_at| *born_at <= at).max();
        Self {
            nodes,
            since: since.unwrap_or(TimeMs(i64::MIN)),
            at,
        }
    }

    /// What had been told by then, the newest of it.
    fn find(&self, key: &Key) -> Option<&'n Born> {
        let found = self
            .nodes
            .iter()
            .flatten()
            .filter_map(|node| node.metrics.get(key));
        found
            .filter(|born| (self.since..=self.at).contains(&born.at))
            .max_by_key(|born| born.at)
    }
}
