//! What holds of alerts for any journal, with rules of every kind, hushes, repetitions, whatever
//! order, cuts and restarts: one open alert for a key, and an end for each whose condition ended.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use egret_city::{City, Entry};
use egret_package::Package;
use egret_shared::alert::{Alert, AlertKey, AlertState, AlertTurn};
use egret_shared::hush::{HushDef, HushKind, HushOrder, Matcher};
use egret_shared::level::Level;
use egret_shared::position::Position;
use egret_shared::time::{Span, TimeMs};
use proptest::prelude::*;

use crate::hushes::command;
use crate::story::{EAST, WEST_1, at_place, call, north, reading, tiny_with};

/// A rule of every kind, quick ones, beside the tiny city's own.
const RULES: &str = r#"
[[rule]]
id     = "rising"
name   = { zh = "骤升", en = "Rising" }
kind   = "rate"
on     = { feed = "manhole", property = "water_level" }
window = "1m"
when   = "value >= 5.0"
level  = { blue = 5.0, red = 100.0 }

[[rule]]
id    = "stuck"
name  = { zh = "不变", en = "Stuck" }
kind  = "stuck"
on    = { feed = "manhole", property = "water_level" }
when  = "value > 0.5"
after = "1m"
level = "blue"

[[rule]]
id      = "fence"
name    = { zh = "围栏", en = "Fence" }
kind    = "geofence"
on      = { feed = "probe-car" }
zone    = { area = "900002" }
passage = "enter"
for     = "10s"
level   = "yellow"

[[rule]]
id     = "warned"
name   = { zh = "预警", en = "Warned" }
kind   = "warning"
on     = { feed = "hotline" }
ends   = ["closed"]
lasts  = "10m"
level  = "orange"

[[rule]]
id     = "deep"
name   = { zh = "深", en = "Deep" }
kind   = "threshold"
on     = { feed = "manhole", property = "water_level" }
when   = "value >= 2.0"
level  = "yellow"
silent = true

[[rule]]
id     = "flood"
name   = { zh = "内涝", en = "Flood" }
kind   = "all"
of     = ["ponding", "deep"]
within = { distance = "500m", time = "30m" }

[[rule]]
id     = "trouble"
name   = { zh = "险情", en = "Trouble" }
kind   = "any"
of     = ["ponding", "rising", "waterlogging-calls"]
by     = "district"
flap   = { changes = 2, within = "2m" }
"#;

fn package() -> Arc<Package> {
    static PACKAGE: LazyLock<Arc<Package>> = LazyLock::new(|| {
        let mut package = Package::clone(&tiny_with("rules.toml", RULES));
        for rule in &mut package.rules.rules {
            rule.hold = Span(rule.hold.ms() / 10);
            rule.keep_for = Span(rule.keep_for.ms() / 10);
        }
        Arc::new(package)
    });
    Arc::clone(&PACKAGE)
}

const FEEDS: [(&str, &str); 3] = [
    ("manhole", "water_level"),
    ("road", "ponding_depth"),
    ("probe-car", "speed"),
];

const ASSETS: u8 = 3;

fn place(east: bool, metres: u16) -> Position {
    north(if east { EAST } else { WEST_1 }, f64::from(metres))
}

