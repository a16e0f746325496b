//! A grant that is changed or taken away counts at once, also on what is open.

use std::time::{Duration, Instant};

use egret_tests::browser::{Browser, Said, Screen};
use egret_tests::matrix::beyond::is_of_own_case;
use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::findings::Findings;
use egret_tests::matrix::label::{Class, Label, Place};
use egret_tests::matrix::reader::{Grant, Reader};
use egret_tests::matrix::stage::{Holder, Stage};
use egret_tests::packets;
use serde_json::{Value, json};

use crate::mqtt::connected;

/// Within this what has been taken away is gone.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Until an ordinary message has come.
const PATIENCE: Duration = Duration::from_secs(10);

/// For so long nothing of what was taken away may come again.
const AFTERWARDS: Duration = Duration::from_millis(1_500);

const PASSWORD: &str = "Grey-Heron-By-Night-9";

fn west() -> Grant {
    Grant::of("viewer", &[Place::W], &["water"], Class::Internal)
}

fn east() -> Grant {
    Grant::of("viewer", &[Place::E], &["police"], Class::Public)
}

/// Channels that show rows of the west and of the east.
fn channels() -> Vec<String> {
    let asset = |label: Label| {
        let feed = Label::of(label.departments[0], label.class).marker("fix");
        format!("asset/{feed}/{}", label.marker("fix"))
    };
    vec![
        "city".to_owned(),
        "tile/0/0/0".to_owned(),
        asset(Label::of("water", Class::Internal).at(Place::W1)),
        asset(Label::of("police", Class::Public).at(Place::E1)),
        format!(
            "metric/{}",
            Label::of("water", Class::Internal).marker("max")
        ),
        format!(
            "metric/{}",
            Label::of("police", Class::Public).marker("max")
        ),
    ]
}

fn subscribe(screen: &mut Screen) {
    screen.say(&json!({ "type": "subscribe", "channels": channels() }));
}

/// Hears on until the channel has a snapshot that `fits`.
#[track_caller]
fn until_held(screen: &mut Screen, channel: &str, fits: impl Fn(&Value) -> bool) {
    screen.find(PATIENCE, |message| {
        message["type"] == "snapshot" && message["channel"] == channel && fits(&message["state"])
    });
}

/// Whether a city's snapshot has metrics.
fn has_rows(state: &Value) -> bool {
    let metrics = &state["city"]["metrics"];
    metrics.as_array().is_some_and(|rows| !rows.is_empty())
}

/// Measures how long it takes from now until the page is told to begin anew, and searches all that
/// comes from then on with the new grants. Deltas of before may still come until then.
#[track_caller]
fn begins_anew(stage: &Stage, screen: &mut Screen, what: &str, grants: &[Grant]) {
    let began = Instant::now();
    screen.find(AT_ONCE, |message| message["type"] == "welcome");
    let took = began.elapsed();
    println!("{what}: the page begins anew after {took:?}");
    let findings = Findings::default();
    let holder = Holder {
        id: String::new(),
        secret: String::new(),
        lasting: String::new(),
        lasting_id: String::new(),
        reader: Reader::new(grants),
        api: stage.server.api(),
    };
    let cell = Cell {
        stage,
        holder: &holder,
        way: "WebSocket after a change",
        findings: &findings,
        // Who supports what the water department finds is told of it.
        allowed: is_of_own_case,
    };
    let asked = channels().join(" ");
    let deadline = Instant::now() + AFTERWARDS;
    let mut n_snapshots = 0;
    while Instant::now() < deadline {
        match screen.hear(Duration::from_millis(50)) {
            Said::Message(message) => {
                cell.search(&asked, &message.to_string());
                n_snapshots += usize::from(message["type"] == "snapshot");
            }
            Said::Closed => panic!("{what}: the page was closed"),
            Said::Nothing => {}
        }
    }
    assert!(
        n_snapshots >= channels().len(),
        "{what}: {n_snapshots} snapshots"
    );
    findings.conclude();
}

