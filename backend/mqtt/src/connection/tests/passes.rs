//! Many principals at one endpoint: whose a session is, who receives what, and what revoking does.

use super::*;
use crate::testing::{Guest, GuestList};

fn everything(_topic: &str, _label: Option<&str>) -> bool {
    true
}

fn mine(topic: &str, _label: Option<&str>) -> bool {
    topic.contains("mine")
}

/// An endpoint that knows one guest as `guest`.
fn world_of(guest: &Arc<Guest>) -> World {
    World::with_gate(Limits::default(), GuestList::new([("guest", guest)]))
}

fn publish_qos_2(identifier: u16) -> v5_0::Publish {
    let packet = v5_0::Publish::builder().topic_name("a").unwrap();
    let packet = packet.qos(Qos::ExactlyOnce).packet_id(identifier);
    packet.payload(b"x").build().unwrap()
}

/// The CONNACK: whether the session was there, and the reason code.
async fn welcome(client: &mut Client) -> (bool, u8) {
    let (first, body) = client.packet().await;
    assert_eq!(first, 0x20, "CONNACK: {body:x?}");
    (body[0] == 1, body[1])
}

#[tokio::test(start_paused = true)]
async fn two_owners_with_the_same_client_identifier_do_not_meet() {
    let (ann, bob) = (Guest::new("ann", everything), Guest::new("bob", everything));
    let gate = GuestList::new([("ann", &ann), ("bob", &bob)]);
    let mut world = World::with_gate(Limits::default(), gate);
    let mut of_ann = world.connect(connect_as("ann", "same")).await;
    of_ann.subscribe("#", Qos::AtLeastOnce).await;
    of_ann.send(publish_qos_2(9)).await;
    world.keep().await;
    assert_eq!(of_ann.packet().await, (0x50, vec![0, 9]));
    assert_eq!(of_ann.topics().await, ["a"]);

    let mut of_bob = world.dial();
    of_bob.send(connect_as("bob", "same")).await;
    assert_eq!(welcome(&mut of_bob).await, (false, 0));
    of_ann.is_answered().await;
    assert_eq!(world.shared.counters.takeovers.get(), 0);
    of_bob.send(publish_qos_2(9)).await;
    assert_eq!(world.keep().await.len(), 1, "bob's 9 is not ann's");
    assert_eq!(of_bob.packet().await, (0x50, vec![0, 9]));
    assert_eq!(of_ann.topics().await, ["a"]);

    drop((of_ann, of_bob));
    world.is_left().await;
    world.shared.hub.route(&message("missed", b"x", false));
    let mut of_bob = world.dial();
    of_bob.send(connect_as("bob", "same")).await;
    assert_eq!(welcome(&mut of_bob).await, (true, 0), "his own");
    assert!(of_bob.topics().await.is_empty(), "ann's filter is not his");
    let mut of_ann = world.dial();
    of_ann.send(connect_as("ann", "same")).await;
    assert_eq!(welcome(&mut of_ann).await, (true, 0));
    assert_eq!(of_ann.topics().await, ["missed"]);
    of_ann.send(publish_qos_2(9)).await;
    assert_eq!(of_ann.packet().await, (0x50, vec![0, 9]), "known already");
    assert!(world.batches.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn wildcards_bring_only_what_may_be_received_live_and_retained() {
    let topics = ["mine", "other", "x/mine", "x/other", "$SYS/mine", "$SYS/x"];
    for (filter, expected) in [
        ("#", vec!["mine", "x/mine"]),
        ("+/+", vec!["x/mine"]),
        ("+/mine", vec!["x/mine"]),
        ("x/#", vec!["x/mine"]),
        ("x/other", vec![]),
        ("$SYS/#", vec!["$SYS/mine"]),
        ("$share/g/#", vec!["mine", "x/mine"]),
    ] {
        let guest = Guest::new("ann", mine);
        let world = world_of(&guest);
        for topic in topics {
            world.shared.hub.route(&message(topic, b"x", true));
        }
        let mut client = world.connect(connect_as("guest", "c")).await;
        client.subscribe(filter, Qos::AtLeastOnce).await;
        let is_shared = filter.starts_with("$share/");
        let n_retained = if is_shared { 0 } else { expected.len() };
        assert_eq!(client.topics().await.len(), n_retained, "{filter}");
        for topic in topics {
            world.shared.hub.route(&message(topic, b"x", false));
        }
        assert_eq!(client.topics().await, expected, "{filter}");
        let again = client.subscribe(filter, Qos::AtLeastOnce).await;
        assert_eq!(again, 1, "{filter}: what is withheld changes no answer");
        let mut retained = client.topics().await;
        retained.sort_unstable();
        if !is_shared {
            assert_eq!(retained, expected, "{filter}, retained");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_label_decides_and_clients_messages_have_none() {
    let guest = Guest::new("ann", |_, label| label == Some("siming"));
    let mut world = world_of(&guest);
    let hub = &world.shared.hub;
    for (topic, label) in [("1", "siming"), ("2", "huli")] {
        hub.route(&labelled(topic, b"x", true, Some(label)));
    }
    let mut client = world.connect(connect_as("guest", "c")).await;
    client.subscribe("#", Qos::AtLeastOnce).await;
    assert_eq!(client.topics().await, ["1"], "retained with its label");
    for (topic, label) in [("3", Some("huli")), ("4", Some("siming")), ("5", None)] {
        world.shared.hub.route(&labelled(topic, b"x", false, label));
    }
    assert_eq!(client.topics().await, ["4"]);
    client.send(publish_v5("6", 1, b"x")).await;
    world.keep().await;
    assert_eq!(client.packet().await.0, 0x40);
    assert!(client.topics().await.is_empty());
    guest.grant(|_, label| label.is_none());
    client.send(publish_v5("7", 1, b"x")).await;
    world.keep().await;
    assert_eq!(client.packet().await.0, 0x40);
    assert_eq!(client.topics().await, ["7"]);
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_changes_counts_for_what_already_waits_and_for_what_is_sent_again() {
    let guest = Guest::new("ann", everything);
    let world = world_of(&guest);
    let mut client = world.connect(connect_as("guest", "c")).await;
    client.subscribe("#", Qos::AtLeastOnce).await;
    for topic in ["sent/mine", "sent/other"] {
        world.shared.hub.route(&message(topic, b"x", false));
        assert_eq!(read_qos_1(&client.packet().await.1).0, topic);
    }
    drop(client);
    world.is_left().await;
    for topic in ["queued/other", "queued/mine"] {
        world.shared.hub.route(&message(topic, b"x", false));
    }
    guest.grant(mine);
    let mut client = world.connect(connect_as("guest", "c")).await;
    assert_eq!(client.topics().await, ["sent/mine", "queued/mine"]);
    assert_eq!(world.shared.counters.deliveries_withheld.get(), 2);

    drop(client);
    world.is_left().await;
    world.shared.hub.route(&message("later/other", b"x", false));
    guest.grant(everything);
    let mut client = world.connect(connect_as("guest", "c")).await;
    assert_eq!(client.topics().await, ["later/other"], "also the other way");
}

#[tokio::test(start_paused = true)]
async fn what_is_withheld_takes_no_packet_identifier_and_no_room_in_the_window() {
    let guest = Guest::new("ann", mine);
    let world = world_of(&guest);
    let mut client = world.connect(connect_as("guest", "c")).await;
    client.subscribe("#", Qos::AtLeastOnce).await;
    for _ in 0..4 {
        for _ in 0..500 {
            world.shared.hub.route(&message("other", b"x", false));
        }
        client.hears_nothing_for(Duration::from_secs(1)).await;
    }
    // Not acknowledged: exactly as many fit the window as if there had been nothing else.
    for expected in 1..=64 {
        world.shared.hub.route(&message("mine", b"x", false));
        let (topic, identifier, _) = read_qos_1(&client.packet().await.1);
        assert_eq!((topic.as_str(), identifier), ("mine", expected));
    }
    world.shared.hub.route(&message("mine", b"x", false));
    client.hears_nothing_for(Duration::from_secs(1)).await;
    assert_eq!(world.shared.counters.deliveries_withheld.get(), 2_000);
    assert_eq!(world.shared.counters.subscribers_overrun.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn others_messages_do_not_end_a_session_that_waits_for_its_client() {
    let guest = Guest::new("ann", mine);
    let world = world_of(&guest);
    let mut client = world.connect(connect_as("guest", "c")).await;
    client.subscribe("#", Qos::AtLeastOnce).await;
    drop(client);
    world.is_left().await;
    for number in 0..5_000 {
        let topic = if number % 100 == 0 { "mine" } else { "other" };
        world.shared.hub.route(&message(topic, b"x", false));
    }
    let mut client = world.connect(connect_as("guest", "c")).await;
    assert_eq!(client.topics().await.len(), 50);
}

fn with_will(user: &str, expiry_s: u32) -> v5_0::Connect {
    let connect = v5_0::Connect::builder().client_id("c").unwrap();
    connect
        .user_name(user)
        .unwrap()
        .will_message("wills/c", b"gone", Qos::AtLeastOnce, false)
        .unwrap()
        .props(vec![expiry(expiry_s), by_code_alone()])
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn revoking_ends_the_connection_drops_the_session_and_keeps_the_will_back() {
    let guest = Guest::new("ann", everything);
    let heir = Guest::new("ann", everything);
    let gate = GuestList::new([("guest", &guest), ("heir", &heir)]);
    let mut world = World::with_gate(Limits::default(), gate);
    let mut client = world.connect(with_will("guest", 60)).await;
    client.subscribe("#", Qos::AtLeastOnce).await;
    guest.revoke();
    assert_eq!(client.packet().await, (0xe0, vec![0x87]));
    client.hears_the_end().await;
    assert_eq!(world.shared.counters.revocations.get(), 1);
    assert!(!world.shared.hub.has_subscriptions());
    let mut client = world.dial();
    client.send(connect_as("heir", "c")).await;
    assert_eq!(welcome(&mut client).await, (false, 0));
    drop(client);
    world.ends_with_nothing_taken().await;
}

#[tokio::test(start_paused = true)]
async fn revoking_ends_a_3_1_1_connection_too() {
    let guest = Guest::new("ann", everything);
    let world = world_of(&guest);
    let connect = v3_1_1::Connect::builder().client_id("c").unwrap();
    let connect = connect.user_name("guest").unwrap().clean_session(true);
    let mut client = world.connect(connect.build().unwrap()).await;
    guest.revoke();
    client.hears_the_end().await;
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_is_revoked_before_its_first_packet_opens_nothing() {
    let guest = Guest::new("ann", everything);
    let mut world = world_of(&guest);
    guest.revoke();
    let mut client = world.connect(connect_as("guest", "c")).await;
    client.send(publish_v5("a", 0, b"x")).await;
    assert_eq!(client.packet().await, (0xe0, vec![0x87]));
    client.hears_the_end().await;
    assert!(world.batches.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn what_was_under_way_when_a_pass_was_revoked_is_kept_and_not_acknowledged() {
    let guest = Guest::new("ann", everything);
    let watcher = Guest::new("bob", everything);
    let gate = GuestList::new([("guest", &guest), ("watcher", &watcher)]);
    let mut world = World::with_gate(Limits::default(), gate);
    let mut subscriber = world.connect(connect_as("watcher", "s")).await;
    subscriber.subscribe("#", Qos::AtLeastOnce).await;
    let mut client = world.connect(connect_as("guest", "c")).await;
    client.send(publish_v5("a", 1, b"x")).await;
    let (_, receipt) = world.batch().await;
    guest.revoke();
    assert_eq!(client.packet().await, (0xe0, vec![0x87]));
    client.hears_the_end().await;
    drop(client);
    receipt.send(vec![Outcome::Kept]).unwrap();
    assert_eq!(subscriber.topics().await, ["a"]);
}

#[tokio::test(start_paused = true)]
async fn revoking_while_nobody_is_connected_drops_the_session_at_the_next_sweep() {
    let guest = Guest::new("ann", everything);
    let world = world_of(&guest);
    let mut client = world.connect(connect_as("guest", "c")).await;
    client.subscribe("#", Qos::AtLeastOnce).await;
    drop(client);
    world.is_left().await;
    world.shared.hub.sweep();
    assert!(world.shared.hub.has_subscriptions());
    guest.revoke();
    world.shared.hub.sweep();
    assert!(!world.shared.hub.has_subscriptions());
}

#[tokio::test(start_paused = true)]
async fn a_will_is_published_only_if_its_client_still_may() {
    let guest = Guest::new("ann", everything);
    let mut world = world_of(&guest);
    drop(world.connect(with_will("guest", 0)).await);
    assert_eq!(world.keep().await[0].topic, "wills/c");
    let client = world.connect(with_will("guest", 0)).await;
    guest.forbid_publishing();
    drop(client);
    world.ends_with_nothing_taken().await;
    assert_eq!(world.shared.counters.publishes_denied.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_whose_pass_was_revoked_meanwhile_leaves_no_will() {
    let guest = Guest::new("ann", everything);
    let mut world = world_of(&guest);
    let mut client = world.connect(with_will("guest", 60)).await;
    client.send(publish_v5("a", 1, b"x")).await;
    let (_, receipt) = world.batch().await;
    drop(client);
    world.is_left().await;
    guest.revoke();
    receipt.send(vec![Outcome::Kept]).unwrap();
    world.ends_with_nothing_taken().await;
}
