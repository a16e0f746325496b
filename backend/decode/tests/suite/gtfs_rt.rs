//! `gtfs-rt`: the standard's own examples, what vehicles say, and feeds that lie.

#![expect(
    clippy::unnecessary_wraps,
    reason = "what is made here is for optional fields of protobuf"
)]

use egret_decode::protobuf::gtfs_rt::{
    Alert, FeedEntity, FeedHeader, FeedMessage, Position, StopTimeEvent, StopTimeUpdate, TimeRange,
    TranslatedString, Translation, TripDescriptor, TripUpdate, VehicleDescriptor, VehiclePosition,
};
use egret_decode::reading::{Decoded, RawReport, Reading, SentTime};
use egret_decode::{Element, Message, limits};
use egret_shared::rejection::Reason;
use egret_shared::time::TimeMs;
use prost::Message as _;

use crate::feeds::{decoder_of, message, reading, refusal, values};

const PLAIN: &str = "[[feed]]\nid = \"g\"\nformat = \"gtfs-rt\"";

const REPORTS: &str = "[[feed]]\nid = \"g\"\nformat = \"gtfs-rt\"\nreport = true";

/// When the standard's examples were made.
const MADE_S: u64 = 1_284_457_468;

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn header() -> FeedHeader {
    FeedHeader {
        gtfs_realtime_version: text("2.0"),
        incrementality: Some(0),
        timestamp: Some(MADE_S),
    }
}

fn bytes(entity: Vec<FeedEntity>) -> Vec<u8> {
    let header = Some(header());
    FeedMessage { header, entity }.encode_to_vec()
}

fn decode(feed: &str, payload: &[u8]) -> Vec<Element> {
    decoder_of(feed).decode(&message("", payload))
}

fn trip(id: &str) -> Option<TripDescriptor> {
    Some(TripDescriptor {
        trip_id: text(id),
        ..TripDescriptor::default()
    })
}

fn vehicle(id: &str) -> Option<VehicleDescriptor> {
    let id = text(id);
    Some(VehicleDescriptor { id, label: None })
}

fn moving(vehicle: VehiclePosition) -> FeedEntity {
    FeedEntity {
        id: text("v"),
        vehicle: Some(vehicle),
        ..FeedEntity::default()
    }
}

fn late(trip_update: TripUpdate) -> FeedEntity {
    FeedEntity {
        id: text("t"),
        trip_update: Some(trip_update),
        ..FeedEntity::default()
    }
}

fn bus() -> VehiclePosition {
    VehiclePosition {
        trip: trip("trip-7"),
        vehicle: vehicle("bus-17"),
        position: Some(Position {
            latitude: Some(24.4872),
            longitude: Some(118.0934),
            bearing: Some(90.0),
            odometer: None,
            speed: Some(8.3),
        }),
        timestamp: Some(MADE_S + 5),
        ..VehiclePosition::default()
    }
}

fn stop(number: u32, delay: Option<i32>, time: Option<u64>) -> StopTimeUpdate {
    let time = time.map(|time| i64::try_from(time).unwrap());
    let arrival = StopTimeEvent { delay, time };
    StopTimeUpdate {
        stop_sequence: Some(number),
        arrival: (delay.is_some() || time.is_some()).then_some(arrival),
        departure: None,
    }
}

fn at(seconds: u64) -> Option<SentTime> {
    let us = i64::try_from(seconds * 1_000_000).unwrap();
    Some(SentTime { us, fine: false })
}

fn readings(elements: Vec<Element>) -> Vec<Reading> {
    let reading = |element: Element| match element.unwrap() {
        Decoded::Reading(reading) => reading,
        Decoded::Report(report) => panic!("{report:?}"),
    };
    elements.into_iter().map(reading).collect()
}

fn report(elements: Vec<Element>) -> RawReport {
    assert_eq!(elements.len(), 1, "{elements:?}");
    match elements.into_iter().next().unwrap().unwrap() {
        Decoded::Report(report) => report,
        Decoded::Reading(reading) => panic!("{reading:?}"),
    }
}

