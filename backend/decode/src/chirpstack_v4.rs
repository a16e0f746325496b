//! `chirpstack-v4`: uplink events of ChirpStack v4, in JSON.
//!
//! ```text
//! application/{application}/device/{devEui}/event/up
//!     {"deduplicationId":"…","time":"…","deviceInfo":{"devEui":"…"},"object":{"level":1.42},…}
//! ```
//!
//! `object` is what the device profile's codec has made of the bytes: its numbers are taken by
//! name, or by the feed's names, or by the values of the feed's map. The device's EUI is the asset,
//! the deduplication id the message's id. Only the feed's map takes a position, and its pointers
//! count from the event: a gateway's place (`/rxInfo/0/location/longitude`) is not the device's.
//!
//! The other events (`join`, `status`, `ack`, …) come by topics of their own and have no values.
//!
//! # Source
//! ChirpStack's documentation, "Event types", and `api/proto/integration/integration.proto`.

use chrono_tz::Tz;
use egret_shared::package::feed::FeedDef;
use egret_shared::rejection::{Reason, Rejection};

use crate::decoder::{Message, Read, Sink};
use crate::refuse::{refusal, shown};
use crate::uplink::{Envelope, Uplink};

const ENVELOPE: Envelope = Envelope {
    device: "/deviceInfo/devEui",
    id: Some("/deduplicationId"),
    times: &["/time"],
    positions: &[],
    decoded: "/object",
    zeros: &[
        "fCnt",
        "fPort",
        "dr",
        "rssi",
        "snr",
        "channel",
        "latitude",
        "longitude",
        "altitude",
    ],
};

/// The format for one feed.
pub(crate) struct ChirpstackV4 {
    uplink: Uplink,
}

impl ChirpstackV4 {
    pub(crate) fn new(feed: &FeedDef, timezone: Tz) -> Self {
        Self {
            uplink: Uplink::new(feed, timezone, &ENVELOPE),
        }
    }
}

impl Read for ChirpstackV4 {
    fn read(&self, message: &Message<'_>, sink: Sink<'_>) {
        if let Err(refused) = check_event(message.topic) {
            return sink(Err(refused));
        }
        sink(self.uplink.read(message, |_| Ok(())));
    }
}

/// Refuses the topics of other events than uplinks; other topics say nothing of events.
fn check_event(topic: &str) -> Result<(), Rejection> {
    let mut levels = topic.rsplit('/');
    match (levels.next(), levels.next()) {
        (Some("up"), _) => Ok(()),
        (Some(event), Some("event")) => {
            let detail = format!(
                "topic: an event {}, and only \"up\" has values",
                shown(event)
            );
            Err(refusal(Reason::NoValue, detail))
        }
        _ => Ok(()),
    }
}
