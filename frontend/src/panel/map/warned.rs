//! Areas in which a warning is in force: by alerts of rules of kind `warning`, which may have been
//! drawn by whoever issued them, and by metrics whose level in an area is one.

mod card;
mod label;
mod twin;

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::*;
use serde_json::{Value, json};

use egret_shared::alert::{Alert, AlertState, Subject};
use egret_shared::catalog::{Area, Catalog};
use egret_shared::id::{AreaCode, RuleId};
use egret_shared::issued::Shape;
use egret_shared::level::Level;
use egret_shared::metric::MetricPoint;
use egret_shared::package::metric::MetricDef;
use egret_shared::package::rule::RuleKind;
use egret_shared::position::Position;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;

use super::shown::{Shown, districts};
use crate::lasting::Kept;
use crate::map::zones;
use crate::select;
use crate::store::Store;

pub(super) use card::{Picked, WarningCard};
pub(super) use label::{label, said, width_em};
pub(super) use twin::WarningTwin;

/// Where warnings are in force: an area, or what an issuer has drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Warned {
    /// The area's code, or what tells the drawing from others.
    pub(super) id: String,
    /// What is drawn; empty for an area.
    pub(super) shapes: Vec<Shape>,
    /// A point inside it.
    pub(super) position: Position,
    /// The warnings, the worst and newest first; never empty.
    pub(super) notices: Vec<Notice>,
}

impl Warned {
    /// The highest level in force.
    pub(super) fn level(&self) -> Level {
        self.notices
            .first()
            .map_or(Level::Normal, |notice| notice.level)
    }

    /// Whether it is an area of the city.
    pub(super) fn is_area(&self) -> bool {
        self.shapes.is_empty()
    }
}

/// One warning.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Notice {
    /// How bad.
    pub(super) level: Level,
    /// What is warned of.
    pub(super) text: Text,
    /// When it was heard of.
    pub(super) at: TimeMs,
    /// When it ends by itself.
    pub(super) until: Option<TimeMs>,
    /// What its issuer says in a line; empty if nothing.
    pub(super) headline: String,
    /// Who issued it.
    pub(super) by: Option<Text>,
    /// Shapes that are not drawn.
    pub(super) left_out: u32,
}

/// So many places at most are written on the map and in its table; the worst. A catastrophe may have
/// thousands, of which nobody could read more.
const WRITTEN_MAX: usize = 48;

/// Those that are written, the worst and newest first.
pub(super) fn written(warned: &[Warned]) -> Vec<Warned> {
    let worst = card::in_turn(warned, |_| true).into_iter();
    worst.take(WRITTEN_MAX).cloned().collect()
}

/// A metric in an area.
type Watched = (Area, Kept<Option<MetricPoint>>);

/// The rules of kind `warning`, and who issues what they watch.
type Rules = BTreeMap<RuleId, Option<Text>>;

/// Where warnings are in force, followed.
pub(super) fn warned(shown: &Shown, store: Store, catalog: &Arc<Catalog>) -> Memo<Arc<[Warned]>> {
    let rules = rules_of(catalog);
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
        let (mut notices, drawn) = of_alerts(&store.alerts.read(), &rules);
        for (text, areas) in &watched {
            let points = areas.iter().filter_map(|(_, point)| point.get());
            notices.extend(points.filter_map(|point| of_point(&point, text)));
        }
        let mut warned = joined(notices, &catalog.areas);
        warned.extend(drawn);
        warned.into()
    })
}

