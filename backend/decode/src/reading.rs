//! What a format makes of a payload: said by the sender, not yet believed.

use egret_shared::flags::Flags;
use egret_shared::id::{AssetId, MessageId, PropertyId, ReportId};
use smol_str::SmolStr;

/// One element of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoded {
    /// Values of an asset.
    Reading(Reading),
    /// A step in a report's life.
    Report(RawReport),
}

/// Values of an asset as the sender gave them.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The asset within the feed.
    pub asset: AssetId,
    /// The sender's id of the message.
    pub message: Option<MessageId>,
    /// Event time; absent if the sender gave none.
    pub at: Option<SentTime>,
    /// Longitude and latitude in degrees, in the feed's own datum, unchecked.
    pub position: Option<(f64, f64)>,
    /// The values, unchecked.
    pub values: Vec<SentValue>,
}

/// A time as the sender gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentTime {
    /// Microseconds since the Unix epoch, UTC.
    pub us: i64,
    /// Whether the sender gave it finer than milliseconds.
    pub fine: bool,
}

/// A value as the sender gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct SentValue {
    /// What the sender calls the property, already translated by the feed's map.
    pub property: PropertyId,
    /// The number.
    pub v: f64,
    /// The sender's unit; absent, the property's own.
    pub unit: Option<SmolStr>,
    /// What the sender itself says about the number's quality, in formats that have words for it.
    pub flags: Flags,
}

/// A step in a report's life as the sender gave it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawReport {
    /// The upstream id.
    pub report: Option<ReportId>,
    /// The sender's id of the message.
    pub message: Option<MessageId>,
    /// Event time; absent if the sender gave none.
    pub at: Option<SentTime>,
    /// Longitude and latitude in degrees, in the feed's own datum, unchecked.
    pub position: Option<(f64, f64)>,
    /// The upstream state's name; absent means opened.
    pub state: Option<SmolStr>,
    /// What kind of thing.
    pub category: Option<SmolStr>,
    /// Free text.
    pub text: Option<String>,
    /// Fields that identify a person, as the feed declares them: JSON Pointer and value.
    pub personal: Vec<(String, String)>,
    /// Of a warning that is in force, what its issuer says of it.
    pub issued: Option<Box<RawIssued>>,
}

/// What the issuer of a warning says of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawIssued {
    /// Who issued it.
    pub by: String,
    /// What it says in a line.
    pub headline: String,
    /// When it ends by itself.
    pub until: Option<SentTime>,
    /// Where it holds.
    pub areas: Vec<RawArea>,
}

/// One of the areas in which a warning holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawArea {
    /// What is drawn of it.
    pub shapes: Vec<RawShape>,
    /// Codes by which it is named, in whatever register.
    pub codes: Vec<SmolStr>,
}

/// A shape as the sender drew it: longitude and latitude in degrees, in the feed's own datum.
#[derive(Clone, Debug, PartialEq)]
pub enum RawShape {
    /// Corners, the last of which is the first again.
    Polygon(Vec<(f64, f64)>),
    /// A middle and a radius in metres.
    Circle((f64, f64), f64),
}
