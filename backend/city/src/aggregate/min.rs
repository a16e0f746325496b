//! The least contribution.

use serde::{Deserialize, Serialize};

use super::{Accumulate, Contribution};

/// The least contribution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Min {
    least: Option<f64>,
}

impl Accumulate for Min {
    fn add(&mut self, one: &Contribution) {
        self.least = Some(self.least.map_or(one.v, |least| least.min(one.v)));
    }

    fn merge(&mut self, later: &Self) {
        if let Some(v) = later.least {
            self.least = Some(self.least.map_or(v, |least| least.min(v)));
        }
    }

    fn value(&self) -> Option<f64> {
        self.least
    }
}
