//! All and any: alerts of other rules that come together are an alert of their own.
//!
//! Together means on the same asset, in the same area of a level, or, for `all`, within a distance
//! and a time of an alert of the rule that is named first. Only alerts that fire count.

use std::collections::{BTreeMap, BTreeSet};

use egret_shared::alert::{AlertKey, Subject};
use egret_shared::level::Level;
use egret_shared::package::rule::{RuleDef, RuleKind, WithinDef};
use egret_shared::position::Position;
use egret_shared::text::Text;
use serde::{Deserialize, Serialize};

use super::{Kind, Looks};
use crate::alert::{Row, Target, Trigger};
use crate::fold::Fold;
use crate::limits::{COMPOSED_PARTS_MAX, COMPOSED_TOLD_MAX};
use crate::plan::{Area, Plan, Rule, RulePlan};

/// The word for assets in a rule's `by`.
const BY_ASSET: &str = "asset";

/// Which parts, and when they are together.
pub(super) struct Watch {
    parts: Vec<Rule>,
    together: Together,
    needs_all: bool,
}

enum Together {
    Asset,
    Level(String),
    Near(WithinDef),
}

/// Alerts of the parts that fire.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    places: BTreeMap<AlertKey, Place>,
    /// By where they are together, in the order of their keys.
    members: BTreeMap<(Place, AlertKey), Member>,
    /// How many fire of each part, by where they are together.
    counts: BTreeMap<Place, Vec<u32>>,
    /// Where something turned within this entry; empty between entries.
    #[serde(skip)]
    turned: BTreeSet<Place>,
    /// What turned within this entry among those that are together by distance, as it was and as it
    /// is; empty between entries.
    #[serde(skip)]
    turned_near: Vec<(AlertKey, Member)>,
}

/// Where parts are together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Place {
    Asset(u32),
    Area(Area),
    /// Together by distance, so that all are looked at.
    Anywhere,
}

/// An alert of a part.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Member {
    /// Its part's place in the rule.
    part: u16,
    level: Level,
    since_ms: i64,
    position: Option<Position>,
    message: Text,
}

impl State {
    /// Takes out the alert with this key; where it was.
    fn remove(&mut self, key: &AlertKey) -> Option<Place> {
        let place = self.places.remove(key)?;
        let member = self.members.remove(&(place, key.clone()))?;
        if let Some(counts) = self.counts.get_mut(&place) {
            if let Some(n) = counts.get_mut(usize::from(member.part)) {
                *n = n.saturating_sub(1);
            }
            if counts.iter().all(|n| *n == 0) {
                self.counts.remove(&place);
            }
        }
        Some(place)
    }

    fn put(&mut self, place: Place, key: &AlertKey, member: Member, n_parts: usize) {
        let counts = self.counts.entry(place);
        let counts = counts.or_insert_with(|| vec![0; n_parts]);
        if let Some(n) = counts.get_mut(usize::from(member.part)) {
            *n += 1;
        }
        self.places.insert(key.clone(), place);
        self.members.insert((place, key.clone()), member);
    }

    /// The alerts at `place`, by key.
    fn at(&self, place: Place) -> impl Iterator<Item = (&AlertKey, &Member)> {
        let first = AlertKey {
            rule: "".into(),
            subject: Subject::Asset {
                feed: "".into(),
                asset: "".into(),
            },
        };
        let from = self.members.range((place, first)..);
        let of_it = from.take_while(move |((at, _), _)| *at == place);
        of_it.map(|((_, key), member)| (key, member))
    }
}

impl Watch {
    pub(super) fn compile(plan: &Plan, def: &RuleDef) -> Option<Self> {
        let parts: Option<Vec<Rule>> = def.of.iter().map(|id| plan.rule_number(id)).collect();
        let together = match (&def.by, def.within) {
            (Some(by), _) if by == BY_ASSET => Together::Asset,
            (Some(level), _) => Together::Level(level.clone()),
            (None, within) => Together::Near(within?),
        };
        Some(Self {
            parts: parts.filter(|parts| !parts.is_empty())?,
            together,
            needs_all: def.kind == RuleKind::All,
        })
    }

    fn place_of(&self, fold: &Fold<'_>, row: &Row) -> Option<Place> {
        match (&self.together, &row.target) {
            (Together::Asset, Target::Asset(handle)) => Some(Place::Asset(*handle)),
            (Together::Asset, _) => None,
            (Together::Level(level), target) => {
                let area = fold.target_area(target)?;
                fold.plan.areas.at_level(area, level).map(Place::Area)
            }
            (Together::Near(_), _) => Some(Place::Anywhere),
        }
    }

