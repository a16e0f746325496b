//! What keeps alerts quiet: silences, maintenance windows, shelves, and what breaks through.

use egret_city::{City, Entry};
use egret_shared::access::Scope;
use egret_shared::alert::{AlertKey, AlertState};
use egret_shared::case::Doer;
use egret_shared::command::{Command, Order, Outcome};
use egret_shared::event::EventKind;
use egret_shared::hush::{Day, Hours, Hush, HushDef, HushKind, HushOrder, HushRefusal, Matcher};
use egret_shared::id::HushId;
use egret_shared::incident::Person;
use egret_shared::level::Level;
use egret_shared::time::{Span, TimeMs};

use crate::story::{EAST, Story, WEST_1, tiny};

/// An order of a duty officer's.
pub(crate) fn command(id: u64, at: TimeMs, order: HushOrder) -> Entry {
    Entry::Command(Box::new(Command {
        id: format!("c-{id}").into(),
        at,
        by: Doer {
            person: Person {
                id: "u-1".into(),
                name: "值班员".to_owned(),
            },
            is_person: true,
            powers: [].into(),
            handles: Scope::All,
        },
        order: Order::Hush(order),
    }))
}

fn order(story: &mut Story, order: HushOrder) -> Outcome {
    let id = story.city.seq() + 1;
    story.tell(&command(id, story.now, order));
    story.city.outcome(&format!("c-{id}")).unwrap().clone()
}

fn put(story: &mut Story, hush: HushDef) -> HushId {
    match order(story, HushOrder::Put { id: None, hush }) {
        Outcome::Hushed(id) => id,
        other => unreachable!("{other:?}"),
    }
}

fn refused(story: &mut Story, hush: HushDef) -> HushRefusal {
    match order(story, HushOrder::Put { id: None, hush }) {
        Outcome::NotHushed(refusal) => refusal,
        other => unreachable!("{other:?}"),
    }
}

/// A hush of an hour from now, up to orange.
fn hour(story: &Story, kind: HushKind) -> HushDef {
    HushDef {
        kind,
        up_to: Level::Orange,
        owner: "排水处".to_owned(),
        reason: "清淤".to_owned(),
        from: story.now,
        until: story.now.plus(Span::parse("1h").unwrap()),
    }
}

fn on_asset(asset: &str) -> Matcher {
    Matcher {
        asset: Some(asset.into()),
        ..Matcher::default()
    }
}

fn only(story: &Story) -> Hush {
    let hushes = story.city.hushes();
    assert_eq!(hushes.len(), 1);
    hushes[0].clone()
}

fn hushed(story: &Story) -> Vec<bool> {
    let alerts = story.alerts("ponding");
    alerts.iter().map(|alert| alert.hushed.is_some()).collect()
}

/// The key of the gauge's ponding alert.
fn key(story: &Story) -> AlertKey {
    story.alerts("ponding")[0].key.clone()
}

#[test]
fn a_silenced_alert_lives_on_but_is_told_to_nobody() {
    let mut story = Story::new();
    let hush = hour(&story, HushKind::Silence(on_asset("G-1")));
    let id = put(&mut story, hush);
    story.wait_with("70s", "road", "G-1", "ponding_depth", 16.0);
    let alert = &story.alerts("ponding")[0];
    assert_eq!(
        (alert.state, &alert.hushed),
        (AlertState::Firing, &Some(id))
    );
    assert_eq!(story.told(EventKind::AlertFired), 0);
    assert_eq!(story.asset("road", "G-1").level, Level::Normal);
    assert_eq!(story.city.incidents().count(), 0);
    let known = only(&story);
    assert_eq!((known.hushing, known.hushed, known.active), (1, 1, true));
    assert_eq!(known.by.name, "值班员");

    story.read("road", "G-1", "ponding_depth", 2.0);
    story.wait("6m");
    assert_eq!(story.alerts("ponding")[0].state, AlertState::Resolved);
    assert_eq!(story.told(EventKind::AlertResolved), 0);
    assert_eq!((only(&story).hushing, only(&story).hushed), (0, 1));
}

#[test]
fn what_is_worse_breaks_through_at_once() {
    let mut story = Story::new();
    let hush = hour(&story, HushKind::Silence(on_asset("G-1")));
    put(&mut story, hush);
    story.wait_with("70s", "road", "G-1", "ponding_depth", 16.0);
    assert_eq!(story.told(EventKind::AlertFired), 0);
    story.urgent = false;
    story.read("road", "G-1", "ponding_depth", 31.0);
    assert!(story.urgent);
    assert_eq!(hushed(&story), [false]);
    assert_eq!(story.told(EventKind::AlertFired), 1);
    assert_eq!(story.asset("road", "G-1").level, Level::Red);
    assert_eq!(
        story.city.incidents().count(),
        1,
        "a red one is an incident"
    );
}

