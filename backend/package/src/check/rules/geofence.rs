//! Geofence: a moving asset and a zone.

use egret_shared::package::rule::{Passage, RuleDef, ZoneDef};
use egret_shared::position::Position;

use super::{Levels, On, Spec};
use crate::check::Known;
use crate::problem::Problem;
use crate::spans::Entry;

pub(super) const SPEC: Spec = Spec {
    word: "geofence",
    on: On::Assets,
    needs: &["zone", "passage"],
    may: &["after"],
    placeholders: &["zone"],
    level: Levels::Fixed,
    check,
};

fn check(entry: &Entry<'_, RuleDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let rule = &entry.def;
    match &rule.zone {
        Some(ZoneDef::Area(code)) => {
            known
                .areas
                .refer(entry, "zone/area", code.as_str(), problems);
        }
        Some(ZoneDef::File(file)) => known.zones.refer(entry, "zone/file", file, problems),
        Some(ZoneDef::Circle(circle)) => {
            if Position::checked(circle.lon, circle.lat).is_none() {
                let message = format!(
                    "{}, {} is no position: lon, lat in degrees",
                    circle.lon, circle.lat
                );
                problems.push(entry.problem("zone/circle", message));
            }
            if circle.radius.0 <= 0.0 {
                problems.push(entry.problem("zone/circle/radius", "a circle has some radius"));
            }
        }
        None => {}
    }
    match (rule.passage, rule.after) {
        (Some(Passage::Dwell), None) => {
            problems.push(entry.problem("kind", "a geofence for dwelling needs \"after\""));
        }
        (Some(Passage::Enter | Passage::Leave), Some(_)) => {
            let message = "only dwelling has \"after\"; \"for\" is how long it must last";
            problems.push(entry.problem("after", message));
        }
        _ => {}
    }
    let feed = rule.on.feed.as_ref();
    let feed = feed.and_then(|feed| known.feed_defs.get(feed.as_str()));
    if feed.is_some_and(|feed| !feed.moving) {
        let message = "a geofence is for a feed whose assets move; this one's do not";
        problems.push(entry.problem("on/feed", message));
    }
}
