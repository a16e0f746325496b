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

fn moved(to: &str) -> Page {
    Page::status(302).with("location", to)
}

/// Asks for a sample of what `url` answers.
fn sample(api: &Http, url: &str) -> Answer {
    let order = json!({ "url": url, "format": "mapped-json" });
    api.post("/api/v1/register/fetch", &order.to_string())
}

#[test]
fn a_sample_is_fetched_for_whoever_connects_a_feed_and_nothing_is_kept_of_it() {
    let site = Site::new();
    let reading = message::noise(clock::now(), 71.5);
    let reading = message::merged(&reading, &json!({ "id": "meter-7" }));
    site.put("/n", Page::new(reading.to_string()));
    site.put(
        "/long",
        Page::new(json!(vec![reading.clone(); 2_000]).to_string()),
    );
    site.put("/moved", moved(&site.url("/n")));
    let (setup, _settings) = city("");
    let server = setup.start();
    let api = server.api();
    for path in ["/n", "/moved"] {
        let fetched = sample(&api, &site.url(path));
        assert_eq!(fetched.status, 200, "{path}: {}", fetched.body);
        let fetched = fetched.json();
        assert_eq!(fetched["payload"], reading.to_string(), "{path}");
        assert_eq!(fetched["left_out"], 0);
    }
    let long = sample(&api, &site.url("/long")).json();
    let shown: Vec<Value> = serde_json::from_str(long["payload"].as_str().unwrap()).unwrap();
    assert_eq!(
        shown.len() as u64 + long["left_out"].as_u64().unwrap(),
        2_000
    );
    assert_eq!(shown[0], reading);
    // It is what a pasted one would be.
    let samples = json!([{ "payload": long["payload"] }]);
    let trial = json!({ "addition": noise(&site.url("/n"), "/dB"), "samples": samples });
    let tried = api.post("/api/v1/register/try", &trial.to_string()).json();
    let taken = tried["samples"][0]["taken"].as_array().unwrap();
    assert_eq!(taken.len(), shown.len(), "{tried}");
    assert_eq!(taken[0]["asset"], "meter-7");
    sample(&api, &site.url("/gone")).is_problem(422, "404");
    let quarantine = api.list("/api/v1/quarantine");
    assert_eq!(quarantine, Vec::<Value>::new());
}

#[test]
fn that_a_sample_was_asked_for_is_in_the_trail_whether_or_not_anybody_waits_for_it() {
    let site = Site::new();
    site.put("/held", Page::new("{}").held());
    let (setup, _settings) = city("");
    let server = setup.start();
    let api = server.api();
    let told = || -> Vec<Value> {
        let lines = api.list("/api/v1/audit?action=feed.sample");
        lines.iter().map(|line| line["outcome"].clone()).collect()
    };
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| sample(&api, &site.url("/held")));
        site.until_asked("/held", 1);
        let before = told();
        site.put("/held", Page::new("{}"));
        assert_eq!(asking.join().unwrap().status, 200);
        assert_eq!(before, ["done"]);
    });
    sample(&api, &site.url("/gone")).is_problem(422, "404");
    assert_eq!(told(), ["failed", "done", "done"]);
}

#[test]
fn who_asks_for_a_sample_reaches_nothing_that_the_settings_do_not_name() {
    let site = Site::new();
    let port = site.address.port();
    site.put("/out", moved(&format!("http://127.0.0.2:{port}/n")));
    site.put("/deeper", moved("http://169.254.169.254/latest/meta-data/"));
    let (setup, _settings) = city("");
    let server = setup.start();
    let api = server.api();
    for (url, words) in [
        (
            format!("http://127.0.0.2:{port}/n"),
            "127.0.0.2 is this machine itself",
        ),
        (
            format!("http://[::ffff:127.0.0.2]:{port}/n"),
            "this machine itself",
        ),
        ("http://10.1.2.3/".to_owned(), "10.1.2.3"),
        ("http://169.254.169.254/".to_owned(), "169.254.169.254"),
        (site.url("/out"), "127.0.0.2 is this machine itself"),
        (site.url("/deeper"), "169.254.169.254"),
        ("file:///etc/passwd".to_owned(), "file://"),
        ("http://a:b@127.0.0.1/".to_owned(), "name or password"),
    ] {
        let answer = sample(&api, &url);
        answer.is_problem(422, words);
        assert_eq!(
            answer.json()["code"],
            "fetch_forbidden",
            "{url}: {}",
            answer.body
        );
    }
    sample(&api, "no address").is_problem(400, "url");
    // A header is named by a secret of the settings, and there is none.
    let order = json!({
        "url": site.url("/n"), "format": "mapped-json", "headers": { "x-key": "transit-key" },
    });
    let answer = api.post("/api/v1/register/fetch", &order.to_string());
    answer.is_problem(422, "no secret \"transit-key\"");
    assert_eq!(answer.json()["code"], "fetch_settings");
}
