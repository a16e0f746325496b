//! How fast the fold is when thousands of alerts fire and resolve every second.
//!
//! `cargo run --release -p egret-city --example flood [SECONDS] [PER_SECOND]` (defaults: 60 and
//! 5,000) prints one line of JSON: alerts fired per second of one core, each of which also resolves;
//! what the list holds; and how large the state is at the half and at the end. What it grows by are
//! the identities of messages, which have a bound of their own.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use egret_city::{City, Entry};
use egret_package::{Package, folder};
use egret_shared::alert::AlertState;
use egret_shared::flags::Flags;
use egret_shared::observation::{Observation, Value};
use egret_shared::position::Position;
use egret_shared::time::{Span, TimeMs};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |or: u32| arguments.next().and_then(|n| n.parse().ok()).unwrap_or(or);
    let (seconds, per_second) = (number(60), number(5_000));
    let Some(package) = package() else {
        println!("{{\"error\":\"tests/cities/tiny cannot be read\"}}");
        return;
    };
    let mut city = City::new(Arc::new(package));
    let mut now = TimeMs::from_rfc3339("2026-06-22T06:00:00+08:00").unwrap_or_default();
    apply(&mut city, &Entry::Tick(now));
    let (mut n_fired, mut n_resolved) = (0_u64, 0_u64);
    let mut half_bytes = 0;
    let began = Instant::now();
    for second in 0..seconds {
        // Every second other gauges come under water and those of the second before fall dry.
        for (turn, depth) in [(second, 20.0), (second.wrapping_sub(1), 1.0)] {
            for gauge in 0..per_second {
                let id = (turn % 4) * per_second + gauge;
                apply(&mut city, &Entry::Observation(reading(id, depth, now)));
            }
        }
        now = now.plus(Span(1_000));
        apply(&mut city, &Entry::Tick(now));
        for turn in city.take_changes().alert_log {
            match turn.state {
                AlertState::Firing => n_fired += 1,
                AlertState::Resolved | AlertState::Pending => n_resolved += 1,
            }
        }
        if second == seconds / 2 {
            half_bytes = city.checkpoint().len();
        }
    }
    let spent = began.elapsed().as_secs_f64();
    println!(
        "{{\"bench\":\"flood\",\"seconds\":{seconds},\"per_second\":{per_second},\
         \"fired\":{n_fired},\"resolved\":{n_resolved},\"alerts_per_core_second\":{:.0},\
         \"listed\":{},\"waiting\":{},\"lost\":{},\"bytes_at_half\":{half_bytes},\"bytes\":{}}}",
        f64::from(u32::try_from(n_fired).unwrap_or(u32::MAX)) / spent,
        city.alerts().count(),
        city.alerts_unlisted().waiting,
        city.alerts_unlisted().lost,
        city.checkpoint().len(),
    );
}

/// The tiny city, where ponding counts and ends at once, and alerts are not joined: how they are is
/// measured by itself.
fn package() -> Option<Package> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cities/tiny");
    let mut package = Package::load(&folder::read(&folder).ok()?).ok()?;
    package.rules.causes.clear();
    for rule in &mut package.rules.rules {
        rule.hold = Span(0);
        rule.keep_for = Span(0);
        rule.flap.within = Span(1);
    }
    Some(package)
}

fn apply(city: &mut City, entry: &Entry) {
    city.apply(city.seq() + 1, entry);
}

fn reading(gauge: u32, depth: f64, now: TimeMs) -> Observation {
    Observation {
        feed: "road".into(),
        asset: format!("G-{gauge}").as_str().into(),
        message: None,
        observed_at: now,
        observed_at_us: None,
        received_at: now,
        position: Some(Position {
            lon: 118.05,
            lat: 24.45,
        }),
        area: Some("900001001".into()),
        values: vec![Value {
            property: "ponding_depth".into(),
            v: depth,
            flags: Flags::NONE,
        }],
        flags: Flags::NONE,
    }
}
