//! Why a message was refused: data, not an error, for it is counted, kept and shown.

use serde::{Deserialize, Serialize};

/// The stage of the way in that refused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Before the payload was looked at: size, topic.
    Source,
    /// The payload is not what its format says.
    Decode,
    /// What it says cannot be.
    Validate,
}

/// Why, from a closed set, so that it can label a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No feed listens to this topic, or none has this id.
    UnknownFeed,
    /// The payload is longer than the limit.
    TooLarge,
    /// The payload is no JSON.
    BadJson,
    /// The JSON, or what a format has in its place, has another shape than the format's: a field is
    /// missing or of another type, a length or a checksum does not fit.
    BadShape,
    /// An id is empty, too long, or has control characters.
    BadId,
    /// A property that `properties.toml` does not know.
    UnknownProperty,
    /// A unit that cannot be converted to the property's.
    BadUnit,
    /// A value outside the property's valid range, or not finite.
    OutOfRange,
    /// A time that cannot be read.
    BadTime,
    /// A time that no working clock gives: years ago, or more than a day ahead. A clock that is
    /// less wrong is believed, clamped and flagged.
    AbsurdTime,
    /// A position that is not on the earth, or is 0, 0.
    BadPosition,
    /// No value at all.
    NoValue,
    /// More readings in one message than the limit.
    TooMany,
}

/// A refusal, with enough to find the fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The stage that refused.
    pub stage: Stage,
    /// Why.
    pub reason: Reason,
    /// A sentence that names the value, the limit and the place (a JSON Pointer, line and column, or
    /// a byte).
    pub detail: String,
}

impl Rejection {
    /// A refusal by `stage` for `reason`.
    pub fn new(stage: Stage, reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            stage,
            reason,
            detail: detail.into(),
        }
    }
}

impl Stage {
    /// The stage's name in counters and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Decode => "decode",
            Self::Validate => "validate",
        }
    }
}

impl Reason {
    /// The reason's name in counters and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownFeed => "unknown_feed",
            Self::TooLarge => "too_large",
            Self::BadJson => "bad_json",
            Self::BadShape => "bad_shape",
            Self::BadId => "bad_id",
            Self::UnknownProperty => "unknown_property",
            Self::BadUnit => "bad_unit",
            Self::OutOfRange => "out_of_range",
            Self::BadTime => "bad_time",
            Self::AbsurdTime => "absurd_time",
            Self::BadPosition => "bad_position",
            Self::NoValue => "no_value",
            Self::TooMany => "too_many",
        }
    }
}
