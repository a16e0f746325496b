//! Silence: an asset that promised to speak has said nothing for too long.
//!
//! Counted from when it was heard last, or from when somebody began to listen; so a restart calls
//! nobody silent.
//!
//! Where a rule goes by groups, assets that share a gateway or an area are one alert, once enough of
//! them are silent. One of them alone is told of later, so that a gateway that fails is one alert and
//! not fifty and one.

use std::collections::BTreeMap;

use egret_shared::alert::Subject;
use egret_shared::package::rule::RuleDef;
use egret_shared::text::Text;
use egret_shared::time::Span;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Kind, Looks};
use crate::alert::{Row, Target, Trigger};
use crate::bits::Bits;
use crate::fold::Fold;
use crate::plan::{Area, Areas, Feed, Plan, Rule};
use crate::words;

/// What share of a group is silent when it counts as silent, unless the rule says otherwise.
const SHARE: f64 = 0.5;

/// The least assets that are a group: one alone is itself.
const GROUP_LEAST: u32 = 2;

/// The word for gateways in a rule's `by`.
const BY_GATEWAY: &str = "gateway";

/// How long without a word.
pub(super) struct Watch {
    feed: Feed,
    after_ms: i64,
    groups: Option<Groups>,
}

/// What goes together.
struct Groups {
    /// A level of areas; absent, gateways.
    level: Option<String>,
    share: f64,
    alone_after_ms: i64,
}

/// Who is silent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    /// Assets with an open alert of their own, by their index within the feed.
    alone: Bits,
    /// Groups with an open alert, and how many of how many were silent when it was told.
    groups: BTreeMap<Group, Count>,
}

/// Assets that go together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Group {
    Gateway(SmolStr),
    Area(Area),
}

/// How many of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    silent: u32,
    total: u32,
    /// The finest area that holds them all.
    area: Area,
}

/// An asset of the feed.
struct Member {
    index: u32,
    handle: u32,
    silent_ms: i64,
}

impl Watch {
    pub(super) fn compile(plan: &Plan, def: &RuleDef) -> Option<Self> {
        let after_ms = def.after?.ms();
        let groups = def.by.as_ref().map(|by| Groups {
            level: (by != BY_GATEWAY).then(|| by.clone()),
            share: def.share.unwrap_or(SHARE),
            alone_after_ms: def.alone_after.map_or(after_ms * 2, Span::ms),
        });
        Some(Self {
            feed: plan.feed_number(def.on.feed.as_ref()?)?,
            after_ms,
            groups,
        })
    }

    /// Assets that have said nothing for `after_ms`.
    fn silent(&self, fold: &Fold<'_>, after_ms: i64) -> Vec<Member> {
        let now_ms = fold.state.now_ms;
        let Some(state) = fold.state.feeds.get(usize::from(self.feed)) else {
            return Vec::new();
        };
        let members = (0_u32..).zip(state.members.iter().zip(&state.heard_ms));
        let members = members.map(|(index, (handle, heard_ms))| Member {
            index,
            handle: *handle,
            silent_ms: now_ms - heard_ms,
        });
        members
            .filter(|member| member.silent_ms >= after_ms)
            .collect()
    }

    fn judge(&self, fold: &mut Fold<'_>, rule: Rule, handle: u32, holds: bool, silent_ms: i64) {
        let now_ms = fold.state.now_ms;
        let Some(asset) = fold.state.assets.get(handle).map(|asset| asset.id.clone()) else {
            return;
        };
        let Some(feed) = fold.plan.feed(self.feed) else {
            return;
        };
        fold.judge(&Trigger {
            facts: vec![("silent_for", words::duration(silent_ms))],
            ..Trigger::on_asset(rule, &feed.def.id, &asset, handle, holds, now_ms)
        });
    }

    /// Begins the alert of one asset, if there is room for it.
    fn begin(&self, fold: &mut Fold<'_>, rule: Rule, member: &Member) {
        self.judge(fold, rule, member.handle, true, member.silent_ms);
        if fold.is_open_on(member.handle, rule)
            && let Some(known) = fold.rule_state(rule)
        {
            known.silence.alone.insert(member.index);
        }
    }

    fn is_alone(fold: &Fold<'_>, rule: Rule, member: &Member) -> bool {
        let known = fold.state.rules.get(usize::from(rule));
        known.is_some_and(|known| known.silence.alone.has(member.index))
    }

    fn group_of(groups: &Groups, fold: &Fold<'_>, handle: u32) -> Option<(Group, Area)> {
        let asset = fold.state.assets.get(handle)?;
        let area = asset.area.unwrap_or(Areas::ROOT);
        let group = match &groups.level {
            Some(level) => Group::Area(fold.plan.areas.at_level(asset.area?, level)?),
            None => Group::Gateway(asset.registered(fold.package)?.gateway.clone()?),
        };
        Some((group, area))
    }

