//! `rules.toml`.

use std::collections::BTreeSet;

use egret_shared::level::Level;
use egret_shared::package::rule::{CauseDef, IncidentDef, LevelDef, RuleDef, RuleKind};
use egret_shared::time::Span;

use super::expressions::expression;
use super::{Known, positive};
use crate::expression::Kind;
use crate::problem::Problem;
use crate::spans::{Entry, List};

/// What messages can have filled in.
const PLACEHOLDERS: [&str; 5] = ["asset", "value", "unit", "area", "count"];

pub(crate) fn check_rules(
    rules: &List<'_, RuleDef>,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    rules.refuse_duplicates(problems);
    for entry in &rules.entries {
        check_subject(entry, known, problems);
        check_needs(entry, problems);
        check_level(entry, problems);
        check_message(entry, problems);
        let rule = &entry.def;
        if let Some(plan) = &rule.plan {
            known.plans.refer(entry, "plan", plan.as_str(), problems);
        }
        if let Some(assign) = &rule.assign {
            known
                .departments
                .refer(entry, "assign/lead", assign.lead.as_str(), problems);
            for (number, support) in assign.support.iter().enumerate() {
                let path = format!("assign/support/{number}");
                known
                    .departments
                    .refer(entry, &path, support.as_str(), problems);
            }
        }
    }
}

/// What a rule watches must be there and carry what its kind needs.
fn check_subject(entry: &Entry<'_, RuleDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let rule = &entry.def;
    let on = &rule.on;
    match (&on.feed, &on.metric) {
        (Some(feed), None) => known.feeds.refer(entry, "on/feed", feed.as_str(), problems),
        (None, Some(metric)) => known
            .metrics
            .refer(entry, "on/metric", metric.as_str(), problems),
        _ => problems.push(entry.problem("on", "it watches either a feed or a metric")),
    }
    if let Some(property) = &on.property {
        known
            .properties
            .refer(entry, "on/property", property.as_str(), problems);
    }
    if rule.kind != RuleKind::Threshold && on.metric.is_some() {
        problems.push(entry.problem("on/metric", "only a threshold can watch a metric"));
    }
    if on.property.is_some() && (rule.kind != RuleKind::Threshold || on.metric.is_some()) {
        problems.push(entry.problem("on/property", "only a threshold on a feed has a property"));
    }
    if rule.kind == RuleKind::Threshold && on.feed.is_some() && on.property.is_none() {
        problems.push(entry.problem("on", "a threshold on a feed needs a property"));
    }
    let feed = on
        .feed
        .as_ref()
        .and_then(|feed| known.feed_defs.get(feed.as_str()));
    let carries_reports = feed.map_or(rule.kind == RuleKind::Cluster, |feed| feed.report);
    match (rule.kind, carries_reports) {
        (RuleKind::Cluster, false) => {
            problems.push(entry.problem(
                "on/feed",
                "a cluster is of reports; this feed carries readings",
            ));
        }
        (RuleKind::Threshold | RuleKind::Silence, true) => {
            problems
                .push(entry.problem("on/feed", "this feed carries reports, which have no assets"));
        }
        _ => {}
    }
    let kind = if rule.kind == RuleKind::Cluster {
        Kind::Report
    } else {
        Kind::Reading
    };
    expression(entry, "on/where", kind, on.filter.as_ref(), problems);
}