/// `gtfs-realtime/spec/en/examples/trip-updates-full.asciipb` of the standard.
#[test]
fn the_standards_trip_updates_become_delays() {
    let simple = TripUpdate {
        trip: trip("trip-1"),
        stop_time_update: vec![
            stop(3, Some(5), None),
            stop(8, Some(1), None),
            stop(10, None, None),
        ],
        ..TripUpdate::default()
    };
    let frequency = TripUpdate {
        trip: trip("frequency-expanded-trip"),
        stop_time_update: vec![stop(1, Some(-2), None), stop(9, None, None)],
        ..TripUpdate::default()
    };
    let delays = readings(decode(PLAIN, &bytes(vec![late(simple), late(frequency)])));
    let [simple, frequency] = delays.as_slice() else {
        panic!("{delays:?}");
    };
    assert_eq!(simple.asset.as_str(), "trip-1");
    assert_eq!(values(simple), [("delay", 5.0, Some("s"))]);
    assert_eq!(simple.at, at(MADE_S));
    assert_eq!(frequency.asset.as_str(), "frequency-expanded-trip");
    assert_eq!(values(frequency), [("delay", -2.0, Some("s"))]);
}

/// `gtfs-realtime/spec/en/examples/alerts.asciipb` of the standard, without what is not read.
fn example() -> FeedEntity {
    let words = |words: &str| {
        let (text, language) = (text(words), text("en"));
        let translation = vec![Translation { text, language }];
        Some(TranslatedString { translation })
    };
    FeedEntity {
        id: text("0"),
        alert: Some(Alert {
            active_period: vec![TimeRange {
                start: Some(1_284_457_468),
                end: Some(1_284_468_072),
            }],
            cause: Some(10),
            effect: Some(4),
            header_text: words("Stop at Elm street is closed, temporary stop at Oak street"),
            description_text: words(
                "Due to construction at Elm street the stop is closed. The temporary stop can be \
                 found 300 meters north at Oak street",
            ),
        }),
        ..FeedEntity::default()
    }
}

/// What a feed of reports makes of the alert at this time.
fn heard(alert: FeedEntity, received_s: u64) -> RawReport {
    let payload = bytes(vec![alert]);
    report(decoder_of(REPORTS).decode(&Message {
        received_at: TimeMs(i64::try_from(received_s * 1_000).unwrap()),
        ..message("", &payload)
    }))
}

#[test]
fn the_standards_alert_becomes_a_report_that_ends_with_its_last_period() {
    let now = heard(example(), MADE_S + 1);
    assert_eq!(now.report.unwrap().as_str(), "0");
    assert_eq!((now.state, now.at), (None, at(MADE_S)));
    assert_eq!(now.category.as_deref(), Some("detour"));
    let told = now.text.unwrap();
    assert!(
        told.starts_with("Stop at Elm street is closed, temporary"),
        "{told}"
    );
    assert!(
        told.ends_with(
            "\nDue to construction at Elm street the stop is closed. The temporary \
                            stop can be found 300 meters north at Oak street"
        ),
        "{told}"
    );
    let later = heard(example(), 1_284_468_072);
    assert_eq!(later.state.as_deref(), Some("expired"));
    assert_ne!(later.message, now.message);
}

#[test]
fn an_alert_is_the_same_message_until_it_says_something_else() {
    let once = heard(example(), MADE_S).message;
    assert_eq!(heard(example(), MADE_S + 30).message, once);
    let mut other = example();
    other.alert.as_mut().unwrap().effect = Some(1);
    let other = heard(other, MADE_S);
    assert_ne!(other.message, once);
    assert_eq!(other.category.as_deref(), Some("no-service"));
}

#[test]
fn an_alert_is_told_in_chinese_where_it_can_be() {
    let mut alert = example();
    let spoken = |words: &str, language: &str| Translation {
        text: text(words),
        language: text(language),
    };
    alert.alert.as_mut().unwrap().header_text = Some(TranslatedString {
        translation: vec![spoken("Closed", "en"), spoken("临时停运", "zh-Hans")],
    });
    assert!(heard(alert, MADE_S).text.unwrap().starts_with("临时停运\n"));
}

