//! `gtfs-rt`: feeds of GTFS Realtime, by which public transport tells where its vehicles are.
//!
//! A message is a whole feed in protobuf. In a feed of readings vehicle positions become readings
//! of the vehicles, and trip updates add how late each is; in a feed of reports alerts become
//! reports. What the other kind of feed takes is passed over, so that one source can serve both.
//!
//! A poller gets the same vehicle again until it has moved: its own time makes that a repetition,
//! which counts once. An alert has no time of its own; its id and what it says make its message's
//! id, so that it is news when it says something else.
//!
//! # Source
//! GTFS Realtime 2.0, reference and `gtfs-realtime.proto`.

mod alert;
mod delay;

use egret_shared::flags::Flags;
use egret_shared::package::feed::FeedDef;
use egret_shared::rejection::{Reason, Rejection};

use crate::decoder::{Message, Read, Sink};
use crate::gathered::{Gathered, Making};
use crate::limits::ELEMENTS_MAX;
use crate::names::{Meaning, Names};
use crate::protobuf::gtfs_rt::{
    FeedEntity, FeedHeader, Position, TripDescriptor, TripUpdate, VehicleDescriptor,
    VehiclePosition,
};
use crate::protobuf::{Field, Fields, decimal, finite, member};
use crate::reading::{SentTime, SentValue};
use crate::refuse::{at_element, at_place, bounded, refusal, shown};

/// `DIFFERENTIAL`: what is new since the last message only.
const DIFFERENTIAL: i32 = 1;

/// The format for one feed.
pub(crate) struct GtfsRt {
    names: Names,
    /// Whether the feed carries reports.
    report: bool,
}

/// What a feed's message holds, still as written.
struct Parts<'a> {
    header: FeedHeader,
    entities: Vec<&'a [u8]>,
}

/// What a vehicle says of itself, and in which unit the standard has it say so.
type Said = (&'static str, Option<f64>, Option<&'static str>);

impl GtfsRt {
    pub(crate) fn new(feed: &FeedDef) -> Self {
        Self {
            names: Names::new(feed),
            report: feed.report,
        }
    }

    /// Hands on the readings of a feed's vehicles and trips.
    fn readings(&self, parts: &Parts<'_>, sink: Sink<'_>) -> Result<(), Rejection> {
        let made_at = time(parts.header.timestamp, "/header/timestamp")?;
        let mut gathered = Gathered::default();
        for (index, entity) in parts.entities.iter().enumerate() {
            let place = format!("/entity/{index}");
            let done = member(entity)
                .map_err(|refused| at_place(refused, &place))
                .and_then(|entity| self.gather(&mut gathered, &entity, made_at, &place));
            if let Err(refused) = done {
                gathered.refuse(refused);
            }
        }
        if gathered.n_elements() == 0 && !parts.entities.is_empty() {
            let n_entities = parts.entities.len();
            let detail = format!(
                "/entity: none of {n_entities} tells of a vehicle or a delay that the feed takes; \
                 alerts are for a feed with report = true"
            );
            return Err(refusal(Reason::NoValue, detail));
        }
        gathered.finish(sink);
        Ok(())
    }

    fn gather(
        &self,
        gathered: &mut Gathered,
        entity: &FeedEntity,
        made_at: Option<SentTime>,
        place: &str,
    ) -> Result<(), Rejection> {
        if entity.is_deleted == Some(true) {
            return Ok(());
        }
        if let Some(vehicle) = &entity.vehicle {
            self.vehicle(gathered, vehicle, made_at, &format!("{place}/vehicle"))?;
        }
        if let Some(update) = &entity.trip_update {
            self.trip(gathered, update, made_at, &format!("{place}/trip_update"))?;
        }
        Ok(())
    }

