//! Incidents and their files as one sight shows them, and what somebody may do to them.
//!
//! An incident may be seen by whoever may see the rule that speaks for it where it is, and by the
//! departments that it has been given to. What people wrote to it is for those who work it.

use std::collections::BTreeSet;

use egret_people::rights::{self, Row};
use egret_shared::access::{Grant, Right, Role, Scope};
use egret_shared::case::{Act, Deed, Doer, Dossier, Power, What};
use egret_shared::id::{DepartmentId, IncidentId};
use egret_shared::incident::{BY_HAND, Beside, Evidence, Incident, Person};
use egret_shared::people::Kind;
use egret_shared::text::Text;

use super::Caller;
use super::sight::Sight;

/// Finds an incident that is listed.
pub(crate) type IncidentOf<'a> = &'a dyn Fn(&IncidentId) -> Option<Incident>;

/// Who somebody is where everything is open: all are one, so that four eyes stay four.
const ANYBODY: &str = "open";

/// The departments that an incident has been given to.
fn given_to(incident: &Incident) -> Vec<DepartmentId> {
    let tasks = incident.tasks.iter().map(|task| task.department.clone());
    tasks.collect()
}

impl Sight {
    /// Whether an incident may be seen.
    pub(crate) fn has_incident(&self, incident: &Incident) -> bool {
        let label = self.labels().incident(incident);
        self.sees_at(label.given, incident.areas.last())
            || (!incident.tasks.is_empty() && self.may_incident(Right::See, incident))
    }

    /// Whether what people wrote to an incident may be seen.
    fn works(&self, incident: &Incident) -> bool {
        self.may_incident(Right::Work, incident)
    }

    fn may_incident(&self, right: Right, incident: &Incident) -> bool {
        may(&self.grants, right, self, incident)
    }

    /// Whether an incident may be seen with all that it rests on.
    pub(crate) fn sees_whole(&self, incident: &Incident) -> bool {
        let is_seen = |one: &Evidence| {
            let beside = one.beside.as_ref();
            self.has_evidence(one) && beside.is_none_or(|beside| self.has_beside(beside))
        };
        self.is_everything()
            || (self.has_incident(incident) && incident.evidence.iter().all(is_seen))
    }

    /// What may be seen of an incident: nothing, or the incident with the evidence that may be
    /// seen. A department that it was given to needs what it rests on, as far as it is theirs.
    pub(crate) fn incident(
        &self,
        incident: Incident,
        incident_of: IncidentOf<'_>,
    ) -> Option<Incident> {
        if self.is_everything() {
            return Some(incident);
        }
        if !self.has_incident(&incident) {
            return None;
        }
        let evidence = incident.evidence.into_iter();
        let evidence = evidence.filter(|one| self.has_evidence(one));
        let seen = |id: &IncidentId| self.has_other(id, incident_of);
        Some(Incident {
            evidence: evidence.map(|one| self.evidence(one)).collect(),
            parent: incident.parent.filter(seen),
            merged_into: incident.merged_into.filter(seen),
            ..incident
        })
    }

    /// Whether an incident that another one names may be seen.
    fn has_other(&self, id: &IncidentId, incident_of: IncidentOf<'_>) -> bool {
        self.is_everything() || incident_of(id).is_some_and(|other| self.has_incident(&other))
    }

    /// What may be seen of an incident's file.
    pub(crate) fn dossier(&self, dossier: Dossier, incident_of: IncidentOf<'_>) -> Option<Dossier> {
        let works = self.works(&dossier.incident);
        let incident = self.incident(dossier.incident, incident_of)?;
        let seen = |id: &IncidentId| self.has_other(id, incident_of);
        let timeline = dossier.timeline.into_iter();
        let timeline = timeline.filter(|deed| named(&deed.what).is_none_or(seen));
        let by_hand = incident.rule.as_str() == BY_HAND;
        let timeline = timeline.filter_map(|deed| {
            if works {
                Some(deed)
            } else {
                untold(deed, by_hand)
            }
        });
        Some(Dossier {
            incident,
            timeline: timeline.collect(),
            checklist: dossier.checklist,
            children: dossier.children.into_iter().filter(seen).collect(),
        })
    }

    fn has_evidence(&self, one: &Evidence) -> bool {
        let label = self.labels().alert(&one.alert);
        self.sees_at(label.given, one.area.as_ref())
    }

    pub(super) fn has_beside(&self, beside: &Beside) -> bool {
        let label = self.labels().rule(&beside.rule);
        self.sees_at(label.given, beside.area.as_ref())
    }

    /// Evidence with its reason, or with its rule's name in its place if the reason tells of an alert
    /// that may not be seen.
    fn evidence(&self, one: Evidence) -> Evidence {
        let is_told = one
            .beside
            .as_ref()
            .is_none_or(|beside| self.has_beside(beside));
        if is_told {
            return one;
        }
        let rules = &self.labels().package().rules.rules;
        let rule = rules.iter().find(|rule| rule.id == one.alert.rule);
        Evidence {
            because: rule.map(|rule| rule.name.clone()).unwrap_or_default(),
            beside: None,
            ..one
        }
    }
}

