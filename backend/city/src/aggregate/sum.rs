//! The contributions' sum.

use serde::{Deserialize, Serialize};

use super::{Accumulate, Contribution};

/// The contributions' sum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sum {
    sum: f64,
}

impl Accumulate for Sum {
    fn add(&mut self, one: &Contribution) {
        self.sum += one.v;
    }

    fn merge(&mut self, later: &Self) {
        self.sum += later.sum;
    }

    fn value(&self) -> Option<f64> {
        Some(self.sum)
    }
}
