//! The first start, passwords, and who is locked out.

use egret_people::{People, Refused};
use egret_shared::access::{Grant, Role};
use egret_shared::people::{ChangePassword, FirstStart, Kind, Outcome, UserChange};
use rusqlite::Connection;

use crate::world::{MINUTE, PASSWORD, START, World, admin, at, form, open, visit, visit_from};

fn start(code: &str) -> FirstStart {
    FirstStart {
        code: code.to_owned(),
        name: "Lin".to_owned(),
        password: PASSWORD.to_owned(),
    }
}

#[test]
fn the_first_admin_is_made_with_the_printed_code_once() {
    let world = World::empty();
    let people = &world.people;
    assert!(!people.has_account());
    let code = people.first_code().unwrap();
    assert_eq!(people.first_code(), None, "it is handed out once");
    let refused = people.first_start(&visit(), &start("2222-2222-2222"), START);
    assert!(matches!(refused, Err(Refused::BadCode)));
    assert_eq!(
        (world.line().outcome, world.line().kind),
        (Outcome::Denied, Kind::Anonymous)
    );
    let mut weak = start(&code);
    weak.password = "short".to_owned();
    let refused = people.first_start(&visit(), &weak, START);
    assert!(matches!(refused, Err(Refused::WeakPassword(_))));
    let opened = people.first_start(&visit(), &start(&code), START).unwrap();
    assert_eq!(opened.principal.grants, [Grant::whole(Role::Admin)]);
    assert!(!opened.principal.must_change_password);
    assert!(people.has_account());
    let again = people.first_start(&visit(), &start(&code), START);
    assert!(matches!(again, Err(Refused::BadCode)));
    let found = people
        .by_session(opened.secret.as_str(), &visit(), START)
        .unwrap();
    assert_eq!(found.principal, opened.principal);
}

#[test]
fn ten_wrong_codes_make_it_void_until_the_next_start_which_has_another() {
    let world = World::empty();
    let code = world.people.first_code().unwrap();
    for _ in 0..10 {
        world
            .people
            .first_start(&visit(), &start("x"), START)
            .unwrap_err();
    }
    let refused = world.people.first_start(&visit(), &start(&code), START);
    assert!(matches!(refused, Err(Refused::BadCode)));
    assert_eq!(
        world.lines(100).len(),
        11,
        "each try is a line, and the first on a void code"
    );
    let world = world.restarted();
    let fresh = world.people.first_code().unwrap();
    assert_ne!(fresh, code);
    world
        .people
        .first_start(&visit(), &start(&fresh), START)
        .unwrap();
    assert_eq!(world.restarted().people.first_code(), None);
}

#[test]
fn a_name_is_the_same_however_it_is_written_and_the_password_is_not() {
    let (world, _) = World::with_admin();
    for name in ["Lin", "lin", "LIN", " lin "] {
        assert_eq!(world.sign_in(name, START).principal.name, "Lin");
    }
    let line = world.line();
    assert_eq!(
        (line.action.as_str(), line.kind, line.name.as_str()),
        ("sign_in", Kind::User, "Lin")
    );
    let refused = world
        .people
        .sign_in(&visit(), &form("lin", "Correct horse"), None, START);
    assert!(matches!(refused, Err(Refused::BadCredentials)));
    let line = world.line();
    assert_eq!(
        (line.outcome, line.name.as_str(), line.actor.as_str()),
        (Outcome::Denied, "lin", "")
    );
    assert_eq!(line.address, "10.0.0.1");
}

#[test]
fn a_name_that_is_nobody_is_refused_counted_and_written_like_one_that_is_somebody() {
    let (world, _) = World::with_admin();
    let long = "无".repeat(100);
    for name in ["lin", long.as_str()] {
        for n in 0..6 {
            let form = form(name, "a wrong one");
            let refused = world
                .people
                .sign_in(&visit(), &form, None, START)
                .unwrap_err();
            assert_eq!(
                matches!(refused, Refused::Locked { .. }),
                n == 5,
                "{name} {n}"
            );
        }
    }
    assert_eq!(world.line().name.chars().count(), 64);
}

#[test]
fn whoever_is_locked_comes_in_again_after_15_minutes_and_from_elsewhere_at_once() {
    let (world, _) = World::with_admin();
    let people = &world.people;
    for _ in 0..5 {
        let refused = people.sign_in(&visit(), &form("lin", "a wrong one"), None, START);
        assert!(matches!(refused, Err(Refused::BadCredentials)));
    }
    let right = form("lin", PASSWORD);
    match people.sign_in(&visit(), &right, None, at(MINUTE)) {
        Err(Refused::Locked { retry_after_s }) => assert_eq!(retry_after_s, 840),
        other => panic!("{other:?}"),
    }
    assert!(
        people
            .sign_in(&visit_from("10.0.0.2"), &right, None, at(MINUTE))
            .is_ok()
    );
    assert!(
        people
            .sign_in(&visit(), &right, None, at(15 * MINUTE))
            .is_ok()
    );
}