/// Somebody who signs in with a password, made by the command line.
#[track_caller]
fn person(stage: &Stage, name: &str, grant: &Grant) -> Browser {
    let first = format!("{PASSWORD}-first");
    let arguments = ["user", "add", name, "--grant", &grant.to_string()];
    stage.server.command(&arguments, &format!("{first}\n"));
    // Not by trying to sign in: a fast machine would be locked out before the server knows.
    egret_tests::wait::until("the account is known", || {
        let users = stage.admin.get("/api/v1/admin/users").body;
        egret_tests::wait::check(users.contains(&format!("\"name\":\"{name}\"")), users)
    });
    let mut browser = Browser::new(stage.server.http);
    let answer = browser.sign_in(name, &first);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let change = json!({ "old": first, "new": PASSWORD });
    let answer = browser.tell("POST", "/api/v1/me/password", &change);
    assert_eq!(answer.status, 204, "{}", answer.body);
    browser
}

/// The id of the person with this name.
#[track_caller]
fn id_of(stage: &Stage, name: &str) -> String {
    let users = stage.admin.get("/api/v1/admin/users").json();
    let users = users["items"].as_array().expect("a list").clone();
    let user = users.into_iter().find(|user| user["name"] == name);
    let user = user.expect("the person is listed");
    user["id"].as_str().expect("an id").to_owned()
}

