//! How many different assets contributed. Exact.

use serde::{Deserialize, Serialize};

use super::{Accumulate, Contribution};
use crate::bits::Sources;

/// How many different assets contributed. Exact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct DistinctAssets {
    assets: Sources,
}

impl Accumulate for DistinctAssets {
    fn add(&mut self, one: &Contribution) {
        if let Some(asset) = one.asset {
            self.assets.insert(asset);
        }
    }

    fn merge(&mut self, later: &Self) {
        self.assets.merge(&later.assets);
    }

    fn value(&self) -> Option<f64> {
        Some(f64::from(self.assets.len()))
    }
}
