//! The mode of the city 平战结合: everyday, or emergency.

use serde::{Deserialize, Serialize};

use crate::incident::Person;
use crate::text::Text;
use crate::time::TimeMs;

/// How the city is run.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// 平时.
    #[default]
    Peace,
    /// 战时.
    Emergency,
}

/// The mode with how it came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModeState {
    /// Which.
    pub mode: Mode,
    /// Since when; the epoch if it was never changed.
    pub since: TimeMs,
    /// Who changed it; absent if a rule did.
    pub by: Option<Person>,
    /// Why.
    pub reason: Text,
}
