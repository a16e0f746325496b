//! How connections begin and end: time-outs, take-over, wills, protocol errors, shutdown.

use super::*;

fn with_will(client: &str) -> v5_0::Connect {
    let connect = v5_0::Connect::builder()
        .client_id(client)
        .unwrap()
        .clean_start(true);
    connect
        .will_message("wills/c", b"gone", Qos::AtLeastOnce, false)
        .unwrap()
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_will_is_kept_like_any_message_when_the_connection_is_lost() {
    let mut world = World::new();
    let client = world.connect(with_will("c")).await;
    drop(client);
    let arrivals = world.keep().await;
    assert_eq!(arrivals[0].topic, "wills/c");
    assert_eq!(&arrivals[0].payload[..], b"gone");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_goodbye_takes_its_will_with_it() {
    let mut world = World::new();
    let mut client = world.connect(with_will("c")).await;
    client
        .send(v5_0::Disconnect::builder().build().unwrap())
        .await;
    client.hears_the_end().await;
    world.ends_with_nothing_taken().await;
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_counts_although_the_client_is_gone_before_it_could_be_written_to() {
    // Whether reading or writing comes first is left to chance: often enough for both.
    for _ in 0..20 {
        let mut world = World::new();
        let mut client = world.connect(with_will("c")).await;
        client.subscribe("a", Qos::AtLeastOnce).await;
        world.shared.hub.route(&message("a", b"x", false));
        let mut bytes = publish_v5("b", 1, b"last").to_continuous_buffer();
        let goodbye = v5_0::Disconnect::builder().build().unwrap();
        bytes.extend(goodbye.to_continuous_buffer());
        client.send_bytes(&bytes).await;
        drop(client);
        assert_eq!(&world.keep().await[0].payload[..], b"last");
        world.ends_with_nothing_taken().await;
    }
}

#[tokio::test(start_paused = true)]
async fn messages_right_before_a_goodbye_are_kept() {
    let mut world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    let mut bytes = publish_v5("a", 0, b"last").to_continuous_buffer();
    bytes.extend(
        v5_0::Disconnect::builder()
            .build()
            .unwrap()
            .to_continuous_buffer(),
    );
    client.send_bytes(&bytes).await;
    drop(client);
    assert_eq!(&world.keep().await[0].payload[..], b"last");
}

#[tokio::test(start_paused = true)]
async fn silence_for_one_and_a_half_keep_alives_ends_the_connection() {
    let world = World::new();
    let connect = v5_0::Connect::builder()
        .client_id("c")
        .unwrap()
        .keep_alive(10)
        .props(vec![by_code_alone()]);
    let mut client = world.connect(connect.build().unwrap()).await;
    client.hears_nothing_for(Duration::from_secs(14)).await;
    client.send(v5_0::Pingreq::builder().build().unwrap()).await;
    assert_eq!(client.packet().await, (0xd0, vec![]));
    client
        .hears_nothing_for(Duration::from_millis(14_900))
        .await;
    assert_eq!(client.packet().await, (0xe0, vec![0x8d]));
    client.hears_the_end().await;
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_does_not_connect_is_dropped_after_ten_seconds() {
    let world = World::new();
    let mut client = world.dial();
    client.hears_nothing_for(Duration::from_millis(9_900)).await;
    client.hears_the_end().await;
}

#[tokio::test(start_paused = true)]
async fn the_same_client_identifier_takes_the_session_over() {
    let world = World::new();
    let mut old = world.connect(connect_v5("c")).await;
    let mut new = world.connect(connect_v5("c")).await;
    assert_eq!(old.packet().await, (0xe0, vec![0x8e]));
    old.hears_the_end().await;
    new.send(v5_0::Pingreq::builder().build().unwrap()).await;
    assert_eq!(new.packet().await, (0xd0, vec![]));
    assert_eq!(world.shared.counters.takeovers.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_without_identifier_is_given_one() {
    let world = World::new();
    let mut client = world.dial();
    client.send(connect_v5("")).await;
    let (first, body) = client.packet().await;
    assert_eq!((first, body[1]), (0x20, 0));
    assert!(
        String::from_utf8_lossy(&body).contains("auto-"),
        "{body:x?}"
    );
    let mut client = world.dial();
    let lasting = v3_1_1::Connect::builder()
        .client_id("")
        .unwrap()
        .clean_session(true);
    client.send(lasting.build().unwrap()).await;
    assert_eq!(client.packet().await, (0x20, vec![0, 0]));
}

#[tokio::test(start_paused = true)]
async fn protocol_errors_are_named_in_mqtt_5_and_closed_in_3_1_1() {
    let world = World::new();
    let oversized_subscribe = [0x82, 0xff, 0xff, 0x7f];
    let second_connect = connect_v5("c").to_continuous_buffer();
    let malformed = [0x30, 0x03, 0x00, 0x09, b'a'];
    for (bytes, reason) in [
        (oversized_subscribe.as_slice(), 0x95),
        (second_connect.as_slice(), 0x82),
        (malformed.as_slice(), 0x81),
    ] {
        let mut client = world.connect(connect_v5("c")).await;
        client.send_bytes(bytes).await;
        assert_eq!(client.packet().await, (0xe0, vec![reason]), "{bytes:x?}");
        client.hears_the_end().await;
    }
    let mut client = world.connect(connect_v3("c")).await;
    client.send_bytes(&oversized_subscribe).await;
    client.hears_the_end().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_acknowledges_what_is_under_way_and_says_so() {
    let mut world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    client.send(publish_v5("a", 1, b"x")).await;
    let (_, receipt) = world.batch().await;
    world.shared.shutdown.cancel();
    tokio::time::sleep(Duration::from_millis(10)).await;
    receipt.send(vec![Outcome::Kept]).unwrap();
    assert_eq!(client.packet().await, (0x40, vec![0, 1]));
    assert_eq!(client.packet().await, (0xe0, vec![0x8b]));
    client.hears_the_end().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_is_dropped() {
    let world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    client.subscribe("a", Qos::AtMostOnce).await;
    for _ in 0..100 {
        world.shared.hub.route(&Arc::new(Message {
            topic: "a".into(),
            payload: vec![0; 20_000].into(),
            ..Message::default()
        }));
    }
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(world.shared.counters.connections_open.get(), 0);
}
