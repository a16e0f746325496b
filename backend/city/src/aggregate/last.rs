//! The newest contribution by event time; of several at one time, the greatest.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{Accumulate, Contribution};

/// The newest contribution by event time; of several at one time, the greatest: which of them
/// arrived last says nothing about the city, and would show the order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Last {
    newest: Option<(i64, f64)>,
}

impl Last {
    fn take(&mut self, at_ms: i64, v: f64) {
        let is_newer = self.newest.is_none_or(|(newest_ms, newest)| {
            let by_time = at_ms.cmp(&newest_ms);
            by_time.then_with(|| v.total_cmp(&newest)) == Ordering::Greater
        });
        if is_newer {
            self.newest = Some((at_ms, v));
        }
    }
}

impl Accumulate for Last {
    fn add(&mut self, one: &Contribution) {
        self.take(one.at_ms, one.v);
    }

    fn merge(&mut self, later: &Self) {
        if let Some((at_ms, v)) = later.newest {
            self.take(at_ms, v);
        }
    }

    fn value(&self) -> Option<f64> {
        self.newest.map(|(_, v)| v)
    }
}
