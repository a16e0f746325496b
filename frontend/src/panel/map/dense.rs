//! How dense the alerts in force lie: the points of the map's heat.

use std::collections::BTreeSet;
use std::sync::Arc;

use leptos::prelude::*;
use serde_json::{Value, json};

use egret_shared::alert::{Alert, AlertState, Subject};
use egret_shared::id::FeedId;
use egret_shared::package::layer::LayerKind;

use super::Drawn;
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
            Subject::Metric { .. } | Subject::Area { .. } => false,
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

/// Keeps the heat's points in step.
pub(super) fn follow(feeds: BTreeSet<FeedId>, drawn: Drawn, store: Store) {
    let hidden = hidden();
    let turn = Memo::new(move |_| store.now.get().0.div_euclid(PACE_MS));
    Effect::new(move |told: Option<Option<String>>| {
        turn.track();
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
    use egret_shared::alert::AlertKey;
    use egret_shared::level::Level;
    use egret_shared::position::Position;
    use egret_shared::text::Text;
    use egret_shared::time::TimeMs;

    use super::*;

    fn alert(feed: &str, state: AlertState, position: Option<Position>) -> Arc<Alert> {
        Arc::new(Alert {
            key: AlertKey {
                rule: "r".into(),
                subject: Subject::Reports {
                    feed: feed.into(),
                    first: "1".into(),
                },
            },
            state,
            level: Level::Red,
            areas: Vec::new(),
            position,
            v: None,
            unit: String::new(),
            since: TimeMs(0),
            fired_at: None,
            resolved_at: None,
            message: Text::default(),
            incident: None,
            hushed: None,
            flapping: false,
            changes: 0,
            issued: None,
        })
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
}
