//! What it costs to find out what a firing alert belongs to, as the list of alerts grows.
//!
//! Manholes and low points are spread over Xiamen and all go over their limits at once; the fold
//! is timed over the minutes in which they fire. One line of JSON for each size, with the cost of
//! one alert; if neighbours are found by looking at all alerts, it grows with the list.
//!
//! `cargo run --release -p egret-city --example neighbours`

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egret_city::{City, Entry};
use egret_package::{Package, folder};
use egret_shared::flags::Flags;
use egret_shared::observation::{Observation, Value};
use egret_shared::position::Position;
use egret_shared::time::{Span, TimeMs};

/// Alerts of each size; the last is as many as are listed.
const SIZES: [u32; 3] = [500, 1_500, 4_900];

/// Readings of each asset, ten seconds apart.
const ROUNDS: i64 = 15;

fn main() -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/xiamen");
    let files = folder::read(&folder).map_err(|error| error.to_string())?;
    let package = Package::load(&files).map_err(|problems| format!("{problems:#?}"))?;
    let package = Arc::new(package);
    let start = TimeMs::from_rfc3339("2026-06-22T06:00:00+08:00");
    let start = start.map_err(|error| error.to_string())?;
    for size in SIZES {
        let mut city = City::new(Arc::clone(&package));
        let mut firing = Duration::ZERO;
        for round in 0..ROUNDS {
            let now = start.plus(Span(round * 10_000));
            for n in 0..size {
                city.apply(city.seq() + 1, &reading(n, now));
            }
            let begin = Instant::now();
            for second in 0..10 {
                let now = now.plus(Span(second * 1_000));
                city.apply(city.seq() + 1, &Entry::Tick(now));
            }
            firing += begin.elapsed();
            drop(city.take_changes());
        }
        let fired = city.alerts().filter(|alert| alert.fired_at.is_some());
        let n_fired = fired.count();
        let n_groups = city.incidents().count();
        println!(
            "{{\"bench\":\"neighbours\",\"alerts\":{n_fired},\"incidents\":{n_groups},\
             \"us_per_alert\":{:.1}}}",
            firing.as_secs_f64() * 1e6 / f64::from(size)
        );
    }
    Ok(())
}

/// What asset number `n` tells: every other one is a manhole, each by its low point.
fn reading(n: u32, now: TimeMs) -> Entry {
    let (feed, property, v) = if n.is_multiple_of(2) {
        ("manhole", "water_level", 2.3)
    } else {
        ("ponding", "ponding_depth", 18.0)
    };
    let (pair, side) = (n / 2, f64::from(n % 2));
    // Fifty columns, some 600 m apart.
    let lon = 117.9 + f64::from(pair % 50) * 0.006 + side * 0.001;
    let lat = 24.4 + f64::from(pair / 50) * 0.006;
    Entry::Observation(Observation {
        feed: feed.into(),
        asset: format!("X-{n:04}").as_str().into(),
        message: None,
        observed_at: now,
        observed_at_us: None,
        received_at: now,
        position: Position::checked(lon, lat),
        area: None,
        values: vec![Value {
            property: property.into(),
            v,
            flags: Flags::NONE,
        }],
        flags: Flags::NONE,
    })
}
