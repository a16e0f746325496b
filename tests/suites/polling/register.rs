//! Feeds that are added in the browser and fetched.

use egret_tests::http::{Answer, Http};
use egret_tests::site::Page;
use egret_tests::wait;
use serde_json::{Value, json};

use super::*;

/// What is added: noise meters that are fetched from `url`; their number stands at `pointer`.
fn noise(url: &str, pointer: &str) -> Value {
    let mut addition = message::noise_feed("noise");
    let feed = addition["feed"].as_object_mut().unwrap();
    feed.remove("topic");
    feed.insert("poll".to_owned(), json!({ "url": url, "every": "5s" }));
    feed["map"]["asset"] = json!({ "pointer": "/id" });
    feed["map"]["values"][0]["pointer"] = json!(pointer);
    addition
}

fn put(api: &Http, addition: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    api.ask(
        "PUT",
        "/api/v1/register/noise",
        &headers,
        &addition.to_string(),
    )
}

#[test]
fn a_feed_that_is_added_is_fetched_by_its_newest_definition_until_it_is_let_go() {
    let site = Site::new();
    let reading = message::noise(clock::now(), 71.5);
    let reading = message::merged(&reading, &json!({ "id": "meter-7", "quiet": 40.5 }));
    site.put("/n", Page::new(reading.to_string()).tagged("\"1\""));
    site.put(
        "/t",
        Page::new(body(clock::now(), &[("T-1", 1.0)])).tagged("\"1\""),
    );
    let (setup, _settings) = city(&levels("tide", &site.url("/t")));
    let server = setup.start();
    let api = server.api();
    api.feed("tide", |health| health["accepted"] == 1);

    let added = put(&api, &noise(&site.url("/n"), "/dB"));
    assert_eq!(added.status, 200, "{}", added.body);
    api.asset("noise", "meter-7", |asset| {
        asset["values"]["noise"]["v"] == 71.5
    });
    site.until_asked("/n", 2);

    // What was fetched means something else by another definition: it is fetched whole.
    let changed = put(&api, &noise(&site.url("/n"), "/quiet"));
    assert_eq!(changed.status, 200, "{}", changed.body);
    let n_whole = || {
        let asked = site.asked("/n");
        let whole = asked
            .iter()
            .filter(|asked| asked.header("if-none-match").is_none());
        whole.count()
    };
    wait::until("it is fetched whole again", || {
        wait::check(n_whole() == 2, site.asked("/n"))
    });

    // A feed that is as before goes on as it was, by what is known of it.
    let tags = site.asked("/t");
    let tags: Vec<_> = tags
        .iter()
        .map(|asked| asked.header("if-none-match"))
        .collect();
    assert!(
        tags[1..].iter().all(|tag| *tag == Some("\"1\"")),
        "{tags:?}"
    );

    let gone = api.ask("DELETE", "/api/v1/register/noise", &[], "");
    assert_eq!(gone.status, 200, "{}", gone.body);
    let n_asked = site.asked("/n").len();
    let n_tide = site.asked("/t").len();
    site.until_asked("/t", n_tide + 2);
    assert_eq!(site.asked("/n").len(), n_asked);
    let text = api.get("/metrics").body;
    assert!(
        !text.contains("egret_poll_attempts_total{feed=\"noise\""),
        "{text}"
    );
}

#[test]
fn who_adds_a_feed_reaches_nothing_that_the_settings_do_not_name() {
    let site = Site::new();
    let (setup, _settings) = city("");
    let server = setup.start();
    let api = server.api();
    for (url, words) in [
        ("file:///etc/passwd", "file:// cannot be fetched"),
        (
            "http://a:b@127.0.0.1/",
            "a name or password has no place in a URL",
        ),
    ] {
        let refused = put(&api, &noise(url, "/dB"));
        refused.is_problem(422, words);
    }
    let port = site.address.port();
    let added = put(&api, &noise(&format!("http://127.0.0.2:{port}/n"), "/dB"));
    assert_eq!(added.status, 200, "{}", added.body);
    let health = api.feed("noise", |health| health["poll"]["error"].is_string());
    let error = health["poll"]["error"].as_str().unwrap();
    assert!(
        error.contains("127.0.0.2 is this machine itself"),
        "{error}"
    );
}
