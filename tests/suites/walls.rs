//! Walls that are driven from a desk: who may, how soon the wall hears of it, what it says back, and
//! that none of it becomes the city's.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail like tests"
)]

use std::time::{Duration, Instant};

use egret_tests::browser::{Browser, Screen};
use egret_tests::server::{Server, Setup};
use egret_tests::wait;
use egret_tests::wall::Wall;
use serde_json::{Value, json};

const PASSWORD: &str = "Heron-On-The-Roof-5";
const OTHERS: &str = "Egret-On-The-Roof-5";

/// From the answer to whoever drives to the wall's own connection.
const PROMISED: Duration = Duration::from_secs(1);

fn grants(role: &str, areas: &Value, up_to: &str) -> Value {
    json!([{ "role": role, "areas": areas, "departments": "all", "up_to": up_to }])
}

fn all() -> Value {
    json!("all")
}

/// A server with an admin, and a wall that is signed in.
struct Hall {
    server: Server,
    admin: Browser,
    wall: Browser,
    id: String,
}

fn hall(grants: &Value) -> Hall {
    let server = Setup::tiny().guarded().start();
    let mut admin = Browser::first_admin(&server, PASSWORD);
    let mut wall = Wall::new(Browser::new(server.http));
    let row = wall.pair(&mut admin, "Hall", grants);
    let id = row["id"].as_str().unwrap().to_owned();
    assert_eq!(wall.sign_in(&id).status, 200);
    Hall {
        server,
        admin,
        wall: wall.browser,
        id,
    }
}

impl Hall {
    fn drive(&self, who: &mut Browser, order: &Value) -> (u16, Value) {
        let path = format!("/api/v1/walls/{}/drive", self.id);
        let answer = who.tell("POST", &path, order);
        (answer.status, answer.json())
    }

    /// The wall's own connection, following what it is told.
    fn follow(&self) -> Screen {
        let mut screen = self.wall.socket().unwrap();
        screen.subscribe(&self.channel());
        screen
    }

    fn channel(&self) -> String {
        format!("wall/{}", self.id)
    }
}

fn walls(who: &mut Browser) -> Vec<Value> {
    let list = who.get("/api/v1/walls").json();
    list["items"].as_array().unwrap().clone()
}

/// The wall's next state, however it is told.
fn state(screen: &mut Screen, fits: impl Fn(&Value) -> bool) -> Value {
    let of = |message: &Value| match message["type"].as_str() {
        Some("snapshot") => message["state"]["wall"].clone(),
        Some("delta") => message["changes"]["wall"].clone(),
        _ => Value::Null,
    };
    let found = screen.find(wait::PATIENCE, |message| {
        let state = of(message);
        !state.is_null() && fits(&state)
    });
    of(&found)
}

#[test]
fn a_wall_hears_within_a_second_what_it_is_told_and_says_what_it_shows() {
    let viewer = grants("viewer", &all(), "sensitive");
    let mut hall = hall(&viewer);
    let mut officer =
        hall.admin
            .make_person("duty", OTHERS, &grants("officer", &all(), "sensitive"));
    let mut screen = hall.follow();
    assert_eq!(
        state(&mut screen, |_| true),
        json!({ "drive": null, "shows": null })
    );
    screen.say(&json!({
        "type": "shows", "showing": { "scene": "overview", "way": "stays" },
    }));
    let shown = state(&mut screen, |state| !state["shows"].is_null());
    assert_eq!(shown["shows"]["scene"], "overview");
    let row = &walls(&mut officer)[0];
    assert_eq!(
        (&row["name"], &row["online"]),
        (&json!("Hall"), &json!(true))
    );
    assert_eq!(row["shows"]["way"], "stays");

    let (status, told) = hall.drive(&mut officer, &json!({ "hold": true }));
    let answered_at = Instant::now();
    assert_eq!((status, &told["drive"]["scene"]), (200, &json!("overview")));
    let driven = state(&mut screen, |state| !state["drive"].is_null());
    assert!(answered_at.elapsed() < PROMISED);
    assert_eq!(driven["drive"]["by"], "duty");
    assert_eq!(hall.drive(&mut officer, &json!("release")).0, 200);
    state(&mut screen, |state| state["drive"].is_null());

    let audit = hall.admin.get("/api/v1/audit?action=wall.drive").json();
    let lines: Vec<_> = audit["items"].as_array().unwrap().iter().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[1]["detail"], "Hall: hold");
    assert_eq!(lines[1]["target"], *hall.id);
    drop(screen);
    wait::until("the wall is away", || {
        let row = walls(&mut officer)[0].clone();
        wait::check(row["online"] == false && row["shows"].is_null(), row)
    });
}

#[test]
fn a_wall_that_reconnects_is_told_what_counts_now() {
    let mut hall = hall(&grants("viewer", &all(), "public"));
    let mut admin = hall.admin.clone();
    assert_eq!(
        hall.drive(&mut admin, &json!({ "scene": "overview" })).0,
        200
    );
    let mut screen = hall.follow();
    let told = state(&mut screen, |_| true);
    assert_eq!(told["drive"]["scene"], "overview");
    // Nothing that a desk tells a wall is an entry of the city's journal.
    assert!(hall.admin.get("/api/v1/alerts/log").json()["items"].is_array());
    let (status, problem) = hall.drive(&mut admin, &json!({ "scene": "nowhere" }));
    assert_eq!((status, &problem["code"]), (422, &json!("no_scene")));
}

