//! A city that is told a story, second by second. After every entry the changes taken are applied
//! to the snapshot of before, and must give the snapshot of now.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use egret_city::{City, Entry, Refused};
use egret_package::{Package, folder};
use egret_shared::alert::Alert;
use egret_shared::asset::AssetState;
use egret_shared::event::{Event, EventKind};
use egret_shared::feed::FeedHealth;
use egret_shared::flags::Flags;
use egret_shared::metric::MetricPoint;
use egret_shared::observation::{Observation, Value};
use egret_shared::position::Position;
use egret_shared::rejection::{Reason, Stage};
use egret_shared::report::Report;
use egret_shared::snapshot::CitySnapshot;
use egret_shared::time::{Span, TimeMs};

/// The texts of the tiny city.
pub(crate) fn tiny_files() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cities/tiny");
    folder::read(&folder).unwrap()
}

/// The tiny city.
pub(crate) fn tiny() -> Arc<Package> {
    Arc::new(Package::load(&tiny_files()).unwrap())
}

/// The tiny city with `more` after the text of `file`.
pub(crate) fn tiny_with(file: &str, more: &str) -> Arc<Package> {
    tiny_with_all(&[(file, more)])
}

/// The same with more after several files.
pub(crate) fn tiny_with_all(all: &[(&str, &str)]) -> Arc<Package> {
    let mut files = tiny_files();
    for (file, more) in all {
        files.entry((*file).to_owned()).or_default().push_str(more);
    }
    Arc::new(Package::load(&files).unwrap())
}

/// In West 1.
pub(crate) const WEST_1: Position = Position {
    lon: 118.05,
    lat: 24.45,
};
/// In the east.
pub(crate) const EAST: Position = Position {
    lon: 118.15,
    lat: 24.45,
};

/// Where a position of the tiny city lies.
pub(crate) fn area_of(position: Position) -> &'static str {
    match (position.lon < 118.1, position.lat < 24.5) {
        (true, true) => "900001001",
        (true, false) => "900001002",
        (false, _) => "900002",
    }
}

/// A place `metres` north of `position`.
pub(crate) fn north(position: Position, metres: f64) -> Position {
    Position {
        lat: position.lat + metres / 111_195.0,
        ..position
    }
}

/// A reading without id, at `WEST_1`.
pub(crate) fn reading(feed: &str, asset: &str, property: &str, v: f64, at: TimeMs) -> Observation {
    let observation = Observation {
        feed: feed.into(),
        asset: asset.into(),
        message: None,
        observed_at: at,
        observed_at_us: None,
        received_at: at,
        position: None,
        area: None,
        values: vec![Value {
            property: property.into(),
            v,
            flags: Flags::NONE,
        }],
        flags: Flags::NONE,
    };
    at_place(observation, WEST_1)
}

/// The observation at another place.
pub(crate) fn at_place(mut observation: Observation, position: Position) -> Observation {
    observation.position = Some(position);
    observation.area = Some(area_of(position).into());
    observation
}

/// A waterlogging call that was just opened.
pub(crate) fn call(id: &str, position: Position, at: TimeMs) -> Report {
    Report {
        feed: "hotline".into(),
        report: id.into(),
        message: None,
        state: "opened".into(),
        category: "waterlogging".into(),
        observed_at: at,
        received_at: at,
        position: Some(position),
        area: Some(area_of(position).into()),
        text: "water in the street".to_owned(),
        flags: Flags::NONE,
    }
}

/// A message that was refused.
pub(crate) fn refused(feed: Option<&str>, at: TimeMs) -> Refused {
    Refused {
        feed: feed.map(Into::into),
        stage: Stage::Decode,
        reason: Reason::BadJson,
        received_at: at,
    }
}

/// A city and what has been told of it.
pub(crate) struct Story {
    pub(crate) city: City,
    pub(crate) now: TimeMs,
    pub(crate) closed: Vec<MetricPoint>,
    pub(crate) events: Vec<Event>,
    pub(crate) urgent: bool,
    seen: CitySnapshot,
}

impl Story {
    /// Begins at 06:00 local time with a first tick.
    pub(crate) fn new() -> Self {
        Self::of(tiny())
    }

