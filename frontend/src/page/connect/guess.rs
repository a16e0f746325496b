//! A first proposal from samples alone: format, what each leaf is, how time is written, which
//! levels of the topic differ. It is shown, tried and changed before anything comes of it.

mod keys;
mod topic;

use serde_json::Value;

use egret_shared::package::addition::Sample;
use egret_shared::package::feed::{Format, Place, TimeForm};
use egret_shared::package::property::PropertyDef;

use super::draft::{Draft, NewProperty, Role, Taken, Tile, Way};
use super::names::{Named, names};
use super::tree::{self, Node, last_key, number_of, relative};

pub(super) use topic::{covers, filter_of};

/// Most values that are proposed: more than a message of one device measures.
const VALUES_MAX: usize = 40;

/// What is known of the city, against which names are compared.
#[derive(Clone, Debug, Default)]
pub(super) struct City {
    pub(super) properties: Vec<PropertyDef>,
    /// Ids of feeds that are there.
    pub(super) feeds: Vec<String>,
}

/// The format that a payload is most likely in.
pub(super) fn format_of(payload: &str) -> Format {
    if payload.trim_start().starts_with("##") {
        return Format::Hj212;
    }
    let Ok(json) = serde_json::from_str::<Value>(payload) else {
        return Format::MappedJson;
    };
    let first = match &json {
        Value::Array(elements) => elements.first().unwrap_or(&Value::Null),
        one => one,
    };
    let has = |key: &str| first.get(key).is_some();
    if json.is_array() && (has("bn") || (has("n") && (has("v") || has("vb") || has("vs")))) {
        Format::Senml
    } else if first.pointer("/deviceInfo/devEui").is_some() {
        Format::ChirpstackV4
    } else if has("end_device_ids") {
        Format::TtsV3
    } else if has("specversion") {
        Format::Cloudevents
    } else if is_entity(first) {
        Format::NgsiLd
    } else if first.get("values").is_some_and(Value::is_object) {
        Format::EgretJson
    } else {
        Format::MappedJson
    }
}

/// Whether it is an NGSI-LD entity, or a notification of some.
fn is_entity(json: &Value) -> bool {
    let is_text = |key: &str| json.get(key).is_some_and(Value::is_string);
    if !(is_text("id") && is_text("type")) {
        return false;
    }
    let is_notification = json.get("type").and_then(Value::as_str) == Some("Notification");
    let is_attribute = |value: &Value| {
        let kind = value.get("type").and_then(Value::as_str);
        matches!(kind, Some("Property" | "GeoProperty" | "Relationship"))
    };
    let mut members = json.as_object().into_iter().flatten();
    json.get("@context").is_some()
        || (is_notification && json.get("data").is_some_and(Value::is_array))
        || members.any(|(_, value)| is_attribute(value))
}

