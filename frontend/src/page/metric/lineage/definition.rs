//! A metric's definition as its package writes it, without what it leaves to the defaults. Pure.

use serde_json::{Map, Value};

use egret_shared::package::metric::MetricDef;

/// Keys in the order in which a person reads them; others follow.
const ORDER: [&str; 16] = [
    "id",
    "name",
    "domain",
    "about",
    "owner",
    "version",
    "source",
    "aggregate",
    "window",
    "derive",
    "index",
    "by",
    "unit",
    "target",
    "levels",
    "baseline",
];

/// The definition, one key a line. `index` parts stand one a line.
pub(super) fn toml_like(def: &MetricDef) -> String {
    let Ok(Value::Object(all)) = serde_json::to_value(def) else {
        return String::new();
    };
    let place = |key: &String| {
        ORDER
            .iter()
            .position(|known| known == key)
            .unwrap_or(ORDER.len())
    };
    let mut keys: Vec<&String> = all.keys().collect();
    keys.sort_by_key(|key| place(key));
    let lines = keys.into_iter().filter_map(|key| {
        let value = all.get(key).filter(|value| says_something(value))?;
        Some(format!("{key} = {}", written(value, key == "index")))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether a value is more than the default.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => members.values().any(says_something),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => true,
    }
}

fn written(value: &Value, one_a_line: bool) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| written(item, false)).collect();
            if one_a_line {
                format!("[\n  {},\n]", items.join(",\n  "))
            } else {
                format!("[{}]", items.join(", "))
            }
        }
        Value::Object(members) => format!("{{ {} }}", inline(members)),
        other => other.to_string(),
    }
}

fn inline(members: &Map<String, Value>) -> String {
    let said = members.iter().filter(|(_, value)| says_something(value));
    said.map(|(key, value)| format!("{key} = {}", written(value, false)))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_reads_as_its_package_writes_it() {
        let json = serde_json::json!({
            "id": "water.stress",
            "name": { "zh": "内涝压力", "en": "Flood stress" },
            "domain": "water",
            "derive": "min(100.0, m['a'])",
            "unit": "1",
            "levels": { "yellow": 40.0, "hysteresis": 2.0 },
        });
        let def = serde_json::from_value(json).unwrap();
        let expected = [
            "id = \"water.stress\"",
            "name = { en = \"Flood stress\", zh = \"内涝压力\" }",
            "domain = \"water\"",
            "version = 1",
            "derive = \"min(100.0, m['a'])\"",
            "by = \"place\"",
            "unit = \"1\"",
            "levels = { hysteresis = 2.0, yellow = 40.0 }",
        ];
        let text = toml_like(&def);
        let sorted = |text: &str| {
            let mut parts: Vec<char> = text.chars().collect();
            parts.sort_unstable();
            parts
        };
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), expected.len(), "{text}");
        for (line, expected) in lines.iter().zip(expected) {
            // Members of an object stand in either order.
            assert_eq!(sorted(line), sorted(expected), "{line}");
        }
    }
}