#[test]
fn only_who_works_all_that_a_wall_shows_drives_it() {
    let mut hall = hall(&grants("viewer", &all(), "internal"));
    let order = json!({ "scene": "overview" });
    for (name, role, areas, up_to, expected) in [
        ("whole", "officer", all(), "sensitive", 200),
        ("equal", "dispatcher", all(), "internal", 200),
        ("looks", "viewer", all(), "sensitive", 403),
        ("lower", "officer", all(), "public", 404),
        (
            "part",
            "officer",
            json!({ "only": ["900001"] }),
            "sensitive",
            404,
        ),
    ] {
        let grants = grants(role, &areas, up_to);
        let mut person = hall.admin.make_person(name, OTHERS, &grants);
        let (status, told) = hall.drive(&mut person, &order);
        assert_eq!(status, expected, "{name}: {told}");
        assert_eq!(
            walls(&mut person).len(),
            usize::from(status == 200),
            "{name}"
        );
        let mut screen = person.socket().unwrap();
        screen.subscribe(&hall.channel());
        let about = screen.find(wait::PATIENCE, |message| {
            message["type"] == "error" || message["channel"] == *hall.channel()
        });
        let is_told = about["type"] == "snapshot";
        assert_eq!(is_told, status == 200, "{name}: {about}");
    }
    // A wall that is not theirs is as if there were none.
    let part = grants("officer", &json!({ "only": ["900001"] }), "sensitive");
    let mut person = hall.admin.make_person("other", OTHERS, &part);
    let foreign = hall.drive(&mut person, &order);
    let path = "/api/v1/walls/nobody/drive";
    let absent = person.tell("POST", path, &order);
    let told = absent.body.replace("nobody", &hall.id);
    assert_eq!(foreign.1, serde_json::from_str::<Value>(&told).unwrap());
}

#[test]
fn an_incident_is_put_up_only_where_it_may_be_seen() {
    let part = json!({ "only": ["900001"] });
    let mut hall = hall(&grants("viewer", &part, "sensitive"));
    let mut officer =
        hall.admin
            .make_person("duty", OTHERS, &grants("officer", &all(), "sensitive"));
    let mut report = |area: &str| {
        let body = json!({
            "id": area, "title": "water", "text": "", "level": "red", "area": area,
        });
        let answer = officer.tell("POST", "/api/v1/incidents", &body);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["incident"].as_str().unwrap().to_owned()
    };
    let (here, elsewhere) = (report("900001"), report("900002"));
    let (status, told) = hall.drive(&mut officer, &json!({ "spotlight": here }));
    assert_eq!((status, &told["drive"]["spotlight"]), (200, &json!(here)));
    let (status, problem) = hall.drive(&mut officer, &json!({ "spotlight": elsewhere }));
    assert_eq!(
        (status, &problem["code"]),
        (422, &json!("not_for_this_wall"))
    );
    let (status, _) = hall.drive(&mut officer, &json!({ "spotlight": "19990101-0001" }));
    assert_eq!(status, 404);
}

#[test]
fn a_wall_that_outgrew_a_budget_says_so_in_the_log_and_is_counted() {
    let mut hall = hall(&grants("viewer", &all(), "public"));
    let reload = json!({
        "type": "reloads", "cause": "memory", "held": 900_000_000_u64, "budget": 768_000_000_u64,
    });
    let mut screen = hall.follow();
    // It says it over and over, and is heard once.
    screen.say(&reload);
    screen.say(&reload);
    let mut metrics = || hall.admin.get("/metrics").body;
    wait::until("the reload is counted", || {
        let text = metrics();
        let line = "egret_wall_reloads_total{cause=\"memory\"} 1";
        wait::check(text.contains(line), text)
    });
    // The log comes through a pipe, which may be behind.
    let line = wait::until("the reload is in the log", || {
        let log = hall.server.log();
        let line = log.lines().find(|line| line.contains("has outgrown"));
        line.map(str::to_owned).ok_or(log)
    });
    assert!(line.contains("WARN") && line.contains("Hall"), "{line}");
    let mut person = hall.admin.socket().unwrap();
    person.say(&reload);
    let refused = person.find(wait::PATIENCE, |message| message["type"] == "error");
    assert_eq!(refused["code"], "not_a_wall");
}

#[test]
fn where_everything_is_open_a_page_names_itself_and_can_be_driven() {
    let server = Server::tiny();
    let mut browser = Browser::new(server.http);
    let mut page = browser.socket().unwrap();
    page.say(&json!({
        "type": "shows", "wall": "hall-1", "showing": { "scene": "overview", "way": "turns" },
    }));
    page.subscribe("wall/hall-1");
    state(&mut page, |state| state["shows"]["way"] == "turns");
    let rows = walls(&mut browser);
    assert_eq!(rows[0]["id"], "hall-1");
    let order = json!({ "scene": "overview" });
    let answer = browser.tell("POST", "/api/v1/walls/hall-1/drive", &order);
    assert_eq!(answer.status, 200, "{answer:?}");
    state(&mut page, |state| state["drive"]["scene"] == "overview");
    page.say(&json!({
        "type": "shows", "wall": "a b", "showing": { "scene": "overview", "way": "turns" },
    }));
    let refused = page.find(wait::PATIENCE, |message| message["type"] == "error");
    assert_eq!(refused["code"], "bad_message", "{refused}");
}
