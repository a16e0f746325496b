//! Rate: a value of an asset, or a metric in an area, changes too fast.
//!
//! The change is taken between the newest value and the oldest within the window, as soon as half a
//! window lies between them. What comes out of order is left out: a late value is no jump.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use egret_shared::package::rule::RuleDef;
use egret_shared::text::Text;
use egret_shared::time::Span;
use serde::{Deserialize, Serialize};

use super::{Kind, Looks, Valued, Values};
use crate::alert::{Target, Trigger};
use crate::expr::Condition;
use crate::fold::Fold;
use crate::limits::RATE_SAMPLES;
use crate::plan::{Area, Metric, Plan, Rule};
use crate::words;

/// How fast against a condition.
pub(super) struct Watch {
    of: Values,
    condition: Condition,
    window_ms: i64,
    per: Span,
    /// UCUM unit of the change per time.
    unit: String,
}

/// The values looked back on, by the asset's handle or the area.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    traces: BTreeMap<u32, Trace>,
    /// For which the condition held at the last look.
    holding: BTreeSet<u32>,
}

/// Values of one subject, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Trace(VecDeque<(i64, f64)>);

impl Trace {
    /// Takes a newer value in, and lets go what the window has left. Values that stand closer than
    /// a part of the window replace one another.
    fn push(&mut self, at_ms: i64, v: f64, window_ms: i64) {
        let gap_ms = window_ms / RATE_SAMPLES;
        let before_last = self.0.len().checked_sub(2).and_then(|at| self.0.get(at));
        if before_last.is_some_and(|(before_ms, _)| at_ms - before_ms < gap_ms) {
            self.0.pop_back();
        }
        self.0.push_back((at_ms, v));
        while self.0.front().is_some_and(|(oldest_ms, _)| at_ms - oldest_ms > window_ms) {
            self.0.pop_front();
        }
    }

    /// Change per millisecond; `None` while less than half a window is known.
    fn rate(&self, window_ms: i64) -> Option<f64> {
        let ((first_ms, first), (last_ms, last)) = (self.0.front()?, self.0.back()?);
        let span_ms = last_ms - first_ms;
        (span_ms > 0 && span_ms * 2 >= window_ms).then(|| (last - first) / span_ms as f64)
    }

    fn last_ms(&self) -> Option<i64> {
        self.0.back().map(|(at_ms, _)| *at_ms)
    }
}

impl Watch {
    pub(super) fn compile(plan: &Plan, def: &RuleDef) -> Option<Self> {
        let of = Values::compile(plan, def)?;
        let per = def.per.unwrap_or(Span(3_600_000));
        let of_what = match of {
            Values::Of(_, property) => &plan.property(property)?.unit,
            Values::Metric(metric) => &plan.metric(metric)?.def.unit,
        };
        Some(Self {
            condition: super::condition(def)?,
            window_ms: def.window?.ms().max(1),
            unit: per_time(of_what, per),
            of,
            per,
        })
    }

    /// Takes a value of `subject` in; how fast it changes, and whether that must be judged.
    fn look(
        &self,
        fold: &mut Fold<'_>,
        rule: Rule,
        subject: u32,
        (at_ms, v): (i64, Option<f64>),
    ) -> Option<Speed> {
        let engine = &fold.plan.engine;
        let state = &mut fold.state.rules.get_mut(usize::from(rule))?.rate;
        let rate = v.and_then(|v| {
            let trace = state.traces.entry(subject).or_default();
            trace.push(at_ms, v, self.window_ms);
            trace.rate(self.window_ms)
        });
        let rate = rate.map(|rate| rate * self.per.ms() as f64);
        let holds = rate.is_some_and(|rate| self.condition.holds(engine, rate));
        let held = if holds {
            !state.holding.insert(subject)
        } else {
            state.holding.remove(&subject)
        };
        (holds || held).then_some(Speed { holds, rate, v })
    }

    fn judge(&self, fold: &mut Fold<'_>, speed: &Speed, trigger: Trigger) {
        let told = speed.rate.map(|rate| {
            let sign = if rate > 0.0 { "+" } else { "" };
            format!("{sign}{} {}", words::number(rate), words::unit(&self.unit))
        });
        let told = told.unwrap_or_default();
        let now = speed.v.map(words::number).unwrap_or_default();
        let now = match self.of {
            Values::Of(_, property) => {
                let unit = fold.plan.property(property).map_or("", |def| def.unit.as_str());
                format!("{now} {}", words::unit(unit))
            }
            Values::Metric(_) => now,
        };
        fold.judge(&Trigger {
            v: speed.rate,
            unit: Some(self.unit.clone()),
            facts: vec![
                ("rate", Text::new(told.trim_end(), told.trim_end())),
                ("now", Text::new(now.trim_end(), now.trim_end())),
                ("window", words::duration(self.window_ms)),
            ],
            ..trigger
        });
    }
}

