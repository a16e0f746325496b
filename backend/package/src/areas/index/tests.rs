//! The index against `geo`'s own answer, and on borders.

use egret_shared::id::AreaCode;
use egret_shared::text::Text;
use geo::{Contains as _, Coord, LineString, MultiPolygon, Point, Polygon};
use proptest::prelude::*;

use super::*;
use crate::areas::AreaSeed;

fn ring(points: &[(f64, f64)]) -> LineString<f64> {
    points.iter().map(|(x, y)| Coord { x: *x, y: *y }).collect()
}

fn seed(code: &str, parent: Option<&str>, polygons: Vec<Polygon<f64>>) -> AreaSeed {
    AreaSeed {
        code: AreaCode::new(code),
        parent: parent.map(AreaCode::new),
        level: "any".to_owned(),
        name: Text::default(),
        centre: Position { lon: 0.0, lat: 0.0 },
        polygon: MultiPolygon::new(polygons),
    }
}

fn outline(points: &[(f64, f64)]) -> Vec<Polygon<f64>> {
    vec![Polygon::new(ring(points), Vec::new())]
}

/// A city of 0.4 by 0.4 degrees: a west district in two skew subdistricts, an east district with a
/// lake in it that is no district, and an island far east.
fn city() -> AreaTree {
    let middle = [
        (118.2, 24.4),
        (118.17, 24.5),
        (118.23, 24.61),
        (118.2, 24.8),
    ];
    let seam = [
        (118.0, 24.57),
        (118.05, 24.62),
        (118.11, 24.55),
        (118.17, 24.5),
    ];
    let west = [
        &[(118.0, 24.4)],
        &middle[..],
        &[(118.0, 24.8), (118.0, 24.57)],
    ]
    .concat();
    let south = [
        &[(118.0, 24.4)],
        &middle[..1],
        &[
            (118.17, 24.5),
            (118.11, 24.55),
            (118.05, 24.62),
            (118.0, 24.57),
        ],
    ]
    .concat();
    let north = [&seam[..], &middle[2..], &[(118.0, 24.8)]].concat();
    let mut east = vec![(118.4, 24.4), (118.4, 24.8)];
    east.extend(middle.iter().rev());
    let lake = ring(&[
        (118.28, 24.55),
        (118.34, 24.52),
        (118.35, 24.6),
        (118.3, 24.66),
    ]);
    let island = Polygon::new(
        ring(&[(118.5, 24.5), (118.6, 24.55), (118.52, 24.58)]),
        Vec::new(),
    );
    AreaTree::from_seeds(vec![
        seed("S", Some("W"), outline(&south)),
        seed(
            "C",
            None,
            outline(&[(118.0, 24.4), (118.6, 24.4), (118.6, 24.8), (118.0, 24.8)]),
        ),
        seed("W", Some("C"), outline(&west)),
        seed(
            "E",
            Some("C"),
            vec![Polygon::new(ring(&east), vec![lake]), island],
        ),
        seed("N", Some("W"), outline(&north)),
    ])
}

fn code(tree: &AreaTree, index: &AreaIndex, lon: f64, lat: f64) -> Option<String> {
    let area = index.locate(Position { lon, lat })?;
    tree.code(area).map(ToString::to_string)
}

/// The finest area by `geo`, and whether the point lies off all borders by more than a step.
fn by_geo(tree: &AreaTree, position: Position) -> (Option<AreaIdx>, bool) {
    let holds = |area: &AreaIdx, dx: f64, dy: f64| {
        let point = Point::new(position.lon + dx, position.lat + dy);
        tree.polygon(*area)
            .is_some_and(|polygon| polygon.contains(&point))
    };
    let near = 3e-7;
    let is_clear = |area: &AreaIdx| {
        let inside = holds(area, 0.0, 0.0);
        [(near, 0.0), (-near, 0.0), (0.0, near), (0.0, -near)]
            .iter()
            .all(|(dx, dy)| holds(area, *dx, *dy) == inside)
    };
    let clear = tree.iter().all(|area| is_clear(&area));
    let finest = tree
        .iter()
        .filter(|area| holds(area, 0.0, 0.0))
        .max_by_key(|area| (tree.depth(*area), std::cmp::Reverse(*area)));
    (finest, clear)
}

