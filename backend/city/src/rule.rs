//! Rules: what each kind of condition looks at. One file each; what they find goes to
//! [`crate::alert`], the same way for all.
//!
//! Threshold rules on readings are judged in [`crate::observe`] and on metrics in
//! [`crate::metric::settle`], where the values are; both hand a [`crate::alert::Trigger`] on.

mod cluster;
mod silence;

use serde::{Deserialize, Serialize};

use crate::bits::Bits;

/// What a rule remembers between entries.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RuleState {
    /// `silence`: assets with an open alert, by their index within the feed.
    silent: Bits,
    /// `cluster`: the reports looked back on.
    reports: cluster::Reports,
}
