//! `[wall]` of `scenes.toml`: what may take a wall over.

use serde::{Deserialize, Serialize};

use crate::level::Level;
use crate::time::Span;

/// `[wall]`. Absent, all of it is as by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WallDef {
    /// Which incidents take a wall over.
    pub takeover: Takeover,
    /// How long one does, before the wall goes on.
    pub takeover_dwell: Span,
}

/// From which level on an incident takes a wall over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Takeover {
    /// From red on.
    #[default]
    Red,
    /// From orange on.
    Orange,
    /// None does.
    Never,
}

impl Default for WallDef {
    /// Half a minute: time enough to read a case's first five reasons and to turn to it.
    fn default() -> Self {
        Self {
            takeover: Takeover::default(),
            takeover_dwell: Span(30_000),
        }
    }
}

impl Takeover {
    /// The least level that takes a wall over; absent, none does.
    pub const fn least_level(self) -> Option<Level> {
        match self {
            Self::Red => Some(Level::Red),
            Self::Orange => Some(Level::Orange),
            Self::Never => None,
        }
    }
}
