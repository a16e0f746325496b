//! One reducer, two forms: what is held after deltas equals a fresh snapshot, in either form, and
//! a changed asset costs few bytes.

use proptest::prelude::*;

use super::*;
use crate::position::Position;

const XIAMEN: Position = Position {
    lon: 118.09,
    lat: 24.48,
};

/// A tile by its zoom, and places in it by shares of its sides.
fn place_in(tile: Tile, x: f64, y: f64) -> Place {
    let side = 2_f64.powi(32 - i32::from(tile.z));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a side"
    )]
    let along = |first: u32, share: f64| ((f64::from(first) + share) * side) as u32;
    Place {
        x: along(tile.x, x),
        y: along(tile.y, y),
    }
}

prop_compose! {
    fn spot(tile: Tile)(
        x in 0.0..1.0_f64, y in 0.0..1.0_f64,
        at in proptest::option::of(1_700_000_000_000..1_700_000_100_000_i64),
        level in 0..5_usize, stale: bool,
    ) -> TileSpot {
        TileSpot {
            place: tile.snap(place_in(tile, x, y)),
            at: at.map(TimeMs),
            level: Level::ALL[level],
            stale,
        }
    }
}

prop_compose! {
    fn cell()(cell in 0..1024_u16, count in 1..9_000_u32, level in 0..5_usize) -> Cell {
        Cell { cell, count, moving: count / 2, stale: count / 3, alerting: count / 4, level: Level::ALL[level] }
    }
}

fn snapshot(tile: Tile) -> impl Strategy<Value = TileSnapshot> {
    let mark = (0..40_u32, 0..3_u8, spot(tile)).prop_map(|(handle, feed, spot)| TileMark {
        handle: handle * 37,
        feed: format!("feed-{feed}").as_str().into(),
        asset: format!("A-{handle}").as_str().into(),
        spot,
    });
    let assets = proptest::collection::vec(mark, 0..30);
    let cells = proptest::collection::vec(cell(), 0..20);
    (assets, cells).prop_map(move |(assets, cells)| TileSnapshot {
        tile,
        assets: assets.into_iter().collect(),
        cells: cells.into_iter().collect(),
    })
}

fn snapshots() -> impl Strategy<Value = Vec<TileSnapshot>> {
    (0..=Tile::Z_MAX).prop_flat_map(|z| {
        let tile = Tile::of(z, XIAMEN);
        proptest::collection::vec(snapshot(tile), 3)
    })
}

fn binary<T: Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    postcard::from_bytes(&postcard::to_stdvec(value).unwrap()).unwrap()
}

fn json<T: Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn deltas_lead_to_the_fresh_snapshot_singly_and_merged_in_either_form(states in snapshots()) {
        let [first, second, third] = &states[..] else { unreachable!() };
        let mut one = first.change_to(second);
        let two = second.change_to(third);
        let mut held = binary(first);
        prop_assert_eq!(&held, first);
        held.apply(&binary(&one));
        prop_assert_eq!(&held, second);
        held.apply(&json(&two));
        prop_assert_eq!(&held, third);
        one.merge(&two);
        let mut held = json(first);
        held.apply(&binary(&one));
        prop_assert_eq!(&held, third);
    }

    #[test]
    fn bytes_that_are_no_columns_are_refused_and_nothing_worse(bytes: Vec<u8>) {
        let framed = postcard::to_stdvec(&serde_bytes(&bytes)).unwrap();
        drop(postcard::from_bytes::<TileDelta>(&framed));
        drop(postcard::from_bytes::<TileSnapshot>(&framed));
    }

    #[test]
    fn a_place_is_rounded_by_half_a_step_at_most(z in 0..=Tile::Z_MAX, x in 0.0..1.0_f64, y in 0.0..1.0_f64) {
        let tile = Tile::of(z, XIAMEN);
        let exact = place_in(tile, x, y);
        let rounded = tile.snap(exact);
        prop_assert!(tile.holds(rounded));
        let half_step = 1_u32 << (Tile::Z_MAX - z) >> 1;
        prop_assert!(rounded.x.abs_diff(exact.x) <= half_step);
        prop_assert!(rounded.y.abs_diff(exact.y) <= half_step);
        // As wide as a tile is drawn at most, in the screen's own pixels.
        let error_px = f64::from(half_step) / 2_f64.powi(32 - i32::from(z)) * 4_096.0;
        prop_assert!(error_px < 0.1, "{error_px} px");
        if z >= 12 {
            let error_m = exact.position().distance_m(rounded.position());
            prop_assert!(error_m < 0.15, "{error_m} m");
        }
    }

    #[test]
    fn a_cell_holds_what_is_counted_in_it(z in 0..=Tile::Z_MAX, x in 0.0..1.0_f64, y in 0.0..1.0_f64) {
        let tile = Tile::of(z, XIAMEN);
        let place = place_in(tile, x, y);
        let cell = tile.cell_of(place);
        let middle = tile.cell_middle(cell);
        prop_assert_eq!(tile.cell_of(middle), cell);
        let half_cell = 1_u32 << (31 - u32::from(z) - u32::from(CELL_BITS));
        prop_assert!(middle.x.abs_diff(place.x) <= half_cell);
        prop_assert!(middle.y.abs_diff(place.y) <= half_cell);
    }
}

