//! `rules.toml`.
//!
//! Each kind of rule says in a file of its own what it watches, which keys it needs and may have, and
//! what its messages can be filled with; what is checked here is the same for all.

mod anomaly;
mod cluster;
mod composed;
mod delivery;
mod geofence;
mod order;
mod rate;
mod silence;
mod stuck;
mod threshold;
mod warning;

use std::collections::BTreeSet;

use egret_shared::id::RuleId;
use egret_shared::level::Level;
use egret_shared::package::rule::{
    CauseDef, HushLimitsDef, IncidentDef, LevelDef, RuleDef, RuleKind,
};
use egret_shared::time::Span;

use super::expressions::expression;
use super::{Known, positive};
use crate::expression::Kind;
use crate::problem::Problem;
use crate::spans::{Entry, List};

/// What messages of every kind can have filled in.
const PLACEHOLDERS: [&str; 7] = ["asset", "value", "unit", "area", "count", "level", "for"];

/// The most changes after which an alert may flap: each is kept with its time.
const FLAP_CHANGES_MAX: u32 = 64;

/// What a kind of rule is made of.
struct Spec {
    /// The kind with its article's noun: `silence`.
    word: &'static str,
    on: On,
    /// Keys that it needs.
    needs: &'static [&'static str],
    /// Keys that it may have beside them.
    may: &'static [&'static str],
    /// What its messages can have filled in beside [`PLACEHOLDERS`].
    placeholders: &'static [&'static str],
    /// How bad it can be.
    level: Levels,
    /// What else is to be checked.
    check: fn(&Entry<'_, RuleDef>, &Known<'_>, &mut Vec<Problem>),
}

/// What a kind watches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    /// A property of a feed's assets, or a metric.
    Values,
    /// A property of a feed's assets.
    Property,
    /// A metric.
    Metric,
    /// A feed's assets.
    Assets,
    /// A feed's reports.
    Reports,
    /// Other rules.
    Rules,
    /// How a feed delivers, or every feed.
    Feeds,
}

/// Ways in which a kind can say how bad.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Levels {
    /// Always the same.
    Fixed,
    /// Also by the value.
    ByValue,
    /// Also by a report's category.
    ByWord,
    /// It need not: its parts do.
    Parts,
}

fn spec(kind: RuleKind) -> &'static Spec {
    match kind {
        RuleKind::Threshold => &threshold::SPEC,
        RuleKind::Silence => &silence::SPEC,
        RuleKind::Cluster => &cluster::SPEC,
        RuleKind::Rate => &rate::SPEC,
        RuleKind::Stuck => &stuck::SPEC,
        RuleKind::Geofence => &geofence::SPEC,
        RuleKind::Anomaly => &anomaly::SPEC,
        RuleKind::Warning => &warning::SPEC,
        RuleKind::All => &composed::ALL,
        RuleKind::Any => &composed::ANY,
        RuleKind::Delivery => &delivery::SPEC,
    }
}

/// Nothing more than the keys.
fn no_more(_entry: &Entry<'_, RuleDef>, _known: &Known<'_>, _problems: &mut Vec<Problem>) {}

