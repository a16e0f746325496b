//! The deliveries of QoS 1 and 2 that a session has begun, by packet identifier, oldest first, until
//! they are settled. They outlast the connection: the next one sends again what is left, in the same
//! order, PUBLISH where that was not answered and PUBREL where it was.
//!
//! Connections are told apart by their epoch. What was begun on an earlier one is not known to the
//! protocol core of this one.
//!
//! # Source
//! MQTT 5.0 sections 4.3.3 and 4.4.

use std::collections::VecDeque;

use super::session::Delivery;
use crate::keep::{StageRow, UnderWay};

/// How far a delivery is.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// PUBLISH is sent; PUBACK or PUBREC is awaited.
    Published(Delivery),
    /// PUBREC has come and PUBREL is sent; PUBCOMP is awaited.
    Released,
}

/// What an answer of the client with some packet identifier is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing that is under way.
    Unknown,
    /// A PUBLISH of this connection.
    Published,
    /// A PUBREL of this connection, whose PUBLISH was sent on it too.
    Released,
    /// What an earlier connection began, as far as that is.
    Inherited,
}

#[derive(Debug)]
struct Flight {
    identifier: u16,
    stage: Stage,
    /// The connection that the PUBLISH was last sent on.
    published_on: u64,
    /// The connection that anything of it was last sent on.
    sent_on: u64,
    /// By what it is kept; zero if it is not.
    place: u64,
    /// The order in which it was begun.
    nth: u64,
}

impl Flight {
    fn row(&self) -> StageRow {
        let under_way = UnderWay {
            identifier: self.identifier,
            nth: self.nth,
        };
        match self.stage {
            Stage::Published(_) => StageRow::Published(under_way),
            Stage::Released => StageRow::Released(under_way),
        }
    }

    fn payload_bytes(&self) -> usize {
        match &self.stage {
            Stage::Published(delivery) => delivery.message.payload.len(),
            Stage::Released => 0,
        }
    }
}

/// The deliveries under way of one session.
#[derive(Debug, Default)]
pub(super) struct Flights {
    list: VecDeque<Flight>,
    /// Of those that are published and not released.
    payload_bytes: usize,
    n_begun: u64,
}

impl Flights {
    /// Whether one more with so many bytes of payload would be too many, or too much. One alone never
    /// is.
    pub(super) fn is_full(&self, n_max: usize, payload_bytes: usize, bytes_max: usize) -> bool {
        let is_too_much = self.payload_bytes + payload_bytes > bytes_max && !self.list.is_empty();
        self.list.len() >= n_max || is_too_much
    }

    pub(super) fn identifiers(&self) -> Vec<u16> {
        self.list.iter().map(|flight| flight.identifier).collect()
    }

    /// Notes a PUBLISH that was sent; as what it is kept, and where.
    pub(super) fn begin(
        &mut self,
        identifier: u16,
        delivery: Delivery,
        epoch: u64,
    ) -> (u64, StageRow) {
        self.n_begun += 1;
        self.payload_bytes += delivery.message.payload.len();
        let flight = Flight {
            identifier,
            place: delivery.place,
            stage: Stage::Published(delivery),
            published_on: epoch,
            sent_on: epoch,
            nth: self.n_begun,
        };
        let kept = (flight.place, flight.row());
        self.list.push_back(flight);
        kept
    }

    /// Takes over what an earlier run of the server had under way, in the order in which that was
    /// begun. No connection of this run has sent anything of it.
    pub(super) fn restore(&mut self, place: u64, under_way: UnderWay, stage: Stage) {
        let flight = Flight {
            identifier: under_way.identifier,
            stage,
            published_on: 0,
            sent_on: 0,
            place,
            nth: under_way.nth,
        };
        self.n_begun = self.n_begun.max(under_way.nth);
        self.payload_bytes += flight.payload_bytes();
        self.list.push_back(flight);
    }

    /// The oldest that this connection has not sent anything of.
    pub(super) fn again(&self, epoch: u64) -> Option<(u16, Stage)> {
        let mut flights = self.list.iter();
        let flight = flights.find(|flight| flight.sent_on != epoch)?;
        Some((flight.identifier, flight.stage.clone()))
    }

    /// Notes that it was sent again as it stands.
    pub(super) fn sent_again(&mut self, identifier: u16, epoch: u64) {
        if let Some(flight) = self.find_mut(identifier) {
            flight.sent_on = epoch;
            if matches!(flight.stage, Stage::Published(_)) {
                flight.published_on = epoch;
            }
        }
    }

    /// Notes that its PUBREL is sent: the message itself is not needed any more. As what it is kept, and
    /// where.
    pub(super) fn release(&mut self, identifier: u16, epoch: u64) -> Option<(u64, StageRow)> {
        let flight = self.find_mut(identifier)?;
        let freed = flight.payload_bytes();
        flight.stage = Stage::Released;
        flight.sent_on = epoch;
        let kept = (flight.place, flight.row());
        self.payload_bytes -= freed;
        Some(kept)
    }

    /// Forgets a delivery that is settled; where it was kept.
    pub(super) fn settle(&mut self, identifier: u16) -> Option<u64> {
        let mut flights = self.list.iter();
        let index = flights.position(|flight| flight.identifier == identifier)?;
        let flight = self.list.remove(index)?;
        self.payload_bytes -= flight.payload_bytes();
        Some(flight.place)
    }

    /// What is published with QoS 1 and not acknowledged.
    pub(super) fn into_unacknowledged(self) -> Vec<Delivery> {
        let published = self
            .list
            .into_iter()
            .filter_map(|flight| match flight.stage {
                Stage::Published(delivery) => Some(delivery),
                Stage::Released => None,
            });
        published.filter(|delivery| delivery.qos == 1).collect()
    }

    pub(super) fn standing(&self, identifier: u16, epoch: u64) -> Standing {
        let mut flights = self.list.iter();
        match flights.find(|flight| flight.identifier == identifier) {
            None => Standing::Unknown,
            Some(flight) if flight.published_on != epoch => Standing::Inherited,
            Some(flight) => match flight.stage {
                Stage::Published(_) => Standing::Published,
                Stage::Released => Standing::Released,
            },
        }
    }

    fn find_mut(&mut self, identifier: u16) -> Option<&mut Flight> {
        let mut flights = self.list.iter_mut();
        flights.find(|flight| flight.identifier == identifier)
    }
}
