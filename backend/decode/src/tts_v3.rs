//! `tts-v3`: uplink messages of The Things Stack v3, in JSON.
//!
//! ```text
//! v3/{application}@{tenant}/devices/{device}/up
//!     {"end_device_ids":{"device_id":"…"},"received_at":"…",
//!      "uplink_message":{"decoded_payload":{"level":1.42},"received_at":"…",…}}
//! ```
//!
//! `decoded_payload` is what the payload formatter has made of the bytes: its numbers are taken by
//! name, or by the feed's names, or by the values of the feed's map, whose pointers count from the
//! message. The time is when the network server received the uplink, without that when the
//! application server did. The position is the device's own, from its payload, without that the
//! one it is registered at.
//!
//! Fields of the envelope that are 0, false or empty are left out of it. Messages of other kinds
//! are refused, and simulated ones, too: they are no measurements.
//!
//! # Source
//! The Things Stack's documentation, "Data Formats".

use chrono_tz::Tz;
use egret_shared::package::feed::FeedDef;
use egret_shared::rejection::{Reason, Rejection};

use crate::decoder::{Message, Read, Sink};
use crate::extract::Spot;
use crate::refuse::refusal;
use crate::scalar::Scalar;
use crate::uplink::{Envelope, Uplink};

const ENVELOPE: Envelope = Envelope {
    device: "/end_device_ids/device_id",
    id: None,
    times: &["/uplink_message/received_at", "/received_at"],
    positions: &[
        "/uplink_message/locations/frm-payload",
        "/uplink_message/locations/user",
    ],
    decoded: "/uplink_message/decoded_payload",
    zeros: &[
        "f_cnt",
        "f_port",
        "rssi",
        "channel_rssi",
        "snr",
        "channel_index",
        "latitude",
        "longitude",
        "altitude",
    ],
};

/// What else an application is told, beside uplinks.
const OTHER_KINDS: [&str; 10] = [
    "/join_accept",
    "/downlink_ack",
    "/downlink_nack",
    "/downlink_sent",
    "/downlink_failed",
    "/downlink_queued",
    "/downlink_queue_invalidated",
    "/location_solved",
    "/service_data",
    "/downlinks",
];

/// The format for one feed.
pub(crate) struct TtsV3 {
    uplink: Uplink,
    uplink_message: Spot,
    simulated: Spot,
    others: Vec<Spot>,
}

impl TtsV3 {
    pub(crate) fn new(feed: &FeedDef, timezone: Tz) -> Self {
        let mut uplink = Uplink::new(feed, timezone, &ENVELOPE);
        Self {
            uplink_message: uplink.want("/uplink_message"),
            simulated: uplink.want("/simulated"),
            others: OTHER_KINDS.iter().map(|kind| uplink.want(kind)).collect(),
            uplink,
        }
    }

    fn check(&self, slots: &[Scalar<'_>]) -> Result<(), Rejection> {
        match self.uplink_message.of(slots) {
            Scalar::Nested => {}
            Scalar::Absent | Scalar::Null => return Err(self.other_kind(slots)),
            other => return Err(other.unfit("/uplink_message", "an object")),
        }
        if *self.simulated.of(slots) == Scalar::Bool(true) {
            let detail = "/simulated: true, and a simulated uplink is no measurement";
            return Err(refusal(Reason::NoValue, detail));
        }
        Ok(())
    }

    fn other_kind(&self, slots: &[Scalar<'_>]) -> Rejection {
        let is_there = |spot: &&Spot| *spot.of(slots) == Scalar::Nested;
        match self.others.iter().find(is_there) {
            Some(Spot { place, .. }) => {
                let detail =
                    format!("{place}: another kind of message, and only uplinks have values");
                refusal(Reason::NoValue, detail)
            }
            None => Scalar::Absent.unfit("/uplink_message", "an uplink"),
        }
    }
}

impl Read for TtsV3 {
    fn read(&self, message: &Message<'_>, sink: Sink<'_>) {
        sink(self.uplink.read(message, |slots| self.check(slots)));
    }
}
