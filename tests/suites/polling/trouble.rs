//! What is not as it should be.

use std::io::Write as _;

use egret_tests::http::Http;
use egret_tests::site::Page;
use egret_tests::wait;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::*;

const LARGE: usize = 4 * 1024 * 1024 + 1;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Waits until the fetching of a feed has this wrong with it.
#[track_caller]
fn error(api: &Http, feed: &str, words: &str) -> Value {
    let has_it = |health: &Value| {
        let error = health["poll"]["error"].as_str();
        error.is_some_and(|error| error.contains(words))
    };
    api.feed(feed, has_it)["poll"].clone()
}

/// What of a feed is in quarantine.
#[track_caller]
fn refused(api: &Http, feed: &str) -> Vec<Value> {
    wait::until(&format!("something of {feed} is in quarantine"), || {
        let rows = api.list(&format!("/api/v1/quarantine?feed={feed}"));
        wait::check(!rows.is_empty(), &rows)?;
        Ok(rows)
    })
}

#[test]
fn a_server_in_trouble_is_told_of_and_asked_when_it_wants_to_be() {
    let site = Site::new();
    site.put("/down", Page::status(500));
    site.put("/later", Page::status(503).with("retry-after", "1800"));
    let feeds = ["down", "later"].map(|feed| levels(feed, &site.url(&format!("/{feed}"))));
    let (setup, _settings) = city(&feeds.concat());
    let server = setup.start();
    let api = server.api();
    let later = error(&api, "later", "answers 503");
    let at = |key: &str| TimeMs::from_rfc3339(later[key].as_str().unwrap()).unwrap();
    let wait = at("next_at").since(at("tried_at"));
    assert!(wait >= Span(1_800_000) && wait < Span(3_600_000), "{later}");
    assert_eq!(
        (&later["fetched_at"], &later["failures"]),
        (&Value::Null, &json!(1))
    );

    error(&api, "down", "answers 500");
    site.until_asked("/down", 2);
    site.put("/down", Page::new(body(clock::now(), &[("T-1", 1.0)])));
    api.feed("down", |health| {
        health["accepted"] == 1 && health["poll"]["error"].is_null()
    });
    let told = |words: &str| {
        let log = server.log();
        let lines = log
            .lines()
            .filter(|line| line.contains(words) && line.contains("down"));
        lines.count()
    };
    wait::until("the log says that it is fetched again", || {
        wait::check(told("the feed is fetched") > 0, server.log())
    });
    assert_eq!(told("the feed cannot be fetched"), 1, "{}", server.log());
    assert_eq!(told("the feed is fetched"), 1, "{}", server.log());
}

#[test]
fn what_is_too_large_is_refused_with_its_beginning_also_when_it_is_packed() {
    let site = Site::new();
    site.put("/large", Page::new(vec![b'['; LARGE]));
    let bomb = Page::new(gzip(&vec![b' '; 16 * LARGE])).with("content-encoding", "gzip");
    site.put("/bomb", bomb);
    let small = gzip(body(clock::now(), &[("T-1", 1.0)]).as_bytes());
    site.put("/small", Page::new(small).with("content-encoding", "gzip"));
    let names = ["large", "bomb", "small"];
    let feeds = names.map(|feed| levels(feed, &site.url(&format!("/{feed}"))));
    let (setup, _settings) = city(&feeds.concat());
    let server = setup.start();
    let api = server.api();
    api.feed("small", |health| health["accepted"] == 1);
    for (feed, words) in [
        ("large", "the body has more than"),
        ("bomb", "the body unpacks to more"),
    ] {
        let rows = refused(&api, feed);
        let row = &rows[0];
        assert_eq!(
            (rows.len(), &row["reason"]),
            (1, &json!("too_large")),
            "{row}"
        );
        assert_eq!(row["topic"], site.url(&format!("/{feed}")));
        assert!(row["detail"].as_str().unwrap().starts_with(words), "{row}");
        error(&api, feed, words);
        let name = format!("egret_poll_attempts_total{{feed=\"{feed}\",outcome=\"too_large\"}}");
        assert!(measured(&server, &name) >= 1.0);
    }
    // It is asked again, and not refused again.
    site.until_asked("/bomb", 2);
    api.feed("bomb", |health| {
        health["poll"]["failures"].as_u64() >= Some(2)
    });
    assert_eq!(refused(&api, "bomb").len(), 1);
}

