//! Shared subscriptions: each message goes to one member of a group.
//!
//! Members take turns; those that are connected come before those that are not, those whose outbox is
//! full or whose pass does not allow the message are passed by. Who leaves gives on what it has not
//! been sent yet: at once if another member is connected, else it keeps it until it comes back. What
//! was sent with QoS 1 and not acknowledged stays with a session while that lasts, so that a short
//! break makes no duplicates, and goes to another member when it ends. What was sent with QoS 2 goes
//! to nobody else.
//!
//! # Source
//! MQTT 5.0 section 4.8.2, which leaves the choice of the member, and when to give on, to the server.

use std::sync::{Arc, PoisonError};

use super::session::{Delivery, Pushed, Session};
use super::tree::{Subscriber, Turn};
use super::{Hub, Message};
use crate::keep::ledger::Ticket;
use crate::topic::Subscription;

impl Hub {
    /// Gives a message to a member of a group; `None` if it waits with nobody.
    pub(super) fn share(&self, turn: &Turn, message: &Arc<Message>) -> Option<Ticket> {
        let taken = self.offer(turn, message, |_| true);
        if taken.is_some() {
            return taken;
        }
        // Nobody has room. As with any other subscriber, who does not keep up with more than QoS 0
        // is told so by the end of its session.
        let delivery = |member: &Subscriber| member.delivery(message, &turn.share);
        let mut members = turn.members.iter();
        let first = members
            .find(|member| member.session.is_seated() && member.session.may_receive(message));
        let Some(member) = first else {
            self.counters.deliveries_dropped.add(1);
            return None;
        };
        self.push(&member.session, delivery(member))
    }

    /// Offers a message to the members in turn, first to those that are connected. `None` if nobody
    /// takes it.
    fn offer(
        &self,
        turn: &Turn,
        message: &Arc<Message>,
        may_have: impl Fn(&Session) -> bool,
    ) -> Option<Ticket> {
        let (seated, others): (Vec<_>, Vec<_>) = turn
            .members
            .iter()
            .filter(|member| may_have(&member.session))
            .partition(|member| member.session.is_seated());
        seated.into_iter().chain(others).find_map(|member| {
            if !member.session.may_receive(message) {
                return None;
            }
            let delivery = member.delivery(message, &turn.share);
            let pushed = member.session.push(
                delivery,
                self.limits.outbox_messages_max,
                self.limits.outbox_bytes_max,
            );
            let Pushed::Queued { ticket, .. } = pushed else {
                return None;
            };
            self.count(pushed);
            Some(ticket)
        })
    }

    /// Gives on what waits for a client that has left, as far as another member is connected. With a
    /// subscription, only what came by that.
    pub(super) fn give_on(&self, session: &Session, subscription: Option<&str>) {
        let is_meant = |share: &str| subscription.is_none_or(|only| only == share);
        let deliveries = session.take_shared(is_meant);
        if deliveries.is_empty() {
            return;
        }
        let mut left = Vec::new();
        for delivery in deliveries {
            if self.give(session, &delivery, Session::is_seated) {
                session.gave(&delivery);
            } else {
                left.push(delivery);
            }
        }
        session.put_back(left);
    }

    /// Ends a session, and gives on to whoever is left in its groups.
    pub(super) fn close(&self, session: &Session) -> Ticket {
        for delivery in session.close() {
            if !self.give(session, &delivery, |_| true) {
                self.counters.deliveries_dropped.add(1);
            }
        }
        session.forget()
    }

    fn give(
        &self,
        from: &Session,
        delivery: &Delivery,
        may_have: impl Fn(&Session) -> bool,
    ) -> bool {
        let Some(share) = &delivery.share else {
            return false;
        };
        let Some(subscription) = Subscription::parse(share) else {
            return false;
        };
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        let Some(turn) = tree.turn(subscription, &from.key.owner) else {
            return false;
        };
        drop(tree);
        let is_other = |session: &Session| session.number != from.number && may_have(session);
        self.offer(&turn, &delivery.message, is_other).is_some()
    }
}

impl Subscriber {
    /// What this member of a group would get.
    fn delivery(&self, message: &Arc<Message>, share: &smol_str::SmolStr) -> Delivery {
        Delivery {
            message: Arc::clone(message),
            qos: self.qos.min(message.qos),
            is_retained: message.is_retained && self.retain_as_published,
            identifiers: self.identifier.into_iter().collect(),
            share: Some(share.clone()),
            place: 0,
        }
    }
}
