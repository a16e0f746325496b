//! A feed's decoder: which format reads its messages.
//!
//! A new format is one file beside this one and one line in [`format_of`].

use chrono_tz::Tz;
use egret_shared::package::feed::{FeedDef, Format};
use egret_shared::rejection::Rejection;
use egret_shared::time::TimeMs;

use crate::cap::Cap;
use crate::chirpstack_v4::ChirpstackV4;
use crate::cloudevents::Cloudevents;
use crate::egret_json::EgretJson;
use crate::gtfs_rt::GtfsRt;
use crate::hj212::Hj212;
use crate::mapped_json::MappedJson;
use crate::ngsi_ld::NgsiLd;
use crate::open311::Open311;
use crate::reading::Decoded;
use crate::senml::Senml;
use crate::sparkplug_b::{Rebirth, SparkplugB};
use crate::tts_v3::TtsV3;

/// What a source hands on.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The MQTT topic it came by; empty for HTTP.
    pub topic: &'a str,
    /// Its bytes, already capped by the source.
    pub payload: &'a [u8],
    /// What its payload is, by the content type of MQTT 5 or HTTP; empty if nothing says so.
    pub content_type: &'a str,
    /// What came with it besides: MQTT 5's user properties, or HTTP's `ce-` headers by their full
    /// names, capped by the source.
    pub properties: &'a [(&'a str, &'a str)],
    /// When it arrived: for formats whose times may count from now.
    pub received_at: TimeMs,
}

impl<'a> Message<'a> {
    /// A message with nothing beside its payload, as MQTT 3.1.1 carries them.
    pub fn new(topic: &'a str, payload: &'a [u8], received_at: TimeMs) -> Self {
        Self {
            topic,
            payload,
            content_type: "",
            properties: &[],
            received_at,
        }
    }
}

/// One element of a message: taken, or refused on its own.
pub type Element = Result<Decoded, Rejection>;

/// Receives a message's elements one by one, in their order.
pub(crate) type Sink<'s> = &'s mut dyn FnMut(Element);

/// How messages are written.
pub(crate) trait Read: Send + Sync {
    /// Hands every element of `message` to `sink`: at least one, for a message without any is
    /// refused, unless saying nothing is what its format has such a message for.
    fn read(&self, message: &Message<'_>, sink: Sink<'_>);

    /// What reads messages of the past, where the format remembers anything.
    fn past(&self) -> Option<Box<dyn Read + '_>> {
        None
    }

    /// Hands over the rebirths that are wanted, where the format has such.
    fn rebirths(&self) -> Vec<Rebirth> {
        Vec::new()
    }
}

/// Reads one feed's messages; built once from the feed's definition, then shared by threads.
pub struct Decoder {
    format: Box<dyn Read>,
}

/// Reads messages of the past; see [`Decoder::past`].
pub struct Past<'a> {
    live: &'a dyn Read,
    own: Option<Box<dyn Read + 'a>>,
}

impl Past<'_> {
    /// As [`Decoder::decode_each`], of a message that came long ago.
    pub fn decode_each(&self, message: &Message<'_>, mut sink: impl FnMut(Element)) {
        let reader = self.own.as_deref().unwrap_or(self.live);
        reader.read(message, &mut sink);
    }
}

/// The registry: one line per format.
fn format_of(feed: &FeedDef, timezone: Tz) -> Box<dyn Read> {
    match feed.format {
        Format::EgretJson => Box::new(EgretJson::new(feed)),
        Format::MappedJson => Box::new(MappedJson::new(feed, timezone)),
        Format::Senml => Box::new(Senml::new(feed)),
        Format::ChirpstackV4 => Box::new(ChirpstackV4::new(feed, timezone)),
        Format::TtsV3 => Box::new(TtsV3::new(feed, timezone)),
        Format::Hj212 => Box::new(Hj212::new(feed, timezone)),
        Format::NgsiLd => Box::new(NgsiLd::new(feed, timezone)),
        Format::GtfsRt => Box::new(GtfsRt::new(feed)),
        Format::Cap => Box::new(Cap),
        Format::Open311 => Box::new(Open311::new(feed, timezone)),
        Format::SparkplugB => Box::new(SparkplugB::new(feed)),
        Format::Cloudevents => Box::new(Cloudevents::new(feed, timezone)),
    }
}

impl Decoder {
    /// The decoder of `feed`; `timezone` is the city's, for times written without an offset.
    ///
    /// Cannot fail: `egret-package` has checked the definition. A definition that it would have
    /// refused (`mapped-json` without a map) gives a decoder that refuses every message.
    pub fn new(feed: &FeedDef, timezone: Tz) -> Self {
        Self {
            format: format_of(feed, timezone),
        }
    }

    /// Hands every element of the message to `sink`, accepted or refused on its own, in order.
    /// `sink` is called at least once, but for messages that rightly say nothing: a `gtfs-rt` feed
    /// at an hour without vehicles or alerts, an `open311` list without requests, a
    /// `sparkplug-b` death. Saves [`Self::decode`]'s list where messages are single
    /// readings.
    pub fn decode_each(&self, message: &Message<'_>, mut sink: impl FnMut(Element)) {
        self.format.read(message, &mut sink);
    }

    /// Every element of the message, accepted or refused on its own, in order; empty where
    /// [`Self::decode_each`] has nothing to hand on.
    pub fn decode(&self, message: &Message<'_>) -> Vec<Element> {
        let mut elements = Vec::with_capacity(1);
        self.decode_each(message, |element| elements.push(element));
        elements
    }

    /// A reader for messages that came long ago, to be handed to it in their order: each is read as of
    /// when it came, and nothing of it gets into what is read by this decoder.
    pub fn past(&self) -> Past<'_> {
        Past {
            live: &*self.format,
            own: self.format.past(),
        }
    }

    /// Takes the rebirths over that have come to be wanted since the last time, each once: what
    /// `sparkplug-b` needs told again, for a birth was not heard. Whoever can publish sends each
    /// its command; a node that goes on without is wanted again after
    /// [`crate::limits::REBIRTH_AGAIN_MS`]. Other formats want none.
    pub fn rebirths(&self) -> Vec<Rebirth> {
        self.format.rebirths()
    }
}
