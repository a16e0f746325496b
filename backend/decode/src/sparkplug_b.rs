//! `sparkplug-b`: Sparkplug's nodes and devices, which say once what they have and then only what
//! has changed.
//!
//! A birth lists a node's or a device's metrics, with a number, the alias, for each name; what
//! comes later may name the alias alone. So births are remembered, as the one thing that formats
//! remember here. What cannot be understood without a birth that was not heard is refused, and the
//! node's rebirth is wanted: whoever sends messages asks for it ([`crate::Decoder::rebirths`]).
//! After a restart nothing is remembered, and it goes the same way. Messages of the past are read by
//! the births of their own time, and leave no trace in those of now ([`past`]).
//!
//! Metrics of one time are one reading, those of births too. Deaths, commands and hosts' states
//! say nothing of the city: whether an asset is silent is judged by what its feed expects of it. What
//! is told to nodes and devices is made in [`command`].
//!
//! # Source
//! Sparkplug 3.0.0, sections 4 to 6.

mod command;
mod metric;
mod past;
mod rebirth;
mod sessions;
mod topic;

use egret_shared::package::feed::{FeedDef, Place};
use egret_shared::rejection::{Reason, Rejection};
use smol_str::{SmolStr, format_smolstr};

use crate::decoder::{Message, Read, Sink};
use crate::gathered::Gathered;
use crate::limits::ELEMENTS_MAX;
use crate::names::Names;
use crate::protobuf::sparkplug_b::Metric;
use crate::protobuf::{Field, Fields, member};
use crate::refuse::{at_element, bounded, refusal, shown};
use crate::topic::level_of;
pub use command::command_payload;
pub use rebirth::Rebirth;
use sessions::{Births, Known, Sessions, Step};
use topic::{Kind, Topic};

/// The format for one feed.
pub(crate) struct SparkplugB {
    names: Names,
    /// Which level of a topic names the asset, if the feed says so.
    level: Option<usize>,
    sessions: Sessions,
}

/// A payload, its metrics read.
#[derive(Default)]
struct Parts {
    timestamp: Option<u64>,
    seq: Option<u64>,
    /// `None` where it could not be read.
    metrics: Vec<Option<Metric>>,
    unreadable: Faults,
    is_packed: bool,
}

impl SparkplugB {
    pub(crate) fn new(feed: &FeedDef) -> Self {
        let asset = feed.map.as_ref().and_then(|map| map.asset.as_ref());
        let level = match asset {
            Some(Place::Topic { topic }) => Some(*topic),
            Some(Place::Pointer { .. }) | None => None,
        };
        Self {
            names: Names::new(feed),
            level,
            sessions: Sessions::default(),
        }
    }

    fn message(
        &self,
        births: &dyn Births,
        message: &Message<'_>,
        sink: Sink<'_>,
    ) -> Result<(), Rejection> {
        let Some(topic) = Topic::read(message.topic)? else {
            return Ok(());
        };
        let parts = parts(message.payload)?;
        let seq = parts.seq()?;
        let bd_seq = parts.bd_seq();
        let step = match topic.kind {
            Kind::NodeBirth => Step::NodeBirth { bd_seq },
            Kind::DeviceBirth => Step::DeviceBirth,
            Kind::Data => Step::Data,
            Kind::NodeDeath => Step::NodeDeath { bd_seq },
            Kind::DeviceDeath => Step::DeviceDeath,
        };
        let metrics: Vec<_> = parts.metrics.iter().map(Option::as_ref).collect();
        let known = births.step(&topic, step, seq, &metrics, message.received_at);
        if matches!(topic.kind, Kind::NodeDeath | Kind::DeviceDeath) {
            return Ok(());
        }
        let asset = self.asset(&topic, message.topic)?;
        let mut gathered = Gathered::default();
        let mut unborn = Faults::default();
        for (index, (metric, known)) in parts.metrics.iter().zip(&known).enumerate() {
            match (metric, known) {
                (None, _) => {}
                (Some(metric), None) => unborn.note(index, || unborn_what(metric)),
                (Some(metric), Some(known)) => {
                    let done = self.gather(&mut gathered, metric, known, &asset, &parts, index);
                    if let Err(refused) = done {
                        gathered.refuse(at_element(refused, "/metrics", index));
                    }
                }
            }
        }
        gathered.finish(sink);
        if let Some(said) = parts.unreadable.said() {
            sink(Err(refusal(Reason::BadShape, said)));
        }
        if let Some(said) = unborn.said() {
            let (group, node) = (shown(topic.group), shown(topic.node));
            let why = births.unborn_why();
            let detail = format!("{said}: no birth of node {node} of group {group} {why}");
            sink(Err(refusal(Reason::BadShape, detail)));
        }
        Ok(())
    }

