//! Single sign-on: who that is here, and what it may do.

use egret_people::{External, Opened, Refused};
use egret_shared::access::{Grant, Role};
use egret_shared::people::UserChange;

use crate::world::{START, World, admin, form, new_user, visit};

const ISSUER: &str = "https://id.example";

fn external(subject: &str, name: &str, grants: Option<Vec<Grant>>) -> External {
    External {
        issuer: ISSUER.to_owned(),
        subject: subject.to_owned(),
        name: name.to_owned(),
        display: String::new(),
        grants,
    }
}

fn sign_in(world: &World, external: &External) -> Result<Opened, Refused> {
    world.people.sign_in_external(&visit(), external, START)
}

#[test]
fn somebody_new_sees_nothing_and_is_the_same_person_the_next_time() {
    let (world, _) = World::with_admin();
    let mut wu = external("s-1", "wu", None);
    let first = sign_in(&world, &wu).unwrap();
    assert!(first.principal.grants.is_empty());
    wu.name = "renamed".to_owned();
    let again = sign_in(&world, &wu).unwrap();
    assert_eq!(again.principal.id, first.principal.id);
    assert_eq!(again.principal.name, "wu");
    let row = &world.people.users(START)[1];
    assert!(row.external && row.sessions == 2);
    let refused = world.people.sign_in(&visit(), &form("wu", ""), None, START);
    assert!(matches!(refused, Err(Refused::BadCredentials)));
}

#[test]
fn a_name_alone_makes_nobody_the_same_person() {
    let (world, lin) = World::with_admin();
    let other = sign_in(&world, &external("s-1", "LIN", None)).unwrap();
    assert_ne!(other.principal.id, lin.principal.id);
    assert_eq!(other.principal.name, "LIN-2");
    let mut elsewhere = external("s-1", "lin", None);
    elsewhere.issuer = "https://other.example".to_owned();
    assert_eq!(sign_in(&world, &elsewhere).unwrap().principal.name, "lin-3");
}

#[test]
fn an_account_that_an_admin_made_for_it_is_taken_once() {
    let (world, _) = World::with_admin();
    let new = new_user("wu", None, vec![Grant::whole(Role::Viewer)]);
    let made = world.people.add_user(&admin(), &new, START).unwrap();
    let first = sign_in(&world, &external("s-1", "Wu", None)).unwrap();
    assert_eq!(first.principal.id, made.id);
    assert_eq!(first.principal.grants, [Grant::whole(Role::Viewer)]);
    let other = sign_in(&world, &external("s-2", "wu", None)).unwrap();
    assert_ne!(other.principal.id, made.id);
}

#[test]
fn grants_of_the_token_replace_those_of_the_account_each_time() {
    let (world, _) = World::with_admin();
    let with = |role| external("s-1", "wu", Some(vec![Grant::whole(role)]));
    let first = sign_in(&world, &with(Role::Viewer)).unwrap();
    let second = sign_in(&world, &with(Role::Officer)).unwrap();
    assert_eq!(second.principal.grants, [Grant::whole(Role::Officer)]);
    let first = world.people.still(&first.principal, START).unwrap();
    assert_eq!(first.grants, [Grant::whole(Role::Officer)]);
    assert!(world.line().detail.contains("officer"));
    let third = sign_in(&world, &external("s-1", "wu", None)).unwrap();
    assert_eq!(third.principal.grants, [Grant::whole(Role::Officer)]);
}

#[test]
fn the_last_admin_is_not_undone_by_a_token() {
    let (world, lin) = World::with_admin();
    let boss = external("s-1", "boss", Some(vec![Grant::whole(Role::Admin)]));
    sign_in(&world, &boss).unwrap();
    world
        .people
        .remove_user(&admin(), &lin.principal.id, START)
        .unwrap();
    let less = external("s-1", "boss", Some(vec![Grant::whole(Role::Viewer)]));
    let opened = sign_in(&world, &less).unwrap();
    assert_eq!(opened.principal.grants, [Grant::whole(Role::Admin)]);
    assert!(world.line().detail.contains("last admin"));
}

#[test]
fn nobody_comes_in_disabled_or_before_the_first_admin() {
    let empty = World::empty();
    let wu = external("s-1", "wu", None);
    assert!(matches!(sign_in(&empty, &wu), Err(Refused::Missing(_))));
    assert!(!empty.people.has_account());
    let (world, _) = World::with_admin();
    let opened = sign_in(&world, &wu).unwrap();
    let change = UserChange {
        disabled: Some(true),
        ..UserChange::default()
    };
    world
        .people
        .change_user(&admin(), &opened.principal.id, &change, START)
        .unwrap();
    assert!(matches!(sign_in(&world, &wu), Err(Refused::BadCredentials)));
    assert!(world.line().detail.contains("disabled"));
    let nobody = external("", "wu", None);
    assert!(matches!(sign_in(&world, &nobody), Err(Refused::Invalid(_))));
}