/// Each kind has keys that it needs, and keys that mean nothing to it.
fn check_needs(entry: &Entry<'_, RuleDef>, problems: &mut Vec<Problem>) {
    let rule = &entry.def;
    let by_value = matches!(rule.level, LevelDef::ByValue(_));
    let (kind, needed): (&str, &[&str]) = match rule.kind {
        RuleKind::Threshold if by_value => ("threshold", &[]),
        RuleKind::Threshold => ("threshold with one level", &["when"]),
        RuleKind::Silence => ("silence", &["after"]),
        RuleKind::Cluster => ("cluster", &["count", "within"]),
    };
    for (key, owner, is_there) in [
        ("when", RuleKind::Threshold, rule.when.is_some()),
        ("after", RuleKind::Silence, rule.after.is_some()),
        ("count", RuleKind::Cluster, rule.count.is_some()),
        ("within", RuleKind::Cluster, rule.within.is_some()),
    ] {
        if needed.contains(&key) && !is_there {
            problems.push(entry.problem("kind", format!("a {kind} needs \"{key}\"")));
        } else if rule.kind != owner && is_there {
            problems.push(entry.problem(key, format!("a {kind} has no \"{key}\"")));
        }
    }
    expression(entry, "when", Kind::Reading, rule.when.as_ref(), problems);
    positive(entry, "after", rule.after, problems);
    positive(
        entry,
        "within/time",
        rule.within.map(|within| within.time),
        problems,
    );
    if rule.count.is_some_and(|count| count < 2) {
        problems.push(entry.problem("count", "two reports are the least that make a cluster"));
    }
}

fn check_level(entry: &Entry<'_, RuleDef>, problems: &mut Vec<Problem>) {
    match &entry.def.level {
        LevelDef::Fixed(Level::Normal) => {
            problems.push(entry.problem("level", "an alert is blue at least, not normal"));
        }
        LevelDef::Fixed(_) => {}
        LevelDef::ByValue(limits) => {
            if entry.def.kind != RuleKind::Threshold {
                problems.push(entry.problem("level", "only a threshold has a level by value"));
            }
            if limits.is_empty() {
                problems.push(entry.problem("level", "there must be one limit at least"));
            }
            let mut before = f64::NEG_INFINITY;
            for (level, limit) in limits {
                let path = format!("level/{}", level.as_str());
                if *level == Level::Normal {
                    problems.push(entry.problem(&path, "an alert is blue at least, not normal"));
                }
                if !limit.is_finite() || *limit <= before {
                    let message = format!("{} at {limit} must lie above {before}", level.as_str());
                    problems.push(entry.problem(&path, message));
                }
                before = *limit;
            }
        }
    }
}

fn check_message(entry: &Entry<'_, RuleDef>, problems: &mut Vec<Problem>) {
    let Some(message) = &entry.def.message else {
        return;
    };
    for (path, text) in [("message/zh", &message.zh), ("message/en", &message.en)] {
        let openings = text.split('{').skip(1);
        let words = openings.map(|rest| rest.split_once('}').map_or(rest, |(word, _)| word));
        for word in words.filter(|word| !PLACEHOLDERS.contains(word)) {
            let message = format!(
                "{{{word}}} is not filled in; {{{}}} are",
                PLACEHOLDERS.join("}, {")
            );
            problems.push(entry.problem(path, message));
        }
    }
}

pub(crate) fn check_causes(
    causes: &List<'_, CauseDef>,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    let mut seen = BTreeSet::new();
    for entry in &causes.entries {
        let cause = &entry.def;
        known
            .rules
            .refer(entry, "from", cause.from.as_str(), problems);
        known.rules.refer(entry, "to", cause.to.as_str(), problems);
        positive(entry, "within/time", Some(cause.within.time), problems);
        if !seen.insert((&cause.from, &cause.to)) {
            let message = format!(
                "\"{}\" to \"{}\" stands here a second time",
                cause.from, cause.to
            );
            problems.push(entry.problem("from", message));
        }
    }
}

pub(crate) fn check_incident(entry: &Entry<'_, IncidentDef>, problems: &mut Vec<Problem>) {
    let incident = &entry.def;
    expression(
        entry,
        "open_when",
        Kind::Incident,
        incident.open_when.as_ref(),
        problems,
    );
    let mut before: Option<Span> = None;
    for (level, limit) in incident.limits.iter().rev() {
        let path = format!("limits/{}", level.as_str());
        positive(entry, &path, Some(*limit), problems);
        if let Some(worse) = before
            && *limit < worse
        {
            let message = format!(
                "{limit} for {} is shorter than {worse} for what is worse",
                level.as_str()
            );
            problems.push(entry.problem(&path, message));
        }
        before = Some(*limit);
    }
}
