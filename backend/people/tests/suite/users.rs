//! People as an admin manages them.

use egret_people::Refused;
use egret_shared::access::{Grant, Role, Scope};
use egret_shared::people::{Outcome, UserChange};

use crate::world::{PASSWORD, START, World, admin, new_user};

fn grants(grants: Vec<Grant>) -> UserChange {
    UserChange {
        grants: Some(grants),
        ..UserChange::default()
    }
}

fn disabled(is_disabled: bool) -> UserChange {
    UserChange {
        disabled: Some(is_disabled),
        ..UserChange::default()
    }
}

#[test]
fn an_account_is_as_it_was_made_also_after_a_restart() {
    let (world, _) = World::with_admin();
    let mut new = new_user("Wu", None, vec![Grant::whole(Role::Viewer)]);
    new.display = "吴警官".to_owned();
    let row = world.people.add_user(&admin(), &new, START).unwrap();
    assert!(row.external && !row.must_change_password && !row.disabled);
    assert_eq!((row.name.as_str(), row.display.as_str()), ("Wu", "吴警官"));
    let world = world.restarted();
    assert_eq!(world.people.users(START)[1], row);
    let line = world.line();
    assert_eq!((line.action.as_str(), &line.target), ("user.add", &row.id));
    assert!(
        line.detail.contains("\"role\":\"viewer\""),
        "{}",
        line.detail
    );
}

#[test]
fn a_name_is_taken_however_it_is_written() {
    let (world, _) = World::with_admin();
    let taken = world
        .people
        .add_user(&admin(), &new_user("LIN", None, Vec::new()), START);
    assert!(matches!(taken, Err(Refused::NameTaken(name)) if name == "LIN"));
    for name in ["", "a\tb", &"x".repeat(65)] {
        let refused = world
            .people
            .add_user(&admin(), &new_user(name, None, Vec::new()), START);
        assert!(matches!(refused, Err(Refused::Invalid(why)) if why.starts_with("name: ")));
    }
}

#[test]
fn a_grant_that_is_a_mistake_is_refused_wherever_it_is_given() {
    let (world, lin) = World::with_admin();
    let mut narrow = Grant::whole(Role::Admin);
    narrow.areas = Scope::Only(vec!["350203".into()]);
    let new = new_user("wu", None, vec![narrow.clone()]);
    let refused = world.people.add_user(&admin(), &new, START);
    assert!(matches!(refused, Err(Refused::Invalid(_))));
    let id = &lin.principal.id;
    let refused = world
        .people
        .change_user(&admin(), id, &grants(vec![narrow]), START);
    assert!(matches!(refused, Err(Refused::Invalid(_))));
}

#[test]
fn the_last_admin_stays_and_the_try_is_a_line() {
    let (world, lin) = World::with_admin();
    let id = lin.principal.id.as_str();
    let people = &world.people;
    let refused = [
        people
            .change_user(&admin(), id, &grants(Vec::new()), START)
            .err(),
        people
            .change_user(&admin(), id, &disabled(true), START)
            .err(),
        people.remove_user(&admin(), id, START).err(),
    ];
    for refused in refused {
        assert!(matches!(refused, Some(Refused::LastAdmin)));
    }
    let lines = world.lines(3);
    assert!(lines.iter().all(|line| line.outcome == Outcome::Denied));
    assert!(
        lines[0].detail.contains("last_admin"),
        "{}",
        lines[0].detail
    );
    assert!(people.still(&lin.principal, START).is_some());

    // Another one who is disabled does not count.
    let wu = people
        .add_user(
            &admin(),
            &new_user("wu", Some(PASSWORD), vec![Grant::whole(Role::Admin)]),
            START,
        )
        .unwrap();
    people
        .change_user(&admin(), &wu.id, &disabled(true), START)
        .unwrap();
    assert!(matches!(
        people.remove_user(&admin(), id, START),
        Err(Refused::LastAdmin)
    ));
    people
        .change_user(&admin(), &wu.id, &disabled(false), START)
        .unwrap();
    people.remove_user(&admin(), id, START).unwrap();
    assert_eq!(people.still(&lin.principal, START), None);
    assert!(matches!(
        people.remove_user(&admin(), id, START),
        Err(Refused::Missing(_))
    ));
}

#[test]
fn disabling_signing_out_and_removing_end_every_session() {
    let (world, _) = World::with_admin();
    let people = &world.people;
    let id = world.add("wu").id;
    let opened = world.sign_in("wu", START);
    assert_eq!(people.users(START)[1].sessions, 1);
    people.sign_out_user(&admin(), &id, START).unwrap();
    assert_eq!(people.still(&opened.principal, START), None);
    let opened = world.sign_in("wu", START);
    let row = people
        .change_user(&admin(), &id, &disabled(true), START)
        .unwrap();
    assert!(row.disabled && row.sessions == 0);
    assert_eq!(people.still(&opened.principal, START), None);
    people
        .change_user(&admin(), &id, &disabled(false), START)
        .unwrap();
    assert_eq!(
        people.still(&opened.principal, START),
        None,
        "it does not come back"
    );
    let opened = world.sign_in("wu", START);
    people.remove_user(&admin(), &id, START).unwrap();
    assert_eq!(people.still(&opened.principal, START), None);
}

#[test]
fn the_trail_says_what_a_change_changed_and_from_what() {
    let (world, _) = World::with_admin();
    let id = world.add("wu").id;
    let change = UserChange {
        display: Some("Wu Min".to_owned()),
        grants: Some(vec![Grant::whole(Role::Officer)]),
        disabled: Some(true),
        password: Some("another horse".to_owned()),
    };
    world
        .people
        .change_user(&admin(), &id, &change, START)
        .unwrap();
    let detail = world.line().detail;
    for word in [
        "wu",
        "\"Wu Min\"",
        "disabled",
        "new password",
        "officer",
        "instead of",
        "viewer",
    ] {
        assert!(detail.contains(word), "{word}: {detail}");
    }
    assert!(!detail.contains("another horse"));
    let unknown = world.people.change_user(&admin(), "0", &change, START);
    assert!(matches!(unknown, Err(Refused::Missing(_))));
}
