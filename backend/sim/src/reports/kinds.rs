//! The report feeds: how many a day, about what, and how their cases go on.
//!
//! The daily number of 12345 requests is the city's own figure; the others are working values
//! (see the demo city's README). Replies and handling are quicker than in life, where they take
//! days, so that a screen sees them; calls for help take the time they take.

use egret_shared::report::STATE_OPENED;
use egret_shared::time::Span;

use super::{ByWater, Class, Kind, Other, SlowedBy, Step};

mod citizens;
mod emergencies;
mod patrol;

/// The registry: one line per report feed.
pub(crate) fn kind_of(feed: &str) -> Option<Kind> {
    Some(match feed {
        "hotline" => citizens::HOTLINE_REQUEST,
        "hotline-call" => citizens::HOTLINE_CALL,
        "one-stop" => citizens::ONE_STOP,
        "call-110" => emergencies::POLICE,
        "call-119" => emergencies::FIRE,
        "call-120" => emergencies::MEDICAL,
        "accident" => emergencies::ACCIDENT,
        "patrol" => patrol::PATROL,
        _ => return None,
    })
}

/// A step that every case takes.
const fn step(state: &'static str, median_min: f64, spread: f64) -> Step {
    Step {
        state,
        or: None,
        median_min,
        spread,
        share: 1.0,
        limited: false,
    }
}

/// The step until which the category's limit runs.
const fn limited(step: Step) -> Step {
    Step {
        limited: true,
        ..step
    }
}

/// A step that only a share of the cases takes.
const fn some(share: f64, step: Step) -> Step {
    Step { share, ..step }
}

/// A step with another outcome, for a share of cases on a quiet day and more in a storm.
const fn either(step: Step, other: &'static str, share: f64, in_trouble: f64) -> Step {
    Step {
        or: Some(Other {
            state: other,
            share,
            in_trouble,
            ends: false,
        }),
        ..step
    }
}

/// A step with another outcome that ends the case.
const fn or_end(step: Step, other: &'static str, share: f64, in_trouble: f64) -> Step {
    Step {
        or: Some(Other {
            state: other,
            share,
            in_trouble,
            ends: true,
        }),
        ..step
    }
}

const fn by_water(category: &'static str, from_mm: f64, per_hour: f64) -> ByWater {
    ByWater {
        category,
        from_mm,
        per_hour,
    }
}
