//! Sessions: how long they last, their secrets, and who ends them.

use egret_people::Refused;
use egret_shared::people::UserChange;

use crate::world::{
    DAY, HOUR, MINUTE, PASSWORD, SECOND, START, World, admin, at, visit, visit_from,
};

#[test]
fn a_session_ends_after_12_hours_without_use_and_after_7_days_in_any_case() {
    let (world, _) = World::with_admin();
    let opened = world.sign_in("lin", START);
    assert_eq!(opened.ends_at, at(7 * DAY));
    let mut secret = opened.secret.clone();
    let mut now = START;
    while now.since(START).ms() < 7 * DAY - 11 * HOUR {
        now = at(now.since(START).ms() + 11 * HOUR);
        let found = world
            .people
            .by_session(secret.as_str(), &visit(), now)
            .unwrap();
        secret = found.rotated.unwrap();
    }
    assert!(
        world
            .people
            .still(&opened.principal, at(7 * DAY - 1))
            .is_some()
    );
    assert!(
        world
            .people
            .by_session(secret.as_str(), &visit(), at(7 * DAY))
            .is_none()
    );
    assert_eq!(world.people.still(&opened.principal, at(7 * DAY)), None);

    let idle = world.sign_in("lin", START);
    let seen = |ms| world.people.still(&idle.principal, at(ms)).is_some();
    assert!(seen(12 * HOUR - 1));
    assert!(!seen(12 * HOUR), "asking whether it still holds is no use");
}

#[test]
fn the_secret_changes_every_hour_and_the_old_one_is_good_for_a_minute_after_the_new_one_came() {
    let (world, _) = World::with_admin();
    let old = world.sign_in("lin", START).secret;
    let come = |secret: &str, ms| world.people.by_session(secret, &visit(), at(ms));
    assert!(come(old.as_str(), HOUR - 1).unwrap().rotated.is_none());
    let fresh = come(old.as_str(), HOUR).unwrap().rotated.unwrap();
    assert_ne!(fresh, old);
    assert!(
        come(old.as_str(), HOUR + SECOND).unwrap().rotated.is_none(),
        "on its way already"
    );
    assert!(
        come(fresh.as_str(), HOUR + 2 * SECOND)
            .unwrap()
            .rotated
            .is_none()
    );
    assert!(come(old.as_str(), HOUR + 61 * SECOND).is_some());
    assert!(come(old.as_str(), HOUR + 62 * SECOND).is_none());
    assert!(come(fresh.as_str(), 2 * HOUR).unwrap().rotated.is_some());
}

#[test]
fn a_new_secret_that_never_arrived_is_given_again() {
    let (world, _) = World::with_admin();
    let old = world.sign_in("lin", START).secret;
    let come = |secret: &str, ms| world.people.by_session(secret, &visit(), at(ms));
    let lost = come(old.as_str(), HOUR).unwrap().rotated.unwrap();
    let again = come(old.as_str(), HOUR + MINUTE).unwrap().rotated.unwrap();
    assert!(come(lost.as_str(), HOUR + MINUTE).is_none());
    assert!(come(again.as_str(), HOUR + MINUTE).is_some());
}

#[test]
fn a_new_secret_is_good_after_a_restart_as_soon_as_the_next_refresh() {
    let (world, opened) = World::with_admin();
    let old = opened.secret;
    let fresh = world
        .people
        .by_session(old.as_str(), &visit(), at(HOUR))
        .unwrap();
    let fresh = fresh.rotated.unwrap();
    let is_other = world.people.refresh(at(HOUR)).unwrap();
    assert!(!is_other, "nobody may do anything else than before");
    let world = world.restarted();
    assert!(
        world
            .people
            .by_session(fresh.as_str(), &visit(), at(HOUR))
            .is_some()
    );
    let late = at(HOUR + 61 * SECOND);
    assert!(
        world
            .people
            .by_session(old.as_str(), &visit(), late)
            .is_none()
    );
}

#[test]
fn a_new_secret_outlives_a_change_before_the_refresh() {
    let (world, opened) = World::with_admin();
    let come = |secret: &str, ms| world.people.by_session(secret, &visit(), at(ms));
    let fresh = come(opened.secret.as_str(), HOUR).unwrap().rotated.unwrap();
    world.add("wu");
    assert!(come(fresh.as_str(), HOUR).is_some());
    let rows = world.people.sessions(&opened.principal, at(HOUR));
    assert_eq!(rows[0].seen_at, at(HOUR));
}

#[test]
fn many_requests_at_the_hour_get_one_new_secret_and_none_is_refused() {
    let (world, opened) = World::with_admin();
    let n_rotated = std::thread::scope(|scope| {
        let come = || {
            let secret = opened.secret.as_str();
            world
                .people
                .by_session(secret, &visit(), at(HOUR))
                .unwrap()
                .rotated
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(come)).collect();
        let rotated = threads.into_iter().map(|thread| thread.join().unwrap());
        rotated.flatten().count()
    });
    assert_eq!(n_rotated, 1);
}

