//! Orders to actuators: what the fold makes of them, of answers and of time.

use std::collections::BTreeMap;

use egret_city::{City, Entry};
use egret_shared::access::Scope;
use egret_shared::actuation::{
    Actuation, ActuationOrder, ActuationRefusal, ActuationState, ActuationTurn, Argument, Outgoing,
    Turn, Wanted,
};
use egret_shared::case::Doer;
use egret_shared::command::{Command, Order, Outcome};
use egret_shared::incident::Person;
use egret_shared::time::{Span, TimeMs};
use proptest::prelude::*;

use crate::story::{Story, reading, tiny};

/// An order of somebody's to a gauge.
pub(crate) fn order(id: &str, asset: &str, at: TimeMs, wanted: Option<f64>) -> Entry {
    Entry::Command(Box::new(Command {
        id: format!("order/{id}").into(),
        at,
        by: Doer {
            person: Person {
                id: "u-1".into(),
                name: "调度员".to_owned(),
            },
            is_person: true,
            powers: [].into(),
            handles: Scope::All,
        },
        order: Order::Actuate(Box::new(ActuationOrder {
            id: id.into(),
            feed: "road".into(),
            asset: asset.into(),
            command: "light".into(),
            parameters: BTreeMap::from([("on".into(), Argument::Switch(true))]),
            reason: "积水".to_owned(),
            expires_at: at.plus(Span(60_000)),
            message: Outgoing {
                topic: format!("vendor-x/{asset}/command"),
                payload: "{}".to_owned(),
                qos: 1,
                reply: None,
            },
            wanted: wanted.map(|v| Wanted {
                property: "ponding_depth".into(),
                v,
                tolerance: 0.5,
            }),
        })),
    }))
}

/// What became of an order.
pub(crate) fn turn(id: &str, at: TimeMs, turn: Turn) -> Entry {
    let id = id.into();
    Entry::Actuation(Box::new(ActuationTurn { id, at, turn }))
}

fn answered(feed: &str, asset: Option<&str>, refused: Option<&str>) -> Turn {
    Turn::Answered {
        feed: feed.into(),
        asset: asset.map(Into::into),
        refused: refused.map(str::to_owned),
    }
}

impl Story {
    fn order(&mut self, id: &str, asset: &str, wanted: Option<f64>) -> Outcome {
        self.tell(&order(id, asset, self.now, wanted));
        let outcome = self.city.outcome(&format!("order/{id}"));
        outcome.unwrap().clone()
    }

    fn turn(&mut self, id: &str, what: Turn) {
        self.tell(&turn(id, self.now, what));
    }

    fn actuation(&self, id: &str) -> Actuation {
        self.city.actuation(&id.into()).unwrap().clone()
    }

    fn state(&self, id: &str) -> ActuationState {
        self.actuation(id).state
    }
}

#[test]
fn an_order_waits_is_sent_and_is_acknowledged() {
    let mut story = Story::of(tiny());
    assert_eq!(story.order("a", "G-1", None), Outcome::Actuated("a".into()));
    assert_eq!(story.state("a"), ActuationState::Waiting);
    let open = story.city.actuations_open();
    assert_eq!(open[0].1.topic, "vendor-x/G-1/command");
    story.turn("a", Turn::Sent("mqtt".into()));
    story.turn("a", Turn::Sent("mqtt".into()));
    assert_eq!(story.state("a"), ActuationState::Sent);
    assert_eq!(story.actuation("a").ways, ["mqtt"]);
    story.wait("2s");
    story.turn("a", answered("road", Some("G-1"), None));
    let done = story.actuation("a");
    assert_eq!(done.state, ActuationState::Acknowledged);
    assert_eq!(done.ended_at, Some(story.now));
    assert!(story.city.actuations_open().is_empty());
    // Whatever it says later, it has said it.
    story.turn("a", answered("road", Some("G-1"), Some("no")));
    story.wait("2m");
    assert_eq!(story.state("a"), ActuationState::Acknowledged);
}

#[test]
fn what_the_actuator_refuses_is_refused_in_its_own_words() {
    let mut story = Story::of(tiny());
    story.order("a", "G-1", None);
    story.turn("a", answered("road", None, Some("no power")));
    let refused = story.actuation("a");
    assert_eq!(refused.state, ActuationState::Refused);
    assert_eq!(refused.said.as_deref(), Some("no power"));
}

