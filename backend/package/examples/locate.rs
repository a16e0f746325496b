//! How fast points are located, against plain `geo`: one JSON line per raster size.
//!
//! `cargo run --release -p egret-package --example locate -- assets/xiamen`

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use egret_package::areas::index::CELLS_MAX;
use egret_package::areas::{AreaIdx, AreaIndex, AreaTree};
use egret_package::{Package, folder};
use egret_shared::position::Position;
use geo::{BoundingRect as _, Contains as _, Point, Rect};

/// Enough that neither the points nor their answers are learnt by a branch predictor.
const N_POINTS: usize = 1 << 18;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "assets/xiamen".to_owned());
    let files = folder::read(Path::new(&path))?;
    let package = Package::load(&files).map_err(|problems| {
        problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    })?;
    let tree = package.area_tree();
    let points = points(tree);
    let plain = Plain::new(tree);
    let plain_per_s = per_second(&points, |point| plain.locate(*point));
    for cells_max in [128, 256, CELLS_MAX, 1024] {
        let index = AreaIndex::with_cells(tree, cells_max);
        let agree = points
            .iter()
            .filter(|point| index.locate(**point) == plain.locate(**point));
        let agree = agree.count() as f64 / N_POINTS as f64;
        let index_per_s = per_second(&points, |point| index.locate(*point));
        let (n_cells, n_crossed) = index.cells();
        println!(
            "{{\"bench\":\"locate\",\"cells_max\":{cells_max},\"lookups_per_s\":{index_per_s:.0},\
             \"geo_per_s\":{plain_per_s:.0},\"ratio_vs_geo\":{:.1},\"agree\":{agree:.6},\
             \"cells\":{n_cells},\"crossed\":{n_crossed},\"bytes\":{}}}",
            index_per_s / plain_per_s,
            index.size_bytes(),
        );
    }
    Ok(())
}

/// Bounding box, then `geo`'s contains, finest areas first: what one writes first.
struct Plain<'t> {
    areas: Vec<(AreaIdx, Rect<f64>, &'t geo::MultiPolygon<f64>)>,
}

impl<'t> Plain<'t> {
    fn new(tree: &'t AreaTree) -> Self {
        let outlined = |area: AreaIdx| {
            let polygon = tree.polygon(area)?;
            Some((area, polygon.bounding_rect()?, polygon))
        };
        let mut areas: Vec<_> = tree.iter().filter_map(outlined).collect();
        areas.sort_by_key(|(area, ..)| std::cmp::Reverse(tree.depth(*area)));
        Self { areas }
    }

    fn locate(&self, position: Position) -> Option<AreaIdx> {
        let point = Point::new(position.lon, position.lat);
        let mut near = self
            .areas
            .iter()
            .filter(|(_, frame, _)| frame.contains(&point));
        near.find(|(.., polygon)| polygon.contains(&point))
            .map(|(area, ..)| *area)
    }
}

/// Points all over the city's bounding box, the same in every run: SplitMix64.
fn points(tree: &AreaTree) -> Vec<Position> {
    let frame = tree
        .polygon(AreaTree::ROOT)
        .and_then(geo::BoundingRect::bounding_rect);
    let Some(frame) = frame else {
        return Vec::new();
    };
    let mut state = 2026_u64;
    let mut unit = move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    };
    let point = |_| {
        let lon = frame.min().x + unit() * frame.width();
        let lat = frame.min().y + unit() * frame.height();
        Position::checked(lon, lat)
    };
    (0..N_POINTS).filter_map(point).collect()
}

/// The best of several passes, each at least 200 ms long: other work on the machine only slows.
fn per_second(points: &[Position], locate: impl Fn(&Position) -> Option<AreaIdx>) -> f64 {
    let pass = || {
        let start = Instant::now();
        let mut n_located = 0_usize;
        while start.elapsed() < Duration::from_millis(200) {
            for point in points {
                black_box(locate(black_box(point)));
            }
            n_located += points.len();
        }
        n_located as f64 / start.elapsed().as_secs_f64()
    };
    (0..5).map(|_| pass()).fold(0.0, f64::max)
}
