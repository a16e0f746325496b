//! An incident 案件: what an officer works — alerts joined into one explained case.

use serde::{Deserialize, Serialize};

use crate::alert::AlertKey;
use crate::id::{AreaCode, DepartmentId, IncidentId, PlanId, RuleId};
use crate::level::Level;
use crate::position::Position;
use crate::table::Keyed;
use crate::text::Text;
use crate::time::TimeMs;

/// Where an incident stands in its life. The steps between are added with casework.
///
/// # Source
/// GB/T 30428.8: reported 上报 first, closed 结案 last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IncidentState {
    /// 上报: there is enough evidence; nobody has taken it yet.
    Reported,
    /// Every alert of it has resolved; it leaves the list after a while.
    Cleared,
}

/// An incident as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its identity.
    pub id: IncidentId,
    /// Where it stands.
    pub state: IncidentState,
    /// The highest level it has had.
    pub level: Level,
    /// What it is called: kind and place.
    pub title: Text,
    /// The rule whose alert speaks for it.
    pub rule: RuleId,
    /// The areas that hold it, widest first.
    pub areas: Vec<AreaCode>,
    /// Where on the map.
    pub position: Option<Position>,
    /// When it opened.
    pub opened_at: TimeMs,
    /// By when it must be answered.
    pub due_at: Option<TimeMs>,
    /// When its last alert resolved.
    pub cleared_at: Option<TimeMs>,
    /// Lead department 主办.
    pub lead: Option<DepartmentId>,
    /// Supporting departments 协办.
    pub support: Vec<DepartmentId>,
    /// The response plan 预案.
    pub plan: Option<PlanId>,
    /// What it rests on, in the order of joining.
    pub evidence: Vec<Evidence>,
}

/// One alert that belongs to an incident, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The alert.
    pub alert: AlertKey,
    /// The finest area of the alert when it joined.
    pub area: Option<AreaCode>,
    /// The alert that `because` tells of, where it tells of another one.
    pub beside: Option<Beside>,
    /// When it joined.
    pub joined_at: TimeMs,
    /// Why it belongs here; for the first, what it says.
    pub because: Text,
}

/// An alert that is told of beside another, as far as it says who may know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// Its rule.
    pub rule: RuleId,
    /// Its finest area.
    pub area: Option<AreaCode>,
}

impl Keyed for Incident {
    type Key = IncidentId;

    fn key(&self) -> IncidentId {
        self.id.clone()
    }
}
