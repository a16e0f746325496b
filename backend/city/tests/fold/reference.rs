//! Event time against a naive reference: every observation is kept, and each window is computed
//! anew from those that lie within it. However they are reordered, repeated, delayed and batched,
//! what the fold has closed in the end is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use egret_city::{City, Entry};
use egret_package::Package;
use egret_shared::flags::Flags;
use egret_shared::metric::MetricPoint;
use egret_shared::observation::Observation;
use egret_shared::position::Position;
use egret_shared::time::{Span, TimeMs};
use proptest::prelude::*;

use crate::story::{EAST, WEST_1, area_of, at_place, reading, tiny_with};

pub(crate) const MINUTE: i64 = 60_000;

/// Windows by name, and whether they tumble.
const WINDOWS: [(&str, &str, i64, bool); 5] = [
    (
        "3m",
        r#"{ sliding = "3m", every = "10s" }"#,
        3 * MINUTE,
        false,
    ),
    (
        "6m",
        r#"{ sliding = "6m", every = "1m" }"#,
        6 * MINUTE,
        false,
    ),
    (
        "270s",
        r#"{ sliding = "270s", every = "90s" }"#,
        270_000,
        false,
    ),
    ("each1m", r#"{ tumbling = "1m" }"#, MINUTE, true),
    ("each5m", r#"{ tumbling = "5m" }"#, 5 * MINUTE, true),
];

/// Aggregates by name, as they are written, and the filter.
const AGGREGATES: [(&str, &str, &str); 9] = [
    ("count", r#""count""#, ""),
    ("sum", r#""sum""#, ""),
    ("mean", r#""mean""#, ""),
    ("min", r#""min""#, ""),
    ("max", r#""max""#, ""),
    ("last", r#""last""#, ""),
    ("assets", r#""distinct_assets""#, ""),
    ("p50", "{ quantile = 0.5 }", ""),
    ("high", r#""count""#, r#", where = "value > 8.0""#),
];

/// The tiny city with every aggregate over every window.
pub(crate) fn catalogue() -> Arc<Package> {
    static CATALOGUE: LazyLock<Arc<Package>> = LazyLock::new(|| {
        let mut text = String::new();
        for (window, def, _, _) in WINDOWS {
            for (name, aggregate, filter) in AGGREGATES {
                let unit = match name {
                    "count" | "assets" | "high" => "1",
                    _ => "m",
                };
                writeln!(
                    text,
                    "[[metric]]\nid = \"ref.{name}_{window}\"\nname = {{ zh = \"参照\", en = \"Reference\" }}\n\
                     domain = \"water\"\nsource = {{ feed = \"manhole\", property = \"water_level\"{filter} }}\n\
                     aggregate = {aggregate}\nwindow = {def}\nunit = \"{unit}\"\n"
                )
                .unwrap();
            }
        }
        tiny_with("metrics.toml", &text)
    });
    Arc::clone(&CATALOGUE)
}

/// One observation that counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) asset: u8,
    pub(crate) at_ms: i64,
    pub(crate) v: f64,
}

impl Seen {
    fn position(self) -> Position {
        let north_west = Position {
            lat: 24.55,
            ..WEST_1
        };
        [WEST_1, north_west, EAST][usize::from(self.asset % 3)]
    }

    /// As it arrives at `received`.
    pub(crate) fn arriving(self, received: TimeMs) -> Observation {
        let id = format!("M-{}", self.asset);
        let mut one = reading("manhole", &id, "water_level", self.v, TimeMs(self.at_ms));
        one.received_at = received;
        at_place(one, self.position())
    }

    fn is_in(self, area: &str) -> bool {
        let finest = area_of(self.position());
        area == "900000" || finest.starts_with(area)
    }
}

/// What the window `[end - length, end)` of `aggregate` comes to; `None` of nothing.
fn naive(seen: &[Seen], aggregate: &str, area: &str, start_ms: i64, end_ms: i64) -> Option<f64> {
    let mut within: Vec<Seen> = seen
        .iter()
        .copied()
        .filter(|one| one.is_in(area) && (start_ms..end_ms).contains(&one.at_ms))
        .collect();
    within.sort_by_key(|one| one.at_ms);
    let values = || within.iter().map(|one| one.v);
    let n = within.len();
    let sum: f64 = values().sum();
    match aggregate {
        "count" => Some(n as f64),
        "high" => Some(values().filter(|v| *v > 8.0).count() as f64),
        "sum" => Some(sum),
        "assets" => Some(
            within
                .iter()
                .map(|one| one.asset)
                .collect::<BTreeSet<u8>>()
                .len() as f64,
        ),
        "mean" => (n > 0).then(|| sum / n as f64),
        "min" => values().min_by(f64::total_cmp),
        "max" => values().max_by(f64::total_cmp),
        "last" => within.last().map(|one| one.v),
        "p50" => {
            let mut values: Vec<f64> = values().collect();
            values.sort_by(f64::total_cmp);
            (n > 0).then(|| values[(n - 1) / 2])
        }
        other => unreachable!("{other}"),
    }
}

/// The newest closed point of every window, by metric, area and end.
pub(crate) type Closed = BTreeMap<(String, String, i64), MetricPoint>;

/// Compares every closed window with the reference; how many there were with something in them.
pub(crate) fn compare(closed: &Closed, seen: &[Seen]) -> Result<usize, TestCaseError> {
    let mut n_filled = 0;
    for ((metric, area, end_ms), point) in closed {
        let Some((aggregate, window)) = metric
            .strip_prefix("ref.")
            .and_then(|id| id.split_once('_'))
        else {
            continue;
        };
        let (_, _, length_ms, _) = WINDOWS
            .into_iter()
            .find(|(name, ..)| *name == window)
            .unwrap();
        if end_ms - point.start.0 != length_ms {
            // A tumbling window on its way.
            continue;
        }
        let expected = naive(seen, aggregate, area, end_ms - length_ms, *end_ms);
        let within =
            |one: &&Seen| one.is_in(area) && (end_ms - length_ms..*end_ms).contains(&one.at_ms);
        let sources: BTreeSet<u8> = seen.iter().filter(within).map(|one| one.asset).collect();
        prop_assert_eq!(
            point.sources as usize,
            sources.len(),
            "sources of {} {} {}",
            metric,
            area,
            end_ms
        );
        let latest = seen
            .iter()
            .filter(within)
            .map(|one| TimeMs(one.at_ms))
            .max();
        prop_assert_eq!(point.latest_at, latest, "latest of {} {}", metric, area);
        let (Some(v), Some(expected)) = (point.v, expected) else {
            prop_assert_eq!(point.v, expected, "{} {} {}", metric, area, end_ms);
            continue;
        };
        let within = match aggregate {
            "p50" => expected.abs() * 0.010_001,
            // Means are told to twelve digits.
            "mean" => expected.abs() * 1e-11,
            _ => 0.0,
        };
        prop_assert!(
            (v - expected).abs() <= within,
            "{metric} {area} {end_ms}: {v} for {expected}"
        );
        n_filled += usize::from(!sources.is_empty());
    }
    Ok(n_filled)
}

/// Every window that has something in it must have been closed.
fn complete(
    closed: &Closed,
    seen: &[Seen],
    from_ms: i64,
    until_ms: i64,
) -> Result<(), TestCaseError> {
    for (window, _, length_ms, tumbles) in WINDOWS {
        let step = if window == "270s" { 90_000 } else { MINUTE };
        let first = (from_ms / step + 1) * step;
        for end_ms in (first..=until_ms).step_by(usize::try_from(step).unwrap()) {
            if tumbles && end_ms % length_ms != 0 {
                continue;
            }
            let is_filled = naive(seen, "count", "900000", end_ms - length_ms, end_ms) > Some(0.0);
            let key = (format!("ref.mean_{window}"), "900000".to_owned(), end_ms);
            prop_assert_eq!(closed.contains_key(&key), is_filled, "{:?}", key);
        }
    }
    Ok(())
}

/// What the children's sums come to is the parent's, to the last bit.
fn children_add_up(closed: &Closed) -> Result<(), TestCaseError> {
    for ((metric, area, end_ms), point) in closed {
        let children: &[&str] = match area.as_str() {
            "900000" => &["900001", "900002"],
            "900001" => &["900001001", "900001002"],
            _ => continue,
        };
        if !["ref.sum", "ref.count", "ref.high"]
            .iter()
            .any(|id| metric.starts_with(id))
        {
            continue;
        }
        let of_child = |child: &&str| {
            let key = (metric.clone(), (*child).to_owned(), *end_ms);
            closed
                .get(&key)
                .and_then(|point| point.v)
                .unwrap_or_default()
        };
        let sum: f64 = children.iter().map(of_child).sum();
        prop_assert_eq!(point.v, Some(sum), "{} {} {}", metric, area, end_ms);
    }
    Ok(())
}

/// A city that is told `arrivals` in their order, with a tick every `tick_ms`, and half an hour more.
pub(crate) struct Telling {
    pub(crate) city: City,
    pub(crate) closed: Closed,
    /// How often each window was closed as revised.
    pub(crate) revisions: BTreeMap<(String, String, i64), usize>,
    now: TimeMs,
}

impl Telling {
    pub(crate) fn new(start: TimeMs) -> Self {
        let mut telling = Self {
            city: City::new(catalogue()),
            closed: Closed::new(),
            revisions: BTreeMap::new(),
            now: start,
        };
        telling.tell(&Entry::Tick(start));
        telling
    }

    pub(crate) fn tell(&mut self, entry: &Entry) {
        self.city.apply(self.city.seq() + 1, entry);
        for closed in self.city.take_closed() {
            assert_eq!(closed.known_at, self.city.now());
            let point = closed.point;
            let key = (
                point.metric.to_string(),
                point.area.to_string(),
                point.end.0,
            );
            *self.revisions.entry(key.clone()).or_default() +=
                usize::from(point.flags.has(Flags::REVISED));
            self.closed.insert(key, point);
        }
    }

    /// Lets ticks pass until `until`.
    pub(crate) fn tick_to(&mut self, until: TimeMs, tick_ms: i64) {
        while self.now.plus(Span(tick_ms)) <= until {
            self.now = self.now.plus(Span(tick_ms));
            self.tell(&Entry::Tick(self.now));
        }
    }

    pub(crate) fn hear(&mut self, one: Seen, at: TimeMs) {
        self.tell(&Entry::Observation(one.arriving(at)));
    }
}

pub(crate) fn start() -> TimeMs {
    TimeMs::from_rfc3339("2026-06-22T06:00:00+08:00").unwrap()
}

/// Observations of twenty minutes, each with the delays of its arrivals.
fn arrivals() -> impl Strategy<Value = Vec<(Seen, Vec<i64>)>> {
    let delay = prop_oneof![2 => 0..2_000_i64, 2 => 0..120_000_i64, 1 => 0..600_000_i64];
    // Whole numbers of 1/1024: their sums are exact in the reference, too.
    let v = (0_u16..20_480).prop_map(|n| f64::from(n) / 1_024.0);
    let one = (
        0_u8..9,
        0..20 * MINUTE,
        v,
        prop::collection::vec(delay, 1..3),
    );
    prop::collection::vec(one, 1..120).prop_map(|all| {
        let mut known = BTreeSet::new();
        let mut times = BTreeSet::new();
        all.into_iter()
            .filter(|(asset, at_ms, ..)| known.insert((*asset, *at_ms)) & times.insert(*at_ms))
            .map(|(asset, at_ms, v, delays)| {
                let at_ms = start().0 + at_ms;
                (Seen { asset, at_ms, v }, delays)
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn final_windows_are_those_of_the_reference(
        arrivals in arrivals(),
        tick_ms in 700_i64..9_000,
        restart in any::<prop::sample::Index>(),
    ) {
        let seen: Vec<Seen> = arrivals.iter().map(|(seen, _)| *seen).collect();
        let mut coming: Vec<(i64, Seen)> = arrivals
            .iter()
            .flat_map(|(seen, delays)| delays.iter().map(|delay| (seen.at_ms + delay, *seen)))
            .collect();
        coming.sort_by_key(|(at_ms, _)| *at_ms);
        let restart = restart.index(coming.len());
        let mut telling = Telling::new(start());
        for (n, (at_ms, one)) in coming.into_iter().enumerate() {
            telling.tick_to(TimeMs(at_ms), tick_ms);
            telling.hear(one, TimeMs(at_ms));
            if n == restart {
                let bytes = telling.city.checkpoint();
                let before = telling.city.hash();
                telling.city = City::restore(catalogue(), &bytes).unwrap();
                prop_assert_eq!(telling.city.hash(), before);
            }
        }
        let end = start().plus(Span(50 * MINUTE));
        telling.tick_to(end, tick_ms);
        compare(&telling.closed, &seen)?;
        complete(&telling.closed, &seen, start().0, end.0 - 10_000)?;
        children_add_up(&telling.closed)?;
    }
}

/// A minute's readings of every asset of `assets`, `each` seconds apart.
fn regular(assets: std::ops::Range<u8>, from_ms: i64, until_ms: i64, each_s: i64) -> Vec<Seen> {
    let times = (from_ms..until_ms).step_by(usize::try_from(each_s * 1_000).unwrap());
    let of_time = |at_ms: i64| {
        let one = move |asset: u8| Seen {
            asset,
            at_ms: at_ms + i64::from(asset),
            v: ((at_ms / 1_000 + i64::from(asset) * 7) % 19) as f64,
        };
        assets.clone().map(one)
    };
    times.flat_map(of_time).collect()
}

#[test]
fn an_hour_of_stored_readings_in_one_burst_lands_in_its_own_windows_each_revised_once() {
    let (from, back) = (start().0, start().0 + 70 * MINUTE);
    let mut telling = Telling::new(start());
    let live = regular(0..3, from, back, 10);
    let before = regular(3..6, from, from + 5 * MINUTE, 20);
    let stored = regular(3..6, from + 6 * MINUTE, back - MINUTE, 20);
    let mut coming: Vec<Seen> = live.iter().chain(&before).copied().collect();
    coming.sort_by_key(|one| one.at_ms);
    for one in coming {
        telling.tick_to(TimeMs(one.at_ms), 1_000);
        telling.hear(one, TimeMs(one.at_ms));
    }
    telling.tick_to(TimeMs(back), 1_000);
    let seen: Vec<Seen> = live.iter().chain(&before).copied().collect();
    assert!(compare(&telling.closed, &seen).unwrap() > 1_000);
    assert!(telling.revisions.values().all(|n| *n == 0));

    let now = telling
        .city
        .metric_now(&"ref.count_3m".into(), &"900000".into());
    for one in &stored {
        telling.hear(*one, TimeMs(back));
    }
    let disturbed = telling
        .city
        .metric_now(&"ref.count_3m".into(), &"900000".into());
    let of_now = |one: &&Seen| one.at_ms >= back - 3 * MINUTE;
    let n_of_now = stored.iter().filter(of_now).count() as f64;
    assert!(disturbed.unwrap().v.unwrap() <= now.unwrap().v.unwrap() + n_of_now);
    telling.tick_to(TimeMs(back + 5 * MINUTE), 1_000);
    let seen: Vec<Seen> = seen.into_iter().chain(stored.iter().copied()).collect();
    compare(&telling.closed, &seen).unwrap();
    for minute in 8..60 {
        let key = (
            "ref.mean_3m".to_owned(),
            "900000".to_owned(),
            from + minute * MINUTE,
        );
        assert_eq!(telling.revisions[&key], 1, "minute {minute}");
        assert!(telling.closed[&key].flags.has(Flags::REVISED));
    }
    let health = telling
        .city
        .feeds()
        .find(|health| health.feed.as_str() == "manhole")
        .unwrap();
    assert_eq!(health.late, 0);
}

#[test]
fn a_burst_is_revised_over_several_ticks_and_nothing_is_lost() {
    let (from, back) = (start().0, start().0 + 110 * MINUTE);
    let mut telling = Telling::new(start());
    let before = regular(0..9, from, from + MINUTE, 20);
    for one in &before {
        telling.hear(*one, TimeMs(from + MINUTE));
    }
    telling.tick_to(TimeMs(back), 5_000);
    telling.closed.clear();
    let stored = regular(0..9, from + 2 * MINUTE, back - MINUTE, 30);
    for one in &stored {
        telling.hear(*one, TimeMs(back));
    }
    let mut now = back;
    let mut per_tick = Vec::new();
    for _ in 0..60 {
        let n_before: usize = telling.revisions.values().sum();
        now += 1_000;
        telling.tick_to(TimeMs(now), 1_000);
        per_tick.push(telling.revisions.values().sum::<usize>() - n_before);
    }
    // The more waits, the more is told; the last cell of a tick is told whole.
    assert!(per_tick.iter().all(|n| *n <= 1_000 + 120), "{per_tick:?}");
    assert!(
        per_tick.iter().filter(|n| **n > 0).count() > 3,
        "{per_tick:?}"
    );
    let seen: Vec<Seen> = before.into_iter().chain(stored).collect();
    assert!(compare(&telling.closed, &seen).unwrap() > 10_000);
    let hash = telling.city.hash();
    let bytes = telling.city.checkpoint();
    assert_eq!(City::restore(catalogue(), &bytes).unwrap().hash(), hash);
}
