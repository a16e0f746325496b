//! Payload formats to readings and reports: one file per format, pure.
//!
//! In the flow this stands after a source (bytes and a topic) and before `egret-validate`
//! (units, ranges, time, place). Nothing here knows a clock, a city or a network, and nothing is
//! remembered from one message to the next but the births of `sparkplug-b`.
//!
//! One thing goes the other way: what Sparkplug's nodes are told ([`command_payload`], [`Rebirth`]).
//!
//! Modules in the order in which a message passes them: the decoder of its feed, one format, the
//! parts that formats share, and what comes out.

pub mod decoder;

mod cap;
mod chirpstack_v4;
mod cloudevents;
mod egret_json;
mod gtfs_rt;
mod hj212;
mod mapped_json;
mod ngsi_ld;
mod open311;
mod senml;
mod sparkplug_b;
mod tts_v3;

mod elements;
mod extract;
mod gathered;
mod map;
mod names;
mod pointer;
mod refuse;
mod scalar;
mod sent_time;
mod strict;
mod told;
mod topic;
mod uplink;
mod xml;

pub mod limits;
pub mod protobuf;
pub mod reading;

pub use cap::{Standing, standing};
pub use cloudevents::{event_attribute, header_text};
pub use decoder::{Decoder, Element, Message, Past};
pub use refuse::shown;
pub use sparkplug_b::{Rebirth, command_payload};
