//! What a message calls the things that it measures, in formats that name them.

use serde_json::Value;

use egret_shared::package::feed::Format;

use super::tree::number_of;

/// A name with the number it stands for in the sample, and the unit that the message gives.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) example: String,
    pub(super) unit: Option<String>,
}

/// The names in a sample, in its order, each once.
pub(super) fn names(format: Format, payload: &str) -> Vec<Named> {
    let json = || serde_json::from_str::<Value>(payload).ok();
    let found = match format {
        // Of bytes nothing can be shown here; the others have no names.
        Format::MappedJson
        | Format::Cap
        | Format::Open311
        | Format::GtfsRt
        | Format::SparkplugB => Vec::new(),
        Format::Hj212 => factors(payload),
        Format::ChirpstackV4 => json()
            .map(|json| members(json.pointer("/object")))
            .unwrap_or_default(),
        Format::TtsV3 => json()
            .map(|json| members(json.pointer("/uplink_message/decoded_payload")))
            .unwrap_or_default(),
        Format::Senml => json().map(|json| records(&json)).unwrap_or_default(),
        Format::NgsiLd => json().map(|json| attributes(&json)).unwrap_or_default(),
        Format::EgretJson => json().map(|json| own(&json)).unwrap_or_default(),
        Format::Cloudevents => json().map(|json| own_of_events(&json)).unwrap_or_default(),
    };
    let mut once: Vec<Named> = Vec::new();
    for named in found {
        if !once.iter().any(|known| known.name == named.name) {
            once.push(named);
        }
    }
    once
}

fn named(name: &str, value: &Value) -> Named {
    Named {
        name: name.to_owned(),
        example: value.to_string(),
        unit: None,
    }
}

/// What a codec has made: numbers, texts of digits and truth values.
fn members(object: Option<&Value>) -> Vec<Named> {
    let members = object.and_then(Value::as_object);
    let is_number = |value: &Value| number_of(value).is_some() || value.is_boolean();
    let members = members.into_iter().flatten();
    members
        .filter(|(_, value)| is_number(value))
        .map(|(name, value)| named(name, value))
        .collect()
}

/// The names of a SenML pack, without the device's that stands before them.
fn records(pack: &Value) -> Vec<Named> {
    let mut names = Vec::new();
    let mut base_unit = None;
    for record in pack.as_array().into_iter().flatten() {
        let text = |key: &str| record.get(key).and_then(Value::as_str);
        base_unit = text("bu").map(str::to_owned).or(base_unit);
        let Some(value) = record.get("v").or_else(|| record.get("vb")) else {
            continue;
        };
        let unit = text("u").map(str::to_owned).or_else(|| base_unit.clone());
        let name = text("n").filter(|name| !name.is_empty());
        // With no name but the device's the unit says what is measured.
        let Some(name) = name.map(str::to_owned).or_else(|| unit.clone()) else {
            continue;
        };
        if name != "lon" && name != "lat" {
            names.push(Named {
                unit,
                ..named(&name, value)
            });
        }
    }
    names
}

/// The attributes of NGSI-LD entities that are numbers.
fn attributes(json: &Value) -> Vec<Named> {
    let entities: Vec<&Value> = match json {
        Value::Array(entities) => entities.iter().collect(),
        one => match one.get("data").and_then(Value::as_array) {
            Some(data) => data.iter().collect(),
            None => vec![one],
        },
    };
    let members = entities.into_iter().filter_map(Value::as_object).flatten();
    members
        .filter_map(|(name, attribute)| {
            let value = attribute.get("value").unwrap_or(attribute);
            value.is_number().then(|| Named {
                unit: attribute
                    .get("unitCode")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
                ..named(name, value)
            })
        })
        .collect()
}

/// The properties of Egret's own messages.
fn own(json: &Value) -> Vec<Named> {
    let readings = match json {
        Value::Array(readings) => readings.as_slice(),
        one => std::slice::from_ref(one),
    };
    let values = readings.iter().filter_map(|reading| reading.get("values"));
    let members = values.filter_map(Value::as_object).flatten();
    members
        .map(|(name, value)| Named {
            unit: value.get("u").and_then(Value::as_str).map(str::to_owned),
            ..named(name, value.get("v").unwrap_or(value))
        })
        .collect()
}

fn own_of_events(json: &Value) -> Vec<Named> {
    let events = match json {
        Value::Array(events) => events.as_slice(),
        one => std::slice::from_ref(one),
    };
    let data = events.iter().filter_map(|event| event.get("data"));
    data.flat_map(own).collect()
}

/// The factors of HJ 212 packets: `a34004-Rtd=35.5` is of `a34004`.
fn factors(payload: &str) -> Vec<Named> {
    let fields = payload.split(['&', ';', ',']);
    fields
        .filter_map(|field| {
            let (key, value) = field.split_once('=')?;
            let (code, kind) = key.split_once('-')?;
            matches!(kind, "Rtd" | "Avg").then(|| Named {
                name: code.to_owned(),
                example: value.to_owned(),
                unit: None,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(format: Format, payload: &str) -> Vec<String> {
        names(format, payload)
            .into_iter()
            .map(|named| named.name)
            .collect()
    }

    #[test]
    fn every_format_that_names_what_it_measures_gives_its_names() {
        for (format, payload, expected) in [
            (
                Format::ChirpstackV4,
                r#"{"object":{"distance_mm":142,"battery":3.6,"state":"ok"}}"#,
                vec!["battery", "distance_mm"],
            ),
            (
                Format::TtsV3,
                r#"{"uplink_message":{"decoded_payload":{"level":142}}}"#,
                vec!["level"],
            ),
            (
                Format::Senml,
                r#"[{"bn":"urn:dev:1:","bu":"m","n":"level","v":1.42},{"n":"level","v":1.4},{"bn":"x","u":"%RH","v":20}]"#,
                vec!["level", "%RH"],
            ),
            (
                Format::NgsiLd,
                r#"{"type":"Notification","data":[{"id":"urn:1","type":"T","pm25":{"type":"Property","value":35.5}}]}"#,
                vec!["pm25"],
            ),
            (
                Format::Hj212,
                "##0149QN=1;MN=air-7;CP=&&DataTime=20260622060500;a34004-Rtd=35.5,a34004-Flag=N;a34002-Avg=71&&9E81",
                vec!["a34004", "a34002"],
            ),
            (
                Format::EgretJson,
                r#"{"values":{"water_level":{"v":1.4,"u":"m"},"speed":3}}"#,
                vec!["speed", "water_level"],
            ),
            (
                Format::Cloudevents,
                r#"[{"specversion":"1.0","data":{"values":{"speed":3}}}]"#,
                vec!["speed"],
            ),
        ] {
            assert_eq!(list(format, payload), expected, "{format:?}");
        }
    }

    #[test]
    fn a_message_that_is_none_has_no_names() {
        for format in [Format::Senml, Format::ChirpstackV4, Format::Hj212] {
            assert_eq!(list(format, "oops {"), Vec::<String>::new());
        }
    }
}