#[test]
fn a_vehicle_tells_where_and_how_fast_it_is_and_how_late() {
    let update = TripUpdate {
        trip: trip("trip-7"),
        vehicle: vehicle("bus-17"),
        timestamp: Some(MADE_S + 5),
        delay: Some(61),
        ..TripUpdate::default()
    };
    let bus = reading(decode(PLAIN, &bytes(vec![moving(bus()), late(update)])));
    assert_eq!(bus.asset.as_str(), "bus-17");
    assert_eq!(bus.position, Some((118.0934, 24.4872)));
    assert_eq!(bus.at, at(MADE_S + 5));
    let expected = [
        ("speed", 8.3, Some("m/s")),
        ("bearing", 90.0, Some("deg")),
        ("delay", 61.0, Some("s")),
    ];
    assert_eq!(values(&bus), expected);
}

#[test]
fn what_stands_for_words_is_taken_where_it_is_listed() {
    let listed = format!(
        "{PLAIN}\n[feed.names]\ncongestion_level = {{ property = \"jam\" }}\n\
         current_status = {{ property = \"status\" }}\n\
         speed = {{ property = \"speed\", unit = \"km/h\" }}"
    );
    let bus = VehiclePosition {
        congestion_level: Some(3),
        occupancy_status: Some(1),
        vehicle: None,
        ..bus()
    };
    let bus = reading(decode(&listed, &bytes(vec![moving(bus)])));
    assert_eq!(bus.asset.as_str(), "trip-7");
    let expected = [
        ("speed", 8.3, Some("km/h")),
        ("jam", 3.0, None),
        ("status", 2.0, None),
    ];
    assert_eq!(values(&bus), expected);
}

#[test]
fn the_delay_now_is_that_of_the_last_stop_behind() {
    let stops = vec![
        stop(1, Some(30), Some(MADE_S - 300)),
        stop(2, Some(90), Some(MADE_S - 10)),
        stop(3, Some(150), Some(MADE_S + 200)),
    ];
    let update = TripUpdate {
        trip: trip("trip-7"),
        stop_time_update: stops,
        ..TripUpdate::default()
    };
    let mut cancelled = update.clone();
    cancelled.trip.as_mut().unwrap().schedule_relationship = Some(3);
    let late = readings(decode(PLAIN, &bytes(vec![late(update), late(cancelled)])));
    assert_eq!(values(&late[0]), [("delay", 90.0, Some("s"))]);
    assert_eq!(late.len(), 1);
}

#[test]
fn a_bad_entity_is_refused_with_its_place_and_the_others_are_taken() {
    let nameless = VehiclePosition {
        vehicle: vehicle(" "),
        trip: None,
        ..bus()
    };
    let mut nowhere = bus();
    nowhere.position.as_mut().unwrap().longitude = None;
    let mut unreal = bus();
    unreal.position.as_mut().unwrap().speed = Some(f32::NAN);
    let mut lost = bus();
    lost.position.as_mut().unwrap().latitude = Some(f32::INFINITY);
    let silent = VehiclePosition {
        vehicle: vehicle("bus-18"),
        position: None,
        ..bus()
    };
    let timeless = VehiclePosition {
        timestamp: Some(u64::MAX),
        ..bus()
    };
    for (bad, reason, place) in [
        (nameless, Reason::BadId, "/entity/0/vehicle: neither"),
        (
            nowhere,
            Reason::BadPosition,
            "/entity/0/vehicle/position: a",
        ),
        (
            lost,
            Reason::BadPosition,
            "/entity/0/vehicle/position/latitude: inf",
        ),
        (
            unreal,
            Reason::OutOfRange,
            "/entity/0/vehicle/position/speed: NaN",
        ),
        (
            silent,
            Reason::NoValue,
            "/entity/0/vehicle: no value of \"bus-18\"",
        ),
        (
            timeless,
            Reason::BadTime,
            "/entity/0/vehicle/timestamp: 18446744073709551615",
        ),
    ] {
        let elements = decode(PLAIN, &bytes(vec![moving(bad), moving(bus())]));
        let [Err(refused), Ok(_)] = elements.as_slice() else {
            panic!("{elements:?}");
        };
        assert_eq!(refused.reason, reason, "{}", refused.detail);
        assert!(refused.detail.starts_with(place), "{}", refused.detail);
    }
}