#[test]
fn what_still_fires_when_a_silence_ends_speaks_up_then() {
    let mut story = Story::new();
    let hush = hour(&story, HushKind::Silence(on_asset("G-1")));
    let id = put(&mut story, hush);
    story.wait_with("70s", "road", "G-1", "ponding_depth", 16.0);
    let outcome = order(
        &mut story,
        HushOrder::End {
            id: id.clone(),
            reason: "完工".to_owned(),
        },
    );
    assert_eq!(outcome, Outcome::Hushed(id.clone()));
    assert_eq!(hushed(&story), [false]);
    assert_eq!(story.told(EventKind::AlertFired), 1);
    assert_eq!(story.asset("road", "G-1").level, Level::Orange);
    let again = HushOrder::End {
        id: id.clone(),
        reason: "完工".to_owned(),
    };
    assert_eq!(
        order(&mut story, again),
        Outcome::NotHushed(HushRefusal::Unknown(id))
    );

    let hush = hour(&story, HushKind::Silence(on_asset("G-1")));
    put(&mut story, hush);
    assert_eq!(hushed(&story), [true], "also what has been told already");
    story.wait_with("61m", "road", "G-1", "ponding_depth", 16.0);
    assert_eq!(hushed(&story), [false]);
    assert_eq!(story.told(EventKind::AlertFired), 2);
    assert!(story.city.hushes().is_empty());
}

#[test]
fn a_silence_is_for_what_it_names_alone() {
    for (what, quiet) in [
        (
            Matcher {
                feed: Some("road".into()),
                ..Matcher::default()
            },
            [true, true],
        ),
        (
            Matcher {
                rule: Some("manhole-high".into()),
                ..Matcher::default()
            },
            [false, false],
        ),
        (
            Matcher {
                area: Some("900002".into()),
                ..Matcher::default()
            },
            [false, true],
        ),
        (
            Matcher {
                area: Some("900000".into()),
                rule: Some("ponding".into()),
                ..Matcher::default()
            },
            [true, true],
        ),
        (
            Matcher {
                area: Some("900002".into()),
                ..on_asset("G-1")
            },
            [false, false],
        ),
    ] {
        let mut story = Story::new();
        let hush = hour(&story, HushKind::Silence(what.clone()));
        put(&mut story, hush);
        story.read_at(WEST_1, "road", "G-1", "ponding_depth", 16.0);
        story.read_at(EAST, "road", "G-2", "ponding_depth", 16.0);
        story.wait("1m");
        assert_eq!(hushed(&story), quiet, "{what:?}");
    }
}

#[test]
fn maintenance_is_at_its_hours_on_its_days_in_the_citys_zone() {
    // It is Monday, six in the morning.
    let work = |story: &Story, days: &[Day]| HushDef {
        until: story.now.plus(Span::parse("30d").unwrap()),
        ..hour(
            story,
            HushKind::Maintenance {
                what: on_asset("G-1"),
                days: days.to_vec(),
                hours: Some(Hours {
                    from_minute: 6 * 60 + 2,
                    until_minute: 6 * 60 + 4,
                }),
            },
        )
    };
    for (days, at_work) in [
        (&[Day::Monday, Day::Friday][..], true),
        (&[], true),
        (&[Day::Sunday], false),
    ] {
        let mut story = Story::new();
        let hush = work(&story, days);
        put(&mut story, hush);
        story.wait_with("70s", "road", "G-1", "ponding_depth", 16.0);
        assert_eq!(hushed(&story), [false]);
        story.wait_with("1m", "road", "G-1", "ponding_depth", 16.0);
        assert_eq!(hushed(&story), [at_work], "{days:?}");
        story.wait_with("2m", "road", "G-1", "ponding_depth", 16.0);
        assert_eq!(hushed(&story), [false]);
        assert_eq!(
            story.told(EventKind::AlertFired),
            if at_work { 2 } else { 1 }
        );
        assert_eq!(story.city.hushes().len(), 1, "it comes again");
    }
}

#[test]
fn a_shelved_alert_returns_at_its_time_or_when_it_becomes_worse() {
    let shelved = |v: f64| {
        let mut story = Story::new();
        story.wait_with("70s", "road", "G-1", "ponding_depth", v);
        let hush = hour(&story, HushKind::Shelf(key(&story)));
        put(&mut story, hush);
        assert_eq!(hushed(&story), [true]);
        story
    };
    let mut story = shelved(16.0);
    story.wait_with("61m", "road", "G-1", "ponding_depth", 16.0);
    assert_eq!(hushed(&story), [false]);
    assert_eq!(story.told(EventKind::AlertFired), 2);

    let mut story = shelved(16.0);
    story.read("road", "G-1", "ponding_depth", 31.0);
    assert_eq!(hushed(&story), [false]);
    assert!(story.city.hushes().is_empty(), "it is over for good");
    story.wait("1s");
    story.read("road", "G-1", "ponding_depth", 16.0);
    assert_eq!(hushed(&story), [false]);

    let mut story = shelved(31.0);
    assert_eq!(
        only(&story).hush.up_to,
        Level::Red,
        "a red one can be shelved when it is there"
    );
    story.read("road", "G-1", "ponding_depth", 1.0);
    story.wait("6m");
    assert!(story.city.hushes().is_empty(), "it has resolved");
    story.wait_with("70s", "road", "G-1", "ponding_depth", 16.0);
    assert_eq!(hushed(&story), [false], "what comes again is news");
}

