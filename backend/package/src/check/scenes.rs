//! `scenes.toml`.
//!
//! What each kind of panel needs, may have and how much room it takes is a line in [`kinds`]; what is
//! checked here is the same for all.

mod kinds;

use std::collections::BTreeSet;

use egret_shared::package::layer::SceneLayer;
use egret_shared::package::scene::{PanelDef, PanelKind, SceneDef, ScreenDef, UNITS_WIDE};
use egret_shared::package::wall::{Takeover, WallDef};
use egret_shared::time::Span;

use super::{Known, positive};
use crate::problem::Problem;
use crate::spans::{Entry, List};

use kinds::{KEYS, spec};

/// A picture of 16:9 and of twice its width, in units, and what the head line and the edges take.
const PICTURE: [f64; 2] = [UNITS_WIDE, 1_080.0];
const EDGES: [f64; 2] = [24.0, 72.0];

/// Units between two panels.
const GAP: f64 = 8.0;

pub(crate) fn check(
    scenes: &List<'_, SceneDef>,
    screen: Option<&Entry<'_, ScreenDef>>,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    scenes.refuse_duplicates(problems);
    if let Some(entry) = screen {
        check_screen(entry, problems);
    }
    let enlargement = screen.map_or(1.0, |entry| entry.def.enlargement(UNITS_WIDE));
    for entry in &scenes.entries {
        positive(entry, "dwell", entry.def.dwell, problems);
        let scene = &entry.def;
        let usual = Layout {
            key: "at",
            grid: scene.grid,
            of: |panel| Some(panel.at),
            units_wide: UNITS_WIDE,
            enlargement,
        };
        usual.check(entry, "grid", problems);
        if let Some(grid) = scene.grid_wide {
            let wide = Layout {
                key: "at_wide",
                grid,
                of: |panel| panel.at_wide,
                units_wide: 2.0 * UNITS_WIDE,
                enlargement,
            };
            wide.check(entry, "grid_wide", problems);
        }
        for (number, panel) in scene.panels.iter().enumerate() {
            let path = format!("panel/{number}");
            if panel.at_wide.is_some() && scene.grid_wide.is_none() {
                let message = "a place in the wide grid, but the scene has no grid_wide";
                problems.push(entry.problem(&format!("{path}/at_wide"), message));
            }
            check_keys(entry, &path, panel, problems);
            check_metrics(entry, &path, panel, known, problems);
            check_layers(entry, &path, panel, known, problems);
            positive(entry, &format!("{path}/range"), panel.range, problems);
            if let Some(level) = &panel.level {
                known
                    .levels
                    .refer(entry, &format!("{path}/level"), level, problems);
            }
        }
    }
}

/// The shortest takeover: less than anybody needs to look up and read a title.
const TAKEOVER_LEAST: Span = Span(5_000);

/// `[wall]`: what takes a wall over is shown on a map, and for long enough to be read.
pub(crate) fn check_wall(
    entry: &Entry<'_, WallDef>,
    scenes: &List<'_, SceneDef>,
    problems: &mut Vec<Problem>,
) {
    let WallDef {
        takeover,
        takeover_dwell,
    } = entry.def;
    if takeover_dwell < TAKEOVER_LEAST {
        let message =
            format!("{takeover_dwell} is too short to be read: {TAKEOVER_LEAST} at least");
        problems.push(entry.problem("takeover_dwell", message));
    }
    // A scene that could not be read may be the one with the map.
    let all_read = scenes.entries.len() >= scenes.ids.len();
    let has_map = |entry: &Entry<'_, SceneDef>| {
        let mut panels = entry.def.panels.iter();
        panels.any(|panel| panel.kind == PanelKind::Map)
    };
    if takeover != Takeover::Never && all_read && !scenes.entries.iter().any(has_map) {
        let message =
            "no scene has a map to show a takeover on: write \"never\", or give one a map";
        problems.push(entry.problem("takeover", message));
    }
}

/// A wall has a width, and nobody reads it from nowhere.
fn check_screen(entry: &Entry<'_, ScreenDef>, problems: &mut Vec<Problem>) {
    for (key, metres) in [
        ("distance", entry.def.distance.0),
        ("width", entry.def.width.0),
    ] {
        if metres <= 0.0 {
            let message = format!("{key} must be more than 0m: measure it at the wall");
            problems.push(entry.problem(key, message));
        }
    }
}