/// What a look showed.
struct Speed {
    holds: bool,
    /// Per the rule's time.
    rate: Option<f64>,
    v: Option<f64>,
}

/// `m` per an hour is `m/h`; of a pure number, `1/h`.
fn per_time(unit: &str, per: Span) -> String {
    let per = per.to_string();
    let time = match per.as_str() {
        "1s" => "s",
        "1m" => "min",
        "1h" => "h",
        "1d" => "d",
        other => other,
    };
    let unit = if unit.is_empty() { "1" } else { unit };
    format!("{unit}/{time}")
}

impl Kind for Watch {
    fn looks(&self) -> Looks {
        Looks::At(self.of)
    }

    fn says(&self, target: &Target) -> (&'static str, &'static str) {
        match target {
            Target::Metric(..) => ("{area} {rate}", "{area} {rate}"),
            _ => ("{asset} {rate}，现 {now}", "{asset} {rate}, now {now}"),
        }
    }

    fn value(&self, fold: &mut Fold<'_>, rule: Rule, seen: &Valued<'_>) {
        if let Some(speed) = self.look(fold, rule, seen.handle, (seen.at_ms, Some(seen.v))) {
            let (feed, asset) = (seen.feed, seen.asset);
            let trigger =
                Trigger::on_asset(rule, feed, asset, seen.handle, speed.holds, seen.at_ms);
            self.judge(fold, &speed, trigger);
        }
    }

    fn metric(&self, fold: &mut Fold<'_>, rule: Rule, at: (Metric, Area), v: Option<f64>) {
        let now_ms = fold.state.now_ms;
        if let Some(speed) = self.look(fold, rule, at.1, (now_ms, v))
            && let Some(trigger) = fold.on_metric(rule, at, speed.holds)
        {
            self.judge(fold, &speed, trigger);
        }
    }

    /// What nobody tells any more does not change fast, and neither does what stays.
    fn ticked(&self, fold: &mut Fold<'_>, rule: Rule) {
        let now_ms = fold.state.now_ms;
        let Some(state) = fold.rule_state(rule).map(|known| &known.rate) else {
            return;
        };
        let over = |subject: &&u32| {
            let trace = state.traces.get(subject);
            trace.and_then(Trace::last_ms).is_none_or(|ms| now_ms - ms > self.window_ms)
        };
        match self.of {
            Values::Of(..) => {
                let over: Vec<u32> = state.holding.iter().filter(over).copied().collect();
                for handle in over {
                    let at = (now_ms, None);
                    if let Some(speed) = self.look(fold, rule, handle, at)
                        && let Some(trigger) = fold.on_handle(rule, handle, speed.holds)
                    {
                        self.judge(fold, &speed, trigger);
                    }
                }
            }
            Values::Metric(metric) => {
                let open: Vec<Area> = state.holding.iter().copied().collect();
                for area in open {
                    let v = fold.reader().value(metric, area);
                    self.metric(fold, rule, (metric, area), v);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_known_after_half_a_window_and_forgets_what_lies_before_it() {
        let mut trace = Trace::default();
        trace.push(0, 100.0, 1_000);
        trace.push(400, 104.0, 1_000);
        assert_eq!(trace.rate(1_000), None);
        trace.push(500, 105.0, 1_000);
        assert_eq!(trace.rate(1_000), Some(0.01));
        trace.push(1_400, 105.0, 1_000);
        assert_eq!(trace.rate(1_000), Some(0.001));
    }

    #[test]
    fn however_often_a_value_comes_few_are_kept() {
        let mut trace = Trace::default();
        for at in 0..100_000 {
            trace.push(at, at as f64, 10_000);
        }
        assert!(trace.0.len() <= usize::try_from(RATE_SAMPLES).unwrap() + 2);
        assert!((trace.rate(10_000).unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_unit_of_a_rate_is_per_its_time() {
        assert_eq!(per_time("m", Span(3_600_000)), "m/h");
        assert_eq!(per_time("mm", Span(60_000)), "mm/min");
        assert_eq!(per_time("", Span(600_000)), "1/10m");
    }
}
