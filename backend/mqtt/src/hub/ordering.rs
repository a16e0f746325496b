//! Orders: to those who may have them now, and how many do.
//!
//! Whoever gives one tries again while nobody has it, so that only what waits in somebody's outbox
//! counts. What is of QoS 0 and finds that full has been dropped.

use std::sync::{Arc, PoisonError};

use super::tree::Subscriber;
use super::{Hub, Message};
use crate::gate::Label;
use crate::keep::ledger::Ticket;
use crate::order::Order;

impl Hub {
    /// Queues an order for everybody who may have it now; how many have it, once it is kept for those
    /// who are not there.
    pub(crate) async fn order(&self, order: Order, label: Label) -> usize {
        let message = Arc::new(order.into_message(label));
        let (n_reached, ticket) = self.reach(&message);
        match &self.ledger {
            Some(ledger) if ticket > 0 && !ledger.is_kept(ticket).await => 0,
            _ => n_reached,
        }
    }

    /// Queues the message for everybody who may have it now: how many had room for it, of whom a group
    /// is one, and what is to be waited for until it is kept for them.
    fn reach(&self, message: &Arc<Message>) -> (usize, Ticket) {
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        let matching = tree.matching(message);
        drop(tree);
        let may_have = |one: &Subscriber| {
            // With who is away nothing waits that is of QoS 0.
            let has_place = one.qos.min(message.qos) > 0 || !one.session.is_parked();
            has_place && one.session.may_receive(message)
        };
        let each = matching.each.into_iter();
        let each = each.filter(|found| may_have(&found.subscriber));
        let each = each.map(|found| self.deliver(found, message));
        let turns = matching.turns.iter();
        let turns = turns.filter(|turn| turn.members.iter().any(may_have));
        let turns = turns.map(|turn| self.share(turn, message));
        let reached = each.chain(turns).flatten();
        reached.fold((0, 0), |(n_reached, last): (usize, Ticket), ticket| {
            (n_reached + 1, last.max(ticket))
        })
    }
}
