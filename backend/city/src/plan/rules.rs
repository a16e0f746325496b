//! Rules by number: what they watch, compiled, and which others they are linked to by causes.

use egret_package::Package;
use egret_shared::level::Level;
use egret_shared::package::rule::{LevelDef, RuleDef, RuleKind, WithinDef};
use egret_shared::time::Span;

use super::{Feed, Link, Metric, Plan, Property, Rule};
use crate::expr::{Condition, ReportFilter};

/// A rule, ready.
pub(crate) struct RulePlan {
    pub(crate) def: RuleDef,
    pub(crate) watch: Watch,
    /// How alerts of this rule hang together with others, by the cause graph.
    pub(crate) links: Vec<Link>,
}

/// What a rule watches; one file each in [`crate::rule`].
pub(crate) enum Watch {
    /// A value of each asset of a feed.
    Reading(Feed, Property, Condition),
    /// A metric in every area.
    Metric(Metric, Condition),
    /// How long each asset of a feed has said nothing.
    Silence(Feed, Span),
    /// Reports of a feed near one another.
    Cluster(Feed, ReportFilter, u32, WithinDef),
}

impl RulePlan {
    /// How bad `v` is. A list of limits that fall from level to level is reached from above.
    pub(crate) fn level(&self, v: Option<f64>) -> Level {
        let limits = match &self.def.level {
            LevelDef::Fixed(level) => return *level,
            LevelDef::ByValue(limits) => limits,
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
        let (Some(watch), Ok(number)) = (watch(plan, def), Rule::try_from(plan.rules.len())) else {
            continue;
        };
        register(plan, number, &watch);
        plan.rules.push(RulePlan {
            def: def.clone(),
            watch,
            links: Vec::new(),
        });
    }
}

fn watch(plan: &Plan, def: &RuleDef) -> Option<Watch> {
    let feed = def.on.feed.as_ref().and_then(|id| plan.feed_number(id));
    match def.kind {
        RuleKind::Threshold => {
            let condition = Condition::compile(Some(def.when.as_deref()?))?;
            match (&def.on.metric, &def.on.property) {
                (Some(metric), _) => Some(Watch::Metric(plan.metric_number(metric)?, condition)),
                (None, Some(property)) => Some(Watch::Reading(
                    feed?,
                    plan.property_number(property)?,
                    condition,
                )),
                (None, None) => None,
            }
        }
        RuleKind::Silence => Some(Watch::Silence(feed?, def.after?)),
        RuleKind::Cluster => {
            let filter = ReportFilter::compile(def.on.filter.as_deref())?;
            Some(Watch::Cluster(feed?, filter, def.count?, def.within?))
        }
    }
}

/// Tells the feed or metric who watches it.
fn register(plan: &mut Plan, number: Rule, watch: &Watch) {
    match watch {
        Watch::Reading(feed, property, _) => {
            let feed = plan.feeds.get_mut(usize::from(*feed));
            if let Some(uses) = feed.and_then(|feed| feed.use_mut(*property)) {
                uses.rules.push(number);
            }
        }
        Watch::Metric(metric, _) => {
            if let Some(metric) = plan.metrics.get_mut(usize::from(*metric)) {
                metric.rules.push(number);
            }
        }
        Watch::Silence(feed, _) => {
            if let Some(feed) = plan.feeds.get_mut(usize::from(*feed)) {
                feed.silence.push(number);
            }
        }
        Watch::Cluster(feed, ..) => {
            if let Some(feed) = plan.feeds.get_mut(usize::from(*feed)) {
                feed.clusters.push(number);
            }
        }
    }
}
