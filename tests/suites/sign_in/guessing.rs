//! Who guesses learns nothing and waits; who does not guess notices nothing of it.

use egret_tests::browser::Browser;
use egret_tests::server::Server;
use egret_tests::wire::somewhere;
use serde_json::{Value, json};

use super::{OTHERS, PASSWORD, guarded, id_of, is_refused, viewer};

/// Wrong passwords of one account from one address that are looked at.
const ACCOUNT_TRIES: usize = 5;

/// Wrong passwords from one address, of whichever accounts.
const ADDRESS_TRIES: usize = 30;

/// In seconds, within which failures count.
const WINDOW_S: u64 = 15 * 60;

fn browser(server: &Server, n: u16) -> Browser {
    Browser::new(server.http).at(somewhere(n))
}

#[track_caller]
fn is_locked(browser: &mut Browser, name: &str, password: &str) {
    let answer = browser.sign_in(name, password);
    is_refused(&answer, 429, "locked");
    let after = answer.json()["retry_after_s"].as_u64().unwrap();
    assert!((1..=WINDOW_S).contains(&after), "{answer:?}");
    assert_eq!(
        answer.header("retry-after"),
        Some(&*after.to_string()),
        "{answer:?}"
    );
    assert!(answer.cookies().is_empty(), "{answer:?}");
}

/// How many passwords the server has hashed to compare them.
#[track_caller]
fn n_hashed(admin: &mut Browser) -> u64 {
    let text = admin.get("/metrics").body;
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix("egret_password_checks_total "));
    value.and_then(|value| value.parse().ok()).unwrap()
}

/// What a guess costs is the hash, thousands of times all else. So that it is made for everybody is
/// what keeps the times alike, and can be counted; times themselves are the machine's.
#[test]
fn who_guesses_names_learns_nothing_from_answers_and_each_costs_one_hash() {
    let (server, mut admin) = guarded();
    drop(admin.make_person("duty", OTHERS, &viewer(&json!("all"))));
    drop(admin.make_person("gone", OTHERS, &viewer(&json!("all"))));
    let gone = format!("/api/v1/admin/users/{}", id_of(&mut admin, "gone"));
    let answer = admin.tell("PATCH", &gone, &json!({ "disabled": true }));
    assert_eq!(answer.status, 200, "{answer:?}");
    // Signs in by single sign-on alone: has no password.
    let external = json!({ "name": "outside", "grants": [] });
    assert_eq!(
        admin.tell("POST", "/api/v1/admin/users", &external).status,
        200
    );
    let sorts = [
        ("wrong password", "duty", "Knot-Over-Mudflats-8".to_owned()),
        ("unknown name", "nobody", "Knot-Over-Mudflats-8".to_owned()),
        ("disabled, right password", "gone", OTHERS.to_owned()),
        ("no password", "outside", OTHERS.to_owned()),
        ("empty password", "duty", String::new()),
        ("endless password", "duty", "x".repeat(2_000)),
        ("name with NUL", "du\0ty", OTHERS.to_owned()),
    ];
    let mut bodies = Vec::new();
    for (n, (what, name, password)) in (100..).zip(&sorts) {
        let before = n_hashed(&mut admin);
        let answer = browser(&server, n).sign_in(name, password);
        is_refused(&answer, 401, "bad_credentials");
        assert_eq!(n_hashed(&mut admin) - before, 1, "{what}");
        bodies.push((what, answer.body));
    }
    let first = &bodies[0].1;
    assert!(
        bodies.iter().all(|(_, body)| body == first),
        "answers differ: {bodies:?}"
    );
}

#[test]
fn after_five_wrong_passwords_the_account_waits_there_and_nowhere_else() {
    let (server, mut admin) = guarded();
    drop(admin.make_person("duty", OTHERS, &viewer(&json!("all"))));
    let mut guesser = browser(&server, 1);
    for n in 0..ACCOUNT_TRIES {
        is_refused(
            &guesser.sign_in("duty", &format!("wrong-{n}")),
            401,
            "bad_credentials",
        );
    }
    is_locked(&mut guesser, "duty", "wrong");
    is_locked(&mut guesser, "duty", OTHERS);
    for written in ["DUTY", " duty ", "Duty"] {
        is_locked(&mut guesser, written, OTHERS);
    }
    // Another account from there, the account from elsewhere, and a name that is nobody's.
    assert_eq!(browser(&server, 1).sign_in("admin", PASSWORD).status, 200);
    assert_eq!(browser(&server, 2).sign_in("duty", OTHERS).status, 200);
    for n in 0..ACCOUNT_TRIES {
        is_refused(
            &guesser.sign_in("nobody", &format!("wrong-{n}")),
            401,
            "bad_credentials",
        );
    }
    is_locked(&mut guesser, "nobody", "wrong");
    // Headers of proxies that there are none of make nobody somebody else.
    for name in [
        "X-Forwarded-For",
        "Forwarded",
        "X-Real-IP",
        "CF-Connecting-IP",
    ] {
        let form = json!({ "name": "duty", "password": OTHERS }).to_string();
        let headers = [("Content-Type", "application/json"), (name, "203.0.113.9")];
        let answer = guesser.ask("POST", "/api/v1/sign-in", &headers, &form);
        is_refused(&answer, 429, "locked");
    }
}

