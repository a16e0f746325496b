//! Messages that bundle: the elements of an array, each still as written.
//!
//! The whole array is checked as JSON before its first element is taken, so that a torn payload
//! is refused as a whole; after that each element stands or falls on its own.

use std::fmt;

use egret_shared::rejection::{Reason, Rejection};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::decoder::{Element, Sink};
use crate::limits::ELEMENTS_MAX;
use crate::pointer::{Pointer, index};
use crate::refuse::{at_element, refusal, refusal_of_json};

/// The payload as text; checked once here, its strings need no further checks.
pub(crate) fn text_of(payload: &[u8]) -> Result<&str, Rejection> {
    std::str::from_utf8(payload).map_err(|error| {
        let detail = format!("not UTF-8, as JSON has to be: {error}");
        refusal(Reason::BadJson, detail)
    })
}

/// Reads the message as one element, or, if it is an array, each of its elements.
pub(crate) fn one_or_many(
    payload: &[u8],
    private: bool,
    sink: Sink<'_>,
    read: impl FnMut(&str) -> Element,
) {
    let mut read = read;
    match text_of(payload) {
        Ok(json) if json.trim_ascii_start().starts_with('[') => {
            many(json, "", private, sink, read);
        }
        Ok(json) => sink(read(json)),
        Err(refused) => sink(Err(refused)),
    }
}

/// Reads each element of the array that `pointer` finds in the message.
pub(crate) fn many_at(
    payload: &[u8],
    pointer: &Pointer,
    private: bool,
    sink: Sink<'_>,
    read: impl FnMut(&str) -> Element,
) {
    let json = match text_of(payload) {
        Ok(json) => json,
        Err(refused) => return sink(Err(refused)),
    };
    match find(json, &pointer.steps) {
        Ok(Some(array)) => many(array.get(), &pointer.text, private, sink, read),
        Ok(None) => {
            let detail = format!("{}: nothing, expected an array of readings", pointer.text);
            sink(Err(refusal(Reason::BadShape, detail)));
        }
        Err(error) => sink(Err(refusal_of_json(&error, json, private))),
    }
}

fn many(
    array: &str,
    base: &str,
    private: bool,
    sink: Sink<'_>,
    mut read: impl FnMut(&str) -> Element,
) {
    match array_of(array, base, private) {
        Ok(elements) => {
            for (index, element) in elements.into_iter().enumerate() {
                let element = read(element.get());
                sink(element.map_err(|refused| at_element(refused, base, index)));
            }
        }
        Err(refused) => sink(Err(refused)),
    }
}

/// The elements of an array at `base`, each still as written: one at least, and no more than
/// [`ELEMENTS_MAX`].
pub(crate) fn array_of<'a>(
    array: &'a str,
    base: &str,
    private: bool,
) -> Result<Vec<&'a RawValue>, Rejection> {
    let elements: Vec<&RawValue> =
        serde_json::from_str(array).map_err(|error| refusal_of_json(&error, array, private))?;
    match elements.len() {
        0 => {
            let detail = format!("{base}: an empty array");
            Err(refusal(Reason::NoValue, detail))
        }
        1..=ELEMENTS_MAX => Ok(elements),
        n_elements => Err(too_many(n_elements, base)),
    }
}

fn too_many(n_elements: usize, base: &str) -> Rejection {
    refusal(
        Reason::TooMany,
        format!("{base}: {n_elements} elements in one message, more than {ELEMENTS_MAX}"),
    )
}

/// What stands at the end of `steps`, as written.
pub(crate) fn find<'a>(
    json: &'a str,
    steps: &[String],
) -> Result<Option<&'a RawValue>, serde_json::Error> {
    let mut found: &RawValue = serde_json::from_str(json)?;
    for step in steps {
        let mut deserializer = serde_json::Deserializer::from_str(found.get());
        match MemberSeed(step).deserialize(&mut deserializer)? {
            Some(member) => found = member,
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// Finds one member of an object or array.
struct MemberSeed<'s>(&'s str);

impl<'de> DeserializeSeed<'de> for MemberSeed<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MemberSeed<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object or array with a member \"{}\"", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            if key != self.0 {
                map.next_value::<IgnoredAny>()?;
            } else if found.replace(map.next_value()?).is_some() {
                return Err(A::Error::custom(format_args!("\"{key}\" stands twice")));
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let wanted = index(self.0);
        let mut found = None;
        for position in 0_usize.. {
            if wanted == Some(position) {
                found = seq.next_element()?;
            } else if seq.next_element::<IgnoredAny>()?.is_none() {
                break;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(json: &str, pointer: &str) -> Option<String> {
        find(json, &Pointer::new(pointer).steps)
            .unwrap()
            .map(|raw| raw.get().to_owned())
    }

    #[test]
    fn a_member_is_found_however_deep_and_given_as_written() {
        let json = r#"{"a":{"b/c":[1,{"d":[ 1, 2 ]}]},"é":null}"#;
        assert_eq!(found(json, "/a/b~1c/1/d").unwrap(), "[ 1, 2 ]");
        assert_eq!(found(json, "/a/b~1c/0").unwrap(), "1");
        assert_eq!(found(json, "/é").unwrap(), "null");
        assert_eq!(found(json, "/a/x"), None);
        assert_eq!(found(json, "/a/b~1c/2"), None);
    }
}