    pub(crate) fn of(package: Arc<Package>) -> Self {
        let city = City::new(package);
        let mut story = Self {
            seen: city.city_snapshot(),
            city,
            now: TimeMs::from_rfc3339("2026-06-22T06:00:00+08:00").unwrap(),
            closed: Vec::new(),
            events: Vec::new(),
            urgent: false,
        };
        story.tell(&Entry::Tick(story.now));
        story
    }

    pub(crate) fn tell(&mut self, entry: &Entry) {
        self.city.apply(self.city.seq() + 1, entry);
        let changes = self.city.take_changes();
        self.seen.apply(&self.city.city_delta(&changes));
        let now = self.city.city_snapshot();
        for (seen, now) in self.seen.metrics.iter().zip(now.metrics.iter()) {
            assert_eq!(seen, now, "after {entry:?}");
        }
        assert_eq!(self.seen.alerts, now.alerts, "after {entry:?}");
        assert_eq!(self.seen, now, "after {entry:?}");
        self.closed
            .extend(changes.closed.into_iter().map(|closed| closed.point));
        self.events.extend(changes.events);
        self.urgent |= changes.urgent;
    }

    /// Lets time pass in ticks of a second.
    pub(crate) fn wait(&mut self, span: &str) {
        for _ in 0..Span::parse(span).unwrap().ms() / 1_000 {
            self.now = self.now.plus(Span(1_000));
            self.tell(&Entry::Tick(self.now));
        }
    }

    /// Lets time pass while `asset` of the feed repeats `v` every ten seconds.
    pub(crate) fn wait_with(
        &mut self,
        span: &str,
        feed: &str,
        asset: &str,
        property: &str,
        v: f64,
    ) {
        for _ in 0..Span::parse(span).unwrap().ms() / 10_000 {
            self.read(feed, asset, property, v);
            self.wait("10s");
        }
    }

    pub(crate) fn read(&mut self, feed: &str, asset: &str, property: &str, v: f64) {
        self.tell(&Entry::Observation(reading(
            feed, asset, property, v, self.now,
        )));
    }

    pub(crate) fn read_at(
        &mut self,
        position: Position,
        feed: &str,
        asset: &str,
        property: &str,
        v: f64,
    ) {
        let observation = reading(feed, asset, property, v, self.now);
        self.tell(&Entry::Observation(at_place(observation, position)));
    }

    /// A reading of `ago` that arrives only now.
    pub(crate) fn read_late(&mut self, ago: &str, feed: &str, asset: &str, property: &str, v: f64) {
        let mut observation = reading(feed, asset, property, v, self.ago(ago));
        observation.received_at = self.now;
        self.tell(&Entry::Observation(observation));
    }

    pub(crate) fn report(&mut self, report: Report) {
        self.tell(&Entry::Report(report));
    }

    pub(crate) fn refuse(&mut self, feed: Option<&str>) {
        self.tell(&Entry::Refused(refused(feed, self.now)));
    }

    pub(crate) fn ago(&self, span: &str) -> TimeMs {
        self.now.minus(Span::parse(span).unwrap())
    }

    pub(crate) fn metric(&self, metric: &str, area: &str) -> MetricPoint {
        self.city.metric_now(&metric.into(), &area.into()).unwrap()
    }

    pub(crate) fn v(&self, metric: &str, area: &str) -> Option<f64> {
        self.metric(metric, area).v
    }

    pub(crate) fn asset(&self, feed: &str, asset: &str) -> AssetState {
        self.city.asset(&feed.into(), &asset.into()).unwrap()
    }

    pub(crate) fn feed(&self, feed: &str) -> FeedHealth {
        self.city
            .feeds()
            .find(|health| health.feed.as_str() == feed)
            .unwrap()
    }

    pub(crate) fn alerts(&self, rule: &str) -> Vec<Alert> {
        let of_rule = self
            .city
            .alerts()
            .filter(|alert| alert.key.rule.as_str() == rule);
        of_rule.cloned().collect()
    }

    /// How many events of `kind` were told.
    pub(crate) fn told(&self, kind: EventKind) -> usize {
        self.events
            .iter()
            .filter(|event| event.kind == kind)
            .count()
    }
}
