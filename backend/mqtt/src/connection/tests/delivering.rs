//! Deliveries of QoS 2, on one connection and across several of the same session.

use mqtt_protocol_core::mqtt::packet::ReceiveMaximum;
use mqtt_protocol_core::mqtt::result_code::PubrecReasonCode;

use super::*;
use crate::testing::{Guest, GuestList};

const PUBLISH_QOS_2: u8 = 0x34;
const DUPLICATE: u8 = 0x08;
const PUBREL: u8 = 0x62;

fn exactly_once(topic: &str, payload: &'static [u8]) -> Arc<Message> {
    Arc::new(Message {
        topic: topic.into(),
        payload: payload.into(),
        qos: 2,
        ..Message::default()
    })
}

fn pubrec(identifier: u16) -> v5_0::Pubrec {
    v5_0::Pubrec::builder()
        .packet_id(identifier)
        .build()
        .unwrap()
}

fn pubcomp(identifier: u16) -> v5_0::Pubcomp {
    let packet = v5_0::Pubcomp::builder().packet_id(identifier);
    packet.build().unwrap()
}

/// The next packet, which is a QoS 2 PUBLISH: whether it is a duplicate, its identifier and payload.
async fn published(client: &mut Client) -> (bool, u16, Vec<u8>) {
    let (first, body) = client.packet().await;
    assert_eq!(first & !DUPLICATE, PUBLISH_QOS_2, "{body:x?}");
    let (_, identifier, payload) = read_qos_1(&body);
    (first & DUPLICATE != 0, identifier, payload)
}

fn low(identifier: u16) -> Vec<u8> {
    identifier.to_be_bytes().to_vec()
}

async fn again(world: &World, connect: impl Into<Packet>) -> Client {
    world.is_left().await;
    let mut client = world.dial();
    client.send(connect).await;
    assert_eq!(client.packet().await.1[..2], [1, 0], "session present");
    client
}

#[tokio::test(start_paused = true)]
async fn a_qos_2_delivery_goes_through_all_four_packets_and_frees_its_place() {
    let world = World::new();
    let narrow = connect_with("c", vec![ReceiveMaximum::new(1).unwrap().into()]);
    let mut client = world.connect(narrow).await;
    assert_eq!(client.subscribe("a", Qos::ExactlyOnce).await, 2);
    for payload in [b"1", b"2"] {
        world.shared.hub.route(&exactly_once("a", payload));
    }
    for payload in [b"1", b"2"] {
        let (is_duplicate, identifier, received) = published(&mut client).await;
        assert_eq!((is_duplicate, &received[..]), (false, &payload[..]));
        client.send(pubrec(identifier)).await;
        assert_eq!(client.packet().await, (PUBREL, low(identifier)));
        client.hears_nothing_for(Duration::from_secs(1)).await;
        client.send(pubcomp(identifier)).await;
    }
    client.is_answered().await;
}

