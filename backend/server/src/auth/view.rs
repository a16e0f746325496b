//! The city as one sight shows it: snapshots and changes without what is hidden.
//!
//! A change is cut against what the sight's followers hold: a row that was seen and no longer may be
//! is gone for them, and a row that they never held does not even go.

use egret_shared::delta::CityDelta;
use egret_shared::event::Event;
use egret_shared::feed::FeedHealth;
use egret_shared::id::IncidentId;
use egret_shared::incident::Incident;
use egret_shared::metric::MetricPoint;
use egret_shared::snapshot::CitySnapshot;
use egret_shared::table::{Changed, Keyed, Table};

use super::cases::IncidentOf;
use super::sight::Sight;

impl Sight {
    /// The part of `city` that is seen.
    pub(crate) fn city_snapshot(&self, city: CitySnapshot) -> CitySnapshot {
        if self.is_everything() {
            return city;
        }
        let incident_of = |id: &IncidentId| city.incidents.get(id).cloned();
        CitySnapshot {
            metrics: table(&city.metrics, |point| self.point(point)),
            alerts: table(&city.alerts, |alert| self.seen_alert(alert, &incident_of)),
            incidents: table(&city.incidents, |incident| {
                self.incident(incident, &incident_of)
            }),
            feeds: table(&city.feeds, |feed| self.seen_feed(feed)),
            events: self.seen_events(&city.events, &incident_of),
            mode: city.mode,
        }
    }

    /// What `delta` means for followers of this sight, who hold `held`.
    pub(crate) fn city_delta(
        &self,
        delta: &CityDelta,
        held: &CitySnapshot,
        incident_of: &dyn Fn(&IncidentId) -> Option<Incident>,
    ) -> CityDelta {
        CityDelta {
            metrics: changed(&delta.metrics, &held.metrics, |point| self.point(point)),
            alerts: changed(&delta.alerts, &held.alerts, |alert| {
                self.seen_alert(alert, incident_of)
            }),
            incidents: changed(&delta.incidents, &held.incidents, |incident| {
                self.incident(incident, incident_of)
            }),
            feeds: changed(&delta.feeds, &held.feeds, |feed| self.seen_feed(feed)),
            events: self.seen_events(&delta.events, incident_of),
            mode: delta.mode.clone(),
        }
    }

    /// The part of a metric's points that is seen.
    pub(crate) fn metric_snapshot(&self, points: Table<MetricPoint>) -> Table<MetricPoint> {
        if self.is_everything() {
            return points;
        }
        table(&points, |point| self.point(point))
    }

    /// What changes of a metric mean for followers of this sight, who hold `held`.
    pub(crate) fn metric_delta(
        &self,
        delta: &Changed<MetricPoint>,
        held: &Table<MetricPoint>,
    ) -> Changed<MetricPoint> {
        changed(delta, held, |point| self.point(point))
    }

    fn seen_feed(&self, feed: FeedHealth) -> Option<FeedHealth> {
        self.feed(&feed.feed).then_some(feed)
    }

    fn seen_events(&self, events: &[Event], incident_of: IncidentOf<'_>) -> Vec<Event> {
        let seen = events.iter().filter(|event| self.event(event, incident_of));
        seen.cloned().collect()
    }
}

/// The rows of `all` as they are seen.
fn table<T: Keyed + Clone>(all: &Table<T>, see: impl Fn(T) -> Option<T>) -> Table<T> {
    all.iter().cloned().filter_map(see).collect()
}

/// `delta` for followers who hold `held` of its table.
fn changed<T: Keyed + Clone + PartialEq>(
    delta: &Changed<T>,
    held: &Table<T>,
    see: impl Fn(T) -> Option<T>,
) -> Changed<T> {
    let mut seen = Changed {
        put: Vec::new(),
        gone: Vec::new(),
    };
    for row in &delta.put {
        let key = row.key();
        match see(row.clone()) {
            // Of what changed behind a guard alone nothing may show, not even that it did.
            Some(row) if held.get(&key) != Some(&row) => seen.put.push(row),
            None if held.get(&key).is_some() => seen.gone.push(key),
            Some(_) | None => {}
        }
    }
    let gone = delta.gone.iter().filter(|key| held.get(key).is_some());
    seen.gone.extend(gone.cloned());
    seen
}
