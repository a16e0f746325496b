//! How many contributions there are.

use serde::{Deserialize, Serialize};

use super::{Accumulate, Contribution};

/// How many contributions there are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Count {
    n: u64,
}

impl Accumulate for Count {
    fn add(&mut self, _one: &Contribution) {
        self.n += 1;
    }

    fn merge(&mut self, later: &Self) {
        self.n += later.n;
    }

    fn value(&self) -> Option<f64> {
        Some(self.n as f64)
    }
}
