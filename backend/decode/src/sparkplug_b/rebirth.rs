//! The wish that a node be born again, and how it is told.

use egret_shared::package::sparkplug::{Datatype, NAMESPACE};
use egret_shared::time::TimeMs;
use smol_str::SmolStr;

use super::command::published;
use crate::protobuf::sparkplug_b::{Metric, Value};

/// A node whose births were not all heard. Who can publish asks it to say them again: [`Self::topic`]
/// and [`Self::payload`], at QoS 0, not retained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebirth {
    /// The node's group.
    pub group: SmolStr,
    /// The node.
    pub node: SmolStr,
}

impl Rebirth {
    /// Where the command goes.
    pub fn topic(&self) -> String {
        format!("{NAMESPACE}/{}/NCMD/{}", self.group, self.node)
    }

    /// The command, given at `now`.
    ///
    /// # Source
    /// Sparkplug 3.0.0, section 6.4.23, NCMD: the metric `Node Control/Rebirth` is true.
    pub fn payload(now: TimeMs) -> Vec<u8> {
        let rebirth = Metric {
            name: Some("Node Control/Rebirth".to_owned()),
            timestamp: u64::try_from(now.0).ok(),
            datatype: Some(Datatype::Boolean.code()),
            value: Some(Value::Boolean(true)),
            ..Metric::default()
        };
        published(vec![rebirth], now)
    }
}
