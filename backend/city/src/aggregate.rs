//! How contributions become one number: one file each, and one line in [`accumulators!`].
//!
//! A slice of a window keeps an [`Accumulator`]; a window's number is that of its slices merged.
//! None of them shows in which order contributions arrived, or how they were cut into slices.

mod count;
mod distinct;
mod distinct_assets;
mod exact;
mod last;
mod max;
mod mean;
mod min;
mod quantile;
mod rate;
mod ratio;
mod share;
mod sum;

use egret_shared::package::metric::Aggregate;
use serde::{Deserialize, Serialize};

pub(crate) use distinct::{distinct_id, distinct_value, distinct_word};
pub(crate) use share::Limits;

/// What a metric is made of, one at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Contribution {
    /// Event time, milliseconds.
    pub(crate) at_ms: i64,
    /// How much; 1 for reports. Always finite, and never negative zero.
    pub(crate) v: f64,
    /// The asset by the number under which the metric knows it; absent for reports.
    pub(crate) asset: Option<u32>,
    /// Whether it fulfils the condition of a ratio or a share; false elsewhere.
    pub(crate) fulfils: bool,
    /// Hash of what a distinct count tells apart; 0 elsewhere.
    pub(crate) key: u64,
}

impl Contribution {
    /// A number at a time, and nothing else.
    pub(crate) fn plain(at_ms: i64, v: f64) -> Self {
        Self {
            at_ms,
            // Of two zeros none is the greater, and so neither shall be another.
            v: v + 0.0,
            asset: None,
            fulfils: false,
            key: 0,
        }
    }
}

/// Makes one number of many.
pub(crate) trait Accumulate {
    /// Takes one more contribution in.
    fn add(&mut self, one: &Contribution);

    /// Takes in all that `later`, of the following slice, has.
    fn merge(&mut self, later: &Self);

    /// The number, if there is one. Asked only of what took something in, save for counts.
    fn value(&self) -> Option<f64>;
}

macro_rules! accumulators {
    ($($kind:ident($accumulator:ty)),+ $(,)?) => {
        /// One of the accumulators.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub(crate) enum Accumulator {
            $(
                #[doc = concat!("See [`", stringify!($accumulator), "`].")]
                $kind($accumulator),
            )+
        }

        impl Accumulate for Accumulator {
            fn add(&mut self, one: &Contribution) {
                match self { $(Self::$kind(accumulator) => accumulator.add(one),)+ }
            }

            fn merge(&mut self, later: &Self) {
                match (self, later) {
                    $((Self::$kind(accumulator), Self::$kind(later)) => accumulator.merge(later),)+
                    // A metric's slices all have the metric's own accumulator.
                    _ => {}
                }
            }

            fn value(&self) -> Option<f64> {
                let v = match self { $(Self::$kind(accumulator) => accumulator.value(),)+ };
                v.filter(|v| v.is_finite())
            }
        }
    };
}

accumulators! {
    Count(count::Count),
    Sum(sum::Sum),
    Mean(mean::Mean),
    Min(min::Min),
    Max(max::Max),
    Last(last::Last),
    DistinctAssets(distinct_assets::DistinctAssets),
    Distinct(distinct::Distinct),
    Quantile(quantile::Quantile),
    Rate(rate::Rate),
    Ratio(ratio::Ratio),
}

/// How a metric's contributions become its number: an [`Aggregate`] without what is decided
/// before they get here, so that it can be handed around.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum How {
    Count,
    Sum,
    Mean,
    Min,
    Max,
    Last,
    DistinctAssets,
    Distinct,
    /// Which one, 0 to 1.
    Quantile(f64),
    /// For each so many milliseconds.
    Rate(i64),
    /// Of a ratio or a share.
    Ratio,
}

impl How {
    /// What `aggregate` comes to.
    pub(crate) fn new(aggregate: &Aggregate) -> Self {
        match aggregate {
            Aggregate::Count => Self::Count,
            Aggregate::Sum => Self::Sum,
            Aggregate::Mean => Self::Mean,
            Aggregate::Min => Self::Min,
            Aggregate::Max => Self::Max,
            Aggregate::Last => Self::Last,
            Aggregate::DistinctAssets => Self::DistinctAssets,
            Aggregate::Distinct(_) => Self::Distinct,
            Aggregate::Quantile(q) => Self::Quantile(*q),
            Aggregate::Rate(per) => Self::Rate(per.ms()),
            Aggregate::Ratio(_) | Aggregate::Share(_) => Self::Ratio,
        }
    }

    /// Whether no contribution at all means 0, not "unknown": true where things are counted.
    pub(crate) fn is_zero_without_contributions(self) -> bool {
        matches!(
            self,
            Self::Count | Self::Sum | Self::DistinctAssets | Self::Distinct | Self::Rate(_)
        )
    }

    /// Whether the number depends on how long the window is.
    pub(crate) fn is_per_time(self) -> bool {
        matches!(self, Self::Rate(_))
    }

