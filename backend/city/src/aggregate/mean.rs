//! The contributions' arithmetic mean.

use serde::{Deserialize, Serialize};

use super::{Accumulate, Contribution};

/// The contributions' arithmetic mean.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mean {
    n: u64,
    sum: f64,
}

impl Accumulate for Mean {
    fn add(&mut self, one: &Contribution) {
        self.n += 1;
        self.sum += one.v;
    }

    fn merge(&mut self, later: &Self) {
        self.n += later.n;
        self.sum += later.sum;
    }

    fn value(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / self.n as f64)
    }
}
