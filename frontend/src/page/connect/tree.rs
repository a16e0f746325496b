//! A sample as a tree of lines, and how the places in it are written in a feed's map.
//!
//! A feed's pointers count from what is one reading: the message, the data of an event, an element
//! of an array. [`relative`] turns a place in the sample into such a pointer.

use serde_json::Value;

use egret_shared::package::feed::Format;

/// Most lines of a sample that are shown: what people look through.
pub(super) const ROWS_MAX: usize = 400;

/// One line of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// How deep it lies.
    pub(super) depth: usize,
    /// Its name, or number in an array.
    pub(super) key: String,
    /// JSON Pointer from the message.
    pub(super) pointer: String,
    /// What is there.
    pub(super) node: Node,
}

/// What a line shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// A text, number, truth value or nothing, as JSON writes it.
    Leaf(String),
    /// So many elements; and whether they are objects, which may be readings each.
    Array(usize, bool),
    /// So many members.
    Object(usize),
}

/// The lines of a sample, from the top.
pub(super) fn rows(json: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    walk(json, 0, String::new(), "", &mut rows);
    rows
}

fn walk(json: &Value, depth: usize, key: String, pointer: &str, rows: &mut Vec<Row>) {
    if rows.len() >= ROWS_MAX {
        return;
    }
    let node = match json {
        Value::Array(elements) => {
            let objects = !elements.is_empty() && elements.iter().all(Value::is_object);
            Node::Array(elements.len(), objects)
        }
        Value::Object(members) => Node::Object(members.len()),
        leaf => Node::Leaf(leaf.to_string()),
    };
    rows.push(Row {
        depth,
        key,
        pointer: pointer.to_owned(),
        node,
    });
    match json {
        Value::Array(elements) => {
            for (number, element) in elements.iter().enumerate() {
                let below = format!("{pointer}/{number}");
                walk(element, depth + 1, number.to_string(), &below, rows);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let below = format!("{pointer}/{}", escaped(key));
                walk(member, depth + 1, key.clone(), &below, rows);
            }
        }
        _ => {}
    }
}

/// A key as a step of a JSON Pointer.
///
/// # Source
/// RFC 6901, section 3.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The last step of a pointer, as the sender wrote it.
pub(super) fn last_key(pointer: &str) -> String {
    let last = pointer.rsplit('/').next().unwrap_or_default();
    last.replace("~1", "/").replace("~0", "~")
}

/// The pointer by which a feed's map finds what is at `pointer` of a message, if it can be found:
/// `each` is the map's, and what lies beside the array that it names is out of reach.
pub(super) fn relative(
    format: Format,
    message: &Value,
    each: Option<&str>,
    pointer: &str,
) -> Option<String> {
    let mut rest = pointer;
    let mut here = Some(message);
    if format == Format::Cloudevents {
        if message.is_array() {
            rest = past_index(rest)?;
            here = message.get(0);
        }
        rest = rest.strip_prefix("/data")?;
        here = here.and_then(|event| event.get("data"));
    }
    if let Some(each) = each {
        rest = past_index(rest.strip_prefix(each)?)?;
    } else if here.is_some_and(Value::is_array) {
        rest = past_index(rest)?;
    }
    Some(rest.to_owned())
}

/// What follows the number of an element.
fn past_index(pointer: &str) -> Option<&str> {
    let rest = pointer.strip_prefix('/')?;
    let end = rest.find('/').unwrap_or(rest.len());
    let (index, rest) = rest.split_at(end);
    index.parse::<usize>().is_ok().then_some(rest)
}

/// The number at a place, also as a text of digits.
pub(super) fn number_of(leaf: &Value) -> Option<f64> {
    match leaf {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|v: &f64| v.is_finite()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_place_of_a_sample_has_a_pointer_that_leads_back_to_it() {
        let sample = json!({"a/b": {"c~d": [1, {"e": "x"}]}, "": null});
        let rows = rows(&sample);
        for row in &rows {
            assert!(sample.pointer(&row.pointer).is_some(), "{row:?}");
        }
        assert!(rows.iter().any(|row| row.pointer == "/a~1b/c~0d/1/e"));
        assert_eq!(last_key("/a~1b/c~0d"), "c~d");
    }

    #[test]
    fn pointers_count_from_what_is_one_reading() {
        let of = |format, message: &Value, each: Option<&str>, pointer: &str| {
            relative(format, message, each, pointer)
        };
        let flat = json!({"t": 1});
        let mapped = Format::MappedJson;
        assert_eq!(of(mapped, &flat, None, "/t").as_deref(), Some("/t"));
        let list = json!([{"t": 1}]);
        assert_eq!(of(mapped, &list, None, "/0/t").as_deref(), Some("/t"));
        let inside = json!({"gateway": "g", "rows": [{"t": 1}]});
        let each = Some("/rows");
        assert_eq!(
            of(mapped, &inside, each, "/rows/0/t").as_deref(),
            Some("/t")
        );
        assert_eq!(of(mapped, &inside, each, "/gateway"), None);
        let event = json!([{"id": "1", "data": {"v": 2}}]);
        let events = Format::Cloudevents;
        assert_eq!(of(events, &event, None, "/0/data/v").as_deref(), Some("/v"));
        assert_eq!(of(events, &event, None, "/0/id"), None);
    }

    #[test]
    fn a_huge_sample_is_cut_and_not_followed_to_its_end() {
        let sample = Value::Array(vec![json!({"v": 1}); 10_000]);
        assert_eq!(rows(&sample).len(), ROWS_MAX);
    }
}
