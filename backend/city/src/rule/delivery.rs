//! Delivery: a feed's messages are refused or come late, nothing comes from it at all, or the clock of
//! a gateway of it is off. One alert for each feed, whoever sends for it.
//!
//! Judged at each tick, over whole minutes and the running one, so that a fault is told while it
//! happens, and its end as soon as enough is well again.

use std::collections::BTreeMap;

use egret_shared::alert::{AlertKey, Subject};
use egret_shared::package::rule::{DeliveryFault, RuleDef};
use egret_shared::text::Text;
use egret_shared::time::Span;
use serde::{Deserialize, Serialize};

use super::{Kind, Looks};
use crate::alert::{Row, Target, Trigger};
use crate::expr::Condition;
use crate::feed::{Delivered, FeedState, minutes};
use crate::fold::Fold;
use crate::plan::{Feed, FeedPlan, Plan, Rule};
use crate::words;

/// Over which time messages are counted, unless the rule says otherwise.
const WINDOW: Span = Span(10 * 60_000);

/// A fault of one feed, or of every one.
pub(super) struct Watch {
    /// Absent, every feed.
    feed: Option<Feed>,
    fault: Fault,
}

/// A fault, and when it is one.
enum Fault {
    /// Of so many messages at least.
    Refused(Share),
    Late(Share),
    /// Absent, three times the interval that the feed promises, or that was learned.
    Silent(Option<i64>),
    Clock(Condition),
}

/// A share of messages, in per cent.
struct Share {
    condition: Condition,
    window: Span,
    at_least: u32,
}

/// Feeds with which something is wrong, and what was told of each last.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State(BTreeMap<Feed, Told>);

/// What was told: the same is not told again at each tick.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Told {
    v: Option<f64>,
    count: u32,
}

/// What is wrong with a feed.
struct Finding {
    v: Option<f64>,
    unit: &'static str,
    count: u32,
    facts: Vec<(&'static str, Text)>,
}

impl Watch {
    pub(super) fn compile(plan: &Plan, def: &RuleDef) -> Option<Self> {
        let share = || {
            Some(Share {
                condition: super::condition(def)?,
                window: def.window.unwrap_or(WINDOW),
                at_least: def.count.unwrap_or(1).max(1),
            })
        };
        let feed = def.on.feed.as_ref();
        Some(Self {
            feed: feed.map(|feed| plan.feed_number(feed).ok_or(())).transpose().ok()?,
            fault: match def.fault? {
                DeliveryFault::Refused => Fault::Refused(share()?),
                DeliveryFault::Late => Fault::Late(share()?),
                DeliveryFault::Silent => Fault::Silent(def.after.map(Span::ms)),
                DeliveryFault::Clock => Fault::Clock(super::condition(def)?),
            },
        })
    }

    /// What is wrong with a feed now; `None` if it is well.
    fn find(&self, fold: &Fold<'_>, plan: &FeedPlan, state: &FeedState) -> Option<Finding> {
        match &self.fault {
            Fault::Refused(share) => share.find(fold, state, |delivered| delivered.refused),
            Fault::Late(share) => share.find(fold, state, |delivered| delivered.late),
            Fault::Silent(after_ms) => {
                let after_ms = after_ms.or_else(|| state.stale_after_ms(plan))?;
                // A feed that never spoke is waited for; a restart calls none silent.
                let heard_ms = state.spoke_ms()?.max(fold.state.listening_ms);
                let silent_ms = fold.state.now_ms - heard_ms;
                (silent_ms >= after_ms).then(|| Finding {
                    v: None,
                    unit: "",
                    count: 1,
                    facts: vec![("silent_for", words::duration(silent_ms))],
                })
            }
            Fault::Clock(condition) => {
                let clock = state.clock.as_ref()?;
                let off_s = (clock.ahead_ms as f64 / 1_000.0).abs();
                condition.holds(&fold.plan.engine, off_s).then(|| Finding {
                    v: Some(off_s),
                    unit: "s",
                    count: 1,
                    facts: vec![("gateway", Text::new(&*clock.gateway, &*clock.gateway))],
                })
            }
        }
    }

