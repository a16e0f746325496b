//! Where the panels of a scene lie on a screen of which shape. Pure.
//!
//! The usual grid fills any picture from 4:3 to 21:9. For twice the width a scene may bring a grid
//! of its own; for upright screens the panels are laid out anew, the map on top, each about as large
//! as it is drawn.

use egret_shared::package::scene::{PanelKind, SceneDef};

/// A picture this much wider than high is a wide one: 21:9 is not, 32:9 is.
const WIDE_FROM: f64 = 2.6;

/// Columns of an upright screen: halves, thirds and quarters are whole columns.
const COLUMNS: u16 = 12;

/// Rows of an upright screen, each as high as a row of the usual grid of 12.
const ROWS: u16 = 21;

/// How a screen is shaped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shape {
    /// About 16:9.
    #[default]
    Usual,
    /// About 32:9.
    Wide,
    /// Higher than wide.
    Upright,
}

impl Shape {
    /// The shape of a picture; sizes in any unit.
    pub(crate) fn of(width: f64, height: f64) -> Self {
        if width >= WIDE_FROM * height {
            Self::Wide
        } else if width < height {
            Self::Upright
        } else {
            Self::Usual
        }
    }

    /// Units across and down of a picture of this shape.
    pub(crate) fn units(self, width: f64, height: f64) -> f64 {
        let unit = match self {
            Self::Upright => (width / 1_080.0).min(height / 1_920.0),
            Self::Usual | Self::Wide => (width / 1_920.0).min(height / 1_080.0),
        };
        width / unit
    }
}

/// A scene on a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Columns and rows.
    pub(crate) grid: [u16; 2],
    /// The panels that are shown, by their number in the scene: column, row, width and height.
    pub(crate) places: Vec<(usize, [u16; 4])>,
}

/// Where the panels of `scene` lie on a screen of `shape`.
pub(crate) fn layout(scene: &SceneDef, shape: Shape) -> Layout {
    let panels = scene.panels.iter().enumerate();
    match (shape, scene.grid_wide) {
        (Shape::Upright, _) => upright(scene),
        (Shape::Wide, Some(grid)) => Layout {
            grid,
            places: panels
                .filter_map(|(number, panel)| Some((number, panel.at_wide?)))
                .collect(),
        },
        (Shape::Wide | Shape::Usual, _) => Layout {
            grid: scene.grid,
            places: panels.map(|(number, panel)| (number, panel.at)).collect(),
        },
    }
}

/// Panels one below the other, the map first, then in the order of the file; what has no room left
/// is not shown. Room that is left over goes to the map.
fn upright(scene: &SceneDef) -> Layout {
    let is_map = |number: &usize| {
        let panel = scene.panels.get(*number);
        panel.is_some_and(|panel| panel.kind == PanelKind::Map)
    };
    let numbers = || 0..scene.panels.len();
    let order = numbers()
        .filter(is_map)
        .chain(numbers().filter(|number| !is_map(number)));
    let mut tops = [0_u16; COLUMNS as usize];
    let mut places: Vec<(usize, [u16; 4])> = Vec::new();
    for number in order {
        let Some(panel) = scene.panels.get(number) else {
            continue;
        };
        let (width, height) = size(scene.grid, panel.at, panel.kind);
        let Some((column, row)) = free_place(&tops, width) else {
            continue;
        };
        if row + height > ROWS {
            continue;
        }
        for top in tops.iter_mut().skip(column.into()).take(width.into()) {
            *top = row + height;
        }
        places.push((number, [column, row, width, height]));
    }
    fill_gaps(&mut places);
    let used = tops.into_iter().max().unwrap_or(1).max(1);
    let spare = ROWS.saturating_sub(used);
    // All below the map moves down by what the map gets.
    if let Some(first) = places.first_mut().filter(|(number, _)| is_map(number)) {
        first.1[3] += spare;
        for (_, at) in places.iter_mut().skip(1) {
            at[1] += spare;
        }
        return Layout {
            grid: [COLUMNS, ROWS],
            places,
        };
    }
    Layout {
        grid: [COLUMNS, used],
        places,
    }
}

/// How many columns and rows a panel takes that is drawn for `at`.
fn size(grid: [u16; 2], at: [u16; 4], kind: PanelKind) -> (u16, u16) {
    /// An upright screen's width over the usual one's.
    const SHARE: f64 = 1_056.0 / 1_896.0;
    /// Rows of the usual grid.
    const USUAL_ROWS: f64 = 12.0;
    let [columns, rows] = grid.map(|n| f64::from(n.max(1)));
    let [_, _, width, height] = at;
    let share = f64::from(width) / columns / SHARE;
    let parts = [(0.26, 3), (0.36, 4), (0.52, 6)];
    let found = parts.iter().find(|(most, _)| share <= *most);
    let width = match (kind, found) {
        (PanelKind::Map, _) | (_, None) => COLUMNS,
        (_, Some((_, n))) => *n,
    };
    let exact = f64::from(height) * USUAL_ROWS / rows;
    let fitting = (1..=ROWS).find(|n| f64::from(*n) + 0.25 >= exact);
    (width, fitting.unwrap_or(ROWS))
}

