//! Acknowledgements: after the commit, in order, with the right code.

use super::*;
use crate::taker::Refusal;

#[tokio::test(start_paused = true)]
async fn a_puback_waits_for_the_receipt() {
    let mut world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    client.send(publish_v5("a/b", 7, b"1")).await;
    let (arrivals, receipt) = world.batch().await;
    assert_eq!(arrivals[0].topic, "a/b");
    assert_eq!(&arrivals[0].payload[..], b"1");
    assert_eq!(arrivals[0].client, "c");
    client.hears_nothing_for(Duration::from_mins(1)).await;
    receipt.send(vec![Outcome::Kept]).unwrap();
    assert_eq!(client.packet().await, (0x40, vec![0, 7]));
}

#[tokio::test(start_paused = true)]
async fn pubacks_keep_the_order_of_the_messages_when_later_batches_commit_first() {
    let mut world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    client.send(publish_v5("a", 1, b"1")).await;
    let (_, first) = world.batch().await;
    client.send(publish_v5("a", 2, b"2")).await;
    let (_, second) = world.batch().await;
    client.send(publish_v5("$SYS/forbidden", 3, b"3")).await;
    second.send(vec![Outcome::Kept]).unwrap();
    client.hears_nothing_for(Duration::from_mins(1)).await;
    first.send(vec![Outcome::Kept]).unwrap();
    assert_eq!(client.packet().await, (0x40, vec![0, 1]));
    assert_eq!(client.packet().await, (0x40, vec![0, 2]));
    assert_eq!(client.packet().await, (0x40, vec![0, 3, 0x87]));
}

