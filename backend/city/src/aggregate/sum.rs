//! The contributions' sum, exact: see [`Additive`].

use serde::{Deserialize, Serialize};

use super::exact::Additive;
use super::{Accumulate, Contribution};

/// The contributions' sum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sum {
    sum: Additive,
}

impl Accumulate for Sum {
    fn add(&mut self, one: &Contribution) {
        self.sum.add(one.v);
    }

    fn merge(&mut self, later: &Self) {
        self.sum.merge(later.sum);
    }

    fn value(&self) -> Option<f64> {
        self.sum.value()
    }
}
