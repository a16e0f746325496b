//! What came with a message beside its payload, as it is kept: how it was written, its content type,
//! and user properties of MQTT 5 or `ce-` headers of HTTP. Without it a CloudEvent in binary mode
//! could not be read again.

use egret_decode::header_text;
use egret_mqtt::taker;
use serde::{Deserialize, Serialize};

use crate::limits::BESIDE_BYTES;

/// Which of a feed's ways to read a payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Way {
    /// In the feed's own format.
    #[default]
    Own,
    /// In Egret's own JSON.
    Native,
    /// As a CloudEvent around what the feed's own format reads.
    Event,
}

impl Way {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    fn is_own(&self) -> bool {
        *self == Self::Own
    }
}

/// A property of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Property {
    /// What it is called; several may be called the same.
    pub name: String,
    /// What it says. A header's as it stood, with its quotes and percent signs.
    pub value: String,
}

/// What came beside a payload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Beside {
    /// How the payload is to be read, if that is not as its feed's format says.
    #[serde(default, skip_serializing_if = "Way::is_own")]
    pub way: Way,
    /// What the payload is; empty if nothing said so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub content_type: String,
    /// User properties or `ce-` headers, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
    /// How many parts of it were left out, because all together were longer than [`BESIDE_BYTES`].
    #[serde(default, skip_serializing_if = "is_none")]
    pub properties_left_out: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(n: &usize) -> bool {
    *n == 0
}

impl Beside {
    /// What is kept of what came: the first [`BESIDE_BYTES`].
    pub(crate) fn of(way: Way, came: Option<&taker::Beside>) -> Self {
        let mut kept = Self {
            way,
            ..Self::default()
        };
        let Some(came) = came else {
            return kept;
        };
        let mut room = BESIDE_BYTES;
        let mut fits = |n_bytes: usize| {
            let left = room.checked_sub(n_bytes);
            room = left.unwrap_or(0);
            left.is_some()
        };
        if fits(came.content_type.len()) {
            kept.content_type.clone_from(&came.content_type);
        } else {
            kept.properties_left_out += 1;
        }
        for (name, value) in &came.properties {
            if fits(name.len() + value.len()) {
                kept.properties.push(Property {
                    name: name.clone(),
                    value: value.clone(),
                });
            } else {
                kept.properties_left_out += 1;
            }
        }
        kept
    }

    /// As it came, for whoever reads the message again.
    pub(crate) fn came(&self) -> taker::Beside {
        let properties = self.properties.iter();
        taker::Beside {
            content_type: self.content_type.clone(),
            properties: properties
                .map(|property| (property.name.clone(), property.value.clone()))
                .collect(),
            // It says what a message answers, and an answer is never read again.
            ..taker::Beside::default()
        }
    }

    /// As it stands in the database; nothing if there is nothing to be said.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        if *self == Self::default() {
            return Vec::new();
        }
        // Texts and numbers always have a JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What [`Self::bytes`] wrote; nothing if they say nothing that this version knows.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// Everything that it says, to be searched for a person: also what headers say in percent.
    pub(crate) fn said(&self) -> String {
        let mut said = self.content_type.clone();
        for Property { name, value } in &self.properties {
            let plain = header_text(value).unwrap_or_default();
            for part in [name.as_str(), value, &plain] {
                said.push('\n');
                said.push_str(part);
            }
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(content_type: &str, properties: &[(&str, &str)]) -> taker::Beside {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        taker::Beside {
            content_type: content_type.to_owned(),
            properties: properties.iter().map(own).collect(),
            ..taker::Beside::default()
        }
    }

    #[test]
    fn what_came_is_written_and_read_in_order_and_nothing_takes_no_byte() {
        let came = came(
            "application/json",
            &[("id", "1"), ("id", "2"), ("", "窨井")],
        );
        for way in [Way::Own, Way::Native, Way::Event] {
            let kept = Beside::of(way, Some(&came));
            let read = Beside::from_bytes(&kept.bytes());
            assert_eq!(read, kept);
            assert_eq!((read.way, read.came()), (way, came.clone()));
        }
        assert_eq!(Beside::of(Way::Own, None).bytes(), b"");
        assert_eq!(Beside::from_bytes(b""), Beside::default());
        let native = Beside::of(Way::Native, None);
        assert_eq!(Beside::from_bytes(&native.bytes()), native);
    }

    #[test]
    fn what_is_longer_than_its_room_is_counted_and_the_first_is_kept() {
        let long = "x".repeat(BESIDE_BYTES / 2);
        let came = came("text/plain", &[("a", &long), ("b", &long), ("c", "1")]);
        let kept = Beside::of(Way::Own, Some(&came));
        let names: Vec<_> = kept.properties.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["a"], "nothing after a gap");
        assert_eq!(kept.properties_left_out, 2);
        assert_eq!(Beside::from_bytes(&kept.bytes()), kept);
    }

    #[test]
    fn a_person_is_found_in_a_header_in_percent() {
        let came = came("", &[("ce-subject", "%E7%8E%8B%E5%B0%8F%E6%98%8E")]);
        let said = Beside::of(Way::Event, Some(&came)).said();
        assert!(said.contains("王小明"), "{said}");
    }
}
