//! The rain over the city: the storm on its own clock, or showers on the wall's.
//!
//! The storm's clock runs `storm_speed` times as fast as event time, so that a demo sees fourteen
//! hours in half of one while every sensor keeps its interval and tells the present time. "In the
//! last hour" then means an hour of the storm.

use egret_shared::id::AreaCode;
use egret_shared::time::{Span, TimeMs};

use crate::plane::Point;
use crate::setting::{Site, nearest};
use crate::shower::Showers;
use crate::storm::Storm;

/// How the storm's clock goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StormClock {
    /// When the storm's minute 0 is.
    pub(crate) zero: TimeMs,
    /// Storm seconds per second of event time.
    pub(crate) speed: f64,
}

impl StormClock {
    /// The storm's minute at `at`.
    pub(crate) fn minute(self, at: TimeMs) -> f64 {
        at.since(self.zero).ms() as f64 * self.speed / 60_000.0
    }
}

/// The rain over the city.
#[derive(Clone, Debug)]
pub(crate) struct Rain {
    gauges: Vec<Site>,
    storm: Option<(Storm, StormClock)>,
    showers: Showers,
}

impl Rain {
    /// Rain over `gauges`: the storm and its clock if there is one, showers when it is over.
    pub(crate) fn new(
        gauges: Vec<Site>,
        storm: Option<(Storm, StormClock)>,
        showers: Showers,
    ) -> Self {
        Self {
            gauges,
            storm,
            showers,
        }
    }

    /// The rain gauge nearest to a point; 0 if the city has none, and then nothing rains there.
    pub(crate) fn gauge_near(&self, point: Point) -> usize {
        nearest(&self.gauges, point).unwrap_or_default()
    }

    /// What fell by a gauge in the last `span` of the weather's clock, in mm.
    pub(crate) fn fallen_mm(&self, gauge: usize, at: TimeMs, span: Span) -> f64 {
        let from_storm = self.storm.as_ref().map_or(0.0, |(storm, clock)| {
            storm.rain_mm(gauge, clock.minute(at), span.ms() as f64 / 60_000.0)
        });
        let from_showers = match (self.showers_at(at), self.gauges.get(gauge)) {
            (true, Some(site)) => self.showers.rain_mm(site.point, at, span.ms()),
            _ => 0.0,
        };
        from_storm + from_showers
    }

    /// How hard it rains by a gauge: mm per hour over the last ten minutes.
    pub(crate) fn intensity_mm_h(&self, gauge: usize, at: TimeMs) -> f64 {
        self.fallen_mm(gauge, at, Span(600_000)) * 6.0
    }

    /// How full the drains at `point` are: 0 dry, 1 as at the storm's worst minute there.
    pub(crate) fn drain(&self, gauge: usize, point: Point, at: TimeMs) -> f64 {
        let by_storm = self.storm.as_ref().map_or(0.0, |(storm, clock)| {
            storm.drain(gauge, clock.minute(at)).powf(0.85)
        });
        if self.showers_at(at) {
            by_storm.max(self.showers.drain(point, at))
        } else {
            by_storm
        }
    }

    /// How high the rivers by a gauge are: 0 as ever, 1 at the storm's worst.
    pub(crate) fn river(&self, gauge: usize, at: TimeMs) -> f64 {
        self.storm
            .as_ref()
            .map_or(0.0, |(storm, clock)| storm.river(gauge, clock.minute(at)))
    }

    /// How much of the storm's sky is overhead, 0 to 1.
    pub(crate) fn cloud(&self, at: TimeMs) -> f64 {
        self.storm
            .as_ref()
            .map_or(0.0, |(storm, clock)| storm.cloud(clock.minute(at)))
    }

    /// How much time the weather lives through in a second: calls come faster in a storm that is
    /// played faster.
    pub(crate) fn pace(&self) -> f64 {
        self.storm.as_ref().map_or(1.0, |(_, clock)| clock.speed)
    }

    /// The time so many minutes of the weather's clock before `at`.
    pub(crate) fn earlier(&self, at: TimeMs, minutes: i64) -> TimeMs {
        let span_ms = (minutes * 60_000) as f64 / self.pace();
        TimeMs(at.0 - crate::curve::whole_ms(span_ms))
    }

    /// Showers fall only where no storm is played, and when it is over.
    fn showers_at(&self, at: TimeMs) -> bool {
        self.storm
            .as_ref()
            .is_none_or(|(storm, clock)| clock.minute(at) > storm.over_min())
    }
}

/// The areas of sites, for the storm's table.
pub(crate) fn areas_of(sites: &[Site]) -> Vec<Option<AreaCode>> {
    sites.iter().map(|site| site.area.clone()).collect()
}