#[test]
fn a_known_browser_comes_in_while_its_address_is_locked_and_only_as_its_own_user() {
    let (world, opened) = World::with_admin();
    world.add("wu");
    let known = opened.known.unwrap();
    for name in ["lin", "wu"] {
        for _ in 0..5 {
            let wrong = form(name, "a wrong one");
            world
                .people
                .sign_in(&visit(), &wrong, None, START)
                .unwrap_err();
        }
    }
    let sign_in = |name, known: &str| {
        world
            .people
            .sign_in(&visit(), &form(name, PASSWORD), Some(known), START)
    };
    assert!(sign_in("lin", &known).is_ok());
    assert!(matches!(sign_in("wu", &known), Err(Refused::Locked { .. })));
    assert!(matches!(
        sign_in("lin", "forged"),
        Err(Refused::Locked { .. })
    ));
    for _ in 0..10 {
        let wrong = form("lin", "a wrong one");
        let refused = world.people.sign_in(&visit(), &wrong, Some(&known), START);
        assert!(matches!(refused, Err(Refused::BadCredentials)));
    }
    assert!(matches!(
        sign_in("lin", &known),
        Err(Refused::Locked { .. })
    ));
}

#[test]
fn a_known_browser_is_still_known_after_a_restart() {
    let (world, opened) = World::with_admin();
    let world = world.restarted();
    for _ in 0..5 {
        let wrong = form("lin", "a wrong one");
        world
            .people
            .sign_in(&visit(), &wrong, None, START)
            .unwrap_err();
    }
    let right = form("lin", PASSWORD);
    assert!(
        world
            .people
            .sign_in(&visit(), &right, opened.known.as_deref(), START)
            .is_ok()
    );
}

#[test]
fn a_new_password_needs_the_old_one_and_ends_the_other_sessions() {
    let (world, _) = World::with_admin();
    let row = world.add("wu");
    assert!(row.must_change_password);
    let (here, there) = (world.sign_in("wu", START), world.sign_in("wu", START));
    assert!(here.principal.must_change_password);
    let change = |old: &str, new: &str| {
        let form = ChangePassword {
            old: old.to_owned(),
            new: new.to_owned(),
        };
        world
            .people
            .change_password(&here.principal, &visit(), &form, START)
    };
    assert!(matches!(
        change("a wrong one", "another horse"),
        Err(Refused::BadCredentials)
    ));
    assert!(matches!(
        change(PASSWORD, PASSWORD),
        Err(Refused::WeakPassword(_))
    ));
    assert!(matches!(
        change(PASSWORD, "short"),
        Err(Refused::WeakPassword(_))
    ));
    change(PASSWORD, "another horse").unwrap();
    let now = world.people.still(&here.principal, START).unwrap();
    assert!(!now.must_change_password);
    assert_eq!(world.people.still(&there.principal, START), None);
    let sign_in = |password| {
        world
            .people
            .sign_in(&visit(), &form("wu", password), None, START)
    };
    assert!(sign_in(PASSWORD).is_err());
    assert!(sign_in("another horse").is_ok());
}

#[test]
fn the_old_password_cannot_be_guessed_with_a_session() {
    let (world, opened) = World::with_admin();
    let guess = ChangePassword {
        old: "a wrong one".to_owned(),
        new: "another horse".to_owned(),
    };
    let change = || {
        world
            .people
            .change_password(&opened.principal, &visit(), &guess, START)
    };
    for _ in 0..10 {
        assert!(matches!(change(), Err(Refused::BadCredentials)));
    }
    assert!(matches!(change(), Err(Refused::Locked { .. })));
}

#[test]
fn a_disabled_account_is_refused_like_a_wrong_password() {
    let (world, _) = World::with_admin();
    let id = world.add("wu").id;
    let disable = UserChange {
        disabled: Some(true),
        ..UserChange::default()
    };
    world
        .people
        .change_user(&admin(), &id, &disable, START)
        .unwrap();
    let refused = world
        .people
        .sign_in(&visit(), &form("wu", PASSWORD), None, START);
    assert!(matches!(refused, Err(Refused::BadCredentials)));
    assert_eq!(world.line().detail, "disabled");
}

#[test]
fn the_file_is_its_owners_alone_and_holds_no_secret_in_clear() {
    let (world, opened) = World::with_admin();
    #[cfg(unix)]
    for file in ["people.db", "people.db-wal", "people.db-shm", "audit.key"] {
        use std::os::unix::fs::PermissionsExt as _;
        let path = world.folder.path().join(file);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let database = Connection::open(world.folder.path().join("people.db")).unwrap();
    database
        .pragma_update(None, "wal_checkpoint", "TRUNCATE")
        .unwrap();
    let bytes = std::fs::read(world.folder.path().join("people.db")).unwrap();
    let holds = |text: &str| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(holds("$argon2id$"), "the search finds what is there");
    assert!(!holds(PASSWORD));
    assert!(!holds(opened.secret.as_str()));
    let shown = format!("{opened:?} {:?}", world.people);
    assert!(!shown.contains(opened.secret.as_str()));
    assert!(!shown.contains(opened.known.as_deref().unwrap()));
}

#[test]
fn sign_ins_at_the_same_time_are_all_answered() {
    let (world, _) = World::with_admin();
    let people: &People = &world.people;
    let n_in = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|n| {
                scope.spawn(move || {
                    let visit = visit_from(&format!("10.0.1.{n}"));
                    people
                        .sign_in(&visit, &form("lin", PASSWORD), None, START)
                        .is_ok()
                })
            })
            .collect();
        tries
            .into_iter()
            .map(|one| u32::from(one.join().unwrap()))
            .sum::<u32>()
    });
    assert_eq!(n_in, 8);
    assert_eq!(people.verify(None).unwrap().fault, None);
    assert_eq!(open(world.folder.path()).users(START)[0].sessions, 9);
}
