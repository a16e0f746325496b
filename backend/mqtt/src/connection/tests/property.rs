//! Whatever the filters, the topics and the grants: what is delivered is what matches and may be
//! received, no more and no less, on each of the ways a message can take.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::testing::{Guest, GuestList};
use crate::topic;

/// Topics and labels somebody may receive.
#[derive(Clone, Debug)]
struct Grant {
    topics: BTreeSet<String>,
    labels: BTreeSet<Option<String>>,
}

impl Grant {
    fn covers(&self, topic: &str, label: Option<&str>) -> bool {
        self.topics.contains(topic) && self.labels.contains(&label.map(str::to_owned))
    }
}

/// A message's topic and label.
type Told = (String, Option<String>);

#[derive(Clone, Debug)]
struct Case {
    filters: Vec<String>,
    retained: Vec<Told>,
    live: Vec<Told>,
    missed: Vec<Told>,
    before: Grant,
    after: Grant,
}

fn topics() -> impl Strategy<Value = String> {
    "([ab]|[$]a)(/[ab]){0,2}"
}

fn labels() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[xy]")
}

fn told() -> impl Strategy<Value = Vec<Told>> {
    prop::collection::vec((topics(), labels()), 0..12)
}

fn grants() -> impl Strategy<Value = Grant> {
    let topics = prop::collection::btree_set(topics(), 0..20);
    let labels = prop::collection::btree_set(labels(), 0..4);
    (topics, labels).prop_map(|(topics, labels)| Grant { topics, labels })
}

fn cases() -> impl Strategy<Value = Case> {
    let filters = prop::collection::vec("([ab+]|[$]a)(/[ab+]){0,2}(/#)?|#", 1..5);
    (filters, told(), told(), told(), grants(), grants()).prop_map(
        |(filters, retained, live, missed, before, after)| Case {
            filters,
            retained,
            live,
            missed,
            before,
            after,
        },
    )
}

/// The topics of those of `told` that one of the filters matches and the grant covers.
fn expected(told: &[Told], filters: &[String], grant: &Grant) -> Vec<String> {
    let is_expected = |(topic, label): &&Told| {
        let is_wanted = filters.iter().any(|filter| topic::matches(filter, topic));
        is_wanted && grant.covers(topic, label.as_deref())
    };
    let expected = told.iter().filter(is_expected);
    expected.map(|(topic, _)| topic.clone()).collect()
}

fn route(world: &World, told: &[Told], is_retained: bool) {
    for (topic, label) in told {
        let message = labelled(topic, b"x", is_retained, label.as_deref());
        world.shared.hub.route(&message);
    }
}

fn set(guest: &Guest, grant: &Grant) {
    let grant = grant.clone();
    guest.grant(move |topic, label| grant.covers(topic, label));
}

async fn run_case(case: &Case) {
    let guest = Guest::new("ann", |_, _| false);
    let gate = GuestList::new([("guest", &guest)]);
    let world = World::with_gate(Limits::default(), gate);
    set(&guest, &case.before);
    route(&world, &case.retained, true);
    let mut client = world.connect(connect_as("guest", "c")).await;
    for filter in &case.filters {
        // By topic the newest alone is retained. Each filter brings its own, in order of topic.
        let newest: std::collections::BTreeMap<_, _> = case.retained.iter().cloned().collect();
        let newest: Vec<Told> = newest.into_iter().collect();
        client.subscribe(filter, Qos::AtLeastOnce).await;
        let wanted = expected(&newest, std::slice::from_ref(filter), &case.before);
        assert_eq!(client.topics().await, wanted, "retained for {filter}");
    }
    route(&world, &case.live, false);
    let wanted = expected(&case.live, &case.filters, &case.before);
    assert_eq!(client.topics().await, wanted, "live");

    // What is sent and not acknowledged, then what is missed, both under another grant than before.
    route(&world, &case.live, false);
    for expected in &wanted {
        let (_, body) = client.packet().await;
        assert_eq!(read_qos_1(&body).0, *expected);
    }
    drop(client);
    world.is_left().await;
    route(&world, &case.missed, false);
    set(&guest, &case.after);
    let mut client = world.connect(connect_as("guest", "c")).await;
    let is_sent = |(topic, label): &&Told| case.before.covers(topic, label.as_deref());
    let sent: Vec<Told> = case.live.iter().filter(is_sent).cloned().collect();
    let mut wanted = expected(&sent, &case.filters, &case.after);
    wanted.extend(expected(&case.missed, &case.filters, &case.after));
    assert_eq!(client.topics().await, wanted, "after resuming");
}

proptest! {
    #[test]
    fn what_is_delivered_is_what_matches_and_may_be_received(case in cases()) {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(run_case(&case));
    }
}
