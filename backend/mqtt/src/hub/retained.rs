//! The last retained message of each topic, bounded in number and bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use super::Message;
use crate::keep::ledger::Ledger;
use crate::topic;

/// The retained messages by topic.
pub(super) struct Retained {
    by_topic: BTreeMap<SmolStr, Arc<Message>>,
    payload_bytes: usize,
    messages_max: usize,
    bytes_max: usize,
    ledger: Option<Arc<Ledger>>,
}

impl Retained {
    pub(super) fn new(messages_max: usize, bytes_max: usize, ledger: Option<Arc<Ledger>>) -> Self {
        Self {
            by_topic: BTreeMap::new(),
            payload_bytes: 0,
            messages_max,
            bytes_max,
            ledger,
        }
    }

    /// Retains a message in place of its topic's last; an empty payload clears the topic. False if
    /// there is no room, in which case the topic keeps nothing rather than something outdated.
    pub(super) fn set(&mut self, message: &Arc<Message>) -> bool {
        let last = self.by_topic.remove(&message.topic);
        if let Some(last) = &last {
            self.payload_bytes -= last.payload.len();
        }
        let is_retained = self.put(message);
        let is_there = self.by_topic.contains_key(&message.topic);
        if is_there || last.is_some() {
            self.note(message, is_there);
        }
        is_retained
    }

    /// Retains what is kept. False if there is no room.
    pub(super) fn restore(&mut self, message: &Arc<Message>) -> bool {
        self.put(message)
    }

    /// Has a message of a client kept, or no longer. What the server itself says is made anew by
    /// it after a start.
    fn note(&self, message: &Arc<Message>, is_there: bool) {
        if let Some(ledger) = self.ledger.as_ref().filter(|_| message.label.is_none()) {
            let is_kept = is_there && ledger.may_keep(message);
            ledger.retained(&message.topic, is_kept.then_some(message));
        }
    }

    fn put(&mut self, message: &Arc<Message>) -> bool {
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
        let expired = self
            .by_topic
            .extract_if(.., |_, message| message.has_expired());
        let expired: Vec<_> = expired.map(|(_, message)| message).collect();
        for message in expired {
            self.payload_bytes -= message.payload.len();
            self.note(&message, false);
        }
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
        let mut retained = Retained::new(2, 10, None);
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