/// One message, and how late it comes.
fn message() -> impl Strategy<Value = (Entry, i64)> {
    let late = prop_oneof![3 => Just(0_i64), 1 => 0..60_000_i64];
    let v = prop_oneof![Just(0.0_f64), Just(0.7), Just(2.1), Just(16.0), Just(31.0)];
    let reading = (0..FEEDS.len(), 0..ASSETS, v, any::<bool>(), 0..600_u16).prop_map(
        |(feed, asset, v, east, metres)| {
            let (feed, property) = FEEDS[feed];
            let v = if property == "water_level" {
                v.min(3.0)
            } else {
                v
            };
            let one = reading(feed, &format!("A-{asset}"), property, v, TimeMs(0));
            Entry::Observation(at_place(one, place(east, metres)))
        },
    );
    let report = (0..9_u8, any::<bool>(), 0..400_u16, any::<bool>()).prop_map(
        |(id, east, metres, closed)| {
            let mut report = call(&format!("R-{id}"), place(east, metres), TimeMs(0));
            if closed {
                report.state = "closed".into();
            }
            Entry::Report(report)
        },
    );
    let hush = (0..4_u8, 1..300_i64, 0..3_usize).prop_map(|(what, seconds, level)| {
        let what = match what {
            0 => Matcher {
                feed: Some("road".into()),
                ..Matcher::default()
            },
            1 => Matcher {
                asset: Some("A-1".into()),
                ..Matcher::default()
            },
            2 => Matcher {
                area: Some("900001".into()),
                ..Matcher::default()
            },
            _ => Matcher {
                rule: Some("trouble".into()),
                ..Matcher::default()
            },
        };
        let hush = HushDef {
            kind: HushKind::Silence(what),
            up_to: [Level::Blue, Level::Yellow, Level::Orange][level],
            owner: "w".to_owned(),
            reason: "w".to_owned(),
            from: TimeMs(0),
            until: TimeMs(seconds * 1_000),
        };
        command(0, TimeMs(0), HushOrder::Put { id: None, hush })
    });
    (prop_oneof![12 => reading, 4 => report, 1 => hush], late)
}

/// The entry as it comes at `now`, which tells of `late_ms` ago.
fn at(entry: &Entry, now: TimeMs, late_ms: i64, serial: u64) -> Entry {
    let then = now.minus(Span(late_ms));
    match entry.clone() {
        Entry::Observation(mut one) => {
            (one.observed_at, one.received_at) = (then, now);
            Entry::Observation(one)
        }
        Entry::Report(mut one) => {
            (one.observed_at, one.received_at) = (then, now);
            Entry::Report(one)
        }
        Entry::Command(mut one) => {
            one.at = now;
            one.id = format!("c-{serial}").into();
            if let egret_shared::command::Order::Hush(HushOrder::Put { hush, .. }) = &mut one.order
            {
                hush.from = now;
                hush.until = now.plus(Span(hush.until.0));
            }
            Entry::Command(one)
        }
        other => other,
    }
}

/// A journal with ticks in between, and messages that are told twice.
fn journal() -> impl Strategy<Value = (Vec<Entry>, TimeMs)> {
    let step = (message(), 0..25_000_i64, any::<bool>());
    prop::collection::vec(step, 1..80).prop_map(|steps| {
        let mut now = TimeMs::from_rfc3339("2026-06-22T06:00:00+08:00").unwrap();
        let mut entries = vec![Entry::Tick(now)];
        for (serial, ((entry, late_ms), step_ms, twice)) in (0..).zip(steps) {
            let until = now.plus(Span(step_ms));
            while until.since(now).ms() > 5_000 {
                now = now.plus(Span(5_000));
                entries.push(Entry::Tick(now));
            }
            now = until;
            let entry = at(&entry, now, late_ms, serial);
            if twice {
                entries.push(entry.clone());
            }
            entries.push(entry);
        }
        (entries, now)
    })
}

/// An hour in which everything is well and everybody says so.
fn calm(from: TimeMs) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut now = from;
    for step in 0..720 {
        now = now.plus(Span(5_000));
        if step % 6 == 0 {
            for (feed, property) in FEEDS {
                for asset in 0..ASSETS {
                    let one = reading(feed, &format!("A-{asset}"), property, 0.1, now);
                    entries.push(Entry::Observation(one));
                }
            }
        }
        entries.push(Entry::Tick(now));
    }
    entries
}

/// What was open before an entry, to be held against what is after it.
#[derive(Default)]
struct Watcher {
    before: BTreeMap<AlertKey, Alert>,
    firing: BTreeMap<AlertKey, Level>,
    turns: u64,
}

