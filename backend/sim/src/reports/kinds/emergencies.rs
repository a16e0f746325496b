//! Calls for help: 110, 119, 120, and traffic incidents. Opened, dispatched, arrived, closed.
//!
//! Times are working values: dispatch within a minute, arrival in 5 to 10 minutes on free roads.

use super::{Kind, STATE_OPENED, SlowedBy, by_water, step};
use crate::daily::{CALLS, RUSH};

/// What all of them have in common.
const CALL: Kind = Kind {
    code: "",
    per_day: 0.0,
    weekend: 1.0,
    curve: &CALLS,
    categories: &[],
    in_storm: &[],
    first: STATE_OPENED,
    steps: &[],
    classes: &[],
    slowed_by: SlowedBy::Roads,
    strain: 0.9,
    placed: true,
    by_water: &[],
};

pub(super) const POLICE: Kind = Kind {
    code: "110",
    per_day: 2_400.0,
    weekend: 1.08,
    categories: &[
        ("theft", 0.08),
        ("fraud", 0.09),
        ("dispute", 0.26),
        ("disturbance", 0.14),
        ("help", 0.22),
        ("traffic-accident", 0.1),
        ("flood", 0.0005),
        ("lost", 0.05),
        ("other", 0.0595),
    ],
    in_storm: &[("help", 1.8), ("traffic-accident", 1.6), ("flood", 10.0)],
    steps: &[
        step("dispatched", 0.55, 0.7),
        step("arrived", 4.6, 0.45),
        step("closed", 26.0, 0.7),
    ],
    by_water: &[by_water("flood", 120.0, 2.6)],
    ..CALL
};

pub(super) const FIRE: Kind = Kind {
    code: "119",
    per_day: 45.0,
    categories: &[
        ("fire", 0.34),
        ("rescue", 0.45),
        ("flood", 0.01),
        ("false-alarm", 0.2),
    ],
    in_storm: &[("rescue", 1.6), ("flood", 12.0)],
    steps: &[
        step("dispatched", 0.45, 0.4),
        step("arrived", 5.2, 0.35),
        step("closed", 42.0, 0.6),
    ],
    by_water: &[by_water("flood", 150.0, 1.0)],
    ..CALL
};

pub(super) const MEDICAL: Kind = Kind {
    code: "120",
    per_day: 420.0,
    categories: &[
        ("illness", 0.58),
        ("injury", 0.2),
        ("traffic-accident", 0.12),
        ("transfer", 0.1),
    ],
    in_storm: &[("injury", 1.6), ("traffic-accident", 1.8)],
    steps: &[
        step("dispatched", 0.8, 0.5),
        step("arrived", 7.6, 0.35),
        step("closed", 28.0, 0.4),
    ],
    ..CALL
};

pub(super) const ACCIDENT: Kind = Kind {
    code: "JT",
    per_day: 260.0,
    weekend: 0.8,
    curve: &RUSH,
    categories: &[
        ("collision", 0.62),
        ("breakdown", 0.22),
        ("stalled", 0.004),
        ("pedestrian", 0.076),
        ("obstacle", 0.08),
    ],
    in_storm: &[("collision", 1.5), ("stalled", 8.0), ("obstacle", 3.0)],
    steps: &[
        step("dispatched", 0.9, 0.6),
        step("arrived", 6.4, 0.45),
        step("closed", 18.0, 0.6),
    ],
    by_water: &[by_water("stalled", 130.0, 1.6)],
    ..CALL
};
