//! Moving assets: which feeds drive, how, and what their vehicles tell beside their place.

use egret_shared::time::TimeMs;

use crate::curve::rounded;
use crate::dice::Dice;
use crate::plane::Point;
use crate::roads::Roads;
use crate::sensors::Measured;
use crate::traffic::Traffic;
use crate::vehicle::{Driving, Vehicle};

/// What a fleet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fleet {
    /// Buses of a line.
    Bus,
    /// Taxis.
    Taxi,
    /// Sanitation trucks.
    Sanitation,
    /// Mobile pumps: parked until water stands somewhere.
    PumpTruck,
}

/// The registry: one line per feed whose assets move.
pub(crate) fn fleet_of(feed: &str) -> Option<Fleet> {
    Some(match feed {
        "bus" => Fleet::Bus,
        "taxi" => Fleet::Taxi,
        "sanitation" => Fleet::Sanitation,
        "pump-truck" => Fleet::PumpTruck,
        _ => return None,
    })
}

impl Fleet {
    /// How its vehicles drive.
    pub(crate) fn driving(self) -> Driving {
        let (pace, speed_kmh_max, stop_every_m, stop_s, roam_m) = match self {
            Self::Bus => (0.8, 48.0, 650.0, 16.0, 7_000.0),
            Self::Taxi => (1.0, 88.0, 1_800.0, 22.0, 9_000.0),
            Self::Sanitation => (0.55, 28.0, 260.0, 20.0, 4_000.0),
            Self::PumpTruck => (0.95, 60.0, 2_500.0, 240.0, 12_000.0),
        };
        Driving {
            pace,
            speed_kmh_max,
            stop_every_m,
            stop_s,
            roam_m,
        }
    }

    /// What a vehicle has on board when the run begins.
    pub(crate) fn first_load(self, dice: &mut Dice) -> f64 {
        match self {
            Self::Bus => dice.between(15.0, 70.0),
            Self::Taxi if dice.chance(0.6) => 1.0,
            Self::Taxi | Self::Sanitation | Self::PumpTruck => 0.0,
        }
    }

    /// Drives a vehicle on to `at` and tells where it is and what it measures; `trouble` is how
    /// much water stands in the city, `cloud` how much of a storm is overhead, both 0 to 1.
    pub(crate) fn report(
        self,
        vehicle: &mut Vehicle,
        at: TimeMs,
        roads: &Roads,
        traffic: &Traffic,
        weather: Weather,
    ) -> (Point, Vec<Measured>) {
        let parked = self == Self::PumpTruck && weather.trouble < 0.05;
        let at_work = self == Self::PumpTruck && !parked && vehicle.stands();
        if !parked {
            vehicle.drive_until(at, roads, traffic);
        }
        let speed_kmh = if parked { 0.0 } else { vehicle.speed_kmh() };
        let heading = rounded(vehicle.heading_deg(roads), 0).rem_euclid(360.0);
        let mut measured = vec![("speed", rounded(speed_kmh, 1)), ("heading", heading)];
        measured.extend(self.load(vehicle, traffic, weather, at_work));
        (vehicle.place(roads), measured)
    }

    /// What it carries.
    fn load(
        self,
        vehicle: &mut Vehicle,
        traffic: &Traffic,
        weather: Weather,
        at_work: bool,
    ) -> Option<Measured> {
        let (carried, chance) = (vehicle.carried, vehicle.dice().unit());
        match self {
            Self::Bus => {
                let wanted = 22.0 + 50.0 * traffic.rush();
                let step = if vehicle.stands() { 0.15 } else { 0.0 };
                let noise = 24.0 * (chance - 0.5) * step * 4.0;
                vehicle.carried = (carried + step * (wanted - carried) + noise).clamp(2.0, 98.0);
                Some(("passenger_load", rounded(vehicle.carried, 0)))
            }
            Self::Taxi => {
                // A fare lasts about ten minutes; how long the wait is sets the share hired.
                let share = 0.6 + 0.3 * weather.cloud;
                let (fare_over, fare_found) = (1.0 / 60.0, share / (1.0 - share) / 60.0);
                let hired = carried > 0.5;
                let changes = chance < if hired { fare_over } else { fare_found };
                vehicle.carried = if hired == changes { 0.0 } else { 1.0 };
                Some(("hired", vehicle.carried))
            }
            Self::Sanitation => None,
            Self::PumpTruck => Some(("pump_flow", if at_work { 0.4 } else { 0.0 })),
        }
    }
}

/// What of the weather a fleet feels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// How much of the storm's sky is overhead, 0 to 1.
    pub(crate) cloud: f64,
    /// How much trouble standing water makes, 0 to 1.
    pub(crate) trouble: f64,
}
