//! Quality flags: what a reader must know before trusting a figure.
//!
//! A set of bits on the wire, a list of words in JSON. Flagged values are shown, never deleted.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A set of quality flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flags(u16);

impl Flags {
    /// Nothing to note.
    pub const NONE: Self = Self(0);
    /// The sender gave no time: arrival time stands in.
    pub const NO_TIME: Self = Self(1);
    /// The sender's clock was far ahead: clamped to arrival time.
    pub const FUTURE: Self = Self(1 << 1);
    /// Arrived after the feed's allowed lateness: kept, but in no window.
    pub const LATE: Self = Self(1 << 2);
    /// A closed window that a late reading changed.
    pub const REVISED: Self = Self(1 << 3);
    /// Outside the property's plausible range.
    pub const RANGE: Self = Self(1 << 4);
    /// A jump larger than the property allows between two readings.
    pub const JUMP: Self = Self(1 << 5);
    /// The same value for longer than the property allows.
    pub const STUCK: Self = Self(1 << 6);
    /// Nothing new for longer than expected.
    pub const STALE: Self = Self(1 << 7);
    /// Fewer sources than expected stand behind it.
    pub const PARTIAL: Self = Self(1 << 8);
    /// No position came with it: the asset's last, or its department's area, stands in.
    pub const NO_POSITION: Self = Self(1 << 9);
    /// Outside the city's areas.
    pub const OUTSIDE: Self = Self(1 << 10);
    /// Far from what is usual at this hour of the week.
    pub const ANOMALY: Self = Self(1 << 11);
    /// Withheld: so few people stand behind it that it could tell of one of them.
    pub const SUPPRESSED: Self = Self(1 << 12);
    /// Its own sender says that it is not to be relied on: a fault, calibration, maintenance, a
    /// value that was entered by hand.
    pub const DOUBTED: Self = Self(1 << 13);

    /// Flags of a single value that cast doubt on it, and on every number made of it.
    pub const SUSPECT: Self = Self(Self::RANGE.0 | Self::JUMP.0 | Self::STUCK.0 | Self::DOUBTED.0);

    const NAMES: [(Self, &'static str); 14] = [
        (Self::NO_TIME, "no_time"),
        (Self::FUTURE, "future"),
        (Self::LATE, "late"),
        (Self::REVISED, "revised"),
        (Self::RANGE, "range"),
        (Self::JUMP, "jump"),
        (Self::STUCK, "stuck"),
        (Self::STALE, "stale"),
        (Self::PARTIAL, "partial"),
        (Self::NO_POSITION, "no_position"),
        (Self::OUTSIDE, "outside"),
        (Self::ANOMALY, "anomaly"),
        (Self::SUPPRESSED, "suppressed"),
        (Self::DOUBTED, "doubted"),
    ];

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether every flag of `other` is set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any flag of `other` is set.
    pub const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether nothing is set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The words of the set flags.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .into_iter()
            .filter(move |(flag, _)| self.has(*flag))
            .map(|(_, name)| name)
    }
}

impl Serialize for Flags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_seq(self.names())
        } else {
            serializer.serialize_u16(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Flags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return u16::deserialize(deserializer).map(Self);
        }
        let words = Vec::<String>::deserialize(deserializer)?;
        words.iter().try_fold(Self::NONE, |flags, word| {
            let known = Self::NAMES.iter().find(|(_, name)| name == word);
            known
                .map(|(flag, _)| flags.with(*flag))
                .ok_or_else(|| de::Error::custom(format!("unknown flag \"{word}\"")))
        })
    }
}
