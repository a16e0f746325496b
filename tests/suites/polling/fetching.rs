//! What is fetched, and how often.

use egret_tests::site::Page;
use serde_json::{Value, json};

use super::*;

/// A message of GTFS Realtime with vehicles: id, and speed in m/s.
fn vehicles(at: TimeMs, vehicles: &[(&str, f32)]) -> Vec<u8> {
    let seconds = u64::try_from(at.0 / 1_000).unwrap();
    let header = [text(1, "2.0"), number(2, 0), number(3, seconds)].concat();
    let mut feed = member(1, &header);
    for (id, speed) in vehicles {
        let (lon, lat) = (118.05, 24.45);
        let place = [float(1, lat), float(2, lon), float(5, *speed)].concat();
        let of = [
            member(2, &place),
            number(5, seconds),
            member(8, &text(1, id)),
        ]
        .concat();
        feed.extend(member(2, &[text(1, id), member(4, &of)].concat()));
    }
    feed
}

fn varint(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n >= 0x80 {
        bytes.push(n.to_le_bytes()[0] | 0x80);
        n >>= 7;
    }
    bytes.push(n.to_le_bytes()[0]);
    bytes
}

fn number(field: u64, n: u64) -> Vec<u8> {
    [varint(field << 3), varint(n)].concat()
}

fn member(field: u64, bytes: &[u8]) -> Vec<u8> {
    [
        varint(field << 3 | 2),
        varint(bytes.len() as u64),
        bytes.to_vec(),
    ]
    .concat()
}

fn text(field: u64, text: &str) -> Vec<u8> {
    member(field, text.as_bytes())
}

fn float(field: u64, value: f32) -> Vec<u8> {
    [varint(field << 3 | 5), value.to_le_bytes().to_vec()].concat()
}

fn buses(url: &str) -> String {
    format!(
        r#"
[[feed]]
id          = "buses"
name        = {{ zh = "公交", en = "Buses" }}
department  = "police"
domain      = "traffic"
asset_class = "vehicle"
moving      = true
format      = "gtfs-rt"

[feed.poll]
url     = "{url}"
every   = "5s"
headers = {{ x-api-key = "transit" }}

[feed.names]
speed = {{ property = "speed", unit = "m/s" }}
"#
    )
}

#[test]
fn vehicles_are_fetched_by_what_is_known_of_them_and_shown() {
    let site = Site::new();
    let positions = |speed| Page::new(vehicles(clock::now(), &[("bus-17", speed)]));
    site.put("/v.pb?area=7", positions(8.5).tagged("\"1\""));
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), "0xCAFE\n").unwrap();
    let file = key.path().display();
    let secret = format!("[poll.secrets.transit]\nfile = \"{file}\"\nhosts = [\"127.0.0.1\"]\n");
    let city = CityCopy::new().with_more("feeds.toml", &buses(&site.url("/v.pb?area=7")));
    let (setup, _settings) = setup(city, &format!("{ALLOW}{secret}"));
    let server = setup.start();
    let api = server.api();
    let asset = api.asset("buses", "bus-17", |_| true);
    assert_eq!(asset["areas"][0], "900000", "{asset}");
    let asked = site.until_asked("/v.pb?area=7", 2);
    let tags: Vec<_> = asked
        .iter()
        .map(|asked| asked.header("if-none-match"))
        .collect();
    assert_eq!(tags[..2], [None, Some("\"1\"")]);
    assert!(
        asked
            .iter()
            .all(|asked| asked.header("x-api-key") == Some("0xCAFE"))
    );
    assert!(
        asked[0]
            .header("accept")
            .unwrap()
            .starts_with("application/x-protobuf")
    );

    let before = asset["values"]["speed"]["v"].as_f64().unwrap();
    site.put("/v.pb?area=7", positions(17.0).tagged("\"2\""));
    api.asset("buses", "bus-17", |asset| {
        let speed = asset["values"]["speed"]["v"].as_f64().unwrap();
        (speed / before - 2.0).abs() < 0.01
    });
    let health = api.feed("buses", |health| health["accepted"] == 2);
    let poll = &health["poll"];
    assert_eq!(poll["host"], site.address.to_string());
    assert_eq!(
        (&poll["every"], &poll["error"]),
        (&json!("5s"), &Value::Null)
    );
    let at = |key: &str| TimeMs::from_rfc3339(poll[key].as_str().unwrap()).unwrap();
    assert!(
        at("tried_at") <= at("fetched_at") && at("fetched_at") < at("next_at"),
        "{poll}"
    );
    assert_eq!(
        health["clock"],
        Value::Null,
        "waiting tells nothing of a clock"
    );
    let attempts = |outcome: &str| {
        let name = format!("egret_poll_attempts_total{{feed=\"buses\",outcome=\"{outcome}\"}}");
        measured(&server, &name)
    };
    assert_eq!(attempts("new").to_string(), "2");
    assert!(attempts("unchanged") >= 1.0);
    assert_eq!(attempts("failed").to_string(), "0");
    let last = measured(
        &server,
        "egret_poll_last_success_timestamp_seconds{feed=\"buses\"}",
    );
    assert!(
        (last - clock::now().0 as f64 / 1_000.0).abs() < 60.0,
        "{last}"
    );
    assert!(measured(&server, "egret_poll_seconds_total{feed=\"buses\"}") > 0.0);
    assert!(!server.log().contains("CAFE"));
}