impl Watcher {
    fn look(&mut self, city: &City, log: &[AlertTurn]) -> Result<(), TestCaseError> {
        let now: BTreeMap<AlertKey, Alert> = city
            .alerts()
            .map(|alert| (alert.key.clone(), alert.clone()))
            .collect();
        prop_assert_eq!(now.len(), city.alerts().count(), "two of a key");
        let is_open = |alert: &&Alert| alert.state != AlertState::Resolved;
        for (key, alert) in &now {
            let before = self.before.get(key).filter(is_open);
            if let Some(before) = before.filter(|_| is_open(&alert)) {
                prop_assert_eq!(
                    before.since,
                    alert.since,
                    "begun again while open: {:?}",
                    key
                );
                if before.fired_at.is_some() {
                    prop_assert_eq!(before.fired_at, alert.fired_at, "fired twice: {:?}", key);
                }
            }
        }
        for turn in log {
            self.turns += 1;
            prop_assert_eq!(turn.n, self.turns);
            if turn.state == AlertState::Resolved {
                let was = self.firing.remove(&turn.key);
                prop_assert!(was.is_some(), "resolved without having fired: {:?}", turn);
                continue;
            }
            let before = self.firing.insert(turn.key.clone(), turn.level);
            prop_assert_ne!(before, Some(turn.level), "fired twice: {:?}", turn);
        }
        let firing: Vec<&AlertKey> = now
            .values()
            .filter(|alert| alert.state == AlertState::Firing)
            .map(|alert| &alert.key)
            .collect();
        prop_assert!(self.firing.keys().eq(firing), "the log is not the list");
        self.before = now;
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn one_alert_is_open_for_a_key_and_each_ends_with_its_condition(
        (mut entries, end) in journal(),
        cuts in prop::collection::vec(0..12_u8, 64),
    ) {
        entries.extend(calm(end));
        let package = package();
        let mut straight = City::new(Arc::clone(&package));
        let mut city = City::new(Arc::clone(&package));
        let mut seen = city.city_snapshot();
        let mut watcher = Watcher::default();
        let mut log = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let seq = at as u64 + 1;
            straight.apply(seq, entry);
            let turns = straight.take_alert_log();
            watcher.look(&straight, &turns)?;

            city.apply(seq, entry);
            let cut = cuts[at % 64];
            if cut < 3 {
                let changes = city.take_changes();
                seen.apply(&city.city_delta(&changes));
                prop_assert_eq!(&seen.alerts, &city.city_snapshot().alerts);
                log.extend(changes.alert_log);
            }
            if cut == 0 {
                city = City::restore(Arc::clone(&package), &city.checkpoint()).unwrap();
            }
        }
        prop_assert_eq!(city.hash(), straight.hash());
        prop_assert_eq!(city.hushes(), straight.hushes());
        prop_assert!(log.iter().zip(log.iter().skip(1)).all(|(one, next)| one.n < next.n));
        prop_assert!(straight.hushes().is_empty());
        let open: Vec<_> = straight
            .alerts()
            .filter(|alert| alert.state != AlertState::Resolved)
            .collect();
        prop_assert!(open.is_empty(), "still open: {:?}", open);
    }

    #[test]
    fn how_a_tick_is_cut_changes_no_alert(
        messages in prop::collection::vec(message(), 1..12),
        rotated in 0..12_usize,
    ) {
        // What different assets say within one second may come in any order.
        let now = TimeMs::from_rfc3339("2026-06-22T06:00:10+08:00").unwrap();
        let mut unique = BTreeMap::new();
        for (serial, (entry, _)) in (0..).zip(&messages) {
            if let Entry::Observation(one) = entry {
                unique.insert((one.feed.clone(), one.asset.clone()), at(entry, now, 0, serial));
            }
        }
        let entries: Vec<Entry> = unique.into_values().collect();
        let states = |entries: &[Entry]| {
            let mut city = City::new(package());
            city.apply(1, &Entry::Tick(now.minus(Span(1_000))));
            for (seq, entry) in (2..).zip(entries) {
                city.apply(seq, entry);
            }
            for step in 0..20 {
                city.apply(city.seq() + 1, &Entry::Tick(now.plus(Span(step * 1_000))));
            }
            let states = city.alerts().map(|alert| (alert.key.clone(), alert.state, alert.level));
            states.collect::<Vec<_>>()
        };
        let mut other = entries.clone();
        other.rotate_left(rotated % entries.len().max(1));
        prop_assert_eq!(states(&entries), states(&other));
    }
}
