//! `feeds.toml`: the streams that come in, and how each one's messages are to be read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::city::Classification;
use super::command::CommandDef;
use crate::id::{CommandId, DepartmentId, DomainId, FeedId, PropertyId};
use crate::text::Text;
use crate::time::Span;

/// One `[[feed]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedDef {
    /// Its id.
    pub id: FeedId,
    /// Its name.
    pub name: Text,
    /// The department that owns it and is responsible for what it shows.
    pub department: DepartmentId,
    /// The domain of city operations it belongs to.
    pub domain: DomainId,
    /// What kind of asset it tells of; absent for reports.
    #[serde(default)]
    pub asset_class: Option<String>,
    /// Whether its assets move.
    #[serde(default)]
    pub moving: bool,
    /// Whether it carries reports with a life of their own instead of readings.
    #[serde(default)]
    pub report: bool,
    /// Whether its reports are the requests of the city's Open311 server: of the services that
    /// `words.toml` has as its categories. One feed of a city, at most.
    #[serde(default)]
    pub open311: bool,
    /// MQTT topic filter (with `+` and `#`) of its messages; absent for feeds that come by HTTP.
    #[serde(default)]
    pub topic: Option<String>,
    /// Where its messages are fetched from; absent for feeds whose messages are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll: Option<PollDef>,
    /// How its messages are written.
    pub format: Format,
    /// How often each asset promises to speak; absent, nothing is ever silent.
    #[serde(default)]
    pub expect_every: Option<Span>,
    /// How late a reading may come and still revise its window.
    #[serde(default = "lateness_default")]
    pub lateness: Span,
    /// How far back stored readings of an asset that was silent meanwhile still fill its own past.
    #[serde(default = "backfill_default")]
    pub backfill: Span,
    /// Who may see it; absent, the city's default.
    #[serde(default)]
    pub classification: Option<Classification>,
    /// The datum of its positions.
    #[serde(default)]
    pub crs: Crs,
    /// Where things are, for formats that do not say it themselves.
    #[serde(default)]
    pub map: Option<MapDef>,
    /// What the sender calls things, for formats that name what they measure. Empty, every number
    /// is taken by the name it has; otherwise those that stand here, and no others.
    #[serde(default)]
    pub names: BTreeMap<String, NameDef>,
    /// JSON Pointers of fields that identify a person: split off before the journal.
    #[serde(default)]
    pub personal: Vec<String>,
    /// What its assets can be told to do, if they are actuators.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandDef>,
}

impl FeedDef {
    /// The command with this id, if its assets take it.
    pub fn command(&self, id: &CommandId) -> Option<&CommandDef> {
        self.commands.iter().find(|command| command.id == *id)
    }
}

/// Ten minutes: twice the usual store-and-forward pause of a cellular gateway.
fn lateness_default() -> Span {
    Span(600_000)
}

/// Two hours: the usual store of a gateway with an SD card or a ring buffer, and what the fold's
/// memory is laid out for.
fn backfill_default() -> Span {
    Span(7_200_000)
}

/// `[feed.poll]`: where a feed's messages are fetched from, and how often.
///
/// Nothing secret is in it: a header or a key in the URL that is one has a name here, and its value
/// in the server's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PollDef {
    /// What is fetched: `http://` or `https://`, without name and password.
    pub url: String,
    /// How long from one fetch to the next, while all goes well.
    pub every: Span,
    /// Headers to send, by name: each is a secret of the settings, by its name there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Keys to put into the URL's query: each is a secret of the settings, by its name there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
}

/// How a payload is written; one file each in `backend/decode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Egret's own JSON.
    EgretJson,
    /// Any vendor's JSON, by [`MapDef`].
    MappedJson,
    /// Sensor Measurement Lists in JSON, RFC 8428.
    Senml,
    /// Uplink events of ChirpStack v4, a LoRaWAN network server, in JSON.
    ChirpstackV4,
    /// Uplink messages of The Things Stack v3, a LoRaWAN network server, in JSON.
    TtsV3,
    /// Packets of HJ 212, by which pollution sources and environmental stations report.
    Hj212,
    /// Entities of NGSI-LD, as context brokers notify of them.
    NgsiLd,
    /// Feeds of GTFS Realtime, public transport, in protobuf.
    GtfsRt,
    /// Alerts of the Common Alerting Protocol 1.2, warnings, in XML.
    #[serde(rename = "cap-1.2")]
    Cap,
    /// Service requests of Open311 GeoReport v2, in JSON or XML.
    Open311,
    /// Metrics of Sparkplug 3.0, industrial gateways over MQTT, in protobuf.
    SparkplugB,
    /// CloudEvents 1.0 around Egret's own JSON, or around any by [`MapDef`].
    Cloudevents,
}

