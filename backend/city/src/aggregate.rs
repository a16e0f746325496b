//! How contributions become one number: one file each, and one line in [`accumulators!`].
//!
//! A slice of a window keeps an [`Accumulator`]; a window's number is that of its slices merged
//! in the order of time, so that it does not depend on the order of arrival beyond what floating
//! point makes of a sum.

mod count;
mod distinct;
mod last;
mod max;
mod mean;
mod min;
mod quantile;
mod sum;

use egret_shared::package::metric::Aggregate;
use serde::{Deserialize, Serialize};

/// What a metric is made of, one at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Contribution {
    /// Event time, milliseconds.
    pub(crate) at_ms: i64,
    /// How much; 1 for reports. Always finite.
    pub(crate) v: f64,
    /// The asset by its index within the feed; absent for reports.
    pub(crate) asset: Option<u32>,
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
    DistinctAssets(distinct::DistinctAssets),
    Quantile(quantile::Quantile),
}

impl Accumulator {
    /// An empty accumulator for `aggregate`.
    pub(crate) fn new(aggregate: Aggregate) -> Self {
        match aggregate {
            Aggregate::Count => Self::Count(count::Count::default()),
            Aggregate::Sum => Self::Sum(sum::Sum::default()),
            Aggregate::Mean => Self::Mean(mean::Mean::default()),
            Aggregate::Min => Self::Min(min::Min::default()),
            Aggregate::Max => Self::Max(max::Max::default()),
            Aggregate::Last => Self::Last(last::Last::default()),
            Aggregate::DistinctAssets => Self::DistinctAssets(distinct::DistinctAssets::default()),
            Aggregate::Quantile(q) => Self::Quantile(quantile::Quantile::new(q)),
        }
    }
}

/// Whether no contribution at all means 0, not "unknown": true where things are counted.
pub(crate) fn is_zero_without_contributions(aggregate: Aggregate) -> bool {
    matches!(
        aggregate,
        Aggregate::Count | Aggregate::Sum | Aggregate::DistinctAssets
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(aggregate: Aggregate, values: &[f64]) -> Option<f64> {
        let slices = values.chunks(2).map(|chunk| {
            let mut slice = Accumulator::new(aggregate);
            for v in chunk {
                slice.add(&Contribution {
                    at_ms: 7,
                    v: *v,
                    asset: Some(1),
                });
            }
            slice
        });
        let mut window = Accumulator::new(aggregate);
        slices.for_each(|slice| window.merge(&slice));
        window.value()
    }

    #[test]
    fn every_aggregate_is_what_it_says() {
        let values = [3.0, -1.0, 8.0, 2.0, 3.0];
        for (aggregate, expected) in [
            (Aggregate::Count, 5.0),
            (Aggregate::Sum, 15.0),
            (Aggregate::Mean, 3.0),
            (Aggregate::Min, -1.0),
            (Aggregate::Max, 8.0),
            (Aggregate::Last, 3.0),
            (Aggregate::DistinctAssets, 1.0),
        ] {
            assert_eq!(value(aggregate, &values), Some(expected), "{aggregate:?}");
        }
    }

    #[test]
    fn of_nothing_counts_are_zero_and_the_rest_unknown() {
        for (aggregate, expected) in [
            (Aggregate::Count, Some(0.0)),
            (Aggregate::Sum, Some(0.0)),
            (Aggregate::DistinctAssets, Some(0.0)),
            (Aggregate::Mean, None),
            (Aggregate::Min, None),
            (Aggregate::Max, None),
            (Aggregate::Last, None),
            (Aggregate::Quantile(0.5), None),
        ] {
            assert_eq!(value(aggregate, &[]), expected, "{aggregate:?}");
        }
    }

    #[test]
    fn a_number_beyond_all_bounds_is_unknown() {
        assert_eq!(value(Aggregate::Sum, &[f64::MAX, f64::MAX]), None);
    }
}
