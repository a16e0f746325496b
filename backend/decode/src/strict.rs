//! JSON as a tree in which no member stands twice, and what is taken out of it.
//!
//! Two members of one name are two truths: which of them counts, each reader decides for itself.
//! Where a message is read into a tree it is refused for it, as it is where it is not.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::pointer::{Pointer, index};

/// A tree, in which no member stands twice.
pub(crate) struct Tree(pub(crate) Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TreeSeed.deserialize(deserializer).map(Self)
    }
}

struct TreeSeed;

impl<'de> DeserializeSeed<'de> for TreeSeed {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TreeSeed {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element_seed(TreeSeed)? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if members.contains_key(&key) {
                let message = format_args!("\"{key}\" stands twice");
                return Err(A::Error::custom(message));
            }
            let value = map.next_value_seed(TreeSeed)?;
            members.insert(key, value);
        }
        Ok(Value::Object(members))
    }
}

/// Takes what `pointer` leads to out of the tree: an object loses the member, an array keeps the
/// others' places. A text is given as it is, anything else as JSON; nothing and `null` are not.
pub(crate) fn taken(tree: &mut Value, pointer: &Pointer) -> Option<(String, String)> {
    let (last, way) = pointer.steps.split_last()?;
    let parent = way.iter().try_fold(tree, |value, step| match value {
        Value::Object(members) => members.get_mut(step),
        Value::Array(elements) => elements.get_mut(index(step)?),
        _ => None,
    })?;
    let value = match parent {
        Value::Object(members) => members.remove(last)?,
        Value::Array(elements) => elements.get_mut(index(last)?)?.take(),
        _ => return None,
    };
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text,
        other => other.to_string(),
    };
    Some((pointer.text.clone(), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_what_was_written_unless_a_member_stands_twice() {
        let text = r#"{"a":[1,-2,2.5,null,true,"\u4e95"],"b":{"a":18446744073709551615}}"#;
        let Tree(tree) = serde_json::from_str(text).unwrap();
        assert_eq!(tree, serde_json::from_str::<Value>(text).unwrap());
        let twice = serde_json::from_str::<Tree>(r#"[{"b":{"a":1,"\u0061":1}}]"#);
        let error = twice.map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with("\"a\" stands twice"), "{error}");
    }
}
