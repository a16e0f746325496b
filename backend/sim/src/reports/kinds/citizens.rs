//! What citizens ask for: 12345 calls and requests, cases at the common counter.

use super::{
    Class, Kind, STATE_OPENED, SlowedBy, Span, by_water, either, limited, or_end, some, step,
};
use crate::daily::{HOTLINE, OFFICE};

const HOUR_MS: i64 = 3_600_000;

/// Limits of a reply after the 12345 norm: danger, utilities, everything else.
const IN_DANGER: Span = Span(2 * HOUR_MS);
const UTILITIES: Span = Span(24 * HOUR_MS);

/// Opened, dispatched, replied, closed; then six in ten are asked whether it is resolved and
/// whether they are content.
pub(super) const HOTLINE_REQUEST: Kind = Kind {
    code: "12345",
    per_day: 2_000.0,
    weekend: 0.72,
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
    first: STATE_OPENED,
    steps: &[
        step("dispatched", 6.0, 0.7),
        limited(step("replied", 62.0, 0.9)),
        step("closed", 38.0, 0.8),
        some(
            0.6,
            either(step("resolved", 20.0, 0.6), "unresolved", 0.08, 0.15),
        ),
        either(step("satisfied", 0.4, 0.3), "dissatisfied", 0.06, 0.12),
    ],
    classes: &[
        Class {
            categories: &["waterlogging", "gas-smell", "fallen-tree"],
            pace: 0.22,
            limit: Some(IN_DANGER),
        },
        Class {
            categories: &["burst-pipe", "power-cut"],
            pace: 0.5,
            limit: Some(UTILITIES),
        },
    ],
    slowed_by: SlowedBy::Offices,
    strain: 0.9,
    placed: true,
    by_water: &[by_water("waterlogging", 60.0, 6.0)],
};

/// Ringing, answered or given up, closed. In the worst storm the wait is six times as long and
/// one call in five is given up.
pub(super) const HOTLINE_CALL: Kind = Kind {
    code: "LH",
    per_day: 1_400.0,
    categories: &[("voice", 1.0)],
    in_storm: &[],
    first: "ringing",
    steps: &[
        or_end(step("answered", 0.1, 0.55), "abandoned", 0.016, 0.2),
        step("closed", 3.2, 0.5),
    ],
    classes: &[],
    slowed_by: SlowedBy::Nothing,
    strain: 5.0,
    placed: false,
    by_water: &[by_water("voice", 60.0, 9.0)],
    ..HOTLINE_REQUEST
};

/// Opened, closed; a third rates it. Most need no paper, and those are done sooner.
pub(super) const ONE_STOP: Kind = Kind {
    code: "YC",
    per_day: 6_000.0,
    weekend: 0.3,
    curve: &OFFICE,
    categories: &[
        ("licence-free", 0.68),
        ("promise", 0.1),
        ("licence-shown", 0.22),
    ],
    in_storm: &[],
    first: STATE_OPENED,
    steps: &[
        step("closed", 16.0, 0.9),
        some(
            0.35,
            either(step("satisfied", 0.8, 0.6), "dissatisfied", 0.013, 0.03),
        ),
    ],
    classes: &[Class {
        categories: &["licence-free"],
        pace: 0.6,
        limit: None,
    }],
    slowed_by: SlowedBy::Nothing,
    strain: 0.3,
    placed: true,
    by_water: &[],
};