    fn vehicle(
        &self,
        gathered: &mut Gathered,
        vehicle: &VehiclePosition,
        made_at: Option<SentTime>,
        place: &str,
    ) -> Result<(), Rejection> {
        let asset = asset(vehicle.vehicle.as_ref(), vehicle.trip.as_ref(), place)?;
        let at = time(vehicle.timestamp, &format!("{place}/timestamp"))?.or(made_at);
        let position_place = format!("{place}/position");
        let position = vehicle.position.as_ref();
        let degrees = match position {
            Some(position) => Some(degrees(position, &position_place)?),
            None => None,
        };
        let mut said = match position {
            Some(position) => moves(position, &position_place)?,
            None => Vec::new(),
        };
        let percent = vehicle.occupancy_percentage.map(f64::from);
        said.push(("occupancy_percentage", percent, Some("%")));
        let ranks: [Said; 4] = [
            (
                "congestion_level",
                vehicle.congestion_level.map(f64::from),
                None,
            ),
            (
                "occupancy_status",
                vehicle.occupancy_status.map(f64::from),
                None,
            ),
            // A vehicle that does not say is under way: so the standard has it.
            (
                "current_status",
                Some(f64::from(vehicle.current_status.unwrap_or(2))),
                None,
            ),
            (
                "current_stop_sequence",
                vehicle.current_stop_sequence.map(f64::from),
                None,
            ),
        ];
        // Numbers that stand for words, and numbers of stops, are no measurements: only who knows
        // what they mean takes them.
        said.extend(ranks.into_iter().filter(|(name, ..)| self.names.has(name)));
        let Some(making) = gathered.reading(asset, at, place) else {
            return Ok(());
        };
        if let Some((lon, lat)) = degrees {
            making.at_lon(lon);
            making.at_lat(lat);
        }
        for said in said {
            self.put(making, said, place)?;
        }
        Ok(())
    }

    fn trip(
        &self,
        gathered: &mut Gathered,
        update: &TripUpdate,
        made_at: Option<SentTime>,
        place: &str,
    ) -> Result<(), Rejection> {
        let at = time(update.timestamp, &format!("{place}/timestamp"))?.or(made_at);
        let Some(delay_s) = delay::now(update, at) else {
            return Ok(());
        };
        if self.names.meaning("delay", place)?.is_none() {
            return Ok(());
        }
        let asset = asset(update.vehicle.as_ref(), update.trip.as_ref(), place)?;
        if let Some(making) = gathered.reading(asset, at, place) {
            self.put(
                making,
                ("delay", Some(f64::from(delay_s)), Some("s")),
                place,
            )?;
        }
        Ok(())
    }

    /// Adds what is said, if the feed takes it.
    fn put(&self, making: &mut Making, said: Said, place: &str) -> Result<(), Rejection> {
        let (name, Some(v), own_unit) = said else {
            return Ok(());
        };
        let Some(Meaning { property, unit }) = self.names.meaning(name, place)? else {
            return Ok(());
        };
        let value = SentValue {
            property,
            v,
            unit: unit.or(own_unit.map(Into::into)),
            flags: Flags::NONE,
        };
        making.put(value, &format!("{place}/{name}"));
        Ok(())
    }
}

/// Parts a message into its header and its entities.
fn parts(payload: &[u8]) -> Result<Parts<'_>, Rejection> {
    let mut header = None;
    let mut entities = Vec::new();
    let mut fields = Fields::new(payload);
    while let Some((number, field)) = fields.next()? {
        match (number, field) {
            (1, Field::Bytes(bytes)) => {
                let read = member(bytes).map_err(|refused| at_place(refused, "/header"))?;
                if header.replace(read).is_some() {
                    let detail = "/header stands twice: two messages behind one another";
                    return Err(refusal(Reason::BadShape, detail));
                }
            }
            (2, Field::Bytes(_)) if entities.len() == ELEMENTS_MAX => {
                let detail = format!("/entity: more than {ELEMENTS_MAX} in one message");
                return Err(refusal(Reason::TooMany, detail));
            }
            (2, Field::Bytes(bytes)) => entities.push(bytes),
            _ => {}
        }
    }
    let Some(header) = header else {
        let detail = "/header: nothing, and every feed has one";
        return Err(refusal(Reason::BadShape, detail));
    };
    check(&header)?;
    Ok(Parts { header, entities })
}

