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
}

/// The deliveries under way of one session.
#[derive(Debug, Default)]
pub(super) struct Flights(VecDeque<Flight>);

impl Flights {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn identifiers(&self) -> Vec<u16> {
        self.0.iter().map(|flight| flight.identifier).collect()
    }

    /// Notes a PUBLISH that was sent.
    pub(super) fn begin(&mut self, identifier: u16, delivery: Delivery, epoch: u64) {
        self.0.push_back(Flight {
            identifier,
            stage: Stage::Published(delivery),
            published_on: epoch,
            sent_on: epoch,
        });
    }

    /// The oldest that this connection has not sent anything of.
    pub(super) fn again(&self, epoch: u64) -> Option<(u16, Stage)> {
        let mut flights = self.0.iter();
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

    /// Notes that its PUBREL is sent: the message itself is not needed any more.
    pub(super) fn release(&mut self, identifier: u16, epoch: u64) {
        if let Some(flight) = self.find_mut(identifier) {
            flight.stage = Stage::Released;
            flight.sent_on = epoch;
        }
    }

    /// Forgets a delivery that is settled.
    pub(super) fn settle(&mut self, identifier: u16) {
        self.0.retain(|flight| flight.identifier != identifier);
    }

    /// What is published with QoS 1 and not acknowledged.
    pub(super) fn into_unacknowledged(self) -> Vec<Delivery> {
        let published = self.0.into_iter().filter_map(|flight| match flight.stage {
            Stage::Published(delivery) => Some(delivery),
            Stage::Released => None,
        });
        published.filter(|delivery| delivery.qos == 1).collect()
    }

    pub(super) fn standing(&self, identifier: u16, epoch: u64) -> Standing {
        let mut flights = self.0.iter();
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
        let mut flights = self.0.iter_mut();
        flights.find(|flight| flight.identifier == identifier)
    }
}
