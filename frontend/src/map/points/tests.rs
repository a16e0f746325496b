//! What a frame of a tile does to records.

use egret_shared::position::Position;
use egret_shared::table::Changed;
use egret_shared::tile::Cell;

use super::*;

const TILE: Tile = Tile {
    z: 9,
    x: 423,
    y: 219,
};
const NEXT: Tile = Tile {
    z: 9,
    x: 424,
    y: 219,
};

fn spot(lon: f64) -> TileSpot {
    TileSpot {
        place: Place::of(Position { lon, lat: 24.5 }),
        at: None,
        level: Level::Normal,
        stale: false,
    }
}

fn mark(handle: u32, feed: &str, lon: f64) -> TileMark {
    TileMark {
        handle,
        feed: feed.into(),
        asset: format!("{handle}").as_str().into(),
        spot: spot(lon),
    }
}

fn points() -> Points {
    let origin = Mercator::of(Position {
        lon: 118.1,
        lat: 24.5,
    });
    let mut points = Points::new(BTreeSet::from(["bus".into()]), origin, 0.0);
    let enter = vec![mark(1, "bus", 118.1), mark(2, "air", 118.2)];
    let delta = TileDelta {
        enter,
        ..TileDelta::default()
    };
    points.advance(TILE, &delta, 0.0);
    points
}

fn floats(points: &Points, slot: usize) -> Vec<f32> {
    points.bytes()[slot * STRIDE..slot * STRIDE + 24]
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect()
}

#[test]
fn a_moving_asset_glides_from_where_it_is_to_where_it_went() {
    let mut points = points();
    points.take_upload(0.0);
    let update = vec![(1, spot(118.3))];
    points.advance(
        TILE,
        &TileDelta {
            update,
            ..TileDelta::default()
        },
        2_000.0,
    );
    let record = floats(&points, 0);
    assert!(record[0].abs() < 1e-9);
    assert!((f64::from(record[2]) - 0.2 / 360.0).abs() < 1e-9);
    assert_eq!(&record[4..6], [2.0, 4.0]);
    let (upload, now_s) = points.take_upload(3_000.0);
    let first = std::iter::once(0..STRIDE).collect();
    assert_eq!(upload, Upload::Ranges(first));
    assert!((now_s - 3.0).abs() < 1e-6);
    assert_eq!(points.take_upload(3_000.0).0, Upload::Ranges(vec![]));
}

#[test]
fn a_slot_is_used_again_and_memory_does_not_grow() {
    let mut points = points();
    for round in 0..1_000_u32 {
        let delta = TileDelta {
            enter: vec![mark(round + 3, "air", 118.1)],
            leave: vec![round + 2],
            ..TileDelta::default()
        };
        points.advance(TILE, &delta, f64::from(round));
    }
    assert_eq!(points.bytes().len(), 2 * STRIDE);
    assert_eq!(points.counts().fixed, 1);
}

#[test]
fn an_asset_that_went_to_the_next_tile_is_not_taken_away_by_the_first() {
    let mut points = points();
    let enter = vec![mark(1, "bus", 118.4)];
    points.advance(
        NEXT,
        &TileDelta {
            enter,
            ..TileDelta::default()
        },
        1.0,
    );
    points.advance(
        TILE,
        &TileDelta {
            leave: vec![1],
            ..TileDelta::default()
        },
        2.0,
    );
    assert_eq!(points.counts().moving, 1);
    points.forget(NEXT);
    assert_eq!(points.counts().moving, 0);
}

#[test]
fn times_are_rebased_before_they_lose_their_milliseconds() {
    let mut points = points();
    points.take_upload(0.0);
    let (upload, now_s) = points.take_upload(REBASE_MS + 5.0);
    assert_eq!(upload, Upload::All);
    assert!(now_s.abs() < 1e-6);
    assert!((floats(&points, 0)[4] + 3_600.005).abs() < 1e-3);
}

#[test]
fn assets_are_told_where_they_are_at_the_moment() {
    let mut points = points();
    let moved = TileDelta {
        update: vec![(1, spot(118.3))],
        ..TileDelta::default()
    };
    points.advance(TILE, &moved, 2_000.0);
    let lon = |now_ms: f64| {
        let mut places = points.places(now_ms);
        let ((feed, _), level, place) = places.next().unwrap();
        assert_eq!((feed.as_str(), level), ("bus", Level::Normal));
        place.position().lon
    };
    assert!((lon(2_000.0) - 118.1).abs() < 1e-4);
    assert!((lon(3_000.0) - 118.2).abs() < 1e-4);
    assert_eq!(points.places(0.0).count(), 2);
}

