//! Who speaks, and what kind of message it is: both stand in the topic.

use egret_shared::package::sparkplug::NAMESPACE;
use egret_shared::rejection::{Reason, Rejection};

use crate::refuse::{bounded, refusal, shown};

/// Messages that say something of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    NodeBirth,
    DeviceBirth,
    Data,
    NodeDeath,
    DeviceDeath,
}

/// A topic's levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Topic<'a> {
    pub(super) group: &'a str,
    pub(super) kind: Kind,
    pub(super) node: &'a str,
    pub(super) device: Option<&'a str>,
}

impl<'a> Topic<'a> {
    /// Reads a topic; `None` for what hosts say: commands and their own state.
    ///
    /// # Errors
    /// [`Reason::BadShape`] for a topic that is none of Sparkplug's, [`Reason::BadId`] for a level
    /// that is too long.
    pub(super) fn read(text: &'a str) -> Result<Option<Self>, Rejection> {
        let levels: Vec<&str> = text.split('/').take(6).collect();
        let (group, kind, node, device) = match *levels.as_slice() {
            [NAMESPACE, "STATE", _] => return Ok(None),
            [NAMESPACE, group, kind, node] => (group, kind, node, None),
            [NAMESPACE, group, kind, node, device] => (group, kind, node, Some(device)),
            _ => return Err(unfit(text)),
        };
        let kind = match (kind, device) {
            ("NBIRTH", None) => Kind::NodeBirth,
            ("DBIRTH", Some(_)) => Kind::DeviceBirth,
            ("NDATA", None) | ("DDATA", Some(_)) => Kind::Data,
            ("NDEATH", None) => Kind::NodeDeath,
            ("DDEATH", Some(_)) => Kind::DeviceDeath,
            ("NCMD", None) | ("DCMD", Some(_)) => return Ok(None),
            _ => return Err(unfit(text)),
        };
        for level in [group, node].into_iter().chain(device) {
            bounded(level, "topic")?;
            if level.is_empty() {
                return Err(unfit(text));
            }
        }
        Ok(Some(Self {
            group,
            kind,
            node,
            device,
        }))
    }
}

fn unfit(text: &str) -> Rejection {
    let detail = format!(
        "the topic {} is none of Sparkplug's: {NAMESPACE}/GROUP/KIND/NODE[/DEVICE]",
        shown(text)
    );
    refusal(Reason::BadShape, detail)
}