    fn judge(&self, fold: &mut Fold<'_>, rule: Rule, feed: Feed) {
        let Some(plan) = fold.plan.feed(feed) else {
            return;
        };
        let Some(state) = fold.state.feeds.get(usize::from(feed)) else {
            return;
        };
        let found = self.find(fold, plan, state);
        let told = found.as_ref().map(|found| Told {
            v: found.v,
            count: found.count,
        });
        let Some(known) = fold.rule_state(rule).map(|known| &mut known.delivery.0) else {
            return;
        };
        let before = match told {
            Some(told) => known.insert(feed, told),
            None => known.remove(&feed),
        };
        let subject = Subject::Feed {
            feed: plan.def.id.clone(),
        };
        // What had to give way to worse comes back once there is room.
        let is_gone = || !is_open(fold, rule, &subject) && fold.state.alerts.has_room();
        if before == told && !(found.is_some() && is_gone()) {
            return;
        }
        let target = Target::Area(plan.home);
        let trigger = Trigger::new(rule, subject, target, found.is_some(), fold.state.now_ms);
        let Some(found) = found else {
            return fold.judge(&trigger);
        };
        let name = plan.def.name.clone();
        let mut facts = vec![("feed", name.clone()), ("asset", name)];
        facts.extend(found.facts);
        fold.judge(&Trigger {
            v: found.v,
            unit: Some(found.unit.to_owned()),
            count: found.count,
            facts,
            ..trigger
        });
    }
}

/// Whether the rule's alert about `subject` is open.
fn is_open(fold: &Fold<'_>, rule: Rule, subject: &Subject) -> bool {
    let key = fold.plan.rule(rule).map(|plan| AlertKey {
        rule: plan.def.id.clone(),
        subject: subject.clone(),
    });
    let row = key.and_then(|key| fold.state.alerts.get(&key));
    row.is_some_and(Row::is_open)
}

impl Share {
    fn find(
        &self,
        fold: &Fold<'_>,
        state: &FeedState,
        of: impl Fn(Delivered) -> u32,
    ) -> Option<Finding> {
        let delivered = state.delivered(minutes(self.window));
        let count = of(delivered);
        if count < self.at_least {
            return None;
        }
        let all = delivered.came.saturating_add(delivered.refused);
        let share = 1_000.0 * f64::from(count) / f64::from(all.max(1));
        let v = share.round() / 10.0;
        self.condition.holds(&fold.plan.engine, v).then(|| Finding {
            v: Some(v),
            unit: "%",
            count,
            facts: vec![
                ("total", Text::new(all.to_string(), all.to_string())),
                ("window", words::duration(self.window.ms())),
            ],
        })
    }
}

impl Kind for Watch {
    fn looks(&self) -> Looks {
        Looks::Delivery
    }

    fn says(&self, _target: &Target) -> (&'static str, &'static str) {
        match self.fault {
            Fault::Refused(_) => (
                "{feed}近 {window} 有 {count} 条消息被拒收，占 {total} 条的 {value}%",
                "{count} of {total} messages of {feed} refused within {window} ({value} %)",
            ),
            Fault::Late(_) => (
                "{feed}近 {window} 有 {count} 条消息迟到，占 {total} 条的 {value}%",
                "{count} of {total} messages of {feed} late within {window} ({value} %)",
            ),
            Fault::Silent(_) => (
                "{feed}已 {silent_for} 没有任何消息",
                "nothing from {feed} for {silent_for}",
            ),
            Fault::Clock(_) => (
                "{feed}的网关 {gateway} 时钟偏差 {value} 秒",
                "the clock of gateway {gateway} of {feed} is off by {value} s",
            ),
        }
    }

    /// It is judged at each tick.
    fn seen_ms(&self, fold: &Fold<'_>, _row: &Row) -> i64 {
        fold.state.now_ms
    }

    fn ticked(&self, fold: &mut Fold<'_>, rule: Rule) {
        if let Some(feed) = self.feed {
            return self.judge(fold, rule, feed);
        }
        for feed in 0..Feed::try_from(fold.plan.feeds.len()).unwrap_or(Feed::MAX) {
            self.judge(fold, rule, feed);
        }
    }
}
