//! What is the same for everyone at a moment: the hour, the rain, the drains and the roads.

use egret_shared::time::TimeMs;

use crate::curve::whole_ms;
use crate::daily::{is_weekend, local_hour};
use crate::drainage::Drainage;
use crate::mishap::Mishaps;
use crate::rain::Rain;
use crate::reports::{WetPlace, trouble, wet_places};
use crate::roads::Roads;
use crate::sensors::Scene;
use crate::setting::Setting;
use crate::traffic::Traffic;

/// How often what changes slowly is worked out anew, in event time: a minute of a storm at 30×.
const REFRESH_MS: i64 = 2_000;

/// What everyone stands on.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    rain: Rain,
    drainage: Drainage,
    mishaps: Mishaps,
    traffic: Traffic,
    timezone: chrono_tz::Tz,
    wet: Vec<WetPlace>,
    trouble: f64,
    hour: f64,
    weekend: bool,
    /// How far the city lives ahead of its clocks, ms.
    ahead_ms: i64,
    refreshed: Option<TimeMs>,
}

impl Stage {
    /// The stage before its first moment.
    pub(super) fn new(
        setting: &Setting,
        rain: Rain,
        (drainage, mishaps): (Drainage, Mishaps),
        roads: &Roads,
        hours_ahead: f64,
    ) -> Self {
        Self {
            traffic: Traffic::new(roads, &drainage, &rain),
            rain,
            drainage,
            mishaps,
            timezone: setting.timezone,
            wet: Vec::new(),
            trouble: 0.0,
            hour: 0.0,
            weekend: false,
            ahead_ms: whole_ms(hours_ahead * 3_600_000.0),
            refreshed: None,
        }
    }

    /// Brings what changes slowly to `at`, if it is time; also back, to cases that began before
    /// the run.
    pub(super) fn refresh(&mut self, at: TimeMs) {
        let fresh = self
            .refreshed
            .is_some_and(|then| (0..REFRESH_MS).contains(&at.since(then).ms()));
        if fresh {
            return;
        }
        self.refreshed = Some(at);
        let lived = TimeMs(at.0 + self.ahead_ms);
        self.hour = local_hour(lived, self.timezone);
        self.weekend = is_weekend(lived, self.timezone);
        let day = (self.hour, self.weekend);
        self.traffic.refresh(at, day, &self.drainage, &self.rain);
        self.wet = wet_places(&self.drainage, &self.rain, at);
        self.trouble = trouble(&self.wet);
    }

    /// What sensors and desks see at `at`.
    pub(super) fn scene(&self, at: TimeMs) -> Scene<'_> {
        Scene {
            at,
            hour: self.hour,
            weekend: self.weekend,
            rush: self.traffic.rush(),
            cloud: self.rain.cloud(at),
            trouble: self.trouble,
            rain: &self.rain,
            drainage: &self.drainage,
            mishaps: &self.mishaps,
        }
    }

    /// Where water stands.
    pub(super) fn wet(&self) -> &[WetPlace] {
        &self.wet
    }

    /// The rain over it.
    pub(super) fn rain(&self) -> &Rain {
        &self.rain
    }

    /// The drains under it.
    pub(super) fn drainage(&self) -> &Drainage {
        &self.drainage
    }

    /// The roads on it.
    pub(super) fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}
