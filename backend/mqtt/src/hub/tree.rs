//! Subscriptions as a tree of topic levels: matching a topic walks its levels and touches only the
//! branches that exist, however many subscriptions there are. Depth is bounded by the filters', which
//! `topic` bounds.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use super::Message;
use super::session::Session;

/// One subscription.
#[derive(Clone)]
pub(super) struct Subscriber {
    pub(super) session: Arc<Session>,
    pub(super) qos: u8,
    pub(super) no_local: bool,
    pub(super) retain_as_published: bool,
}

/// A level of the tree, beginning with the root.
#[derive(Default)]
pub(super) struct Tree {
    children: BTreeMap<SmolStr, Tree>,
    subscribers: Vec<Subscriber>,
}

impl Tree {
    /// Adds a subscription, in place of the same session's to the same filter.
    pub(super) fn insert(&mut self, filter: &str, subscriber: Subscriber) {
        let mut node = self;
        for level in filter.split('/') {
            node = node.children.entry(level.into()).or_default();
        }
        let number = subscriber.session.number;
        match node
            .subscribers
            .iter_mut()
            .find(|known| known.session.number == number)
        {
            Some(known) => *known = subscriber,
            None => node.subscribers.push(subscriber),
        }
    }

    /// Removes a session's subscription, and the branches that it leaves bare.
    pub(super) fn remove(&mut self, filter: &str, session: u64) {
        let (level, rest) = match filter.split_once('/') {
            Some((level, rest)) => (level, Some(rest)),
            None => (filter, None),
        };
        let Some(child) = self.children.get_mut(level) else {
            return;
        };
        match rest {
            Some(rest) => child.remove(rest, session),
            None => child
                .subscribers
                .retain(|known| known.session.number != session),
        }
        if child.subscribers.is_empty() && child.children.is_empty() {
            self.children.remove(level);
        }
    }

    /// Who gets the message: each session once, with the best of its matching subscriptions.
    pub(super) fn matching(&self, message: &Message) -> Vec<Subscriber> {
        let mut found = Vec::new();
        self.collect(Some(&message.topic), message, true, &mut found);
        found
    }

    fn collect(
        &self,
        rest: Option<&str>,
        message: &Message,
        is_root: bool,
        found: &mut Vec<Subscriber>,
    ) {
        // Wildcards in the first level do not match topics that begin with `$`.
        let may_wild = !(is_root && message.topic.starts_with('$'));
        if may_wild && let Some(node) = self.children.get("#") {
            node.take_subscribers(message, found);
        }
        let Some(rest) = rest else {
            self.take_subscribers(message, found);
            return;
        };
        let (level, rest) = match rest.split_once('/') {
            Some((level, rest)) => (level, Some(rest)),
            None => (rest, None),
        };
        if let Some(node) = self.children.get(level) {
            node.collect(rest, message, false, found);
        }
        if may_wild && let Some(node) = self.children.get("+") {
            node.collect(rest, message, false, found);
        }
    }

    fn take_subscribers(&self, message: &Message, found: &mut Vec<Subscriber>) {
        for subscriber in &self.subscribers {
            let number = subscriber.session.number;
            if subscriber.no_local && number == message.from {
                continue;
            }
            match found
                .iter_mut()
                .find(|known| known.session.number == number)
            {
                Some(known) => {
                    known.qos = known.qos.max(subscriber.qos);
                    known.retain_as_published |= subscriber.retain_as_published;
                }
                None => found.push(subscriber.clone()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::gate::Open;
    use crate::hub::session::Key;
    use crate::topic;

    fn subscriber(number: u64, qos: u8) -> Subscriber {
        let key = Key {
            owner: "".into(),
            client: "c".into(),
        };
        let session = Arc::new(Session::new(number, key, Arc::new(Open)));
        Subscriber {
            session,
            qos,
            no_local: false,
            retain_as_published: false,
        }
    }

    fn message(topic: &str) -> Message {
        Message {
            topic: topic.into(),
            payload: Bytes::new(),
            qos: 1,
            is_retained: false,
            properties: Vec::new(),
            from: 7,
            label: None,
        }
    }

    proptest! {
        #[test]
        fn the_tree_matches_exactly_what_the_filters_match(
            filters in prop::collection::vec("([ab+]|[$]a)(/[ab+]){0,3}(/#)?|#", 1..20),
            names in prop::collection::vec("([ab]|[$]a)(/[ab]?){0,4}", 1..20),
        ) {
            let mut tree = Tree::default();
            for (number, filter) in filters.iter().enumerate() {
                tree.insert(filter, subscriber(number as u64, 1));
            }
            for name in &names {
                let mut found: Vec<_> = tree
                    .matching(&message(name))
                    .iter()
                    .map(|subscriber| subscriber.session.number)
                    .collect();
                found.sort_unstable();
                let expected: Vec<_> = (0..filters.len() as u64)
                    .zip(&filters)
                    .filter(|(_, filter)| topic::matches(filter, name))
                    .map(|(number, _)| number)
                    .collect();
                prop_assert_eq!(found, expected, "{} on {:?}", name, filters);
            }
            for (number, filter) in filters.iter().enumerate() {
                tree.remove(filter, number as u64);
            }
            prop_assert!(tree.children.is_empty(), "nothing is left behind");
        }
    }

    #[test]
    fn overlapping_subscriptions_deliver_once_with_the_higher_qos() {
        let mut tree = Tree::default();
        tree.insert("a/+", subscriber(1, 0));
        tree.insert("a/#", subscriber(1, 1));
        let found = tree.matching(&message("a/b"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].qos, 1);
    }

    #[test]
    fn no_local_keeps_a_clients_own_messages_from_it() {
        let mut tree = Tree::default();
        tree.insert(
            "a",
            Subscriber {
                no_local: true,
                ..subscriber(7, 1)
            },
        );
        tree.insert(
            "a",
            Subscriber {
                no_local: true,
                ..subscriber(8, 1)
            },
        );
        let found = tree.matching(&message("a"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].session.number, 8);
    }
}
