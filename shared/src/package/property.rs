//! `properties.toml`: what can be measured, in which unit, and what is implausible.

use serde::{Deserialize, Serialize};

use crate::id::PropertyId;
use crate::text::Text;
use crate::time::Span;

/// One `[[property]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PropertyDef {
    /// Its id.
    pub id: PropertyId,
    /// Its name.
    pub name: Text,
    /// UCUM unit in which values are kept; senders' units are converted to it.
    pub unit: String,
    /// Least and greatest valid value, in `unit`; what lies outside is refused.
    pub range: [f64; 2],
    /// Least and greatest plausible value, in `unit`, within `range`; what lies outside is kept
    /// and flagged.
    #[serde(default)]
    pub plausible: Option<[f64; 2]>,
    /// More than this between two readings of an asset is flagged, in `unit`.
    #[serde(default)]
    pub jump: Option<f64>,
    /// The same value for longer than this is flagged.
    #[serde(default)]
    pub stuck_after: Option<Span>,
}
