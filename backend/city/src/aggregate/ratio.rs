//! How many contributions, in per cent, also fulfil a second condition: resolved of all closed.
//!
//! Whether one does is decided before it gets here, once for all areas: by the CEL of `ratio`, or
//! by the limits of `share` ([`super::share`]).

use serde::{Deserialize, Serialize};

use super::{Accumulate, Contribution};

/// How many contributions, in per cent, also fulfil a condition; unknown without any.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ratio {
    n: u64,
    n_fulfilling: u64,
}

impl Accumulate for Ratio {
    fn add(&mut self, one: &Contribution) {
        self.n += 1;
        self.n_fulfilling += u64::from(one.fulfils);
    }

    fn merge(&mut self, later: &Self) {
        self.n += later.n;
        self.n_fulfilling += later.n_fulfilling;
    }

    fn value(&self) -> Option<f64> {
        (self.n > 0).then(|| 100.0 * self.n_fulfilling as f64 / self.n as f64)
    }
}
