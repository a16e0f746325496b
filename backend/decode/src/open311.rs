//! `open311`: service requests of Open311 GeoReport v2, as departments' systems list them.
//!
//! ```text
//! [{"service_request_id":"638344","status":"open","service_code":"006",
//!   "requested_datetime":"2026-06-22T06:05:00+08:00","lat":24.48,"long":118.09}]
//! ```
//!
//! A message is what `requests.json` or `requests.xml` answers: several requests, or one. Each is
//! a step in the life of a report. The standard knows two states; what else a sender says in
//! `status` is taken as it is.
//!
//! A request in XML is first made the flat object that it is in JSON, so that fields that identify
//! a person are declared, and split off, in the same way.
//!
//! # Source
//! Open311 GeoReport v2, "GET Service Requests".

use chrono_tz::Tz;
use egret_shared::id::{MessageId, ReportId};
use egret_shared::package::feed::{FeedDef, TimeForm};
use egret_shared::rejection::{Reason, Rejection};
use serde::Deserialize;
use serde_json::{Map, Value};
use smol_str::SmolStr;

use crate::decoder::{Element, Message, Read, Sink};
use crate::elements::{find, many_at, one_or_many, text_of};
use crate::pointer::Pointer;
use crate::reading::{Decoded, RawReport, SentTime};
use crate::refuse::{at_element, bounded, refusal, refusal_of_json, shown};
use crate::scalar::Scalar;
use crate::sent_time::{TimeReader, rfc3339};
use crate::strict::{Tree, taken};
use crate::told::lines;
use crate::xml::{Node, tree};

/// The format for one feed.
pub(crate) struct Open311 {
    personal: Vec<Pointer>,
    /// For times without an offset, which the standard does not allow and many send.
    local: TimeReader,
    /// Where some servers keep the list.
    wrapped: Pointer,
}

/// A service request.
#[derive(Deserialize)]
#[serde(expecting = "a service request: an object")]
struct Request<'a> {
    #[serde(borrow, default)]
    service_request_id: Scalar<'a>,
    #[serde(borrow, default)]
    status: Scalar<'a>,
    #[serde(borrow, default)]
    status_notes: Scalar<'a>,
    #[serde(borrow, default)]
    service_code: Scalar<'a>,
    #[serde(borrow, default)]
    service_name: Scalar<'a>,
    #[serde(borrow, default)]
    description: Scalar<'a>,
    #[serde(borrow, default)]
    agency_responsible: Scalar<'a>,
    #[serde(borrow, default)]
    requested_datetime: Scalar<'a>,
    #[serde(borrow, default)]
    updated_datetime: Scalar<'a>,
    #[serde(borrow, default)]
    address: Scalar<'a>,
    #[serde(borrow, default)]
    lat: Scalar<'a>,
    #[serde(borrow, default)]
    long: Scalar<'a>,
}

impl Open311 {
    pub(crate) fn new(feed: &FeedDef, timezone: Tz) -> Self {
        let personal = feed.personal.iter();
        Self {
            personal: personal.map(|text| Pointer::new(text)).collect(),
            local: TimeReader {
                form: TimeForm::Local,
                timezone,
            },
            wrapped: Pointer::new("/service_requests"),
        }
    }

    fn is_private(&self) -> bool {
        !self.personal.is_empty()
    }

    fn json(&self, payload: &[u8], sink: Sink<'_>) {
        let private = self.is_private();
        let read = |json: &str| {
            let tree = serde_json::from_str(json);
            let Tree(tree) = tree.map_err(|error| refusal_of_json(&error, json, private))?;
            self.report(tree)
        };
        // What is no JSON is told by whichever of the two reads it.
        let wrapped = text_of(payload)
            .ok()
            .filter(|json| json.trim_ascii_start().starts_with('{'));
        let wrapped = wrapped.and_then(|json| find(json, &self.wrapped.steps).ok().flatten());
        match wrapped {
            // A poller hears of no news in most hours.
            None if is_empty_list(payload) => {}
            Some(_) => many_at(payload, &self.wrapped, private, sink, read),
            None => one_or_many(payload, private, sink, read),
        }
    }

    fn xml(&self, payload: &[u8], sink: Sink<'_>) -> Result<(), Rejection> {
        let root = tree(payload, None)?;
        if root.name == "request" {
            sink(object(&root).and_then(|tree| self.report(tree)));
            return Ok(());
        }
        if root.name != "service_requests" {
            let found = shown(&root.name);
            let detail = format!("/{found}: expected service_requests or request");
            return Err(refusal(Reason::BadShape, detail));
        }
        for (index, request) in root.all("request").enumerate() {
            let element = object(request).and_then(|tree| self.report(tree));
            sink(element.map_err(|refused| at_element(refused, "/service_requests", index)));
        }
        Ok(())
    }

