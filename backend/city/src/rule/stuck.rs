//! Stuck: an asset goes on telling the same value for too long.
//!
//! The same is what lies within the tolerance of the value that it was first. A value that `when`
//! does not hold for is not watched: a rain gauge may well tell nothing all day.

use std::collections::BTreeMap;

use egret_shared::package::rule::RuleDef;
use egret_shared::text::Text;
use serde::{Deserialize, Serialize};

use super::{Kind, Looks, Valued, Values};
use crate::alert::{Target, Trigger};
use crate::expr::Condition;
use crate::fold::Fold;
use crate::plan::{Plan, Rule};
use crate::words;

/// How long the same.
pub(super) struct Watch {
    of: Values,
    watched: Condition,
    after_ms: i64,
    tolerance: f64,
}

/// What each asset has been telling, by handle.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State(BTreeMap<u32, Still>);

/// A value, and since when it has been the same.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Still {
    v: f64,
    since_ms: i64,
}

impl Watch {
    pub(super) fn compile(plan: &Plan, def: &RuleDef) -> Option<Self> {
        Some(Self {
            of: Values::compile(plan, def)?,
            watched: Condition::compile(def.when.as_deref())?,
            after_ms: def.after?.ms(),
            tolerance: def.tolerance.unwrap_or_default(),
        })
    }

    /// Since when the asset has told the same, with this value.
    fn since_ms(&self, fold: &mut Fold<'_>, rule: Rule, seen: &Valued<'_>) -> Option<i64> {
        let is_watched = self.watched.holds(&fold.plan.engine, seen.v);
        let known = &mut fold.rule_state(rule)?.stuck.0;
        if !is_watched {
            known.remove(&seen.handle);
            return None;
        }
        let still = known.entry(seen.handle).or_insert(Still {
            v: seen.v,
            since_ms: seen.at_ms,
        });
        if (seen.v - still.v).abs() > self.tolerance {
            *still = Still {
                v: seen.v,
                since_ms: seen.at_ms,
            };
        }
        Some(still.since_ms)
    }
}

impl Kind for Watch {
    fn looks(&self) -> Looks {
        Looks::At(self.of)
    }

    fn says(&self, _target: &Target) -> (&'static str, &'static str) {
        (
            "{asset} {same_for}未变，停在 {value} {unit}",
            "{asset} has told {value} {unit} for {same_for}",
        )
    }

    fn value(&self, fold: &mut Fold<'_>, rule: Rule, seen: &Valued<'_>) {
        let same_ms = self
            .since_ms(fold, rule, seen)
            .map_or(0, |since_ms| seen.at_ms - since_ms);
        let holds = same_ms >= self.after_ms;
        if !holds && !fold.is_open_on(seen.handle, rule) {
            return;
        }
        let same_for: Text = words::duration(same_ms);
        fold.judge(&Trigger {
            v: Some(seen.v),
            facts: vec![("same_for", same_for)],
            ..Trigger::on_asset(rule, seen.feed, seen.asset, seen.handle, holds, seen.at_ms)
        });
    }
}
