//! The hushes in force and to come: orders taken or refused, and which alert each keeps quiet.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Timelike, Weekday};
use chrono_tz::Tz;
use egret_shared::alert::{AlertKey, AlertState, Subject};
use egret_shared::case::Doer;
use egret_shared::command::Outcome;
use egret_shared::hush::{
    DAY_MINUTES, Day, HUSH_TEXT_BYTES_MAX, Hours, Hush, HushDef, HushKind, HushOrder, HushRefusal,
    Matcher,
};
use egret_shared::id::{FeedId, HushId};
use egret_shared::incident::Person;
use egret_shared::level::Level;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

use super::Row;
use crate::fold::{Fold, State};
use crate::limits::HUSHES_MAX;
use crate::plan::Plan;

/// All hushes by id.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Hushes {
    rows: BTreeMap<HushId, Hush>,
    /// Those of single alerts.
    shelves: BTreeMap<AlertKey, HushId>,
    serial: u64,
}

impl Hushes {
    /// All of them, by id; how many alerts each keeps quiet at the moment is counted by the caller.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Hush> {
        self.rows.values()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What keeps an alert quiet, if anything does.
    pub(super) fn of(&self, plan: &Plan, row: &Row) -> Option<&HushId> {
        let shelf = self.shelves.get(&row.alert.key);
        let shelf = shelf.and_then(|id| self.rows.get(id));
        let quiets = |hush: &&Hush| hush.active && row.alert.level <= hush.hush.up_to;
        let wide = || {
            let all = self.rows.values();
            all.filter(quiets).find(|hush| match &hush.hush.kind {
                HushKind::Silence(what) | HushKind::Maintenance { what, .. } => {
                    matches(plan, what, row)
                }
                HushKind::Shelf(_) => false,
            })
        };
        let found = shelf.filter(quiets).or_else(wide);
        found.map(|hush| &hush.id)
    }

    /// Counts that a hush has come to keep an alert quiet.
    pub(super) fn count(&mut self, id: &HushId) {
        if let Some(hush) = self.rows.get_mut(id) {
            hush.hushed += 1;
        }
    }

    /// Ends the shelf of an alert, if there is one.
    pub(super) fn end_shelf(&mut self, key: &AlertKey) -> bool {
        let id = self.shelves.remove(key);
        id.is_some_and(|id| self.rows.remove(&id).is_some())
    }

    fn remove(&mut self, id: &HushId) {
        if let Some(hush) = self.rows.remove(id)
            && let HushKind::Shelf(key) = &hush.hush.kind
        {
            self.shelves.remove(key);
        }
    }

    /// Lets hushes begin and end as of `now`; whether one did.
    pub(super) fn come_to(&mut self, zone: Tz, now: TimeMs) -> bool {
        let over: Vec<HushId> = self
            .rows
            .values()
            .filter(|hush| hush.hush.until <= now)
            .map(|hush| hush.id.clone())
            .collect();
        for id in &over {
            self.remove(id);
        }
        let local = Local::of(zone, now);
        let mut has_changed = !over.is_empty();
        for hush in self.rows.values_mut() {
            let active = is_active(&hush.hush, now, local);
            has_changed |= std::mem::replace(&mut hush.active, active) != active;
        }
        has_changed
    }

    fn put(&mut self, id: Option<&HushId>, by: &Person, now: TimeMs, hush: HushDef) -> HushId {
        let id = id.cloned().unwrap_or_else(|| {
            self.serial += 1;
            HushId::new(format!("H-{:06}", self.serial))
        });
        let hushed = self.rows.get(&id).map_or(0, |before| before.hushed);
        self.remove(&id);
        if let HushKind::Shelf(key) = &hush.kind {
            self.shelves.insert(key.clone(), id.clone());
        }
        let row = Hush {
            id: id.clone(),
            hush,
            by: by.clone(),
            put_at: now,
            active: false,
            hushing: 0,
            hushed,
        };
        self.rows.insert(id.clone(), row);
        id
    }
}

/// A time in the city's zone, as maintenance windows see it.
#[derive(Clone, Copy)]
struct Local {
    day: Day,
    before: Day,
    minute: u16,
}

impl Local {
    fn of(zone: Tz, now: TimeMs) -> Self {
        let local = DateTime::from_timestamp_millis(now.0).unwrap_or_default();
        let local = local.with_timezone(&zone);
        let minute = local.hour() * 60 + local.minute();
        Self {
            day: day(local.weekday()),
            before: day(local.weekday().pred()),
            minute: u16::try_from(minute).unwrap_or_default(),
        }
    }
}

