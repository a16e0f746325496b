//! What patrols find: components and events by the classes of GB/T 30428.2, through the steps of
//! GB/T 30428.8: opened, filed, dispatched, handled, closed.

use super::{Kind, STATE_OPENED, SlowedBy, by_water, step};
use crate::daily::OFFICE;

pub(super) const PATROL: Kind = Kind {
    code: "WG",
    per_day: 1_500.0,
    weekend: 0.6,
    curve: &OFFICE,
    categories: &[
        ("manhole-cover", 0.035),
        ("utility-box", 0.02),
        ("street-lamp", 0.015),
        ("traffic-sign", 0.025),
        ("guardrail", 0.02),
        ("litter-bin", 0.03),
        ("public-toilet", 0.01),
        ("greenery", 0.04),
        ("street-tree", 0.025),
        ("waterside-fence", 0.008),
        ("garbage", 0.21),
        ("road-damage", 0.05),
        ("advertising", 0.08),
        ("site-dust", 0.025),
        ("site-noise", 0.015),
        ("road-ponding", 0.004),
        ("road-collapse", 0.002),
        ("street-trading", 0.15),
        ("illegal-parking", 0.13),
        ("bike-parking", 0.1),
        ("other", 0.006),
    ],
    in_storm: &[
        ("manhole-cover", 5.0),
        ("greenery", 3.0),
        ("street-tree", 6.0),
        ("road-ponding", 12.0),
        ("road-collapse", 3.0),
        ("street-trading", 0.2),
    ],
    first: STATE_OPENED,
    steps: &[
        step("filed", 4.5, 0.7),
        step("dispatched", 3.5, 0.6),
        step("handled", 48.0, 0.8),
        step("closed", 16.0, 0.7),
    ],
    classes: &[],
    slowed_by: SlowedBy::Offices,
    strain: 0.8,
    placed: true,
    by_water: &[by_water("road-ponding", 80.0, 0.8)],
};