#[test]
fn without_an_answer_a_tick_after_its_time_ends_it_and_a_later_answer_is_only_noted() {
    let mut story = Story::of(tiny());
    story.order("a", "G-1", None);
    story.order("b", "G-1", None);
    story.turn("a", Turn::Sent("mqtt".into()));
    story.wait("59s");
    assert_eq!(story.state("a"), ActuationState::Sent);
    story.wait("1s");
    for id in ["a", "b"] {
        assert_eq!(story.state(id), ActuationState::Expired);
        assert_eq!(story.actuation(id).ended_at, Some(story.now));
    }
    assert!(story.city.actuations_open().is_empty());
    // Not even as sent: that came after its time.
    story.turn("b", Turn::Sent("mqtt".into()));
    assert_eq!(story.state("b"), ActuationState::Expired);
    story.wait("3s");
    story.turn("a", answered("road", Some("G-1"), None));
    assert_eq!(story.state("a"), ActuationState::Expired);
    assert_eq!(story.actuation("a").late_at, Some(story.now));
}

#[test]
fn an_answer_that_is_not_its_own_is_counted_and_changes_nothing() {
    let mut story = Story::of(tiny());
    story.order("a", "G-1", None);
    let rejected = |story: &Story, feed: &str| -> u64 { story.feed(feed).rejected.values().sum() };
    story.turn("a", answered("manhole", Some("G-1"), None));
    story.turn("a", answered("road", Some("G-2"), None));
    story.turn("b", answered("road", Some("G-1"), None));
    assert_eq!(story.state("a"), ActuationState::Waiting);
    assert_eq!(rejected(&story, "manhole"), 1);
    assert_eq!(rejected(&story, "road"), 2);
}

#[test]
fn a_value_acknowledges_it_once_it_is_near_enough_and_of_a_time_since_it_was_sent() {
    let mut story = Story::of(tiny());
    story.order("a", "G-1", Some(0.0));
    story.order("b", "G-2", Some(0.0));
    // It was so before it was told.
    story.read("road", "G-1", "ponding_depth", 0.0);
    assert_eq!(story.state("a"), ActuationState::Waiting);
    story.wait("5s");
    story.turn("a", Turn::Sent("mqtt".into()));
    let before = story.now.minus(Span(1_000));
    let mut late = reading("road", "G-1", "ponding_depth", 0.1, before);
    late.received_at = story.now;
    story.tell(&Entry::Observation(late));
    assert_eq!(story.state("a"), ActuationState::Sent);
    story.wait("1s");
    story.read("road", "G-1", "ponding_depth", 0.6);
    assert_eq!(story.state("a"), ActuationState::Sent);
    story.wait("1s");
    // Another asset, or another value.
    story.read("road", "G-3", "ponding_depth", 0.0);
    assert_eq!(story.state("a"), ActuationState::Sent);
    story.read("road", "G-1", "ponding_depth", 0.5);
    assert_eq!(story.state("a"), ActuationState::Acknowledged);
    assert_eq!(story.state("b"), ActuationState::Waiting);
}

#[test]
fn a_value_counts_that_is_here_before_the_word_that_its_order_was_sent() {
    let mut story = Story::of(tiny());
    for id in ["a", "b"] {
        story.order(id, "G-1", Some(0.0));
    }
    story.wait("1s");
    // It acts at once, while it is still written down that it has the order.
    let handed_over = story.now;
    story.read("road", "G-1", "ponding_depth", 0.2);
    story.wait("1s");
    assert_eq!(story.state("a"), ActuationState::Waiting);
    story.tell(&turn("a", handed_over, Turn::Sent("mqtt".into())));
    let done = story.actuation("a");
    assert_eq!(done.state, ActuationState::Acknowledged);
    assert_eq!(
        (done.sent_at, done.ended_at),
        (Some(handed_over), Some(story.now))
    );
    // The other was handed over after that.
    story.turn("b", Turn::Sent("mqtt".into()));
    assert_eq!(story.state("b"), ActuationState::Sent);
    // And by another way before: the first counts.
    story.tell(&turn("b", handed_over, Turn::Sent("broker".into())));
    assert_eq!(story.state("b"), ActuationState::Acknowledged);
}

#[test]
fn what_was_withdrawn_is_under_way_no_more_and_what_had_ended_stays_as_it_was() {
    let mut story = Story::of(tiny());
    for (id, wanted) in [("a", None), ("b", None), ("c", Some(0.0))] {
        story.order(id, "G-1", wanted);
    }
    story.turn("a", Turn::Sent("mqtt".into()));
    story.turn("a", answered("road", None, None));
    story.wait("1s");
    for id in ["a", "b", "c", "nobodys"] {
        story.turn(id, Turn::Withdrawn);
    }
    assert_eq!(story.state("a"), ActuationState::Acknowledged);
    for id in ["b", "c"] {
        let ended = story.actuation(id);
        assert_eq!(ended.state, ActuationState::Expired);
        assert_eq!(ended.ended_at, Some(story.now));
    }
    assert!(story.city.actuations_open().is_empty());
    let n_refused: u64 = story.feed("road").rejected.values().sum();
    assert_eq!(n_refused, 0);
}