/// That each of `orders` is refused, beforehand and then, for its reason and in words.
#[track_caller]
fn assert_refused(story: &mut Story, orders: Vec<(HushDef, HushRefusal)>) {
    for (hush, why) in orders {
        let asked = HushOrder::Put {
            id: None,
            hush: hush.clone(),
        };
        assert_eq!(story.city.hush_refusal(&asked), Some(why.clone()));
        assert_eq!(refused(story, hush), why);
        assert!(!why.text().zh.is_empty() && !why.text().en.is_empty());
    }
    assert!(story.city.hushes().is_empty());
}

#[test]
fn orders_without_owner_reason_or_time_are_refused_and_say_why() {
    let mut story = Story::new();
    let silence = hour(&story, HushKind::Silence(on_asset("G-1")));
    let of = |change: &dyn Fn(&mut HushDef)| {
        let mut hush = silence.clone();
        change(&mut hush);
        hush
    };
    let orders = vec![
        (
            of(&|hush| hush.owner = " ".to_owned()),
            HushRefusal::NoOwner,
        ),
        (of(&|hush| hush.reason.clear()), HushRefusal::NoReason),
        (
            of(&|hush| hush.reason = "x".repeat(601)),
            HushRefusal::TooLong(600),
        ),
        (of(&|hush| hush.until = TimeMs(0)), HushRefusal::NoTime),
        (of(&|hush| hush.from = hush.until), HushRefusal::NoTime),
        (of(&|hush| hush.up_to = Level::Red), HushRefusal::TooHigh),
    ];
    assert_refused(&mut story, orders);
}

#[test]
fn a_hush_that_aims_at_nothing_at_everything_or_at_no_hour_is_refused() {
    let mut story = Story::new();
    let nowhere = Matcher {
        area: Some("123".into()),
        ..Matcher::default()
    };
    let never = HushKind::Maintenance {
        what: on_asset("G-1"),
        days: vec![],
        hours: Some(Hours {
            from_minute: 1_440,
            until_minute: 3,
        }),
    };
    let orders = vec![
        (
            hour(&story, HushKind::Silence(Matcher::default())),
            HushRefusal::MatchesEverything,
        ),
        (
            hour(&story, HushKind::Silence(nowhere)),
            HushRefusal::NoSuch("area".to_owned(), "123".to_owned()),
        ),
        (hour(&story, never), HushRefusal::NoHours),
    ];
    assert_refused(&mut story, orders);
}

#[test]
fn only_what_fires_can_be_shelved_once_and_for_as_long_as_the_city_allows() {
    let mut story = Story::new();
    story.wait_with("70s", "road", "G-1", "ponding_depth", 16.0);
    let shelf = hour(&story, HushKind::Shelf(key(&story)));
    let other = AlertKey {
        rule: "manhole-high".into(),
        ..key(&story)
    };
    let long = Span::parse("24h").unwrap();
    let orders = vec![
        (hour(&story, HushKind::Shelf(other)), HushRefusal::NotFiring),
        (
            HushDef {
                until: story.now.plus(Span(long.0 + 1)),
                ..shelf.clone()
            },
            HushRefusal::ShelfTooLong(long),
        ),
    ];
    assert_refused(&mut story, orders);
    let first = put(&mut story, shelf.clone());
    assert_eq!(
        refused(&mut story, shelf.clone()),
        HushRefusal::Shelved(first.clone())
    );
    let longer = HushDef {
        until: shelf.until.plus(Span(60_000)),
        ..shelf
    };
    let changed = HushOrder::Put {
        id: Some(first.clone()),
        hush: longer.clone(),
    };
    assert_eq!(order(&mut story, changed), Outcome::Hushed(first));
    assert_eq!(only(&story).hush.until, longer.until);
}

#[test]
fn hushes_survive_a_restart() {
    let mut story = Story::new();
    let hush = hour(&story, HushKind::Silence(on_asset("G-1")));
    put(&mut story, hush);
    story.wait_with("70s", "road", "G-1", "ponding_depth", 16.0);
    let restored = City::restore(tiny(), &story.city.checkpoint()).unwrap();
    assert_eq!(restored.hushes(), story.city.hushes());
    story.city = restored;
    story.read("road", "G-1", "ponding_depth", 31.0);
    assert_eq!(hushed(&story), [false]);
}
