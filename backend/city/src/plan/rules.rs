//! Rules by number: what they watch, compiled, and which others they are linked to by causes.

use std::collections::BTreeMap;

use egret_package::Package;
use egret_shared::level::Level;
use egret_shared::package::rule::{LevelDef, Passage, RuleDef, RuleKind};

use super::{Link, Plan, Rule};
use crate::rule::{self, Kind, Looks, Values};

/// A rule, ready.
pub(crate) struct RulePlan {
    pub(crate) def: RuleDef,
    pub(crate) watch: Box<dyn Kind>,
    /// Rules that its alerts are parts of.
    pub(crate) part_of: Vec<Rule>,
    /// How alerts of this rule hang together with others, by the cause graph.
    pub(crate) links: Vec<Link>,
}

impl RulePlan {
    /// Whether its alerts are made of others.
    pub(crate) fn is_composed(&self) -> bool {
        matches!(self.def.kind, RuleKind::All | RuleKind::Any)
    }

    /// Whether one alert of it is enough for an incident: how a feed delivers hangs together with
    /// nothing else, so there would never be more evidence.
    pub(crate) fn is_enough_alone(&self) -> bool {
        self.def.kind == RuleKind::Delivery
    }

    /// Whether it says by itself how bad its alerts are.
    pub(crate) fn says_level(&self) -> bool {
        self.def.level != LevelDef::Unsaid
    }

    /// How bad `v` is, by the rule's own limits.
    pub(crate) fn level(&self, v: Option<f64>) -> Level {
        self.level_by(v, None)
    }

    /// How bad `v` is, by `others` in place of the rule's own limits, if there are any. A list of
    /// limits that fall from level to level is reached from above.
    pub(crate) fn level_by(&self, v: Option<f64>, others: Option<&BTreeMap<Level, f64>>) -> Level {
        let limits = match &self.def.level {
            LevelDef::ByValue(own) => others.unwrap_or(own),
            LevelDef::Fixed(level) => return *level,
            // A word or the parts decide; whoever knows them says so.
            LevelDef::ByWord(_) | LevelDef::Unsaid => return Level::Blue,
        };
        let lowest = limits.first_key_value();
        let highest = limits.last_key_value();
        let falls = matches!((lowest, highest), (Some((_, a)), Some((_, b))) if b < a);
        let reached = |limit: f64| v.is_some_and(|v| if falls { v <= limit } else { v >= limit });
        let worst = limits.iter().rev().find(|(_, limit)| reached(**limit));
        worst.or(lowest).map_or(Level::Normal, |(level, _)| *level)
    }
}

/// Compiles all rules of `package` into `plan`.
pub(super) fn compile(plan: &mut Plan, package: &Package) {
    for def in &package.rules.rules {
        let watch = rule::compile(plan, def);
        let (Some(watch), Ok(number)) = (watch, Rule::try_from(plan.rules.len())) else {
            continue;
        };
        register(plan, number, &watch.looks());
        let mut def = def.clone();
        if def.passage == Some(Passage::Dwell) {
            def.hold = def.hold.max(def.after.unwrap_or_default());
        }
        plan.rules.push(RulePlan {
            def,
            watch,
            part_of: Vec::new(),
            links: Vec::new(),
        });
    }
}

/// Tells whoever the rule looks at that it does.
fn register(plan: &mut Plan, number: Rule, looks: &Looks) {
    match looks {
        Looks::At(Values::Of(feed, property)) => {
            let feed = plan.feeds.get_mut(usize::from(*feed));
            if let Some(uses) = feed.and_then(|feed| feed.use_mut(*property)) {
                uses.rules.push(number);
            }
        }
        Looks::At(Values::Metric(metric)) => {
            if let Some(metric) = plan.metrics.get_mut(usize::from(*metric)) {
                metric.rules.push(number);
            }
        }
        Looks::Speech(feed) | Looks::Places(feed) | Looks::Reports(feed) => {
            if let Some(feed) = plan.feeds.get_mut(usize::from(*feed)) {
                let rules = match looks {
                    Looks::Speech(_) => &mut feed.heard,
                    Looks::Places(_) => &mut feed.moved,
                    _ => &mut feed.reported,
                };
                rules.push(number);
            }
        }
        Looks::Delivery => {}
        Looks::Alerts(parts) => {
            for part in parts {
                if let Some(part) = plan.rules.get_mut(usize::from(*part)) {
                    part.part_of.push(number);
                }
            }
        }
    }
}