    /// Judges what is together at an asset or in an area.
    fn judge_place(&self, fold: &mut Fold<'_>, rule: Rule, place: Place) {
        let Some(known) = fold.state.rules.get(usize::from(rule)) else {
            return;
        };
        let known = &known.composed;
        let firing = known.counts.get(&place);
        let n_firing = firing.map_or(0, |counts| counts.iter().filter(|n| **n > 0).count());
        let holds = n_firing >= if self.needs_all { self.parts.len() } else { 1 };
        let told: Vec<&Member> = known.at(place).map(|(_, member)| member).collect();
        let evidence = Evidence::of(&told);
        let now_ms = fold.state.now_ms;
        let trigger = match place {
            Place::Asset(handle) => fold.on_handle(rule, handle, holds),
            Place::Area(area) => fold.plan.areas.code(area).cloned().map(|code| {
                let subject = Subject::Area { area: code };
                Trigger::new(rule, subject, Target::Area(area), holds, now_ms)
            }),
            Place::Anywhere => None,
        };
        if let Some(trigger) = trigger {
            fold.judge(&evidence.into_trigger(fold, trigger));
        }
    }

    /// Judges every alert of the first part that `about` may be near.
    fn judge_near(
        &self,
        fold: &mut Fold<'_>,
        rule: Rule,
        within: &WithinDef,
        about: &(AlertKey, Member),
    ) {
        let Some(known) = fold.state.rules.get(usize::from(rule)) else {
            return;
        };
        // An anchor that is gone is no anchor any more; what was near it ends with it.
        if about.1.part == 0 && !known.composed.places.contains_key(&about.0) {
            Self::judge_anchor(fold, rule, &about.0, false, Evidence::of(&[]));
        }
        let Some(known) = fold.state.rules.get(usize::from(rule)) else {
            return;
        };
        let all: Vec<(&AlertKey, &Member)> = known.composed.at(Place::Anywhere).collect();
        let anchors = all.iter().filter(|(key, anchor)| {
            anchor.part == 0 && (**key == about.0 || anchor.is_near(&about.1, within))
        });
        let mut verdicts = Vec::new();
        for (key, anchor) in anchors {
            let near = near(&all, (*key, *anchor), within);
            let near: Vec<&Member> = near.map(|(_, member)| member).collect();
            let has = |part: usize| near.iter().any(|one| usize::from(one.part) == part);
            let holds = (0..self.parts.len()).all(has);
            verdicts.push(((*key).clone(), holds, Evidence::of(&near)));
        }
        for (key, holds, evidence) in verdicts {
            Self::judge_anchor(fold, rule, &key, holds, evidence);
        }
    }

    /// As of when the newest of each part was seen, among those that make up the alert in `row`; by
    /// part.
    fn newest(&self, fold: &Fold<'_>, row: &Row) -> BTreeMap<u16, i64> {
        let mut newest = BTreeMap::new();
        let Some(known) = fold.state.rules.get(usize::from(row.rule)) else {
            return newest;
        };
        let note = |(key, member): (&AlertKey, &Member)| {
            let part = fold.state.alerts.get(key);
            let seen_ms = part.map_or(member.since_ms, |part| fold.seen_ms(part));
            let newest_ms = newest.entry(member.part).or_insert(seen_ms);
            *newest_ms = seen_ms.max(*newest_ms);
        };
        match (&self.together, &row.target) {
            (Together::Near(within), _) => {
                let all: Vec<_> = known.composed.at(Place::Anywhere).collect();
                let subject = &row.alert.key.subject;
                let anchors = all.iter().copied();
                let mut anchors =
                    anchors.filter(|(key, one)| one.part == 0 && key.subject == *subject);
                if let Some(anchor) = anchors.next() {
                    near(&all, anchor, within).for_each(note);
                }
            }
            (_, Target::Asset(handle)) => known.composed.at(Place::Asset(*handle)).for_each(note),
            (_, Target::Area(area)) => known.composed.at(Place::Area(*area)).for_each(note),
            (_, Target::Metric(..) | Target::Place(..)) => {}
        }
        newest
    }

    fn judge_anchor(
        fold: &mut Fold<'_>,
        rule: Rule,
        anchor: &AlertKey,
        holds: bool,
        evidence: Evidence,
    ) {
        let Some(plan) = fold.plan.rule(rule) else {
            return;
        };
        // An anchor that has ended may have left by now, its own alert not.
        let own = AlertKey {
            rule: plan.def.id.clone(),
            subject: anchor.subject.clone(),
        };
        let alerts = &fold.state.alerts;
        let row = alerts.get(anchor).or_else(|| alerts.get(&own));
        let Some(target) = row.map(|row| row.target.clone()) else {
            return;
        };
        let now_ms = fold.state.now_ms;
        let trigger = Trigger::new(rule, anchor.subject.clone(), target, holds, now_ms);
        fold.judge(&evidence.into_trigger(fold, trigger));
    }
}

