//! Anomaly: a metric is far from what it usually is at this hour of the week.

use egret_shared::metric::ANOMALY_Z;
use egret_shared::package::rule::{RuleDef, Side};
use egret_shared::text::Text;
use serde::{Deserialize, Serialize};

use super::{Kind, Looks, Values};
use crate::alert::{Target, Trigger};
use crate::fold::Fold;
use crate::plan::{Area, Metric, Plan, Rule};
use crate::words;

/// How far from the usual.
pub(super) struct Watch {
    metric: Metric,
    z: f64,
    side: Side,
}

/// Nothing: what is usual is learned by [`crate::baseline`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State;

impl Watch {
    pub(super) fn compile(plan: &Plan, def: &RuleDef) -> Option<Self> {
        Some(Self {
            metric: plan.metric_number(def.on.metric.as_ref()?)?,
            z: def.z.unwrap_or(ANOMALY_Z),
            side: def.side.unwrap_or_default(),
        })
    }

    fn is_odd(&self, z: f64) -> bool {
        match self.side {
            Side::Above => z >= self.z,
            Side::Below => z <= -self.z,
            Side::Both => z.abs() >= self.z,
        }
    }
}

impl Kind for Watch {
    fn looks(&self) -> Looks {
        Looks::At(Values::Metric(self.metric))
    }

    fn says(&self, _target: &Target) -> (&'static str, &'static str) {
        (
            "{area} {value} {unit}，此时通常 {typical} {unit}",
            "{area} {value} {unit}, usually {typical} {unit} at this hour",
        )
    }

    fn metric(&self, fold: &mut Fold<'_>, rule: Rule, at: (Metric, Area), v: Option<f64>) {
        let typical = fold.reader().typical_now(at, v);
        let known = typical.and_then(|typical| Some((typical.v, typical.z?)));
        let holds = known.is_some_and(|(_, z)| self.is_odd(z));
        let Some(trigger) = fold.on_metric(rule, at, holds) else {
            return;
        };
        let told = |text: String| Text::new(text.clone(), text);
        let facts = known.map(|(typical, z)| {
            vec![
                ("typical", told(words::number(typical))),
                ("z", told(words::number((z * 10.0).round() / 10.0))),
            ]
        });
        let level = fold.plan.rule(rule).zip(known);
        fold.judge(&Trigger {
            v,
            level: level.map(|(plan, (_, z))| plan.level(Some(z.abs()))),
            facts: facts.unwrap_or_default(),
            ..trigger
        });
    }
}
