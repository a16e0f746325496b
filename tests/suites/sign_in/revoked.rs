//! What is taken away is gone at once: grants, tokens, accounts, credentials, on open connections too.

use std::time::{Duration, Instant};

use egret_tests::browser::{Browser, Screen};
use egret_tests::packets::{Connect, Packets, subscribe};
use egret_tests::server::{Server, egret};
use egret_tests::wall::Wall;
use egret_tests::{clock, message, wait};
use serde_json::{Value, json};

use super::{A_SECOND, OTHERS, PASSWORD, administer, guarded, id_of, is_refused, viewer};

/// The tile that holds the whole world.
const WORLD: &str = "tile/0/0/0";

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// One manhole in the west and one in the east.
#[track_caller]
fn fill(admin: &mut Browser) {
    for (asset, place) in [("M-WEST", message::WEST_1), ("M-EAST", message::EAST)] {
        let level = message::level(clock::now(), 0.5);
        let reading = message::merged(&level, &json!({ "position": place }));
        let event = message::of("manhole", asset, &reading);
        let answer = admin.tell("POST", "/api/v1/events", &event);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

/// The assets of the next snapshot of the world's tile.
#[track_caller]
fn snapshot(screen: &mut Screen, patience: Duration) -> Vec<String> {
    let said = screen.find(patience, |said| {
        said["type"] == "snapshot" && said["channel"] == WORLD
    });
    let assets = said["state"]["tile"]["assets"].as_array().unwrap();
    let mut ids: Vec<_> = assets.iter().map(ToString::to_string).collect();
    ids.sort();
    ids
}

#[track_caller]
fn shows(assets: &[String], names: &[&str]) {
    for name in ["M-WEST", "M-EAST"] {
        let is_there = assets.iter().any(|asset| asset.contains(name));
        assert_eq!(is_there, names.contains(&name), "{name} in {assets:?}");
    }
}

/// A screen that shows both manholes.
#[track_caller]
fn full_screen(browser: &Browser) -> Screen {
    let mut screen = browser.socket().unwrap();
    screen.subscribe(WORLD);
    shows(
        &snapshot(&mut screen, wait::PATIENCE),
        &["M-WEST", "M-EAST"],
    );
    screen
}

#[test]
fn a_grant_changed_by_the_command_line_cuts_open_screens_within_a_second() {
    let (server, mut admin) = guarded();
    fill(&mut admin);
    let mut duty = admin.make_person("duty", OTHERS, &viewer(&json!("all")));
    let mut screen = full_screen(&duty);
    server.command(&["user", "grant", "duty", "viewer:900001"], "");
    let began = Instant::now();
    screen.find(A_SECOND, |said| said["type"] == "welcome");
    shows(&snapshot(&mut screen, A_SECOND), &["M-WEST"]);
    println!("cut {:?} after the command had ended", began.elapsed());
    assert!(began.elapsed() < A_SECOND, "{:?}", began.elapsed());
    assert_eq!(duty.get("/api/v1/assets/manhole/M-EAST").status, 404);
    assert_eq!(duty.get("/api/v1/assets/manhole/M-WEST").status, 200);
}

#[test]
fn a_grant_changed_by_an_admin_cuts_and_widens_open_screens_at_once() {
    let (_server, mut admin) = guarded();
    fill(&mut admin);
    let mut duty = admin.make_person("duty", OTHERS, &viewer(&json!("all")));
    let path = format!("/api/v1/admin/users/{}", id_of(&mut admin, "duty"));
    let mut screen = full_screen(&duty);
    for (areas, names) in [
        (json!({ "only": ["900001"] }), vec!["M-WEST"]),
        (json!({ "only": ["900002"] }), vec!["M-EAST"]),
        (json!("all"), vec!["M-WEST", "M-EAST"]),
    ] {
        let began = Instant::now();
        let answer = admin.tell("PATCH", &path, &json!({ "grants": viewer(&areas) }));
        assert_eq!(answer.status, 200, "{answer:?}");
        screen.find(A_SECOND, |said| said["type"] == "welcome");
        shows(&snapshot(&mut screen, A_SECOND), &names);
        println!("{areas}: {:?}", began.elapsed());
    }
    let answer = admin.tell("PATCH", &path, &json!({ "grants": [] }));
    assert_eq!(answer.status, 200, "{answer:?}");
    screen.find(A_SECOND, |said| said["type"] == "welcome");
    assert_eq!(duty.get("/api/v1/assets/manhole/M-WEST").status, 404);
}

#[test]
fn a_disabled_account_is_out_at_once_and_comes_back_by_its_password() {
    let (server, mut admin) = guarded();
    let mut duty = admin.make_person("duty", OTHERS, &viewer(&json!("all")));
    let path = format!("/api/v1/admin/users/{}", id_of(&mut admin, "duty"));
    let mut screen = duty.socket().unwrap();
    assert_eq!(
        admin
            .tell("PATCH", &path, &json!({ "disabled": true }))
            .status,
        200
    );
    assert_eq!(duty.get("/api/v1/catalog").status, 401);
    let (last, after) = screen.until_closed(A_SECOND);
    println!("the socket ended after {after:?}");
    assert_eq!(last["code"], "signed_out", "{last}");
    is_refused(
        &Browser::new(server.http).sign_in("duty", OTHERS),
        401,
        "bad_credentials",
    );
    assert_eq!(
        admin
            .tell("PATCH", &path, &json!({ "disabled": false }))
            .status,
        200
    );
    let mut again = Browser::new(server.http);
    assert_eq!(again.sign_in("duty", OTHERS).status, 200);
    // Signed out by an admin, and removed.
    assert_eq!(
        admin
            .tell("POST", &format!("{path}/sign-out"), &Value::Null)
            .status,
        204
    );
    assert_eq!(again.get("/api/v1/catalog").status, 401);
    assert_eq!(again.sign_in("duty", OTHERS).status, 200);
    let mut screen = again.socket().unwrap();
    assert_eq!(admin.tell("DELETE", &path, &Value::Null).status, 204);
    assert_eq!(again.get("/api/v1/catalog").status, 401);
    let (last, _) = screen.until_closed(A_SECOND);
    assert_eq!(last["code"], "signed_out", "{last}");
    is_refused(&again.sign_in("duty", OTHERS), 401, "bad_credentials");
}

/// A token's API, WebSocket and MQTT connection.
struct Program {
    api: egret_tests::http::Http,
    screen: Screen,
    packets: Packets,
}

#[track_caller]
fn program(server: &Server, secret: &str) -> Program {
    let bearer = format!("Bearer {secret}");
    let screen = Screen::open(server.http, None, &[("Authorization", &bearer)]).unwrap();
    let connect = Connect::by("program", "token", secret);
    let (mut packets, code) = Packets::connect(server.mqtt, None, &connect);
    assert_eq!(code, Some(0));
    packets.say(subscribe(1, &["egret/v1/out/#"]));
    let suback = packets.hear(wait::PATIENCE).unwrap();
    assert_eq!(suback[0], 0x90, "{suback:?}");
    let api = server.api().with_token(secret);
    assert_eq!(api.get("/api/v1/catalog").status, 200);
    Program {
        api,
        screen,
        packets,
    }
}

/// Fails unless all three end within `patience`.
#[track_caller]
fn ends(mut program: Program, patience: Duration) {
    let began = Instant::now();
    let (last, _) = program.screen.until_closed(patience);
    assert_eq!(last["code"], "signed_out", "{last}");
    let socket = began.elapsed();
    let left = patience.saturating_sub(began.elapsed());
    assert!(program.packets.is_closed(left), "MQTT goes on");
    println!(
        "WebSocket after {socket:?}, MQTT after {:?}",
        began.elapsed()
    );
    assert_eq!(program.api.get("/api/v1/catalog").status, 401);
}

#[test]
fn a_removed_token_is_out_at_once() {
    let (server, mut admin) = guarded();
    for by_command in [true, false] {
        let secret = server.token("program", &["viewer", "steward"]);
        let program = program(&server, &secret);
        let rows = admin.get("/api/v1/admin/tokens").json();
        let id = text(&rows["items"][0]["id"]);
        if by_command {
            server.command(&["token", "remove", &id], "");
        } else {
            let path = format!("/api/v1/admin/tokens/{id}");
            assert_eq!(admin.tell("DELETE", &path, &Value::Null).status, 204);
        }
        ends(program, A_SECOND);
        let (_, code) = Packets::connect(server.mqtt, None, &Connect::by("c", "token", &secret));
        assert_ne!(code, Some(0));
    }
}

#[test]
fn a_token_ends_when_it_was_to_end() {
    let (server, _) = guarded();
    let arguments = [
        "token", "add", "program", "--grant", "viewer", "--for", "4s",
    ];
    let told: Value = serde_json::from_str(&server.command(&arguments, "")).unwrap();
    let secret = text(&told["secret"]);
    let api = server.api().with_token(&secret);
    wait::until("the server knows the token", || {
        let answer = api.get("/api/v1/catalog");
        wait::check(answer.status == 200, answer)
    });
    let program = program(&server, &secret);
    ends(program, Duration::from_secs(6));
}

#[test]
fn a_token_is_nobody_who_could_sign_out_or_change_a_password() {
    let (server, mut admin) = guarded();
    let secret = server.token("program", &["admin"]);
    let api = server.api().with_token(&secret);
    let change = json!({ "old": PASSWORD, "new": OTHERS }).to_string();
    for (method, path, body) in [
        ("POST", "/api/v1/sign-out", ""),
        ("POST", "/api/v1/me/password", &*change),
        ("GET", "/api/v1/me/sessions", ""),
    ] {
        let answer = api.ask(method, path, &[("Content-Type", "application/json")], body);
        let is_nothing = answer.status == 200 && answer.json()["items"] == json!([]);
        assert!(
            is_nothing || (400..500).contains(&answer.status),
            "{path}: {answer:?}"
        );
    }
    assert_eq!(admin.get("/api/v1/catalog").status, 200);
}

#[test]
fn a_gateway_whose_credential_is_changed_disabled_or_removed_is_out_at_once() {
    let (server, mut admin) = guarded();
    let form = json!({ "id": "gw-1", "feeds": ["manhole"] });
    let answer = admin.tell("POST", "/api/v1/admin/gateways", &form);
    let mut secret = text(&answer.json()["secret"]);
    let path = "/api/v1/admin/gateways/gw-1";
    let reading = json!({ "values": { "water_level": 1.0 } }).to_string();
    let publishes = |secret: &str| {
        let (mut packets, code) =
            Packets::connect(server.mqtt, None, &Connect::by("c", "gw-1", secret));
        assert_eq!(code, Some(0));
        assert!(
            packets
                .publish("egret/v1/manhole/M-1", 1, reading.as_bytes())
                .is_some()
        );
        packets
    };
    let is_out = |mut packets: Packets, what: &str| {
        let began = Instant::now();
        assert!(packets.is_closed(A_SECOND), "{what}");
        println!("{what}: {:?}", began.elapsed());
    };
    let open = publishes(&secret);
    let answer = admin.tell("POST", &format!("{path}/secret"), &Value::Null);
    is_out(open, "a new secret");
    let (_, code) = Packets::connect(server.mqtt, None, &Connect::by("c", "gw-1", &secret));
    assert_ne!(code, Some(0), "the old secret");
    secret = text(&answer.json()["secret"]);
    let open = publishes(&secret);
    assert_eq!(
        admin
            .tell("PATCH", path, &json!({ "disabled": true }))
            .status,
        200
    );
    is_out(open, "disabled");
    assert_eq!(
        admin
            .tell("PATCH", path, &json!({ "disabled": false }))
            .status,
        200
    );
    let open = publishes(&secret);
    server.command(&["gateway", "remove", "gw-1"], "");
    is_out(open, "removed by the command line");
}

#[test]
fn a_revoked_wall_is_out_at_once_and_cannot_come_back() {
    let (server, mut admin) = guarded();
    let mut wall = Wall::new(Browser::new(server.http));
    let row = wall.pair(&mut admin, "hall", &viewer(&json!("all")));
    let id = text(&row["id"]);
    let answer = wall.sign_in(&id);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(wall.browser.me()["who"]["kind"], "device");
    let mut screen = wall.browser.socket().unwrap();
    let form = wall.form(&id);
    let path = format!("/api/v1/admin/devices/{id}");
    assert_eq!(admin.tell("DELETE", &path, &Value::Null).status, 204);
    let (last, after) = screen.until_closed(A_SECOND);
    println!("the wall's socket ended after {after:?}");
    assert_eq!(last["code"], "signed_out", "{last}");
    assert_eq!(wall.browser.get("/api/v1/catalog").status, 401);
    let answer = wall.browser.tell("POST", "/api/v1/device/sign-in", &form);
    assert_eq!(answer.status, 404, "{answer:?}");
    let answer = wall
        .browser
        .tell("POST", "/api/v1/device/challenge", &json!({ "device": id }));
    assert_eq!(answer.status, 404, "{answer:?}");
}

#[test]
fn what_a_wall_signed_is_good_once_and_for_it_alone() {
    let (server, mut admin) = guarded();
    let mut walls = [(); 2].map(|()| Wall::new(Browser::new(server.http)));
    let ids: Vec<_> = walls
        .iter_mut()
        .map(|wall| text(&wall.pair(&mut admin, "hall", &viewer(&json!("all")))["id"]))
        .collect();
    let sign_in =
        |form: &Value| Browser::new(server.http).tell("POST", "/api/v1/device/sign-in", form);
    let form = walls[0].form(&ids[0]);
    let of_other = message::merged(&form, &json!({ "device": ids[1] }));
    is_refused(&sign_in(&of_other), 401, "bad_signature");
    let unsigned = message::merged(&form, &json!({ "signature": "A".repeat(86) }));
    is_refused(&sign_in(&unsigned), 401, "bad_signature");
    let form = walls[0].form(&ids[0]);
    assert_eq!(sign_in(&form).status, 200);
    is_refused(&sign_in(&form), 401, "bad_signature");
    let foreign = walls[1].form(&ids[0]);
    is_refused(&sign_in(&foreign), 401, "bad_signature");
}

#[test]
fn the_last_admin_stays() {
    let (server, mut admin) = guarded();
    let path = format!("/api/v1/admin/users/{}", id_of(&mut admin, "admin"));
    let ways = [
        ("DELETE", Value::Null),
        ("PATCH", json!({ "grants": [] })),
        ("PATCH", json!({ "grants": viewer(&json!("all")) })),
        ("PATCH", json!({ "disabled": true })),
    ];
    for (method, body) in &ways {
        is_refused(&admin.tell(method, &path, body), 409, "last_admin");
    }
    let data = server.data().to_str().unwrap();
    for arguments in [
        vec!["user", "remove", "admin", "--data", data],
        vec!["user", "grant", "admin", "viewer", "--data", data],
    ] {
        let output = egret(&arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(said.contains("last admin"), "{said}");
    }
    assert_eq!(admin.get("/api/v1/admin/users").status, 200);
    // One who may not sign in is no other admin.
    let mut second = admin.make_person("second", OTHERS, &administer());
    let other = format!("/api/v1/admin/users/{}", id_of(&mut admin, "second"));
    assert_eq!(
        admin
            .tell("PATCH", &other, &json!({ "disabled": true }))
            .status,
        200
    );
    is_refused(
        &admin.tell("DELETE", &path, &Value::Null),
        409,
        "last_admin",
    );
    assert_eq!(
        admin
            .tell("PATCH", &other, &json!({ "disabled": false }))
            .status,
        200
    );
    assert_eq!(second.sign_in("second", OTHERS).status, 200);
    assert_eq!(second.tell("DELETE", &path, &Value::Null).status, 204);
    assert_eq!(admin.get("/api/v1/admin/users").status, 401);
}

#[test]
fn two_admins_who_remove_each_other_at_once_leave_one() {
    let (_server, mut admin) = guarded();
    let second = admin.make_person("second", OTHERS, &administer());
    let paths =
        ["admin", "second"].map(|name| format!("/api/v1/admin/users/{}", id_of(&mut admin, name)));
    let [of_admin, of_second] = paths;
    let statuses = std::thread::scope(|scope| {
        let pairs = [(admin.clone(), of_second), (second.clone(), of_admin)];
        let removals = pairs.map(|(mut by, path)| {
            scope.spawn(move || by.tell("DELETE", &path, &Value::Null).status)
        });
        removals.map(|removal| removal.join().unwrap())
    });
    let statuses_after = [admin, second].map(|mut one| one.get("/api/v1/admin/users").status);
    let n_left = statuses_after
        .iter()
        .filter(|status| **status == 200)
        .count();
    assert_eq!(n_left, 1, "{statuses:?}");
}
