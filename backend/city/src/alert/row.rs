//! An alert with what the fold keeps beside it, and how its evidence is put into words.

use std::collections::VecDeque;

use egret_shared::alert::{Alert, AlertKey, AlertState};
use egret_shared::id::AreaCode;
use egret_shared::level::Level;
use egret_shared::package::rule::FlapDef;
use egret_shared::position::Position;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

use super::table::Place;
use super::{Target, Trigger};
use crate::asset::View;
use crate::fold::Fold;
use crate::limits::RESOLVED_KEPT_MS;
use crate::plan::{Area, Plan, Rule, RulePlan};
use crate::words;

/// An alert and what the fold keeps beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) alert: Alert,
    pub(crate) rule: Rule,
    pub(crate) target: Target,
    /// While firing: since when the condition no longer holds.
    pub(crate) ending_ms: Option<i64>,
    /// The group of alerts that it belongs to, from firing on.
    pub(crate) group: Option<u32>,
    pub(super) place: Place,
    /// Whether it has been told since it fired.
    pub(super) is_told: bool,
    /// When it fired and resolved of late, oldest first.
    changed_ms: VecDeque<i64>,
    /// When its condition came or went last.
    pub(super) turned_ms: i64,
    /// As of when its condition last held: event time of what was seen.
    pub(crate) seen_ms: i64,
}

/// What time makes due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Fire,
    Resolve,
    /// To flap no more.
    Calm,
    Forget,
}

impl Row {
    /// Whether it is pending or firing.
    pub(crate) fn is_open(&self) -> bool {
        self.alert.state != AlertState::Resolved
    }

    /// Whether it is listed and nothing keeps it quiet.
    pub(crate) fn is_public(&self) -> bool {
        self.place == Place::Listed && self.alert.hushed.is_none()
    }

    /// Whether it is but a part of others.
    pub(super) fn is_part(&self) -> bool {
        self.place == Place::Part
    }

    /// When time has something to do with it, and what.
    pub(super) fn due(&self, plan: &Plan) -> Option<(i64, Due)> {
        let def = &plan.rule(self.rule)?.def;
        let calm_ms = || self.turned_ms.saturating_add(def.flap.within.ms().max(1));
        let flapping = self.alert.flapping;
        match (self.alert.state, self.ending_ms) {
            (AlertState::Pending, _) => Some((self.alert.since.plus(def.hold).0, Due::Fire)),
            (AlertState::Firing, Some(ending_ms)) => {
                let kept_ms = ending_ms.saturating_add(def.keep_for.ms());
                let rested_ms = if flapping { calm_ms() } else { kept_ms };
                Some((kept_ms.max(rested_ms), Due::Resolve))
            }
            (AlertState::Firing, None) => flapping.then(|| (calm_ms(), Due::Calm)),
            (AlertState::Resolved, _) => {
                let resolved_ms = self.alert.resolved_at.unwrap_or_default().0;
                Some((resolved_ms.saturating_add(RESOLVED_KEPT_MS), Due::Forget))
            }
        }
    }

    /// Notes that the condition holds, or no longer does.
    pub(super) fn condition_turns(&mut self, holds: bool, now_ms: i64) {
        let was_ending = if holds {
            self.ending_ms.take().is_some()
        } else {
            self.ending_ms.is_some()
        };
        if was_ending == holds {
            self.turned_ms = now_ms;
            if self.alert.flapping {
                self.alert.changes = self.alert.changes.saturating_add(1);
            }
        }
    }

    /// Counts that it fires or resolves; how often it has done so within the time in which it would
    /// flap.
    pub(super) fn count_change(&mut self, now_ms: i64, flap: FlapDef) -> u32 {
        let from_ms = now_ms.saturating_sub(flap.within.ms());
        self.changed_ms.retain(|at_ms| *at_ms > from_ms);
        while self.changed_ms.len() >= flap.changes.max(1) as usize {
            self.changed_ms.pop_front();
        }
        self.changed_ms.push_back(now_ms);
        self.alert.changes = u32::try_from(self.changed_ms.len()).unwrap_or(u32::MAX);
        self.alert.changes
    }

    /// Flaps no more.
    pub(super) fn stop_flapping(&mut self) {
        if std::mem::take(&mut self.alert.flapping) {
            self.changed_ms.clear();
            self.alert.changes = 0;
        }
    }

    /// Renews what it says.
    pub(super) fn say(&mut self, v: Option<f64>, evidence: Evidence) {
        self.alert.v = v;
        self.alert.unit = evidence.unit;
        self.alert.message = evidence.message;
        self.alert.areas = evidence.areas;
        self.alert.position = evidence.position;
    }
}

/// What speaks for an alert.
#[derive(Default)]
pub(super) struct Evidence {
    message: Text,
    unit: String,
    areas: Vec<AreaCode>,
    position: Option<Position>,
}