#[test]
fn what_cannot_be_read_is_in_quarantine_with_its_url_and_can_be_read_again() {
    let site = Site::new();
    site.put("/t", Page::new("[{]").tagged("\"1\""));
    let (setup, _settings) = city(&levels("tide", &site.url("/t")));
    let server = setup.start();
    let api = server.api();
    let rows = refused(&api, "tide");
    assert_eq!(rows[0]["topic"], site.url("/t"));
    assert_eq!(rows[0]["sender"], site.address.to_string());
    let asked = site.until_asked("/t", 2);
    assert_eq!(
        asked[1].header("if-none-match"),
        Some("\"1\""),
        "its refusal was kept"
    );
    let again = api.post("/api/v1/quarantine/rerun", r#"{"feed":"tide"}"#);
    let again = again.json();
    assert_eq!(again["refused"], 1, "{again}");
    assert_eq!(again["rejected"][0]["reason"], "bad_json", "{again}");
}

#[test]
fn nothing_is_fetched_from_where_it_may_not_be() {
    let site = Site::new();
    site.put(
        "/away",
        Page::status(302).with("location", "http://127.0.0.2/secret"),
    );
    let passwords = "http://169.254.169.254/latest/meta-data";
    site.put("/cloud", Page::status(307).with("location", passwords));
    let port = site.address.port();
    let feeds = [
        levels("away", &site.url("/away")),
        levels("cloud", &site.url("/cloud")),
        levels("inner", "http://10.255.255.1/"),
        levels("name", &format!("http://localhost:{port}/name")),
    ];
    let (setup, _settings) = setup(
        CityCopy::new().with_more("feeds.toml", &feeds.concat()),
        "[poll]\nallow = [\"127.0.0.1/32\", \"169.254.0.0/16\"]\n",
    );
    let server = setup.start();
    let api = server.api();
    error(&api, "away", "127.0.0.2 is this machine itself");
    error(&api, "cloud", "169.254.169.254 is where a cloud tells");
    error(&api, "inner", "10.255.255.1 is a private address");
    // It resolves to what is allowed; were loopback not, it would not be asked either.
    site.until_asked("/name", 1);
    let forbidden = "egret_poll_attempts_total{feed=\"inner\",outcome=\"forbidden\"}";
    assert!(measured(&server, forbidden) >= 1.0);
}

#[test]
fn without_settings_nothing_of_this_machine_or_its_network_is_fetched() {
    let site = Site::new();
    let port = site.address.port();
    let feeds = [
        levels("literal", &site.url("/t")),
        levels("name", &format!("http://localhost:{port}/t")),
    ];
    let city = CityCopy::new().with_more("feeds.toml", &feeds.concat());
    let server = Setup::with_city(city).start();
    let api = server.api();
    error(&api, "literal", "127.0.0.1 is this machine itself");
    error(&api, "name", "is this machine itself");
    assert_eq!(site.asked("/t").len(), 0);
}

#[test]
fn a_secret_that_the_settings_do_not_have_is_told() {
    let site = Site::new();
    let feed = levels("tide", &site.url("/t"));
    let feed = feed.replace(
        "every = \"5s\"",
        "every = \"5s\", query = { key = \"none\" }",
    );
    let (setup, _settings) = city(&feed);
    let server = setup.start();
    error(
        &server.api(),
        "tide",
        "the settings have no secret \"none\"",
    );
    assert_eq!(site.asked("/t").len(), 0);
}
