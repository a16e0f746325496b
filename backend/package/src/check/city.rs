//! `city.toml`.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use egret_shared::package::SCHEMA;
use egret_shared::package::city::CityDef;
use egret_shared::position::Position;

use crate::problem::Problem;
use crate::spans::Entry;

/// Zooms that map clients have.
const ZOOM_MAX: f64 = 22.0;

pub(crate) fn check(entry: &Entry<'_, CityDef>, problems: &mut Vec<Problem>) {
    let city = &entry.def;
    if city.schema != SCHEMA {
        let message = format!("schema {} is not spoken here, only {SCHEMA}", city.schema);
        problems.push(entry.problem("schema", message));
    }
    let fits_file_names = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if city.id.is_empty() || !city.id.chars().all(fits_file_names) {
        let message = format!("id \"{}\" must be of letters, digits, - and _", city.id);
        problems.push(entry.problem("id", message));
    }
    if timezone(city).is_none() {
        let message = format!(
            "\"{}\" is no IANA time zone, such as Asia/Shanghai",
            city.timezone
        );
        problems.push(entry.problem("timezone", message));
    }
    let [lon, lat] = city.centre;
    if Position::checked(lon, lat).is_none() {
        let message = format!("[{lon}, {lat}] is no position: lon, lat in degrees");
        problems.push(entry.problem("centre", message));
    }
    if !(0.0..=ZOOM_MAX).contains(&city.zoom) {
        let message = format!("zoom {} must be 0 to {ZOOM_MAX}", city.zoom);
        problems.push(entry.problem("zoom", message));
    }
    check_levels(entry, problems);
}

/// The city's time zone, if it is one.
pub(crate) fn timezone(city: &CityDef) -> Option<Tz> {
    city.timezone.parse().ok()
}

fn check_levels(entry: &Entry<'_, CityDef>, problems: &mut Vec<Problem>) {
    if entry.def.levels.is_empty() {
        problems.push(entry.problem("levels", "there must be one level at least: the city's"));
    }
    let mut seen = BTreeSet::new();
    for (number, level) in entry.def.levels.iter().enumerate() {
        if !seen.insert(level) {
            let message = format!("level \"{level}\" stands here a second time");
            problems.push(entry.problem(&format!("levels/{number}"), message));
        }
    }
}