/// The anchor and what is near it, among `all`.
fn near<'a>(
    all: &'a [(&'a AlertKey, &'a Member)],
    (anchor, at): (&'a AlertKey, &'a Member),
    within: &'a WithinDef,
) -> impl Iterator<Item = (&'a AlertKey, &'a Member)> {
    let is_near = move |(other, member): &(&AlertKey, &Member)| {
        *other == anchor || (member.part != 0 && member.is_near(at, within))
    };
    all.iter().copied().filter(is_near)
}

impl Member {
    fn is_near(&self, other: &Self, within: &WithinDef) -> bool {
        let places = self.position.zip(other.position);
        let is_near = places.is_some_and(|(one, two)| one.distance_m(two) <= within.distance.0);
        is_near && (self.since_ms - other.since_ms).abs() <= within.time.ms()
    }
}

/// What speaks for an alert that is made of others.
struct Evidence {
    count: u32,
    level: Level,
    parts: Text,
}

impl Evidence {
    fn of(members: &[&Member]) -> Self {
        let mut parts: Vec<u16> = members.iter().map(|member| member.part).collect();
        parts.sort_unstable();
        parts.dedup();
        let first_of = |part: &u16| members.iter().find(|member| member.part == *part);
        let told: Vec<&Text> = parts
            .iter()
            .take(COMPOSED_TOLD_MAX)
            .filter_map(first_of)
            .map(|member| &member.message)
            .collect();
        let zh: Vec<&str> = told.iter().map(|text| text.zh.as_str()).collect();
        let en: Vec<&str> = told.iter().map(|text| text.en.as_str()).collect();
        Self {
            count: u32::try_from(members.len()).unwrap_or(u32::MAX),
            level: members
                .iter()
                .map(|member| member.level)
                .max()
                .unwrap_or_default(),
            parts: Text::new(zh.join("；"), en.join("; ")),
        }
    }

    fn into_trigger(self, fold: &Fold<'_>, trigger: Trigger) -> Trigger {
        let plan = fold.plan.rule(trigger.rule);
        let is_said = plan.is_some_and(RulePlan::says_level);
        Trigger {
            v: Some(f64::from(self.count)),
            count: self.count,
            level: (!is_said).then_some(self.level),
            facts: vec![("parts", self.parts)],
            ..trigger
        }
    }
}

impl Kind for Watch {
    fn looks(&self) -> Looks {
        Looks::Alerts(self.parts.clone())
    }

    fn says(&self, _target: &Target) -> (&'static str, &'static str) {
        ("{parts}", "{parts}")
    }

    /// As new as the oldest of the parts without which it would not hold.
    fn seen_ms(&self, fold: &Fold<'_>, row: &Row) -> i64 {
        let seen_ms = self.newest(fold, row).into_values();
        let seen_ms = if self.needs_all {
            seen_ms.min()
        } else {
            seen_ms.max()
        };
        seen_ms.unwrap_or(row.seen_ms)
    }

    fn turned(&self, fold: &mut Fold<'_>, rule: Rule, part: &Row, fires: bool) {
        let key = &part.alert.key;
        let place = self.place_of(fold, part);
        let number = self.parts.iter().position(|one| *one == part.rule);
        let (Some(number), Some(known)) = (number, fold.rule_state(rule)) else {
            return;
        };
        let known = &mut known.composed;
        let member = Member {
            part: u16::try_from(number).unwrap_or(u16::MAX),
            level: part.alert.level,
            since_ms: part.alert.since.0,
            position: part.alert.position,
            message: part.alert.message.clone(),
        };
        let before = known.remove(key);
        if fires
            && known.places.len() < COMPOSED_PARTS_MAX
            && let Some(place) = place
        {
            known.put(place, key, member.clone(), self.parts.len());
        }
        if let Together::Near(_) = &self.together {
            return known.turned_near.push((key.clone(), member));
        }
        let after = place.filter(|_| fires);
        known.turned.extend(before.into_iter().chain(after));
    }

    fn settle(&self, fold: &mut Fold<'_>, rule: Rule) {
        let Some(known) = fold.rule_state(rule) else {
            return;
        };
        let turned = std::mem::take(&mut known.composed.turned);
        let turned_near = std::mem::take(&mut known.composed.turned_near);
        for place in turned {
            self.judge_place(fold, rule, place);
        }
        if let Together::Near(within) = &self.together {
            for about in turned_near {
                self.judge_near(fold, rule, within, &about);
            }
        }
    }
}
