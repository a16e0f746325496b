//! Rain and drains of the city, and when what begins.

use egret_shared::time::{Span, TimeMs};

use super::PlanError;
use crate::curve::whole_ms;
use crate::drainage::Drainage;
use crate::options::{Options, Scenario};
use crate::plane::Point;
use crate::rain::{Rain, StormClock, areas_of};
use crate::setting::{Setting, nearest};
use crate::shower::Showers;
use crate::storm::{JUNE_2021, Storm, StormTable};

/// How long before the storm, if it is not entered in the middle.
const STORM_LEAD: Span = Span(120_000);

/// How long before a quiet day's first shower.
const SHOWER_LEAD: Span = Span(300_000);

/// Rain and drains of the city.
pub(super) fn water(
    setting: &Setting,
    options: &Options,
    start: TimeMs,
) -> Result<(Rain, Drainage), PlanError> {
    let table = StormTable::parse(JUNE_2021)?;
    let gauges = setting.sites("rain");
    let (manholes, low_points) = (setting.sites("manhole"), setting.sites("ponding"));
    let gauge_near = |point: Point| nearest(&gauges, point).unwrap_or_default();
    let drainage = Drainage::new(&manholes, &low_points, &table, options.seed, gauge_near);
    let storm = match options.scenario {
        Scenario::Quiet => None,
        Scenario::Storm => {
            let storm = Storm::new(&table, &areas_of(&gauges), options.seed);
            Some((storm, storm_clock(options, start)))
        }
    };
    let first_shower = match &storm {
        None => start.plus(SHOWER_LEAD),
        Some((storm, clock)) => {
            let over_ms = storm.over_min() * 60_000.0 / clock.speed;
            TimeMs(clock.zero.0 + whole_ms(over_ms)).plus(SHOWER_LEAD)
        }
    };
    let showers = Showers::new(options.seed, first_shower, drainage.weak_spots());
    Ok((Rain::new(gauges, storm, showers), drainage))
}

fn storm_clock(options: &Options, start: TimeMs) -> StormClock {
    let zero = match options.storm_offset {
        None => start.plus(STORM_LEAD),
        Some(offset) => TimeMs(start.0 - whole_ms(offset.ms() as f64 / options.storm_speed)),
    };
    StormClock {
        zero,
        speed: options.storm_speed,
    }
}