/// A grid of a scene, and where its panels lie in it.
struct Layout {
    /// The panels' key.
    key: &'static str,
    grid: [u16; 2],
    of: fn(&PanelDef) -> Option<[u16; 4]>,
    units_wide: f64,
    /// How much larger the unit is than drawn.
    enlargement: f64,
}

impl Layout {
    fn check(&self, entry: &Entry<'_, SceneDef>, key: &str, problems: &mut Vec<Problem>) {
        if self.grid.contains(&0) {
            problems.push(entry.problem(key, "the grid needs one column and one row at least"));
            return;
        }
        for (number, panel) in entry.def.panels.iter().enumerate() {
            if let Some(at) = (self.of)(panel) {
                self.check_room(entry, number, at, problems);
            }
        }
    }

    /// A panel lies within the grid, covers no other, and has the room that its kind needs.
    fn check_room(
        &self,
        entry: &Entry<'_, SceneDef>,
        number: usize,
        at: [u16; 4],
        problems: &mut Vec<Problem>,
    ) {
        let path = format!("panel/{number}/{}", self.key);
        let [columns, rows] = self.grid;
        let [column, row, width, height] = at.map(u32::from);
        if width == 0 || height == 0 {
            problems.push(entry.problem(&path, "a panel is one cell wide and high at least"));
        } else if column + width > u32::from(columns) || row + height > u32::from(rows) {
            let message = format!("{at:?} reaches beyond the grid of {columns} x {rows}");
            problems.push(entry.problem(&path, message));
        } else {
            self.check_least(entry, &path, number, at, problems);
        }
        let earlier = entry.def.panels.iter().take(number).map(self.of);
        if let Some((other, place)) = earlier
            .enumerate()
            .filter_map(|(other, place)| Some((other, place?)))
            .find(|(_, place)| overlap(at, *place))
        {
            let message = format!("{at:?} covers panel {} at {place:?}", other + 1);
            problems.push(entry.problem(&path, message));
        }
    }

    /// A panel without the room for its content cuts it off.
    fn check_least(
        &self,
        entry: &Entry<'_, SceneDef>,
        path: &str,
        number: usize,
        at: [u16; 4],
        problems: &mut Vec<Problem>,
    ) {
        let Some(panel) = entry.def.panels.get(number) else {
            return;
        };
        let spec = spec(panel.kind);
        let [_, _, width, height] = at;
        let room = [
            self.units(self.units_wide, 0, width),
            self.units(PICTURE[1], 1, height),
        ];
        for ((word, has), needs) in ["wide", "high"].iter().zip(room).zip(spec.least) {
            if has + 0.5 < f64::from(needs) {
                let far = if self.enlargement > 1.0 {
                    let times = self.enlargement;
                    format!(" at the distance of [screen], which makes all {times:.2} times larger")
                } else {
                    String::new()
                };
                let message = format!(
                    "{at:?} is {has:.0} units {word}{far}; a panel of kind {} needs {needs}: give \
                     it more cells",
                    spec.word
                );
                problems.push(entry.problem(path, message));
            }
        }
    }

    /// How many units `n_cells` have, of a picture of `whole` units, along an axis.
    fn units(&self, whole: f64, axis: usize, n_cells: u16) -> f64 {
        let [columns, rows] = self.grid.map(f64::from);
        let (n, edges) = if axis == 0 {
            (columns, EDGES[0])
        } else {
            (rows, EDGES[1])
        };
        let room = whole / self.enlargement - edges - GAP * (n - 1.0);
        let n_cells = f64::from(n_cells);
        room / n * n_cells + GAP * (n_cells - 1.0)
    }
}

fn overlap(a: [u16; 4], b: [u16; 4]) -> bool {
    let [ax, ay, aw, ah] = a.map(u32::from);
    let [bx, by, bw, bh] = b.map(u32::from);
    ax < bx + bw && bx < ax + aw && ay < by + bh && by < ay + ah
}

