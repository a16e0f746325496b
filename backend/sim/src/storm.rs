//! One storm: how much rain falls at each gauge minute by minute, and how the water runs off.
//!
//! The storm's table (`storms/*.toml`) gives what was measured: totals by district, the highest
//! total and hour. From it and a seed come the curves of every gauge, sampled by the minute of
//! the storm's own clock. They are closed: nothing is integrated while the simulation runs, so
//! any minute can be asked for, in any order, for ever.
//!
//! Invariant: the mean of a district's gauges is the district's total.

use egret_shared::id::AreaCode;
use serde::Deserialize;

use crate::curve::{sample, stream};
use crate::dice::Dice;

mod runoff;
mod shape;

use runoff::reservoir;
use shape::{Peak, Shape, mm_by_minute};

/// The storm of 21–22 June 2021.
pub(crate) const JUNE_2021: &str = include_str!("../storms/2021-06-21.toml");

/// How long the curves run: the rain and 18 hours of recession after 14 hours of it.
const MINUTES: usize = 32 * 60;

/// How long water takes through a street's drains, in minutes.
const DRAIN_MIN: f64 = 22.0;

/// How long water takes to a river, in minutes.
const RIVER_MIN: f64 = 140.0;

/// A storm's table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StormTable {
    /// From the first drop to the last.
    hours: f64,
    /// Its bursts.
    peak: Vec<Peak>,
    /// The gauge with the highest total.
    highest: Highest,
    /// Totals by area.
    district: Vec<DistrictRain>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Highest {
    area: AreaCode,
    total_mm: f64,
    hour_mm: f64,
    at_h: f64,
}

/// What fell on one district.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DistrictRain {
    /// The district's code, with which the codes of its parts begin.
    pub(crate) area: AreaCode,
    /// Mean of its gauges, mm.
    pub(crate) total_mm: f64,
    /// How much later than elsewhere, minutes.
    shift_min: f64,
    /// How many of its ponding gauges go under.
    ponding_points: usize,
}

impl StormTable {
    /// Reads the table.
    ///
    /// # Errors
    /// The parser's message with line and column.
    pub(crate) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// What fell where `area` is; absent for areas that the table does not know.
    pub(crate) fn district(&self, area: Option<&AreaCode>) -> Option<&DistrictRain> {
        let area = area?;
        self.district
            .iter()
            .find(|district| area.as_str().starts_with(district.area.as_str()))
    }

    /// How many ponding gauges go under in each district, by its code.
    pub(crate) fn district_points(&self) -> impl Iterator<Item = (&str, usize)> {
        self.district
            .iter()
            .map(|district| (district.area.as_str(), district.ponding_points))
    }

    /// The greatest of the districts' totals, mm.
    pub(crate) fn heaviest_mm(&self) -> f64 {
        self.district
            .iter()
            .fold(1.0, |most, district| district.total_mm.max(most))
    }
}

/// A storm over the city's rain gauges.
#[derive(Clone, Debug)]
pub(crate) struct Storm {
    gauges: Vec<GaugeCurves>,
    hours: f64,
}

/// One gauge's storm, by minute.
#[derive(Clone, Debug)]
struct GaugeCurves {
    /// Rain since the beginning, mm.
    fallen_mm: Vec<f64>,
    /// How full the drains are, 0 to 1 at this gauge's worst minute.
    drain: Vec<f64>,
    /// How high the river is, 0 to 1 at its worst minute.
    river: Vec<f64>,
}

impl Storm {
    /// The storm over gauges that stand in `areas`; where the table knows no district, the mean
    /// of all its districts falls.
    pub(crate) fn new(table: &StormTable, areas: &[Option<AreaCode>], seed: u64) -> Self {
        let totals = gauge_totals(table, areas, seed);
        let top = highest_gauge(table, areas, &totals);
        let gauges = areas.iter().enumerate().map(|(index, area)| {
            let mut dice = Dice::new(seed, "rain-shift", stream(index));
            let shift_min = table.district(area.as_ref()).map_or(0.0, |d| d.shift_min);
            let shape = Shape {
                peaks: &table.peak,
                hours: table.hours,
                shift_h: (shift_min + 8.0 * dice.normal().clamp(-2.0, 2.0)) / 60.0,
            };
            let total_mm = totals.get(index).copied().unwrap_or_default();
            let by_minute = if top == Some(index) {
                shape.sharpened(table.highest.at_h, total_mm, table.highest.hour_mm, MINUTES)
            } else {
                mm_by_minute(&shape, total_mm, MINUTES)
            };
            GaugeCurves::new(&by_minute)
        });
        Self {
            gauges: gauges.collect(),
            hours: table.hours,
        }
    }

