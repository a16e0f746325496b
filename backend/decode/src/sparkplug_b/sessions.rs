//! What births have told: each node's aliases and kinds of values, and where its numbering stands.
//!
//! It is behind a lock, for a feed's decoder is shared by threads, and bounded: the node that has
//! been silent longest is forgotten first, and is asked for its birth when it speaks again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use egret_shared::time::TimeMs;
use smol_str::SmolStr;

use super::metric::needs_kind;
use super::rebirth::Rebirth;
use super::topic::Topic;
use crate::limits::{
    ALIASES_ALL_MAX, ALIASES_MAX, NODES_MAX, REBIRTH_AGAIN_MS, REBIRTHS_MAX, WORD_BYTES_MAX,
};
use crate::protobuf::sparkplug_b::Metric;

/// What is known of a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) name: SmolStr,
    /// The kind of its value.
    pub(super) datatype: Option<u32>,
}

/// What a message does to its node's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    NodeBirth { bd_seq: Option<u64> },
    DeviceBirth,
    Data,
    NodeDeath { bd_seq: Option<u64> },
    DeviceDeath,
}

/// How a node refers to a metric: by an alias, unique within the node, or by a device's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Alias(u64),
    Name(Option<SmolStr>, SmolStr),
}

/// A metric as its birth has told it.
#[derive(Clone, Debug)]
pub(super) struct Born {
    device: Option<SmolStr>,
    known: Known,
    /// When the birth came.
    pub(super) at: TimeMs,
}

/// A node's session.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// When its own birth was heard, if it has been.
    pub(super) born_at: Option<TimeMs>,
    bd_seq: Option<u64>,
    /// The number of its last message.
    seq: Option<u8>,
    pub(super) metrics: BTreeMap<Key, Born>,
    /// When it was asked for its births.
    asked_at: Option<TimeMs>,
    /// The number of the message at which it spoke last.
    spoke: u64,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) nodes: BTreeMap<(SmolStr, SmolStr), Node>,
    n_metrics: usize,
    n_messages: u64,
    wanted: VecDeque<Rebirth>,
}

/// All nodes of a feed.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<Table>);

/// What messages are understood by.
pub(super) trait Births: Send + Sync {
    /// Takes the step of a message that came at `now`, and says what is known of each of its metrics:
    /// `None` of what only a birth that was not heard would tell.
    fn step(
        &self,
        topic: &Topic<'_>,
        step: Step,
        seq: Option<u8>,
        metrics: &[Option<&Metric>],
        now: TimeMs,
    ) -> Vec<Option<Known>>;

    /// What to say of a birth that was not heard, after its name.
    fn unborn_why(&self) -> &'static str;
}

impl Births for Sessions {
    fn step(
        &self,
        topic: &Topic<'_>,
        step: Step,
        seq: Option<u8>,
        metrics: &[Option<&Metric>],
        now: TimeMs,
    ) -> Vec<Option<Known>> {
        let mut table = self.lock();
        let key = (SmolStr::new(topic.group), SmolStr::new(topic.node));
        let device = topic.device.map(SmolStr::new);
        let mut node = table.taken(&key);
        let mut is_wanted = match step {
            Step::NodeBirth { bd_seq } => {
                node.metrics.clear();
                node.bd_seq = bd_seq;
                node.born_at = Some(now);
                node.asked_at = None;
                false
            }
            // The will of an earlier connection may arrive after the birth of the next.
            Step::NodeDeath { bd_seq } if bd_seq == node.bd_seq || node.born_at.is_none() => {
                table.n_messages += 1;
                return Vec::new();
            }
            Step::NodeDeath { .. } => {
                table.put(key, node);
                return Vec::new();
            }
            Step::DeviceBirth | Step::DeviceDeath => {
                node.unbear(device.as_ref());
                !node.follows(seq)
            }
            Step::Data => !node.follows(seq),
        };
        node.seq = seq;
        let is_birth = matches!(step, Step::NodeBirth { .. } | Step::DeviceBirth);
        let known = metrics
            .iter()
            .map(|metric| {
                let metric = (*metric)?;
                if is_birth {
                    node.bear(metric, device.as_ref(), now);
                }
                node.known(metric, device.as_ref())
            })
            .collect::<Vec<_>>();
        is_wanted |= known.iter().any(Option::is_none) && step == Step::Data;
        if is_wanted {
            table.want(&key, &mut node, now);
        }
        table.put(key, node);
        known
    }

    fn unborn_why(&self) -> &'static str {
        "has been heard that tells, so its rebirth is asked for"
    }
}

impl Sessions {
    /// The nodes, for as long as what is returned is held.
    pub(super) fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rebirths that are wanted, each once.
    pub(super) fn rebirths(&self) -> Vec<Rebirth> {
        let mut table = self.lock();
        table.wanted.drain(..).collect()
    }
}

impl Node {
    /// Whether the message of this number is the next one of a session that is known.
    fn follows(&self, seq: Option<u8>) -> bool {
        let next = self.seq.map(|last| last.wrapping_add(1));
        self.born_at.is_some() && (next.is_none() || seq.is_none() || next == seq)
    }

    /// Lets go of what the births of a device have told; without one, of the node's own.
    pub(super) fn unbear(&mut self, device: Option<&SmolStr>) {
        self.metrics
            .retain(|_, born| born.device.as_ref() != device);
    }

