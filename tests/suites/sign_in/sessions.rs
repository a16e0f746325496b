//! How sessions begin, go on and end.

use std::time::Duration;

use egret_tests::browser::Browser;
use egret_tests::routes;
use egret_tests::server::{Server, Setup};
use serde_json::{Value, json};

use super::{A_SECOND, OTHERS, PASSWORD, change_file, guarded, id_of, is_refused, viewer};

const HOUR_MS: i64 = 3_600_000;

/// What somebody may do who has to change the password first.
const BEFORE_CHANGE: [&str; 3] = [
    "GET /api/v1/me",
    "POST /api/v1/me/password",
    "POST /api/v1/sign-out",
];

/// What anybody may ask for.
const FREE: [&str; 13] = [
    "POST /api/v1/first-start",
    "POST /api/v1/sign-in",
    "GET /api/v1/oidc/start",
    "GET /api/v1/oidc/callback",
    "POST /api/v1/pair",
    "GET /api/v1/pair/{id}",
    "GET /api/v1/pair/{id}/qr.svg",
    "POST /api/v1/device/challenge",
    "POST /api/v1/device/sign-in",
    "GET /healthz",
    "GET /mqtt",
    "GET /readyz",
    "GET /api/v1/me",
];

#[test]
fn whoever_is_nobody_gets_nothing_but_the_way_in() {
    let (server, admin) = guarded();
    let mut forged = Browser::new(server.http);
    forged
        .jar
        .insert("egret_session".to_owned(), "A".repeat(43));
    let mut cut = Browser::new(server.http);
    let secret = admin.session().unwrap();
    cut.jar
        .insert("egret_session".to_owned(), secret[..42].to_owned());
    let mut n_closed = 0;
    for browser in [&mut Browser::new(server.http), &mut forged, &mut cut] {
        for route in routes::all() {
            if FREE.contains(&&*route.name()) {
                continue;
            }
            let answer = browser.tell(route.method, &route.with("x"), &json!({}));
            is_refused(&answer, 401, "signed_out");
            assert_eq!(
                answer.header("www-authenticate"),
                Some("Bearer"),
                "{answer:?}"
            );
            n_closed += 1;
        }
        assert_eq!(browser.me()["state"], "anonymous");
        assert_eq!(browser.socket().err(), Some(401));
    }
    assert!(n_closed > 120, "{n_closed}");
}

#[test]
fn signing_out_ends_the_session_for_whoever_has_its_cookie() {
    let (_server, mut admin) = guarded();
    let mut thief = admin.clone();
    let mut screen = thief.socket().unwrap();
    assert_eq!(thief.get("/api/v1/catalog").status, 200);
    let answer = admin.tell("POST", "/api/v1/sign-out", &Value::Null);
    assert_eq!(answer.status, 204, "{answer:?}");
    assert_eq!(admin.session(), None, "the browser has forgotten it");
    is_refused(&thief.get("/api/v1/catalog"), 401, "signed_out");
    assert_eq!(thief.me()["state"], "anonymous");
    let (last, after) = screen.until_closed(A_SECOND);
    println!("the socket ended after {after:?}");
    assert_eq!(
        (&last["type"], &last["code"]),
        (&json!("error"), &json!("signed_out"))
    );
    assert_eq!(thief.socket().err(), Some(401));
}

#[test]
fn every_sign_in_has_a_secret_of_its_own() {
    let (server, admin) = guarded();
    let mut one = Browser::new(server.http);
    // A cookie that an attacker has put there beforehand is not the one that is used afterwards.
    one.jar
        .insert("egret_session".to_owned(), "attacker".to_owned());
    let form = json!({ "name": "admin", "password": PASSWORD }).to_string();
    let headers = [("Content-Type", "application/json")];
    let answer = one.ask("POST", "/api/v1/sign-in", &headers, &form);
    assert_eq!(answer.status, 200, "{answer:?}");
    let fresh = one.session().unwrap().to_owned();
    assert_ne!(fresh, "attacker");
    assert_ne!(Some(&*fresh), admin.session());
    let before = fresh.clone();
    assert_eq!(one.sign_in("admin", PASSWORD).status, 200);
    assert_ne!(one.session(), Some(&*before), "again a new one");
}

