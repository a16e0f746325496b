//! Who does something to an incident, as far as the rules of casework ask.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::access::Scope;
use crate::actuation::rule_person;
use crate::id::{DepartmentId, RuleId};
use crate::incident::Person;

/// Somebody, with what their grants let them do to one incident. Worked out at the door and
/// written into the journal, so that the fold decides the same in every replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doer {
    /// Who.
    pub person: Person,
    /// Whether it is a person who has signed in. Programs may file, dispatch, grade and comment;
    /// what somebody has to answer for is done by people.
    pub is_person: bool,
    /// What they may do.
    pub powers: BTreeSet<Power>,
    /// The departments that they handle for. Handlers.
    pub handles: Scope<DepartmentId>,
}

/// What somebody may do to an incident beside handling it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Power {
    /// File, verify, close. Officers, dispatchers, leads.
    Supervise,
    /// Dispatch, order past the ordinary way, urge. Dispatchers, leads.
    Dispatch,
    /// Decide for their district. Leads.
    Decide,
}

impl Doer {
    /// A rule, as whoever gives an order: no person, and with no power over incidents.
    pub fn rule(rule: &RuleId) -> Self {
        Self {
            person: rule_person(rule),
            is_person: false,
            powers: BTreeSet::new(),
            handles: Scope::Only(Vec::new()),
        }
    }

    /// Whether they have a power.
    pub fn may(&self, power: Power) -> bool {
        self.powers.contains(&power)
    }

    /// Whether they handle for `department`.
    pub fn handles_for(&self, department: &DepartmentId) -> bool {
        self.handles.is_all() || self.handles.named().contains(department)
    }
}
