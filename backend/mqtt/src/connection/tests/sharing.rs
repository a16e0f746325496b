//! Shared subscriptions and subscription identifiers.

use mqtt_protocol_core::mqtt::packet::SubscriptionIdentifier;

use super::*;
use crate::testing::{Guest, GuestList};

fn everything(_topic: &str, _label: Option<&str>) -> bool {
    true
}

async fn member(world: &World, client: &str) -> Client {
    let mut member = world.connect(connect_lasting(client)).await;
    let granted = member.subscribe("$share/g/a/#", Qos::ExactlyOnce).await;
    assert_eq!(granted, 2);
    member
}

fn route(world: &World, payloads: &[&'static str]) {
    for payload in payloads {
        let message = message("a", payload.as_bytes(), false);
        world.shared.hub.route(&message);
    }
}

/// The payloads of the QoS 1 deliveries that come until there are no more, and their identifiers.
async fn payloads(client: &mut Client) -> Vec<(String, u16)> {
    let mut payloads = Vec::new();
    while let Ok(packet) = timeout(Duration::from_secs(1), client.read()).await {
        let (first, body) = packet.expect("connection closed");
        assert_eq!(first & 0xf6, 0x32, "PUBLISH of QoS 1: {body:x?}");
        let (_, identifier, payload) = read_qos_1(&body);
        payloads.push((String::from_utf8(payload).unwrap(), identifier));
    }
    payloads
}

async fn texts(client: &mut Client) -> Vec<String> {
    let payloads = payloads(client).await;
    payloads.into_iter().map(|(payload, _)| payload).collect()
}

async fn acknowledge(client: &mut Client, identifier: u16) {
    let puback = v5_0::Puback::builder().packet_id(identifier);
    client.send(puback.build().unwrap()).await;
}

/// SUBSCRIBE with a subscription identifier, if it is not zero.
fn subscribe(filter: &str, no_local: bool, identifier: u32) -> v5_0::Subscribe {
    let options = SubOpts::new().set_qos(Qos::AtLeastOnce).set_nl(no_local);
    let entry = SubEntry::new(filter, options).unwrap();
    let packet = v5_0::Subscribe::builder()
        .packet_id(77)
        .entries(vec![entry]);
    if identifier == 0 {
        return packet.build().unwrap();
    }
    let identifier = SubscriptionIdentifier::new(identifier).unwrap();
    packet.props(vec![identifier.into()]).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_message_goes_to_one_member_in_turn_and_to_everybody_beside_the_group() {
    let world = World::new();
    let (mut one, mut two) = (member(&world, "1").await, member(&world, "2").await);
    let mut all = world.connect(connect_v5("all")).await;
    all.subscribe("a/#", Qos::AtLeastOnce).await;
    route(&world, &["1", "2", "3", "4"]);
    assert_eq!(texts(&mut one).await, ["1", "3"]);
    assert_eq!(texts(&mut two).await, ["2", "4"]);
    assert_eq!(texts(&mut all).await, ["1", "2", "3", "4"]);
    one.subscribe("a", Qos::AtLeastOnce).await;
    route(&world, &["5"]);
    assert_eq!(
        texts(&mut one).await,
        ["5", "5"],
        "for itself and for the group"
    );
}

#[tokio::test(start_paused = true)]
async fn who_is_connected_comes_before_who_is_not() {
    let world = World::new();
    let (one, mut two) = (member(&world, "1").await, member(&world, "2").await);
    drop(one);
    while world.shared.counters.connections_open.get() > 1 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    route(&world, &["1", "2"]);
    assert_eq!(texts(&mut two).await, ["1", "2"]);
    drop(two);
    world.is_left().await;
    route(&world, &["3", "4"]);
    let mut one = world.dial();
    one.send(connect_lasting("1")).await;
    assert_eq!(one.packet().await.1[..2], [1, 0], "session present");
    let waited = texts(&mut one).await;
    assert_eq!(waited.len(), 1, "one for each of those who may come back");
}

#[tokio::test(start_paused = true)]
async fn a_member_that_leaves_for_good_gives_on_what_it_did_not_acknowledge() {
    let world = World::new();
    let (mut one, mut two) = (member(&world, "1").await, member(&world, "2").await);
    route(&world, &["1", "2", "3", "4"]);
    let of_one = payloads(&mut one).await;
    assert_eq!(of_one.len(), 2);
    acknowledge(&mut one, of_one[0].1).await;
    one.is_answered().await;
    let of_two = payloads(&mut two).await;
    for (_, identifier) in of_two {
        acknowledge(&mut two, identifier).await;
    }
    drop(one);
    // While it may come back the message waits for it.
    assert!(texts(&mut two).await.is_empty());
    tokio::time::sleep(Duration::from_mins(1)).await;
    world.shared.hub.sweep();
    assert_eq!(texts(&mut two).await, ["3"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_yet_goes_to_a_connected_member_at_once() {
    let world = World::new();
    let (mut one, mut two) = (member(&world, "1").await, member(&world, "2").await);
    // The window of each is full, unacknowledged.
    route(&world, &["x"; 2 * crate::limits::DELIVERY_WINDOW]);
    assert_eq!(
        payloads(&mut one).await.len(),
        crate::limits::DELIVERY_WINDOW
    );
    let of_two = payloads(&mut two).await;
    route(&world, &["1", "2"]);
    for (_, identifier) in of_two {
        acknowledge(&mut two, identifier).await;
    }
    assert_eq!(texts(&mut two).await, ["2"]);
    drop(one);
    assert_eq!(texts(&mut two).await, ["1"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_published_with_qos_2_goes_to_nobody_else() {
    let world = World::new();
    let mut one = member(&world, "1").await;
    world.shared.hub.route(&Arc::new(Message {
        topic: "a".into(),
        qos: 2,
        ..Message::default()
    }));
    assert_eq!(one.packet().await.0, 0x34);
    let mut two = member(&world, "2").await;
    drop(one);
    tokio::time::sleep(Duration::from_mins(2)).await;
    world.shared.hub.sweep();
    two.hears_nothing_for(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn unsubscribing_from_a_group_leaves_it_to_the_others() {
    let world = World::new();
    let (mut one, mut two) = (member(&world, "1").await, member(&world, "2").await);
    let packet = v5_0::Unsubscribe::builder().packet_id(5);
    let packet = packet.entries(["$share/g/a/#"]).unwrap();
    one.send(packet.build().unwrap()).await;
    assert_eq!(one.packet().await, (0xb0, vec![0, 5, 0, 0]));
    route(&world, &["1", "2"]);
    assert_eq!(texts(&mut two).await, ["1", "2"]);
    assert!(texts(&mut one).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_group_gets_nothing_that_is_retained_but_what_comes() {
    let world = World::new();
    world.shared.hub.route(&message("a", b"old", true));
    let mut one = member(&world, "1").await;
    assert!(texts(&mut one).await.is_empty());
    world.shared.hub.route(&message("a", b"new", true));
    assert_eq!(texts(&mut one).await, ["new"]);
}

#[tokio::test(start_paused = true)]
async fn a_full_member_is_passed_by_and_one_that_may_not_have_the_message_too() {
    let guest = Guest::new("ann", everything);
    let blind = Guest::new("ann", |_, _| false);
    let gate = GuestList::new([("guest", &guest), ("blind", &blind)]);
    let limits = Limits {
        outbox_messages_max: 1,
        ..Limits::default()
    };
    let world = World::with_gate(limits, gate);
    let mut members = Vec::new();
    for (user, client) in [("blind", "0"), ("guest", "1"), ("guest", "2")] {
        let mut member = world.connect(connect_as(user, client)).await;
        member.subscribe("$share/g/a", Qos::AtLeastOnce).await;
        members.push(member);
    }
    // Nothing lets the connections take their messages in between: one waits at each of the two.
    route(&world, &["1", "2"]);
    assert!(texts(&mut members[0]).await.is_empty());
    assert_eq!(texts(&mut members[1]).await.len(), 1);
    assert_eq!(texts(&mut members[2]).await.len(), 1);
    assert_eq!(world.shared.counters.subscribers_overrun.get(), 0);
    route(&world, &["3", "4", "5"]);
    assert_eq!(world.shared.counters.subscribers_overrun.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_takes_messages_from_a_group_of_another_owner() {
    let (ann, bob) = (Guest::new("ann", everything), Guest::new("bob", everything));
    let world = World::with_gate(
        Limits::default(),
        GuestList::new([("ann", &ann), ("bob", &bob)]),
    );
    let mut clients = Vec::new();
    for user in ["ann", "bob"] {
        let mut client = world.connect(connect_as(user, "c")).await;
        client.subscribe("$share/g/a", Qos::AtLeastOnce).await;
        clients.push(client);
    }
    route(&world, &["1", "2"]);
    for client in &mut clients {
        assert_eq!(texts(client).await, ["1", "2"]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_pass_is_asked_about_the_filter_within_and_about_no_malformed_one() {
    let guest = Guest::new("ann", everything);
    guest.allow_filters(|filter| filter.starts_with("a/"));
    let world = World::with_gate(Limits::default(), GuestList::new([("guest", &guest)]));
    let mut client = world.connect(connect_as("guest", "c")).await;
    for (filter, code) in [
        ("a/#", 1),
        ("$share/g/a/#", 1),
        ("$share/other/a/b", 1),
        ("$share/a/#", 0x87),
        ("$share/g/b/#", 0x87),
        ("$share/a/b/a/#", 0x87),
        ("$share/g/a/#/b", 0x8f),
        ("$SYS/#", 0x87),
    ] {
        let granted = client.subscribe(filter, Qos::AtLeastOnce).await;
        assert_eq!(granted, code, "{filter}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_local_in_a_group_and_two_identifiers_are_breaches_of_the_protocol() {
    let world = World::new();
    let mut twice = subscribe("a", false, 5).to_continuous_buffer();
    // Type, length, packet identifier, length of the properties, one property of two bytes.
    assert_eq!(twice[4..7], [2, 0x0b, 5]);
    twice.splice(4..7, [4, 0x0b, 5, 0x0b, 6]);
    twice[1] += 2;
    for bytes in [
        subscribe("$share/g/a", true, 0).to_continuous_buffer(),
        twice,
    ] {
        let mut client = world.connect(connect_v5("c")).await;
        client.send_bytes(&bytes).await;
        assert_eq!(client.packet().await, (0xe0, vec![0x82]), "{bytes:x?}");
        client.hears_the_end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_publish_with_a_subscription_identifier_is_a_breach_of_the_protocol() {
    let world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    let identifier = SubscriptionIdentifier::new(5).unwrap().into();
    let publish = v5_0::Publish::builder().topic_name("a").unwrap();
    let publish = publish.props(vec![identifier]).payload(b"x");
    client.send(publish.build().unwrap()).await;
    assert_eq!(client.packet().await, (0xe0, vec![0x82]));
    client.hears_the_end().await;
}

/// The identifiers among the properties of a QoS 1 PUBLISH with no others, in order.
fn identifiers(body: &[u8]) -> Vec<u8> {
    let topic_bytes = usize::from(body[1]);
    let properties = &body[2 + topic_bytes + 2..];
    let (length, properties) = (usize::from(properties[0]), &properties[1..]);
    let mut identifiers: Vec<u8> = properties[..length]
        .chunks(2)
        .map(|property| {
            assert_eq!(property[0], 0x0b);
            property[1]
        })
        .collect();
    identifiers.sort_unstable();
    identifiers
}

#[tokio::test(start_paused = true)]
async fn a_message_carries_the_identifiers_of_all_subscriptions_that_it_matches() {
    let world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    for (filter, identifier) in [("a/#", 3), ("a/b", 2), ("+/b", 0), ("a/c", 9)] {
        client.send(subscribe(filter, false, identifier)).await;
        assert_eq!(client.packet().await.0, 0x90);
    }
    world.shared.hub.route(&message("a/b", b"x", false));
    assert_eq!(identifiers(&client.packet().await.1), [2, 3]);
    // Subscribing again replaces the identifier.
    client.send(subscribe("a/b", false, 7)).await;
    client.packet().await;
    world.shared.hub.route(&message("a/b", b"x", false));
    assert_eq!(identifiers(&client.packet().await.1), [3, 7]);
    client.hears_nothing_for(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn retained_and_shared_messages_carry_the_identifier_too() {
    let world = World::new();
    world.shared.hub.route(&message("a", b"x", true));
    let mut client = world.connect(connect_v5("c")).await;
    client.send(subscribe("+", false, 4)).await;
    assert_eq!(client.packet().await.0, 0x90);
    let (first, body) = client.packet().await;
    assert_eq!((first, identifiers(&body)), (0x33, vec![4]));
    client.send(subscribe("$share/g/b", false, 6)).await;
    assert_eq!(client.packet().await.0, 0x90);
    world.shared.hub.route(&message("b", b"x", false));
    let alone = client.packet().await.1;
    let shared = client.packet().await.1;
    assert_eq!(
        (identifiers(&alone), identifiers(&shared)),
        (vec![4], vec![6])
    );
}