    /// The report that a request is.
    fn report(&self, mut tree: Value) -> Element {
        let personal = self.personal.iter();
        let personal = personal
            .filter_map(|pointer| taken(&mut tree, pointer))
            .collect();
        let request = Request::deserialize(&tree).map_err(|error| {
            let private = self.is_private();
            refusal_of_json(&error, "", private)
        })?;
        if request.service_request_id.is_silent() {
            let detail = "/service_request_id: nothing, expected the request's id";
            return Err(refusal(Reason::BadId, detail));
        }
        let report = request.service_request_id.id("/service_request_id")?;
        let state = state(&request.status)?;
        let requested = self.time(&request.requested_datetime, "/requested_datetime")?;
        let updated = self.time(&request.updated_datetime, "/updated_datetime")?;
        let last = updated.or(requested);
        let message = match last {
            Some(last) => format!("{report}/{state}/{}", last.us),
            None => format!("{report}/{state}"),
        };
        Ok(Decoded::Report(RawReport {
            report: Some(ReportId::new(report)),
            message: Some(MessageId::new(bounded(
                &message,
                "/service_request_id with status",
            )?)),
            // It was opened when it was requested, and came into any other state at its last
            // change at the earliest.
            at: if state == OPENED {
                requested.or(updated)
            } else {
                updated
            },
            position: position(&request)?,
            state: (state != OPENED).then_some(state),
            category: category(&request)?,
            text: text(&request),
            personal,
            issued: None,
        }))
    }

    fn time(&self, scalar: &Scalar<'_>, place: &str) -> Result<Option<SentTime>, Rejection> {
        let text = match scalar {
            silent if silent.is_silent() => return Ok(None),
            Scalar::Text(text) => text,
            other => {
                let detail = format!("{place}: {} is no time", other.shown());
                return Err(refusal(Reason::BadTime, detail));
            }
        };
        let local = || {
            let spaced = Scalar::Text(text.replacen('T', " ", 1).into());
            self.local.read(&spaced, place).ok()
        };
        match rfc3339(text, place) {
            Ok(time) => Ok(Some(time)),
            Err(refused) => local().map(Some).ok_or(refused),
        }
    }
}

/// Whether this is a list of nothing.
fn is_empty_list(json: &[u8]) -> bool {
    let inside = json.trim_ascii().strip_prefix(b"[");
    let inside = inside.and_then(|rest| rest.strip_suffix(b"]"));
    inside.is_some_and(|inside| inside.trim_ascii().is_empty())
}

/// The state in which a request is open, in our words: the one that reports begin in.
const OPENED: &str = "opened";

/// The report's state: the standard's `open` and `closed`, or the sender's own word.
fn state(status: &Scalar<'_>) -> Result<SmolStr, Rejection> {
    let word = match status {
        silent if silent.is_silent() => return Ok(SmolStr::new_static(OPENED)),
        Scalar::Text(text) => bounded(text.trim(), "/status")?,
        other => return Err(other.unfit("/status", "open or closed")),
    };
    Ok(if word.eq_ignore_ascii_case("open") {
        SmolStr::new_static(OPENED)
    } else if word.eq_ignore_ascii_case("closed") {
        SmolStr::new_static("closed")
    } else {
        SmolStr::new(word)
    })
}

/// The service's code, or, where there is none, its name.
fn category(request: &Request<'_>) -> Result<Option<SmolStr>, Rejection> {
    for (said, place) in [
        (&request.service_code, "/service_code"),
        (&request.service_name, "/service_name"),
    ] {
        if !said.is_silent() {
            return said.id(place).map(|word| Some(SmolStr::new(word.trim())));
        }
    }
    Ok(None)
}

fn position(request: &Request<'_>) -> Result<Option<(f64, f64)>, Rejection> {
    let Request { lat, long, .. } = request;
    match (lat.is_silent(), long.is_silent()) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some((long.number("/long")?, lat.number("/lat")?))),
        (lat_is_silent, _) => {
            let missing = if lat_is_silent { "lat" } else { "long" };
            let detail = format!("/{missing}: nothing, and half a position is none");
            Err(refusal(Reason::BadPosition, detail))
        }
    }
}

/// What is told of it: the description, where, what came of it, and who is to see to it.
fn text(request: &Request<'_>) -> Option<String> {
    let parts = [
        &request.description,
        &request.service_name,
        &request.address,
        &request.status_notes,
        &request.agency_responsible,
    ];
    lines(parts.into_iter().map(|part| match part {
        Scalar::Text(text) => text.as_ref(),
        _ => "",
    }))
}

/// A request in XML as the object that it is in JSON; what has elements in it is left out.
fn object(request: &Node) -> Result<Value, Rejection> {
    let mut members = Map::new();
    for child in request
        .children
        .iter()
        .filter(|child| child.children.is_empty())
    {
        let text = Value::String(child.text.trim().to_owned());
        if members.insert(child.name.to_string(), text).is_some() {
            let detail = format!("/{}: it stands twice", child.name);
            return Err(refusal(Reason::BadShape, detail));
        }
    }
    Ok(Value::Object(members))
}

impl Read for Open311 {
    fn read(&self, message: &Message<'_>, sink: Sink<'_>) {
        let text = text_of(message.payload).map(str::trim_start);
        let is_xml = text.is_ok_and(|text| text.trim_start_matches('\u{feff}').starts_with('<'));
        if !is_xml {
            return self.json(message.payload, sink);
        }
        if let Err(refused) = self.xml(message.payload, sink) {
            sink(Err(refused));
        }
    }
}
