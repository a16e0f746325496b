//! What a client costs that looks at one subdistrict, while the city around it grows tenfold: bytes
//! to the client, and the server's processor time.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use egret_shared::channel::{Channel, Tile};
use egret_shared::codec::Encoding;
use egret_shared::position::Position;
use serde_json::json;

use super::gateway::Gateway;
use super::load::now_us;
use super::options::Options;
use super::report::{self, round};
use super::served::Served;
use super::usage::{cpu_s, pause_until};
use super::viewer::{Measurement, Viewer};
use crate::dice::Dice;

/// Vehicles in the city: as an ordinary one has, and as many as Egret holds.
const SIZES: [usize; 2] = [20_000, 200_000];

/// Vehicles of the subdistrict, in every size.
const OWN: usize = 400;

/// Reports of the subdistrict in a second: each vehicle's every five seconds.
const OWN_PER_S: usize = 80;

/// Of the others, one in a hundred reports each second.
const OTHERS_EVERY_S: usize = 100;

/// Zoom of the tiles that are followed.
const ZOOM: u8 = 14;

/// Middle of the subdistrict.
const MIDDLE: Position = Position {
    lon: 118.2,
    lat: 24.5,
};

/// South-west corner of the city, and its size in degrees.
const CITY: ([f64; 2], [f64; 2]) = ([118.0, 24.4], [0.4, 0.25]);

/// How far from the middle vehicles of the subdistrict are, and how far they go in one report.
const REACH: f64 = 0.012;
const STEP: f64 = 0.0006;

/// Messages in one write, and unacknowledged at most, while the city fills.
const WRITE_MESSAGES: usize = 64;
const WINDOW: usize = 1_000;

/// How often a paced load sends what is due.
const BEAT: Duration = Duration::from_millis(20);

/// Prints the figures of each size, and their ratio.
pub(super) fn measure(options: &Options) {
    let bytes_per_s = SIZES.map(|size| of_size(size, options.seconds));
    let [small, large] = bytes_per_s;
    report::line(
        "viewport_growth",
        &json!({ "vehicles": SIZES, "bytes_ratio": round(large / small, 3) }),
    );
}

fn of_size(size: usize, seconds: u64) -> f64 {
    let city = super::city::write_moving();
    let data = tempfile::tempdir().expect("the temp folder can be written");
    let served = Served::start(city.path(), data.path());
    let mut gateway = Gateway::connect(served.mqtt, "viewport");
    let mut traffic = Traffic::new(size);
    traffic.fill(&mut gateway);
    served.until_folded(size as u64);
    let channels: Vec<String> = followed()
        .into_iter()
        .map(|tile| Channel::Tile(tile).to_string())
        .collect();
    let n_tiles = channels.len();
    let measurement = Measurement::new(now_us());
    let viewer = Viewer::start(served.http, Encoding::Binary, channels, &measurement);
    measurement.until_ready(1);
    gateway.never_wait();
    // The first two seconds warm up and do not count.
    traffic.run(&mut gateway, 2);
    measurement.begin();
    let before_s = cpu_s(served.id());
    traffic.run(&mut gateway, seconds);
    let used_s = cpu_s(served.id()) - before_s;
    measurement.end();
    let seen = viewer.seen();
    let bytes_per_s = seen.bytes as f64 / seconds as f64;
    let others_per_s = (size - OWN) / OTHERS_EVERY_S;
    report::line(
        "viewport",
        &json!({
            "vehicles": size,
            "own_vehicles": OWN,
            "tiles": n_tiles,
            "messages_per_s": OWN_PER_S + others_per_s,
            "bytes_per_s": round(bytes_per_s, 0),
            "frames_per_s": round(seen.frames as f64 / seconds as f64, 1),
            "bytes_per_own_report": round(bytes_per_s / OWN_PER_S as f64, 1),
            "server_cores": round(used_s / seconds as f64, 3),
        }),
    );
    served.stop();
    bytes_per_s
}

