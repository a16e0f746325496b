//! What somebody sends: a form, made into the report that it is.
//!
//! # Source
//! GeoReport v2, "POST Service Request".

use std::collections::BTreeMap;

use egret_shared::package::feed::FeedDef;
use egret_shared::time::TimeMs;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::Fault;
use crate::limits::{DESCRIPTION_CHARS, FORM_BYTES};

/// The fields of a form, each once.
#[derive(Debug)]
pub(super) struct Form(BTreeMap<String, String>);

/// Where in a report's message what tells of a person stands, and from which fields it is taken. It is
/// put there only if the feed declares the place personal: then it never reaches the journal.
const PERSONAL: [(&str, &[&str]); 5] = [
    ("/caller/name", &["first_name", "last_name"]),
    ("/caller/phone", &["phone"]),
    ("/caller/email", &["email"]),
    ("/caller/account", &["account_id"]),
    ("/caller/device", &["device_id"]),
];

/// Where the address stands.
const ADDRESS: &str = "/address";

impl Form {
    /// Reads a form.
    ///
    /// # Errors
    /// 413 for one that is too long.
    pub(super) fn read(body: &[u8]) -> Result<Self, Fault> {
        if body.len() > FORM_BYTES {
            let detail = format!(
                "the form has {} bytes, {FORM_BYTES} are allowed",
                body.len()
            );
            return Err(Fault::new(413, detail));
        }
        let fields = form_urlencoded::parse(body);
        Ok(Self(
            fields
                .map(|(name, value)| (name.into_owned(), value.trim().to_owned()))
                .collect(),
        ))
    }

    /// A field, unless it is missing or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let field = self.0.get(name).map(String::as_str);
        field.filter(|value| !value.is_empty())
    }

    /// The message of a report `report` of `feed` that says what the form does.
    ///
    /// # Errors
    /// 400, which names the field that is missing or wrong.
    pub(super) fn message(
        &self,
        feed: &FeedDef,
        report: &str,
        now: TimeMs,
    ) -> Result<Value, Fault> {
        let bad = |detail: String| Fault::new(400, detail);
        let position = match (self.get("lat"), self.get("long")) {
            (None, None) => None,
            (Some(lat), Some(long)) => {
                let degrees = |name: &str, text: &str| {
                    let number: Option<f64> = text.parse().ok();
                    let number = number.filter(|number| number.is_finite());
                    number.ok_or_else(|| bad(format!("{name}: {text} is no number of degrees")))
                };
                Some(json!([degrees("long", long)?, degrees("lat", lat)?]))
            }
            _ => return Err(bad("lat and long belong together".to_owned())),
        };
        let address = self.get("address_string");
        if position.is_none() && address.is_none() && self.get("address_id").is_none() {
            let detail = "it needs lat and long, address_string or address_id";
            return Err(bad(detail.to_owned()));
        }
        let description = self.get("description").unwrap_or_default();
        let n_chars = description.chars().count();
        if n_chars > DESCRIPTION_CHARS {
            let detail =
                format!("description: {n_chars} characters, {DESCRIPTION_CHARS} are allowed");
            return Err(bad(detail));
        }
        let is_personal = |place: &str| feed.personal.iter().any(|own| covers(own, place));
        let mut text = description.to_owned();
        let mut message = json!({
            "id": report,
            "report": report,
            "category": self.get("service_code"),
            "at": now,
            "position": position,
            "address_id": self.get("address_id"),
            "media_url": self.get("media_url"),
        });
        let Value::Object(members) = &mut message else {
            return Ok(message);
        };
        if let Some(address) = address {
            if is_personal(ADDRESS) {
                put(members, ADDRESS, address);
            } else {
                let parts = [description, address].into_iter();
                let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
                text = parts.join(" · ");
            }
        }
        members.insert("text".to_owned(), Value::from(text));
        for (place, fields) in PERSONAL {
            let said: Vec<_> = fields.iter().filter_map(|field| self.get(field)).collect();
            if !said.is_empty() && is_personal(place) {
                put(members, place, &said.join(" "));
            }
        }
        members.retain(|_, value| !value.is_null());
        Ok(message)
    }
}

/// Whether what stands at `place` is within what the pointer `own` takes away.
fn covers(own: &str, place: &str) -> bool {
    place == own
        || place
            .strip_prefix(own)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// Puts a text to a place of one or two steps.
fn put(members: &mut Map<String, Value>, place: &str, text: &str) {
    let steps = place.trim_start_matches('/');
    match steps.split_once('/') {
        None => {
            members.insert(steps.to_owned(), Value::from(text));
        }
        Some((first, second)) => {
            let inner = members
                .entry(first)
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                inner.insert(second.to_owned(), Value::from(text));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(personal: &str) -> FeedDef {
        let text = format!(
            "id = \"hotline\"\nname = {{ zh = \"热线\", en = \"Hotline\" }}\ndepartment = \"d\"\n\
             domain = \"d\"\nreport = true\nopen311 = true\nformat = \"egret-json\"\n\
             personal = {personal}\n"
        );
        toml::from_str(&text).unwrap()
    }

    fn message(form: &str, personal: &str) -> Result<Value, Fault> {
        let form = Form::read(form.as_bytes()).unwrap();
        form.message(&feed(personal), "r1", TimeMs(0))
    }

    const SENT: &str = "service_code=waterlogging&lat=24.45&long=118.05&description=%E7%A7%AF%E6%B0%B4\
                        &first_name=Made&last_name=Up&phone=19900001234&email=m%40example.org\
                        &address_string=1+Road&media_url=";

    #[test]
    fn a_form_becomes_the_report_that_it_is() {
        let told = message(SENT, "[\"/caller\", \"/address\"]").unwrap();
        let expected = json!({
            "id": "r1", "report": "r1", "category": "waterlogging", "at": "1970-01-01T00:00:00.000Z",
            "position": [118.05, 24.45], "text": "积水", "address": "1 Road",
            "caller": { "name": "Made Up", "phone": "19900001234", "email": "m@example.org" },
        });
        assert_eq!(told, expected);
    }

    #[test]
    fn what_tells_of_a_person_is_left_out_where_the_feed_does_not_take_it_away() {
        let told = message(SENT, "[\"/caller/phone\", \"/caller/nam\"]").unwrap();
        assert_eq!(told["caller"], json!({ "phone": "19900001234" }));
        assert_eq!(told["text"], "积水 · 1 Road");
        let told = message(SENT, "[]").unwrap();
        assert!(told.get("caller").is_none(), "{told}");
    }

    #[test]
    fn a_form_without_place_or_with_half_of_one_is_refused_by_its_field() {
        for (form, words) in [
            ("service_code=x", "lat and long"),
            ("lat=24.5", "belong together"),
            ("lat=24.5&long=east", "long: east"),
            ("lat=NaN&long=118", "lat: NaN"),
        ] {
            let fault = message(form, "[]").unwrap_err();
            assert_eq!(fault.status, 400);
            assert!(fault.detail.contains(words), "{}", fault.detail);
        }
        assert!(message("address_id=7", "[]").is_ok());
        let long = format!(
            "lat=1&long=1&description={}",
            "x".repeat(DESCRIPTION_CHARS + 1)
        );
        assert!(message(&long, "[]").is_err());
    }
}
