//! What holds for any journal: deltas lead from snapshot to snapshot, and neither cutting nor
//! restarting shows.

use std::sync::{Arc, LazyLock};

use egret_city::checkpoint::RestoreError;
use egret_city::{Changes, City, Entry, Refused};
use egret_package::Package;
use egret_shared::level::Level;
use egret_shared::package::rule::IncidentDef;
use egret_shared::position::Position;
use egret_shared::rejection::{Reason, Stage};
use egret_shared::time::{Span, TimeMs};
use proptest::prelude::*;

use crate::story::{at_place, call, reading, tiny, tiny_with};

/// What happens, and how long after the thing before.
#[derive(Clone, Debug)]
enum Happening {
    Reading {
        feed: usize,
        asset: u8,
        v: f64,
        late_ms: i64,
        place: Option<(f64, f64)>,
        message: Option<u8>,
    },
    Call {
        id: u8,
        place: (f64, f64),
        late_ms: i64,
    },
    Refusal(Option<usize>),
    Nothing,
}

const FEEDS: [(&str, &str); 4] = [
    ("manhole", "water_level"),
    ("road", "ponding_depth"),
    ("probe-car", "speed"),
    ("air", "pm2_5"),
];

fn place() -> impl Strategy<Value = (f64, f64)> {
    // A tenth of a kilometre across, on the corner of three areas, and now and then outside.
    prop_oneof![
        9 => (118.099_5_f64..118.100_5, 24.499_5_f64..24.500_5),
        1 => Just((118.3, 24.5)),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    let late = prop_oneof![4 => Just(0_i64), 3 => 0..120_000_i64, 1 => 0..1_200_000_i64];
    prop_oneof![
        12 => (0..4_usize, 0..8_u8, 0.0_f64..40.0, late.clone(), prop::option::weighted(0.8, place()), prop::option::weighted(0.5, 0..40_u8))
            .prop_map(|(feed, asset, v, late_ms, place, message)| Happening::Reading { feed, asset, v, late_ms, place, message }),
        3 => (0..30_u8, place(), late).prop_map(|(id, place, late_ms)| Happening::Call { id, place, late_ms }),
        1 => prop::option::of(0..4_usize).prop_map(Happening::Refusal),
        6 => Just(Happening::Nothing),
    ]
}

/// A journal: ticks at least every second while time goes on, and pauses now and then.
fn journal() -> impl Strategy<Value = Vec<Entry>> {
    let step = prop_oneof![6 => 0..900_i64, 4 => 1_000..40_000_i64, 1 => 60_000..400_000_i64];
    prop::collection::vec((step, happening()), 1..60).prop_map(|steps| {
        let mut now = TimeMs::from_rfc3339("2026-06-22T23:50:00+08:00").unwrap();
        let mut entries = vec![Entry::Package(7), Entry::Tick(now)];
        for (step_ms, happening) in steps {
            let until = now.plus(Span(step_ms));
            while until.since(now).ms() > 5_000 && step_ms < 60_000 {
                now = now.plus(Span(5_000));
                entries.push(Entry::Tick(now));
            }
            now = until;
            entries.push(entry(&happening, now));
        }
        entries.push(Entry::Tick(now));
        entries
    })
}

fn entry(happening: &Happening, now: TimeMs) -> Entry {
    let position = |(lon, lat)| Position::checked(lon, lat).unwrap();
    match *happening {
        Happening::Nothing => Entry::Tick(now),
        Happening::Refusal(feed) => Entry::Refused(Refused {
            feed: feed.map(|feed| FEEDS[feed].0.into()),
            stage: Stage::Validate,
            reason: Reason::OutOfRange,
            received_at: now,
        }),
        Happening::Call { id, place, late_ms } => {
            let mut report = call(
                &format!("R-{id}"),
                position(place),
                now.minus(Span(late_ms)),
            );
            report.received_at = now;
            Entry::Report(report)
        }
        Happening::Reading {
            feed,
            asset,
            v,
            late_ms,
            place,
            message,
        } => {
            let (feed, property) = FEEDS[feed];
            let v = if property == "water_level" {
                v / 10.0
            } else {
                v
            };
            let mut one = reading(
                feed,
                &format!("A-{asset}"),
                property,
                v,
                now.minus(Span(late_ms)),
            );
            one.received_at = now;
            one.message = message.map(|id| format!("{id}").as_str().into());
            match place {
                Some(place) if place.0 < 118.2 => one = at_place(one, position(place)),
                Some(place) => (one.position, one.area) = (Some(position(place)), None),
                None => (one.position, one.area) = (None, None),
            }
            Entry::Observation(one)
        }
    }
}

/// The tiny city with quick rules, so that random journals get somewhere.
fn eager(registered: bool) -> Arc<Package> {
    static EAGER: LazyLock<[Arc<Package>; 2]> = LazyLock::new(|| [false, true].map(quickened));
    Arc::clone(&EAGER[usize::from(registered)])
}

fn quickened(registered: bool) -> Arc<Package> {
    let csv = "feed,asset,name_zh,name_en,lon,lat,area\nmanhole,A-1,一,One,118.0999,24.4999,\nroad,A-2,二,Two,118.1001,24.4999,\n";
    let package = if registered {
        tiny_with("assets.csv", csv)
    } else {
        tiny()
    };
    let mut package = Package::clone(&package);
    for rule in &mut package.rules.rules {
        rule.hold = Span(rule.hold.ms() / 60);
        rule.keep_for = Span(rule.keep_for.ms() / 60);
    }
    package.rules.incident = IncidentDef {
        limits: [(Level::Red, Span(7_200_000))].into(),
        ..package.rules.incident
    };
    Arc::new(package)
}

fn fold(package: &Arc<Package>, entries: &[Entry]) -> City {
    let mut city = City::new(Arc::clone(package));
    for (seq, entry) in (1..).zip(entries) {
        city.apply(seq, entry);
    }
    city
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn deltas_lead_from_one_snapshot_to_any_later_one(
        entries in journal(),
        registered in any::<bool>(),
        cuts in prop::collection::vec(any::<bool>(), 64),
        merges in prop::collection::vec(any::<bool>(), 64),
    ) {
        let mut city = City::new(eager(registered));
        let mut seen = city.city_snapshot();
        let mut of_level = city.metric_snapshot(&"water.manhole_level_max".into());
        let mut waiting = Changes::default();
        for (at, entry) in entries.iter().enumerate() {
            city.apply(at as u64 + 1, entry);
            let last = at + 1 == entries.len();
            if !cuts[at % 64] && !last {
                continue;
            }
            waiting.merge(city.take_changes());
            if merges[at % 64] && !last {
                continue;
            }
            seen.apply(&city.city_delta(&waiting));
            prop_assert_eq!(&seen, &city.city_snapshot());
            of_level.apply(&city.metric_delta(&"water.manhole_level_max".into(), &waiting));
            prop_assert_eq!(&of_level, &city.metric_snapshot(&"water.manhole_level_max".into()));
            waiting = Changes::default();
        }
    }

    #[test]
    fn every_asset_that_changed_is_named(entries in journal(), registered in any::<bool>()) {
        let mut city = City::new(eager(registered));
        let mut seen: std::collections::BTreeMap<_, _> = city.assets().map(|mark| (mark.handle, mark)).collect();
        for (seq, entry) in (1..).zip(&entries) {
            city.apply(seq, entry);
            for handle in city.take_changes().assets {
                seen.extend(city.mark(handle).map(|mark| (handle, mark)));
            }
            let now: std::collections::BTreeMap<_, _> = city.assets().map(|mark| (mark.handle, mark)).collect();
            prop_assert_eq!(&seen, &now);
        }
    }

    #[test]
    fn neither_cuts_nor_restarts_show_in_the_hash(
        entries in journal(),
        registered in any::<bool>(),
        cuts in prop::collection::vec(0..20_u8, 64),
    ) {
        let package = eager(registered);
        let straight = fold(&package, &entries);
        let mut city = City::new(Arc::clone(&package));
        let mut closed = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            city.apply(at as u64 + 1, entry);
            match cuts[at % 64] {
                0..4 => closed.append(&mut city.take_changes().closed),
                4 => {
                    closed.append(&mut city.take_changes().closed);
                    city = City::restore(Arc::clone(&package), &city.checkpoint()).unwrap();
                }
                5 => drop((city.hash(), city.city_snapshot())),
                _ => {}
            }
        }
        closed.append(&mut city.take_changes().closed);
        prop_assert_eq!(city.hash(), straight.hash());
        prop_assert_eq!(city.checkpoint(), straight.checkpoint());
        prop_assert_eq!(city.city_snapshot(), straight.city_snapshot());
        let mut straight = straight;
        prop_assert_eq!(closed, straight.take_changes().closed);
    }
}

