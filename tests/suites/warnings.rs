//! Warnings by the Common Alerting Protocol: from the message to whoever may see where they hold.

use std::time::Duration;

use egret_shared::codec::Encoding;
use egret_shared::time::TimeMs;
use egret_tests::city::CityCopy;
use egret_tests::clock;
use egret_tests::http::Http;
use egret_tests::server::{Server, Setup};
use egret_tests::socket::Socket;
use egret_tests::wait;
use serde_json::{Value, json};

/// Bytes that nothing else on the wire has: a bureau that does not exist.
const BUREAU: &str = "Bureau of made-up weather";

const FEED: &str = r#"
[[feed]]
id             = "weather"
name           = { zh = "预警", en = "Warnings" }
department     = "west"
domain         = "environment"
report         = true
topic          = "cap/+"
format         = "cap-1.2"
classification = "internal"
"#;

const RULE: &str = r#"
[[rule]]
id    = "rainstorm"
name  = { zh = "暴雨预警", en = "Rainstorm warning" }
kind  = "warning"
on    = { feed = "weather" }
lasts = "6h"
level = { rainstorm-orange = "orange" }
"#;

fn city() -> Setup {
    let city = CityCopy::new()
        .with_more("feeds.toml", FEED)
        .with_more("rules.toml", RULE);
    Setup::with_city(city)
}

/// As CAP writes times: with an offset, and never `Z`.
fn times(at: TimeMs) -> String {
    at.to_string().replace('Z', "+00:00")
}

/// A warning for `area`, in the West unless that says otherwise.
fn cap(kind: &str, area: &str) -> String {
    let (sent, expires) = (times(clock::ago(5)), times(clock::ago(-3_600)));
    format!(
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>W-1</identifier>\
         <sender>w@example.org</sender><sent>{sent}</sent><status>Actual</status>{kind}\
         <scope>Public</scope><info><language>en-US</language><event>rainstorm</event>\
         <urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty>\
         <expires>{expires}</expires><senderName>{BUREAU}</senderName>\
         <headline>Heavy rain in the west</headline>\
         <area><areaDesc>west</areaDesc>{area}</area></info></alert>"
    )
}

/// How long a socket is listened to at a time.
const PATIENCE: Duration = Duration::from_millis(200);

const ALERT: &str = "<msgType>Alert</msgType>";

const POLYGON: &str =
    "<polygon>24.42,118.02 24.42,118.08 24.48,118.08 24.48,118.02 24.42,118.02</polygon>";

fn send(api: &Http, cap: &str) {
    let headers = [("content-type", "application/xml")];
    let answer = api.ask("POST", "/api/v1/events?feed=weather", &headers, cap);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// The one warning, once it is in this state.
fn warning(api: &Http, state: &str) -> Value {
    wait::until("the warning is told of", || {
        let rows = api.list("/api/v1/alerts?rule=rainstorm");
        match rows.as_slice() {
            [row] if row["state"] == state => Ok(row.clone()),
            _ => Err(format!("{rows:?}")),
        }
    })
}

/// The first snapshot of the city for who has this token, as text.
fn snapshot(server: &Server, token: &str) -> String {
    let mut socket = Socket::connect_as(server.http, Encoding::Json, token);
    socket.subscribe(&["city"]);
    wait::until("a snapshot", || {
        let heard = socket.hear_json(PATIENCE).unwrap_or_default();
        let is_it = heard.get("type").is_some_and(|kind| kind == "snapshot");
        is_it
            .then(|| heard.to_string())
            .ok_or_else(|| heard.to_string())
    })
}

#[test]
fn a_warning_carries_its_polygon_its_issuer_and_its_end_and_loses_none_by_a_restart() {
    let server = city().with_lasting_ports().start();
    send(&server.api(), &cap(ALERT, POLYGON));
    let told = warning(&server.api(), "firing");
    let issued = &told["issued"];
    assert_eq!(issued["by"], BUREAU);
    assert_eq!(issued["headline"], "Heavy rain in the west");
    assert!(issued["until"].is_string(), "{issued}");
    let ring = &issued["shapes"][0]["polygon"];
    assert_eq!(ring.as_array().map(Vec::len), Some(5), "{issued}");
    assert_eq!(ring[1], json!([118.08, 24.42]), "longitude comes first");

    let server = server.stop().start();
    assert_eq!(warning(&server.api(), "firing")["issued"], *issued);
    let server = server.kill().start();
    assert_eq!(warning(&server.api(), "firing")["issued"], *issued);
    let cancel = format!(
        "<msgType>Cancel</msgType><references>w@example.org,W-1,{}</references>",
        times(clock::ago(5))
    );
    send(
        &server.api(),
        &cap(&cancel, POLYGON).replace(">W-1<", ">W-2<"),
    );
    warning(&server.api(), "resolved");
}

#[test]
fn a_warning_that_names_an_area_is_about_it_and_paints_it() {
    let server = city().start();
    let code = "<geocode><valueName>GB</valueName><value>900001</value></geocode>\
                <geocode><valueName>other</valueName><value>350000</value></geocode>";
    send(&server.api(), &cap(ALERT, code));
    let told = warning(&server.api(), "firing");
    assert_eq!(told["issued"]["areas"], json!(["900001"]));
    assert_eq!(told["areas"], json!(["900000", "900001"]));
}

#[test]
fn who_may_not_see_a_warning_gets_nothing_of_it() {
    let server = city().guarded().start();
    server.make_admin("four words of a duty");
    let of = |name: &str, grant: &str| server.token(name, &[grant]);
    let sender = of("sender", "steward");
    let cases = [
        (of("west", "viewer:900001"), true),
        (of("east", "viewer:900002"), false),
        (of("police", "viewer:*:police"), false),
    ];
    send(&server.api().with_token(&sender), &cap(ALERT, POLYGON));
    warning(&server.api().with_token(&sender), "firing");
    for (token, sees) in cases {
        let listed = server.api().with_token(&token).get("/api/v1/alerts").body;
        assert_eq!(listed.contains(BUREAU), sees, "{listed}");
        let pushed = snapshot(&server, &token);
        assert_eq!(pushed.contains(BUREAU), sees, "{pushed}");
        assert_eq!(pushed.contains("polygon"), sees, "{pushed}");
    }
}
