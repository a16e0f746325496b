//! History through the journal's writing side and the store's reading side, as the server uses it.

use egret_shared::flags::Flags;
use egret_shared::id::{AreaCode, MetricId};
use egret_shared::level::Level;
use egret_shared::metric::{ClosedPoint, MetricPoint};
use tempfile::TempDir;

use super::*;
use crate::journal::Journal as _;
use crate::journal::sqlite::{SqliteJournal, database};
use crate::store::sqlite::SqliteStore;
use crate::store::{RecentFilter, SeriesFilter, Store as _};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Midnight of 22 June 2026 in Xiamen; also a full hour of UTC.
const MIDNIGHT: TimeMs = TimeMs(1_782_057_600_000);

/// A data folder with its journal open.
struct World {
    folder: TempDir,
    journal: Option<SqliteJournal>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            folder: tempfile::tempdir().unwrap(),
            journal: None,
        };
        world.reopen();
        world
    }

    fn reopen(&mut self) {
        self.journal = None;
        let journal = SqliteJournal::open(self.folder.path()).unwrap();
        self.journal = Some(journal.keeping(Keep::default(), Tz::Asia__Shanghai));
    }

    fn journal(&mut self) -> &mut SqliteJournal {
        self.journal.as_mut().unwrap()
    }

    fn put(&mut self, rows: &[ClosedPoint]) {
        self.journal().put_history(rows).unwrap();
    }

    /// Does all there is to do at `now`.
    fn tend(&mut self, now: TimeMs) {
        while self.journal().tend(now).unwrap() {}
    }

    fn series(&self, resolution: Resolution, as_of: Option<TimeMs>) -> Vec<SeriesPoint> {
        self.series_of("root", resolution, as_of)
    }

    fn series_of(
        &self,
        area: &str,
        resolution: Resolution,
        as_of: Option<TimeMs>,
    ) -> Vec<SeriesPoint> {
        SqliteStore::new(database(self.folder.path()))
            .series(&SeriesFilter {
                metric: MetricId::new("water.level"),
                area: AreaCode::new(area),
                from: TimeMs(MIDNIGHT.0 - 400 * DAY_MS),
                to: TimeMs(MIDNIGHT.0 + 400 * DAY_MS),
                resolution,
                as_of,
                limit: 100_000,
            })
            .unwrap()
    }

    /// The root, the west, and an area that history knows nothing of.
    fn recent(&self, from: TimeMs, known_since: Option<TimeMs>) -> Vec<Vec<SeriesPoint>> {
        let filter = RecentFilter {
            metric: MetricId::new("water.level"),
            areas: ["root", "west", "east"].map(AreaCode::new).to_vec(),
            from,
            known_since,
        };
        let store = SqliteStore::new(database(self.folder.path()));
        store.recent(&[filter]).unwrap().remove(0)
    }

    fn n_pages(&mut self) -> i64 {
        let database = database(self.folder.path());
        let connection = Connection::open(database).unwrap();
        connection
            .query_row("SELECT count(*) FROM page", [], |row| row.get(0))
            .unwrap()
    }
}

/// The minute that ends `minutes` after midnight, known when it ended.
fn minute(area: &str, minutes: i64, v: f64) -> ClosedPoint {
    let end = TimeMs(MIDNIGHT.0 + minutes * MINUTE_MS);
    ClosedPoint {
        known_at: TimeMs(end.0 + 500),
        point: MetricPoint {
            metric: MetricId::new("water.level"),
            area: AreaCode::new(area),
            start: TimeMs(end.0 - 5 * MINUTE_MS),
            end,
            v: Some(v),
            level: Level::Normal,
            sources: 40,
            expected: 52,
            latest_at: Some(TimeMs(end.0 - 3_000)),
            flags: Flags::NONE,
            typical: None,
        },
    }
}

/// The same, as a late reading revised it `after_ms` past midnight.
fn revised(area: &str, minutes: i64, v: f64, after_ms: i64) -> ClosedPoint {
    let mut closed = minute(area, minutes, v);
    closed.known_at = TimeMs(MIDNIGHT.0 + after_ms);
    closed.point.flags = Flags::REVISED;
    closed
}

/// The first hour of the day, valued 1 to 60.
fn first_hour() -> Vec<ClosedPoint> {
    (1..=60)
        .flat_map(|m: i32| {
            let root = minute("root", m.into(), m.into());
            [root, minute("west", m.into(), 7.0)]
        })
        .collect()
}