#[test]
fn rows_vanish_from_an_open_page_within_a_second_after_a_grant_has_changed() {
    let stage = Stage::filled();
    let page = person(&stage, "anna", &west());
    let mut screen = page.socket().expect("a page may open a socket");
    subscribe(&mut screen);
    until_held(&mut screen, "city", has_rows);
    let city = |state: &Value| has_rows(state) && state.to_string().contains("mk_police_pub_max");

    stage
        .server
        .command(&["user", "grant", "anna", &east().to_string()], "");
    begins_anew(&stage, &mut screen, "by the command line", &[east()]);
    screen.say(&json!({ "type": "resync", "channels": ["city"] }));
    until_held(&mut screen, "city", city);

    let id = id_of(&stage, "anna");
    let change = |grants: &[Grant]| {
        let change = json!({ "grants": Reader::new(grants).json() }).to_string();
        let json = [("content-type", "application/json")];
        let path = format!("/api/v1/admin/users/{id}");
        let answer = stage.admin.ask("PATCH", &path, &json, &change);
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    change(&[west()]);
    begins_anew(&stage, &mut screen, "by an admin", &[west()]);
    let lower = Grant {
        class: Class::Public,
        ..west()
    };
    change(std::slice::from_ref(&lower));
    begins_anew(&stage, &mut screen, "one class less", &[lower]);
    change(&[]);
    begins_anew(&stage, &mut screen, "nothing any more", &[]);
}

/// Hears on until the connection is over; fails unless it is within a second, with these words.
#[track_caller]
fn is_shown_out(screen: &mut Screen, what: &str) {
    let (last, took) = screen.until_closed(AT_ONCE);
    println!("{what}: signed out after {took:?}");
    assert_eq!(
        (&last["type"], &last["code"]),
        (&json!("error"), &json!("signed_out")),
        "{what}: the last thing said"
    );
}

#[track_caller]
fn open(stage: &Stage, holder: &Holder) -> Screen {
    let authorization = format!("Bearer {}", holder.secret);
    let headers = [("Authorization", authorization.as_str())];
    let screen = Screen::open(stage.server.http, None, &headers);
    let mut screen = screen.expect("a token may open a socket");
    subscribe(&mut screen);
    until_held(&mut screen, "city", has_rows);
    screen
}

#[test]
fn who_is_signed_out_hears_it_and_nothing_more() {
    let stage = Stage::filled();
    let holder = stage.holder(&[west()]);
    let mut screen = open(&stage, &holder);
    let mut packets = connected(&stage, &holder.secret, "wall");
    packets.say(packets::subscribe(1, &["#"]));
    stage.server.command(&["token", "remove", &holder.id], "");
    is_shown_out(&mut screen, "a token removed by the command line");
    let began = Instant::now();
    assert!(packets.is_closed(AT_ONCE), "its MQTT connection is open");
    println!("its MQTT connection ended {:?} later", began.elapsed());

    let holder = stage.holder(&[west()]);
    let mut screen = open(&stage, &holder);
    let mut packets = connected(&stage, &holder.secret, "wall");
    let path = format!("/api/v1/admin/tokens/{}", holder.id);
    let answer = stage.admin.ask("DELETE", &path, &[], "");
    assert_eq!(answer.status, 204, "{}", answer.body);
    is_shown_out(&mut screen, "a token removed by an admin");
    assert!(packets.is_closed(AT_ONCE), "its MQTT connection is open");

    for (name, what, method, tail, body) in [
        ("anna", "signed out by an admin", "POST", "/sign-out", "{}"),
        ("bela", "disabled", "PATCH", "", "{\"disabled\":true}"),
        ("cora", "removed", "DELETE", "", ""),
    ] {
        let page = person(&stage, name, &west());
        let mut screen = page.socket().expect("a page may open a socket");
        subscribe(&mut screen);
        until_held(&mut screen, "city", has_rows);
        let path = format!("/api/v1/admin/users/{}{tail}", id_of(&stage, name));
        let json = [("content-type", "application/json")];
        let answer = stage.admin.ask(method, &path, &json, body);
        assert_eq!(answer.status / 100, 2, "{what}: {}", answer.body);
        is_shown_out(&mut screen, what);
    }
}

/// What a page holds of the asset on its channel, as it changes.
#[track_caller]
fn asset_is(screen: &mut Screen, channel: &str, is_there: bool) {
    screen.find(PATIENCE, |message| {
        let told = match message["type"].as_str() {
            Some("snapshot") => &message["state"],
            Some("delta") => &message["changes"],
            _ => return false,
        };
        message["channel"] == channel && told["asset"].is_null() != is_there
    });
}

#[test]
fn a_vehicle_that_leaves_their_area_is_gone_for_them_and_there_for_others() {
    let stage = Stage::filled();
    let label = Label::of("police", Class::Public);
    let (feed, car) = (
        label.marker("mov"),
        format!("{}_Wandering", label.marker("mov")),
    );
    let channel = format!("asset/{feed}/{car}");
    let sees = |place| Grant::of("viewer", &[place], &["police"], Class::Public);
    let holders = [Place::W, Place::E].map(|place| stage.holder(&[sees(place)]));
    let mut screens = holders.each_ref().map(|holder| {
        let mut screen = open(&stage, holder);
        screen.say(&json!({ "type": "subscribe", "channels": [channel] }));
        asset_is(&mut screen, &channel, false);
        screen
    });
    let [western, eastern] = &mut screens;
    let drive = |place: Place| {
        let event = json!({
            "feed": feed, "asset": car, "at": egret_tests::clock::now(),
            "position": place.position(), "values": { "pace": { "v": 30.0, "u": "km/h" } },
        });
        stage.admin.send(&json!([event]));
    };
    let path = format!("/api/v1/assets/{feed}/{car}");
    drive(Place::W1);
    asset_is(western, &channel, true);
    let seen = |of: usize| holders[of].api.get(&path).status;
    assert_eq!((seen(0), seen(1)), (200, 404));
    drive(Place::E1);
    asset_is(western, &channel, false);
    asset_is(eastern, &channel, true);
    assert_eq!((seen(0), seen(1)), (404, 200));
    drive(Place::C);
    asset_is(eastern, &channel, false);
    assert_eq!((seen(0), seen(1)), (404, 404));
}
