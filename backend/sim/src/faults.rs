//! What goes wrong in every real city: dead and stuck sensors, sensors that stick or jump for a
//! while, gateways that lose the network and deliver later or whose clock is off, messages sent
//! twice, messages that are wrong.
//!
//! All shares are declared here, so that a screen's "41 of 52 stations" and its quarantine can be
//! checked against them.

use egret_shared::time::TimeMs;
use serde_json::{Value, json};

use crate::curve::whole_ms;
use crate::dice::Dice;

mod trips;

pub(crate) use trips::{JUMP_SHARE, Trips};

/// Share of assets that never speak.
pub const SILENT_SHARE: f64 = 0.006;
/// Share of assets that tell the same values for ever.
pub const STUCK_SHARE: f64 = 0.004;
/// Share of assets whose radio loses [`PATCHY_LOSS`] of their messages.
pub const PATCHY_SHARE: f64 = 0.006;
/// What a patchy asset loses.
pub const PATCHY_LOSS: f64 = 0.4;
/// Share of messages sent twice.
pub const DUPLICATE_SHARE: f64 = 0.001;
/// Share of messages that are wrong.
pub const BAD_SHARE: f64 = 0.000_5;

/// Gateways of the fixed assets, each with about ten of them.
const GATEWAYS: u64 = 120;
/// From one gateway's outage to the next.
const OUTAGE_EVERY_MS: i64 = 20 * 60_000;
/// How long a gateway is offline: longer than roadside detectors may be late, so that what they
/// stored fills a gap and is not just late.
pub(crate) const OUTAGE_MS: i64 = 7 * 60_000;
/// When the first outage begins.
const FIRST_OUTAGE_MS: i64 = 5 * 60_000;
/// How far the clock of one gateway is ahead.
pub const CLOCK_AHEAD_MS: i64 = 40_000;

/// Feeds with fewer assets than this have no dead ones: one of three tide gauges would be a third.
pub(crate) const SMALL_FEED: usize = 20;

/// How well an asset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// As it should be.
    Well,
    /// Never speaks.
    Silent,
    /// Always tells the same.
    Stuck,
    /// Loses many messages.
    Patchy,
}

impl Health {
    /// How well one asset is.
    pub(crate) fn of(dice: &mut Dice) -> Self {
        let roll = dice.unit();
        if roll < SILENT_SHARE {
            Self::Silent
        } else if roll < SILENT_SHARE + STUCK_SHARE {
            Self::Stuck
        } else if roll < SILENT_SHARE + STUCK_SHARE + PATCHY_SHARE {
            Self::Patchy
        } else {
            Self::Well
        }
    }
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The payload ends in the middle.
    TornJson,
    /// A number far outside anything possible.
    OutOfRange,
    /// A unit that nobody can convert.
    WrongUnit,
    /// A property nobody declared.
    UnknownProperty,
    /// A clock that was never set.
    AbsurdTime,
}

impl Fault {
    /// What goes wrong with one message, if anything.
    pub(crate) fn of(dice: &mut Dice) -> Option<Self> {
        let faults = [
            Self::TornJson,
            Self::OutOfRange,
            Self::WrongUnit,
            Self::UnknownProperty,
            Self::AbsurdTime,
        ];
        let hit = dice.chance(BAD_SHARE);
        hit.then(|| dice.pick(&faults).copied()).flatten()
    }

    /// Spoils a native payload; where the fault does not fit the message, its end is torn off.
    pub(crate) fn spoil(self, payload: &str) -> String {
        let spoiled = serde_json::from_str(payload)
            .ok()
            .and_then(|message| self.spoil_json(message));
        spoiled.unwrap_or_else(|| {
            let end = payload.char_indices().nth(payload.chars().count() * 2 / 3);
            let torn = end.and_then(|(index, _)| payload.get(..index));
            torn.unwrap_or_default().to_owned()
        })
    }