/// The tiles around the middle.
fn followed() -> BTreeSet<Tile> {
    let corners = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)];
    let tile = |(east, north): (f64, f64)| {
        let corner = Position {
            lon: MIDDLE.lon + east * REACH,
            lat: MIDDLE.lat + north * REACH,
        };
        Tile::of(ZOOM, corner)
    };
    corners.into_iter().map(tile).collect()
}

/// All vehicles; the subdistrict's come first.
struct Traffic {
    places: Vec<Position>,
    /// Of the subdistrict: the same in every size.
    own: Dice,
    others: Dice,
    next_own: usize,
}

impl Traffic {
    fn new(size: usize) -> Self {
        let (mut own, mut others) = (Dice::of(3), Dice::of(4));
        let near = followed();
        let mut place = |n: usize| {
            if n < OWN {
                return around(MIDDLE, REACH - STEP, &mut own);
            }
            loop {
                let ([west, south], [width, height]) = CITY;
                let place = Position {
                    lon: west + width * share(&mut others),
                    lat: south + height * share(&mut others),
                };
                if !near.contains(&Tile::of(ZOOM, place)) {
                    return place;
                }
            }
        };
        Self {
            places: (0..size).map(&mut place).collect(),
            own,
            others,
            next_own: 0,
        }
    }

    /// Every vehicle reports once.
    fn fill(&self, gateway: &mut Gateway) {
        let mut n = 0;
        while gateway.acked() < self.places.len() as u64 {
            let end = self.places.len().min(n + WRITE_MESSAGES);
            if gateway.in_flight() < WINDOW {
                for vehicle in n..end {
                    publish(gateway, vehicle, self.places[vehicle]);
                }
                n = end;
                gateway.flush();
            }
            if n == self.places.len() || gateway.in_flight() >= WINDOW {
                gateway.hear();
            }
        }
    }

    /// Vehicles report at their pace.
    fn run(&mut self, gateway: &mut Gateway, seconds: u64) {
        let began = Instant::now();
        let (mut sent_own, mut sent_others) = (0, 0);
        let others_per_s = (self.places.len() - OWN) / OTHERS_EVERY_S;
        let whole = Duration::from_secs(seconds);
        while began.elapsed() < whole {
            let due = |per_s: usize| {
                let passed = began.elapsed().min(whole).as_millis();
                per_s * usize::try_from(passed).unwrap_or_default() / 1_000
            };
            while sent_own < due(OWN_PER_S) {
                let vehicle = self.next_own % OWN;
                self.next_own += 1;
                let place = around(self.places[vehicle], STEP, &mut self.own);
                publish(gateway, vehicle, place);
                sent_own += 1;
            }
            while sent_others < due(others_per_s) {
                let n = self.places.len() - OWN;
                let other = usize::try_from(self.others.below(n as u64));
                let vehicle = OWN + other.unwrap_or_default();
                publish(gateway, vehicle, self.places[vehicle]);
                sent_others += 1;
            }
            gateway.flush();
            gateway.hear();
            pause_until(Instant::now() + BEAT);
        }
    }
}

fn publish(gateway: &mut Gateway, vehicle: usize, place: Position) {
    let topic = format!("egret/v1/bench/V-{vehicle:06}");
    let payload = format!(
        r#"{{"position":[{:.7},{:.7}],"values":{{"level":{{"v":1,"u":"m"}}}}}}"#,
        place.lon, place.lat
    );
    gateway.publish(topic.as_bytes(), payload.as_bytes());
}

fn around(middle: Position, reach: f64, dice: &mut Dice) -> Position {
    Position {
        lon: middle.lon + (share(dice) * 2.0 - 1.0) * reach,
        lat: middle.lat + (share(dice) * 2.0 - 1.0) * reach,
    }
}

fn share(dice: &mut Dice) -> f64 {
    dice.below(1 << 24) as f64 / f64::from(1 << 24)
}
