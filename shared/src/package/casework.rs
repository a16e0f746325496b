//! `casework.toml`: how long cases may take, the calendar, the shifts, and the emergency mode.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{RuleId, SceneId};
use crate::incident::CaseClass;
use crate::level::Level;
use crate::time::Span;

/// The whole of `casework.toml`. Absent, all of it is as by default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseworkDef {
    /// By when a case of a class must be handled. A limit of whole days counts working days.
    #[serde(default)]
    pub limits: BTreeMap<CaseClass, Span>,
    /// Which days are worked.
    #[serde(default)]
    pub calendar: CalendarDef,
    /// When shifts begin, in the city's time, as `"08:00"`; absent, at midnight, 8:00 and 16:00.
    #[serde(default)]
    pub shifts: Vec<String>,
    /// The emergency mode.
    #[serde(default)]
    pub emergency: EmergencyDef,
}

/// `[calendar]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarDef {
    /// Days without work, as `YYYY-MM-DD`.
    #[serde(default)]
    pub holidays: Vec<String>,
    /// Saturdays and Sundays that are worked in their place (调休).
    #[serde(default)]
    pub workdays: Vec<String>,
}

/// `[emergency]`: what calls the emergency mode, and what is other in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmergencyDef {
    /// A firing alert of any of these rules, at their level or above, calls it.
    #[serde(default)]
    pub when: Vec<CallDef>,
    /// How long none of them has fired before the city is at peace again; absent, somebody has to
    /// say so.
    #[serde(default)]
    pub ends_after: Option<Span>,
    /// The scene that walls show.
    #[serde(default)]
    pub scene: Option<SceneId>,
    /// Limits in place of those of everyday.
    #[serde(default)]
    pub limits: BTreeMap<CaseClass, Span>,
    /// Limits of rules' levels in place of those of everyday, by rule.
    #[serde(default)]
    pub levels: BTreeMap<RuleId, BTreeMap<Level, f64>>,
    /// Whether raw messages and journal are kept beyond their time while it lasts.
    #[serde(default)]
    pub keep_all: bool,
}

/// One rule that calls the emergency mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallDef {
    /// Which.
    pub rule: RuleId,
    /// From which level on.
    pub level: Level,
}
