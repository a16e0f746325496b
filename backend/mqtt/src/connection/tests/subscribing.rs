//! Subscriptions, retained messages, and sessions that outlive their connection.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_subscriber_gets_what_is_kept_and_not_what_is_refused() {
    let mut world = World::new();
    let mut subscriber = world.connect(connect_v5("s")).await;
    assert_eq!(subscriber.subscribe("a/+", Qos::AtLeastOnce).await, 1);
    let mut publisher = world.connect(connect_v5("p")).await;
    publisher.send(publish_v5("a/refused", 1, b"1")).await;
    let refusal = Outcome::Refused(crate::taker::Refusal::Payload);
    world.batch().await.1.send(vec![refusal]).unwrap();
    publisher.send(publish_v5("a/kept", 2, b"2")).await;
    let (_, receipt) = world.batch().await;
    subscriber.hears_nothing_for(Duration::from_mins(1)).await;
    receipt.send(vec![Outcome::Kept]).unwrap();
    let (first, body) = subscriber.packet().await;
    assert_eq!(first, 0x32);
    assert_eq!(read_qos_1(&body).0, "a/kept");
}

#[tokio::test(start_paused = true)]
async fn granted_and_refused_subscriptions_have_their_codes() {
    let world = World::with_limits(Limits {
        subscriptions_max: 2,
        ..Limits::default()
    });
    let mut client = world.connect(connect_v5("c")).await;
    for (filter, qos, code) in [
        ("a/#", Qos::AtMostOnce, 0),
        ("a/#", Qos::ExactlyOnce, 2),
        ("a/#/b", Qos::AtMostOnce, 0x8f),
        ("$SYS/#", Qos::AtMostOnce, 0),
        ("one/too/many", Qos::AtMostOnce, 0x97),
    ] {
        assert_eq!(client.subscribe(filter, qos).await, code, "{filter}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_retained_message_greets_a_new_subscriber() {
    let world = World::new();
    world
        .shared
        .hub
        .route(&message("egret/v1/out/alerts/350203", b"old", true));
    world
        .shared
        .hub
        .route(&message("egret/v1/out/alerts/350203", b"new", true));
    let mut client = world.connect(connect_v5("c")).await;
    client.subscribe("egret/v1/out/#", Qos::AtLeastOnce).await;
    let (first, body) = client.packet().await;
    assert_eq!(first, 0x33, "QoS 1, retained");
    assert_eq!(read_qos_1(&body).2, b"new");
    client.hears_nothing_for(Duration::from_secs(10)).await;
}

#[tokio::test(start_paused = true)]
async fn after_unsubscribing_nothing_comes() {
    let world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    client.subscribe("a", Qos::AtLeastOnce).await;
    let packet = || {
        v5_0::Unsubscribe::builder()
            .packet_id(5)
            .entries(["a"])
            .unwrap()
    };
    client.send(packet().build().unwrap()).await;
    assert_eq!(client.packet().await, (0xb0, vec![0, 5, 0, 0]));
    client.send(packet().build().unwrap()).await;
    assert_eq!(client.packet().await, (0xb0, vec![0, 5, 0, 0x11]));
    world.shared.hub.route(&message("a", b"x", false));
    client.hears_nothing_for(Duration::from_secs(10)).await;
    assert!(!world.shared.hub.has_subscriptions());
}

#[tokio::test(start_paused = true)]
async fn a_lasting_session_gets_what_it_missed_and_what_it_did_not_acknowledge() {
    let world = World::new();
    let mut client = world.connect(connect_lasting("c")).await;
    client.subscribe("a", Qos::AtLeastOnce).await;
    world
        .shared
        .hub
        .route(&message("a", b"unacknowledged", false));
    let (_, identifier, _) = read_qos_1(&client.packet().await.1);
    drop(client);
    world.is_left().await;
    world.shared.hub.route(&message("a", b"missed", false));
    let mut client = world.dial();
    client.send(connect_lasting("c")).await;
    assert_eq!(client.packet().await.1[..2], [1, 0], "session present");
    let (first, body) = client.packet().await;
    assert_eq!(first, 0x3a, "QoS 1, duplicate");
    assert_eq!(
        read_qos_1(&body),
        ("a".into(), identifier, b"unacknowledged".to_vec())
    );
    assert_eq!(read_qos_1(&client.packet().await.1).2, b"missed");
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_with_its_expiry() {
    let world = World::new();
    let mut client = world.connect(connect_lasting("c")).await;
    client.subscribe("a", Qos::AtLeastOnce).await;
    drop(client);
    tokio::time::sleep(Duration::from_secs(30)).await;
    world.shared.hub.sweep();
    assert!(world.shared.hub.has_subscriptions());
    tokio::time::sleep(Duration::from_secs(31)).await;
    world.shared.hub.sweep();
    assert!(!world.shared.hub.has_subscriptions());
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_too_slow_for_qos_1_is_ended_and_qos_0_is_dropped() {
    let limits = Limits {
        outbox_messages_max: 3,
        out_bytes_max: 1,
        ..Limits::default()
    };
    let world = World::with_limits(limits);
    let mut quick = world.connect(connect_v5("quick")).await;
    quick.subscribe("a", Qos::AtMostOnce).await;
    let mut slow = world.connect(connect_v5("slow")).await;
    slow.subscribe("a", Qos::AtLeastOnce).await;
    for _ in 0..10 {
        world.shared.hub.route(&message("a", b"x", false));
    }
    assert_eq!(slow.packet().await, (0xe0, vec![0x97]));
    slow.hears_the_end().await;
    assert_eq!(world.shared.counters.deliveries_dropped.get(), 7);
    assert_eq!(quick.packet().await.0, 0x30);
}
