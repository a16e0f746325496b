//! `senml`: Sensor Measurement Lists in JSON.
//!
//! ```text
//! [{"bn":"urn:dev:ow:10e2073a0108006:","bt":1782079500,"n":"temp","u":"Cel","v":23.1},
//!  {"n":"open","vb":false},{"n":"temp","t":60,"v":23.2}]
//! ```
//!
//! Records are resolved first: base fields are carried on, names joined, times and values added.
//! Then records of one device and time become one reading. The device is the base name without the
//! separator at its end, the name behind it is the property; a name that is the device's alone is
//! told apart by its unit, as the standard's own examples do. Records in `lon` and `lat` are the
//! device's position. A boolean is 1 or 0; texts and data are no numbers, and are refused if the
//! feed lists their name, or lists none.
//!
//! Base fields hold for all that follows, so a record that cannot be read has the whole pack
//! refused. Beyond that, each reading stands or falls on its own.
//!
//! # Source
//! RFC 8428, sections 4 and 5.

mod record;
mod units;

use egret_shared::flags::Flags;
use egret_shared::package::feed::FeedDef;
use egret_shared::rejection::{Reason, Rejection};
use egret_shared::time::TimeMs;
use smol_str::{SmolStr, format_smolstr};

use crate::decoder::{Message, Read, Sink};
use crate::elements::{array_of, text_of};
use crate::gathered::Gathered;
use crate::names::{Names, SEPARATORS};
use crate::reading::{SentTime, SentValue};
use crate::refuse::{at_element, bounded, refusal, refusal_of_json};
use crate::sent_time::us_of_seconds;
use crate::topic::{last_wildcard, level_of};
use record::{Record, Resolved, Resolver, Said};

/// Times below this many seconds count from now: two to the power of 28, the year 1978.
///
/// # Source
/// RFC 8428, section 4.5.3.
const RELATIVE_BELOW_S: f64 = 268_435_456.0;

/// The format for one feed.
pub(crate) struct Senml {
    /// Which level of a topic names the device of records without a base name.
    level: Option<usize>,
    names: Names,
    /// Whether refusals keep the sender's text to themselves.
    private: bool,
}

impl Senml {
    pub(crate) fn new(feed: &FeedDef) -> Self {
        Self {
            level: feed.topic.as_deref().and_then(last_wildcard),
            names: Names::new(feed),
            private: !feed.personal.is_empty(),
        }
    }

    /// The pack's records, resolved, each with its number.
    fn resolved(&self, payload: &[u8]) -> Result<Vec<Resolved>, Rejection> {
        let json = text_of(payload)?;
        if !json.trim_ascii_start().starts_with(['[', '{']) && !json.trim_ascii().is_empty() {
            let detail = "no pack: SenML is an array of records";
            return Err(refusal(Reason::BadJson, detail));
        }
        let mut resolver = Resolver::default();
        let mut resolved = Vec::new();
        for (index, record) in array_of(json, "", self.private)?.into_iter().enumerate() {
            let json = record.get();
            let record: Record<'_> = serde_json::from_str(json)
                .map_err(|error| refusal_of_json(&error, json, self.private))
                .map_err(|refused| at_element(refused, "", index))?;
            let record = resolver
                .resolve(&record)
                .map_err(|refused| at_element(refused, "", index))?;
            resolved.push(record);
        }
        Ok(resolved)
    }

    /// Puts one record where it belongs.
    fn gather(
        &self,
        gathered: &mut Gathered,
        record: &Resolved,
        place: &str,
        message: &Message<'_>,
    ) -> Result<(), Rejection> {
        if record.said.is_empty() {
            return Ok(());
        }
        let named = self.level.and_then(|level| level_of(message.topic, level));
        let full = format!("{}{}", record.base, record.name);
        let (device, name) = self.split(record, &full, named)?;
        bounded(device, "/n")?;
        let at = time(record.time_s, message.received_at)?;
        let is_place = matches!(record.unit.as_deref(), Some("lon" | "lat"));
        for said in &record.said {
            if let (true, Said::Value(v)) = (is_place, said) {
                let Some(making) = gathered.reading(device, at, place) else {
                    continue;
                };
                if record.unit.as_deref() == Some("lon") {
                    making.at_lon(*v);
                } else {
                    making.at_lat(*v);
                }
                continue;
            }
            if let Some(value) = self.value(record, name, said)?
                && let Some(making) = gathered.reading(device, at, place)
            {
                making.put(value, place);
            }
        }
        Ok(())
    }

