//! `scenes.toml`.

use egret_shared::package::scene::{PanelDef, PanelKind, SceneDef};
use egret_shared::package::wall::{Takeover, WallDef};
use egret_shared::time::Span;

use super::{Known, positive};
use crate::problem::Problem;
use crate::spans::{Entry, List};

pub(crate) fn check(scenes: &List<'_, SceneDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    scenes.refuse_duplicates(problems);
    for entry in &scenes.entries {
        positive(entry, "dwell", entry.def.dwell, problems);
        if entry.def.grid.contains(&0) {
            problems.push(entry.problem("grid", "the grid needs one column and one row at least"));
        }
        for (number, panel) in entry.def.panels.iter().enumerate() {
            let path = format!("panel/{number}");
            check_room(entry, &path, number, panel, problems);
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

/// A panel lies within the grid and covers no other.
fn check_room(
    entry: &Entry<'_, SceneDef>,
    path: &str,
    number: usize,
    panel: &PanelDef,
    problems: &mut Vec<Problem>,
) {
    let path = format!("{path}/at");
    let [columns, rows] = entry.def.grid;
    let [column, row, width, height] = panel.at.map(u32::from);
    if width == 0 || height == 0 {
        problems.push(entry.problem(&path, "a panel is one cell wide and high at least"));
    } else if column + width > u32::from(columns) || row + height > u32::from(rows) {
        let message = format!(
            "{:?} reaches beyond the grid of {columns} x {rows}",
            panel.at
        );
        problems.push(entry.problem(&path, message));
    }
    let earlier = entry.def.panels.iter().take(number);
    if let Some(other) = earlier
        .enumerate()
        .find(|(_, other)| overlap(panel.at, other.at))
    {
        let message = format!(
            "{:?} covers panel {} at {:?}",
            panel.at,
            other.0 + 1,
            other.1.at
        );
        problems.push(entry.problem(&path, message));
    }
}

fn overlap(a: [u16; 4], b: [u16; 4]) -> bool {
    let [ax, ay, aw, ah] = a.map(u32::from);
    let [bx, by, bw, bh] = b.map(u32::from);
    ax < bx + bw && bx < ax + aw && ay < by + bh && by < ay + ah
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
    let missing = match panel.kind {
        PanelKind::Stat | PanelKind::Ranking | PanelKind::Vitals => panel.metric.is_none(),
        PanelKind::Trend => panel.metric.is_none() && panel.metrics.is_empty(),
        PanelKind::Map | PanelKind::Incidents | PanelKind::Ticker | PanelKind::Feeds => false,
    };
    if missing {
        problems.push(entry.problem(&format!("{path}/kind"), "this kind of panel needs a metric"));
    }
}

fn check_layers(
    entry: &Entry<'_, SceneDef>,
    path: &str,
    panel: &PanelDef,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    for (number, layer) in panel.layers.iter().enumerate() {
        let path = format!("{path}/layers/{number}");
        match layer.split_once(':') {
            Some(("areas", metric)) => known.metrics.refer(entry, &path, metric, problems),
            None if layer == "assets" || layer == "incidents" => {}
            _ => {
                let message =
                    format!("no layer \"{layer}\": areas:METRIC, assets and incidents are");
                problems.push(entry.problem(&path, message));
            }
        }
    }
}