fn after(ms: i64) -> TimeMs {
    TimeMs(MIDNIGHT.0 + ms)
}

fn values(points: &[SeriesPoint]) -> Vec<f64> {
    points.iter().filter_map(|point| point.v).collect()
}

#[test]
fn history_answers_as_known_then_and_as_corrected_since() {
    let mut world = World::new();
    world.put(&first_hour());
    world.put(&[revised("root", 10, 100.0, HOUR_MS + 2_000)]);
    let at_ten = |points: Vec<SeriesPoint>| points[9].clone();

    let then = at_ten(world.series(Resolution::Minute, Some(after(HOUR_MS + 1_999))));
    assert_eq!((then.v, then.flags), (Some(10.0), Flags::NONE));
    assert_eq!(then.known_at, after(10 * MINUTE_MS + 500));
    for as_of in [None, Some(after(HOUR_MS + 2_000))] {
        let since = at_ten(world.series(Resolution::Minute, as_of));
        assert_eq!((since.v, since.flags), (Some(100.0), Flags::REVISED));
        assert_eq!(since.known_at, after(HOUR_MS + 2_000));
    }
    let early = world.series(Resolution::Minute, Some(after(5 * MINUTE_MS)));
    assert_eq!(values(&early), [1.0, 2.0, 3.0, 4.0]);
    let other = at_ten(world.series_of("west", Resolution::Minute, None));
    assert_eq!(other.v, Some(7.0), "an area that was not revised stays");
}

#[test]
fn the_recent_past_is_told_of_several_areas_and_then_only_what_is_new() {
    let mut world = World::new();
    world.put(&first_hour());
    let at = |n: i64| after(n * MINUTE_MS);
    let all = world.recent(at(57), None);
    assert_eq!(all.len(), 3);
    assert_eq!(values(&all[0]), [58.0, 59.0, 60.0]);
    assert_eq!(values(&all[1]), [7.0, 7.0, 7.0]);
    assert!(all[2].is_empty());
    let known_at = all[0][2].known_at;
    assert_eq!(known_at, at(60).plus(Span(500)));

    world.put(&[
        revised("root", 58, 100.0, HOUR_MS + 2_000),
        minute("root", 61, 61.0),
    ]);
    let news = world.recent(at(57), Some(known_at));
    let ends: Vec<_> = news[0].iter().map(|point| point.end).collect();
    assert_eq!(
        ends,
        [at(58), at(60), at(61)],
        "and the page at the border once more"
    );
    assert_eq!(values(&news[0]), [100.0, 60.0, 61.0]);
    assert_eq!(values(&news[1]), [7.0], "nothing new but the border");
    let nothing = world.recent(at(57), Some(after(HOUR_MS + 60_501)));
    assert!(nothing.iter().all(Vec::is_empty));
    let whole = world.recent(at(57), None);
    assert_eq!(values(&whole[0]), [100.0, 59.0, 60.0, 61.0]);
    assert_eq!(values(&whole[1]), [7.0, 7.0, 7.0], "as not revised");
}

#[test]
fn sixty_minutes_become_an_hour_once_it_is_over() {
    let mut world = World::new();
    let mut rows = first_hour();
    for row in &mut rows {
        if row.point.end == after(20 * MINUTE_MS) {
            row.point.level = Level::Orange;
            row.point.sources = 3;
            row.point.expected = 60;
            row.point.flags = Flags::PARTIAL;
        }
    }
    world.put(&rows);
    world.tend(after(HOUR_MS));
    assert_eq!(world.series(Resolution::Hour, None), []);

    world.tend(after(HOUR_MS + MINUTE_MS));
    let hours = world.series(Resolution::Hour, None);
    assert_eq!(
        hours,
        [SeriesPoint {
            start: MIDNIGHT,
            end: after(HOUR_MS),
            v: Some(60.0),
            least: Some(1.0),
            mean: Some(30.5),
            greatest: Some(60.0),
            level: Level::Orange,
            sources: 3,
            expected: 60,
            latest_at: Some(after(HOUR_MS - 3_000)),
            flags: Flags::PARTIAL,
            typical: None,
            known_at: after(HOUR_MS + 500),
            windows: 60,
        }]
    );
    assert_eq!(
        world.series_of("west", Resolution::Hour, None)[0].mean,
        Some(7.0)
    );
}

