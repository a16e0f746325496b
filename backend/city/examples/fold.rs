//! What the fold costs: CPU per observation, tick, snapshot, hash and checkpoint, on fixed data.
//!
//! An observation has one value that counts in three levels of areas for two measured metrics and
//! one derived from them, and is judged by one threshold rule and watched by one for silence.
//! `cargo run --release -p egret-city --example fold` prints one JSON line.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egret_city::{City, Entry};
use egret_package::{Package, folder};
use egret_shared::flags::Flags;
use egret_shared::observation::{Observation, Value};
use egret_shared::position::Position;
use egret_shared::time::{Span, TimeMs};

/// A second metric on the manholes, so that each observation counts for two.
const MEAN: &str = r#"
[[metric]]
id        = "water.manhole_level_mean"
name      = { zh = "窨井平均水位", en = "Mean manhole level" }
domain    = "water"
source    = { feed = "manhole", property = "water_level" }
aggregate = "mean"
window    = { sliding = "5m", every = "10s" }
unit      = "m"
"#;

const N_ASSETS: i64 = 20_000;
const SECONDS: i64 = 300;
const PER_SECOND: i64 = 2_000;

fn main() -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cities/tiny");
    let mut files = folder::read(&folder).map_err(|error| error.to_string())?;
    files
        .entry("metrics.toml".to_owned())
        .or_default()
        .push_str(MEAN);
    let package = Package::load(&files).map_err(|problems| format!("{problems:?}"))?;
    let mut city = City::new(Arc::new(package));
    let start = TimeMs::from_rfc3339("2026-06-22T06:00:00+08:00").map_err(|e| e.to_string())?;
    let mut observing = Duration::ZERO;
    let mut ticks: Vec<Duration> = Vec::new();
    let mut taking = Duration::ZERO;
    for second in 0..SECONDS {
        let now = start.plus(Span(second * 1_000));
        let entries = second_of(second, now);
        observing += timed(|| {
            for entry in &entries {
                city.apply(city.seq() + 1, entry);
            }
        });
        ticks.push(timed(|| city.apply(city.seq() + 1, &Entry::Tick(now))));
        taking += timed(|| {
            let changes = city.take_changes();
            drop(city.city_delta(&changes));
        });
    }
    report(&city, observing, &mut ticks, taking);
    Ok(())
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// A second's observations, spread over four areas; one in ten without an id of its own.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn second_of(second: i64, now: TimeMs) -> Vec<Entry> {
    let first = second * PER_SECOND;
    let entry = |n: i64| {
        let asset = n % N_ASSETS;
        let at = now.minus(Span(n % 700));
        let (lon, lat) = (
            118.01 + (asset % 180) as f64 / 1e3,
            24.41 + (asset % 170) as f64 / 1e3,
        );
        let area = match (lon < 118.1, lat < 24.5) {
            (true, true) => "900001001",
            (true, false) => "900001002",
            (false, _) => "900002",
        };
        Entry::Observation(Observation {
            feed: "manhole".into(),
            asset: format!("M-{asset:05}").as_str().into(),
            message: (n % 10 != 0).then(|| format!("{n}").as_str().into()),
            observed_at: at,
            observed_at_us: None,
            received_at: now,
            position: Position::checked(lon, lat),
            area: Some(area.into()),
            values: vec![Value {
                property: "water_level".into(),
                v: (n % 190) as f64 / 100.0,
                flags: Flags::NONE,
            }],
            flags: Flags::NONE,
        })
    };
    (first..first + PER_SECOND).map(entry).collect()
}

fn report(city: &City, observing: Duration, ticks: &mut [Duration], taking: Duration) {
    ticks.sort_unstable();
    let median = ticks.get(ticks.len() / 2).copied().unwrap_or_default();
    let worst = ticks.last().copied().unwrap_or_default();
    let mut bytes = 0;
    let checkpoint = timed(|| bytes = city.checkpoint().len());
    let hash = timed(|| drop(city.hash().to_string()));
    let snapshot = timed(|| drop(city.city_snapshot()));
    let n = SECONDS * PER_SECOND;
    println!(
        "{{\"bench\":\"fold\",\"observations\":{n},\"assets\":{N_ASSETS},\"ns_per_observation\":{},\
         \"tick_us_p50\":{},\"tick_us_max\":{},\"delta_us_mean\":{},\"snapshot_us\":{},\
         \"hash_ms\":{},\"checkpoint_ms\":{},\"checkpoint_bytes\":{bytes},\"hash\":\"{}\"}}",
        observing.as_nanos() / u128::from(n.unsigned_abs()),
        median.as_micros(),
        worst.as_micros(),
        taking.as_micros() / u128::from(SECONDS.unsigned_abs()),
        snapshot.as_micros(),
        hash.as_millis(),
        checkpoint.as_millis(),
        city.hash(),
    );
}