/// What the position's ends may be is for the stage that knows the earth: a swapped position goes
/// on as it was sent, and has a latitude of 118 there.
#[test]
fn a_swapped_position_and_a_year_far_off_go_on_as_they_were_sent() {
    let mut swapped = bus();
    swapped.timestamp = Some(253_402_300_799);
    let position = swapped.position.as_mut().unwrap();
    (position.latitude, position.longitude) = (position.longitude, position.latitude);
    let sent = reading(decode(PLAIN, &bytes(vec![moving(swapped)])));
    assert_eq!(sent.position, Some((24.4872, 118.0934)));
    assert_eq!(sent.at, at(253_402_300_799));
}

#[test]
fn what_is_the_other_feeds_is_passed_over() {
    let elements = decode(REPORTS, &bytes(vec![moving(bus()), example()]));
    assert_eq!(report(elements).report.unwrap().as_str(), "0");
    assert_eq!(decode(REPORTS, &bytes(vec![moving(bus())])), []);
    let refused = refusal(decode(PLAIN, &bytes(vec![example()])));
    assert!(
        refused.detail.contains("report = true"),
        "{}",
        refused.detail
    );
    for feed in [PLAIN, REPORTS] {
        assert_eq!(decode(feed, &bytes(Vec::new())), [], "an hour without any");
    }
}

#[test]
fn a_feed_that_cannot_be_read_as_it_stands_is_refused() {
    let with = |header: Option<FeedHeader>| {
        let entity = vec![moving(bus())];
        FeedMessage { header, entity }.encode_to_vec()
    };
    let differential = FeedHeader {
        incrementality: Some(1),
        ..header()
    };
    let strange = FeedHeader {
        gtfs_realtime_version: text("3.0"),
        ..header()
    };
    let mut entity = with(Some(header()));
    entity.truncate(entity.len() - 1);
    for (payload, place) in [
        (
            with(Some(differential)),
            "/header/incrementality: DIFFERENTIAL",
        ),
        (
            with(Some(strange)),
            "/header/gtfs_realtime_version: \"3.0\"",
        ),
        (with(None), "/header: nothing"),
        (
            [with(Some(header())), with(Some(header()))].concat(),
            "/header stands twice",
        ),
        (entity, "byte 17: no protobuf: "),
        (b"{\"entity\":[]}".to_vec(), "byte 1: no protobuf"),
        // An entity of one gigabyte.
        (
            b"\x12\x80\x80\x80\x80\x04".to_vec(),
            "byte 6: no protobuf: 1073741824 bytes",
        ),
    ] {
        let refused = refusal(decode(PLAIN, &payload));
        assert_eq!(refused.reason, Reason::BadShape);
        assert!(refused.detail.starts_with(place), "{}", refused.detail);
    }
}

#[test]
fn too_many_and_too_long_entities_are_refused_before_they_are_read() {
    let mut many = bytes(Vec::new());
    many.extend([0x12, 0x00].repeat(limits::ELEMENTS_MAX + 1));
    assert_eq!(refusal(decode(PLAIN, &many)).reason, Reason::TooMany);
    let long = TripUpdate {
        trip: trip("trip-7"),
        stop_time_update: vec![StopTimeUpdate::default(); limits::MEMBER_BYTES_MAX / 2],
        ..TripUpdate::default()
    };
    let elements = decode(PLAIN, &bytes(vec![late(long), moving(bus())]));
    let [Err(refused), Ok(_)] = elements.as_slice() else {
        panic!("{elements:?}");
    };
    assert_eq!(refused.reason, Reason::TooMany);
    assert!(
        refused.detail.starts_with("/entity/0: "),
        "{}",
        refused.detail
    );
}