fn day(day: Weekday) -> Day {
    match day {
        Weekday::Mon => Day::Monday,
        Weekday::Tue => Day::Tuesday,
        Weekday::Wed => Day::Wednesday,
        Weekday::Thu => Day::Thursday,
        Weekday::Fri => Day::Friday,
        Weekday::Sat => Day::Saturday,
        Weekday::Sun => Day::Sunday,
    }
}

fn is_active(hush: &HushDef, now: TimeMs, local: Local) -> bool {
    let in_time = hush.from <= now && now < hush.until;
    in_time
        && match &hush.kind {
            HushKind::Silence(_) | HushKind::Shelf(_) => true,
            HushKind::Maintenance { days, hours, .. } => is_at_work(days, *hours, local),
        }
}

/// Whether a maintenance window is open.
fn is_at_work(days: &[Day], hours: Option<Hours>, local: Local) -> bool {
    let is_on = |day: Day| days.is_empty() || days.contains(&day);
    let Some(hours) = hours else {
        return is_on(local.day);
    };
    let (from, until) = (hours.from_minute, hours.until_minute);
    if from < until {
        return is_on(local.day) && (from..until).contains(&local.minute);
    }
    // Beyond midnight: the evening of today's, or the morning of yesterday's.
    (is_on(local.day) && local.minute >= from) || (is_on(local.before) && local.minute < until)
}

fn matches(plan: &Plan, what: &Matcher, row: &Row) -> bool {
    let key = &row.alert.key;
    let subject_feed: Option<&FeedId> = match &key.subject {
        Subject::Asset { feed, .. }
        | Subject::Reports { feed, .. }
        | Subject::Gateway { feed, .. }
        | Subject::Feed { feed } => Some(feed),
        Subject::Metric { .. } | Subject::Area { .. } => None,
    };
    let rule_feed = || plan.rule(row.rule)?.def.on.feed.as_ref();
    let is_rule = what.rule.as_ref().is_none_or(|rule| *rule == key.rule);
    let is_feed = what
        .feed
        .as_ref()
        .is_none_or(|feed| subject_feed.or_else(rule_feed) == Some(feed));
    let is_asset = what.asset.as_ref().is_none_or(
        |wanted| matches!(&key.subject, Subject::Asset { asset, .. } if asset == wanted),
    );
    let is_area = what
        .area
        .as_ref()
        .is_none_or(|area| row.alert.areas.contains(area));
    is_rule && is_feed && is_asset && is_area
}

impl Fold<'_> {
    /// Does what `by` orders, or says why not: nothing has changed then.
    pub(crate) fn hush(&mut self, by: &Doer, order: &HushOrder) -> Outcome {
        if let Some(refusal) = refusal(self.plan, self.state, order) {
            return Outcome::NotHushed(refusal);
        }
        let now = TimeMs(self.state.now_ms);
        let id = match order {
            HushOrder::Put { id, hush } => {
                let mut hush = hush.clone();
                if let HushKind::Shelf(key) = &hush.kind {
                    let row = self.state.alerts.get(key);
                    hush.up_to = row.map_or(hush.up_to, |row| row.alert.level);
                    hush.from = now;
                }
                self.state.hushes.put(id.as_ref(), &by.person, now, hush)
            }
            HushOrder::End { id, .. } => {
                self.state.hushes.remove(id);
                id.clone()
            }
        };
        self.state.hushes.come_to(self.plan.zone, now);
        self.quieten_all();
        // Whoever has silenced a rule goes to the machine at once.
        self.drop_intents();
        Outcome::Hushed(id)
    }
}

/// Why `order` would be refused at `state`; `None` if it would be taken.
pub(crate) fn refusal(plan: &Plan, state: &State, order: &HushOrder) -> Option<HushRefusal> {
    let hushes = &state.hushes;
    let unknown = |id: &HushId| {
        let is_known = hushes.rows.contains_key(id);
        (!is_known).then(|| HushRefusal::Unknown(id.clone()))
    };
    match order {
        HushOrder::End { id, reason } => {
            unknown(id).or_else(|| flaw_of_text(reason, &HushRefusal::NoReason))
        }
        HushOrder::Put { id, hush } => {
            let full = id.is_none() && hushes.rows.len() >= HUSHES_MAX;
            let max = u32::try_from(HUSHES_MAX).unwrap_or(u32::MAX);
            id.as_ref()
                .and_then(unknown)
                .or_else(|| full.then_some(HushRefusal::TooMany(max)))
                .or_else(|| flaw_of_text(&hush.owner, &HushRefusal::NoOwner))
                .or_else(|| flaw_of_text(&hush.reason, &HushRefusal::NoReason))
                .or_else(|| flaw_of_time(hush, TimeMs(state.now_ms)))
                .or_else(|| match &hush.kind {
                    HushKind::Silence(what) => flaw_of_matcher(plan, what, hush.up_to),
                    HushKind::Maintenance { what, hours, .. } => {
                        flaw_of_hours(*hours).or_else(|| flaw_of_matcher(plan, what, hush.up_to))
                    }
                    HushKind::Shelf(key) => flaw_of_shelf(plan, state, id.as_ref(), key, hush),
                })
        }
    }
}