/// The highest place of `width` columns below `tops`, and of equal ones the leftmost.
fn free_place(tops: &[u16], width: u16) -> Option<(u16, u16)> {
    let windows = tops.windows(width.into()).enumerate();
    let places = windows.filter_map(|(column, tops)| {
        let column = u16::try_from(column).ok()?;
        // Panels stand in columns of their own width, so that edges meet.
        let row = tops.iter().max()?;
        (column % width == 0).then_some((*row, column))
    });
    places.min().map(|(row, column)| (column, row))
}

/// Each panel grows down to the next one below it.
fn fill_gaps(places: &mut [(usize, [u16; 4])]) {
    let bottom = places.iter().map(|(_, [_, y, _, h])| y + h).max();
    let all: Vec<[u16; 4]> = places.iter().map(|(_, at)| *at).collect();
    for (_, at) in places {
        let [x, y, w, h] = *at;
        let below = all
            .iter()
            .filter(|[ox, oy, ow, _]| *oy >= y + h && *ox < x + w && x < ox + ow);
        let next = below.map(|[_, oy, ..]| *oy).min().or(bottom);
        at[3] = next.unwrap_or(y + h).saturating_sub(y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(panels: &[(&str, [u16; 4])]) -> SceneDef {
        let panels: Vec<_> = panels
            .iter()
            .map(|(kind, at)| serde_json::json!({"kind": kind, "at": at, "at_wide": [0, 0, 1, 1]}))
            .collect();
        let json = serde_json::json!({
            "id": "s", "name": {"zh": "景", "en": "s"}, "grid": [24, 12], "panel": panels,
        });
        serde_json::from_value(json).unwrap()
    }

    fn overlap(a: [u16; 4], b: [u16; 4]) -> bool {
        a[0] < b[0] + b[2] && b[0] < a[0] + a[2] && a[1] < b[1] + b[3] && b[1] < a[1] + a[3]
    }

    #[test]
    fn screens_are_told_apart_by_their_shape() {
        for (width, height, shape) in [
            (1920.0, 1080.0, Shape::Usual),
            (1024.0, 768.0, Shape::Usual),
            (3440.0, 1440.0, Shape::Usual),
            (5120.0, 1440.0, Shape::Wide),
            (1080.0, 1920.0, Shape::Upright),
        ] {
            assert_eq!(Shape::of(width, height), shape, "{width} x {height}");
        }
        assert!((Shape::Wide.units(5120.0, 1440.0) - 3840.0).abs() < 1.0);
        assert!((Shape::Upright.units(1080.0, 1920.0) - 1080.0).abs() < 1.0);
    }

    #[test]
    fn a_wide_screen_takes_the_wide_grid_where_there_is_one() {
        let mut scene = scene(&[("feeds", [0, 0, 6, 3])]);
        assert_eq!(layout(&scene, Shape::Wide), layout(&scene, Shape::Usual));
        scene.grid_wide = Some([48, 12]);
        let wide = layout(&scene, Shape::Wide);
        assert_eq!(
            (wide.grid, wide.places),
            ([48, 12], vec![(0, [0, 0, 1, 1])])
        );
    }

    #[test]
    fn an_upright_screen_has_the_map_on_top_and_nothing_over_anything() {
        let scene = scene(&[
            ("vitals", [0, 0, 6, 3]),
            ("stat", [0, 3, 3, 2]),
            ("stat", [3, 3, 3, 2]),
            ("map", [6, 0, 12, 9]),
            ("trend", [6, 9, 4, 3]),
            ("trend", [10, 9, 4, 3]),
            ("trend", [14, 9, 4, 3]),
            ("incidents", [18, 0, 6, 5]),
            ("ticker", [18, 5, 6, 4]),
        ]);
        let Layout { grid, places } = layout(&scene, Shape::Upright);
        assert_eq!(
            places.first().map(|(number, at)| (*number, at[2])),
            Some((3, COLUMNS))
        );
        assert_eq!(places.len(), scene.panels.len());
        for (place, (_, a)) in places.iter().enumerate() {
            assert!(
                a[0] + a[2] <= grid[0] && a[1] + a[3] <= grid[1],
                "{a:?} in {grid:?}"
            );
            for (_, b) in places.iter().skip(place + 1) {
                assert!(!overlap(*a, *b), "{a:?} over {b:?}");
            }
        }
    }
}
