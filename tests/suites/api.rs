//! REST, health and measurements, as the outside relies on them.

use egret_shared::time::TimeMs;
use egret_tests::clock;
use egret_tests::message::{self, WEST_1};
use egret_tests::server::Server;
use egret_tests::wait;
use serde_json::{Value, json};

#[test]
fn an_asset_tells_where_it_is_what_it_measured_and_when() {
    let server = Server::tiny();
    let api = server.api();
    let at = clock::now();
    api.send(&message::of("manhole", "M-1", &message::level(at, 1.42)));
    let asset = api.asset("manhole", "M-1", |_| true);
    assert_eq!(
        (&asset["feed"], &asset["asset"]),
        (&json!("manhole"), &json!("M-1"))
    );
    assert_eq!(asset["position"], json!(WEST_1));
    assert_eq!(asset["areas"], json!(["900000", "900001", "900001001"]));
    let value = &asset["values"]["water_level"];
    assert_eq!(
        (&value["v"], &value["u"], &value["flags"]),
        (&json!(1.42), &json!("m"), &json!([]))
    );
    assert_eq!(
        TimeMs::from_rfc3339(value["at"].as_str().unwrap()).unwrap(),
        at
    );
    assert!(asset["received_at"].is_string());
    assert_eq!(asset["stale"], false);
    api.get("/api/v1/assets/manhole/none")
        .is_problem(404, "none");
}