/// How a time is written, by its value.
pub(super) fn time_form(value: &Value) -> Option<TimeForm> {
    let of_digits = |n: usize| match n {
        9..=10 => Some(TimeForm::UnixS),
        12..=13 => Some(TimeForm::UnixMs),
        15..=16 => Some(TimeForm::UnixUs),
        _ => None,
    };
    match value {
        Value::Number(number) => {
            let whole = number.to_string();
            let whole = whole.split('.').next().unwrap_or_default();
            of_digits(whole.trim_start_matches('-').len())
        }
        Value::String(text) => {
            let text = text.trim();
            let is_digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
            if is_digits && text.len() == 14 && text.starts_with(['1', '2']) {
                return Some(TimeForm::Local);
            }
            if is_digits {
                return of_digits(text.len());
            }
            let is_dated = text.get(..10).is_some_and(|date| {
                let shape = date
                    .chars()
                    .map(|c| if c.is_ascii_digit() { '0' } else { c });
                shape.eq("0000-00-00".chars())
            });
            let clock = text
                .get(10..)
                .filter(|clock| is_dated && clock.len() >= 6)?;
            let is_offset =
                clock.ends_with(['Z', 'z']) || clock.contains('+') || clock.contains('-');
            match clock.chars().next() {
                _ if is_offset => Some(TimeForm::Rfc3339),
                // With a T and without an offset nobody can tell when it was.
                Some(' ') => Some(TimeForm::Local),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A proposal for samples of one feed.
pub(super) fn guess(samples: &[Sample], city: &City) -> Draft {
    let mut draft = Draft::new();
    let Some(first) = samples
        .iter()
        .find(|sample| !sample.payload.trim().is_empty())
    else {
        draft.feed.topic = samples.first().map(|sample| sample.topic.clone());
        return draft;
    };
    draft.feed.format = format_of(&first.payload);
    let json = serde_json::from_str::<Value>(&first.payload).unwrap_or(Value::Null);
    draft.maps_events = draft.feed.format == Format::Cloudevents && !has_own_data(&json);
    if draft.way() == Way::Pointers {
        draft.map.each = each_of(draft.feed.format, &json);
    }
    propose_roles(&mut draft, &first.payload, city);
    propose_topic(&mut draft, samples);
    propose_names(&mut draft, samples, city);
    draft
}

/// Whether a CloudEvent's data are Egret's own.
fn has_own_data(json: &Value) -> bool {
    let event = json.get(0).unwrap_or(json);
    let data = event.get("data");
    let first = data.map(|data| data.get(0).unwrap_or(data));
    first.is_some_and(|data| data.get("values").is_some_and(Value::is_object))
}

/// The array whose elements are readings each, if a message is wrapped around one.
fn each_of(format: Format, json: &Value) -> Option<String> {
    let inside = match format {
        Format::Cloudevents => json.get(0).unwrap_or(json).get("data")?,
        _ => json,
    };
    let mut arrays = inside.as_object()?.iter().filter(|(_, value)| {
        let elements = value.as_array();
        elements
            .is_some_and(|elements| !elements.is_empty() && elements.iter().all(Value::is_object))
    });
    let (key, _) = arrays.next()?;
    let is_only = arrays.next().is_none();
    is_only.then(|| format!("/{}", tree::escaped(key)))
}

/// Proposes anew what of a message is what: after another format, or another array, was chosen.
pub(super) fn propose_roles(draft: &mut Draft, payload: &str, city: &City) {
    draft.values.clear();
    draft.map.asset = None;
    draft.map.at = None;
    draft.map.id = None;
    draft.lon.clear();
    draft.lat.clear();
    match draft.way() {
        Way::Pointers => {
            let json = serde_json::from_str(payload).unwrap_or(Value::Null);
            propose_pointers(draft, &json, city);
        }
        Way::Names | Way::Own => {
            draft.map.each = None;
            for named in names(draft.feed.format, payload) {
                propose_named(draft, &named, city);
            }
        }
    }
}

/// A leaf that the feed's pointers reach.
struct Leaf {
    pointer: String,
    value: Value,
}

fn leaves(draft: &Draft, json: &Value) -> Vec<Leaf> {
    let each = draft.map.each.as_deref();
    let mut leaves: Vec<Leaf> = Vec::new();
    for row in tree::rows(json) {
        if !matches!(row.node, Node::Leaf(_)) {
            continue;
        }
        let Some(pointer) = relative(draft.feed.format, json, each, &row.pointer) else {
            continue;
        };
        // Later elements have the same places.
        if leaves.iter().all(|known| known.pointer != pointer)
            && let Some(value) = json.pointer(&row.pointer)
        {
            let value = value.clone();
            leaves.push(Leaf { pointer, value });
        }
    }
    leaves
}

fn propose_pointers(draft: &mut Draft, json: &Value, city: &City) {
    let leaves = leaves(draft, json);
    for role in [Role::Asset, Role::Time, Role::Lon, Role::Lat, Role::Message] {
        let fits = |leaf: &&Leaf| {
            let name = last_key(&leaf.pointer);
            keys::role_of(&name) == Some(role)
                && draft.role(&leaf.pointer) == Role::Nothing
                && could_be(role, &leaf.value)
        };
        let best = leaves.iter().filter(fits).min_by_key(|leaf| {
            let depth = leaf.pointer.matches('/').count();
            (keys::rank(role, &last_key(&leaf.pointer)), depth)
        });
        let Some(best) = best else {
            continue;
        };
        let time = time_form(&best.value).unwrap_or(TimeForm::Rfc3339);
        draft.take(&best.pointer, role, time, Taken::default());
    }
    // Half a position is none.
    if draft.lon.is_empty() != draft.lat.is_empty() {
        draft.lon.clear();
        draft.lat.clear();
    }
    for leaf in &leaves {
        let name = last_key(&leaf.pointer);
        let is_free = draft.role(&leaf.pointer) == Role::Nothing;
        let is_value = leaf.value.is_number()
            && !keys::is_of_the_device(&name)
            && keys::role_of(&name).is_none();
        if is_free && is_value && draft.values.len() < VALUES_MAX {
            let taken = value(&leaf.pointer, &name, draft, city);
            draft.values.push(taken);
        }
    }
    tile_for_the_first(draft);
}

/// Whether a leaf can be what its name says.
fn could_be(role: Role, value: &Value) -> bool {
    match role {
        Role::Asset | Role::Message => value.is_string() || value.is_i64() || value.is_u64(),
        Role::Time => time_form(value).is_some(),
        Role::Lon => number_of(value).is_some_and(|v| v.abs() <= 180.0),
        Role::Lat => number_of(value).is_some_and(|v| v.abs() <= 90.0),
        Role::Value | Role::Nothing => true,
    }
}

fn propose_named(draft: &mut Draft, named: &Named, city: &City) {
    if keys::is_of_the_device(&named.name) || draft.values.len() >= VALUES_MAX {
        return;
    }
    let is_own = draft.way() == Way::Own;
    let mut taken = value(&named.name, &named.name, draft, city);
    if is_own {
        // Messages use the property's own id.
        taken.property.clone_from(&named.name);
        let is_known = city
            .properties
            .iter()
            .any(|def| def.id.as_str() == named.name);
        if is_known {
            taken.new = None;
        } else {
            taken.new.get_or_insert_with(|| new_property(&named.name));
        }
        if let (Some(new), Some(unit)) = (&mut taken.new, &named.unit) {
            new.unit.clone_from(unit);
        }
    }
    draft.values.push(taken);
    tile_for_the_first(draft);
}

/// One number on the wall to begin with.
fn tile_for_the_first(draft: &mut Draft) {
    let has_one = draft.values.iter().any(|taken| taken.tile.is_some());
    if let Some(first) = draft.values.first_mut()
        && !has_one
    {
        first.tile = Some(Tile::default());
    }
}

/// What the number at `from`, called `name`, is taken for: a property that the city has, by its
/// name, or a new one.
pub(super) fn value(from: &str, name: &str, draft: &Draft, city: &City) -> Taken {
    let plain = keys::plain(name);
    let is_taken = |id: &str| draft.values.iter().any(|taken| taken.property == id);
    let known = city.properties.iter().find(|def| {
        let names = [def.id.as_str(), def.name.zh.as_str(), def.name.en.as_str()];
        names.iter().any(|known| keys::plain(known) == plain) && !is_taken(def.id.as_str())
    });
    if let Some(def) = known {
        return Taken {
            from: from.to_owned(),
            property: def.id.to_string(),
            ..Taken::default()
        };
    }
    let taken = |id: &str| is_taken(id) || city.properties.iter().any(|def| def.id.as_str() == id);
    Taken {
        from: from.to_owned(),
        property: free(&slug(name, '_', "value"), '_', taken),
        new: Some(new_property(name)),
        ..Taken::default()
    }
}

/// What a property of this name is made as, unless somebody says otherwise.
pub(super) fn new_property(name: &str) -> NewProperty {
    match keys::kind_of(name) {
        Some(kind) => NewProperty {
            zh: kind.zh.to_owned(),
            en: kind.en.to_owned(),
            unit: kind.unit.to_owned(),
            least: kind.range[0].to_owned(),
            greatest: kind.range[1].to_owned(),
            before: None,
        },
        None => NewProperty {
            zh: name.to_owned(),
            en: name.to_owned(),
            unit: "1".to_owned(),
            least: "-1000000".to_owned(),
            greatest: "1000000".to_owned(),
            before: None,
        },
    }
}

fn propose_topic(draft: &mut Draft, samples: &[Sample]) {
    let topics: Vec<&str> = samples.iter().map(|sample| sample.topic.as_str()).collect();
    let assets: Vec<String> = samples
        .iter()
        .filter_map(|sample| asset_of(draft, sample))
        .collect();
    let Some((filter, level)) = filter_of(&topics, &assets) else {
        return;
    };
    draft.feed.topic = Some(filter);
    if draft.way() == Way::Pointers
        && draft.map.asset.is_none()
        && let Some(topic) = level
    {
        draft.map.asset = Some(Place::Topic { topic });
    }
}

/// The asset's id in a sample, where the payload has it.
fn asset_of(draft: &Draft, sample: &Sample) -> Option<String> {
    let json: Value = serde_json::from_str(&sample.payload).ok()?;
    let known = match draft.feed.format {
        Format::ChirpstackV4 => Some("/deviceInfo/devEui"),
        Format::TtsV3 => Some("/end_device_ids/device_id"),
        _ => None,
    };
    let leaf = match (&draft.map.asset, known) {
        (_, Some(known)) => json.pointer(known)?.clone(),
        (Some(Place::Pointer { pointer }), None) => {
            let mut leaves = leaves(draft, &json).into_iter();
            leaves.find(|leaf| leaf.pointer == *pointer)?.value
        }
        _ => return None,
    };
    Some(
        leaf.as_str()
            .map_or_else(|| leaf.to_string(), str::to_owned),
    )
}

/// Ids and names for a feed that has none, from its topic.
fn propose_names(draft: &mut Draft, samples: &[Sample], city: &City) {
    let of_topic = samples
        .first()
        .and_then(|sample| topic::word_of(&sample.topic, draft.topic()));
    let word = of_topic.unwrap_or_else(|| draft.feed.format.as_str().to_owned());
    let is_taken = |id: &str| city.feeds.iter().any(|feed| feed == id);
    let id = free(&slug(&word, '-', "feed"), '-', is_taken);
    draft.feed.name.zh.clone_from(&word);
    draft.feed.name.en.clone_from(&word);
    draft.feed.id = id.as_str().into();
}

/// A word as an id: small letters, digits and `joint`; `instead` where nothing is left of it.
pub(super) fn slug(word: &str, joint: char, instead: &str) -> String {
    let mut id = String::new();
    for c in word.chars() {
        if c.is_ascii_alphanumeric() {
            id.push(c.to_ascii_lowercase());
        } else if !id.is_empty() && !id.ends_with(joint) {
            id.push(joint);
        }
    }
    let id = id.trim_matches(joint).chars().take(48).collect::<String>();
    match id.chars().next() {
        None => instead.to_owned(),
        Some(first) if first.is_ascii_digit() => format!("{instead}{joint}{id}"),
        Some(_) => id,
    }
}

/// The id, or with the first number that makes it free.
fn free(id: &str, joint: char, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(id) {
        return id.to_owned();
    }
    let mut numbered = (2_u32..).map(|number| format!("{id}{joint}{number}"));
    numbered.find(|id| !is_taken(id)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