    /// Puts a metric's value where it belongs, if the feed takes it.
    fn gather(
        &self,
        gathered: &mut Gathered,
        metric: &Metric,
        known: &Known,
        asset: &str,
        parts: &Parts,
        index: usize,
    ) -> Result<(), Rejection> {
        let Some(value) = metric::value(&self.names, metric, known)? else {
            return Ok(());
        };
        let at = metric::time(metric, parts.timestamp)?;
        let place = format!("/metrics/{index}");
        if let Some(making) = gathered.reading(asset, at, &place) {
            making.put(value, &place);
        }
        Ok(())
    }

    /// The asset: the level that the feed names, or group, node and device together, which are
    /// unique only together.
    fn asset(&self, topic: &Topic<'_>, text: &str) -> Result<SmolStr, Rejection> {
        if let Some(level) = self.level {
            let named = level_of(text, level).unwrap_or(topic.node);
            return bounded(named, "topic").map(SmolStr::new);
        }
        let Topic { group, node, .. } = topic;
        let mut asset = format_smolstr!("{group}:{node}");
        if let Some(device) = topic.device {
            asset = format_smolstr!("{asset}:{device}");
        }
        bounded(&asset, "topic")?;
        Ok(asset)
    }
}

impl Parts {
    fn seq(&self) -> Result<Option<u8>, Rejection> {
        let seq = self.seq.map(|seq| u8::try_from(seq).map_err(|_beyond| seq));
        seq.transpose().map_err(|seq| {
            let detail = format!("/seq: {seq}, expected 0 to 255");
            refusal(Reason::BadShape, detail)
        })
    }

    /// Which birth of a node a birth or a death is of.
    fn bd_seq(&self) -> Option<u64> {
        let mut metrics = self.metrics.iter().flatten();
        let metric = metrics.find(|metric| metric.name.as_deref() == Some(metric::BD_SEQ))?;
        metric::bits(metric)
    }
}

/// What is wrong with several metrics of a message in the same way: one refusal for all, for a
/// message may have thousands of them.
#[derive(Default)]
struct Faults {
    first: Option<String>,
    n_more: usize,
}

impl Faults {
    fn note(&mut self, index: usize, what: impl FnOnce() -> String) {
        if self.first.is_some() {
            self.n_more += 1;
        } else {
            self.first = Some(format!("/metrics/{index}: {}", what()));
        }
    }

    /// The first of them, and how many there are besides.
    fn said(&self) -> Option<String> {
        let first = self.first.as_ref()?;
        Some(match self.n_more {
            0 => first.clone(),
            n_more => format!("{first}, and {n_more} more"),
        })
    }
}

/// What cannot be understood without a birth.
fn unborn_what(metric: &Metric) -> String {
    match (&metric.name, metric.alias) {
        (Some(name), _) if !name.is_empty() => format!("the kind of {}", shown(name)),
        (_, Some(alias)) => format!("the alias {alias}"),
        _ => "a metric without name and alias".to_owned(),
    }
}

/// Parts a payload, and reads its metrics.
fn parts(payload: &[u8]) -> Result<Parts, Rejection> {
    let mut parts = Parts::default();
    let mut fields = Fields::new(payload);
    while let Some((number, field)) = fields.next()? {
        match (number, field) {
            (1, Field::Varint(timestamp)) => parts.timestamp = Some(timestamp),
            (2, Field::Bytes(_)) if parts.metrics.len() == ELEMENTS_MAX => {
                let detail = format!("/metrics: more than {ELEMENTS_MAX} in one message");
                return Err(refusal(Reason::TooMany, detail));
            }
            (2, Field::Bytes(bytes)) => {
                let metric = member(bytes);
                if let Err(refused) = &metric {
                    let index = parts.metrics.len();
                    parts.unreadable.note(index, || refused.detail.clone());
                }
                parts.metrics.push(metric.ok());
            }
            (3, Field::Varint(seq)) => parts.seq = Some(seq),
            (5, Field::Bytes(_)) => parts.is_packed = true,
            _ => {}
        }
    }
    if parts.is_packed && parts.metrics.is_empty() {
        let detail = "/body: a payload packed into another, which is not read";
        return Err(refusal(Reason::BadShape, detail));
    }
    Ok(parts)
}

impl Read for SparkplugB {
    fn read(&self, message: &Message<'_>, sink: Sink<'_>) {
        if let Err(refused) = self.message(&self.sessions, message, sink) {
            sink(Err(refused));
        }
    }

    fn past(&self) -> Option<Box<dyn Read + '_>> {
        Some(Box::new(past::Past::new(self)))
    }

    fn rebirths(&self) -> Vec<Rebirth> {
        self.sessions.rebirths()
    }
}
