//! What a whole catalogue costs: 60 metrics over Xiamen's 45 areas, made of 20,000 assets.
//!
//! Thirty feeds of some 670 assets, two metrics on each (the six kinds of [`METRICS`] in turn), and
//! ten indices over them; so an observation counts for two metrics in three areas each. Two parts,
//! as lines of JSON:
//!
//! - `catalogue`: CPU per observation at 2,000 a second, ticks, and resident memory;
//! - `week`: seven simulated days at one message of each asset in 15 minutes; a line a day with
//!   memory, checkpoint and cost per observation. A column that is not flat is a leak.
//!
//! `cargo run --release -p egret-city --example catalogue [-- catalogue|week]`

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egret_city::{City, Entry};
use egret_package::{Package, folder};
use egret_shared::flags::Flags;
use egret_shared::id::AreaCode;
use egret_shared::observation::{Observation, Value};
use egret_shared::position::Position;
use egret_shared::time::{Span, TimeMs};

const N_FEEDS: i64 = 30;

/// Metrics on a feed.
const PER_FEED: usize = 2;
const N_ASSETS: i64 = 20_000;

/// Metrics in turn: aggregate, what its source has more, window, unit.
const METRICS: [(&str, &str, &str, &str); 6] = [
    ("\"mean\"", "", "{ sliding = \"5m\", every = \"10s\" }", "m"),
    ("\"max\"", "", "{ sliding = \"5m\", every = \"10s\" }", "m"),
    (
        "{ quantile = 0.9 }",
        "",
        "{ sliding = \"5m\", every = \"10s\" }",
        "m",
    ),
    (
        "\"distinct_assets\"",
        ", where = \"value > 1.5\"",
        "{ sliding = \"5m\", every = \"10s\" }",
        "1",
    ),
    ("\"count\"", "", "{ tumbling = \"1h\" }", "1"),
    (
        "{ share = { at_most = 1.0 } }",
        "",
        "{ sliding = \"1h\", every = \"1m\" }",
        "%",
    ),
];

fn main() -> Result<(), String> {
    let package = Arc::new(package()?);
    let places = places(&package);
    let wanted = std::env::args().nth(1);
    let runs = |part: &str| wanted.as_deref().is_none_or(|wanted| wanted == part);
    if runs("catalogue") {
        catalogue(&package, &places)?;
    }
    if runs("week") {
        week(&package, &places)?;
    }
    Ok(())
}

/// Xiamen's city, areas and departments with a catalogue of our own.
fn package() -> Result<Package, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/xiamen");
    let read = folder::read(&folder).map_err(|error| error.to_string())?;
    let kept = ["city.toml", "areas.geojson", "departments.toml"];
    let mut files: BTreeMap<String, String> = read
        .into_iter()
        .filter(|(name, _)| kept.contains(&name.as_str()))
        .collect();
    files.insert("properties.toml".to_owned(), PROPERTIES.to_owned());
    files.insert(
        "feeds.toml".to_owned(),
        feeds().map_err(|error| error.to_string())?,
    );
    files.insert(
        "metrics.toml".to_owned(),
        metrics().map_err(|error| error.to_string())?,
    );
    files.insert("rules.toml".to_owned(), RULES.to_owned());
    files.insert("scenes.toml".to_owned(), String::new());
    Package::load(&files).map_err(|problems| format!("{problems:#?}"))
}

const PROPERTIES: &str = "[[property]]\nid = \"level\"\nname = { zh = \"水位\", en = \"Level\" }\n\
                          unit = \"m\"\nrange = [-10.0, 10.0]\n";

const RULES: &str = "[incident]\nopen_when = \"alerts >= 1\"\n";

fn feeds() -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for feed in 0..N_FEEDS {
        write!(
            text,
            "[[feed]]\nid = \"f{feed}\"\nname = {{ zh = \"源{feed}\", en = \"Feed {feed}\" }}\n\
             department = \"data\"\ndomain = \"water\"\nasset_class = \"gauge\"\n\
             topic = \"egret/v1/f{feed}/+\"\nformat = \"egret-json\"\nexpect_every = \"15m\"\n"
        )?;
    }
    Ok(text)
}

fn metrics() -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for feed in 0..N_FEEDS {
        let first = usize::try_from(feed).unwrap_or(0) * PER_FEED;
        let kinds = METRICS.iter().cycle().skip(first % METRICS.len());
        for (number, (aggregate, more, window, unit)) in kinds.take(PER_FEED).enumerate() {
            write!(
                text,
                "[[metric]]\nid = \"m{feed}.{number}\"\nname = {{ zh = \"指标\", en = \"Metric\" }}\n\
                 domain = \"water\"\nsource = {{ feed = \"f{feed}\", property = \"level\"{more} }}\n\
                 aggregate = {aggregate}\nwindow = {window}\nunit = \"{unit}\"\n\
                 levels = {{ yellow = 98.0, red = 99.0 }}\n"
            )?;
        }
    }
    // Of every three feeds, the first has a mean and the last a share.
    for first in (0..N_FEEDS).step_by(3) {
        let last = first + 2;
        write!(
            text,
            "[[metric]]\nid = \"i{first}\"\nname = {{ zh = \"指数\", en = \"Index\" }}\n\
             domain = \"water\"\nunit = \"1\"\n\
             index = [{{ metric = \"m{first}.0\", zero = 2.0, full = 0.0 }}, {{ metric = \"m{last}.1\" }}]\n"
        )?;
    }
    Ok(text)
}