const FIJI: Tile = Tile {
    z: 9,
    x: 511,
    y: 280,
};

#[test]
fn over_the_antimeridian_it_glides_the_short_way() {
    let at = |lon| TileSpot {
        place: Place::of(Position { lon, lat: -17.0 }),
        ..spot(0.0)
    };
    let origin = Mercator::of(Position {
        lon: 179.8,
        lat: -17.0,
    });
    let mut points = Points::new(BTreeSet::from(["bus".into()]), origin, 0.0);
    let mark = TileMark {
        spot: at(179.9),
        ..mark(1, "bus", 0.0)
    };
    let enter = TileDelta {
        enter: vec![mark],
        ..TileDelta::default()
    };
    points.advance(FIJI, &enter, 0.0);
    let update = TileDelta {
        update: vec![(1, at(-179.9))],
        ..TileDelta::default()
    };
    points.advance(FIJI, &update, 1_000.0);
    let record = floats(&points, 0);
    assert!((f64::from(record[0]) - 0.1 / 360.0).abs() < 1e-8);
    assert!((f64::from(record[2]) - 0.3 / 360.0).abs() < 1e-8);
    let half_way = points.points[0].at(1_500.0).position();
    assert!((half_way.lon.abs() - 180.0).abs() < 1e-6, "{half_way:?}");
}

#[test]
fn at_the_pole_a_record_is_a_number() {
    let mut points = points();
    let mut mark = mark(9, "air", 118.1);
    mark.spot.place = Place::of(Position {
        lon: 118.1,
        lat: 90.0,
    });
    let enter = TileDelta {
        enter: vec![mark],
        ..TileDelta::default()
    };
    points.advance(Tile { z: 0, x: 0, y: 0 }, &enter, 0.0);
    assert!(floats(&points, 2).iter().all(|float| float.is_finite()));
    assert!(floats(&points, 2)[1] < 0.0);
}

#[test]
fn an_update_that_changes_nothing_seen_uploads_nothing() {
    let mut points = points();
    points.take_upload(0.0);
    let held = points.points[0].to;
    let update = vec![(
        1,
        TileSpot {
            place: held,
            ..spot(0.0)
        },
    )];
    let delta = TileDelta {
        update,
        ..TileDelta::default()
    };
    points.advance(TILE, &delta, 50.0);
    assert_eq!(points.take_upload(50.0).0, Upload::Ranges(vec![]));
}

#[test]
fn cells_are_discs_that_count_and_go_with_their_tile() {
    let mut points = points();
    let cell = |cell, count| Cell {
        cell,
        count,
        moving: 3,
        stale: 1,
        alerting: 2,
        level: Level::Yellow,
    };
    let delta = TileDelta {
        leave: vec![2],
        cells: Changed {
            put: vec![cell(5, 40), cell(6, 10)],
            gone: vec![],
        },
        ..TileDelta::default()
    };
    points.advance(TILE, &delta, 0.0);
    let counts = points.counts();
    // The bus that is told alone is counted by its cell.
    assert_eq!((counts.cells, counts.moving, counts.fixed), (2, 6, 44));
    assert_eq!((counts.alerting, counts.stale), (4, 2));
    assert_eq!(points.bytes().len(), 3 * STRIDE);
    points.advance(
        TILE,
        &TileDelta {
            cells: Changed {
                put: vec![],
                gone: vec![5, 6],
            },
            ..TileDelta::default()
        },
        1.0,
    );
    assert_eq!(points.counts().cells, 0);
    points.forget(TILE);
    assert_eq!(points.counts(), Counts::default());
}

#[test]
fn a_vehicle_leaves_a_tail_of_where_it_was_and_a_fixed_asset_none() {
    let mut points = points();
    let camera = Camera {
        centre: points.origin(),
        zoom: 9.0,
        width: 1_000.0,
        height: 1_000.0,
    };
    // Nobody has seen a tail yet, so there is none.
    let update = vec![(1, spot(118.1005))];
    let delta = TileDelta {
        update,
        ..TileDelta::default()
    };
    points.advance(TILE, &delta, 500.0);
    assert_eq!(points.take_tails(&camera, 100, 500.0), None);
    for round in 1..=20_u32 {
        let lon = 118.1 + f64::from(round) * 0.001;
        let update = vec![(1, spot(lon)), (2, spot(lon))];
        let delta = TileDelta {
            update,
            ..TileDelta::default()
        };
        points.advance(TILE, &delta, f64::from(round) * 1_000.0);
    }
    let bytes = points.take_tails(&camera, 100, 20_000.0).unwrap();
    assert_eq!(bytes.len(), 8 * SEGMENT_BYTES);
    assert!(points.take_tails(&camera, 100, 30_000.0).is_none());
    points.forget(TILE);
    assert_eq!(points.take_tails(&camera, 100, 40_000.0), Some(Vec::new()));
}

