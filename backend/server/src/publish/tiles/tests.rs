//! Views of tiles against the plain definition: what is in a tile is every asset whose place it
//! holds, found by looking at all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use egret_shared::asset::{AssetMark, AssetSpot};
use egret_shared::channel::Channel;
use egret_shared::codec::{self, Encoding};
use egret_shared::level::Level;
use egret_shared::message::{DeltaFrame, ServerMessage};
use egret_shared::position::Position;
use egret_shared::tile::Cell;
use egret_shared::time::TimeMs;
use proptest::prelude::*;

use super::*;

/// A city of assets that jump about.
#[derive(Default)]
struct Town {
    assets: BTreeMap<u32, Placed>,
}

fn placed(handle: u32, (east, north): (f64, f64), level: usize) -> Placed {
    let spot = AssetSpot {
        position: Position {
            lon: 118.0 + east,
            lat: 24.4 + north,
        },
        at: Some(TimeMs(handle.into())),
        level: Level::ALL[level],
        stale: handle.is_multiple_of(7),
    };
    let mark = AssetMark {
        handle,
        feed: if handle.is_multiple_of(2) {
            "bus"
        } else {
            "air"
        }
        .into(),
        asset: format!("A-{handle}").as_str().into(),
        spot,
    };
    let area = if east < 0.05 { "west" } else { "east" };
    (mark, Some(area.into()))
}

/// All buses, and what is not buses in the west.
fn sees(feed: &FeedId, area: Option<&AreaCode>) -> bool {
    feed.as_str() == "bus" || area.is_some_and(|area| area.as_str() == "west")
}

fn index(town: &Town) -> TileIndex {
    TileIndex::new(
        BTreeSet::from(["bus".into()]),
        town.assets.values().cloned(),
    )
}

impl Town {
    /// Every asset in a tile that may be seen.
    fn in_tile(&self, tile: Tile) -> Table<TileMark> {
        let inside = |(mark, area): &&Placed| {
            Tile::of(tile.z, mark.spot.position) == tile && sees(&mark.feed, area.as_ref())
        };
        let inside = self.assets.values().filter(inside);
        inside
            .map(|(mark, _)| TileMark::of(tile, mark.clone()))
            .collect()
    }
}

