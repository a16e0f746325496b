//! An alert with what the fold keeps beside it, and how its evidence is put into words.

use egret_shared::alert::{Alert, AlertKey, AlertState};
use egret_shared::id::{AreaCode, IncidentId};
use egret_shared::level::Level;
use egret_shared::package::rule::RuleKind;
use egret_shared::position::Position;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

use super::{Target, Trigger};
use crate::asset::View;
use crate::fold::Fold;
use crate::plan::{Area, Rule, RulePlan};
use crate::words::{self, Filling};

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
}

impl Row {
    /// Whether it is pending or firing.
    pub(crate) fn is_open(&self) -> bool {
        self.alert.state != AlertState::Resolved
    }
}

/// Message, unit, areas and position of an alert.
type Evidence = (Text, String, Vec<AreaCode>, Option<Position>);

impl Fold<'_> {
    /// A pending alert of `trigger`.
    pub(super) fn new_row(
        &self,
        key: &AlertKey,
        trigger: &Trigger,
        level: Level,
        group: Option<u32>,
        incident: Option<IncidentId>,
    ) -> Row {
        let (message, unit, areas, position) = self.evidence(trigger);
        Row {
            alert: Alert {
                key: key.clone(),
                state: AlertState::Pending,
                level,
                areas,
                position,
                v: trigger.v,
                unit,
                since: TimeMs(trigger.at_ms),
                fired_at: None,
                resolved_at: None,
                message,
                incident,
            },
            rule: trigger.rule,
            target: trigger.target.clone(),
            ending_ms: None,
            group,
        }
    }

    /// What speaks for an alert of `trigger`.
    pub(super) fn evidence(&self, trigger: &Trigger) -> Evidence {
        let Some(plan) = self.plan.rule(trigger.rule) else {
            return Evidence::default();
        };
        let area = self.target_area(&trigger.target);
        let unit = self.unit(plan, &trigger.target);
        let filling = Filling {
            asset: self.target_name(&trigger.target),
            area: area
                .and_then(|area| self.plan.areas.name(area))
                .cloned()
                .unwrap_or_default(),
            value: trigger.v.map(words::number).unwrap_or_default(),
            unit: words::unit(&unit).to_owned(),
            count: trigger.count.to_string(),
        };
        let template = plan
            .def
            .message
            .clone()
            .unwrap_or_else(|| default_message(plan, &trigger.target));
        let message = words::fill(&template, &filling);
        (
            message,
            unit,
            self.plan.areas.codes(area),
            self.target_position(&trigger.target),
        )
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
            Target::Metric(_, area) => Some(*area),
            Target::Place(_, area) => *area,
        }
    }

    /// Where a target is. A metric is in all of its area, so nowhere in particular; the map shows
    /// it at the area's centre.
    fn target_position(&self, target: &Target) -> Option<Position> {
        match target {
            Target::Asset(handle) => self.state.assets.get(*handle)?.position,
            Target::Metric(_, area) => self.plan.areas.centre(*area),
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
            Target::Place(_, area) => area
                .and_then(|area| self.plan.areas.name(area))
                .cloned()
                .unwrap_or_default(),
        }
    }
}

/// The message of a rule that declares none.
fn default_message(plan: &RulePlan, target: &Target) -> Text {
    let name = &plan.def.name;
    let (zh, en) = match (plan.def.kind, target) {
        (RuleKind::Threshold, Target::Metric(..)) => {
            ("{area} {value} {unit}", "{area} {value} {unit}")
        }
        (RuleKind::Threshold, _) => ("{asset} {value} {unit}", "{asset} {value} {unit}"),
        (RuleKind::Silence, _) => ("{asset} 无数据", "no word from {asset}"),
        (RuleKind::Cluster, _) => ("{area} {count} 件", "{count} in {area}"),
    };
    Text::new(format!("{}：{zh}", name.zh), format!("{}: {en}", name.en))
}