/// What an update costs from the frame's bytes to the records: a tenth of all assets moved.
/// Prints a line of JSON for each size.
#[test]
#[ignore = "a measurement; run it alone, on an idle machine"]
#[expect(clippy::too_many_lines, reason = "one story of one frame")]
fn what_an_update_costs() {
    use std::time::{Duration, Instant};

    for n in [20_000_u32, 50_000, 200_000] {
        let tile = Tile {
            z: 8,
            x: 211,
            y: 109,
        };
        let place = |handle: u32, round: u32| {
            let along = |step: u32| handle.wrapping_mul(step).wrapping_add(round * 70_001) >> 8;
            let position = Position {
                lon: 118.1,
                lat: 24.5,
            };
            let middle = Place::of(position);
            tile.snap(Place {
                x: middle.x.wrapping_add(along(2_654_435_769) & 0xf_ffff),
                y: middle.y.wrapping_add(along(1_640_531_527) & 0xf_ffff),
            })
        };
        let mark = |handle| TileMark {
            spot: TileSpot {
                place: place(handle, 0),
                ..spot(0.0)
            },
            ..mark(handle, "bus", 0.0)
        };
        let mut held = TileSnapshot {
            tile,
            assets: (0..n).map(mark).collect(),
            ..TileSnapshot::default()
        };
        let mut points = points();
        points.reset(tile, &held, 0.0);
        points.take_upload(0.0);
        // The shortest of ten: what it costs, without what else the machine was doing.
        let mut least = [Duration::MAX; 3];
        let mut upload_bytes = 0;
        for round in 1..=10_u32 {
            let moved =
                (0..n).filter(|handle| handle.wrapping_mul(2_654_435_769) >> 16 & 0xff < 26);
            let spot = |handle| TileSpot {
                place: place(handle, round),
                ..spot(0.0)
            };
            let delta = TileDelta {
                tile,
                update: moved.map(|handle| (handle, spot(handle))).collect(),
                ..TileDelta::default()
            };
            let bytes = egret_shared::codec::encode(
                &egret_shared::message::ServerMessage::Delta(egret_shared::message::DeltaFrame {
                    channel: egret_shared::channel::Channel::Tile(tile),
                    generation: 1,
                    base: 1,
                    seq: 2,
                    at: egret_shared::time::TimeMs(0),
                    changes: egret_shared::delta::Delta::Tile(delta),
                }),
                egret_shared::codec::Encoding::Binary,
            )
            .unwrap();
            let began = Instant::now();
            let message = egret_shared::codec::decode(&bytes).unwrap();
            least[0] = least[0].min(began.elapsed());
            let egret_shared::message::ServerMessage::Delta(frame) = message else {
                unreachable!()
            };
            let egret_shared::delta::Delta::Tile(delta) = frame.changes else {
                unreachable!()
            };
            let began = Instant::now();
            held.apply(&delta);
            least[1] = least[1].min(began.elapsed());
            let now_ms = f64::from(round) * 1_000.0;
            let began = Instant::now();
            points.advance(tile, &delta, now_ms);
            let (upload, _) = points.take_upload(now_ms);
            least[2] = least[2].min(began.elapsed());
            let Upload::Ranges(ranges) = upload else {
                unreachable!()
            };
            assert!(ranges.len() < 100, "{} uploads", ranges.len());
            upload_bytes += ranges.iter().map(ExactSizeIterator::len).sum::<usize>();
        }
        let [decode_ms, apply_ms, advance_ms] = least.map(|time| time.as_secs_f64() * 1e3);
        let all_ms = decode_ms + apply_ms + advance_ms;
        println!(
            "{{\"figure\":\"layer\",\"assets\":{n},\"decode_ms\":{decode_ms:.2},\"apply_ms\":{apply_ms:.2},\"advance_ms\":{advance_ms:.2},\"all_ms\":{all_ms:.2},\"upload_kb\":{}}}",
            upload_bytes / 10_000,
        );
    }
}
