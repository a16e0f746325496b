//! Credentials of gateways.

use egret_people::Refused;
use egret_shared::id::FeedId;
use egret_shared::people::{GatewayChange, Kind, NewGateway};

use crate::world::{MINUTE, START, World, admin, at};

fn new(id: &str) -> NewGateway {
    NewGateway {
        id: id.to_owned(),
        display: String::new(),
        feeds: vec![FeedId::new("manhole"), FeedId::new("air")],
    }
}

#[test]
fn a_gateway_comes_in_by_its_secret_and_has_its_feeds_alone() {
    let (world, _) = World::with_admin();
    let made = world
        .people
        .add_gateway(&admin(), &new("gw-1"), START)
        .unwrap();
    let world = world.restarted();
    let come = |user: &str, secret: &str| world.people.by_gateway(user, secret, at(MINUTE));
    let principal = come("gw-1", &made.secret).unwrap();
    assert_eq!(
        (principal.kind, principal.id.as_str()),
        (Kind::Gateway, "gw-1")
    );
    assert_eq!(principal.feeds, ["air", "manhole"].map(FeedId::new));
    assert!(principal.grants.is_empty());
    assert_eq!(come("gw-2", &made.secret), None);
    assert_eq!(come("GW-1", &made.secret), None);
    assert_eq!(come("gw-1", ""), None);
    assert_eq!(world.people.gateways()[0].seen_at, Some(at(MINUTE)));
    let taken = world.people.add_gateway(&admin(), &new("gw-1"), START);
    assert!(matches!(taken, Err(Refused::NameTaken(_))));
}

#[test]
fn feeds_change_while_a_gateway_is_connected_and_a_disabled_one_goes() {
    let (world, _) = World::with_admin();
    let made = world
        .people
        .add_gateway(&admin(), &new("gw-1"), START)
        .unwrap();
    let principal = world
        .people
        .by_gateway("gw-1", &made.secret, START)
        .unwrap();
    let mut change = GatewayChange {
        feeds: Some(vec![FeedId::new("air")]),
        ..GatewayChange::default()
    };
    world
        .people
        .change_gateway(&admin(), "gw-1", &change, START)
        .unwrap();
    let now = world.people.still(&principal, START).unwrap();
    assert_eq!(now.feeds, [FeedId::new("air")]);
    change.feeds = None;
    change.disabled = Some(true);
    let row = world
        .people
        .change_gateway(&admin(), "gw-1", &change, START)
        .unwrap();
    assert!(row.disabled && row.feeds == [FeedId::new("air")]);
    assert!(world.line().detail.starts_with("disabled"));
    assert_eq!(world.people.still(&principal, START), None);
    assert_eq!(world.people.by_gateway("gw-1", &made.secret, START), None);
}

#[test]
fn a_new_secret_ends_the_old_one_and_the_connections_that_came_with_it() {
    let (world, _) = World::with_admin();
    let old = world
        .people
        .add_gateway(&admin(), &new("gw-1"), START)
        .unwrap();
    let principal = world.people.by_gateway("gw-1", &old.secret, START).unwrap();
    let mut changes = world.people.changes();
    changes.mark_unchanged();
    let fresh = world.people.renew_gateway(&admin(), "gw-1", START).unwrap();
    assert!(changes.has_changed().unwrap());
    assert_eq!(world.people.still(&principal, START), None);
    assert_eq!(world.people.by_gateway("gw-1", &old.secret, START), None);
    let principal = world
        .people
        .by_gateway("gw-1", &fresh.secret, START)
        .unwrap();
    world
        .people
        .remove_gateway(&admin(), "gw-1", START)
        .unwrap();
    assert_eq!(world.people.still(&principal, START), None);
    let gone = world.people.renew_gateway(&admin(), "gw-1", START);
    assert!(matches!(gone, Err(Refused::Missing(_))));
}

#[test]
fn a_gateway_is_known_by_its_id_while_it_is_let_in_and_a_token_by_its_own() {
    let (world, _) = World::with_admin();
    let people = &world.people;
    people.add_gateway(&admin(), &new("gw-1"), START).unwrap();
    let known = |kind: &str, id: &str| people.by_id(kind, id, START).is_some();
    assert!(known("gateway", "gw-1"));
    assert!(!known("gateway", "gw-2") && !known("token", "gw-1") && !known("user", "gw-1"));
    assert_eq!(people.gateways()[0].seen_at, None, "it has not been here");
    let disabled = GatewayChange {
        disabled: Some(true),
        ..GatewayChange::default()
    };
    people
        .change_gateway(&admin(), "gw-1", &disabled, START)
        .unwrap();
    assert!(!known("gateway", "gw-1"));
}