    /// Remembers what a birth that came at `at` tells of a metric.
    pub(super) fn bear(&mut self, metric: &Metric, device: Option<&SmolStr>, at: TimeMs) {
        let name = metric.name.as_deref().unwrap_or_default();
        if name.is_empty() || name.len() > WORD_BYTES_MAX || self.metrics.len() == ALIASES_MAX {
            return;
        }
        let name = SmolStr::new(name);
        let key = match metric.alias {
            Some(alias) => Key::Alias(alias),
            None => Key::Name(device.cloned(), name.clone()),
        };
        let born = Born {
            device: device.cloned(),
            known: Known {
                name,
                datatype: metric.datatype,
            },
            at,
        };
        self.metrics.insert(key, born);
    }

    /// What is known of a metric, by itself and by its birth.
    fn known(&self, metric: &Metric, device: Option<&SmolStr>) -> Option<Known> {
        known(metric, device, |key| self.metrics.get(key))
    }
}

/// What is known of a metric of `device`, by itself and by the births among which `find` looks.
pub(super) fn known<'b>(
    metric: &Metric,
    device: Option<&SmolStr>,
    find: impl Fn(&Key) -> Option<&'b Born>,
) -> Option<Known> {
    let own = metric.name.as_deref().filter(|name| !name.is_empty());
    let by_alias = metric.alias.and_then(|alias| find(&Key::Alias(alias)));
    let name = match own {
        Some(name) => SmolStr::new(name),
        None => by_alias?.known.name.clone(),
    };
    let datatype = metric.datatype.or_else(|| {
        let by_name = || find(&Key::Name(device.cloned(), name.clone()));
        by_alias.or_else(by_name)?.known.datatype
    });
    if datatype.is_none() && needs_kind(metric) {
        return None;
    }
    Some(Known { name, datatype })
}

impl Table {
    /// The node, taken out of the table; a new one if it is not known.
    pub(super) fn taken(&mut self, key: &(SmolStr, SmolStr)) -> Node {
        let node = self.nodes.remove(key).unwrap_or_default();
        self.n_metrics -= node.metrics.len();
        node
    }

    /// Puts the node back, and forgets the longest silent ones if there are too many.
    pub(super) fn put(&mut self, key: (SmolStr, SmolStr), mut node: Node) {
        self.n_messages += 1;
        node.spoke = self.n_messages;
        while self.nodes.len() >= NODES_MAX || self.n_metrics + node.metrics.len() > ALIASES_ALL_MAX
        {
            let silent = self.nodes.iter().min_by_key(|(_, node)| node.spoke);
            let Some(silent) = silent.map(|(key, _)| key.clone()) else {
                break;
            };
            self.taken(&silent);
        }
        self.n_metrics += node.metrics.len();
        self.nodes.insert(key, node);
    }

    /// Wants the node's rebirth, unless it was asked for it just now.
    fn want(&mut self, key: &(SmolStr, SmolStr), node: &mut Node, now: TimeMs) {
        let is_recent =
            |asked: TimeMs| now.0.saturating_sub(asked.0).unsigned_abs() < REBIRTH_AGAIN_MS;
        if node.asked_at.is_some_and(is_recent) || self.wanted.len() == REBIRTHS_MAX {
            return;
        }
        node.asked_at = Some(now);
        let (group, node) = key.clone();
        self.wanted.push_back(Rebirth { group, node });
    }
}

#[cfg(test)]
mod tests {
    use super::super::topic::Kind;
    use super::*;

    fn metric(name: &str, alias: u64) -> Metric {
        Metric {
            name: Some(name.to_owned()),
            alias: Some(alias),
            datatype: Some(3),
            ..Metric::default()
        }
    }

    fn hear(sessions: &Sessions, node: &str, step: Step, metrics: &[Metric]) -> Vec<Option<Known>> {
        let topic = Topic {
            group: "g",
            kind: Kind::Data,
            node,
            device: None,
        };
        let metrics: Vec<_> = metrics.iter().map(Some).collect();
        sessions.step(&topic, step, None, &metrics, TimeMs(0))
    }

    #[test]
    fn no_more_nodes_and_metrics_are_remembered_than_the_limits_say() {
        let sessions = Sessions::default();
        let birth = Step::NodeBirth { bd_seq: None };
        for number in 0..NODES_MAX + 10 {
            hear(&sessions, &format!("n{number}"), birth, &[metric("a", 1)]);
        }
        assert_eq!(sessions.0.lock().unwrap().nodes.len(), NODES_MAX);
        let many: Vec<Metric> = (0..=ALIASES_MAX as u64).map(|n| metric("a", n)).collect();
        for number in 0..ALIASES_ALL_MAX / ALIASES_MAX + 2 {
            hear(&sessions, &format!("m{number}"), birth, &many);
        }
        let table = sessions.0.lock().unwrap();
        assert!(table.n_metrics <= ALIASES_ALL_MAX);
        let counted: usize = table.nodes.values().map(|node| node.metrics.len()).sum();
        assert_eq!(table.n_metrics, counted);
    }

    #[test]
    fn no_more_rebirths_wait_than_the_limit_says() {
        let sessions = Sessions::default();
        for number in 0..REBIRTHS_MAX + 10 {
            hear(&sessions, &format!("n{number}"), Step::Data, &[]);
        }
        assert_eq!(sessions.rebirths().len(), REBIRTHS_MAX);
        assert_eq!(sessions.rebirths(), []);
    }
}
