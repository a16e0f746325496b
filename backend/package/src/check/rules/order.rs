//! What a rule orders.
//!
//! Nobody looks at it before it goes out, so all that the door would refuse is refused here: a command
//! that there is not, parameters that cannot be, and one that people are asked for twice, unless the
//! rule says that it is meant.

use egret_shared::package::command::ASSET;
use egret_shared::package::feed::FeedDef;
use egret_shared::package::rule::{RuleDef, RuleKind, RuleOrderDef};
use egret_shared::time::Span;

use super::Known;
use crate::problem::Problem;
use crate::spans::Entry;

/// How seldom a rule may order an actuator: once in a week.
const EVERY_MAX: Span = Span(7 * 86_400_000);

/// How often: a pump that is told something every few seconds does nothing else.
const EVERY_LEAST: Span = Span(10_000);

/// How old what a rule saw may be.
const FRESH_MAX: Span = Span(86_400_000);

/// The least, for a rule that sees at all: time passes in the journal by the second.
const FRESH_LEAST: Span = Span(1_000);

pub(super) fn check(entry: &Entry<'_, RuleDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let Some(order) = &entry.def.order else {
        return;
    };
    if entry.def.silent {
        let message = "a silent rule makes no alerts of its own that could order something";
        problems.push(entry.problem("order", message));
    }
    for (key, span, least, most) in [
        ("every", order.every, EVERY_LEAST, EVERY_MAX),
        ("fresh", order.fresh, FRESH_LEAST, FRESH_MAX),
    ] {
        if !(least..=most).contains(&span) {
            let message = format!("{key} {span}: {least} to {most}");
            problems.push(entry.problem(&format!("order/{key}"), message));
        }
    }
    known
        .feeds
        .refer(entry, "order/feed", order.feed.as_str(), problems);
    if let Some(feed) = known.feed_defs.get(order.feed.as_str()) {
        check_command(entry, order, feed, problems);
        check_asset(entry, order, known, problems);
    }
}

fn check_command(
    entry: &Entry<'_, RuleDef>,
    order: &RuleOrderDef,
    feed: &FeedDef,
    problems: &mut Vec<Problem>,
) {
    let Some(command) = feed.command(&order.command) else {
        let known: Vec<&str> = feed.commands.iter().map(|one| one.id.as_str()).collect();
        let (feed, id) = (&feed.id, &order.command);
        let message = if known.is_empty() {
            format!("assets of feed \"{feed}\" take no commands")
        } else {
            let known = known.join(", ");
            format!("assets of feed \"{feed}\" take no command \"{id}\"; they take {known}")
        };
        problems.push(entry.problem("order/command", message));
        return;
    };
    if let Err(flaw) = command.check(&order.parameters) {
        let name = flaw.parameter();
        let path = if order.parameters.contains_key(name) {
            format!("order/parameters/{name}")
        } else {
            "order".to_owned()
        };
        problems.push(entry.problem(&path, flaw.text().en));
    }
    if command.confirm && !order.confirmed {
        let id = &command.id;
        let message = format!(
            "people are asked for command \"{id}\" twice: confirmed = true says that a rule may give \
             it by itself"
        );
        problems.push(entry.problem("order/command", message));
    }
    if !order.is_to_alerted() && !command.reaches(&order.asset) {
        let asset = &order.asset;
        let message = format!("asset \"{asset}\" is none that the command's topic can name");
        problems.push(entry.problem("order/asset", message));
    }
}

/// The actuator is the asset that the alert is about, where it is about one of that feed; or one that
/// the city knows.
fn check_asset(
    entry: &Entry<'_, RuleDef>,
    order: &RuleOrderDef,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    let rule = &entry.def;
    if !order.is_to_alerted() {
        if order.asset.contains(['{', '}']) {
            let message = format!("asset \"{}\": an id, or {ASSET} alone", order.asset);
            problems.push(entry.problem("order/asset", message));
            return;
        }
        let Some(assets) = &known.assets else {
            return;
        };
        let of_feed = assets.get(order.feed.as_str());
        if !of_feed.is_some_and(|ids| ids.contains(&order.asset)) {
            let (feed, asset) = (&order.feed, &order.asset);
            let message = format!("feed \"{feed}\" has no asset \"{asset}\" in assets.csv");
            problems.push(entry.problem("order/asset", message));
        }
        return;
    }
    let is_about_assets = match rule.kind {
        RuleKind::Threshold | RuleKind::Rate => rule.on.property.is_some(),
        RuleKind::Stuck | RuleKind::Geofence => true,
        RuleKind::Silence => rule.by.is_none(),
        RuleKind::Cluster
        | RuleKind::Anomaly
        | RuleKind::Warning
        | RuleKind::All
        | RuleKind::Any
        | RuleKind::Delivery => false,
    };
    if !is_about_assets || rule.on.feed.as_ref() != Some(&order.feed) {
        let feed = &order.feed;
        let message = format!(
            "alerts of this rule are not about one asset of feed \"{feed}\": name the actuator in \
             \"asset\""
        );
        problems.push(entry.problem("order", message));
    }
}
