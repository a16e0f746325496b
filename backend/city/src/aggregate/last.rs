//! The newest contribution by event time; of two at one time, the later to arrive.

use serde::{Deserialize, Serialize};

use super::{Accumulate, Contribution};

/// The newest contribution by event time; of two at one time, the later to arrive.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Last {
    newest: Option<(i64, f64)>,
}

impl Accumulate for Last {
    fn add(&mut self, one: &Contribution) {
        if self.newest.is_none_or(|(at_ms, _)| at_ms <= one.at_ms) {
            self.newest = Some((one.at_ms, one.v));
        }
    }

    fn merge(&mut self, later: &Self) {
        if let Some((at_ms, v)) = later.newest {
            self.add(&Contribution {
                at_ms,
                v,
                asset: None,
            });
        }
    }

    fn value(&self) -> Option<f64> {
        self.newest.map(|(_, v)| v)
    }
}