/// Checks that a feed can be read as it stands.
fn check(header: &FeedHeader) -> Result<(), Rejection> {
    let version = header.gtfs_realtime_version.as_deref().unwrap_or_default();
    if !(version.starts_with("1.") || version.starts_with("2.")) {
        let found = shown(version);
        let detail = format!("/header/gtfs_realtime_version: {found}, expected \"1.0\" or \"2.0\"");
        return Err(refusal(Reason::BadShape, detail));
    }
    if header.incrementality == Some(DIFFERENTIAL) {
        let detail = "/header/incrementality: DIFFERENTIAL, which the standard leaves undefined: \
                      ask for FULL_DATASET";
        return Err(refusal(Reason::BadShape, detail));
    }
    Ok(())
}

/// The vehicle's id, or, if it has none, the trip's.
fn asset<'a>(
    vehicle: Option<&'a VehicleDescriptor>,
    trip: Option<&'a TripDescriptor>,
    place: &str,
) -> Result<&'a str, Rejection> {
    let vehicle = vehicle.and_then(|vehicle| vehicle.id.as_deref());
    let trip = trip.and_then(|trip| trip.trip_id.as_deref());
    let mut ids = [vehicle, trip].into_iter().flatten();
    let Some(id) = ids.find(|id| !id.trim().is_empty()) else {
        let detail = format!("{place}: neither vehicle/id nor trip/trip_id says what it is of");
        return Err(refusal(Reason::BadId, detail));
    };
    bounded(id, place)
}

/// Seconds since the epoch as a time; 0 is none, as senders write it that have no clock.
fn time(seconds: Option<u64>, place: &str) -> Result<Option<SentTime>, Rejection> {
    let Some(seconds) = seconds.filter(|seconds| *seconds != 0) else {
        return Ok(None);
    };
    let us = i64::try_from(seconds).ok();
    let Some(us) = us.and_then(|seconds| seconds.checked_mul(1_000_000)) else {
        let detail = format!("{place}: {seconds} is no time in seconds since the epoch");
        return Err(refusal(Reason::BadTime, detail));
    };
    Ok(Some(SentTime { us, fine: false }))
}

/// Longitude and latitude.
fn degrees(position: &Position, place: &str) -> Result<(f64, f64), Rejection> {
    let (Some(lat), Some(lon)) = (position.latitude, position.longitude) else {
        let detail = format!("{place}: a position without its latitude or longitude");
        return Err(refusal(Reason::BadPosition, detail));
    };
    let degree = |v: f32, name: &str| {
        let reason = Reason::BadPosition;
        decimal(v, &format!("{place}/{name}")).map_err(|refused| Rejection { reason, ..refused })
    };
    Ok((degree(lon, "longitude")?, degree(lat, "latitude")?))
}

/// What a position says of how the vehicle moves.
fn moves(position: &Position, place: &str) -> Result<Vec<Said>, Rejection> {
    let short = |v: Option<f32>, name: &str| {
        v.map(|v| decimal(v, &format!("{place}/{name}")))
            .transpose()
    };
    let odometer = position.odometer;
    let odometer = odometer.map(|v| finite(v, &format!("{place}/odometer")));
    Ok(vec![
        ("speed", short(position.speed, "speed")?, Some("m/s")),
        ("bearing", short(position.bearing, "bearing")?, Some("deg")),
        ("odometer", odometer.transpose()?, Some("m")),
    ])
}

impl Read for GtfsRt {
    fn read(&self, message: &Message<'_>, sink: Sink<'_>) {
        let done = parts(message.payload).and_then(|parts| {
            if self.report {
                reports(&parts, message, sink)
            } else {
                self.readings(&parts, sink)
            }
        });
        if let Err(refused) = done {
            sink(Err(refused));
        }
    }
}

/// Hands on the reports of a feed's alerts.
fn reports(parts: &Parts<'_>, message: &Message<'_>, sink: Sink<'_>) -> Result<(), Rejection> {
    let at = time(parts.header.timestamp, "/header/timestamp")?;
    for (index, bytes) in parts.entities.iter().enumerate() {
        let element = member::<FeedEntity>(bytes)
            .and_then(|entity| alert::report(&entity, bytes, at, message.received_at));
        if let Some(element) = element.transpose() {
            sink(element.map_err(|refused| at_element(refused, "/entity", index)));
        }
    }
    Ok(())
}