/// Each kind has keys that it needs, and keys that mean nothing to it.
fn check_keys(
    entry: &Entry<'_, SceneDef>,
    path: &str,
    panel: &PanelDef,
    problems: &mut Vec<Problem>,
) {
    let spec = spec(panel.kind);
    let has = |key: &str| entry.has(&format!("{path}/{key}"));
    for one_of in spec.needs {
        let present = one_of.iter().filter(|key| has(key)).count();
        let keys = one_of.join("\" or \"");
        if present == 0 {
            let message = format!("a panel of kind {} needs \"{keys}\"", spec.word);
            problems.push(entry.problem(&format!("{path}/kind"), message));
        } else if present > 1 && spec.is_either {
            let message = format!("a panel of kind {} has either \"{keys}\"", spec.word);
            problems.push(entry.problem(&format!("{path}/kind"), message));
        }
    }
    for key in KEYS {
        let takes = spec.may.contains(&key) || spec.needs.iter().any(|keys| keys.contains(&key));
        if has(key) && !takes {
            let message = format!("\"{key}\" means nothing to a panel of kind {}", spec.word);
            problems.push(entry.problem(&format!("{path}/{key}"), message));
        }
    }
}

fn check_metrics(
    entry: &Entry<'_, SceneDef>,
    path: &str,
    panel: &PanelDef,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    if let Some(metric) = &panel.metric {
        known
            .metrics
            .refer(entry, &format!("{path}/metric"), metric.as_str(), problems);
    }
    for (number, metric) in panel.metrics.iter().enumerate() {
        known.metrics.refer(
            entry,
            &format!("{path}/metrics/{number}"),
            metric.as_str(),
            problems,
        );
    }
    if spec(panel.kind).is_of_one_unit {
        check_units(entry, path, panel, known, problems);
    }
}

/// One axis has one unit.
fn check_units(
    entry: &Entry<'_, SceneDef>,
    path: &str,
    panel: &PanelDef,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    let unit = |metric: &str| known.metric_defs.get(metric).map(|def| def.unit.as_str());
    let Some((first, rest)) = panel.metrics.split_first() else {
        return;
    };
    let first_unit = unit(first.as_str());
    for (number, metric) in rest.iter().enumerate() {
        let (Some(one), Some(other)) = (first_unit, unit(metric.as_str())) else {
            continue;
        };
        if one != other {
            let path = format!("{path}/metrics/{}", number + 1);
            let message = format!(
                "\"{metric}\" is in {other}, \"{first}\" in {one}: they have no axis in common"
            );
            problems.push(entry.problem(&path, message));
        }
    }
}

fn check_layers(
    entry: &Entry<'_, SceneDef>,
    path: &str,
    panel: &PanelDef,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    let mut kinds = BTreeSet::new();
    for (number, word) in panel.layers.iter().enumerate() {
        let path = format!("{path}/layers/{number}");
        let layer = match SceneLayer::parse(word) {
            Ok(layer) => layer,
            Err(message) => {
                problems.push(entry.problem(&path, message));
                continue;
            }
        };
        if !kinds.insert(layer.kind()) {
            let kind = layer.kind().as_str();
            let message = format!("a map has one layer of kind {kind} at most; join their lists");
            problems.push(entry.problem(&path, message));
        }
        check_layer(entry, &path, &layer, known, problems);
    }
}

fn check_layer(
    entry: &Entry<'_, SceneDef>,
    path: &str,
    layer: &SceneLayer,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    match layer {
        SceneLayer::Areas { metric, level } => {
            known.metrics.refer(entry, path, metric.as_str(), problems);
            if let Some(level) = level {
                known.levels.refer(entry, path, level, problems);
            }
        }
        SceneLayer::HeatOf { metric, level } => {
            known.metrics.refer(entry, path, metric.as_str(), problems);
            known.levels.refer(entry, path, level, problems);
        }
        SceneLayer::Assets(feeds) | SceneLayer::Heat(feeds) => {
            for feed in feeds {
                known.feeds.refer(entry, path, feed.as_str(), problems);
            }
        }
        SceneLayer::Warnings(metrics) => {
            for metric in metrics {
                known.metrics.refer(entry, path, metric.as_str(), problems);
                let def = known.metric_defs.get(metric.as_str());
                if def.is_some_and(|def| def.levels.is_none()) {
                    let message = format!("\"{metric}\" warns of nothing: it has no levels");
                    problems.push(entry.problem(path, message));
                }
            }
        }
        SceneLayer::Flows(layer) => {
            known.layers.refer(entry, path, layer, problems);
            if known.tiled.contains(layer.as_str()) {
                let message = format!(
                    "\"{layer}\" is drawn from tiles: flows lie on lines of a GeoJSON file"
                );
                problems.push(entry.problem(path, message));
            }
        }
        SceneLayer::Incidents | SceneLayer::Geofences => {}
    }
}
