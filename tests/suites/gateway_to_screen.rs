//! From a gateway's publish to a screen's socket: the main job, with clients written by others.

use std::time::{Duration, Instant};

use egret_shared::channel::{Channel, Tile};
use egret_shared::codec::Encoding;
use egret_shared::id::{AreaCode, MetricId};
use egret_shared::metric::MetricKey;
use egret_shared::position::Position;
use egret_shared::snapshot::Snapshot;
use egret_tests::clock;
use egret_tests::follower::Follower;
use egret_tests::message::{self, EAST, WEST_1};
use egret_tests::mosquitto::{self, Broker, Version};
use egret_tests::paho;
use egret_tests::server::{Server, Setup};
use egret_tests::socket::Socket;
use egret_tests::wait;
use serde_json::{Value, json};

/// From the sender's acknowledgement to the screen's frame. The promise is a second; the other
/// one is for a machine that runs everything else at the same time.
const ON_SCREEN_WITHIN: Duration = Duration::from_secs(2);

fn follower(server: &Server) -> Follower {
    Follower::new(Socket::connect(server.http, Encoding::Json))
}

/// The metric that the follower holds for the area.
fn metric(follower: &Follower, metric: &str, area: &str) -> Option<f64> {
    let key = MetricKey {
        metric: MetricId::new(metric),
        area: AreaCode::new(area),
    };
    follower.city().metrics.get(&key)?.v
}

/// The asset's value that the follower holds.
fn value(follower: &Follower, channel: &str, property: &str) -> Option<f64> {
    match &follower.state(channel).state {
        Snapshot::Asset(asset) => asset.as_ref()?.values.get(property).map(|value| value.v),
        _ => None,
    }
}

/// Waits for the manhole's level of 1.42 m in the metric of city and district, and in the asset.
fn sees_the_level(screen: &mut Follower) {
    let acknowledged = Instant::now();
    screen.until("the metric and the asset", |screen| {
        let city = metric(screen, "water.manhole_level_max", "900000");
        let west = metric(screen, "water.manhole_level_max", "900001");
        let east = metric(screen, "water.manhole_level_max", "900002");
        let asset = value(screen, "asset/manhole/M-1", "water_level");
        let seen = (city, west, asset, east);
        wait::check(seen == (Some(1.42), Some(1.42), Some(1.42), None), seen)
    });
    let took = acknowledged.elapsed();
    assert!(took < ON_SCREEN_WITHIN, "it took {took:?}");
}

#[test]
fn a_reading_published_by_mosquitto_reaches_metric_and_asset_on_the_screen() {
    for version in Version::BOTH {
        let server = Server::tiny();
        let mut screen = follower(&server);
        screen.subscribe(&["city", "asset/manhole/M-1"]);
        let payload = message::level(clock::now(), 1.42).to_string();
        let topic = "egret/v1/manhole/M-1";
        let published = mosquitto::publish(server.mqtt, version, topic, &payload);
        assert!(published.success, "{version:?}: {}", published.said);
        sees_the_level(&mut screen);
    }
}

#[test]
fn a_reading_published_to_an_existing_broker_reaches_the_screen_as_well() {
    let broker = Broker::start();
    let server = Setup::tiny()
        .with_flags(&["--broker", &broker.url()])
        .start();
    wait::until("the server subscribes at the broker", || {
        let log = broker.log();
        wait::check(log.contains("Received SUBSCRIBE"), log)
    });
    let mut screen = follower(&server);
    screen.subscribe(&["city", "asset/manhole/M-1"]);
    let payload = message::level(clock::now(), 1.42).to_string();
    let published = mosquitto::publish(
        broker.address,
        Version::V5,
        "egret/v1/manhole/M-1",
        &payload,
    );
    assert!(published.success, "{}", published.said);
    sees_the_level(&mut screen);
}

#[test]
fn paho_gets_its_message_through_with_every_quality_of_service() {
    let server = Server::tiny();
    for version in Version::BOTH {
        let mut client = paho::Session::connect(server.mqtt, version);
        for qos in [1, 2] {
            let asset = format!("{version:?}-{qos}");
            let payload = message::level(clock::now(), 0.5).to_string();
            let topic = format!("egret/v1/manhole/{asset}");
            assert_eq!(client.publish_qos(&topic, &payload, qos), 0);
            server.api().asset("manhole", &asset, |asset| {
                asset["values"]["water_level"]["v"] == 0.5
            });
        }
    }
}

