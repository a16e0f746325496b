//! The last retained message of each topic, bounded in number and bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use super::Message;
use crate::topic;

/// The retained messages by topic.
pub(super) struct Retained {
    by_topic: BTreeMap<SmolStr, Arc<Message>>,
    payload_bytes: usize,
    messages_max: usize,
    bytes_max: usize,
}

impl Retained {
    pub(super) fn new(messages_max: usize, bytes_max: usize) -> Self {
        Self {
            by_topic: BTreeMap::new(),
            payload_bytes: 0,
            messages_max,
            bytes_max,
        }
    }

    /// Retains a message in place of its topic's last; an empty payload clears the topic. False if
    /// there is no room, in which case the topic keeps nothing rather than something outdated.
    pub(super) fn set(&mut self, message: &Arc<Message>) -> bool {
        if let Some(last) = self.by_topic.remove(&message.topic) {
            self.payload_bytes -= last.payload.len();
        }
        if message.payload.is_empty() {
            return true;
        }
        if self.is_full(message) {
            self.sweep();
        }
        let has_room = !self.is_full(message);
        if has_room {
            self.payload_bytes += message.payload.len();
            self.by_topic
                .insert(message.topic.clone(), Arc::clone(message));
        }
        has_room
    }

    /// Whether there is no room for it beside the others.
    fn is_full(&self, message: &Message) -> bool {
        self.by_topic.len() >= self.messages_max
            || self.payload_bytes + message.payload.len() > self.bytes_max
    }

    /// Drops those whose time has passed.
    pub(super) fn sweep(&mut self) {
        let payload_bytes = &mut self.payload_bytes;
        self.by_topic.retain(|_, message| {
            let has_expired = message.has_expired();
            if has_expired {
                *payload_bytes -= message.payload.len();
            }
            !has_expired
        });
    }

    /// Those a filter matches, by topic.
    pub(super) fn matching(&self, filter: &str) -> Vec<Arc<Message>> {
        if !filter.contains(['+', '#']) {
            let retained = self.by_topic.get(filter);
            return retained
                .filter(|message| !message.has_expired())
                .cloned()
                .into_iter()
                .collect();
        }
        self.by_topic
            .values()
            .filter(|message| topic::matches(filter, &message.topic) && !message.has_expired())
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn message(topic: &str, payload: &'static [u8]) -> Arc<Message> {
        Arc::new(Message {
            topic: topic.into(),
            payload: Bytes::from_static(payload),
            qos: 1,
            is_retained: true,
            ..Message::default()
        })
    }

    #[test]
    fn the_bounds_hold_and_a_replacement_frees_its_predecessor() {
        let mut retained = Retained::new(2, 10);
        assert!(retained.set(&message("a", b"12345678")));
        assert!(
            !retained.set(&message("b", b"12345678")),
            "bytes are bounded"
        );
        assert!(retained.set(&message("a", b"1")));
        assert!(retained.set(&message("b", b"12345678")));
        assert!(!retained.set(&message("c", b"1")), "messages are bounded");
        assert!(retained.set(&message("a", b"")));
        assert!(retained.set(&message("c", b"1")));
        let topics: Vec<_> = retained
            .matching("#")
            .iter()
            .map(|m| m.topic.clone())
            .collect();
        assert_eq!(topics, ["b", "c"]);
    }
}
