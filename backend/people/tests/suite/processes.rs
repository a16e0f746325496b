//! The server and the command line with the same file.

use egret_shared::access::{Grant, Role};
use egret_shared::people::UserChange;

use crate::world::{HOUR, PASSWORD, START, World, admin, at, form, new_user, open, visit};

#[test]
fn what_the_command_line_changes_the_server_knows_at_the_next_refresh_and_tells() {
    let (server, _) = World::with_admin();
    let id = server.add("wu").id;
    let opened = server.sign_in("wu", START);
    let console = open(server.folder.path());
    let mut changes = server.people.changes();
    changes.mark_unchanged();
    assert!(
        !server.people.refresh(START).unwrap(),
        "nothing has happened"
    );
    let change = UserChange {
        disabled: Some(true),
        ..UserChange::default()
    };
    console.change_user(&admin(), &id, &change, START).unwrap();
    assert!(server.people.refresh(START).unwrap());
    assert!(changes.has_changed().unwrap());
    assert_eq!(server.people.still(&opened.principal, START), None);
    assert!(!server.people.refresh(START).unwrap(), "once");
}

#[test]
fn a_line_of_the_other_process_is_no_change_of_who_may_what() {
    let (server, _) = World::with_admin();
    let console = open(server.folder.path());
    let changes = server.people.changes();
    let line = egret_people::Line::new(&admin(), "audit.verify", "", START);
    console.note(&line).unwrap();
    assert!(!server.people.refresh(START).unwrap());
    assert_eq!(changes.has_changed().ok(), Some(false));
}

#[test]
fn a_change_looks_at_what_the_other_process_did_just_before() {
    let (server, lin) = World::with_admin();
    let console = open(server.folder.path());
    let boss = new_user("wu", Some(PASSWORD), vec![Grant::whole(Role::Admin)]);
    console.add_user(&admin(), &boss, START).unwrap();
    // No refresh in between: whether somebody else is admin is read with the change.
    server
        .people
        .remove_user(&admin(), &lin.principal.id, START)
        .unwrap();
    let taken = server.people.add_user(&admin(), &boss, START);
    assert!(taken.is_err());
    assert_eq!(server.people.verify(None).unwrap().fault, None);
    assert_eq!(console.verify(None).unwrap().fault, None);
}

#[test]
fn a_change_of_the_other_process_takes_no_secret_and_no_use_from_a_session() {
    let (server, opened) = World::with_admin();
    let come = |secret: &str, ms| server.people.by_session(secret, &visit(), at(ms));
    let fresh = come(opened.secret.as_str(), HOUR).unwrap().rotated.unwrap();
    let console = open(server.folder.path());
    console
        .add_user(&admin(), &new_user("wu", None, Vec::new()), START)
        .unwrap();
    assert!(server.people.refresh(at(HOUR)).unwrap());
    assert!(come(fresh.as_str(), HOUR).is_some());
    let rows = server.people.sessions(&opened.principal, at(HOUR));
    assert_eq!(rows[0].seen_at, at(HOUR));
}

#[test]
fn the_first_account_may_come_from_the_command_line() {
    let server = World::empty();
    let console = open(server.folder.path());
    let boss = new_user("wu", Some(PASSWORD), vec![Grant::whole(Role::Admin)]);
    console.add_user(&admin(), &boss, START).unwrap();
    assert!(!server.people.has_account());
    server.people.refresh(START).unwrap();
    assert!(server.people.has_account());
    assert_eq!(server.people.first_code(), None);
    assert!(
        server
            .people
            .sign_in(&visit(), &form("wu", PASSWORD), None, START)
            .is_ok()
    );
}

#[test]
fn both_write_at_the_same_time_and_nothing_is_lost() {
    let (server, _) = World::with_admin();
    let console = open(server.folder.path());
    std::thread::scope(|scope| {
        for (people, prefix) in [(&server.people, "s"), (&console, "c")] {
            scope.spawn(move || {
                for n in 0..25 {
                    let new = new_user(&format!("{prefix}{n}"), None, Vec::new());
                    people.add_user(&admin(), &new, START).unwrap();
                }
            });
        }
    });
    server.people.refresh(START).unwrap();
    assert_eq!(server.people.users(START).len(), 51);
    let verified = server.people.verify(None).unwrap();
    assert_eq!((verified.lines, verified.fault), (51, None));
}
