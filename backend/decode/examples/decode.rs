//! Nanoseconds per message, one JSON line per shape: `cargo run --release --example decode`.
//!
//! Deterministic payloads of about 250 bytes: a native reading, the same by `decode`'s list, and
//! a vendor's JSON by a map. Time is the thread's own on the processor, by Linux's account, and
//! the best of several rounds counts: others share the machine.

#![expect(
    clippy::expect_used,
    reason = "an example's own constants are well-formed"
)]

use std::hint::black_box;
use std::time::Instant;

use chrono_tz::Tz;
use egret_decode::{Decoder, Message};
use egret_shared::package::feed::FeedDef;
use egret_shared::time::TimeMs;

const ROUNDS: usize = 9;
const MESSAGES: u64 = 50_000;

const NATIVE: &str = r#"{"id":"01J0ZK3V7Q8M2N4P6R8S0T2V4X","at":"2026-06-22T06:05:00.123456+08:00","position":[118.0934712,24.4872346],"values":{"water_level":{"v":1.42,"u":"m"},"battery":{"v":3.61,"u":"V"}},"fw":"2.4.1","rssi":-71,"snr":8.5,"gateway":"gw-350203-07","n":17}"#;
const VENDOR: &str = r#"{"id":"A-350203-0017","ts_us":1782079500123456,"lon":118.0934712,"lat":24.4872346,"metric":"pm25","value":35.5,"unit":"ug/m3","seq":90071992,"vendor":"x-sense","model":"XS-200","fw":"2.4.1","rssi":-71,"snr":8.5,"gateway":"gw-350203-07","battery":3.61}"#;

fn feed(id: &str, rest: &str) -> FeedDef {
    let toml = format!(
        "id = \"{id}\"\nname = {{ zh = \"x\", en = \"x\" }}\ndepartment = \"d\"\ndomain = \"d\"\n{rest}"
    );
    toml::from_str(&toml).expect("the example's feeds are feeds")
}

/// Nanoseconds that this thread has had a processor; the wall's clock where nobody tells.
fn cpu_ns(since: Instant) -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ns = told.and_then(|text| text.split_whitespace().next()?.parse().ok());
    ns.unwrap_or_else(|| u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX))
}

/// Prints the best round's time per message of `once`.
fn measure(name: &str, payload_bytes: usize, mut once: impl FnMut()) {
    let since = Instant::now();
    let mut round = || {
        let start_ns = cpu_ns(since);
        (0..MESSAGES).for_each(|_| once());
        cpu_ns(since) - start_ns
    };
    let best_ns = (0..ROUNDS).map(|_| round()).min().unwrap_or_default();
    let ns = best_ns as f64 / MESSAGES as f64;
    println!(r#"{{"bench":"decode","shape":"{name}","bytes":{payload_bytes},"cpu_ns":{ns:.0}}}"#);
}

fn main() {
    let native = feed(
        "manhole",
        "topic = \"egret/v1/manhole/+\"\nformat = \"egret-json\"",
    );
    let vendor = feed(
        "air",
        r#"topic = "city/+/+/t"
format = "mapped-json"
[map]
asset = { pointer = "/id" }
at = { pointer = "/ts_us", time = "unix_us" }
position = { lon = "/lon", lat = "/lat" }
values = [ { property = { pointer = "/metric", map = { pm25 = "pm2_5" } }, pointer = "/value", unit = { pointer = "/unit", map = { "µg/m3" = "ug/m3" } } } ]
id = { pointer = "/seq" }"#,
    );
    let native = Decoder::new(&native, Tz::Asia__Shanghai);
    let vendor = Decoder::new(&vendor, Tz::Asia__Shanghai);
    let single = message("egret/v1/manhole/M-1", NATIVE);
    let mapped = message("city/west/A-350203-0017/t", VENDOR);
    assert!(native.decode(&single).iter().all(Result::is_ok));
    assert!(vendor.decode(&mapped).iter().all(Result::is_ok));
    measure("egret-json", NATIVE.len(), || {
        native.decode_each(black_box(&single), |element| drop(black_box(element)));
    });
    measure("egret-json, as a list", NATIVE.len(), || {
        drop(black_box(native.decode(black_box(&single))));
    });
    measure("mapped-json", VENDOR.len(), || {
        vendor.decode_each(black_box(&mapped), |element| drop(black_box(element)));
    });
    let tree = || serde_json::from_str::<serde_json::Value>(black_box(VENDOR));
    measure("serde_json::Value, to compare", VENDOR.len(), || {
        drop(black_box(tree()));
    });
}

fn message<'a>(topic: &'a str, payload: &'a str) -> Message<'a> {
    Message {
        topic,
        payload: payload.as_bytes(),
        received_at: TimeMs(1_782_079_530_000),
    }
}
