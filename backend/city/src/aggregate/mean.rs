//! The contributions' arithmetic mean, of an exact sum.

use serde::{Deserialize, Serialize};

use super::exact::Fine;
use super::{Accumulate, Contribution};

/// The contributions' arithmetic mean.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mean {
    n: u64,
    sum: Fine,
}

impl Accumulate for Mean {
    fn add(&mut self, one: &Contribution) {
        self.n += 1;
        self.sum.add(one.v);
    }

    fn merge(&mut self, later: &Self) {
        self.n += later.n;
        self.sum.merge(later.sum);
    }

    fn value(&self) -> Option<f64> {
        let sum = self.sum.value().filter(|_| self.n > 0)?;
        Some(sum / self.n as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_one_number_is_that_number() {
        for v in [0.1, 0.7, 35.2, -1.42, 8_191.9, 0.01, 81_234.5] {
            for n in [1_u8, 2, 4, 64] {
                let mut mean = Mean::default();
                (0..n).for_each(|_| mean.add(&Contribution::plain(0, v)));
                assert_eq!(mean.value(), Some(v), "{n} times");
            }
        }
    }
}