#[tokio::test(start_paused = true)]
async fn one_read_of_many_packets_is_one_batch() {
    let mut world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    let bytes: Vec<u8> = (1..=20)
        .flat_map(|identifier| publish_v5("a", identifier, b"x").to_continuous_buffer())
        .collect();
    client.send_bytes(&bytes).await;
    assert_eq!(world.keep().await.len(), 20);
    for identifier in 1..=20 {
        assert_eq!(client.packet().await, (0x40, vec![0, identifier]));
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_have_their_codes_in_mqtt_5_and_a_plain_puback_in_3_1_1() {
    let refusals = [Refusal::Topic, Refusal::TooLarge, Refusal::Payload].map(Outcome::Refused);
    let mut world = World::new();
    let mut v5 = world.connect(connect_v5("v5")).await;
    let mut v3 = world.connect(connect_v3("v3")).await;
    for (identifier, (outcome, code)) in (1..).zip(refusals.into_iter().zip([0x90, 0x97, 0x99])) {
        v5.send(publish_v5("a", identifier, b"x")).await;
        world.batch().await.1.send(vec![outcome]).unwrap();
        assert_eq!(
            v5.packet().await.1[1..],
            [u8::try_from(identifier).unwrap(), code]
        );
        v3.send(publish_v3("a", identifier, b"x")).await;
        world.batch().await.1.send(vec![outcome]).unwrap();
        assert_eq!(v3.packet().await.1, identifier.to_be_bytes());
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_receipt_ends_the_connection_without_an_acknowledgement() {
    let mut world = World::new();
    let mut client = world.connect(connect_v3("c")).await;
    client.send(publish_v3("a", 1, b"x")).await;
    drop(world.batch().await);
    client.hears_the_end().await;
}

#[tokio::test(start_paused = true)]
async fn an_oversized_payload_is_refused_and_the_session_stays() {
    let mut world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    let large = vec![b'x'; 10 * 1024 * 1024];
    client.send(publish_v5("a", 1, &large)).await;
    client.send(publish_v5("a", 2, b"small")).await;
    let (arrivals, receipt) = world.batch().await;
    assert_eq!(arrivals[0].payload_bytes, large.len());
    assert_eq!(arrivals[0].payload.len(), 64 * 1024);
    receipt
        .send(vec![Outcome::Refused(Refusal::TooLarge); arrivals.len()])
        .unwrap();
    assert_eq!(client.packet().await, (0x40, vec![0, 1, 0x97]));
    if arrivals.len() == 1 {
        world.keep().await;
    }
    assert_eq!(client.packet().await.1[..2], [0, 2]);
}

#[tokio::test(start_paused = true)]
async fn qos_2_is_received_after_the_commit_and_completed_once() {
    let mut world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    let packet = v5_0::Publish::builder()
        .topic_name("a")
        .unwrap()
        .qos(Qos::ExactlyOnce);
    let packet = packet.packet_id(9).payload(b"x").build().unwrap();
    client.send(packet.clone()).await;
    let (_, receipt) = world.batch().await;
    client.send(packet.clone().set_dup(true)).await;
    client.hears_nothing_for(Duration::from_mins(1)).await;
    receipt.send(vec![Outcome::Kept]).unwrap();
    assert_eq!(client.packet().await, (0x50, vec![0, 9]));
    client.send(packet.set_dup(true)).await;
    assert_eq!(
        client.packet().await,
        (0x50, vec![0, 9]),
        "answered again, not taken again"
    );
    client
        .send(v5_0::Pubrel::builder().packet_id(9).build().unwrap())
        .await;
    assert_eq!(client.packet().await, (0x70, vec![0, 9]));
    assert!(world.batches.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_qos_2_message_that_was_not_committed_when_its_connection_broke_counts_when_it_is_repeated()
 {
    let mut world = World::new();
    let publish = |identifier: u16| {
        let packet = v5_0::Publish::builder().topic_name("a").unwrap();
        let packet = packet.qos(Qos::ExactlyOnce).packet_id(identifier);
        packet.payload(b"x").build().unwrap()
    };
    let mut client = world.connect(connect_lasting("c")).await;
    client.send(publish(1)).await;
    world.keep().await;
    assert_eq!(client.packet().await, (0x50, vec![0, 1]));
    client.send(publish(2)).await;
    let (_, never_kept) = world.batch().await;
    drop(client);
    world.is_left().await;
    drop(never_kept);
    let mut client = world.connect(connect_lasting("c")).await;
    client.send(publish(1).set_dup(true)).await;
    assert_eq!(client.packet().await, (0x50, vec![0, 1]), "kept before");
    assert!(world.batches.try_recv().is_err());
    client.send(publish(2).set_dup(true)).await;
    assert_eq!(world.keep().await.len(), 1, "not kept before");
    assert_eq!(client.packet().await, (0x50, vec![0, 2]));
}

#[tokio::test(start_paused = true)]
async fn reading_stops_while_the_taker_has_no_room_and_acknowledging_goes_on() {
    let mut world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    let mut held = Vec::new();
    client.send(publish_v5("a", 1, b"x")).await;
    held.push(world.batch().await);
    // Four batches fit the taker's queue, the fifth waits for room, the sixth is not read.
    for identifier in 2..=7 {
        client.send(publish_v5("a", identifier, b"x")).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    held.pop().unwrap().1.send(vec![Outcome::Kept]).unwrap();
    assert_eq!(client.packet().await, (0x40, vec![0, 1]));
    assert_eq!(world.shared.counters.publishes_in.get(), 6);
    for identifier in 2..=7 {
        assert_eq!(world.keep().await.len(), 1);
        assert_eq!(client.packet().await, (0x40, vec![0, identifier]));
    }
}

#[tokio::test(start_paused = true)]
async fn going_beyond_the_receive_maximum_ends_an_mqtt_5_connection() {
    let mut world = World::with_limits(Limits {
        receive_maximum: 2,
        ..Limits::default()
    });
    let mut client = world.connect(connect_v5("c")).await;
    for identifier in 1..=2 {
        client.send(publish_v5("a", identifier, b"x")).await;
        let held = world.batch().await;
        std::mem::forget(held);
    }
    client.send(publish_v5("a", 3, b"x")).await;
    assert_eq!(client.packet().await, (0xe0, vec![0x93]));
    client.hears_the_end().await;
}

#[tokio::test(start_paused = true)]
async fn a_topic_alias_stands_for_its_topic() {
    use mqtt_protocol_core::mqtt::packet::TopicAlias;
    let mut world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    let alias = || vec![TopicAlias::new(3).unwrap().into()];
    let first = v5_0::Publish::builder()
        .topic_name("a/long/topic")
        .unwrap()
        .props(alias());
    client.send(first.payload(b"1").build().unwrap()).await;
    assert_eq!(world.keep().await[0].topic, "a/long/topic");
    let second = v5_0::Publish::builder()
        .topic_name("")
        .unwrap()
        .props(alias());
    client.send(second.payload(b"2").build().unwrap()).await;
    let arrivals = world.keep().await;
    assert_eq!(
        (arrivals[0].topic.as_str(), &arrivals[0].payload[..]),
        ("a/long/topic", &b"2"[..])
    );
}