impl Format {
    /// Whether a whole message of it can be had by asking for it. Uplinks of devices and packets of
    /// stations are sent when there is one, and what Sparkplug says hangs on its topics.
    pub fn can_be_polled(self) -> bool {
        match self {
            Self::EgretJson
            | Self::MappedJson
            | Self::Senml
            | Self::NgsiLd
            | Self::GtfsRt
            | Self::Cap
            | Self::Open311
            | Self::Cloudevents => true,
            Self::ChirpstackV4 | Self::TtsV3 | Self::Hj212 | Self::SparkplugB => false,
        }
    }

    /// The word for it in `feeds.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EgretJson => "egret-json",
            Self::MappedJson => "mapped-json",
            Self::Senml => "senml",
            Self::ChirpstackV4 => "chirpstack-v4",
            Self::TtsV3 => "tts-v3",
            Self::Hj212 => "hj212",
            Self::NgsiLd => "ngsi-ld",
            Self::GtfsRt => "gtfs-rt",
            Self::Cap => "cap-1.2",
            Self::Open311 => "open311",
            Self::SparkplugB => "sparkplug-b",
            Self::Cloudevents => "cloudevents",
        }
    }
}

/// Datum of positions: of a feed's, converted to WGS 84 on entry, or of a map's, converted when the
/// package is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Crs {
    /// WGS 84, GPS.
    #[default]
    Wgs84,
    /// GCJ-02, Chinese commercial maps.
    Gcj02,
    /// BD-09, Baidu.
    Bd09,
    /// CGCS2000; the same as WGS 84 to within a metre.
    Cgcs2000,
}

impl Crs {
    /// Whether it is what everything is converted to.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde's `skip_serializing_if` asks this way"
    )]
    pub fn is_wgs84(&self) -> bool {
        *self == Self::Wgs84
    }
}

/// `[feed.map]`: where in a message things are.
///
/// `mapped-json` has nothing else to go by and needs `asset` and `values`; formats that know where
/// things are look elsewhere only for what is written here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapDef {
    /// Where the asset's id is.
    #[serde(default)]
    pub asset: Option<Place>,
    /// JSON Pointer to an array of readings; absent, the message is one reading. The other
    /// pointers then count from each element.
    #[serde(default)]
    pub each: Option<String>,
    /// Where the event time is; absent, arrival time stands in and is flagged.
    #[serde(default)]
    pub at: Option<TimePlace>,
    /// Where the position is.
    #[serde(default)]
    pub position: Option<PositionPlace>,
    /// Where the values are.
    #[serde(default)]
    pub values: Vec<ValuePlace>,
    /// Where the message's id is.
    #[serde(default)]
    pub id: Option<Place>,
}

/// What one of the sender's names means: an entry of `[feed.names]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameDef {
    /// The property.
    pub property: PropertyId,
    /// The unit, where the message does not name one; absent, the property's own.
    #[serde(default)]
    pub unit: Option<String>,
}

/// Where a text is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Place {
    /// A level of the topic, counted from 0.
    Topic {
        /// Which level.
        topic: usize,
    },
    /// In the payload.
    Pointer {
        /// JSON Pointer, RFC 6901; a number there is taken by its digits.
        pointer: String,
    },
}

/// Where the time is, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimePlace {
    /// JSON Pointer, RFC 6901.
    pub pointer: String,
    /// How it is written.
    pub time: TimeForm,
}

/// How a vendor writes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeForm {
    /// RFC 3339 with offset.
    Rfc3339,
    /// Seconds since the epoch, also with a fraction.
    UnixS,
    /// Milliseconds since the epoch.
    UnixMs,
    /// Microseconds since the epoch.
    UnixUs,
    /// `YYYY-MM-DD HH:MM:SS`, the same with a `T` between, or `YYYYMMDDHHMMSS`, in the city's own time
    /// zone.
    Local,
}

/// Where the position is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PositionPlace {
    /// JSON Pointer to the longitude in degrees.
    pub lon: String,
    /// JSON Pointer to the latitude in degrees.
    pub lat: String,
}

/// Where one value is, and what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValuePlace {
    /// Which property: fixed, or named by the message.
    pub property: PropertyPlace,
    /// JSON Pointer to the number (a text of digits counts as one).
    pub pointer: String,
    /// The sender's unit; absent, the property's own.
    #[serde(default)]
    pub unit: Option<UnitPlace>,
}

/// Which property a value is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PropertyPlace {
    /// Always this one.
    Fixed(PropertyId),
    /// Named in the message.
    Named(NamedPlace),
}

/// In which unit a value is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum UnitPlace {
    /// Always this one.
    Fixed(String),
    /// Named in the message.
    Named(NamedPlace),
}

/// A word in the message, translated to ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedPlace {
    /// JSON Pointer to the word.
    pub pointer: String,
    /// Their word to ours; a word not listed is taken as it is.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
}