#[test]
fn a_metric_tells_now_with_unit_window_level_and_sources() {
    let server = Server::tiny();
    let api = server.api();
    api.send(&message::of(
        "manhole",
        "M-1",
        &message::level(clock::now(), 1.42),
    ));
    api.metric("water.manhole_level_max", "900001", |point| {
        point["v"] == 1.42
    });
    let series = api
        .get("/api/v1/metrics/water.manhole_level_max/now?area=900001")
        .json();
    assert_eq!(series["metric"], "water.manhole_level_max");
    assert_eq!(
        (&series["area"], &series["unit"]),
        (&json!("900001"), &json!("m"))
    );
    let point = &series["points"][0];
    assert_eq!(
        (&point["sources"], &point["expected"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(point["level"], "blue");
    let bound = |name: &str| TimeMs::from_rfc3339(point[name].as_str().unwrap()).unwrap();
    assert_eq!(bound("end").since(bound("start")).ms(), 300_000);
    // Derived: 20 × 1.42 + 5 × 0.
    let stress = api
        .get("/api/v1/metrics/water.stress/now?area=900001")
        .json();
    assert_eq!(
        stress["points"].as_array().map(Vec::len),
        Some(1),
        "{stress}"
    );
}

#[test]
fn a_derived_metric_follows_what_it_is_made_of() {
    let server = Server::tiny();
    let api = server.api();
    let at = clock::now();
    api.send(&message::of("manhole", "M-1", &message::level(at, 1.5)));
    for gauge in ["P-1", "P-2"] {
        let depth = json!({ "at": at, "position": WEST_1, "values": { "ponding_depth": 8.0 } });
        api.send(&message::of("road", gauge, &depth));
    }
    api.metric("water.ponding_gauges_wet", "900000", |point| {
        point["v"] == 2.0
    });
    let stress = api.metric("water.stress", "900000", |point| point["v"] == 40.0);
    assert_eq!(stress["level"], "yellow");
}

#[test]
fn lists_come_in_pages_and_can_be_narrowed() {
    let server = Server::tiny();
    let api = server.api();
    let events: Vec<Value> = (0..25)
        .map(|n| {
            message::of(
                "manhole",
                &format!("M-{n:02}"),
                &message::level(clock::now(), 1.0),
            )
        })
        .collect();
    api.send(&Value::Array(events));
    api.asset("manhole", "M-24", |_| true);
    let first = api.get("/api/v1/assets?feed=manhole&limit=10").json();
    assert_eq!(first["items"].as_array().map(Vec::len), Some(10));
    let next = first["next"].as_str().unwrap();
    let second = api
        .get(&format!(
            "/api/v1/assets?feed=manhole&limit=10&cursor={next}"
        ))
        .json();
    assert_ne!(first["items"][0], second["items"][0]);
    assert_eq!(api.list("/api/v1/assets?feed=manhole").len(), 25);
    assert_eq!(api.list("/api/v1/assets?feed=road").len(), 0);
    assert_eq!(api.list("/api/v1/feeds").len(), 5);
    wait::until("one feed is live", || {
        let live = api.list("/api/v1/feeds?status=live");
        wait::check(live.len() == 1, live)
    });
    assert_eq!(api.list("/api/v1/alerts").len(), 0);
    assert_eq!(api.list("/api/v1/incidents").len(), 0);
    assert_eq!(
        api.get("/api/v1/areas").json().as_array().map(Vec::len),
        Some(5)
    );
    assert_eq!(
        api.get("/api/v1/areas.geojson").json()["type"],
        "FeatureCollection"
    );
    let catalog = api.get("/api/v1/catalog").json();
    assert_eq!(catalog["metrics"].as_array().map(Vec::len), Some(6));
}

#[test]
fn a_wrong_request_is_answered_with_a_problem_that_names_the_fault() {
    let server = Server::tiny();
    let api = server.api();
    api.get("/api/v1/metrics/no.such/now")
        .is_problem(404, "no.such");
    api.get("/api/v1/metrics/water.stress/now?area=123")
        .is_problem(404, "123");
    api.get("/api/v1/incidents/none").is_problem(404, "none");
    api.get("/api/v1/assets?limit=0").is_problem(400, "limit=0");
    api.get("/api/v1/assets?cursor=x")
        .is_problem(400, "cursor=x");
    api.get("/api/v1/nothing").is_problem(404, "/nothing");
    api.get("/api/v1/alerts?level=purple")
        .is_problem(400, "purple");
    api.get("/api/v1/metrics/water.stress?step=soon")
        .is_problem(400, "soon");
    let (from, to) = (clock::now(), clock::ago(60));
    let backwards = format!("/api/v1/metrics/water.stress?from={from}&to={to}");
    api.get(&backwards).is_problem(400, "no range of time");
    api.post("/api/v1/state", "{}").is_problem(405, "");
    api.get("/ws?encoding=xml").is_problem(400, "xml");
}

#[test]
fn prometheus_finds_every_promised_measurement() {
    let server = Server::tiny();
    let api = server.api();
    let event = message::of("manhole", "M-1", &message::level(clock::now(), 1.0));
    api.send(&event);
    api.send(&event);
    api.send(&message::of(
        "manhole",
        "M-1",
        &message::level(clock::ago(7_200), 1.0),
    ));
    let bad = message::of("manhole", "M-1", &message::level(clock::now(), 99.0));
    assert_eq!(api.post("/api/v1/events", &bad.to_string()).status, 422);
    let expected = [
        "egret_messages_accepted_total{feed=\"manhole\"} 2",
        "egret_messages_duplicate_total{feed=\"manhole\"} 1",
        "egret_messages_late_total{feed=\"manhole\"} 1",
        "egret_messages_rejected_total{feed=\"manhole\",stage=\"validate\",reason=\"out_of_range\"} 1",
        "egret_journal_seq ",
        "egret_ws_clients 0",
        "egret_ws_frames_total ",
        "egret_ws_merged_total ",
        "egret_accept_commit_seconds_count ",
        "egret_commit_fold_seconds_count ",
        "egret_fold_send_seconds_count ",
    ];
    wait::until("all measurements", || {
        let text = api.get("/metrics").body;
        let has = |start: &&str| text.lines().any(|line| line.starts_with(*start));
        let missing: Vec<_> = expected.iter().filter(|start| !has(start)).collect();
        wait::check(missing.is_empty(), (&missing, &text))
    });
}

#[test]
fn health_readiness_and_state_answer() {
    let server = Server::tiny();
    let api = server.api();
    assert_eq!(api.get("/healthz").status, 200);
    assert_eq!(api.get("/readyz").status, 200);
    let state = server.state();
    assert!(!state.hash.is_empty() && state.hash.chars().all(|c| c.is_ascii_hexdigit()));
    wait::until("time passes in the journal", || {
        let later = server.state();
        wait::check(later.seq > state.seq && later.at > state.at, &later)
    });
}

#[test]
fn history_is_kept_once_a_minute_and_outlives_a_restart() {
    let server = Server::tiny();
    let at = clock::ago(90);
    wait::until("time passes in the journal", || {
        let state = server.state();
        wait::check(state.seq >= 2, state)
    });
    server
        .api()
        .send(&message::of("manhole", "M-1", &message::level(at, 1.25)));
    let path = "/api/v1/metrics/water.manhole_level_max?area=900000&step=1m";
    let closed = |server: &Server| {
        wait::until("a closed window", || {
            let series = server.api().get(path).json();
            let points = series["points"].as_array().cloned().unwrap_or_default();
            let found = points.into_iter().find(|point| point["v"] == 1.25);
            found.ok_or_else(|| series.to_string())
        })
    };
    let point = closed(&server);
    let server = server.stop().start();
    assert_eq!(closed(&server), point);
}
