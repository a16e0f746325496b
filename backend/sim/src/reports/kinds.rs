//! The report feeds: how many a day, about what, and how their cases go on.
//!
//! The daily number of 12345 requests is the city's own figure; the others are working values
//! (see the demo city's README). Handling is quicker than in life, so that a screen sees it.

use super::{ByWater, Kind, Step};
use crate::daily::{CALLS, HOTLINE, OFFICE, RUSH};

/// The registry: one line per report feed.
pub(crate) fn kind_of(feed: &str) -> Option<Kind> {
    Some(match feed {
        "hotline" => HOTLINE_12345,
        "call-110" => POLICE,
        "call-119" => FIRE,
        "call-120" => MEDICAL,
        "accident" => ACCIDENT,
        "patrol" => PATROL,
        _ => return None,
    })
}

const fn step(state: &'static str, least_min: f64, most_min: f64) -> Step {
    Step {
        state,
        after_min: [least_min, most_min],
    }
}

const fn by_water(category: &'static str, from_mm: f64, per_hour: f64) -> ByWater {
    ByWater {
        category,
        from_mm,
        per_hour,
    }
}

const HOTLINE_12345: Kind = Kind {
    code: "12345",
    per_day: 2_000.0,
    curve: &HOTLINE,
    categories: &[
        ("waterlogging", 0.006),
        ("burst-pipe", 0.012),
        ("power-cut", 0.02),
        ("gas-smell", 0.008),
        ("fallen-tree", 0.006),
        ("noise", 0.13),
        ("road-damage", 0.05),
        ("parking", 0.12),
        ("street-light", 0.03),
        ("waste", 0.06),
        ("bus-service", 0.05),
        ("housing", 0.14),
        ("social-security", 0.1),
        ("consumer", 0.13),
        ("consultation", 0.1),
        ("other", 0.038),
    ],
    in_storm: &[
        ("waterlogging", 4.0),
        ("power-cut", 4.0),
        ("fallen-tree", 9.0),
        ("burst-pipe", 1.5),
        ("parking", 0.5),
    ],
    steps: &[
        step("dispatched", 2.0, 14.0),
        step("arrived", 12.0, 80.0),
        step("closed", 20.0, 420.0),
    ],
    by_water: &[by_water("waterlogging", 60.0, 6.0)],
};

const POLICE: Kind = Kind {
    code: "110",
    per_day: 2_400.0,
    curve: &CALLS,
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
        step("dispatched", 0.5, 3.0),
        step("arrived", 3.0, 14.0),
        step("closed", 10.0, 70.0),
    ],
    by_water: &[by_water("flood", 120.0, 2.6)],
};

const FIRE: Kind = Kind {
    code: "119",
    per_day: 45.0,
    curve: &CALLS,
    categories: &[
        ("fire", 0.34),
        ("rescue", 0.45),
        ("flood", 0.01),
        ("false-alarm", 0.2),
    ],
    in_storm: &[("rescue", 1.6), ("flood", 12.0)],
    steps: &[
        step("dispatched", 0.3, 1.2),
        step("arrived", 4.0, 11.0),
        step("closed", 20.0, 90.0),
    ],
    by_water: &[by_water("flood", 150.0, 1.0)],
};

const MEDICAL: Kind = Kind {
    code: "120",
    per_day: 420.0,
    curve: &CALLS,
    categories: &[
        ("illness", 0.58),
        ("injury", 0.2),
        ("traffic-accident", 0.12),
        ("transfer", 0.1),
    ],
    in_storm: &[("injury", 1.6), ("traffic-accident", 1.8)],
    steps: &[
        step("dispatched", 0.5, 2.0),
        step("arrived", 5.0, 16.0),
        step("closed", 18.0, 60.0),
    ],
    by_water: &[],
};

const ACCIDENT: Kind = Kind {
    code: "JT",
    per_day: 260.0,
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
        step("dispatched", 0.5, 3.0),
        step("arrived", 4.0, 15.0),
        step("closed", 10.0, 50.0),
    ],
    by_water: &[by_water("stalled", 130.0, 1.6)],
};

const PATROL: Kind = Kind {
    code: "WG",
    per_day: 1_500.0,
    curve: &OFFICE,
    categories: &[
        ("garbage", 0.27),
        ("manhole-cover", 0.03),
        ("street-trading", 0.2),
        ("illegal-parking", 0.26),
        ("road-damage", 0.06),
        ("greenery", 0.06),
        ("advertising", 0.07),
        ("other", 0.05),
    ],
    in_storm: &[
        ("manhole-cover", 5.0),
        ("greenery", 5.0),
        ("street-trading", 0.2),
    ],
    steps: &[
        step("dispatched", 1.0, 8.0),
        step("arrived", 8.0, 60.0),
        step("closed", 15.0, 240.0),
    ],
    by_water: &[],
};
