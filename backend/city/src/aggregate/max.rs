//! The greatest contribution.

use serde::{Deserialize, Serialize};

use super::{Accumulate, Contribution};

/// The greatest contribution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Max {
    greatest: Option<f64>,
}

impl Accumulate for Max {
    fn add(&mut self, one: &Contribution) {
        self.greatest = Some(self.greatest.map_or(one.v, |greatest| greatest.max(one.v)));
    }

    fn merge(&mut self, later: &Self) {
        if let Some(v) = later.greatest {
            self.greatest = Some(self.greatest.map_or(v, |greatest| greatest.max(v)));
        }
    }

    fn value(&self) -> Option<f64> {
        self.greatest
    }
}
