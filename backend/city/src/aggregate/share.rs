//! How many contributions, in per cent, lie within limits: answered in 15 s of all answered.
//!
//! A share is a [`super::ratio::Ratio`] whose condition is a pair of limits.

use egret_shared::package::metric::ShareDef;

/// Limits of a share, inclusive, in the unit of the contributions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limits {
    least: f64,
    greatest: f64,
}

impl Limits {
    /// The limits that `def` states; `v_from_ms` makes a contribution of a time in milliseconds.
    pub(crate) fn new(def: &ShareDef, v_from_ms: impl Fn(i64) -> f64) -> Self {
        let within = def.within.map(|span| v_from_ms(span.ms()));
        Self {
            least: def.at_least.unwrap_or(f64::NEG_INFINITY),
            greatest: [def.at_most, within]
                .into_iter()
                .flatten()
                .fold(f64::INFINITY, f64::min),
        }
    }

    /// Whether `v` lies within them.
    pub(crate) fn hold(self, v: f64) -> bool {
        self.least <= v && v <= self.greatest
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::time::Span;

    use super::*;

    #[test]
    fn limits_are_inclusive_and_times_come_in_the_contributions_unit() {
        let between = ShareDef {
            at_least: Some(6.0),
            at_most: Some(9.0),
            within: None,
        };
        let held = |limits: Limits| [5.9, 6.0, 9.0, 9.1].map(|v| limits.hold(v));
        let plain = |ms: i64| ms as f64;
        assert_eq!(
            held(Limits::new(&between, plain)),
            [false, true, true, false]
        );
        let within = ShareDef {
            within: Some(Span(360_000)),
            ..ShareDef::default()
        };
        let minutes = |ms: i64| ms as f64 / 60_000.0;
        assert_eq!(
            held(Limits::new(&within, minutes)),
            [true, true, false, false]
        );
    }
}