    /// How many of each group with a silent asset are silent.
    fn count(&self, groups: &Groups, fold: &Fold<'_>, silent: &[Member]) -> BTreeMap<Group, Count> {
        let mut counts = BTreeMap::new();
        for member in silent {
            if let Some((group, area)) = Self::group_of(groups, fold, member.handle) {
                let count = counts.entry(group).or_insert(Count {
                    silent: 0,
                    total: 0,
                    area,
                });
                count.silent += 1;
            }
        }
        let members = fold.state.feeds.get(usize::from(self.feed));
        for handle in members.iter().flat_map(|feed| &feed.members) {
            let group = Self::group_of(groups, fold, *handle);
            if let Some((group, area)) = group
                && let Some(count) = counts.get_mut(&group)
            {
                count.total += 1;
                count.area = fold.plan.areas.common(count.area, area);
            }
        }
        let is_silent = |count: &Count| {
            let share = f64::from(count.silent) / f64::from(count.total.max(1));
            count.total >= GROUP_LEAST && share >= groups.share
        };
        counts.retain(|_, count| is_silent(count));
        counts
    }

    fn find_groups(&self, groups: &Groups, fold: &mut Fold<'_>, rule: Rule) {
        let silent = self.silent(fold, self.after_ms);
        let Some(known) = fold.rule_state(rule).map(|known| &known.silence.groups) else {
            return;
        };
        if silent.is_empty() && known.is_empty() {
            return;
        }
        let before = known.clone();
        let now = self.count(groups, fold, &silent);
        for (group, count) in &before {
            if !now.contains_key(group) {
                self.judge_group(fold, rule, group, count, false);
            }
        }
        for (group, count) in &now {
            if before.get(group) != Some(count) {
                self.judge_group(fold, rule, group, count, true);
            }
        }
        for member in &silent {
            let group = Self::group_of(groups, fold, member.handle);
            let is_told = group.is_some_and(|(group, _)| now.contains_key(&group));
            let is_alone = Self::is_alone(fold, rule, member);
            if is_told && is_alone {
                self.end(fold, rule, member.handle, member.index);
            } else if !is_told && !is_alone && member.silent_ms >= groups.alone_after_ms {
                self.begin(fold, rule, member);
            }
        }
        if let Some(known) = fold.rule_state(rule) {
            known.silence.groups = now;
        }
    }

    fn judge_group(
        &self,
        fold: &mut Fold<'_>,
        rule: Rule,
        group: &Group,
        count: &Count,
        holds: bool,
    ) {
        let Some(feed) = fold.plan.feed(self.feed).map(|feed| feed.def.id.clone()) else {
            return;
        };
        let (subject, target, name) = match group {
            Group::Gateway(gateway) => (
                Subject::Gateway {
                    feed,
                    gateway: gateway.clone(),
                },
                Target::Area(count.area),
                Text::new(gateway.as_str(), gateway.as_str()),
            ),
            Group::Area(area) => {
                let Some(code) = fold.plan.areas.code(*area).cloned() else {
                    return;
                };
                let name = fold.plan.areas.name(*area).cloned().unwrap_or_default();
                (Subject::Area { area: code }, Target::Area(*area), name)
            }
        };
        let total = count.total.to_string();
        let now_ms = fold.state.now_ms;
        fold.judge(&Trigger {
            v: Some(f64::from(count.silent)),
            count: count.silent,
            facts: vec![
                ("asset", name.clone()),
                ("group", name),
                ("total", Text::new(total.clone(), total)),
                ("silent_for", words::duration(self.after_ms)),
            ],
            ..Trigger::new(rule, subject, target, holds, now_ms)
        });
    }

    /// Ends the alert of one asset, if it has one.
    fn end(&self, fold: &mut Fold<'_>, rule: Rule, handle: u32, index: u32) {
        let known = fold.rule_state(rule);
        if known.is_some_and(|known| known.silence.alone.remove(index)) {
            self.judge(fold, rule, handle, false, 0);
        }
    }
}

impl Kind for Watch {
    fn looks(&self) -> Looks {
        Looks::Speech(self.feed)
    }

    fn says(&self, target: &Target) -> (&'static str, &'static str) {
        match target {
            Target::Area(_) => (
                "{group} {total} 个部件中 {count} 个无数据",
                "no word from {count} of {total} of {group}",
            ),
            _ => ("{asset} 无数据", "no word from {asset}"),
        }
    }

    /// Nothing, up to now.
    fn seen_ms(&self, fold: &Fold<'_>, _row: &Row) -> i64 {
        fold.state.now_ms
    }

    fn heard(&self, fold: &mut Fold<'_>, rule: Rule, handle: u32, index: u32) {
        self.end(fold, rule, handle, index);
    }

    fn ticked(&self, fold: &mut Fold<'_>, rule: Rule) {
        if let Some(groups) = &self.groups {
            return self.find_groups(groups, fold, rule);
        }
        for member in self.silent(fold, self.after_ms) {
            if !Self::is_alone(fold, rule, &member) {
                self.begin(fold, rule, &member);
            }
        }
    }
}