impl Fold<'_> {
    /// A pending alert of `trigger`. What resolved of late under its key goes on in it.
    pub(super) fn new_row(
        &self,
        key: &AlertKey,
        trigger: &Trigger,
        level: Level,
        place: Place,
    ) -> Row {
        let again = self.state.alerts.get(key);
        let changed_ms = again.map(|row| row.changed_ms.clone()).unwrap_or_default();
        let evidence = self.evidence(key, trigger);
        Row {
            alert: Alert {
                key: key.clone(),
                state: AlertState::Pending,
                level,
                areas: evidence.areas,
                position: evidence.position,
                v: trigger.v,
                unit: evidence.unit,
                since: TimeMs(trigger.at_ms),
                fired_at: None,
                resolved_at: None,
                message: evidence.message,
                incident: again.and_then(|row| row.alert.incident.clone()),
                hushed: None,
                flapping: false,
                changes: u32::try_from(changed_ms.len()).unwrap_or(u32::MAX),
                issued: trigger.issued.clone(),
            },
            rule: trigger.rule,
            target: trigger.target.clone(),
            ending_ms: None,
            group: again.and_then(|row| row.group),
            place,
            is_told: false,
            changed_ms,
            turned_ms: self.state.now_ms,
            seen_ms: trigger.at_ms,
        }
    }

    /// What speaks for an alert of `trigger`.
    pub(super) fn evidence(&self, key: &AlertKey, trigger: &Trigger) -> Evidence {
        let Some(plan) = self.plan.rule(trigger.rule) else {
            return Evidence::default();
        };
        let unit = match &trigger.unit {
            Some(unit) => unit.clone(),
            None => self.unit(plan, &trigger.target),
        };
        let find = |name: &str| self.filling(key, trigger, &unit, name);
        let own = || {
            let (zh, en) = plan.watch.says(&trigger.target);
            let name = &plan.def.name;
            Text::new(format!("{}：{zh}", name.zh), format!("{}: {en}", name.en))
        };
        let message = match &plan.def.message {
            Some(template) => words::fill(template, &find),
            None => words::fill(&own(), &find),
        };
        Evidence {
            message,
            unit,
            areas: self.plan.areas.codes(self.target_area(&trigger.target)),
            position: self.target_position(&trigger.target),
        }
    }

    /// What a message has in place of `{name}`.
    fn filling(&self, key: &AlertKey, trigger: &Trigger, unit: &str, name: &str) -> Text {
        let both = |text: &str| Text::new(text, text);
        if let Some((_, fact)) = trigger.facts.iter().find(|(fact, _)| *fact == name) {
            return fact.clone();
        }
        match name {
            "asset" => self.target_name(&trigger.target),
            "area" => {
                let area = self.target_area(&trigger.target);
                let name = area.and_then(|area| self.plan.areas.name(area));
                name.cloned().unwrap_or_default()
            }
            "value" => both(&trigger.v.map(words::number).unwrap_or_default()),
            "unit" => both(words::unit(unit)),
            "count" => both(&trigger.count.to_string()),
            "level" => words::level(self.level_of(trigger)),
            "for" => {
                let open = self.state.alerts.get(key).filter(|row| row.is_open());
                let since_ms = open.map_or(trigger.at_ms, |row| row.alert.since.0);
                words::duration(self.state.now_ms - since_ms)
            }
            _ => Text::default(),
        }
    }

    fn unit(&self, plan: &RulePlan, target: &Target) -> String {
        let unit = match (target, &plan.def.on.property) {
            (Target::Metric(metric, _), _) => {
                self.plan.metric(*metric).map(|metric| &metric.def.unit)
            }
            (Target::Asset(_), Some(property)) => {
                let number = self.plan.property_number(property);
                number
                    .and_then(|number| self.plan.property(number))
                    .map(|property| &property.unit)
            }
            _ => None,
        };
        unit.cloned().unwrap_or_default()
    }

    /// The finest area of a target.
    pub(crate) fn target_area(&self, target: &Target) -> Option<Area> {
        match target {
            Target::Asset(handle) => self.state.assets.get(*handle)?.area,
            Target::Metric(_, area) | Target::Area(area) => Some(*area),
            Target::Place(_, area) => *area,
        }
    }

    /// Where a target is. A metric is in all of its area, so nowhere in particular; the map shows
    /// it at the area's centre.
    fn target_position(&self, target: &Target) -> Option<Position> {
        match target {
            Target::Asset(handle) => self.state.assets.get(*handle)?.position,
            Target::Metric(_, area) | Target::Area(area) => self.plan.areas.centre(*area),
            Target::Place(position, _) => Some(*position),
        }
    }

    /// What people call a target.
    pub(crate) fn target_name(&self, target: &Target) -> Text {
        let both = |text: &str| Text::new(text, text);
        match target {
            Target::Asset(handle) => {
                let Some(asset) = self.state.assets.get(*handle) else {
                    return Text::default();
                };
                let view = View {
                    package: self.package,
                    plan: self.plan,
                    stale: false,
                };
                view.name(asset).unwrap_or_else(|| both(asset.id.as_str()))
            }
            Target::Metric(metric, area) => {
                let name = self
                    .plan
                    .metric(*metric)
                    .map(|metric| metric.def.name.clone())
                    .unwrap_or_default();
                let area = self.plan.areas.name(*area).cloned().unwrap_or_default();
                Text::new(
                    format!("{}{}", area.zh, name.zh),
                    format!("{} in {}", name.en, area.en),
                )
            }
            Target::Area(area) => self.plan.areas.name(*area).cloned().unwrap_or_default(),
            Target::Place(_, area) => area
                .and_then(|area| self.plan.areas.name(area))
                .cloned()
                .unwrap_or_default(),
        }
    }
}
