//! GTFS Realtime's messages, as far as they are read.
//!
//! What the standard requires is optional here where its absence is told better by a refusal that
//! names the place.
//!
//! # Source
//! GTFS Realtime 2.0, `gtfs-realtime.proto`.

use prost::Message;

/// A feed as it stands.
#[derive(Clone, PartialEq, Message)]
pub struct FeedMessage {
    /// About the feed.
    #[prost(message, optional, tag = "1")]
    pub header: Option<FeedHeader>,
    /// What is in it.
    #[prost(message, repeated, tag = "2")]
    pub entity: Vec<FeedEntity>,
}

/// About a feed.
#[derive(Clone, PartialEq, Message)]
pub struct FeedHeader {
    /// `2.0` or `1.0`.
    #[prost(string, optional, tag = "1")]
    pub gtfs_realtime_version: Option<String>,
    /// 0, all there is, or 1, only what is new.
    #[prost(int32, optional, tag = "2")]
    pub incrementality: Option<i32>,
    /// When it was made, in seconds since the epoch.
    #[prost(uint64, optional, tag = "3")]
    pub timestamp: Option<u64>,
}

/// One thing in a feed.
#[derive(Clone, PartialEq, Message)]
pub struct FeedEntity {
    /// Its id within the feed.
    #[prost(string, optional, tag = "1")]
    pub id: Option<String>,
    /// Whether it is no more.
    #[prost(bool, optional, tag = "2")]
    pub is_deleted: Option<bool>,
    /// A trip's progress.
    #[prost(message, optional, tag = "3")]
    pub trip_update: Option<TripUpdate>,
    /// A vehicle's position.
    #[prost(message, optional, tag = "4")]
    pub vehicle: Option<VehiclePosition>,
    /// Something that passengers should know.
    #[prost(message, optional, tag = "5")]
    pub alert: Option<Alert>,
}

/// A trip's progress.
#[derive(Clone, PartialEq, Message)]
pub struct TripUpdate {
    /// The trip.
    #[prost(message, optional, tag = "1")]
    pub trip: Option<TripDescriptor>,
    /// The vehicle that makes it.
    #[prost(message, optional, tag = "3")]
    pub vehicle: Option<VehicleDescriptor>,
    /// Its stops, in their order.
    #[prost(message, repeated, tag = "2")]
    pub stop_time_update: Vec<StopTimeUpdate>,
    /// When it was measured, in seconds since the epoch.
    #[prost(uint64, optional, tag = "4")]
    pub timestamp: Option<u64>,
    /// How late it is now, in seconds.
    #[prost(int32, optional, tag = "5")]
    pub delay: Option<i32>,
}

/// A stop of a trip.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct StopTimeUpdate {
    /// Its number in the trip.
    #[prost(uint32, optional, tag = "1")]
    pub stop_sequence: Option<u32>,
    /// When the vehicle comes.
    #[prost(message, optional, tag = "2")]
    pub arrival: Option<StopTimeEvent>,
    /// When it goes on.
    #[prost(message, optional, tag = "3")]
    pub departure: Option<StopTimeEvent>,
}

/// When something happens.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct StopTimeEvent {
    /// How late, in seconds; negative if early.
    #[prost(int32, optional, tag = "1")]
    pub delay: Option<i32>,
    /// When, in seconds since the epoch.
    #[prost(int64, optional, tag = "2")]
    pub time: Option<i64>,
}