/// Bytes as postcard frames them.
fn serde_bytes(bytes: &[u8]) -> impl Serialize + use<'_> {
    struct Bytes<'a>(&'a [u8]);
    impl Serialize for Bytes<'_> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }
    Bytes(bytes)
}

/// A fleet of 2,000 among 20,000 assets, a tenth of a second of reports each five seconds old at
/// most, one in fifty with an alert or silent.
#[test]
fn an_asset_that_moved_costs_at_most_ten_bytes() {
    let tile = Tile::of(12, XIAMEN);
    let mut state = 7_u64;
    let mut dice = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let share = |dice: &mut dyn FnMut(u64) -> u64| dice(1 << 20) as f64 / f64::from(1 << 20);
    let mut update = Vec::new();
    for handle in 0..20_000_u32 {
        if dice(10) > 0 {
            continue;
        }
        let (x, y) = (share(&mut dice), share(&mut dice));
        let late_ms = i64::try_from(dice(5_000)).unwrap();
        let is_odd = dice(50) == 0;
        let spot = TileSpot {
            place: tile.snap(place_in(tile, x, y)),
            at: Some(TimeMs(1_782_079_500_123 - late_ms)),
            level: if is_odd { Level::Orange } else { Level::Normal },
            stale: dice(50) == 0,
        };
        update.push((handle, spot));
    }
    let delta = TileDelta {
        tile,
        update,
        ..TileDelta::default()
    };
    let bytes = postcard::to_stdvec(&delta).unwrap().len() as f64;
    let bytes_each = bytes / delta.update.len() as f64;
    assert!(
        (5.0..=10.0).contains(&bytes_each),
        "{bytes_each} bytes each"
    );
}

#[test]
fn json_has_rows_that_anybody_can_read() {
    let tile = Tile::of(12, XIAMEN);
    let spot = TileSpot {
        place: tile.snap(Place::of(XIAMEN)),
        at: Some(TimeMs(1_782_079_500_123)),
        level: Level::Yellow,
        stale: false,
    };
    let delta = TileDelta {
        tile,
        update: vec![(7, spot)],
        ..TileDelta::default()
    };
    let json = serde_json::to_value(&delta).unwrap();
    let row = &json["update"][0];
    assert_eq!(row[0], 7);
    assert!((row[1]["position"][0].as_f64().unwrap() - XIAMEN.lon).abs() < 1e-6);
    assert!((row[1]["position"][1].as_f64().unwrap() - XIAMEN.lat).abs() < 1e-6);
    assert_eq!(row[1]["at"], "2026-06-21T22:05:00.123Z");
    assert_eq!(row[1]["level"], "yellow");
}
