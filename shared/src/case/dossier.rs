//! An incident's file 案卷: everything that was done to it, for whoever works it.

use serde::{Deserialize, Serialize};

use super::Act;
use crate::id::IncidentId;
use crate::incident::{Incident, Person};
use crate::level::Level;
use crate::text::Text;
use crate::time::TimeMs;

/// The whole of an incident: the channel `incident/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dossier {
    /// The incident as it stands.
    pub incident: Incident,
    /// What happened to it, oldest first.
    pub timeline: Vec<Deed>,
    /// The checklist of its plan, in order.
    pub checklist: Vec<CheckItem>,
    /// The incidents that are parts of it.
    pub children: Vec<IncidentId>,
}

/// One thing that happened to an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deed {
    /// Its number in the timeline, from 1.
    pub n: u32,
    /// When.
    pub at: TimeMs,
    /// Who did it; absent if nobody did.
    pub by: Option<Person>,
    /// The incident's version after it.
    pub version: u64,
    /// What.
    pub what: What,
}

/// What happened. New ones go to the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It was opened, by evidence or by hand.
    Opened(Text),
    /// Somebody did something.
    Act(Act),
    /// Its level rose.
    LevelRaised(Level),
    /// All its signals are over.
    SignalsCleared,
    /// Its signals are back.
    SignalsBack,
    /// Four fifths of its time are gone.
    Warned,
    /// Its time is over: it is urged from above of itself.
    Overdue,
    /// Nobody looks after it any more: the shift is over.
    AcknowledgementLapsed,
    /// Another incident was merged into it.
    Took(IncidentId),
    /// It was split off another.
    SplitFrom(IncidentId),
    /// The mode of the city changed, and with it its time limit.
    LimitChanged,
    /// Some of its alerts were split off, to be this incident.
    SplitOff(IncidentId),
    /// It rests on signals that an earlier one, which is over, had rested on too.
    Follows(IncidentId),
}

/// A point of a plan's checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckItem {
    /// What is to be done.
    pub text: Text,
    /// Who ticked it, and when.
    pub done: Option<(Person, TimeMs)>,
}
