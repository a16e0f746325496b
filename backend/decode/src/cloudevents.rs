//! `cloudevents`: CloudEvents 1.0 in structured JSON, single or in a batch, or in binary mode.
//!
//! ```text
//! {"specversion":"1.0","type":"city.water.level","source":"/scada/east","id":"A-17",
//!  "subject":"M-1","time":"2026-06-22T06:05:00+08:00","data":{"values":{"water_level":1.42}}}
//! ```
//!
//! `data` is Egret's own JSON, or, if the feed has a map, any JSON by that map, whose pointers count
//! from `data`. The envelope fills in what `data` leaves out: `subject` names the asset or report,
//! `time` is the event time, `source` and `id` together are the message's id, because only together
//! are they an event's. Where `data` is an array, its elements after the first are numbered.
//!
//! In binary mode the attributes come beside the payload, in MQTT 5's user properties or in HTTP's
//! `ce-` headers, and the payload is `data`. A message is in binary mode if `specversion` is among
//! them and its content type is none of CloudEvents' own.
//!
//! # Source
//! CloudEvents 1.0.2, sections 3.1 and 3.2; JSON Event Format for CloudEvents 1.0.2; MQTT Protocol
//! Binding 1.0.2, section 3.1; HTTP Protocol Binding 1.0.2, section 3.1.

mod binary;

pub use self::binary::{event_attribute, header_text};

use chrono_tz::Tz;
use egret_shared::id::MessageId;
use egret_shared::package::feed::FeedDef;
use egret_shared::rejection::{Reason, Rejection};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::decoder::{Element, Message, Read, Sink};
use crate::egret_json::EgretJson;
use crate::elements::{array_of, many_at, one_or_many, text_of};
use crate::map::Map;
use crate::pointer::Pointer;
use crate::reading::{Decoded, SentTime};
use crate::refuse::{at_element, at_place, bounded, refusal, refusal_of_json};
use crate::scalar::Scalar;
use crate::sent_time::rfc3339;

/// The format for one feed.
pub(crate) struct Cloudevents {
    native: EgretJson,
    map: Option<Map>,
    each: Option<Pointer>,
}

/// The envelope.
#[derive(Default, Deserialize)]
#[serde(expecting = "a CloudEvent: an object")]
struct Event<'a> {
    #[serde(borrow, default)]
    specversion: Scalar<'a>,
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    source: Scalar<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Scalar<'a>,
    #[serde(borrow, default)]
    subject: Scalar<'a>,
    #[serde(borrow, default)]
    time: Scalar<'a>,
    #[serde(borrow, default)]
    datacontenttype: Scalar<'a>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data_base64: Scalar<'a>,
}

/// What an envelope fills in.
struct Filling {
    message: MessageId,
    at: Option<SentTime>,
}

impl Cloudevents {
    pub(crate) fn new(feed: &FeedDef, timezone: Tz) -> Self {
        let map = feed.map.as_ref();
        Self {
            native: EgretJson::new(feed),
            map: map.map(|map| Map::new(map, timezone)),
            each: map.and_then(|map| map.each.as_deref()).map(Pointer::new),
        }
    }

    /// Hands on every element of one event that is JSON as a whole.
    fn structured(&self, json: &str, topic: &str, sink: Sink<'_>) -> Result<(), Rejection> {
        let private = self.native.is_private();
        let event: Event<'_> =
            serde_json::from_str(json).map_err(|error| refusal_of_json(&error, json, private))?;
        let filling = event.check()?;
        let data = event.data()?;
        let mut placing =
            |element: Element| sink(element.map_err(|refused| at_place(refused, "/data")));
        self.data(&event, &filling, data.as_bytes(), topic, &mut placing)
    }

    /// Hands on every element of an event whose attributes came beside its data.
    fn binary(&self, message: &Message<'_>, sink: Sink<'_>) -> Result<(), Rejection> {
        let event = binary::event(message)?;
        let filling = event.check()?;
        event.check_content()?;
        self.data(&event, &filling, message.payload, message.topic, sink)
    }

    /// Hands on every element of an event's data.
    fn data(
        &self,
        event: &Event<'_>,
        filling: &Filling,
        data: &[u8],
        topic: &str,
        sink: Sink<'_>,
    ) -> Result<(), Rejection> {
        let private = self.native.is_private();
        let subject = match &event.subject {
            silent if silent.is_silent() => None,
            Scalar::Text(subject) => Some(bounded(subject, "/subject")?),
            other => return Err(other.unfit("/subject", "a text")),
        };
        let named = subject.or_else(|| self.native.named(topic));
        let mut n_before = 0_usize;
        let mut filled = |element: Element| {
            let element = element.and_then(|decoded| filling.fill(decoded, n_before));
            n_before += 1;
            sink(element);
        };
        let read = |json: &str| match &self.map {
            Some(map) => map.read(json, topic, named, private),
            None => self.native.element(json, named),
        };
        match &self.each {
            Some(each) => many_at(data, each, private, &mut filled, read),
            None => one_or_many(data, private, &mut filled, read),
        }
        Ok(())
    }
}