/// Whether `grants` give `right` over an incident.
fn may(grants: &[Grant], right: Right, sight: &Sight, incident: &Incident) -> bool {
    let labels = sight.labels();
    let number = labels.incident(incident).given;
    let Some(label) = labels.all().get(number.index()) else {
        return false;
    };
    let mut departments = given_to(incident);
    departments.extend(label.given_to.iter().cloned());
    let row = Row {
        line: labels.line(labels.area(incident.areas.last())),
        owners: &label.owners,
        given_to: &departments,
        class: label.class,
    };
    rights::may(grants, right, row)
}

/// The other incident that a deed names.
fn named(what: &What) -> Option<&IncidentId> {
    match what {
        What::Took(id) | What::SplitFrom(id) | What::SplitOff(id) | What::Follows(id) => Some(id),
        What::Act(Act::Merge { into, .. }) => Some(into),
        What::Act(Act::Parent { of }) => of.as_ref(),
        What::Opened(_)
        | What::Act(_)
        | What::LevelRaised(_)
        | What::SignalsCleared
        | What::SignalsBack
        | What::Warned
        | What::Overdue
        | What::AcknowledgementLapsed
        | What::LimitChanged => None,
    }
}

/// A deed without what somebody wrote; nothing, if that is all it was. Of an incident that was
/// opened `by_hand` somebody wrote what it was opened for.
fn untold(mut deed: Deed, by_hand: bool) -> Option<Deed> {
    if let What::Opened(text) = &mut deed.what
        && by_hand
    {
        *text = Text::default();
    }
    let What::Act(act) = &mut deed.what else {
        return Some(deed);
    };
    match act {
        Act::Comment { .. } | Act::Attach { .. } | Act::Link { .. } => return None,
        Act::File { note: text, .. }
        | Act::Dispatch { note: text, .. }
        | Act::Verify { note: text, .. }
        | Act::Close { note: text }
        | Act::Evaluate { note: text, .. }
        | Act::Resume { note: text }
        | Act::Dismiss { reason: text }
        | Act::Return { reason: text, .. }
        | Act::Dispute { reason: text, .. }
        | Act::Decide { reason: text, .. }
        | Act::Reopen { reason: text }
        | Act::Supervise { reason: text }
        | Act::Grade { reason: text, .. }
        | Act::Wait { reason: text }
        | Act::Merge { reason: text, .. }
        | Act::Split { reason: text, .. }
        | Act::Command { order: text, .. }
        | Act::Feedback { text, .. } => text.clear(),
        Act::Acknowledge | Act::Accept { .. } | Act::Tick { .. } | Act::Parent { .. } => {}
    }
    Some(deed)
}

impl Caller {
    /// Who they are in casework. Where everything is open, `played` is the part that they say they
    /// play: nobody is anybody there.
    pub(crate) fn person(&self, played: Option<&str>) -> Person {
        match &self.principal {
            Some(principal) => {
                let display = principal.display.as_str();
                let name = if display.is_empty() {
                    &principal.name
                } else {
                    display
                };
                Person {
                    id: principal.id.as_str().into(),
                    name: name.to_owned(),
                }
            }
            None => Person {
                id: played.unwrap_or(ANYBODY).into(),
                name: played.unwrap_or(ANYBODY).to_owned(),
            },
        }
    }

    /// What they may do to an incident, by the grants that reach it.
    pub(crate) fn doer(&self, incident: &Incident, played: Option<&str>) -> Doer {
        let mut powers = BTreeSet::new();
        let mut handles = Some(Vec::new());
        for grant in self.grants.iter() {
            let alone = std::slice::from_ref(grant);
            if !may(alone, Right::Work, &self.sight, incident) {
                continue;
            }
            match grant.role {
                Role::Officer => powers.extend([Power::Supervise]),
                Role::Dispatcher => powers.extend([Power::Supervise, Power::Dispatch]),
                Role::Lead => powers.extend([Power::Supervise, Power::Dispatch, Power::Decide]),
                Role::Handler => match (&grant.departments, &mut handles) {
                    (Scope::Only(named), Some(handles)) => handles.extend(named.iter().cloned()),
                    (Scope::All, handles) => *handles = None,
                    (Scope::Only(_), None) => {}
                },
                Role::Viewer | Role::Steward | Role::Auditor | Role::Admin => {}
            }
        }
        self.doer_of(powers, handles.map_or(Scope::All, Scope::Only), played)
    }

    /// Somebody with these powers.
    pub(crate) fn doer_of(
        &self,
        powers: BTreeSet<Power>,
        handles: Scope<DepartmentId>,
        played: Option<&str>,
    ) -> Doer {
        let principal = self.principal.as_ref();
        Doer {
            person: self.person(played),
            is_person: principal.is_none_or(|principal| principal.kind == Kind::User),
            powers,
            handles,
        }
    }

    /// Whether they may report an incident that no rule found, in `area`.
    pub(crate) fn may_report(&self, area: Option<&egret_shared::id::AreaCode>) -> bool {
        let labels = self.sight.labels();
        let line = labels.line(labels.area(area));
        self.grants.iter().any(|grant| {
            grant.role.rights().contains(&Right::Work)
                && (grant.areas.is_all()
                    || line.iter().any(|code| grant.areas.named().contains(code)))
        })
    }

    /// Whether they command the whole city, whatever it is classified.
    pub(crate) fn commands_city(&self) -> bool {
        self.grants.iter().any(|grant| {
            grant.role.rights().contains(&Right::Dispatch)
                && grant.areas.is_all()
                && grant.departments.is_all()
        })
    }
}
