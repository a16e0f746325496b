//! The points of the map's heat: alerts in force, or the areas in which a metric is high.

use std::collections::BTreeSet;
use std::sync::Arc;

use leptos::prelude::*;
use serde_json::{Value, json};

use egret_shared::alert::{Alert, AlertState, Subject};
use egret_shared::catalog::{Area, Catalog};
use egret_shared::id::FeedId;
use egret_shared::metric::MetricPoint;
use egret_shared::package::layer::LayerKind;
use egret_shared::position::Position;

use super::Drawn;
use super::shown::{Heat, Painted};
use crate::lasting::Kept;
use crate::map::style::source;
use crate::screen::hidden::hidden;
use crate::store::Store;

/// How often the points are looked at: density is slow, and thousands of points cost some
/// milliseconds. Milliseconds.
const PACE_MS: i64 = 2_000;

/// The alerts in force of these feeds, or of all, as points with a weight by level.
fn points(alerts: &[Arc<Alert>], feeds: &BTreeSet<FeedId>) -> Value {
    let is_shown = |alert: &&Arc<Alert>| {
        let of_feed = match &alert.key.subject {
            Subject::Asset { feed, .. }
            | Subject::Reports { feed, .. }
            | Subject::Gateway { feed, .. } => feeds.contains(feed),
            // How it delivers is nowhere on the map.
            Subject::Metric { .. } | Subject::Area { .. } | Subject::Feed { .. } => false,
        };
        alert.state == AlertState::Firing && (feeds.is_empty() || of_feed)
    };
    let point = |alert: &Arc<Alert>| {
        let position = alert.position?;
        Some(json!({
            "type": "Feature",
            "properties": { "weight": f64::from(alert.level as u8) / 4.0 },
            "geometry": { "type": "Point", "coordinates": [position.lon, position.lat] },
        }))
    };
    let features: Vec<Value> = alerts.iter().filter(is_shown).filter_map(point).collect();
    json!({ "type": "FeatureCollection", "features": features })
}

/// Keeps the heat's points in step. `top` becomes the value at which a metric's heat is strongest.
pub(super) fn follow(
    heat: &Heat,
    top: RwSignal<Option<f64>>,
    drawn: Drawn,
    store: Store,
    catalog: &Catalog,
) {
    match heat {
        Heat::Alerts(feeds) => follow_alerts(feeds.clone(), drawn, store),
        Heat::Metric(painted) => follow_metric(painted, top, drawn, store, catalog),
    }
}

/// The areas with a value as points with a weight by their share of the highest, and that one.
/// What is withheld, for too few people stand behind it, is no point.
fn shares(values: &[(Position, Option<f64>)]) -> (Value, Option<f64>) {
    let known = || values.iter().filter_map(|(place, v)| Some((place, (*v)?)));
    let top = known().map(|(_, v)| v).fold(0.0, f64::max);
    let point = |(place, v): (&Position, f64)| {
        json!({
            "type": "Feature",
            "properties": { "weight": v / top },
            "geometry": { "type": "Point", "coordinates": [place.lon, place.lat] },
        })
    };
    let features: Vec<Value> = known().filter(|(_, v)| *v > 0.0).map(point).collect();
    let top = (!features.is_empty()).then_some(top);
    (
        json!({ "type": "FeatureCollection", "features": features }),
        top,
    )
}

fn follow_metric(
    painted: &Painted,
    top: RwSignal<Option<f64>>,
    drawn: Drawn,
    store: Store,
    catalog: &Catalog,
) {
    let of_level = |area: &&Area| area.level == painted.level;
    let areas: Vec<Area> = catalog.areas.iter().filter(of_level).cloned().collect();
    let watched = store.areas_of(&painted.metric.id, &areas);
    let told = Memo::new(move |_| {
        let value = |(area, point): &(Area, Kept<Option<MetricPoint>>)| {
            (area.centre, point.read().as_ref().and_then(|point| point.v))
        };
        let (points, top) = shares(&watched.iter().map(value).collect::<Vec<_>>());
        (points.to_string(), top)
    });
    Effect::new(move || {
        let (points, highest) = told.get();
        top.set(highest);
        drawn.tell(|map| map.set_data(source::HEAT, &points));
    });
}

fn follow_alerts(feeds: BTreeSet<FeedId>, drawn: Drawn, store: Store) {
    let hidden = hidden();
    let turn = Memo::new(move |_| store.now.get().0.div_euclid(PACE_MS));
    Effect::new(move |told: Option<Option<String>>| {
        // Read, not only tracked: a memo that nobody has read yet tells of no change.
        turn.with(|_| ());
        let told = told.flatten();
        if !hidden.shows(LayerKind::Heat) || !drawn.is_open() {
            return told;
        }
        let points = store
            .alerts
            .with_untracked(|alerts| points(alerts, &feeds))
            .to_string();
        if told.as_ref() != Some(&points) {
            drawn.tell(|map| map.set_data(source::HEAT, &points));
        }
        Some(points)
    });
}

#[cfg(test)]
mod tests {
    use egret_shared::level::Level;

    use super::*;
    use crate::fixture;

    fn alert(feed: &str, state: AlertState, position: Option<Position>) -> Arc<Alert> {
        let (feed, first) = (feed.into(), "1".into());
        let subject = Subject::Reports { feed, first };
        let alert = fixture::alert("r", subject, state, Level::Red);
        Arc::new(Alert { position, ..alert })
    }

    #[test]
    fn only_alerts_in_force_of_the_feeds_that_have_a_place_are_points() {
        let here = Position::checked(118.0, 24.5);
        let alerts = [
            alert("hotline", AlertState::Firing, here),
            alert("hotline", AlertState::Resolved, here),
            alert("hotline", AlertState::Firing, None),
            alert("call-110", AlertState::Firing, here),
        ];
        let n = |feeds: &[&str]| {
            let feeds = feeds.iter().map(|feed| FeedId::from(*feed)).collect();
            points(&alerts, &feeds)["features"].as_array().map(Vec::len)
        };
        assert_eq!(n(&["hotline"]), Some(1));
        assert_eq!(n(&[]), Some(2));
        assert_eq!(n(&["bus"]), Some(0));
    }

    #[test]
    fn heat_of_a_metric_is_as_strong_as_its_share_of_the_highest_and_knows_what_is_withheld() {
        let here = |lon| Position { lon, lat: 24.5 };
        let values = [
            (here(118.0), Some(30.0)),
            (here(118.1), Some(120.0)),
            (here(118.2), None),
            (here(118.3), Some(0.0)),
        ];
        let (points, top) = shares(&values);
        assert_eq!(top, Some(120.0));
        let weights: Vec<_> = points["features"]
            .as_array()
            .unwrap()
            .iter()
            .map(|point| point["properties"]["weight"].as_f64().unwrap())
            .collect();
        assert_eq!(weights, [0.25, 1.0]);
        assert_eq!(shares(&values[2..]).1, None);
    }
}