/// Where assets stand: the middle of every area that has no children.
fn places(package: &Package) -> Vec<(Position, AreaCode)> {
    let tree = package.area_tree();
    tree.iter()
        .filter(|area| tree.children(*area).is_empty())
        .filter_map(|area| Some((tree.centre(area)?, tree.code(area)?.clone())))
        .collect()
}

/// The `n`th reading of `asset`.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn reading(places: &[(Position, AreaCode)], asset: i64, n: i64, at: TimeMs, now: TimeMs) -> Entry {
    let place = usize::try_from(asset / N_FEEDS).unwrap_or(0) % places.len().max(1);
    let place = places.get(place);
    Entry::Observation(Observation {
        feed: format!("f{}", asset % N_FEEDS).as_str().into(),
        asset: format!("A-{asset:05}").as_str().into(),
        message: None,
        observed_at: at,
        observed_at_us: None,
        received_at: now,
        position: place.map(|(position, _)| *position),
        area: place.map(|(_, area)| area.clone()),
        values: vec![Value {
            property: "level".into(),
            v: ((asset * 7 + n * 13) % 190) as f64 / 100.0,
            flags: Flags::NONE,
        }],
        flags: Flags::NONE,
    })
}

fn start() -> Result<TimeMs, String> {
    TimeMs::from_rfc3339("2026-06-22T00:00:00+08:00").map_err(|error| error.to_string())
}

fn apply(city: &mut City, entries: &[Entry]) -> Duration {
    let begin = Instant::now();
    for entry in entries {
        city.apply(city.seq() + 1, entry);
    }
    begin.elapsed()
}

/// Ten minutes at 2,000 observations a second.
fn catalogue(package: &Arc<Package>, places: &[(Position, AreaCode)]) -> Result<(), String> {
    const SECONDS: i64 = 600;
    const PER_SECOND: i64 = 2_000;
    let (start, mut city) = (start()?, City::new(Arc::clone(package)));
    let before = rss_mb();
    let mut observing = Duration::ZERO;
    let mut ticks: Vec<Duration> = Vec::new();
    let mut n_closed = 0;
    for second in 0..SECONDS {
        let now = start.plus(Span(second * 1_000));
        let entries: Vec<Entry> = (second * PER_SECOND..(second + 1) * PER_SECOND)
            .map(|n| {
                reading(
                    places,
                    n % N_ASSETS,
                    n / N_ASSETS,
                    now.minus(Span(n % 900)),
                    now,
                )
            })
            .collect();
        observing += apply(&mut city, &entries);
        ticks.push(apply(&mut city, &[Entry::Tick(now)]));
        n_closed += city.take_changes().closed.len();
    }
    ticks.sort_unstable();
    let tick = |share: usize| {
        ticks
            .get(ticks.len() * share / 100)
            .map_or(0, Duration::as_micros)
    };
    println!(
        "{{\"bench\":\"catalogue\",\"metrics\":{},\"areas\":{},\"assets\":{N_ASSETS},\
         \"observations\":{},\"metrics_per_observation\":{PER_FEED},\"ns_per_observation\":{},\
         \"tick_us_p50\":{},\"tick_us_p99\":{},\"points_closed\":{n_closed},\
         \"rss_mb\":{:.1},\"rss_mb_before\":{before:.1},\"checkpoint_mb\":{:.1}}}",
        package.metrics.len(),
        package.area_tree().len(),
        SECONDS * PER_SECOND,
        observing.as_nanos() / u128::from((SECONDS * PER_SECOND).unsigned_abs()),
        tick(50),
        tick(99),
        rss_mb(),
        megabytes(city.checkpoint().len()),
    );
    Ok(())
}

/// Seven days at one message of each asset in 15 minutes, with a tick every ten seconds.
fn week(package: &Arc<Package>, places: &[(Position, AreaCode)]) -> Result<(), String> {
    const STEP_S: i64 = 10;
    const PER_STEP: i64 = N_ASSETS * STEP_S / 900;
    let (start, mut city) = (start()?, City::new(Arc::clone(package)));
    let mut n = 0_i64;
    for day in 0..7 {
        let mut observing = Duration::ZERO;
        let first = n;
        for step in 0..86_400 / STEP_S {
            let now = start.plus(Span((day * 86_400 + step * STEP_S) * 1_000));
            let entries: Vec<Entry> = (n..n + PER_STEP)
                .map(|n| reading(places, n % N_ASSETS, n / N_ASSETS, now, now))
                .collect();
            n += PER_STEP;
            observing += apply(&mut city, &entries);
            apply(&mut city, &[Entry::Tick(now)]);
            drop(city.take_changes());
        }
        println!(
            "{{\"bench\":\"week\",\"day\":{},\"observations\":{n},\"rss_mb\":{:.1},\
             \"checkpoint_mb\":{:.1},\"ns_per_observation\":{}}}",
            day + 1,
            rss_mb(),
            megabytes(city.checkpoint().len()),
            observing.as_nanos() / u128::from((n - first).unsigned_abs()),
        );
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// Resident memory of this process in megabytes, from `/proc`; 0 where there is none.
fn rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1_000.0
}