    fn spoil_json(self, mut message: Value) -> Option<String> {
        if self == Self::AbsurdTime {
            let at = message.get_mut("at")?;
            *at = json!("1970-01-01T08:00:12+08:00");
            return Some(message.to_string());
        }
        let values = message.get_mut("values")?.as_object_mut()?;
        let value = values.values_mut().next()?;
        match self {
            Self::OutOfRange => *value.get_mut("v")? = json!(987_654_321),
            Self::WrongUnit => *value.get_mut("u")? = json!("furlong"),
            Self::UnknownProperty => {
                values.insert("flux_capacity".into(), json!({"v": 1.21, "u": "1"}));
            }
            Self::TornJson | Self::AbsurdTime => return None,
        }
        Some(message.to_string())
    }
}

/// How long after a message its duplicate comes, ms.
pub(crate) fn duplicate_after_ms(dice: &mut Dice) -> Option<i64> {
    let hit = dice.chance(DUPLICATE_SHARE);
    hit.then(|| whole_ms(dice.between(200.0, 3_000.0)))
}

/// When a gateway of the run is offline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outages {
    seed: u64,
    start: TimeMs,
}

impl Outages {
    /// The outages of a run that begins at `start`.
    pub(crate) fn new(seed: u64, start: TimeMs) -> Self {
        Self { seed, start }
    }

    /// The gateway of fixed asset number `index`.
    pub(crate) fn gateway_of(&self, index: u64) -> u64 {
        Dice::new(self.seed, "gateway", index).bits() % GATEWAYS
    }

    /// How far the clock of `gateway` is ahead, ms: of one of them.
    pub(crate) fn ahead_ms(&self, gateway: u64) -> i64 {
        let hit = Dice::new(self.seed, "clock", 0).bits() % GATEWAYS == gateway;
        if hit { CLOCK_AHEAD_MS } else { 0 }
    }

    /// When the outage ends in which `gateway` is at `at`.
    pub(crate) fn end_of(&self, gateway: u64, at: TimeMs) -> Option<TimeMs> {
        let since = at.0 - self.start.0 - FIRST_OUTAGE_MS;
        let into_ms = since.rem_euclid(OUTAGE_EVERY_MS);
        self.number_of(gateway, at)?;
        Some(TimeMs(at.0 + OUTAGE_MS - into_ms))
    }

    /// The number of the outage in which `gateway` is at `at`.
    pub(crate) fn number_of(&self, gateway: u64, at: TimeMs) -> Option<u64> {
        let since = at.0 - self.start.0 - FIRST_OUTAGE_MS;
        let number = u64::try_from(since.div_euclid(OUTAGE_EVERY_MS)).ok()?;
        let into_ms = since.rem_euclid(OUTAGE_EVERY_MS);
        let hit = Dice::new(self.seed, "outage", number).bits() % GATEWAYS == gateway;
        (hit && into_ms < OUTAGE_MS).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        r#"{"at":"2026-06-22T06:05:00.000+08:00","values":{"water_level":{"v":1.4,"u":"m"}}}"#;

    #[test]
    fn every_fault_spoils_a_message_in_its_own_way() {
        for fault in [
            Fault::TornJson,
            Fault::OutOfRange,
            Fault::WrongUnit,
            Fault::UnknownProperty,
            Fault::AbsurdTime,
        ] {
            let bad = fault.spoil(GOOD);
            assert_ne!(bad, GOOD);
            let is_json = serde_json::from_str::<Value>(&bad).is_ok();
            assert_eq!(is_json, fault != Fault::TornJson, "{fault:?}: {bad}");
        }
    }

    #[test]
    fn one_gateway_at_a_time_is_offline_for_seven_minutes() {
        let outages = Outages::new(5, TimeMs(0));
        for minute in 0..120 {
            let at = TimeMs(minute * 60_000);
            let down = (0..GATEWAYS).filter(|gateway| outages.end_of(*gateway, at).is_some());
            let expected = usize::from((minute - 5).rem_euclid(20) < 7 && minute >= 5);
            assert_eq!(down.count(), expected, "minute {minute}");
        }
    }

    #[test]
    fn about_one_asset_in_sixty_is_not_well() {
        let mut dice = Dice::new(1, "health", 0);
        let ill = (0..50_000)
            .filter(|_| Health::of(&mut dice) != Health::Well)
            .count();
        assert!((600..1_000).contains(&ill), "{ill}");
    }
}