/// Looks at the town through an index.
fn with_sources<R>(town: &Town, index: &TileIndex, look: impl FnOnce(&Sources<'_>) -> R) -> R {
    look(&Sources {
        index,
        mark: &|handle| town.assets.get(&handle).map(|(mark, _)| mark.clone()),
        sees: &sees,
    })
}

fn tiles() -> Vec<Tile> {
    let centre = Position {
        lon: 118.05,
        lat: 24.45,
    };
    let beside = Position {
        lon: 118.02,
        lat: 24.42,
    };
    let zooms = [0, 5, 9, 12, 13, 14, 16];
    let all = zooms.map(|z| [Tile::of(z, centre), Tile::of(z, beside)]);
    all.into_iter().flatten().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_a_client_holds_is_what_is_in_its_tile(
        frames in proptest::collection::vec(
            proptest::collection::btree_map(
                0..60_u32,
                proptest::option::weighted(0.9, ((0.0..0.1_f64, 0.0..0.1_f64), 0..5_usize)),
                0..20,
            ),
            1..8,
        ),
    ) {
        let mut town = Town::default();
        let mut index = index(&town);
        let now = Instant::now();
        let mut open: Vec<(Tile, TileView, Snapshot)> = with_sources(&town, &index, |from| {
            let open = |tile| {
                let (view, snapshot) = TileView::open(tile, from, now);
                (tile, view, Snapshot::Tile(snapshot))
            };
            tiles().into_iter().map(open).collect()
        });
        for frame in frames {
            let mut changed = Vec::new();
            for (handle, to) in frame {
                let new = to.map(|(at, level)| placed(handle, at, level));
                town.assets.remove(&handle);
                town.assets.extend(new.clone().map(|new| (handle, new)));
                changed.push((handle, new));
            }
            index.advance(changed.into_iter());
            for (tile, view, held) in &mut open {
                let news = with_sources(&town, &index, |from| view.news(held, from, now));
                if let Some(news) = news {
                    held.apply(&news).unwrap();
                }
                let Snapshot::Tile(held) = held else { unreachable!() };
                prop_assert_eq!(&held.assets, &town.in_tile(*tile));
                let fresh = with_sources(&town, &index, |from| TileView::open(*tile, from, now));
                prop_assert_eq!(&*held, &fresh.1);
            }
        }
    }
}

/// Puts `n` buses into the town, one in a hundred with an alert.
fn crowd(town: &mut Town, n: u32) -> Vec<(u32, Option<Placed>)> {
    let mut changed = Vec::new();
    for handle in 0..n {
        let share = |step: u32| f64::from(handle.wrapping_mul(step) % 9_973) / 99_730.0;
        let level = if handle.is_multiple_of(100) {
            1 + handle as usize / 100 % 4
        } else {
            0
        };
        let new = placed(handle * 2, (share(7_919), share(104_729)), level);
        town.assets.insert(handle * 2, new.clone());
        changed.push((handle * 2, Some(new)));
    }
    changed
}

/// One tile of a town, as a client follows it.
struct Followed {
    town: Town,
    index: TileIndex,
    tile: Tile,
    view: TileView,
    held: Snapshot,
}

impl Followed {
    fn new(now: Instant) -> Self {
        let town = Town::default();
        let index = index(&town);
        let centre = Position {
            lon: 118.05,
            lat: 24.45,
        };
        let tile = Tile::of(9, centre);
        let (view, held) = with_sources(&town, &index, |from| TileView::open(tile, from, now));
        Self {
            town,
            index,
            tile,
            view,
            held: Snapshot::Tile(held),
        }
    }

    /// What the client holds after these changes.
    fn after(&mut self, changed: Vec<(u32, Option<Placed>)>, now: Instant) -> &TileSnapshot {
        self.index.advance(changed.into_iter());
        let view = &mut self.view;
        let held = &self.held;
        let news = with_sources(&self.town, &self.index, |from| view.news(held, from, now));
        if let Some(news) = news {
            self.held.apply(&news).unwrap();
        }
        let Snapshot::Tile(held) = &self.held else {
            unreachable!()
        };
        held
    }

    fn n_alerting(&self) -> usize {
        let all = self.town.in_tile(self.tile);
        all.iter()
            .filter(|mark| mark.spot.level > Level::Normal)
            .count()
    }

    /// Takes the first `n` away.
    fn without(&mut self, n: usize) -> Vec<(u32, Option<Placed>)> {
        let gone: Vec<u32> = self.town.assets.keys().copied().take(n).collect();
        self.town.assets.retain(|handle, _| !gone.contains(handle));
        gone.into_iter().map(|handle| (handle, None)).collect()
    }
}

fn count(cells: &Table<Cell>) -> usize {
    cells.iter().map(|cell| cell.count as usize).sum()
}

#[test]
fn a_tile_with_too_many_assets_counts_them_in_cells_and_tells_the_worst_alone() {
    let now = Instant::now();
    let mut followed = Followed::new(now);
    let n = COUNTED_ABOVE + 1;
    let came = crowd(&mut followed.town, u32::try_from(n).unwrap());
    let held = followed.after(came, now).clone();
    assert_eq!(count(&held.cells), n);
    let moving = held.cells.iter().map(|cell| cell.moving as usize);
    assert_eq!(moving.sum::<usize>(), n);
    assert_eq!(held.assets.len(), followed.n_alerting());
    assert!(held.cells.iter().any(|cell| cell.level == Level::Red));

    // Cells wait for their second, alerts do not.
    let gone = followed.without(n - SINGLE_BELOW);
    let held = followed.after(gone, now).clone();
    assert_eq!(count(&held.cells), n);
    assert_eq!(held.assets.len(), followed.n_alerting());
    assert!(followed.view.is_due());
    let late = now + Duration::from_secs(2);
    let held = followed.after(Vec::new(), late);
    assert_eq!(count(&held.cells), SINGLE_BELOW);
    assert!(!followed.view.is_due());
}

#[test]
fn near_the_limit_a_tile_does_not_flip_to_and_fro() {
    let now = Instant::now();
    let mut followed = Followed::new(now);
    let n = u32::try_from(COUNTED_ABOVE).unwrap();
    let came = crowd(&mut followed.town, n);
    let held = followed.after(came, now);
    assert!(held.cells.is_empty() && held.assets.len() == COUNTED_ABOVE);
    let came = crowd(&mut followed.town, n + 1);
    assert!(!followed.after(came, now).cells.is_empty());
    let gone = followed.without(COUNTED_ABOVE + 1 - SINGLE_BELOW);
    assert!(!followed.after(gone, now).cells.is_empty());
    let gone = followed.without(1);
    let held = followed.after(gone, now).clone();
    assert!(held.cells.is_empty());
    assert_eq!(held.assets, followed.town.in_tile(followed.tile));
}

#[test]
fn a_street_is_never_counted() {
    let mut town = Town::default();
    let here = Position {
        lon: 118.0,
        lat: 24.4,
    };
    for handle in 0..u32::try_from(COUNTED_ABOVE).unwrap() + 10 {
        town.assets
            .insert(handle * 2, placed(handle * 2, (0.0, 0.0), 0));
    }
    let index = index(&town);
    let open = |z| {
        with_sources(&town, &index, |from| {
            TileView::open(Tile::of(z, here), from, Instant::now()).1
        })
    };
    assert!(open(COUNTED_Z_MAX + 1).cells.is_empty());
    assert_eq!(open(COUNTED_Z_MAX).cells.len(), 1);
}

/// Vehicles that go about in the subdistrict.
const OWN: u32 = 400;

/// The four tiles around the middle of the subdistrict at zoom 14.
fn subdistrict() -> BTreeSet<Tile> {
    let corners = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)];
    corners
        .map(|(east, north)| {
            let (lon, lat) = (118.05 + east * 0.012, 24.45 + north * 0.012);
            Tile::of(14, Position { lon, lat })
        })
        .into()
}