#[test]
fn many_at_once_do_not_get_more_tries() {
    let (server, mut admin) = guarded();
    drop(admin.make_person("duty", OTHERS, &viewer(&json!("all"))));
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..40)
            .map(|n| {
                let mut guesser = browser(&server, 1);
                scope.spawn(move || guesser.sign_in("duty", &format!("wrong-{n}")).status)
            })
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let looked_at = statuses.iter().filter(|status| **status == 401).count();
    assert!(
        looked_at <= ACCOUNT_TRIES,
        "{looked_at} tries were looked at: {statuses:?}"
    );
    assert!(looked_at > 0, "{statuses:?}");
    let is_known = |status: &u16| [401, 429].contains(status);
    assert!(statuses.iter().all(is_known), "{statuses:?}");
}

#[test]
fn the_browser_that_somebody_uses_is_locked_by_its_own_failures_alone() {
    let (server, mut admin) = guarded();
    let mut duty = admin
        .make_person("duty", OTHERS, &viewer(&json!("all")))
        .at(somewhere(1));
    assert_eq!(duty.sign_in("duty", OTHERS).status, 200);
    assert_eq!(
        duty.tell("POST", "/api/v1/sign-out", &Value::Null).status,
        204
    );
    // Somebody at the same address guesses, until the account waits there.
    let mut guesser = browser(&server, 1);
    for n in 0..ACCOUNT_TRIES {
        guesser.sign_in("duty", &format!("wrong-{n}"));
    }
    is_locked(&mut guesser, "duty", OTHERS);
    assert_eq!(
        duty.sign_in("duty", OTHERS).status,
        200,
        "its own browser is not locked"
    );
    // What another account's browser carries, or what somebody makes up, does not help.
    assert_eq!(guesser.sign_in("admin", PASSWORD).status, 200);
    assert!(guesser.jar.contains_key("egret_known"));
    is_locked(&mut guesser.clone().without_session(), "duty", OTHERS);
    for forged in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        guesser
            .jar
            .insert("egret_known".to_owned(), forged.to_owned());
        is_locked(&mut guesser.clone().without_session(), "duty", OTHERS);
    }
    // A known browser guesses no more than others.
    let mut known = duty.clone().without_session();
    let looked_at = (0..100).take_while(|n| {
        let answer = known.sign_in("duty", &format!("wrong-{n}"));
        answer.status == 401
    });
    let looked_at = looked_at.count();
    println!("a known browser had {looked_at} tries");
    assert!((1..=10).contains(&looked_at), "{looked_at}");
    is_locked(&mut known, "duty", OTHERS);
}

#[test]
fn who_tries_one_password_at_many_names_waits_too() {
    let (server, mut admin) = guarded();
    let mut duty = admin
        .make_person("duty", OTHERS, &viewer(&json!("all")))
        .at(somewhere(1));
    let mut guesser = browser(&server, 1);
    for n in 0..ADDRESS_TRIES {
        is_refused(
            &guesser.sign_in(&format!("name-{n}"), "Spring-2026!"),
            401,
            "bad_credentials",
        );
    }
    is_locked(&mut guesser, "one-more", "Spring-2026!");
    is_locked(&mut guesser, "admin", PASSWORD);
    assert_eq!(
        browser(&server, 2).sign_in("admin", PASSWORD).status,
        200,
        "elsewhere"
    );
    assert_eq!(
        duty.sign_in("duty", OTHERS).status,
        200,
        "who is known there"
    );
    assert_eq!(
        duty.get("/api/v1/catalog").status,
        200,
        "who is signed in there"
    );
}

#[test]
fn who_has_somebodys_session_cannot_guess_the_password_with_it() {
    let (_server, mut admin) = guarded();
    let mut duty = admin.make_person("duty", OTHERS, &viewer(&json!("all")));
    let change = |old: String| json!({ "old": old, "new": "Dunlin-Drifts-On-14" });
    let looked_at = (0..100).take_while(|n| {
        let answer = duty.tell("POST", "/api/v1/me/password", &change(format!("wrong-{n}")));
        [401, 403].contains(&answer.status)
    });
    let looked_at = looked_at.count();
    println!("a session had {looked_at} tries");
    assert!((1..=10).contains(&looked_at), "{looked_at}");
    let answer = duty.tell("POST", "/api/v1/me/password", &change(OTHERS.to_owned()));
    is_refused(&answer, 429, "locked");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
}

#[test]
fn a_password_that_is_none_is_not_taken() {
    let (_server, mut admin) = guarded();
    let mut duty = admin.make_person("duty", OTHERS, &viewer(&json!("all")));
    let long = "x".repeat(2_000);
    let weak = ["", "short", "123456789", "duty", OTHERS, &long];
    for new in weak {
        let change = json!({ "old": OTHERS, "new": new });
        let answer = duty.tell("POST", "/api/v1/me/password", &change);
        is_refused(&answer, 400, "weak_password");
    }
    for password in ["", "short", &long] {
        let form = json!({ "name": "other", "password": password, "grants": [] });
        let answer = admin.tell("POST", "/api/v1/admin/users", &form);
        is_refused(&answer, 400, "weak_password");
    }
}

#[test]
fn a_wrong_old_password_is_no_end_of_the_session() {
    let (_server, mut admin) = guarded();
    let wrong = json!({ "old": "wrong", "new": "Dunlin-Drifts-On-14" });
    let answer = admin.tell("POST", "/api/v1/me/password", &wrong);
    is_refused(&answer, 403, "bad_credentials");
    assert_eq!(admin.get("/api/v1/catalog").status, 200);
}