fn flaw_of_text(text: &str, missing: &HushRefusal) -> Option<HushRefusal> {
    if text.trim().is_empty() {
        return Some(missing.clone());
    }
    let max = u32::try_from(HUSH_TEXT_BYTES_MAX).unwrap_or(u32::MAX);
    (text.len() > HUSH_TEXT_BYTES_MAX).then_some(HushRefusal::TooLong(max))
}

fn flaw_of_time(hush: &HushDef, now: TimeMs) -> Option<HushRefusal> {
    let is_shelf = matches!(hush.kind, HushKind::Shelf(_));
    let from = if is_shelf { now } else { hush.from };
    (hush.until <= from || hush.until <= now).then_some(HushRefusal::NoTime)
}

fn flaw_of_hours(hours: Option<Hours>) -> Option<HushRefusal> {
    let hours = hours?;
    let is_there = hours.from_minute < DAY_MINUTES && hours.until_minute <= DAY_MINUTES;
    (!is_there).then_some(HushRefusal::NoHours)
}

fn flaw_of_matcher(plan: &Plan, what: &Matcher, up_to: Level) -> Option<HushRefusal> {
    if what.is_empty() {
        return Some(HushRefusal::MatchesEverything);
    }
    if up_to >= Level::Red {
        return Some(HushRefusal::TooHigh);
    }
    let strange = |what: &str, name: &str, is_known: bool| {
        (!is_known).then(|| HushRefusal::NoSuch(what.to_owned(), name.to_owned()))
    };
    let rule = what.rule.as_ref();
    let feed = what.feed.as_ref();
    let area = what.area.as_ref();
    rule.and_then(|id| strange("rule", id.as_str(), plan.rule_number(id).is_some()))
        .or_else(|| {
            feed.and_then(|id| strange("feed", id.as_str(), plan.feed_number(id).is_some()))
        })
        .or_else(|| {
            area.and_then(|code| strange("area", code.as_str(), plan.areas.number(code).is_some()))
        })
}

fn flaw_of_shelf(
    plan: &Plan,
    state: &State,
    id: Option<&HushId>,
    key: &AlertKey,
    hush: &HushDef,
) -> Option<HushRefusal> {
    let row = state.alerts.get(key);
    if row.is_none_or(|row| row.alert.state != AlertState::Firing || row.is_part()) {
        return Some(HushRefusal::NotFiring);
    }
    let shelf = state.hushes.shelves.get(key);
    if let Some(other) = shelf.filter(|other| Some(*other) != id) {
        return Some(HushRefusal::Shelved(other.clone()));
    }
    let max = plan.hush.shelf_max;
    let span = hush.until.since(TimeMs(state.now_ms));
    (span > max).then_some(HushRefusal::ShelfTooLong(max))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONE: Tz = chrono_tz::Asia::Shanghai;

    fn local(text: &str) -> Local {
        Local::of(ZONE, TimeMs::from_rfc3339(text).unwrap())
    }

    #[test]
    fn hours_beyond_midnight_belong_to_the_day_on_which_they_begin() {
        let night = Some(Hours {
            from_minute: 22 * 60,
            until_minute: 2 * 60,
        });
        let days = [Day::Friday];
        for (at, is_open) in [
            ("2026-06-26T21:59:00+08:00", false),
            ("2026-06-26T22:00:00+08:00", true),
            ("2026-06-27T01:59:00+08:00", true),
            ("2026-06-27T02:00:00+08:00", false),
            ("2026-06-27T22:30:00+08:00", false),
            ("2026-06-26T01:00:00+08:00", false),
        ] {
            assert_eq!(is_at_work(&days, night, local(at)), is_open, "{at}");
        }
    }

    #[test]
    fn without_days_every_day_counts_and_without_hours_all_of_it() {
        let at = local("2026-06-24T00:00:00+08:00");
        assert!(is_at_work(&[], None, at));
        assert!(is_at_work(&[Day::Wednesday], None, at));
        assert!(!is_at_work(&[Day::Tuesday], None, at));
        let whole = Some(Hours {
            from_minute: 0,
            until_minute: 0,
        });
        assert!(is_at_work(&[Day::Wednesday], whole, at));
    }
}