#[test]
fn a_revision_reaches_the_hour_and_the_day_and_leaves_what_was_known_before() {
    let mut world = World::new();
    let day: Vec<ClosedPoint> = (1..=24 * 60)
        .map(|m| minute("root", m, if m <= 60 { 2.0 } else { 1.0 }))
        .collect();
    world.put(&day);
    world.tend(after(DAY_MS + HOUR_MS));
    let days = world.series(Resolution::Day, None);
    assert_eq!(days.len(), 1);
    assert_eq!((days[0].start, days[0].end), (MIDNIGHT, after(DAY_MS)));
    assert_eq!((days[0].greatest, days[0].windows), (Some(2.0), 24 * 60));
    assert_eq!(days[0].mean, Some(25.0 / 24.0));

    let known_ms = DAY_MS + HOUR_MS + 5_000;
    world.put(&[revised("root", 30, 62.0, known_ms)]);
    world.tend(after(known_ms + HOUR_MS));
    let hours = world.series(Resolution::Hour, None);
    assert_eq!((hours[0].greatest, hours[0].mean), (Some(62.0), Some(3.0)));
    assert_eq!(
        (hours[0].known_at, hours[0].flags),
        (after(known_ms), Flags::REVISED)
    );
    assert_eq!(hours[1].flags, Flags::NONE);
    let days = world.series(Resolution::Day, None);
    assert_eq!(
        (days[0].greatest, days[0].known_at),
        (Some(62.0), after(known_ms))
    );
    let before = Some(after(known_ms - 1));
    assert_eq!(
        world.series(Resolution::Hour, before)[0].greatest,
        Some(2.0)
    );
    assert_eq!(world.series(Resolution::Day, before)[0].greatest, Some(2.0));
}

#[test]
fn what_is_kept_twice_after_a_crash_is_there_once() {
    let mut world = World::new();
    let mut rows = first_hour();
    rows.push(revised("root", 10, 100.0, HOUR_MS + 2_000));
    world.put(&rows);
    world.tend(after(2 * HOUR_MS));
    let now = |world: &World| {
        [Resolution::Minute, Resolution::Hour].map(|resolution| world.series(resolution, None))
    };
    let (before, n_pages) = (now(&world), world.n_pages());

    world.reopen();
    // The fold emits its tail again; a page may have been cut in two.
    for part in rows[40..].chunks(7) {
        world.put(part);
    }
    world.tend(after(3 * HOUR_MS));
    assert_eq!(now(&world), before);
    assert_eq!(world.n_pages(), n_pages);
}

#[test]
fn a_roll_up_that_a_crash_interrupted_is_made_at_the_next_start() {
    let mut world = World::new();
    world.put(&first_hour());
    world.reopen();
    world.tend(after(2 * HOUR_MS));
    assert_eq!(values(&world.series(Resolution::Hour, None)), [60.0]);
}

#[test]
fn minutes_are_let_go_before_hours_and_an_hour_stays_as_it_was_made() {
    let mut world = World::new();
    world.put(&first_hour());
    world.tend(after(2 * HOUR_MS));
    world.tend(after(7 * DAY_MS + HOUR_MS - 1));
    assert!(!world.series(Resolution::Minute, None).is_empty());

    world.tend(after(7 * DAY_MS + 2 * HOUR_MS));
    assert_eq!(world.series(Resolution::Minute, None), []);
    let hours = world.series(Resolution::Hour, None);
    assert_eq!(hours[0].windows, 60);
    // A revision that comes when the other minutes are gone must not make an hour of itself.
    world.put(&[revised("root", 30, 9.0, 8 * DAY_MS)]);
    world.tend(after(8 * DAY_MS + HOUR_MS));
    assert_eq!(world.series(Resolution::Hour, None), hours);

    world.tend(after(401 * DAY_MS));
    assert_eq!(world.series(Resolution::Hour, None), []);
    assert_eq!(world.series(Resolution::Day, None).len(), 1);
}

#[test]
fn an_area_or_metric_that_history_never_saw_has_no_points() {
    let mut world = World::new();
    assert_eq!(world.series(Resolution::Minute, None), []);
    world.put(&first_hour());
    assert_eq!(world.series_of("nowhere", Resolution::Minute, None), []);
}