#[tokio::test(start_paused = true)]
async fn the_lower_qos_of_message_and_subscription_counts() {
    let world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    client.subscribe("two", Qos::ExactlyOnce).await;
    client.subscribe("one", Qos::AtLeastOnce).await;
    for (topic, qos, expected) in [("two", 1, 0x32), ("two", 2, 0x34), ("one", 2, 0x32)] {
        world.shared.hub.route(&Arc::new(Message {
            topic: topic.into(),
            qos,
            ..Message::default()
        }));
        assert_eq!(client.packet().await.0, expected, "{topic} at {qos}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_repeats_publish_before_pubrec_and_pubrel_after_it_in_order() {
    let world = World::new();
    let mut client = world.connect(connect_lasting("c")).await;
    client.subscribe("a", Qos::ExactlyOnce).await;
    let mut identifiers = Vec::new();
    for payload in [b"1", b"2", b"3"] {
        world.shared.hub.route(&exactly_once("a", payload));
        identifiers.push(published(&mut client).await.1);
    }
    client.send(pubrec(identifiers[1])).await;
    assert_eq!(client.packet().await, (PUBREL, low(identifiers[1])));
    drop(client);
    // A third connection finds it as the second one did.
    for _ in 0..2 {
        let mut client = again(&world, connect_lasting("c")).await;
        let first = published(&mut client).await;
        assert_eq!(first, (true, identifiers[0], b"1".to_vec()));
        assert_eq!(client.packet().await, (PUBREL, low(identifiers[1])));
        let third = published(&mut client).await;
        assert_eq!(third, (true, identifiers[2], b"3".to_vec()));
    }
    let mut client = again(&world, connect_lasting("c")).await;
    for _ in 0..3 {
        client.packet().await;
    }
    client.send(pubcomp(identifiers[1])).await;
    for identifier in [identifiers[0], identifiers[2]] {
        client.send(pubrec(identifier)).await;
        assert_eq!(client.packet().await, (PUBREL, low(identifier)));
        client.send(pubcomp(identifier)).await;
    }
    client.is_answered().await;
    drop(client);
    let mut client = again(&world, connect_lasting("c")).await;
    client.hears_nothing_for(Duration::from_secs(10)).await;
    world.shared.hub.route(&exactly_once("a", b"4"));
    assert!(!published(&mut client).await.0);
}

#[tokio::test(start_paused = true)]
async fn a_pubcomp_for_an_earlier_connection_s_message_takes_no_place_of_the_new_window() {
    let world = World::new();
    let connect = || {
        let narrow = ReceiveMaximum::new(1).unwrap().into();
        connect_with("c", vec![expiry(60), narrow])
    };
    let mut client = world.connect(connect()).await;
    client.subscribe("a", Qos::ExactlyOnce).await;
    world.shared.hub.route(&exactly_once("a", b"1"));
    let (_, identifier, _) = published(&mut client).await;
    client.send(pubrec(identifier)).await;
    client.packet().await;
    drop(client);
    let mut client = again(&world, connect()).await;
    assert_eq!(client.packet().await, (PUBREL, low(identifier)));
    world.shared.hub.route(&exactly_once("a", b"2"));
    let (_, second, _) = published(&mut client).await;
    assert_ne!(second, identifier, "taken until its PUBCOMP");
    client.send(pubcomp(identifier)).await;
    world.shared.hub.route(&exactly_once("a", b"3"));
    client.hears_nothing_for(Duration::from_secs(1)).await;
    client.send(pubrec(second)).await;
    assert_eq!(client.packet().await, (PUBREL, low(second)));
    client.send(pubcomp(second)).await;
    assert_eq!(published(&mut client).await.2, b"3");
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_again_keeps_within_a_smaller_window_than_before() {
    let world = World::new();
    let mut client = world.connect(connect_lasting("c")).await;
    client.subscribe("a", Qos::ExactlyOnce).await;
    let mut identifiers = Vec::new();
    for payload in [b"1", b"2"] {
        world.shared.hub.route(&exactly_once("a", payload));
        identifiers.push(published(&mut client).await.1);
    }
    drop(client);
    let narrow = connect_with("c", vec![ReceiveMaximum::new(1).unwrap().into()]);
    let mut client = again(&world, narrow).await;
    assert_eq!(published(&mut client).await.1, identifiers[0]);
    client.hears_nothing_for(Duration::from_secs(1)).await;
    client.send(pubrec(identifiers[0])).await;
    client.packet().await;
    client.send(pubcomp(identifiers[0])).await;
    let second = published(&mut client).await;
    assert_eq!(second, (true, identifiers[1], b"2".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn a_refusing_pubrec_ends_the_delivery() {
    let world = World::new();
    let mut client = world.connect(connect_lasting("c")).await;
    client.subscribe("a", Qos::ExactlyOnce).await;
    world.shared.hub.route(&exactly_once("a", b"1"));
    let (_, identifier, _) = published(&mut client).await;
    let refusal = v5_0::Pubrec::builder().packet_id(identifier);
    let refusal = refusal.reason_code(PubrecReasonCode::QuotaExceeded);
    client.send(refusal.build().unwrap()).await;
    client.hears_nothing_for(Duration::from_secs(1)).await;
    drop(client);
    let mut client = again(&world, connect_lasting("c")).await;
    client.hears_nothing_for(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_pubrec_that_comes_twice_or_for_nothing_is_answered() {
    let world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    client.subscribe("a", Qos::ExactlyOnce).await;
    world.shared.hub.route(&exactly_once("a", b"1"));
    let (_, identifier, _) = published(&mut client).await;
    for _ in 0..2 {
        client.send(pubrec(identifier)).await;
        assert_eq!(client.packet().await, (PUBREL, low(identifier)));
    }
    for _ in 0..2 {
        client.send(pubcomp(identifier)).await;
    }
    client.send(pubrec(identifier)).await;
    let unknown = [low(identifier), vec![0x92]].concat();
    assert_eq!(client.packet().await, (PUBREL, unknown), "settled before");
    client.is_answered().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_may_no_longer_be_received_is_released_and_not_sent_again() {
    let guest = Guest::new("ann", |_, _| true);
    let world = World::with_gate(Limits::default(), GuestList::new([("guest", &guest)]));
    let mut client = world.connect(connect_as("guest", "c")).await;
    client.subscribe("a", Qos::ExactlyOnce).await;
    world.shared.hub.route(&exactly_once("a", b"1"));
    let (_, identifier, _) = published(&mut client).await;
    drop(client);
    guest.grant(|_, _| false);
    let mut client = again(&world, connect_as("guest", "c")).await;
    assert_eq!(client.packet().await, (PUBREL, low(identifier)));
    client.send(pubcomp(identifier)).await;
    client.is_answered().await;
    drop(client);
    let mut client = again(&world, connect_as("guest", "c")).await;
    client.hears_nothing_for(Duration::from_secs(1)).await;
}