#[test]
fn told_twice_it_is_given_once() {
    let mut story = Story::of(tiny());
    story.order("a", "G-1", None);
    let seq = story.actuation("a").seq;
    story.turn("a", Turn::Sent("mqtt".into()));
    story.wait("1s");
    story.order("a", "G-1", None);
    assert_eq!(story.city.actuations().count(), 1);
    assert_eq!(story.actuation("a").seq, seq);
    assert_eq!(story.state("a"), ActuationState::Sent);
}

#[test]
fn orders_are_bounded_for_an_asset_and_what_has_ended_gives_way() {
    let mut story = Story::of(tiny());
    for n in 0..8 {
        let outcome = story.order(&format!("a{n}"), "G-1", None);
        assert!(matches!(outcome, Outcome::Actuated(_)));
    }
    let busy = Outcome::NotActuated(ActuationRefusal::Busy(8));
    assert_eq!(story.order("b", "G-1", None), busy);
    assert!(story.city.actuation(&"b".into()).is_none());
    assert!(matches!(
        story.order("c", "G-2", None),
        Outcome::Actuated(_)
    ));
    let ids: Vec<_> = story.city.actuations().map(|one| one.id.clone()).collect();
    assert_eq!((ids[0].as_str(), ids[8].as_str()), ("c", "a0"));
    story.turn("a3", answered("road", None, None));
    assert!(matches!(
        story.order("d", "G-1", None),
        Outcome::Actuated(_)
    ));
    for n in 0..2_100 {
        let id = format!("z{n}");
        story
            .city
            .apply(story.city.seq() + 1, &order(&id, "G-9", story.now, None));
        let end = turn(&id, story.now, answered("road", None, None));
        story.city.apply(story.city.seq() + 1, &end);
    }
    assert_eq!(story.city.actuations().count(), 2_000);
    // What is under way stays, however old.
    assert_eq!(story.state("a0"), ActuationState::Waiting);
    assert!(story.city.actuation(&"z0".into()).is_none());
}

/// One thing that happens around orders.
fn happening() -> impl Strategy<Value = (u8, u8, u8)> {
    (0..7_u8, 0..6_u8, 0..3_u8)
}

fn entry((kind, id, asset): (u8, u8, u8), now: &mut TimeMs) -> Entry {
    let (id, asset) = (format!("o{id}"), format!("G-{asset}"));
    match kind {
        0 => order(&id, &asset, *now, None),
        1 => order(&id, &asset, *now, Some(2.0)),
        2 => turn(&id, *now, Turn::Sent("mqtt".into())),
        3 => turn(&id, *now, answered("road", Some(&asset), None)),
        4 => {
            let read = reading("road", &asset, "ponding_depth", 2.0, *now);
            Entry::Observation(read)
        }
        5 => turn(&id, *now, Turn::Withdrawn),
        _ => {
            *now = now.plus(Span(17_000));
            Entry::Tick(*now)
        }
    }
}

proptest! {
    /// However it is cut by checkpoints, and replayed: the same orders, the same hash.
    #[test]
    fn a_restart_and_a_replay_find_every_order_as_it_was(
        story in prop::collection::vec(happening(), 1..60),
        cut in 0..60_usize,
    ) {
        let mut now = TimeMs::from_rfc3339("2026-06-22T06:00:00Z").unwrap();
        let entries: Vec<Entry> = story.into_iter().map(|one| entry(one, &mut now)).collect();
        let package = tiny();
        let mut live = City::new(package.clone());
        let mut cut_live = City::new(package.clone());
        for (seq, entry) in (1..).zip(&entries) {
            live.apply(seq, entry);
            cut_live.apply(seq, entry);
            if usize::try_from(seq).unwrap() == cut {
                cut_live = City::restore(package.clone(), &cut_live.checkpoint()).unwrap();
            }
        }
        prop_assert_eq!(live.hash(), cut_live.hash());
        let rows: Vec<_> = live.actuations().cloned().collect();
        let same: Vec<_> = cut_live.actuations().cloned().collect();
        prop_assert_eq!(&rows, &same);
        // What is open is open, what has ended says when, and nothing is open beyond a tick.
        let ticked = entries.iter().rev().find_map(|entry| match entry {
            Entry::Tick(at) => Some(*at),
            _ => None,
        });
        for row in &rows {
            prop_assert_eq!(row.state.is_open(), row.ended_at.is_none());
            let is_past = ticked.is_some_and(|at| at >= row.expires_at);
            prop_assert!(!(row.state.is_open() && is_past));
        }
        let open = live.actuations_open().len();
        prop_assert_eq!(open, rows.iter().filter(|row| row.state.is_open()).count());
    }
}