proptest! {
    #[test]
    fn off_the_borders_the_index_agrees_with_geo(
        lon in 117.95..118.65_f64,
        lat in 24.35..24.85_f64,
        cells in prop::sample::select(vec![1_u32, 7, 64, 512]),
    ) {
        let tree = city();
        let index = AreaIndex::with_cells(&tree, cells);
        let position = Position::checked(lon, lat).unwrap();
        let (want, clear) = by_geo(&tree, position);
        prop_assume!(clear);
        prop_assert_eq!(index.locate(position), want);
    }
}

#[test]
fn finest_areas_win_and_holes_and_islands_count() {
    let tree = city();
    let index = AreaIndex::new(&tree);
    for (lon, lat, want) in [
        (118.05, 24.45, Some("S")),
        (118.05, 24.75, Some("N")),
        (118.38, 24.5, Some("E")),
        (118.31, 24.58, Some("C")),
        (118.53, 24.55, Some("E")),
        (118.55, 24.7, Some("C")),
        (118.7, 24.5, None),
        (117.9, 24.5, None),
        (-118.1, -24.5, None),
    ] {
        assert_eq!(
            code(&tree, &index, lon, lat).as_deref(),
            want,
            "{lon}, {lat}"
        );
    }
}

#[test]
fn a_point_in_no_child_belongs_to_the_parent() {
    let square = |x: f64| outline(&[(x, 0.0), (x + 1.0, 0.0), (x + 1.0, 1.0), (x, 1.0)]);
    let tree = AreaTree::from_seeds(vec![
        seed(
            "C",
            None,
            outline(&[(0.0, 0.0), (3.0, 0.0), (3.0, 1.0), (0.0, 1.0)]),
        ),
        seed("A", Some("C"), square(0.0)),
        seed("B", Some("C"), square(2.0)),
    ]);
    let index = AreaIndex::new(&tree);
    assert_eq!(code(&tree, &index, 1.5, 0.5).as_deref(), Some("C"));
}

/// Every step along a border, on it and a step beside it, lies in exactly one of the neighbours,
/// whatever the raster.
#[test]
fn a_point_on_a_shared_border_lies_in_exactly_one_neighbour() {
    let tree = city();
    let alone = |code: &str| {
        let area = tree.index_of(&AreaCode::new(code)).unwrap();
        let polygon = tree.polygon(area).unwrap().clone();
        AreaTree::from_seeds(vec![seed(code, None, polygon.0)])
    };
    let (south, north) = (alone("S"), alone("N"));
    for cells in [1, 5, 512] {
        let whole = AreaIndex::with_cells(&tree, cells);
        let south = AreaIndex::with_cells(&south, cells);
        let north = AreaIndex::with_cells(&north, cells);
        let (mut n_south, mut n_north) = (0, 0);
        for number in 0..=1_200 {
            // From the vertex (118.05, 24.62) to (118.11, 24.55), through rational points of it.
            let along = f64::from(number) / 1_200.0;
            for beside in [-1, 0, 1] {
                let lon = 118.05 + 0.06 * along;
                let lat = 24.62 - 0.07 * along + f64::from(beside) * 1e-7;
                let position = Position { lon, lat };
                let in_south = south.locate(position).is_some();
                let in_north = north.locate(position).is_some();
                assert!(in_south != in_north, "{position:?}: {in_south} {in_north}");
                let found = whole.locate(position).and_then(|area| tree.code(area));
                let want = if in_south { "S" } else { "N" };
                assert_eq!(found.map(AreaCode::as_str), Some(want), "{position:?}");
                n_south += u32::from(in_south);
                n_north += u32::from(in_north);
            }
        }
        assert!(n_south > 1_000 && n_north > 1_000, "{n_south} {n_north}");
    }
}

