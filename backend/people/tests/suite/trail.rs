//! The audit trail of a real file. `src/audit/tests.rs` tampers with it in every way.

use egret_people::{Actor, Line, People, Settings};
use egret_shared::people::{AuditRow, Outcome};
use rusqlite::Connection;

use crate::world::{START, World, admin, at, visit};

fn database(world: &World) -> Connection {
    Connection::open(world.folder.path().join("people.db")).unwrap()
}

#[test]
fn everything_that_happens_is_one_whole_chain_over_restarts() {
    let (world, opened) = World::with_admin();
    world.add("wu");
    let line = Line::new(
        &Actor::from((&*opened.principal, &visit())),
        "incident.dispatch",
        "i-1",
        START,
    );
    world
        .people
        .note(&line.detail("to water").outcome(Outcome::Failed))
        .unwrap();
    let head = world.people.verify(None).unwrap();
    assert_eq!((head.lines, &head.fault), (3, &None));
    let world = world.restarted();
    world.sign_in("wu", at(1));
    let verified = world.people.verify(Some(&head.head)).unwrap();
    assert_eq!((verified.lines, verified.fault), (4, None));
    let mut rows: Vec<AuditRow> = Vec::new();
    let keep = |row| {
        rows.push(row);
        true
    };
    world.people.audit_each(None, None, keep).unwrap();
    let actions: Vec<&str> = rows.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(
        actions,
        ["first_start", "user.add", "incident.dispatch", "sign_in"]
    );
    assert_eq!(
        (rows[2].name.as_str(), rows[2].outcome),
        ("Lin", Outcome::Failed)
    );
    assert_eq!(rows.last().unwrap().seal, verified.head);
    rows.reverse();
    assert_eq!(world.lines(10), rows);
}

#[test]
fn a_line_that_is_taken_out_of_the_file_is_found_after_a_restart_and_more_lines() {
    let (world, _) = World::with_admin();
    world.add("wu");
    world.add("xu");
    database(&world)
        .execute("DELETE FROM audit WHERE seq = 2", [])
        .unwrap();
    let world = world.restarted();
    world.add("yu");
    let fault = world.people.verify(None).unwrap().fault.unwrap();
    assert_eq!(fault, "line 2 is missing");
}

#[test]
fn a_change_and_its_line_are_written_both_or_neither() {
    let (world, _) = World::with_admin();
    let other = database(&world);
    other
        .execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'full'); END",
        )
        .unwrap();
    let new = crate::world::new_user("wu", None, Vec::new());
    let why = world.people.add_user(&admin(), &new, START).unwrap_err();
    assert!(why.to_string().contains("full"), "{why}");
    assert_eq!(world.people.users(START).len(), 1);
    other.execute_batch("DROP TRIGGER full").unwrap();
    world.people.add_user(&admin(), &new, START).unwrap();
    assert_eq!(world.people.verify(None).unwrap().fault, None);
}

#[test]
fn a_denied_line_that_anybody_can_cause_is_written_now_and_then() {
    let (world, _) = World::with_admin();
    let denied =
        |action| Line::new(&Actor::anonymous(&visit(), ""), action, "", START).detail("no");
    for _ in 0..150 {
        world
            .people
            .note_denied(&visit(), denied("mqtt.connect"))
            .unwrap();
    }
    world.people.note_denied(&visit(), denied("token")).unwrap();
    let lines = world.lines(4);
    let said: Vec<_> = lines
        .iter()
        .map(|l| (l.action.as_str(), l.detail.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("token", "no"),
            ("mqtt.connect", "no; 100 times from this address"),
            ("mqtt.connect", "no"),
            ("first_start", ""),
        ]
    );
    assert_eq!(lines[0].outcome, Outcome::Denied);
}

#[test]
fn without_its_key_the_trail_is_not_begun_anew() {
    let (world, _) = World::with_admin();
    let World { folder, people } = world;
    drop(people);
    std::fs::remove_file(folder.path().join("audit.key")).unwrap();
    let why = People::open(folder.path(), Settings::default(), START).unwrap_err();
    let why = why.to_string();
    assert!(why.contains("audit.key") && why.contains("backup"), "{why}");
    assert!(!folder.path().join("audit.key").exists());
}

#[test]
fn a_file_of_a_newer_version_and_a_row_that_cannot_be_read_are_named() {
    let (world, _) = World::with_admin();
    database(&world)
        .execute("UPDATE user SET grants = '[{}]'", [])
        .unwrap();
    let open = || People::open(world.folder.path(), Settings::default(), START);
    let why = open().unwrap_err().to_string();
    assert!(why.contains("table user") && why.contains("role"), "{why}");
    database(&world)
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let why = open().unwrap_err().to_string();
    assert!(why.contains("version 99"), "{why}");
}
