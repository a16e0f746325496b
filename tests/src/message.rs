//! Messages as the tiny city's feeds expect them.

use egret_shared::time::TimeMs;
use serde_json::{Value, json};

/// In the western district, first grid.
pub const WEST_1: [f64; 2] = [118.05, 24.45];

/// In the eastern district.
pub const EAST: [f64; 2] = [118.15, 24.50];

/// A manhole's reading in Egret's own JSON; the topic or `asset` says which.
pub fn level(at: TimeMs, metres: f64) -> Value {
    json!({
        "at": at,
        "position": WEST_1,
        "values": { "water_level": { "v": metres, "u": "m" } },
    })
}

/// `reading` of an asset, as `POST /api/v1/events` takes it.
#[must_use]
pub fn of(feed: &str, asset: &str, reading: &Value) -> Value {
    merged(reading, &json!({ "feed": feed, "asset": asset }))
}

/// `message` with the members of `more`.
#[must_use]
pub fn merged(message: &Value, more: &Value) -> Value {
    let mut message = message.clone();
    if let (Value::Object(members), Value::Object(more)) = (&mut message, more) {
        members.extend(more.clone());
    }
    message
}

/// A step of a hotline report.
pub fn request(report: &str, state: &str, at: TimeMs) -> Value {
    json!({
        "feed": "hotline",
        "report": report,
        "state": state,
        "category": "waterlogging",
        "at": at,
        "position": WEST_1,
        "text": "路口积水",
    })
}

/// A feed of noise meters by a vendor that nobody knows, with a property, a metric `noise.loudest` and
/// a tile of its own: what is added to the register. Its messages are [`noise`]'s.
pub fn noise_feed(id: &str) -> Value {
    let name = json!({ "zh": "噪声", "en": "Noise" });
    json!({
        "feed": {
            "id": id, "name": name, "department": "west", "domain": "environment",
            "asset_class": "noise-meter", "topic": "acme/+/up", "format": "mapped-json",
            "expect_every": "30s",
            "map": {
                "asset": { "topic": 1 },
                "at": { "pointer": "/t", "time": "unix_ms" },
                "position": { "lon": "/where/x", "lat": "/where/y" },
                "values": [{ "property": "noise", "pointer": "/dB" }],
            },
        },
        "property": [{ "id": "noise", "name": name, "unit": "dB", "range": [0, 150] }],
        "metric": [{
            "id": "noise.loudest", "name": name, "domain": "environment",
            "source": { "feed": id, "property": "noise" }, "aggregate": "max",
            "window": { "sliding": "5m", "every": "10s" }, "unit": "dB",
        }],
        "tiles": ["noise.loudest"],
    })
}

/// A noise meter's message as its vendor writes it; the topic `acme/METER/up` says which.
pub fn noise(at: TimeMs, db: f64) -> Value {
    json!({ "t": at.0, "where": { "x": WEST_1[0], "y": WEST_1[1] }, "dB": db })
}

/// A ponding gauge's message as its vendor writes it: GCJ-02, millimetres, Unix milliseconds.
pub fn ponding(id: &str, at: TimeMs, depth_mm: f64) -> Value {
    json!({
        "msgId": id,
        "ts": at.0,
        "gps": { "lng": 118.055, "lat": 24.447 },
        "depth_mm": depth_mm,
    })
}

/// Topic of a ponding gauge.
pub fn ponding_topic(gauge: &str) -> String {
    format!("vendor-x/{gauge}/telemetry")
}

/// An air station's message as its vendor writes it: the property named inside, microseconds.
pub fn air(station: &str, seq: u64, at_us: i64, pm25_ugm3: f64) -> Value {
    json!({
        "id": station,
        "seq": seq,
        "ts_us": at_us,
        "lon": EAST[0],
        "lat": EAST[1],
        "metric": "pm25",
        "value": pm25_ugm3,
        "unit": "µg/m3",
    })
}
