//! Subscriptions as a tree of topic levels: matching a topic walks its levels and touches only the
//! branches that exist, however many subscriptions there are. Depth is bounded by the filters', which
//! `topic` bounds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use smol_str::SmolStr;

use super::Message;
use super::session::Session;
use crate::topic::Subscription;

/// One subscription.
#[derive(Clone)]
pub(super) struct Subscriber {
    pub(super) session: Arc<Session>,
    pub(super) qos: u8,
    pub(super) no_local: bool,
    pub(super) retain_as_published: bool,
    /// The subscription identifier of MQTT 5.
    pub(super) identifier: Option<u32>,
}

/// A session that gets a message, with what its matching subscriptions come to.
pub(super) struct Match {
    pub(super) subscriber: Subscriber,
    /// The subscription identifiers of all that match.
    pub(super) identifiers: Vec<u32>,
}

/// A group of which one member gets a message.
pub(super) struct Turn {
    /// The subscription as its members made it.
    pub(super) share: SmolStr,
    /// All of them, beginning with the one whose turn it is.
    pub(super) members: Vec<Subscriber>,
}

/// Who gets a message.
#[derive(Default)]
pub(super) struct Matching {
    /// Each session once, with the best of its matching subscriptions.
    pub(super) each: Vec<Match>,
    pub(super) turns: Vec<Turn>,
}

/// A shared subscription. Nobody comes into a group of another owner by knowing its name.
struct Group {
    share: SmolStr,
    owner: SmolStr,
    members: Vec<Subscriber>,
    next: AtomicUsize,
}

/// A level of the tree, beginning with the root.
#[derive(Default)]
pub(super) struct Tree {
    children: BTreeMap<SmolStr, Tree>,
    subscribers: Vec<Subscriber>,
    groups: Vec<Group>,
}

impl Tree {
    /// Adds a subscription, in place of the same session's to the same filter.
    pub(super) fn insert(&mut self, subscription: Subscription<'_>, subscriber: Subscriber) {
        let mut node = self;
        for level in subscription.filter.split('/') {
            node = node.children.entry(level.into()).or_default();
        }
        let Some(share) = subscription.share else {
            return put(&mut node.subscribers, subscriber);
        };
        let owner = &subscriber.session.key.owner;
        match node.groups.iter_mut().find(|group| group.is(share, owner)) {
            Some(group) => put(&mut group.members, subscriber),
            None => node.groups.push(Group {
                share: share.into(),
                owner: owner.clone(),
                members: vec![subscriber],
                next: AtomicUsize::new(0),
            }),
        }
    }

    /// Removes a session's subscription, and the branches that it leaves bare.
    pub(super) fn remove(&mut self, subscription: Subscription<'_>, session: u64) {
        self.remove_below(subscription.filter, subscription.share, session);
    }

    fn remove_below(&mut self, filter: &str, share: Option<&str>, session: u64) {
        let (level, rest) = match filter.split_once('/') {
            Some((level, rest)) => (level, Some(rest)),
            None => (filter, None),
        };
        let Some(child) = self.children.get_mut(level) else {
            return;
        };
        match (rest, share) {
            (Some(rest), _) => child.remove_below(rest, share, session),
            (None, None) => child
                .subscribers
                .retain(|known| known.session.number != session),
            (None, Some(share)) => child.leave(share, session),
        }
        if child.is_bare() {
            self.children.remove(level);
        }
    }

    fn leave(&mut self, share: &str, session: u64) {
        for group in &mut self.groups {
            if group.share == share {
                group
                    .members
                    .retain(|known| known.session.number != session);
            }
        }
        self.groups.retain(|group| !group.members.is_empty());
    }

    fn is_bare(&self) -> bool {
        self.subscribers.is_empty() && self.groups.is_empty() && self.children.is_empty()
    }

    /// Who gets the message.
    pub(super) fn matching(&self, message: &Message) -> Matching {
        let mut found = Matching::default();
        self.collect(Some(&message.topic), message, true, &mut found);
        found
    }

    /// The group with this shared subscription, if it has members.
    pub(super) fn turn(&self, subscription: Subscription<'_>, owner: &str) -> Option<Turn> {
        let mut node = self;
        for level in subscription.filter.split('/') {
            node = node.children.get(level)?;
        }
        let share = subscription.share?;
        let group = node.groups.iter().find(|group| group.is(share, owner))?;
        Some(group.turn())
    }

    fn collect(&self, rest: Option<&str>, message: &Message, is_root: bool, found: &mut Matching) {
        // Wildcards in the first level do not match topics that begin with `$`.
        let may_wild = !(is_root && message.topic.starts_with('$'));
        if may_wild && let Some(node) = self.children.get("#") {
            node.take(message, found);
        }
        let Some(rest) = rest else {
            self.take(message, found);
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

    fn take(&self, message: &Message, found: &mut Matching) {
        found.turns.extend(self.groups.iter().map(Group::turn));
        for subscriber in &self.subscribers {
            let number = subscriber.session.number;
            if subscriber.no_local && number == message.from {
                continue;
            }
            let mut earlier = found.each.iter_mut();
            match earlier.find(|known| known.subscriber.session.number == number) {
                Some(known) => known.add(subscriber),
                None => found.each.push(Match {
                    subscriber: subscriber.clone(),
                    identifiers: subscriber.identifier.into_iter().collect(),
                }),
            }
        }
    }
}

/// Puts a subscriber in place of an earlier one of the same session.
fn put(subscribers: &mut Vec<Subscriber>, subscriber: Subscriber) {
    let number = subscriber.session.number;
    let mut earlier = subscribers.iter_mut();
    match earlier.find(|known| known.session.number == number) {
        Some(known) => *known = subscriber,
        None => subscribers.push(subscriber),
    }
}

impl Match {
    fn add(&mut self, other: &Subscriber) {
        let best = &mut self.subscriber;
        best.qos = best.qos.max(other.qos);
        best.retain_as_published |= other.retain_as_published;
        self.identifiers.extend(other.identifier);
    }
}

impl Group {
    fn is(&self, share: &str, owner: &str) -> bool {
        self.share == share && self.owner == owner
    }

    fn turn(&self) -> Turn {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.members.len().max(1);
        let mut members = self.members.clone();
        members.rotate_left(next);
        Turn {
            share: self.share.clone(),
            members,
        }
    }
}

#[cfg(test)]
mod tests;