    /// What fell at a gauge in the `span_min` minutes before `minute`, in mm.
    pub(crate) fn rain_mm(&self, gauge: usize, minute: f64, span_min: f64) -> f64 {
        let fallen = |minute| self.read(gauge, minute, |curves| &curves.fallen_mm);
        fallen(minute) - fallen(minute - span_min)
    }

    /// How full the drains by a gauge are: 0 dry, 1 at the storm's worst minute there.
    pub(crate) fn drain(&self, gauge: usize, minute: f64) -> f64 {
        self.read(gauge, minute, |curves| &curves.drain)
    }

    /// How high the rivers by a gauge are: 0 as before, 1 at their highest.
    pub(crate) fn river(&self, gauge: usize, minute: f64) -> f64 {
        self.read(gauge, minute, |curves| &curves.river)
    }

    /// How much of the storm's sky is overhead: 0 before and long after, 1 while it rains.
    pub(crate) fn cloud(&self, minute: f64) -> f64 {
        let coming = ((minute + 20.0) / 50.0).clamp(0.0, 1.0);
        let leaving = ((self.hours * 60.0 + 90.0 - minute) / 120.0).clamp(0.0, 1.0);
        coming.min(leaving)
    }

    /// The minute from which on nothing of it is left but full reservoirs.
    pub(crate) fn over_min(&self) -> f64 {
        self.hours * 60.0 + 360.0
    }

    fn read(&self, gauge: usize, minute: f64, curve: fn(&GaugeCurves) -> &Vec<f64>) -> f64 {
        self.gauges
            .get(gauge)
            .map_or(0.0, |curves| sample(curve(curves), minute))
    }
}

impl GaugeCurves {
    fn new(by_minute: &[f64]) -> Self {
        let mut sum = 0.0;
        let fallen = std::iter::once(0.0).chain(by_minute.iter().map(|mm| {
            sum += mm;
            sum
        }));
        Self {
            fallen_mm: fallen.collect(),
            drain: reservoir(by_minute, DRAIN_MIN),
            river: reservoir(by_minute, RIVER_MIN),
        }
    }
}

/// Every gauge's total in mm: scattered around its district's, with exactly its mean.
fn gauge_totals(table: &StormTable, areas: &[Option<AreaCode>], seed: u64) -> Vec<f64> {
    let everywhere = table.district.iter().map(|d| d.total_mm).sum::<f64>()
        / stream(table.district.len().max(1)) as f64;
    let mean_of = |area: &Option<AreaCode>| {
        let district = table.district(area.as_ref());
        district.map_or(everywhere, |district| district.total_mm)
    };
    let mut totals: Vec<f64> = areas
        .iter()
        .enumerate()
        .map(|(index, area)| {
            let mut dice = Dice::new(seed, "rain-total", stream(index));
            mean_of(area) * (0.26 * dice.normal()).exp().clamp(0.6, 1.6)
        })
        .collect();
    let highest = highest_gauge(table, areas, &totals);
    if let Some(total) = highest.and_then(|index| totals.get_mut(index)) {
        *total = table.highest.total_mm;
    }
    for district in &table.district {
        let within = |area: &Option<AreaCode>| {
            let code = area.as_ref().map_or("", AreaCode::as_str);
            code.starts_with(district.area.as_str())
        };
        let members: Vec<usize> = (0..areas.len())
            .filter(|index| areas.get(*index).is_some_and(within))
            .collect();
        level_out(&mut totals, &members, highest, district.total_mm);
    }
    totals
}

/// Scales the totals of `members`, but `fixed`'s, so that their mean is `mean_mm`.
fn level_out(totals: &mut [f64], members: &[usize], fixed: Option<usize>, mean_mm: f64) {
    let total_of = |index: &usize| totals.get(*index).copied().unwrap_or_default();
    let (kept, free): (Vec<usize>, Vec<usize>) =
        members.iter().partition(|index| Some(**index) == fixed);
    let wanted = mean_mm * members.len() as f64 - kept.iter().map(total_of).sum::<f64>();
    let found: f64 = free.iter().map(total_of).sum();
    let scale = if found > 0.0 {
        (wanted / found).max(0.0)
    } else {
        1.0
    };
    for index in free {
        if let Some(total) = totals.get_mut(index) {
            *total *= scale;
        }
    }
}

/// The gauge with the greatest total in the area where the highest was measured.
fn highest_gauge(table: &StormTable, areas: &[Option<AreaCode>], totals: &[f64]) -> Option<usize> {
    let code = table.highest.area.as_str();
    areas
        .iter()
        .zip(totals)
        .enumerate()
        .filter(|(_, (area, _))| area.as_ref().is_some_and(|a| a.as_str().starts_with(code)))
        .max_by(|(_, (_, a)), (_, (_, b))| a.total_cmp(b))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests;
