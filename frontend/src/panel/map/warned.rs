//! Areas in which a warning is in force: by alerts of rules of kind `warning`, and by metrics whose
//! level in an area is one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::alert::{Alert, AlertState};
use egret_shared::catalog::{Area, Catalog};
use egret_shared::id::{AreaCode, RuleId};
use egret_shared::level::Level;
use egret_shared::metric::MetricPoint;
use egret_shared::package::metric::MetricDef;
use egret_shared::package::rule::RuleKind;
use egret_shared::position::Position;
use egret_shared::text::{Language, Text};
use egret_shared::time::TimeMs;

use super::overlay::{Piece, Rooms, transform};
use super::shown::{Shown, districts};
use crate::i18n::{level_key, word};
use crate::lasting::Kept;
use crate::map::labels;
use crate::screen::screen;
use crate::select::Truth;
use crate::store::Store;
use crate::widget::figure::Said;
use crate::widget::level::{LevelMark, level_class};
use crate::widget::truth::Basis;

/// An area with warnings in force.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Warned {
    /// Which.
    pub(super) area: AreaCode,
    /// A point inside it.
    pub(super) position: Position,
    /// The highest level in force.
    pub(super) level: Level,
    /// What the warning of that level says.
    pub(super) text: Text,
    /// How many more there are.
    pub(super) more: usize,
    /// When it was heard of.
    pub(super) at: TimeMs,
}

/// One warning.
#[derive(Clone, Debug, PartialEq)]
struct Notice {
    area: AreaCode,
    level: Level,
    text: Text,
    at: TimeMs,
}

/// A metric in an area.
type Watched = (Area, Kept<Option<MetricPoint>>);

/// The areas with warnings in force, followed.
pub(super) fn warned(shown: &Shown, store: Store, catalog: &Arc<Catalog>) -> Memo<Arc<[Warned]>> {
    let rules: BTreeSet<RuleId> = catalog
        .rules
        .rules
        .iter()
        .filter(|rule| rule.kind == RuleKind::Warning)
        .map(|rule| rule.id.clone())
        .collect();
    let level = districts(catalog);
    let of_level: Vec<Area> = catalog
        .areas
        .iter()
        .filter(|area| area.level == level)
        .cloned()
        .collect();
    let watched: Vec<(Text, Vec<Watched>)> = shown
        .warnings
        .iter()
        .map(|metric| {
            (
                called(metric, catalog),
                store.areas_of(&metric.id, &of_level),
            )
        })
        .collect();
    let catalog = Arc::clone(catalog);
    Memo::new(move |_| {
        let mut notices = of_alerts(&store.alerts.read(), &rules);
        for (text, areas) in &watched {
            let points = areas.iter().filter_map(|(_, point)| point.get());
            notices.extend(points.filter_map(|point| of_point(&point, text)));
        }
        joined(notices, &catalog.areas).into()
    })
}

/// What a warning by a metric is called: as the property that it is about, where it is about one.
fn called(metric: &MetricDef, catalog: &Catalog) -> Text {
    let property = metric
        .source
        .as_ref()
        .and_then(|source| source.property.as_ref());
    let mut properties = catalog.properties.iter();
    let property = properties.find(|def| Some(&def.id) == property);
    property.map_or_else(|| metric.name.clone(), |def| def.name.clone())
}

fn of_point(point: &MetricPoint, text: &Text) -> Option<Notice> {
    let is_known = point.v.is_some() && point.level > Level::Normal;
    is_known.then(|| Notice {
        area: point.area.clone(),
        level: point.level,
        text: text.clone(),
        at: point.latest_at.unwrap_or(point.end),
    })
}

fn of_alerts(alerts: &[Arc<Alert>], rules: &BTreeSet<RuleId>) -> Vec<Notice> {
    if rules.is_empty() {
        return Vec::new();
    }
    let in_force = alerts.iter().filter(|alert| {
        let is_told = alert.state == AlertState::Firing && alert.hushed.is_none();
        is_told && rules.contains(&alert.key.rule)
    });
    let notice = |alert: &Arc<Alert>| {
        Some(Notice {
            area: alert.areas.last()?.clone(),
            level: alert.level,
            text: alert.message.clone(),
            at: alert.since,
        })
    };
    in_force.filter_map(notice).collect()
}

/// One for each area, the worst and newest speaking for it.
fn joined(mut notices: Vec<Notice>, areas: &[Area]) -> Vec<Warned> {
    notices.sort_by_key(|notice| std::cmp::Reverse((notice.level, notice.at)));
    let mut by_area: BTreeMap<AreaCode, Warned> = BTreeMap::new();
    for notice in notices {
        if let Some(known) = by_area.get_mut(&notice.area) {
            known.more += 1;
            continue;
        }
        let Some(area) = areas.iter().find(|area| area.code == notice.area) else {
            continue;
        };
        let warned = Warned {
            area: notice.area.clone(),
            position: area.centre,
            level: notice.level,
            text: notice.text,
            more: 0,
            at: notice.at,
        };
        by_area.insert(notice.area, warned);
    }
    by_area.into_values().collect()
}

