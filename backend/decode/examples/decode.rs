//! Nanoseconds per message, one JSON line per shape: `cargo run --release --example decode`.
//!
//! Deterministic payloads of about 250 bytes: a native reading, the same by `decode`'s list, a
//! vendor's JSON by a map, and one of each other format by names. Time is the thread's own on the processor, by Linux's account, and
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

const SENML: &str = r#"[{"bn":"urn:dev:mac:0024befffe804ff1:","bt":1782079500.123,"bu":"m","n":"water_level","v":1.42},{"n":"battery","u":"V","v":3.61},{"u":"lon","v":118.0934712},{"u":"lat","v":24.4872346},{"n":"water_level","t":60,"v":1.44},{"n":"battery","u":"V","t":60,"v":3.6}]"#;
const CHIRPSTACK: &str = r#"{"deduplicationId":"3ac7e3c4-4401-4b8d-9386-a5c902f9202d","time":"2026-06-22T06:05:00.123456+08:00","deviceInfo":{"deviceName":"Underpass 3","devEui":"0101010101010101"},"fPort":1,"data":"qg==","object":{"water_level":1.42,"battery":3.61}}"#;
const TTS: &str = r#"{"end_device_ids":{"device_id":"dev1"},"received_at":"2026-06-21T22:05:00.214773143Z","uplink_message":{"f_port":1,"decoded_payload":{"water_level":1.42,"battery":3.61},"locations":{"user":{"latitude":24.4872346,"longitude":118.0934712}}}}"#;
const HJ212: &str = "##0198QN=20260622060500000;ST=22;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&DataTime=20260622060500;a34004-Rtd=35.5,a34004-Flag=N;a34002-Rtd=71,a34002-Flag=D;a01001-Rtd=26.1,a01001-Flag=T&&7700\r\n";
const NGSI_LD: &str = r#"{"id":"urn:ngsi-ld:AirQualityObserved:A-1","type":"AirQualityObserved","pm25":{"type":"Property","value":35.5,"unitCode":"GQ","observedAt":"2026-06-21T22:05:00Z"},"location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[118.09347,24.48723]}}}"#;
const CLOUDEVENTS: &str = r#"{"specversion":"1.0","type":"city.water.level","source":"/scada/east","id":"A-17","subject":"M-1","time":"2026-06-22T06:05:00.123456+08:00","data":{"position":[118.0934712,24.4872346],"values":{"water_level":{"v":1.42,"u":"m"},"battery":3.61}}}"#;

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
    for (format, payload) in [
        ("senml", SENML),
        ("chirpstack-v4", CHIRPSTACK),
        ("tts-v3", TTS),
        ("hj212", HJ212),
        ("ngsi-ld", NGSI_LD),
        ("cloudevents", CLOUDEVENTS),
    ] {
        let feed = feed("one", &format!("format = \"{format}\""));
        let decoder = Decoder::new(&feed, Tz::Asia__Shanghai);
        let one = message("", payload);
        assert!(decoder.decode(&one).iter().all(Result::is_ok));
        measure(format, payload.len(), || {
            decoder.decode_each(black_box(&one), |element| drop(black_box(element)));
        });
    }
    let tree = || serde_json::from_str::<serde_json::Value>(black_box(VENDOR));
    measure("serde_json::Value, to compare", VENDOR.len(), || {
        drop(black_box(tree()));
    });
}

fn message<'a>(topic: &'a str, payload: &'a str) -> Message<'a> {
    Message::new(topic, payload.as_bytes(), TimeMs(1_782_079_530_000))
}
