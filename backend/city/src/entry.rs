//! What the journal holds and the fold takes in, in one order.

use egret_shared::actuation::ActuationTurn;
use egret_shared::command::Command;
use egret_shared::id::FeedId;
use egret_shared::issued::Issued;
use egret_shared::observation::Observation;
use egret_shared::rejection::{Reason, Stage};
use egret_shared::report::Report;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Position in the journal; the first entry has 1.
pub type Seq = u64;

/// One thing that happened. New variants go to the end: the journal keeps them by number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// An asset was observed.
    Observation(Observation),
    /// A report took a step.
    Report(Report),
    /// A message was refused; its raw bytes are in quarantine.
    Refused(Refused),
    /// Time passed. Nothing in the fold knows the time but from entries.
    Tick(TimeMs),
    /// From here on the city package with this digest is in force.
    Package(u64),
    /// How far a gateway's clock is off, as the intake has seen; at most once a minute for each.
    Clock(GatewayClock),
    /// Somebody ordered something.
    Command(Box<Command>),
    /// Something has become of an order to an actuator.
    Actuation(Box<ActuationTurn>),
    /// A report that issues a warning took a step, with what its issuer says of it.
    Issued(Report, Box<Issued>),
}

/// How far a gateway's clock is off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayClock {
    /// The MQTT client id, or the address of an HTTP sender.
    pub gateway: SmolStr,
    /// The feed that it delivered.
    pub feed: FeedId,
    /// Milliseconds its clock is ahead; negative if behind, or if its messages travel so long.
    pub ahead_ms: i64,
    /// When.
    pub at: TimeMs,
}

/// That a message was refused, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The feed, if it was found.
    pub feed: Option<FeedId>,
    /// The stage that refused.
    pub stage: Stage,
    /// Why.
    pub reason: Reason,
    /// When it arrived.
    pub received_at: TimeMs,
}

impl Entry {
    /// The entry of a report's step, and of what is said of the warning that it issues.
    pub fn of_report(report: Report, issued: Option<Issued>) -> Self {
        match issued {
            Some(issued) => Self::Issued(report, Box::new(issued)),
            None => Self::Report(report),
        }
    }

    /// When it was taken in; the epoch for entries that carry no time.
    pub fn received_at(&self) -> TimeMs {
        match self {
            Self::Observation(observation) => observation.received_at,
            Self::Report(report) | Self::Issued(report, _) => report.received_at,
            Self::Refused(refused) => refused.received_at,
            Self::Tick(at) => *at,
            Self::Clock(clock) => clock.at,
            Self::Command(command) => command.at,
            Self::Actuation(turn) => turn.at,
            Self::Package(_) => TimeMs(0),
        }
    }
}
