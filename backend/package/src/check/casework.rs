//! `casework.toml`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};
use egret_shared::incident::CaseClass;
use egret_shared::level::Level;
use egret_shared::package::casework::CaseworkDef;
use egret_shared::package::rule::LevelDef;
use egret_shared::time::Span;

use super::{Known, positive};
use crate::problem::Problem;
use crate::spans::Entry;

pub(crate) fn check(
    entry: &Entry<'_, CaseworkDef>,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    let casework = &entry.def;
    check_limits(entry, "limits", &casework.limits, problems);
    check_calendar(entry, problems);
    check_shifts(entry, problems);
    check_limits(
        entry,
        "emergency/limits",
        &casework.emergency.limits,
        problems,
    );
    check_calls(entry, known, problems);
    check_levels(entry, known, problems);
    if let Some(scene) = &casework.emergency.scene {
        known
            .scenes
            .refer(entry, "emergency/scene", scene.as_str(), problems);
    }
}

/// What is more urgent has no longer time.
fn check_limits(
    entry: &Entry<'_, CaseworkDef>,
    path: &str,
    limits: &BTreeMap<CaseClass, Span>,
    problems: &mut Vec<Problem>,
) {
    let mut before: Option<(CaseClass, Span)> = None;
    for (class, limit) in limits {
        let path = format!("{path}/{}", class.as_str());
        positive(entry, &path, Some(*limit), problems);
        if let Some((urgent, its)) = before
            && *limit < its
        {
            let message = format!(
                "{limit} for {} is shorter than {its} for {}, which is more urgent",
                class.as_str(),
                urgent.as_str()
            );
            problems.push(entry.problem(&path, message));
        }
        before = Some((*class, *limit));
    }
}

fn check_calendar(entry: &Entry<'_, CaseworkDef>, problems: &mut Vec<Problem>) {
    let calendar = &entry.def.calendar;
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (key, texts) in [
        ("holidays", &calendar.holidays),
        ("workdays", &calendar.workdays),
    ] {
        for (number, text) in texts.iter().enumerate() {
            let path = format!("calendar/{key}/{number}");
            let Ok(date) = text.parse::<NaiveDate>() else {
                let message = format!("\"{text}\" is no date: write 2026-10-01");
                problems.push(entry.problem(&path, message));
                continue;
            };
            if !seen.insert(text) {
                let message = format!("\"{text}\" stands here a second time");
                problems.push(entry.problem(&path, message));
            }
            let is_weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
            if key == "workdays" && !is_weekend {
                let message = format!(
                    "\"{text}\" is a {}, which is worked anyway: only Saturdays and Sundays go here",
                    date.format("%A")
                );
                problems.push(entry.problem(&path, message));
            }
        }
    }
}

fn check_shifts(entry: &Entry<'_, CaseworkDef>, problems: &mut Vec<Problem>) {
    let mut before: Option<NaiveTime> = None;
    for (number, text) in entry.def.shifts.iter().enumerate() {
        let path = format!("shifts/{number}");
        let Ok(time) = NaiveTime::parse_from_str(text, "%H:%M") else {
            let message = format!("\"{text}\" is no time of day: write 08:00");
            problems.push(entry.problem(&path, message));
            continue;
        };
        if before.is_some_and(|before| time <= before) {
            let message = format!("{text} must be later than the shift before");
            problems.push(entry.problem(&path, message));
        }
        before = Some(time);
    }
}

fn check_calls(entry: &Entry<'_, CaseworkDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let emergency = &entry.def.emergency;
    let mut seen = BTreeSet::new();
    for (number, call) in emergency.when.iter().enumerate() {
        let path = format!("emergency/when/{number}");
        let rule = call.rule.as_str();
        known
            .rules
            .refer(entry, &format!("{path}/rule"), rule, problems);
        if call.level == Level::Normal {
            let message = "an alert is blue at least, not normal";
            problems.push(entry.problem(&format!("{path}/level"), message));
        }
        let highest = known.rule_defs.get(rule).and_then(|def| match &def.level {
            LevelDef::Fixed(level) => Some(*level),
            LevelDef::ByValue(limits) => limits.last_key_value().map(|(level, _)| *level),
            LevelDef::ByWord(words) => words.values().max().copied(),
            LevelDef::Unsaid => None,
        });
        if let Some(highest) = highest.filter(|highest| *highest < call.level) {
            let message = format!(
                "rule \"{rule}\" is {} at worst and never calls at {}",
                highest.as_str(),
                call.level.as_str()
            );
            problems.push(entry.problem(&format!("{path}/level"), message));
        }
        if !seen.insert(rule) {
            let message = format!("rule \"{rule}\" stands here a second time");
            problems.push(entry.problem(&format!("{path}/rule"), message));
        }
    }
    positive(
        entry,
        "emergency/ends_after",
        emergency.ends_after,
        problems,
    );
    if emergency.ends_after.is_some() && emergency.when.is_empty() {
        let message = "it ends only what rules have called: say which in when";
        problems.push(entry.problem("emergency/ends_after", message));
    }
}

/// Limits of a rule's levels stand in place of the rule's own, so they must be of its kind.
fn check_levels(entry: &Entry<'_, CaseworkDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    for (rule, limits) in &entry.def.emergency.levels {
        let path = format!("emergency/levels/{rule}");
        known.rules.refer(entry, &path, rule.as_str(), problems);
        let own = known.rule_defs.get(rule.as_str()).map(|def| &def.level);
        if own.is_some_and(|own| !matches!(own, LevelDef::ByValue(_))) {
            let message = format!("rule \"{rule}\" has no limits by value that could be others");
            problems.push(entry.problem(&path, message));
            continue;
        }
        if limits.is_empty() {
            problems.push(entry.problem(&path, "there must be one limit at least"));
        }
        // Limits that fall from level to level are reached from above.
        let falls =
            limits.first_key_value().map(|one| one.1) > limits.last_key_value().map(|one| one.1);
        let mut before: Option<f64> = None;
        for (level, limit) in limits {
            let path = format!("{path}/{}", level.as_str());
            if *level == Level::Normal {
                problems.push(entry.problem(&path, "an alert is blue at least, not normal"));
            }
            let is_next = before.is_none_or(|before| {
                if falls {
                    *limit < before
                } else {
                    *limit > before
                }
            });
            if !limit.is_finite() || !is_next {
                let (side, before) = (if falls { "below" } else { "above" }, before);
                let before = before.map_or_else(String::new, |before| format!(" {before}"));
                let message = format!("{} at {limit} must lie {side}{before}", level.as_str());
                problems.push(entry.problem(&path, message));
            }
            before = Some(*limit);
        }
    }
}