/// Where a vehicle is.
#[derive(Clone, PartialEq, Message)]
pub struct VehiclePosition {
    /// The trip that it makes.
    #[prost(message, optional, tag = "1")]
    pub trip: Option<TripDescriptor>,
    /// The vehicle.
    #[prost(message, optional, tag = "8")]
    pub vehicle: Option<VehicleDescriptor>,
    /// Where it is.
    #[prost(message, optional, tag = "2")]
    pub position: Option<Position>,
    /// The stop that it is at or under way to, by its number in the trip.
    #[prost(uint32, optional, tag = "3")]
    pub current_stop_sequence: Option<u32>,
    /// 0 arriving, 1 standing, 2 under way to it.
    #[prost(int32, optional, tag = "4")]
    pub current_status: Option<i32>,
    /// When it was there, in seconds since the epoch.
    #[prost(uint64, optional, tag = "5")]
    pub timestamp: Option<u64>,
    /// From 1, smooth, to 4, severe congestion; 0 is unknown.
    #[prost(int32, optional, tag = "6")]
    pub congestion_level: Option<i32>,
    /// From 0, empty, to 5, full; 6 to 8 are other things.
    #[prost(int32, optional, tag = "9")]
    pub occupancy_status: Option<i32>,
    /// Of what it was built for, in percent.
    #[prost(uint32, optional, tag = "10")]
    pub occupancy_percentage: Option<u32>,
}

/// A place, and how one moves there.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct Position {
    /// Degrees north, WGS 84.
    #[prost(float, optional, tag = "1")]
    pub latitude: Option<f32>,
    /// Degrees east, WGS 84.
    #[prost(float, optional, tag = "2")]
    pub longitude: Option<f32>,
    /// Degrees clockwise from north.
    #[prost(float, optional, tag = "3")]
    pub bearing: Option<f32>,
    /// Metres.
    #[prost(double, optional, tag = "4")]
    pub odometer: Option<f64>,
    /// Metres per second.
    #[prost(float, optional, tag = "5")]
    pub speed: Option<f32>,
}

/// Which trip.
#[derive(Clone, PartialEq, Message)]
pub struct TripDescriptor {
    /// Its id in the timetable.
    #[prost(string, optional, tag = "1")]
    pub trip_id: Option<String>,
    /// Its line's id in the timetable.
    #[prost(string, optional, tag = "5")]
    pub route_id: Option<String>,
    /// 3 if it does not take place.
    #[prost(int32, optional, tag = "4")]
    pub schedule_relationship: Option<i32>,
}

/// Which vehicle.
#[derive(Clone, PartialEq, Message)]
pub struct VehicleDescriptor {
    /// Its id.
    #[prost(string, optional, tag = "1")]
    pub id: Option<String>,
    /// What passengers see.
    #[prost(string, optional, tag = "2")]
    pub label: Option<String>,
}

/// Something that passengers should know.
#[derive(Clone, PartialEq, Message)]
pub struct Alert {
    /// When it holds; always, if there is none.
    #[prost(message, repeated, tag = "1")]
    pub active_period: Vec<TimeRange>,
    /// Why: 2 to 12.
    #[prost(int32, optional, tag = "6")]
    pub cause: Option<i32>,
    /// What it does: 1 to 11.
    #[prost(int32, optional, tag = "7")]
    pub effect: Option<i32>,
    /// In short.
    #[prost(message, optional, tag = "10")]
    pub header_text: Option<TranslatedString>,
    /// At length.
    #[prost(message, optional, tag = "11")]
    pub description_text: Option<TranslatedString>,
}

/// A time between two others.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct TimeRange {
    /// From when on, in seconds since the epoch.
    #[prost(uint64, optional, tag = "1")]
    pub start: Option<u64>,
    /// Until when, in seconds since the epoch.
    #[prost(uint64, optional, tag = "2")]
    pub end: Option<u64>,
}

/// A text in several languages.
#[derive(Clone, PartialEq, Message)]
pub struct TranslatedString {
    /// Each of them.
    #[prost(message, repeated, tag = "1")]
    pub translation: Vec<Translation>,
}

/// A text in one language.
#[derive(Clone, PartialEq, Message)]
pub struct Translation {
    /// The text.
    #[prost(string, optional, tag = "1")]
    pub text: Option<String>,
    /// The language's tag, as in `zh-Hans`.
    #[prost(string, optional, tag = "2")]
    pub language: Option<String>,
}