#[test]
fn changing_the_password_ends_the_other_sessions_and_not_ones_own() {
    let (server, mut admin) = guarded();
    let mut duty = admin.make_person("duty", OTHERS, &viewer(&json!("all")));
    let mut elsewhere = Browser::new(server.http);
    assert_eq!(elsewhere.sign_in("duty", OTHERS).status, 200);
    let mut screen = elsewhere.socket().unwrap();
    let next = "Dunlin-Drifts-On-14";
    let change = json!({ "old": OTHERS, "new": next });
    assert_eq!(
        duty.tell("POST", "/api/v1/me/password", &change).status,
        204
    );
    assert_eq!(elsewhere.get("/api/v1/catalog").status, 401);
    let (last, _) = screen.until_closed(A_SECOND);
    assert_eq!(last["code"], "signed_out", "{last}");
    assert_eq!(duty.get("/api/v1/catalog").status, 200);
    assert_eq!(admin.get("/api/v1/catalog").status, 200, "somebody else's");
    is_refused(&elsewhere.sign_in("duty", OTHERS), 401, "bad_credentials");
    assert_eq!(elsewhere.sign_in("duty", next).status, 200);
}

#[test]
fn one_session_can_be_ended_from_another_and_only_ones_own() {
    let (server, mut admin) = guarded();
    let mut duty = admin.make_person("duty", OTHERS, &viewer(&json!("all")));
    let mut elsewhere = Browser::new(server.http);
    assert_eq!(elsewhere.sign_in("duty", OTHERS).status, 200);
    let other = |browser: &mut Browser| {
        let rows = browser.get("/api/v1/me/sessions").json();
        let rows = rows["items"].as_array().unwrap().clone();
        assert!(
            rows.iter().filter(|row| row["current"] == true).count() == 1,
            "{rows:?}"
        );
        let row = rows.into_iter().find(|row| row["current"] == false);
        row.map(|row| row["id"].as_str().unwrap().to_owned())
    };
    let id = other(&mut duty).unwrap();
    let path = format!("/api/v1/me/sessions/{id}");
    is_refused(&admin.tell("DELETE", &path, &Value::Null), 404, "missing");
    assert_eq!(elsewhere.get("/api/v1/catalog").status, 200);
    assert_eq!(duty.tell("DELETE", &path, &Value::Null).status, 204);
    assert_eq!(elsewhere.get("/api/v1/catalog").status, 401);
    assert_eq!(other(&mut duty), None);
}

#[test]
fn a_session_outlives_a_restart_of_the_server() {
    let (server, mut admin) = guarded();
    let mut duty = admin.make_person("duty", OTHERS, &viewer(&json!("all")));
    let setup = server.stop();
    let server = setup.start();
    let moved = |browser: &Browser| {
        let mut moved = Browser::new(server.http);
        moved.jar = browser.jar.clone();
        moved
    };
    admin = moved(&admin);
    duty = moved(&duty);
    assert_eq!(admin.get("/api/v1/admin/users").status, 200);
    assert_eq!(duty.get("/api/v1/catalog").status, 200);
    assert!(duty.socket().is_ok());
    let killed = server.kill().start();
    let mut after = Browser::new(killed.http);
    after.jar = duty.jar;
    assert_eq!(
        after.get("/api/v1/catalog").status,
        200,
        "also if it was killed"
    );
}

/// The same server, started again after `sql` has changed what it knows, and the same browser.
#[track_caller]
fn after(server: Server, browser: &Browser, sql: &str) -> (Server, Browser) {
    let setup: Setup = server.stop();
    change_file(&setup, sql);
    let server = setup.start();
    let mut same = Browser::new(server.http);
    same.jar = browser.jar.clone();
    (server, same)
}