/// Those that get a label: a warning for many areas is said once, in the northernmost.
pub(super) fn said(warned: &[Warned]) -> Vec<Warned> {
    let mut said: Vec<&Warned> = Vec::new();
    for one in warned {
        let is_same = |other: &&Warned| other.level == one.level && other.text == one.text;
        match said.iter_mut().find(|other| is_same(other)) {
            Some(other) if other.position.lat < one.position.lat => *other = one,
            Some(_) => {}
            None => said.push(one),
        }
    }
    said.into_iter().cloned().collect()
}

/// About how wide a label is, in its own font size.
pub(super) fn width_em(warned: &Warned, language: Language) -> f64 {
    let more = if warned.more > 0 { 3.0 } else { 0.0 };
    let level = word(level_key(warned.level), language);
    labels::width_em(warned.text.get(language)) + labels::width_em(level) + more
}

/// `▲ 橙 暴雨预警 +1` over the area.
pub(super) fn label(warned: Warned, rooms: Rooms) -> impl IntoView {
    let screen = screen();
    let piece = Piece::Warning(warned.area.clone());
    let room = Memo::new(move |_| rooms.read().get(&piece).copied());
    let truth = Signal::stored(Truth::of_count(1, 1, Some(warned.at), warned.at));
    let (level, more, text) = (warned.level, warned.more, warned.text);
    view! {
        <div
            class=format!("warning-label {}", level_class(level))
            class:none=move || room.get().is_none()
            style:transform=move || transform(room.get())
            style:width=move || room.get().map(|room| format!("{:.1}px", room.width))
        >
            <LevelMark level=Signal::stored(level) />
            <b>{move || screen.word(level_key(level))}</b>
            <Said of="warning" truth=truth basis=Basis::One>
                {move || screen.text(&text)}
                {(more > 0).then(|| format!(" +{more}"))}
            </Said>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::flags::Flags;

    use super::*;

    fn notice(area: &str, level: Level, text: &str, at: i64) -> Notice {
        Notice {
            area: area.into(),
            level,
            text: Text::new(text, text),
            at: TimeMs(at),
        }
    }

    fn area(code: &str) -> Area {
        let json = serde_json::json!({
            "code": code, "parent": null, "level": "district",
            "name": { "zh": "区", "en": "district" }, "centre": [118.0, 24.5],
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_worst_warning_speaks_for_an_area_and_the_others_are_counted() {
        let notices = vec![
            notice("1", Level::Yellow, "rain", 5),
            notice("1", Level::Orange, "gale", 3),
            notice("1", Level::Yellow, "lightning", 9),
            notice("2", Level::Blue, "rain", 1),
            notice("unknown", Level::Red, "rain", 1),
        ];
        let warned = joined(notices, &[area("1"), area("2")]);
        let said: Vec<_> = warned
            .iter()
            .map(|warned| {
                (
                    warned.area.as_str(),
                    warned.level,
                    warned.text.en.as_str(),
                    warned.more,
                )
            })
            .collect();
        assert_eq!(
            said,
            [
                ("1", Level::Orange, "gale", 2),
                ("2", Level::Blue, "rain", 0)
            ]
        );
    }

    #[test]
    fn a_warning_for_many_areas_is_said_once() {
        let notices = vec![
            notice("1", Level::Orange, "rain", 5),
            notice("2", Level::Orange, "rain", 5),
            notice("3", Level::Yellow, "rain", 5),
        ];
        let mut areas = [area("1"), area("2"), area("3")];
        areas[1].centre.lat = 24.9;
        let said = said(&joined(notices, &areas));
        let areas: Vec<_> = said.iter().map(|one| one.area.as_str()).collect();
        assert_eq!(areas, ["2", "3"]);
    }

    #[test]
    fn a_metric_warns_while_it_has_a_level_and_a_value() {
        let point = MetricPoint {
            metric: "m".into(),
            area: "1".into(),
            start: TimeMs(0),
            end: TimeMs(60_000),
            v: Some(2.0),
            level: Level::Yellow,
            sources: 1,
            expected: 1,
            latest_at: Some(TimeMs(50_000)),
            flags: Flags::NONE,
            typical: None,
        };
        let text = Text::new("暴雨预警", "Rainstorm warning");
        assert_eq!(
            of_point(&point, &text).map(|notice| notice.at),
            Some(TimeMs(50_000))
        );
        let calm = MetricPoint {
            level: Level::Normal,
            ..point.clone()
        };
        assert_eq!(of_point(&calm, &text), None);
        let unknown = MetricPoint { v: None, ..point };
        assert_eq!(of_point(&unknown, &text), None);
    }
}
