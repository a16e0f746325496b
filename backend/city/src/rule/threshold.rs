//! Threshold: a value of an asset, or a metric in an area, meets a condition.

use egret_shared::package::rule::RuleDef;
use serde::{Deserialize, Serialize};

use super::{Kind, Looks, Valued, Values};
use crate::alert::{Target, Trigger};
use crate::expr::Condition;
use crate::fold::Fold;
use crate::plan::{Area, Metric, Plan, Rule};

/// A value against a condition.
pub(super) struct Watch {
    of: Values,
    condition: Condition,
}

/// Nothing: the newest value decides.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State;

impl Watch {
    pub(super) fn compile(plan: &Plan, def: &RuleDef) -> Option<Self> {
        Some(Self {
            of: Values::compile(plan, def)?,
            condition: super::condition(def)?,
        })
    }
}

impl Kind for Watch {
    fn looks(&self) -> Looks {
        Looks::At(self.of)
    }

    fn says(&self, target: &Target) -> (&'static str, &'static str) {
        match target {
            Target::Metric(..) => ("{area} {value} {unit}", "{area} {value} {unit}"),
            _ => ("{asset} {value} {unit}", "{asset} {value} {unit}"),
        }
    }

    fn value(&self, fold: &mut Fold<'_>, rule: Rule, seen: &Valued<'_>) {
        let holds = self.condition.holds(&fold.plan.engine, seen.v);
        if !holds && !fold.is_open_on(seen.handle, rule) {
            return;
        }
        fold.judge(&Trigger {
            v: Some(seen.v),
            ..Trigger::on_asset(rule, seen.feed, seen.asset, seen.handle, holds, seen.at_ms)
        });
    }

    fn metric(&self, fold: &mut Fold<'_>, rule: Rule, at: (Metric, Area), v: Option<f64>) {
        let holds = v.is_some_and(|v| self.condition.holds(&fold.plan.engine, v));
        if let Some(trigger) = fold.on_metric(rule, at, holds) {
            fold.judge(&Trigger { v, ..trigger });
        }
    }
}