#[test]
fn borders_along_meridians_and_parallels_belong_to_the_east_and_the_north() {
    let cell = |x: f64, y: f64| outline(&[(x, y), (x + 0.1, y), (x + 0.1, y + 0.1), (x, y + 0.1)]);
    let tree = AreaTree::from_seeds(vec![
        seed(
            "C",
            None,
            outline(&[(118.0, 24.4), (118.2, 24.4), (118.2, 24.6), (118.0, 24.6)]),
        ),
        seed("SW", Some("C"), cell(118.0, 24.4)),
        seed("SE", Some("C"), cell(118.1, 24.4)),
        seed("NW", Some("C"), cell(118.0, 24.5)),
        seed("NE", Some("C"), cell(118.1, 24.5)),
    ]);
    for cells in [1, 3, 512] {
        let index = AreaIndex::with_cells(&tree, cells);
        for (lon, lat, want) in [
            (118.1, 24.45, "SE"),
            (118.05, 24.5, "NW"),
            (118.1, 24.5, "NE"),
            (118.099_999_9, 24.499_999_9, "SW"),
            (118.0, 24.4, "SW"),
        ] {
            assert_eq!(
                code(&tree, &index, lon, lat).as_deref(),
                Some(want),
                "{lon} {lat} {cells}"
            );
        }
    }
}

#[test]
fn parents_come_first_and_lines_are_widest_first() {
    let tree = city();
    let codes: Vec<&str> = tree
        .iter()
        .filter_map(|area| tree.code(area))
        .map(AreaCode::as_str)
        .collect();
    assert_eq!(codes, ["C", "W", "E", "N", "S"]);
    let south = tree.index_of(&AreaCode::new("S")).unwrap();
    let line: Vec<&str> = tree.codes(south).map(AreaCode::as_str).collect();
    assert_eq!(line, ["C", "W", "S"]);
    assert_eq!(tree.depth(south), 2);
    assert_eq!(tree.children(AreaTree::ROOT).len(), 2);
    assert_eq!(tree.parent(AreaTree::ROOT), None);
}

/// Neighbours in Xiamen share their borders vertex by vertex: no middle of an edge lies in two.
#[test]
fn no_border_point_of_xiamen_lies_in_two_subdistricts() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/xiamen");
    let package = crate::Package::load(&crate::folder::read(&root).unwrap()).unwrap();
    let tree = package.area_tree();
    let leaves: Vec<AreaIdx> = tree
        .iter()
        .filter(|area| tree.children(*area).is_empty())
        .collect();
    let alone = |area: &AreaIdx| {
        let polygon = tree.polygon(*area).unwrap().clone();
        let tree = AreaTree::from_seeds(vec![seed("A", None, polygon.0)]);
        AreaIndex::with_cells(&tree, 64)
    };
    let indexes: Vec<AreaIndex> = leaves.iter().map(alone).collect();
    let mut edges: std::collections::BTreeMap<_, usize> = std::collections::BTreeMap::new();
    for area in &leaves {
        for line in tree
            .polygon(*area)
            .unwrap()
            .iter()
            .flat_map(|part| part.exterior().lines())
        {
            let (dx, dy) = (
                f64::midpoint(line.start.x, line.end.x),
                f64::midpoint(line.start.y, line.end.y),
            );
            *edges
                .entry(Position { lon: dx, lat: dy }.to_steps())
                .or_default() += 1;
        }
    }
    let mut n_shared = 0;
    for ((x, y), n_neighbours) in edges {
        let position = Position::from_steps(x, y);
        let n_claims = indexes
            .iter()
            .filter(|index| index.locate(position).is_some())
            .count();
        assert!(n_claims <= 1, "{position:?} lies in {n_claims}");
        if n_neighbours == 2 {
            n_shared += 1;
            assert_eq!(
                n_claims, 1,
                "{position:?} lies in none of its two neighbours"
            );
        }
    }
    assert!(n_shared > 100, "{n_shared} shared edges");
}