fn share(n: u32, step: u32) -> f64 {
    f64::from(n.wrapping_mul(step) % 9_973) / 9_973.0
}

/// A vehicle of the subdistrict, by its number there; it goes on every fifty rounds.
fn own_at(handle: u32, own: u32, round: u32) -> Placed {
    let drift = 0.0001 * f64::from(round.div_ceil(50));
    let (east, north) = (share(own, 7_919) - 0.5, share(own, 104_729) - 0.5);
    placed(handle, (0.05 + 0.02 * east + drift, 0.05 + 0.02 * north), 0)
}

/// Another vehicle: west of the subdistrict, or east of it.
fn other_at(handle: u32) -> Placed {
    let (east, north) = (share(handle, 7_919), share(handle, 104_729));
    let west_edge = if handle.is_multiple_of(4) { 0.0 } else { 0.09 };
    placed(handle, (west_edge + 0.01 * east, 0.1 * north), 0)
}

/// Bytes that one who follows the subdistrict is sent in ten seconds, ten frames a second, in a
/// city of `n` vehicles. Each of the subdistrict's tells of itself every five seconds; the others
/// stand in the rest of the city, one in a hundred tells each second.
fn bytes_to_a_subdistrict(n: u32) -> usize {
    let now = Instant::now();
    // The subdistrict's handles lie among all others.
    let handle_of = |own: u32| own * (n / OWN) * 2;
    let mut town = Town::default();
    for handle in (0..n).map(|n| n * 2) {
        town.assets.insert(handle, other_at(handle));
    }
    for own in 0..OWN {
        let handle = handle_of(own);
        town.assets.insert(handle, own_at(handle, own, 0));
    }
    let mut index = index(&town);
    let open = |tile| {
        let (view, held) = with_sources(&town, &index, |from| TileView::open(tile, from, now));
        (tile, view, Snapshot::Tile(held))
    };
    let mut open: Vec<(Tile, TileView, Snapshot)> = subdistrict().into_iter().map(open).collect();
    let mut bytes = 0;
    for round in 1..=100_u32 {
        let mut changed = BTreeMap::new();
        for k in 0..n / 1_000 {
            let handle = (k * 1_000 + round * 7) % n * 2;
            let known = town.assets.get(&handle).unwrap().clone();
            changed.insert(handle, known);
        }
        for k in 0..OWN / 50 {
            let own = k * 50 + round % 50;
            let handle = handle_of(own);
            changed.insert(handle, own_at(handle, own, round));
        }
        town.assets.extend(changed.clone());
        index.advance(
            changed
                .into_iter()
                .map(|(handle, placed)| (handle, Some(placed))),
        );
        for (tile, view, held) in &mut open {
            let news = with_sources(&town, &index, |from| view.news(held, from, now));
            let Some(changes) = news else { continue };
            held.apply(&changes).unwrap();
            let frame = DeltaFrame {
                channel: Channel::Tile(*tile),
                generation: 1_782_079_500_123,
                base: u64::from(round) * 100,
                seq: u64::from(round) * 100 + 100,
                at: TimeMs(1_782_079_500_123),
                changes,
            };
            let message = ServerMessage::Delta(frame);
            bytes += codec::encode(&message, Encoding::Binary).unwrap().len();
        }
    }
    bytes
}

