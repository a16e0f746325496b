//! How bad it is: the four warning colours of China's emergency practice, and normal.

use serde::{Deserialize, Serialize};

/// Severity of a metric, alert or incident, in rising order.
///
/// # Source
/// 国家突发事件应对 four-colour practice: blue Ⅳ, yellow Ⅲ, orange Ⅱ, red Ⅰ.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing to do.
    #[default]
    Normal,
    /// Ⅳ, to be watched.
    Blue,
    /// Ⅲ.
    Yellow,
    /// Ⅱ.
    Orange,
    /// Ⅰ, the worst.
    Red,
}

impl Level {
    /// All levels, in rising order.
    pub const ALL: [Self; 5] = [
        Self::Normal,
        Self::Blue,
        Self::Yellow,
        Self::Orange,
        Self::Red,
    ];

    /// The level's name in files and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Blue => "blue",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
        }
    }
}