#[test]
fn another_journal_has_another_hash() {
    let package = tiny();
    let now = TimeMs::from_rfc3339("2026-06-22T06:00:00+08:00").unwrap();
    let one = |v: f64| {
        [
            Entry::Tick(now),
            Entry::Observation(reading("manhole", "M-1", "water_level", v, now)),
        ]
    };
    let hash = |v: f64| fold(&package, &one(v)).hash();
    assert_eq!(hash(1.0), hash(1.0));
    assert_ne!(hash(1.0), hash(1.000_000_1));
}

#[test]
fn a_checkpoint_of_another_package_or_with_a_flaw_is_refused() {
    let city = City::new(tiny());
    let mut bytes = city.checkpoint();
    let other = tiny_with(
        "assets.csv",
        "feed,asset,name_zh,name_en,lon,lat,area\nmanhole,M-1,一,One,118.05,24.45,\n",
    );
    assert!(matches!(
        City::restore(other, &bytes),
        Err(RestoreError::OtherPackage { .. })
    ));
    let last = bytes.len() - 20;
    bytes[last] ^= 1;
    assert!(City::restore(tiny(), &bytes).is_err());
    assert!(City::restore(tiny(), &[]).is_err());
}

#[test]
fn a_city_can_be_handed_to_another_thread() {
    fn assert_send<T: Send + Sync>() {}
    assert_send::<City>();
}