#[test]
fn bytes_to_one_who_looks_at_a_subdistrict_stay_when_the_city_grows_tenfold() {
    let (small, large) = (
        bytes_to_a_subdistrict(20_000),
        bytes_to_a_subdistrict(200_000),
    );
    println!("{small} and {large} bytes in ten seconds");
    assert!(small > 10_000, "800 reports must be told: {small} bytes");
    assert!(large * 10 <= small * 11, "{small} bytes became {large}");
}

/// What a frame of 2,000 changes among 200,000 assets costs with 50 tiles followed, and what it
/// did when every tile looked at every change. Prints a line of JSON.
#[test]
#[ignore = "a measurement; run it alone, on an idle machine"]
fn the_cost_of_a_frame_is_its_changes_and_not_tiles_times_changes() {
    let mut town = Town::default();
    crowd(&mut town, 200_000);
    let began = Instant::now();
    let mut index = index(&town);
    let index_ms = began.elapsed().as_secs_f64() * 1e3;
    let now = Instant::now();
    let centre = Position {
        lon: 118.05,
        lat: 24.45,
    };
    let middle = Tile::of(14, centre);
    let tiles = (0..50).map(|n| Tile {
        x: middle.x - 2 + n % 5,
        y: middle.y - 5 + n / 5,
        ..middle
    });
    let opened: Vec<(TileView, Snapshot, Tile)> = with_sources(&town, &index, |from| {
        let open = |tile| {
            let (view, snapshot) = TileView::open(tile, from, now);
            (view, Snapshot::Tile(snapshot), tile)
        };
        tiles.map(open).collect()
    });
    let open_ms = now.elapsed().as_secs_f64() * 1e3 / 50.0;
    let mut open = opened;
    // The shortest of twenty rounds: what it costs, without what else the machine was doing.
    let mut least = [Duration::MAX; 3];
    let mut at_least = |n: usize, began: Instant| least[n] = least[n].min(began.elapsed());
    for round in 1..=20_u32 {
        // Each goes some hundred metres.
        let moved = |n: u32| {
            let handle = (n * 97 + round) % 200_000;
            let share = |step: u32| f64::from(handle.wrapping_mul(step) % 9_973) / 99_730.0;
            let there = (share(7_919), share(104_729) + 0.0001 * f64::from(round));
            (handle * 2, placed(handle * 2, there, 0))
        };
        let changed: BTreeMap<u32, Placed> = (0..2_000).map(moved).collect();
        town.assets.extend(changed.clone());
        let began = Instant::now();
        let mut n_inside = 0;
        for (_, _, tile) in &open {
            for (mark, area) in changed.values() {
                let inside = Tile::of(tile.z, mark.spot.position) == *tile;
                n_inside += usize::from(inside && sees(&mark.feed, area.as_ref()));
            }
        }
        at_least(0, began);
        assert!(n_inside > 0);
        let began = Instant::now();
        let changed = changed.into_iter();
        index.advance(changed.map(|(handle, placed)| (handle, Some(placed))));
        at_least(1, began);
        let began = Instant::now();
        for (view, held, _) in &mut open {
            let news = with_sources(&town, &index, |from| view.news(held, from, now));
            if let Some(news) = news {
                held.apply(&news).unwrap();
            }
        }
        at_least(2, began);
    }
    let [before_ms, advance_ms, news_ms] = least.map(|time| time.as_secs_f64() * 1e3);
    println!(
        "{{\"figure\":\"tiles\",\"index_ms\":{index_ms:.0},\"open_ms\":{open_ms:.2},\"looking_before_ms\":{before_ms:.2},\"advance_ms\":{advance_ms:.2},\"news_ms\":{news_ms:.2}}}",
    );
    assert!(least[1] + least[2] < least[0], "{least:?}");
}