#[test]
fn a_secret_that_is_an_hour_old_is_replaced_while_it_is_used() {
    let (server, admin) = guarded();
    let old = admin.session().unwrap().to_owned();
    let sql = format!("UPDATE session SET secret_at = secret_at - {HOUR_MS}");
    let (server, mut admin) = after(server, &admin, &sql);
    let mut slow = admin.clone();
    let answer = admin.get("/api/v1/catalog");
    assert_eq!(answer.status, 200, "{answer:?}");
    let fresh = admin.session().unwrap().to_owned();
    assert_ne!(old, fresh);
    assert_eq!(
        answer
            .header("set-cookie")
            .map(|line| line.contains("HttpOnly")),
        Some(true)
    );
    // A request that was under way with the old one is answered, also after the new one was used.
    assert_eq!(admin.get("/api/v1/catalog").status, 200);
    assert_eq!(admin.session(), Some(&*fresh), "once an hour");
    assert_eq!(slow.get("/api/v1/catalog").status, 200);
    // A minute later it is not.
    let sql = "UPDATE session SET previous_until = previous_until - 61000 WHERE previous_until IS NOT NULL";
    let (_server, mut admin) = after(server, &admin, sql);
    let mut late = admin.clone();
    late.jar.insert("egret_session".to_owned(), old);
    assert_eq!(late.get("/api/v1/catalog").status, 401);
    assert_eq!(admin.get("/api/v1/catalog").status, 200);
}

#[test]
fn a_session_ends_after_a_week_however_much_it_is_used() {
    let (server, admin) = guarded();
    let soon = egret_tests::clock::ago(-4).0;
    let sql = format!("UPDATE session SET ends_at = {soon}");
    let (server, mut admin) = after(server, &admin, &sql);
    assert_eq!(
        admin.get("/api/v1/catalog").status,
        200,
        "it has some seconds left"
    );
    let mut screen = admin.socket().unwrap();
    let (last, after) = screen.until_closed(Duration::from_secs(8));
    println!("the socket ended after {after:?}");
    assert_eq!(last["code"], "signed_out", "{last}");
    is_refused(&admin.get("/api/v1/catalog"), 401, "signed_out");
    drop(server);
}

#[test]
fn a_session_that_nobody_uses_for_half_a_day_ends() {
    let (server, admin) = guarded();
    let sql = format!(
        "UPDATE session SET seen_at = seen_at - {}",
        12 * HOUR_MS + 1_000
    );
    let (_server, mut admin) = after(server, &admin, &sql);
    is_refused(&admin.get("/api/v1/catalog"), 401, "signed_out");
    assert_eq!(admin.sign_in("admin", PASSWORD).status, 200);
}

#[test]
fn whoever_has_to_change_the_password_can_do_nothing_else() {
    let (server, mut admin) = guarded();
    server.command(
        &["user", "add", "duty", "--grant", "admin"],
        &format!("{OTHERS}\n"),
    );
    // Not by trying to sign in: a fast machine would be locked out before the server knows.
    egret_tests::wait::until("the account is there", || {
        let users = admin.get("/api/v1/admin/users").body;
        egret_tests::wait::check(users.contains("\"name\":\"duty\""), users)
    });
    let mut duty = Browser::new(server.http);
    assert_eq!(duty.sign_in("duty", OTHERS).status, 200);
    assert_eq!(duty.me()["who"]["must_change_password"], true);
    let mut n_closed = 0;
    for route in routes::all() {
        let name = route.name();
        if BEFORE_CHANGE.contains(&&*name) || FREE.contains(&&*name) {
            continue;
        }
        let answer = duty.tell(route.method, &route.with("x"), &json!({}));
        is_refused(&answer, 403, "change_password");
        n_closed += 1;
    }
    assert!(n_closed > 40, "{n_closed}");
    assert_eq!(duty.socket().err(), Some(403));
    let change = |old: &str, new: &str| json!({ "old": old, "new": new });
    is_refused(
        &duty.tell("POST", "/api/v1/me/password", &change(OTHERS, OTHERS)),
        400,
        "weak_password",
    );
    let answer = duty.tell("POST", "/api/v1/me/password", &change(OTHERS, PASSWORD));
    assert_eq!(answer.status, 204, "{answer:?}");
    assert_eq!(duty.get("/api/v1/admin/users").status, 200);
    assert!(duty.socket().is_ok());
    // A password that an admin has given is to be changed again, and ends what was open.
    let path = format!("/api/v1/admin/users/{}", id_of(&mut admin, "duty"));
    let answer = admin.tell("PATCH", &path, &json!({ "password": OTHERS }));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(duty.get("/api/v1/catalog").status, 401);
    assert_eq!(duty.sign_in("duty", OTHERS).status, 200);
    is_refused(&duty.get("/api/v1/catalog"), 403, "change_password");
}