fn rules_of(catalog: &Catalog) -> Rules {
    let rules = catalog.rules.rules.iter();
    let rules = rules.filter(|rule| rule.kind == RuleKind::Warning);
    let by = |feed: &egret_shared::id::FeedId| {
        let feed = catalog.feeds.iter().find(|def| def.id == *feed)?;
        let department = select::department(catalog, &feed.department)?;
        Some(department.clone())
    };
    rules
        .map(|rule| (rule.id.clone(), rule.on.feed.as_ref().and_then(by)))
        .collect()
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

fn of_point(point: &MetricPoint, text: &Text) -> Option<(AreaCode, Notice)> {
    let is_known = point.v.is_some() && point.level > Level::Normal;
    let notice = || Notice {
        level: point.level,
        text: text.clone(),
        at: point.latest_at.unwrap_or(point.end),
        until: None,
        headline: String::new(),
        by: None,
        left_out: 0,
    };
    is_known.then(|| (point.area.clone(), notice()))
}

/// The warnings by alerts: those in areas of the city, and those that are drawn.
fn of_alerts(alerts: &[Arc<Alert>], rules: &Rules) -> (Vec<(AreaCode, Notice)>, Vec<Warned>) {
    let (mut notices, mut drawn) = (Vec::new(), Vec::new());
    for alert in alerts {
        let is_told = alert.state == AlertState::Firing && alert.hushed.is_none();
        let Some(by) = rules.get(&alert.key.rule).filter(|_| is_told) else {
            continue;
        };
        let notice = notice(alert, by.as_ref());
        let said = alert.issued.as_deref();
        let shapes = said.map(|said| said.shapes.as_slice()).unwrap_or_default();
        let areas = said.map(|said| said.areas.as_slice()).unwrap_or_default();
        notices.extend(areas.iter().map(|area| (area.clone(), notice.clone())));
        if let Some(position) = alert.position.filter(|_| !shapes.is_empty()) {
            drawn.push(Warned {
                id: id_of(alert),
                shapes: shapes.to_vec(),
                position,
                notices: vec![notice],
            });
        } else if let Some(area) = alert.areas.last().filter(|_| areas.is_empty()) {
            notices.push((area.clone(), notice));
        }
    }
    (notices, drawn)
}

fn notice(alert: &Alert, by: Option<&Text>) -> Notice {
    let said = alert.issued.as_deref();
    let own = said.filter(|said| !said.by.is_empty());
    let own = own.map(|said| Text::new(said.by.clone(), said.by.clone()));
    Notice {
        level: alert.level,
        text: alert.message.clone(),
        at: alert.since,
        until: said.and_then(|said| said.until),
        headline: said.map(|said| said.headline.clone()).unwrap_or_default(),
        by: own.or_else(|| by.cloned()),
        left_out: said.map_or(0, |said| said.left_out),
    }
}

/// No area's code has a space.
fn id_of(alert: &Alert) -> String {
    let report = match &alert.key.subject {
        Subject::Reports { feed, first } => format!("{feed} {first}"),
        _ => String::new(),
    };
    format!("{} {report}", alert.key.rule)
}

/// One for each area, the worst and newest speaking for it.
fn joined(mut notices: Vec<(AreaCode, Notice)>, areas: &[Area]) -> Vec<Warned> {
    notices.sort_by_key(|(_, notice)| std::cmp::Reverse((notice.level, notice.at)));
    let mut by_area: BTreeMap<AreaCode, Warned> = BTreeMap::new();
    for (code, notice) in notices {
        if let Some(known) = by_area.get_mut(&code) {
            known.notices.push(notice);
            continue;
        }
        let Some(area) = areas.iter().find(|area| area.code == code) else {
            continue;
        };
        let warned = Warned {
            id: code.to_string(),
            shapes: Vec::new(),
            position: area.centre,
            notices: vec![notice],
        };
        by_area.insert(code, warned);
    }
    by_area.into_values().collect()
}

/// What is drawn, as GeoJSON; the milder first, so that the worst lies on top.
pub(super) fn drawings(warned: &[Warned]) -> Value {
    let mut warned: Vec<&Warned> = warned.iter().collect();
    warned.sort_by_key(|warned| warned.level());
    let features = warned.into_iter().flat_map(|warned| {
        let properties = json!({ "code": warned.id, "level": warned.level().as_str() });
        warned.shapes.iter().map(move |shape| {
            let geometry = match shape {
                Shape::Polygon(ring) => json!({ "type": "Polygon", "coordinates": [ring] }),
                Shape::Circle { centre, radius_m } => {
                    zones::circle((centre.lon, centre.lat), *radius_m)
                }
            };
            json!({ "type": "Feature", "properties": properties, "geometry": geometry })
        })
    });
    json!({ "type": "FeatureCollection", "features": features.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use egret_shared::flags::Flags;
    use egret_shared::issued::Issued;

    use super::*;
    use crate::fixture;

    pub(super) fn notice(level: Level, text: &str, at: i64) -> Notice {
        Notice {
            level,
            text: Text::new(text, text),
            at: TimeMs(at),
            until: None,
            headline: String::new(),
            by: None,
            left_out: 0,
        }
    }

    pub(super) fn area(code: &str) -> Area {
        let json = serde_json::json!({
            "code": code, "parent": null, "level": "district",
            "name": { "zh": "区", "en": "district" }, "centre": [118.0, 24.5],
        });
        serde_json::from_value(json).unwrap()
    }

    fn alert(report: &str, issued: Option<Issued>) -> Arc<Alert> {
        let (feed, first) = ("cap".into(), report.into());
        let subject = Subject::Reports { feed, first };
        let alert = fixture::alert("rain", subject, AlertState::Firing, Level::Orange);
        Arc::new(Alert {
            areas: vec!["1".into(), "11".into()],
            position: Position::checked(118.05, 24.45),
            message: Text::new("暴雨", "rain"),
            issued: issued.map(Box::new),
            ..alert
        })
    }

    fn rules() -> Rules {
        Rules::from([("rain".into(), Some(Text::new("气象局", "Weather")))])
    }

    #[test]
    fn the_worst_warning_speaks_for_an_area_and_the_others_are_counted() {
        let notices = vec![
            ("1".into(), notice(Level::Yellow, "rain", 5)),
            ("1".into(), notice(Level::Orange, "gale", 3)),
            ("1".into(), notice(Level::Yellow, "lightning", 9)),
            ("2".into(), notice(Level::Blue, "rain", 1)),
            ("unknown".into(), notice(Level::Red, "rain", 1)),
        ];
        let warned = joined(notices, &[area("1"), area("2")]);
        let told: Vec<_> = warned
            .iter()
            .map(|warned| {
                let texts = warned.notices.iter().map(|notice| notice.text.en.as_str());
                (
                    warned.id.as_str(),
                    warned.level(),
                    texts.collect::<Vec<_>>(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("1", Level::Orange, vec!["gale", "lightning", "rain"]),
                ("2", Level::Blue, vec!["rain"])
            ]
        );
    }

    #[test]
    fn what_an_issuer_drew_is_drawn_and_paints_no_area() {
        let ring = [(118.0, 24.4), (118.1, 24.4), (118.1, 24.5), (118.0, 24.4)];
        let ring = ring
            .iter()
            .filter_map(|(lon, lat)| Position::checked(*lon, *lat));
        let centre = Position::checked(118.05, 24.45).unwrap();
        let issued = Issued {
            by: "Bureau".to_owned(),
            shapes: vec![
                Shape::Polygon(ring.collect()),
                Shape::Circle {
                    centre,
                    radius_m: 900.0,
                },
            ],
            ..Issued::default()
        };
        let (notices, drawn) = of_alerts(&[alert("W-1", Some(issued))], &rules());
        assert!(notices.is_empty());
        let drawings = drawings(&drawn);
        let features = drawings["features"].as_array().unwrap();
        assert_eq!(features.len(), 2);
        for feature in features {
            assert_eq!(
                feature["properties"],
                json!({ "code": "rain cap W-1", "level": "orange" })
            );
        }
        assert_eq!(
            features[0]["geometry"]["coordinates"][0][1],
            json!([118.1, 24.4])
        );
        let by = drawn[0].notices[0].by.as_ref();
        assert_eq!(by.map(|by| by.en.as_str()), Some("Bureau"));
    }

    #[test]
    fn areas_that_are_named_are_painted_and_without_any_that_of_the_alert_is() {
        let issued = Issued {
            areas: vec!["1".into(), "2".into()],
            ..Issued::default()
        };
        let codes = |issued| {
            let (notices, drawn) = of_alerts(&[alert("W-1", issued)], &rules());
            assert!(drawn.is_empty());
            let codes = notices.iter().map(|(code, _)| code.to_string());
            codes.collect::<Vec<_>>()
        };
        assert_eq!(codes(Some(issued)), ["1", "2"]);
        assert_eq!(codes(Some(Issued::default())), ["11"]);
        assert_eq!(codes(None), ["11"]);
        assert!(of_alerts(&[alert("W-1", None)], &Rules::new()).0.is_empty());
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
            of_point(&point, &text).map(|(_, notice)| notice.at),
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