#[test]
fn a_vendors_json_in_gcj02_lands_at_its_place_in_wgs84_and_in_the_propertys_unit() {
    let server = Server::tiny();
    let payload = message::ponding("m1", clock::now(), 82.0).to_string();
    let topic = message::ponding_topic("P-7");
    let published = mosquitto::publish(server.mqtt, Version::V3, &topic, &payload);
    assert!(published.success, "{}", published.said);

    let asset = server.api().asset("road", "P-7", |_| true);
    let depth = &asset["values"]["ponding_depth"];
    assert!((depth["v"].as_f64().unwrap() - 8.2).abs() < 1e-9, "{depth}");
    assert_eq!(depth["u"], "cm");
    assert_eq!(asset["areas"], json!(["900000", "900001", "900001001"]));
    let at = |i: usize| asset["position"][i].as_f64().unwrap();
    let shown = Position::checked(at(0), at(1)).unwrap();
    let sent = Position::checked(118.055, 24.447).unwrap();
    let place = Position::checked(WEST_1[0], WEST_1[1]).unwrap();
    assert!(
        shown.distance_m(sent) > 400.0,
        "GCJ-02 is some 500 m off here: {asset}"
    );
    assert!(shown.distance_m(place) < 100.0, "{asset}");
}

#[test]
fn the_senders_microseconds_arrive_in_the_assets_frame_for_anyone_who_reads_json() {
    let server = Server::tiny();
    let mut socket = Socket::connect(server.http, Encoding::Json);
    socket.say_text(r#"{"type":"subscribe","channels":["asset/air/A-1"]}"#);
    let at_us = clock::now().0 * 1_000 + 123;
    let payload = message::air("A-1", 7, at_us, 38.5).to_string();
    let published = mosquitto::publish(server.mqtt, Version::V5, "city/west/A-1/t", &payload);
    assert!(published.success, "{}", published.said);

    let asset = wait::until("the asset's frame", || {
        let frame = socket
            .hear_json(Duration::from_millis(100))
            .unwrap_or_default();
        let asset = match frame["type"].as_str() {
            Some("snapshot") => frame["state"]["asset"].clone(),
            Some("delta") => frame["changes"]["asset"].clone(),
            _ => Value::Null,
        };
        if asset.is_null() {
            Err(frame.to_string())
        } else {
            Ok(asset)
        }
    });
    assert_eq!(asset["observed_at_us"], at_us);
    assert_eq!(asset["values"]["pm2_5"]["v"], 38.5);
    assert_eq!(asset["values"]["pm2_5"]["u"], "ug/m3");
}

#[test]
fn a_car_that_drives_on_leaves_one_tile_and_enters_the_next() {
    let server = Server::tiny();
    let tile = |[lon, lat]: [f64; 2]| {
        Channel::Tile(Tile::of(12, Position::checked(lon, lat).unwrap())).to_string()
    };
    let (west, east) = (tile(WEST_1), tile(EAST));
    assert_ne!(west, east);
    let mut screen = follower(&server);
    screen.subscribe(&[&west, &east]);
    let mut client = paho::Session::connect(server.mqtt, Version::V5);
    for place in [WEST_1, EAST] {
        let message = json!({ "position": place, "values": { "speed": 42.0 } });
        assert_eq!(
            client.publish("egret/v1/probe-car/C-1", &message.to_string()),
            0
        );
        let here = tile(place);
        screen.until(
            "the car in the tile where it is, and nowhere else",
            |screen| {
                let cars = |text: &String| match &screen.state(text).state {
                    Snapshot::Tile(tile) => tile.assets.len(),
                    _ => 0,
                };
                let seen = [&west, &east].map(|tile| (tile.clone(), cars(tile)));
                let fits = seen
                    .iter()
                    .all(|(tile, n)| *n == usize::from(*tile == here));
                wait::check(fits, seen)
            },
        );
    }
}
