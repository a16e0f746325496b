//! Sums to which order means nothing: whole numbers of a tiny unit instead of floating point.
//!
//! Adding floating-point numbers rounds each time, so that (a + b) + c is not a + (b + c): a sum
//! would tell in which order readings arrived and how slices and areas were merged. Here each
//! number is rounded once, to the nearest unit, and everything after is exact.

use serde::{Deserialize, Serialize};

/// A sum in units of 2^-40, about 9.1e-13; a number is off by half of that at most.
///
/// `f64` holds every sum below 8,192 in that unit. So numbers that are told add up as well: those
/// of an area's children to the area's own, to the last bit.
pub(super) type Additive = Exact<40>;

/// A sum in units of 2^-62, so fine that an `f64` from 0.001 on is not rounded at all: the mean of
/// one 35.2 is 35.2.
pub(super) type Fine = Exact<62>;

/// Stands for a sum that is beyond all bounds, and stays so.
const TOO_LARGE: i128 = i128::MAX;

/// From this size on an `f64` is a whole number.
const WHOLE: f64 = (1_u64 << 52) as f64;

/// An exact sum of numbers, each rounded to the nearest multiple of 2^-`PLACES`.
///
/// An `i128` in two words: by itself it wants to lie on a multiple of 16 bytes, and every slice of
/// every metric would be larger by as much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "i128", into = "i128")]
pub(super) struct Exact<const PLACES: u32>([u64; 2]);

impl<const PLACES: u32> From<i128> for Exact<PLACES> {
    fn from(units: i128) -> Self {
        let bytes = units.to_le_bytes();
        let word = |from: usize| {
            let bytes = bytes.get(from..).and_then(<[u8]>::first_chunk);
            bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
        };
        Self([word(0), word(8)])
    }
}

impl<const PLACES: u32> From<Exact<PLACES>> for i128 {
    fn from(Exact([low, high]): Exact<PLACES>) -> Self {
        (Self::from(high.cast_signed()) << 64) | Self::from(low)
    }
}

impl<const PLACES: u32> Exact<PLACES> {
    /// Units in 1.
    const UNITS: f64 = (1_u64 << PLACES) as f64;

    /// Numbers of this size and beyond are no measurement of anything, and have no sum: 2^42 or
    /// 2^62. Eight million of them together stay within an `i128`.
    const BEYOND: f64 = (1_u64 << if PLACES > 42 { 104 - PLACES } else { 62 }) as f64;

    /// Adds `v`.
    pub(super) fn add(&mut self, v: f64) {
        self.merge(Self::of(v));
    }

    /// Adds another sum.
    pub(super) fn merge(&mut self, other: Self) {
        let (one, other) = (i128::from(*self), i128::from(other));
        let either = one == TOO_LARGE || other == TOO_LARGE;
        *self = Self::from(if either {
            TOO_LARGE
        } else {
            one.saturating_add(other)
        });
    }

    /// The sum, rounded once to the nearest `f64`; `None` if it is beyond all bounds.
    pub(super) fn value(self) -> Option<f64> {
        let units = i128::from(self);
        (units != TOO_LARGE).then(|| units as f64 / Self::UNITS)
    }

    /// Whole and broken part are taken apart because each fits a machine word, so that it takes
    /// hardly longer than a plain sum.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the whole part is below 2^62, and so is the broken one in units"
    )]
    fn of(v: f64) -> Self {
        if v.is_nan() || v.abs() >= Self::BEYOND {
            return Self::from(TOO_LARGE);
        }
        let whole = v as i64;
        let broken = (v - whole as f64) * Self::UNITS;
        let nearest = if broken.abs() < WHOLE {
            (broken + 0.5_f64.copysign(broken)) as i64
        } else {
            broken as i64
        };
        Self::from((i128::from(whole) << PLACES) + i128::from(nearest))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum<const PLACES: u32>(values: &[f64]) -> Exact<PLACES> {
        let mut sum = Exact::default();
        for v in values {
            sum.add(*v);
        }
        sum
    }

    proptest! {
        #[test]
        fn neither_order_nor_grouping_shows_in_a_sum(
            values in prop::collection::vec(-1e12_f64..1e12, 1..60),
            at in 0_usize..60,
            turn in 0_usize..60,
        ) {
            let straight: Fine = sum(&values);
            let mut turned = values.clone();
            turned.rotate_left(turn % values.len());
            let (left, right) = turned.split_at(at % values.len());
            let mut merged = sum(right);
            merged.merge(sum(left));
            prop_assert_eq!(merged, straight);
        }

        #[test]
        fn a_number_is_off_by_half_a_unit_at_most(v in -1e6_f64..1e6) {
            let kept = sum::<40>(&[v]).value().unwrap();
            prop_assert!((kept - v).abs() <= 0.5 / Additive::UNITS, "{kept} for {v}");
        }

        #[test]
        fn a_number_from_a_thousandth_on_is_kept_as_it_is(v in 1e-3_f64..1e12) {
            prop_assert_eq!(sum::<62>(&[v]).value(), Some(v));
            prop_assert_eq!(sum::<62>(&[-v]).value(), Some(-v));
        }

        #[test]
        fn small_sums_add_up_to_the_last_bit(values in prop::collection::vec(-20.0_f64..20.0, 1..60)) {
            let parts: f64 = values.iter().map(|v| sum::<40>(&[*v]).value().unwrap()).sum();
            prop_assert_eq!(parts.to_bits(), sum::<40>(&values).value().unwrap().to_bits());
        }
    }

    #[test]
    fn whole_numbers_are_exact_and_what_is_beyond_has_no_sum() {
        assert_eq!(
            sum::<40>(&[1e15, 1.0, -3e15, 0.5]).value(),
            Some(1.5 - 2e15)
        );
        for v in [Additive::BEYOND, f64::MAX, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(sum::<40>(&[1.0, v, -v, 2.0]).value(), None, "{v}");
        }
        assert_eq!(sum::<62>(&[1e12, 2e12]).value(), Some(3e12));
        assert_eq!(sum::<62>(&[1e13]).value(), None);
    }
}