impl Event<'_> {
    /// Checks what every event must have.
    fn check(&self) -> Result<Filling, Rejection> {
        match &self.specversion {
            Scalar::Text(version) if *version == "1.0" => {}
            other => return Err(other.unfit("/specversion", "\"1.0\"")),
        }
        let source = needed(&self.source, "/source")?;
        let id = needed(&self.id, "/id")?;
        needed(&self.kind, "/type")?;
        let message = format!("{source}#{id}");
        let at = match &self.time {
            silent if silent.is_silent() => None,
            Scalar::Text(text) => Some(rfc3339(text, "/time")?),
            other => {
                let detail = format!("/time: {} is no RFC 3339 time", other.shown());
                return Err(refusal(Reason::BadTime, detail));
            }
        };
        Ok(Filling {
            message: MessageId::new(bounded(&message, "/id with /source")?),
            at,
        })
    }

    /// The data, if it is JSON.
    fn data(&self) -> Result<&str, Rejection> {
        if !self.data_base64.is_silent() {
            let detail = "/data_base64: binary data, expected JSON in data";
            return Err(refusal(Reason::BadShape, detail));
        }
        self.check_content()?;
        self.data.map(RawValue::get).ok_or_else(|| {
            let detail = "/data: nothing, and an event without data has no value";
            refusal(Reason::NoValue, detail)
        })
    }

    /// Checks that the data is JSON, as far as it says.
    fn check_content(&self) -> Result<(), Rejection> {
        let is_json = match &self.datacontenttype {
            silent if silent.is_silent() => true,
            Scalar::Text(kind) => is_json(kind),
            other => return Err(other.unfit("/datacontenttype", "a text")),
        };
        if !is_json {
            let kind = self.datacontenttype.shown();
            let detail = format!("/datacontenttype: {kind} is no JSON");
            return Err(refusal(Reason::BadShape, detail));
        }
        Ok(())
    }
}

impl Filling {
    /// `decoded`, which is number `number` of its event, with what it leaves out.
    fn fill(&self, mut decoded: Decoded, number: usize) -> Element {
        let (message, at) = match &mut decoded {
            Decoded::Reading(reading) => (&mut reading.message, &mut reading.at),
            Decoded::Report(report) => (&mut report.message, &mut report.at),
        };
        *at = at.or(self.at);
        if message.is_none() {
            *message = Some(match number {
                0 => self.message.clone(),
                number => {
                    let numbered = format!("{}/{number}", self.message);
                    MessageId::new(bounded(&numbered, "/id with /source")?)
                }
            });
        }
        Ok(decoded)
    }
}

/// The text of an attribute that must be there.
fn needed<'a>(attribute: &'a Scalar<'_>, place: &str) -> Result<&'a str, Rejection> {
    match attribute {
        Scalar::Text(text) if !text.is_empty() => Ok(text),
        other => Err(other.unfit(place, "a text that is not empty")),
    }
}

/// Whether a media type is of JSON.
///
/// # Source
/// JSON Event Format for CloudEvents 1.0.2, section 3.1: the subtype is `json` or ends in `+json`.
fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let Some((_, subtype)) = essence.split_once('/') else {
        return false;
    };
    let subtype = subtype.to_ascii_lowercase();
    subtype == "json" || subtype.ends_with("+json")
}

impl Read for Cloudevents {
    fn read(&self, message: &Message<'_>, sink: Sink<'_>) {
        if binary::is_binary(message) {
            if let Err(refused) = self.binary(message, sink) {
                sink(Err(refused));
            }
            return;
        }
        let topic = message.topic;
        let json = match text_of(message.payload) {
            Ok(json) => json,
            Err(refused) => return sink(Err(refused)),
        };
        if !json.trim_ascii_start().starts_with('[') {
            if let Err(refused) = self.structured(json, topic, sink) {
                sink(Err(refused));
            }
            return;
        }
        let events = match array_of(json, "", self.native.is_private()) {
            Ok(events) => events,
            Err(refused) => return sink(Err(refused)),
        };
        for (index, event) in events.into_iter().enumerate() {
            let placed = |refused: Rejection| at_element(refused, "", index);
            let mut placing = |element: Element| sink(element.map_err(placed));
            if let Err(refused) = self.structured(event.get(), topic, &mut placing) {
                sink(Err(placed(refused)));
            }
        }
    }
}