    /// The number that an accumulator's value `v` over a window of `length_ms` comes to.
    pub(crate) fn over(self, v: f64, length_ms: i64) -> f64 {
        match self {
            Self::Rate(per_ms) => rate::rate(v, per_ms, length_ms),
            _ => v,
        }
    }
}

impl Accumulator {
    /// An empty accumulator.
    pub(crate) fn new(how: How) -> Self {
        match how {
            How::Count => Self::Count(count::Count::default()),
            How::Sum => Self::Sum(sum::Sum::default()),
            How::Mean => Self::Mean(mean::Mean::default()),
            How::Min => Self::Min(min::Min::default()),
            How::Max => Self::Max(max::Max::default()),
            How::Last => Self::Last(last::Last::default()),
            How::DistinctAssets => Self::DistinctAssets(distinct_assets::DistinctAssets::default()),
            How::Distinct => Self::Distinct(distinct::Distinct::default()),
            How::Quantile(q) => Self::Quantile(quantile::Quantile::new(q)),
            How::Rate(_) => Self::Rate(rate::Rate::default()),
            How::Ratio => Self::Ratio(ratio::Ratio::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::package::metric::{DistinctOf, ShareDef};
    use egret_shared::time::Span;
    use proptest::prelude::*;

    use super::*;

    const ALL: [How; 11] = [
        How::Count,
        How::Sum,
        How::Mean,
        How::Min,
        How::Max,
        How::Last,
        How::DistinctAssets,
        How::Distinct,
        How::Quantile(0.5),
        How::Rate(3_600_000),
        How::Ratio,
    ];

    fn one(at_ms: i64, v: f64) -> Contribution {
        Contribution {
            asset: Some(1),
            fulfils: v > 2.5,
            key: v.to_bits().wrapping_mul(0x9e37_79b9_7f4a_7c15),
            ..Contribution::plain(at_ms, v)
        }
    }

    fn taken(how: How, contributions: &[Contribution]) -> Accumulator {
        let mut accumulator = Accumulator::new(how);
        for one in contributions {
            accumulator.add(one);
        }
        accumulator
    }

    fn value(how: How, values: &[f64]) -> Option<f64> {
        let contributions: Vec<Contribution> = values.iter().map(|v| one(7, *v)).collect();
        let mut window = Accumulator::new(how);
        for slice in contributions.chunks(2) {
            window.merge(&taken(how, slice));
        }
        window.value()
    }

    #[test]
    fn every_aggregate_is_what_it_says() {
        let values = [3.0, -1.0, 8.0, 2.0, 3.0];
        for (how, expected) in [
            (How::Count, 5.0),
            (How::Sum, 15.0),
            (How::Mean, 3.0),
            (How::Min, -1.0),
            (How::Max, 8.0),
            (How::Last, 8.0),
            (How::DistinctAssets, 1.0),
            (How::Distinct, 4.0),
            (How::Rate(60_000), 15.0),
            (How::Ratio, 60.0),
        ] {
            assert_eq!(value(how, &values), Some(expected), "{how:?}");
        }
    }

    #[test]
    fn of_nothing_counts_are_zero_and_the_rest_unknown() {
        for how in ALL {
            let expected = how.is_zero_without_contributions().then_some(0.0);
            assert_eq!(value(how, &[]), expected, "{how:?}");
        }
        assert_eq!(
            ALL.into_iter()
                .filter(|how| how.is_zero_without_contributions())
                .count(),
            5
        );
    }

    #[test]
    fn what_is_decided_beforehand_is_left_out() {
        let share = Aggregate::Share(ShareDef::default());
        for (aggregate, how) in [
            (Aggregate::Distinct(DistinctOf::Value), How::Distinct),
            (Aggregate::Rate(Span(1_000)), How::Rate(1_000)),
            (Aggregate::Ratio("value > 1.0".to_owned()), How::Ratio),
            (share, How::Ratio),
        ] {
            assert_eq!(How::new(&aggregate), how);
        }
    }

    #[test]
    fn a_number_beyond_all_bounds_is_unknown() {
        assert_eq!(value(How::Sum, &[f64::MAX, f64::MAX]), None);
    }

    proptest! {
        #[test]
        fn neither_order_nor_slices_show_in_any_aggregate(
            contributions in prop::collection::vec((0_i64..5, -50.0_f64..50.0), 1..40),
            turn in 0_usize..40,
            cut in 0_usize..40,
        ) {
            let contributions: Vec<_> = contributions.into_iter().map(|(at, v)| one(at, v)).collect();
            let mut turned = contributions.clone();
            turned.rotate_left(turn % contributions.len());
            let (left, right) = turned.split_at(cut % contributions.len());
            for how in ALL {
                let mut merged = taken(how, right);
                merged.merge(&taken(how, left));
                prop_assert_eq!(merged, taken(how, &contributions), "{:?}", how);
            }
        }
    }
}