#[test]
fn where_a_session_was_seen_is_written_within_a_minute_and_kept() {
    let (world, opened) = World::with_admin();
    let elsewhere = visit_from("10.0.0.9");
    let come = |ms| {
        world
            .people
            .by_session(opened.secret.as_str(), &elsewhere, at(ms))
    };
    come(30 * SECOND).unwrap();
    world.people.refresh(at(59 * SECOND)).unwrap();
    let written = |world: &World| -> i64 {
        let path = world.folder.path().join("people.db");
        let file = rusqlite::Connection::open(path).unwrap();
        let seen = file.query_row("SELECT seen_at FROM session", [], |row| row.get(0));
        seen.unwrap()
    };
    assert_eq!(written(&world), START.0);
    world.people.refresh(at(60 * SECOND)).unwrap();
    assert_eq!(written(&world), at(30 * SECOND).0);
    come(70 * SECOND).unwrap();
    world.people.flush(at(71 * SECOND)).unwrap();
    let world = world.restarted();
    let rows = world.people.sessions(&opened.principal, at(2 * MINUTE));
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].seen_at, rows[0].address.as_str()),
        (at(70 * SECOND), "10.0.0.9")
    );
    assert_eq!(rows[0].agent, "Browser/1");
    assert!(rows[0].current);
}

#[test]
fn sessions_that_are_over_are_gone_at_the_next_refresh_and_everybody_is_told() {
    let (world, opened) = World::with_admin();
    let mut changes = world.people.changes();
    assert!(!world.people.refresh(at(12 * HOUR - 1)).unwrap());
    assert!(!changes.has_changed().unwrap());
    assert!(world.people.refresh(at(12 * HOUR)).unwrap());
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    assert!(world.people.sessions(&opened.principal, START).is_empty());
    assert!(!world.people.refresh(at(13 * HOUR)).unwrap());
    assert!(!changes.has_changed().unwrap());
}

#[test]
fn somebody_ends_own_sessions_and_nobody_elses() {
    let (world, lin) = World::with_admin();
    world.add("wu");
    let (one, other) = (world.sign_in("wu", START), world.sign_in("wu", START));
    let id = |opened: &egret_people::Opened| opened.principal.session.clone().unwrap();
    let end = |by: &egret_people::Opened, id: &str| {
        world.people.end_session(&by.principal, &visit(), id, START)
    };
    assert!(matches!(end(&one, &id(&lin)), Err(Refused::Missing(_))));
    assert!(world.people.still(&lin.principal, START).is_some());
    end(&one, &id(&other)).unwrap();
    assert_eq!(world.people.still(&other.principal, START), None);
    assert!(matches!(end(&one, &id(&other)), Err(Refused::Missing(_))));
    let secret = other.secret.as_str();
    assert!(world.people.by_session(secret, &visit(), START).is_none());
    world
        .people
        .sign_out(&one.principal, &visit(), START)
        .unwrap();
    assert_eq!(world.people.still(&one.principal, START), None);
    assert_eq!(world.line().action, "sign_out");
}

#[test]
fn the_session_that_was_unused_longest_makes_room() {
    let (world, _) = World::with_admin();
    world.add("wu");
    let first = world.sign_in("wu", START);
    let second = world.sign_in("wu", at(SECOND));
    assert!(
        world
            .people
            .by_session(first.secret.as_str(), &visit(), at(MINUTE))
            .is_some()
    );
    for n in 0..19 {
        world.sign_in("wu", at(2 * MINUTE + n));
    }
    let now = at(3 * MINUTE);
    assert!(world.people.still(&first.principal, now).is_some());
    assert_eq!(world.people.still(&second.principal, now), None);
    assert_eq!(world.people.sessions(&first.principal, now).len(), 20);
}

#[test]
fn a_change_of_a_grant_is_seen_by_sessions_that_are_open_and_told_at_once() {
    let (world, _) = World::with_admin();
    let id = world.add("wu").id;
    let opened = world.sign_in("wu", START);
    let mut changes = world.people.changes();
    changes.mark_unchanged();
    let change = UserChange {
        grants: Some(Vec::new()),
        ..UserChange::default()
    };
    world
        .people
        .change_user(&admin(), &id, &change, START)
        .unwrap();
    assert!(changes.has_changed().unwrap());
    let now = world.people.still(&opened.principal, START).unwrap();
    assert!(now.grants.is_empty());
    let found = world
        .people
        .by_session(opened.secret.as_str(), &visit(), START);
    assert_eq!(found.unwrap().principal, now);
    changes.mark_unchanged();
    let password = UserChange {
        password: Some(format!("{PASSWORD} 2")),
        ..UserChange::default()
    };
    world
        .people
        .change_user(&admin(), &id, &password, START)
        .unwrap();
    assert_eq!(world.people.still(&opened.principal, START), None);
    assert!(changes.has_changed().unwrap());
}
