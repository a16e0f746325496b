//! Uplinks of LoRaWAN network servers: an envelope that tells of device, time and reception, and
//! in it what a codec has made of the device's bytes.
//!
//! Both servers here write protobuf's JSON: a field of the envelope that is left out has its
//! default. What the codec has made is free JSON, where nothing is nothing.

use chrono_tz::Tz;
use egret_shared::package::feed::FeedDef;
use egret_shared::rejection::{Reason, Rejection};

use crate::decoder::{Element, Message};
use crate::elements::{find, text_of};
use crate::extract::Spot;
use crate::map::Map;
use crate::names::Names;
use crate::pointer::Pointer;
use crate::reading::Decoded;
use crate::refuse::{refusal, refusal_of_json};
use crate::scalar::Scalar;

/// Where a server's uplinks have what.
pub(crate) struct Envelope {
    /// JSON Pointer to the device's id.
    pub(crate) device: &'static str,
    /// JSON Pointer to the message's id, where there is one.
    pub(crate) id: Option<&'static str>,
    /// JSON Pointers to the time; the first that is there counts.
    pub(crate) times: &'static [&'static str],
    /// JSON Pointers to objects with the device's position; the first that is there counts.
    pub(crate) positions: &'static [&'static str],
    /// JSON Pointer to what the codec has made.
    pub(crate) decoded: &'static str,
    /// Numeric fields of the envelope, which are left out when they are 0.
    pub(crate) zeros: &'static [&'static str],
}

/// Reads one feed's uplinks.
pub(crate) struct Uplink {
    map: Map,
    names: Names,
    decoded: Pointer,
    private: bool,
}

impl Uplink {
    pub(crate) fn new(feed: &FeedDef, timezone: Tz, envelope: &Envelope) -> Self {
        let def = feed.map.clone().unwrap_or_default();
        let mut map = Map::new(&def, timezone);
        map.or_asset(envelope.device);
        if let Some(id) = envelope.id {
            map.or_id(id);
        }
        if def.at.is_none() {
            for time in envelope.times {
                map.or_time(time, timezone);
            }
        }
        map.read_zeros(envelope.zeros, envelope.decoded);
        if def.position.is_none() {
            for position in envelope.positions {
                map.or_position(position);
            }
        }
        Self {
            map,
            names: Names::new(feed),
            decoded: Pointer::new(envelope.decoded),
            private: !feed.personal.is_empty(),
        }
    }

    /// Also wants what `pointer` leads to.
    pub(crate) fn want(&mut self, pointer: &str) -> Spot {
        self.map.want(pointer)
    }

    /// The reading that `message` is, if `check` has nothing against it.
    pub(crate) fn read(
        &self,
        message: &Message<'_>,
        check: impl FnOnce(&[Scalar<'_>]) -> Result<(), Rejection>,
    ) -> Element {
        let json = text_of(message.payload)?;
        let slots = self.map.walk(json, self.private)?;
        check(&slots)?;
        let mut reading = self.map.frame(&slots, message.topic, None)?;
        reading.values = if self.map.has_values() {
            self.map.values(&slots)?
        } else {
            let found = find(json, &self.decoded.steps)
                .map_err(|error| refusal_of_json(&error, json, self.private))?;
            let base = &self.decoded.text;
            let Some(object) = found.filter(|object| object.get() != "null") else {
                let detail = format!("{base}: nothing, for no codec has decoded this uplink");
                return Err(refusal(Reason::NoValue, detail));
            };
            self.names.values_in(object.get(), base, self.private)?
        };
        Ok(Decoded::Reading(reading))
    }
}