#[test]
fn whatever_happens_to_the_server_what_is_fetched_is_kept_and_counts_once() {
    let site = Site::new();
    let at = clock::now();
    let levels_now = body(at, &[("T-1", 1.0), ("T-2", 1.5), ("T-3", 2.0)]);
    let page = Page::new(levels_now).tagged("\"7\"");
    site.put("/t", page.clone().held());
    let (setup, _settings) = city(&levels("tide", &site.url("/t")));
    let server = setup.start();
    // It dies while it is answered: nothing is known then, nothing is remembered.
    site.until_asked("/t", 1);
    let setup = server.kill();
    site.put("/t", page);
    let server = setup.start();
    server.api().feed("tide", |health| health["accepted"] == 3);
    let asked = site.until_asked("/t", 3);
    let tags: Vec<_> = asked
        .iter()
        .map(|asked| asked.header("if-none-match"))
        .collect();
    assert_eq!(tags[..3], [None, None, Some("\"7\"")]);
    // What it knew it has forgotten after another start: it fetches once more, and counts nothing twice.
    let n_before = site.asked("/t").len();
    let server = server.kill().start();
    let health = server.api().feed("tide", |health| health["duplicate"] == 3);
    assert_eq!(health["accepted"], 3, "{health}");
    let asked = site.until_asked("/t", n_before + 1);
    assert_eq!(asked[n_before].header("if-none-match"), None);
    let state = server.state();
    let setup = server.stop();
    assert_eq!(setup.replay(Some(state.seq)).hash, state.hash);
}

#[test]
fn what_has_no_time_of_its_own_is_news_every_time() {
    let site = Site::new();
    site.put("/t", Page::new(r#"{"id":"T-1","m":1.5}"#).tagged("\"7\""));
    let feed = levels("tide", &site.url("/t")).replace("egret-json", "mapped-json");
    let map = "[feed.map]\nasset = { pointer = \"/id\" }\n\
               values = [ { property = \"water_level\", pointer = \"/m\" } ]\n";
    let city = CityCopy::new()
        .with_more("feeds.toml", &format!("{feed}\n{map}"))
        .with_whole(
            "assets.csv",
            "feed,asset,name_zh,name_en,lon,lat,area\ntide,T-1,,,118.05,24.45,\n",
        );
    let (setup, _settings) = setup(city, ALLOW);
    let server = setup.start();
    server.api().feed("tide", |health| health["accepted"] == 2);
    let asked = site.asked("/t");
    assert!(
        asked
            .iter()
            .all(|asked| asked.header("if-none-match").is_none()),
        "{asked:?}"
    );
}
