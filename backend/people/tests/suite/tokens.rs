//! API tokens.

use egret_people::Refused;
use egret_shared::access::{Grant, Role};
use egret_shared::people::{Kind, NewToken};
use egret_shared::time::TimeMs;

use crate::world::{HOUR, MINUTE, START, World, admin, at};

fn new(ends_at: Option<TimeMs>) -> NewToken {
    NewToken {
        name: "script".to_owned(),
        grants: vec![Grant::whole(Role::Steward)],
        ends_at,
    }
}

#[test]
fn a_token_is_told_once_kept_as_a_hash_and_ends_when_it_is_removed() {
    let (world, _) = World::with_admin();
    let made = world.people.add_token(&admin(), &new(None), START).unwrap();
    let world = world.restarted();
    let principal = world.people.by_token(&made.secret, at(MINUTE)).unwrap();
    assert_eq!(
        (principal.kind, principal.name.as_str()),
        (Kind::Token, "script")
    );
    assert_eq!(world.people.by_token(&made.secret[1..], START), None);
    assert_eq!(world.people.by_token(&made.id, START), None);
    let row = &world.people.tokens()[0];
    assert!(made.secret.starts_with(&row.hint) && row.hint.len() == 8);
    assert_eq!(row.seen_at, Some(at(MINUTE)));
    assert!(!world.line().detail.contains(&made.secret));
    world
        .people
        .remove_token(&admin(), &made.id, START)
        .unwrap();
    assert_eq!(world.people.by_token(&made.secret, START), None);
    assert_eq!(world.people.still(&principal, START), None);
    let again = world.people.remove_token(&admin(), &made.id, START);
    assert!(matches!(again, Err(Refused::Missing(_))));
}

#[test]
fn a_token_ends_by_itself_and_the_next_refresh_tells_everybody_once() {
    let (world, _) = World::with_admin();
    let made = world
        .people
        .add_token(&admin(), &new(Some(at(HOUR))), START)
        .unwrap();
    let principal = world.people.by_token(&made.secret, at(HOUR - 1)).unwrap();
    world.people.refresh(at(HOUR - 1)).unwrap();
    let mut changes = world.people.changes();
    changes.mark_unchanged();
    assert_eq!(world.people.by_token(&made.secret, at(HOUR)), None);
    assert_eq!(world.people.still(&principal, at(HOUR)), None);
    assert!(world.people.refresh(at(HOUR)).unwrap());
    assert!(changes.has_changed().unwrap());
    assert!(!world.people.refresh(at(HOUR + 1)).unwrap());
    assert_eq!(world.people.tokens().len(), 1, "it is still shown");
}

#[test]
fn a_token_without_grants_or_with_an_end_in_the_past_is_refused() {
    let (world, _) = World::with_admin();
    let mut none = new(None);
    none.grants.clear();
    for (new, word) in [(none, "grants: "), (new(Some(START)), "ends_at: ")] {
        let refused = world.people.add_token(&admin(), &new, START);
        assert!(matches!(refused, Err(Refused::Invalid(why)) if why.starts_with(word)));
    }
}