pub(crate) fn check_rules(
    rules: &List<'_, RuleDef>,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    rules.refuse_duplicates(problems);
    let mut above = BTreeSet::new();
    for entry in &rules.entries {
        let spec = spec(entry.def.kind);
        check_subject(entry, spec, known, problems);
        check_needs(entry, spec, problems);
        check_level(entry, spec, problems);
        check_message(entry, spec, problems);
        check_flap(entry, problems);
        (spec.check)(entry, known, problems);
        check_parts(entry, &above, known, problems);
        order::check(entry, known, problems);
        let rule = &entry.def;
        above.insert(rule.id.as_str());
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
    check_silent(rules, problems);
}

/// A silent rule that is part of nothing would never be heard of.
fn check_silent(rules: &List<'_, RuleDef>, problems: &mut Vec<Problem>) {
    let parts: BTreeSet<&str> = rules
        .entries
        .iter()
        .flat_map(|entry| &entry.def.of)
        .map(RuleId::as_str)
        .collect();
    for entry in &rules.entries {
        if entry.def.silent && !parts.contains(entry.def.id.as_str()) {
            let message = "a silent rule makes alerts only as a part of others, and none names it";
            problems.push(entry.problem("silent", message));
        }
    }
}

/// The parts of a rule stand above it, so that none goes in a circle.
fn check_parts(
    entry: &Entry<'_, RuleDef>,
    above: &BTreeSet<&str>,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    for (number, part) in entry.def.of.iter().enumerate() {
        let path = format!("of/{number}");
        let before = problems.len();
        known.rules.refer(entry, &path, part.as_str(), problems);
        if problems.len() == before && !above.contains(part.as_str()) {
            let message = format!("rule \"{part}\" must stand above the rule that it is a part of");
            problems.push(entry.problem(&path, message));
        }
    }
}

/// What a rule watches must be there and carry what its kind needs.
fn check_subject(
    entry: &Entry<'_, RuleDef>,
    spec: &Spec,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    let on = &entry.def.on;
    let word = spec.word;
    match (&on.feed, &on.metric) {
        _ if spec.on == On::Rules => {
            if on.feed.is_some() || on.metric.is_some() {
                let message = format!("a rule of kind {word} watches the rules in \"of\" alone");
                problems.push(entry.problem("on", message));
            }
            return;
        }
        (None, None) if spec.on == On::Feeds => {}
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
    let takes_metric = matches!(spec.on, On::Values | On::Metric);
    if on.metric.is_some() && !takes_metric {
        problems.push(entry.problem("on/metric", format!("a {word} cannot watch a metric")));
    }
    if on.feed.is_some() && spec.on == On::Metric {
        problems.push(entry.problem("on/feed", format!("a {word} is of a metric")));
    }
    let takes_property = matches!(spec.on, On::Values | On::Property) && on.metric.is_none();
    if on.property.is_some() && !takes_property {
        problems.push(entry.problem("on/property", format!("a {word} here has no property")));
    }
    if on.feed.is_some() && on.property.is_none() && takes_property {
        problems.push(entry.problem("on", format!("a {word} on a feed needs a property")));
    }
    let feed = on.feed.as_ref();
    let feed = feed.and_then(|feed| known.feed_defs.get(feed.as_str()));
    let wants_reports = spec.on == On::Reports;
    match feed.map(|feed| feed.report) {
        Some(false) if wants_reports => {
            let message = format!("a {word} is of reports; this feed carries readings");
            problems.push(entry.problem("on/feed", message));
        }
        Some(true) if !wants_reports && spec.on != On::Feeds => {
            problems
                .push(entry.problem("on/feed", "this feed carries reports, which have no assets"));
        }
        _ => {}
    }
    if on.filter.is_some() && !wants_reports {
        let message =
            format!("only reports are picked by \"where\"; a {word} has \"when\" or none");
        problems.push(entry.problem("on/where", message));
    }
    expression(
        entry,
        "on/where",
        Kind::Report,
        on.filter.as_ref(),
        problems,
    );
}

/// Each kind has keys that it needs, and keys that mean nothing to it.
fn check_needs(entry: &Entry<'_, RuleDef>, spec: &Spec, problems: &mut Vec<Problem>) {
    let rule = &entry.def;
    let word = spec.word;
    for (key, is_there) in [
        ("fault", rule.fault.is_some()),
        ("when", rule.when.is_some()),
        ("after", rule.after.is_some()),
        ("alone_after", rule.alone_after.is_some()),
        ("by", rule.by.is_some()),
        ("share", rule.share.is_some()),
        ("count", rule.count.is_some()),
        ("within", rule.within.is_some()),
        ("window", rule.window.is_some()),
        ("per", rule.per.is_some()),
        ("tolerance", rule.tolerance.is_some()),
        ("zone", rule.zone.is_some()),
        ("passage", rule.passage.is_some()),
        ("z", rule.z.is_some()),
        ("side", rule.side.is_some()),
        ("ends", !rule.ends.is_empty()),
        ("lasts", rule.lasts.is_some()),
        ("of", !rule.of.is_empty()),
    ] {
        if spec.needs.contains(&key) && !is_there {
            problems.push(entry.problem("kind", format!("a {word} needs \"{key}\"")));
        } else if is_there && !spec.needs.contains(&key) && !spec.may.contains(&key) {
            problems.push(entry.problem(key, format!("a {word} has no \"{key}\"")));
        }
    }
    expression(entry, "when", Kind::Reading, rule.when.as_ref(), problems);
    let time = rule.within.map(|within| within.time);
    for (path, span) in [
        ("after", rule.after),
        ("alone_after", rule.alone_after),
        ("within/time", time),
        ("window", rule.window),
        ("per", rule.per),
        ("lasts", rule.lasts),
    ] {
        positive(entry, path, span, problems);
    }
}

fn check_level(entry: &Entry<'_, RuleDef>, spec: &Spec, problems: &mut Vec<Problem>) {
    let too_low = "an alert is blue at least, not normal";
    match &entry.def.level {
        LevelDef::Fixed(Level::Normal) => problems.push(entry.problem("level", too_low)),
        LevelDef::Fixed(_) => {}
        LevelDef::Unsaid if spec.level == Levels::Parts => {}
        LevelDef::Unsaid => {
            problems.push(entry.problem("kind", format!("a {} needs \"level\"", spec.word)));
        }
        LevelDef::ByWord(words) => {
            if spec.level != Levels::ByWord {
                let message = format!("a {} has no level by category", spec.word);
                problems.push(entry.problem("level", message));
            }
            for (word, level) in words {
                if *level == Level::Normal {
                    problems.push(entry.problem(&format!("level/{word}"), too_low));
                }
            }
        }
        LevelDef::ByValue(limits) => {
            if spec.level != Levels::ByValue {
                let message = format!("a {} has no level by value", spec.word);
                problems.push(entry.problem("level", message));
            }
            if limits.is_empty() {
                problems.push(entry.problem("level", "there must be one limit at least"));
            }
            let mut before = f64::NEG_INFINITY;
            for (level, limit) in limits {
                let path = format!("level/{}", level.as_str());
                if *level == Level::Normal {
                    problems.push(entry.problem(&path, too_low));
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

fn check_message(entry: &Entry<'_, RuleDef>, spec: &Spec, problems: &mut Vec<Problem>) {
    let Some(message) = &entry.def.message else {
        return;
    };
    let filled = [&PLACEHOLDERS, spec.placeholders].concat();
    for (path, text) in [("message/zh", &message.zh), ("message/en", &message.en)] {
        let openings = text.split('{').skip(1);
        let words = openings.map(|rest| rest.split_once('}').map_or(rest, |(word, _)| word));
        for word in words.filter(|word| !filled.contains(word)) {
            let message = format!(
                "{{{word}}} is not filled in; {{{}}} are",
                filled.join("}, {")
            );
            problems.push(entry.problem(path, message));
        }
    }
}

fn check_flap(entry: &Entry<'_, RuleDef>, problems: &mut Vec<Problem>) {
    let flap = entry.def.flap;
    positive(entry, "flap/within", Some(flap.within), problems);
    if !(2..=FLAP_CHANGES_MAX).contains(&flap.changes) {
        let message = format!(
            "an alert flaps after 2 to {FLAP_CHANGES_MAX} changes, not {}",
            flap.changes
        );
        problems.push(entry.problem("flap/changes", message));
    }
}

pub(crate) fn check_hush(entry: &Entry<'_, HushLimitsDef>, problems: &mut Vec<Problem>) {
    positive(entry, "shelf_max", Some(entry.def.shelf_max), problems);
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
        for (path, id) in [("from", &cause.from), ("to", &cause.to)] {
            let rule = known.rule_defs.get(id.as_str());
            if rule.is_some_and(|rule| rule.kind == RuleKind::Delivery) {
                let message = format!(
                    "rule \"{id}\" is about how a feed delivers, which is neither the cause nor the \
                     effect of anything in the city"
                );
                problems.push(entry.problem(path, message));
            }
        }
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
