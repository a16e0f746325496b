//! `words.toml`: what screens call the words that other files and messages use.
//!
//! Optional; a word not listed is shown as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{DomainId, FeedId};
use crate::text::Text;

/// The whole of `words.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordsDef {
    /// Domains of city operations.
    #[serde(default)]
    pub domain: BTreeMap<DomainId, Text>,
    /// Classes of assets.
    #[serde(default)]
    pub asset_class: BTreeMap<String, Text>,
    /// States of reports.
    #[serde(default)]
    pub report_state: BTreeMap<String, Text>,
    /// Categories of reports, by feed.
    #[serde(default)]
    pub category: BTreeMap<FeedId, BTreeMap<String, Text>>,
}