    /// The device and what is measured.
    fn split<'a>(
        &self,
        record: &'a Resolved,
        full: &'a str,
        named: Option<&'a str>,
    ) -> Result<(&'a str, &'a str), Rejection> {
        let unit = || match record.unit.as_deref() {
            Some(unit) => Ok(unit),
            None if self.names.are_listed() => Ok(""),
            None => {
                let detail = "/n: only the device is named, and no unit tells what is measured";
                Err(refusal(Reason::BadShape, detail))
            }
        };
        let base = record.base.trim_end_matches(SEPARATORS);
        let name = record.name.trim_start_matches(SEPARATORS);
        if !self.names.has(name)
            && let Some(split) = self.names.split(full)
        {
            return Ok(split);
        }
        match (base, name, named) {
            ("", "", None) => {
                let detail = "/n: nothing, and neither base name nor topic names a device";
                Err(refusal(Reason::BadShape, detail))
            }
            ("", "", Some(named)) => Ok((named, unit()?)),
            ("", name, Some(named)) => Ok((named, name)),
            ("", name, None) => Ok((name, unit()?)),
            (base, "", _) => Ok((base, unit()?)),
            (base, name, _) => Ok((base, name)),
        }
    }

    /// The value of a property; `None` if the feed passes it over.
    fn value(
        &self,
        record: &Resolved,
        name: &str,
        said: &Said,
    ) -> Result<Option<SentValue>, Rejection> {
        let sum_name;
        let name = match said {
            Said::Sum(_) => {
                sum_name = format!("{name}-sum");
                &sum_name
            }
            _ => name,
        };
        let Some(meaning) = self.names.meaning(name, "/n")? else {
            return Ok(None);
        };
        let unit = record.unit.as_deref().map(units::ucum);
        let (v, unit) = match said {
            Said::Value(v) => (*v, unit.map(SmolStr::new)),
            Said::Sum(v) => (*v, unit.map(sum_unit)),
            Said::NoNumber(place, what) => {
                let detail = format!("{place}: {what}, and a property is a number");
                return Err(refusal(Reason::BadShape, detail));
            }
        };
        bounded(unit.as_deref().unwrap_or_default(), "/u")?;
        Ok(Some(SentValue {
            property: meaning.property,
            v,
            unit: unit.or(meaning.unit),
            flags: Flags::NONE,
        }))
    }
}

/// The unit of a value summed over seconds.
fn sum_unit(unit: &str) -> SmolStr {
    match unit {
        "1" => SmolStr::new_static("s"),
        unit => format_smolstr!("{unit}.s"),
    }
}

/// The time of a record; zero is "about now", which the arrival says better.
fn time(time_s: f64, received_at: TimeMs) -> Result<Option<SentTime>, Rejection> {
    if time_s == 0.0 {
        return Ok(None);
    }
    let Some(us) = us_of_seconds(time_s) else {
        let detail = format!("/t: {time_s} with its base time is no time in seconds");
        return Err(refusal(Reason::BadTime, detail));
    };
    let fine = us % 1_000 != 0;
    Ok(Some(if time_s < RELATIVE_BELOW_S {
        SentTime {
            us: received_at.0.saturating_mul(1_000).saturating_add(us),
            fine: false,
        }
    } else {
        SentTime { us, fine }
    }))
}

impl Read for Senml {
    fn read(&self, message: &Message<'_>, sink: Sink<'_>) {
        let records = match self.resolved(message.payload) {
            Ok(records) => records,
            Err(refused) => return sink(Err(refused)),
        };
        let mut gathered = Gathered::default();
        for (index, record) in records.iter().enumerate() {
            let place = format!("/{index}");
            if let Err(refused) = self.gather(&mut gathered, record, &place, message) {
                gathered.refuse(at_element(refused, "", index));
            }
        }
        if gathered.n_elements() == 0 {
            let detail = "no value in the pack that the feed takes";
            return sink(Err(refusal(Reason::NoValue, detail)));
        }
        gathered.finish(sink);
    }
}
