//! What people order: everything that somebody does by hand, on its way through the journal.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::actuation::{ActuationOrder, ActuationRefusal, RuleOrder};
use crate::case::{Act, Doer, Refusal};
use crate::hush::{HushOrder, HushRefusal};
use crate::id::{ActuationId, AreaCode, HushId, IncidentId};
use crate::incident::CaseClass;
use crate::level::Level;
use crate::mode::Mode;
use crate::position::Position;
use crate::time::TimeMs;

/// Longest id of a command, in bytes: a UUID with a sender's prefix.
pub const COMMAND_ID_BYTES_MAX: usize = 64;

/// Most characters of the title of an incident that somebody reports: a line of a list.
pub const TITLE_CHARS_MAX: usize = 100;

/// One order of one person. The journal keeps it whether it was obeyed or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// The sender's id of it: told twice, it is obeyed once.
    pub id: SmolStr,
    /// When the server took it in.
    pub at: TimeMs,
    /// Who.
    pub by: Doer,
    /// What.
    pub order: Order,
}

/// What is ordered. New ones go to the end: the journal keeps them by number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// To do something to an incident.
    Case(CaseOrder),
    /// To open an incident that no rule found.
    Open(OpenOrder),
    /// To change the mode of the city.
    Mode(ModeOrder),
    /// To keep alerts quiet, or to let them speak again.
    Hush(HushOrder),
    /// To have an actuator do something.
    Actuate(Box<ActuationOrder>),
    /// The same, by a rule.
    Rule(Box<RuleOrder>),
}

/// Body of `POST /api/v1/incidents/{id}/commands`, with the incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseOrder {
    /// To which.
    pub incident: IncidentId,
    /// The incident's version that the person saw.
    pub version: u64,
    /// What.
    pub act: Act,
}

/// An incident that somebody reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenOrder {
    /// What it is called; at most [`TITLE_CHARS_MAX`] characters.
    pub title: String,
    /// What there is to know.
    pub text: String,
    /// How bad; blue at least.
    pub level: Level,
    /// What kind of need.
    #[serde(default)]
    pub class: CaseClass,
    /// Where: the finest area that holds it. With a position alone the server puts it in.
    #[serde(default)]
    pub area: Option<AreaCode>,
    /// Where on the map.
    #[serde(default)]
    pub position: Option<Position>,
}

/// A change of mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModeOrder {
    /// Which from now on.
    pub mode: Mode,
    /// Why.
    pub reason: String,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done; the incident that it was about, and its version now.
    Done(Option<(IncidentId, u64)>),
    /// It cannot be done.
    Refused(Refusal),
    /// The incident had changed; its version before the command.
    Changed(u64),
    /// It was done; the hush that it was about.
    Hushed(HushId),
    /// Nothing can be kept quiet like that.
    NotHushed(HushRefusal),
    /// The actuator will be told; the order that it will be.
    Actuated(ActuationId),
    /// The actuator is not told.
    NotActuated(ActuationRefusal),
}
