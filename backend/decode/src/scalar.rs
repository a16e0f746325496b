//! Single JSON values as senders write them: borrowed where the message allows it.

use std::borrow::Cow;
use std::fmt;

use egret_shared::rejection::{Reason, Rejection};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use smol_str::{SmolStr, ToSmolStr};

use crate::refuse::{bounded, refusal, shown};

/// Integers beyond this are not all different from one another once they have been an `f64`.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// A single value, or the mark that something larger stands there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Scalar<'a> {
    /// Nothing there.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number beyond `i64`.
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// An array or object, passed over.
    Nested,
}

impl Scalar<'_> {
    /// Whether nothing is said: absent, `null`, or a text of nothing but blanks.
    pub(crate) fn is_silent(&self) -> bool {
        match self {
            Self::Absent | Self::Null => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// As a refusal shows it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Absent => "nothing".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Uint(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Text(text) => shown(text),
            Self::Nested => "an array or object".to_owned(),
        }
    }

    /// The number that stands here, also as a text of digits.
    ///
    /// # Errors
    /// [`Reason::BadShape`] with the place and the value.
    pub(crate) fn number(&self, place: &str) -> Result<f64, Rejection> {
        let number = match self {
            Self::Int(value) => Some(*value as f64),
            Self::Uint(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Text(text) => number_of_text(text.trim()),
            _ => None,
        };
        number.ok_or_else(|| self.unfit(place, "a number"))
    }

    /// The id that stands here; a number is taken by its digits, where it still has them.
    ///
    /// # Errors
    /// [`Reason::BadShape`] if it is neither text nor number; [`Reason::BadId`] if it is too long
    /// or a number that several ids share.
    pub(crate) fn id(&self, place: &str) -> Result<SmolStr, Rejection> {
        match self {
            Self::Text(text) => bounded(text, place).map(SmolStr::new),
            Self::Int(value) => Ok(value.to_smolstr()),
            Self::Uint(value) => Ok(value.to_smolstr()),
            Self::Float(value) if value.fract() == 0.0 && value.abs() < EXACT_MAX => {
                Ok(value.to_smolstr())
            }
            Self::Float(value) => Err(refusal(
                Reason::BadId,
                format!("{place}: the number {value} is no exact id: send it as a text"),
            )),
            _ => Err(self.unfit(place, "a text or a number")),
        }
    }

    /// The refusal of this value where `expected` should stand.
    pub(crate) fn unfit(&self, place: &str, expected: &str) -> Rejection {
        let found = self.shown();
        refusal(
            Reason::BadShape,
            format!("{place}: {found}, expected {expected}"),
        )
    }
}

/// The number that a text writes in digits. Words that Rust's parser takes for numbers (`inf`,
/// `NaN`) are none.
fn number_of_text(text: &str) -> Option<f64> {
    let digits = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E'));
    digits.then(|| text.parse().ok()).flatten()
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// Takes any single value; passes over larger ones.
pub(crate) struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar<'de>, E> {
        Ok(i64::try_from(value).map_or(Scalar::Uint(value), Scalar::Int))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Float(value))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nested)
    }
}
