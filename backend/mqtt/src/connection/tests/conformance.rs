//! Cases of the public Paho interoperability suite (`client_test.py` and `client_test5.py` of
//! `eclipse/paho.mqtt.testing`) that no other test here has, told in our own words. `docs/mqtt.md`
//! says which test stands for which case.

use mqtt_protocol_core::mqtt::packet::{RetainHandling, TopicAlias};

use super::*;

/// CONNECT of 3.1.1 byte by byte, with another name or level.
fn connect_raw(name: &[u8], level: u8, flags: u8, client: &[u8]) -> Vec<u8> {
    let short = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
    let mut body = [&short(name)[..], name, &[level, flags, 0, 0]].concat();
    body.extend([&short(client)[..], client].concat());
    [vec![0x10, u8::try_from(body.len()).unwrap()], body].concat()
}

#[tokio::test(start_paused = true)]
async fn a_connect_with_another_name_or_level_or_the_reserved_flag_is_no_connect() {
    for (bytes, connack) in [
        (connect_raw(b"hj", 4, 2, b"c"), None),
        (connect_raw(b"MQTT", 3, 2, b"c"), None),
        (connect_raw(b"MQTT", 4, 3, b"c"), None),
        (connect_raw(b"MQTT", 4, 2, b"c"), Some(0)),
    ] {
        let world = World::new();
        let mut client = world.dial();
        client.send_bytes(&bytes).await;
        match connack {
            Some(code) => assert_eq!(client.packet().await, (0x20, vec![0, code])),
            // Some are told a code before that, some not: the standard leaves both.
            None => while timeout(PATIENCE, client.read()).await.unwrap().is_ok() {},
        }
        let n_errors = world.shared.counters.protocol_errors.get();
        assert_eq!(n_errors, u64::from(connack.is_none()), "{bytes:x?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_3_1_1_client_without_identifier_must_start_clean() {
    let world = World::new();
    for (flags, code) in [(0, 2), (2, 0)] {
        let mut client = world.dial();
        client
            .send_bytes(&connect_raw(b"MQTT", 4, flags, b""))
            .await;
        assert_eq!(client.packet().await, (0x20, vec![0, code]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_connect_ends_a_3_1_1_connection_too() {
    let world = World::new();
    let mut client = world.connect(connect_v3("c")).await;
    client.send(connect_v3("c")).await;
    client.hears_the_end().await;
}

#[tokio::test(start_paused = true)]
async fn a_3_1_1_client_is_told_of_a_refused_subscription_and_of_its_qos() {
    let guest = crate::testing::Guest::new("ann", |_, _| true);
    guest.allow_filters(|filter| filter != "no");
    let gate = crate::testing::GuestList::new([("guest", &guest)]);
    let world = World::with_gate(Limits::default(), gate);
    let connect = v3_1_1::Connect::builder().client_id("c").unwrap();
    let connect = connect.user_name("guest").unwrap().clean_session(true);
    let mut client = world.connect(connect.build().unwrap()).await;
    let entries = [("no", 2), ("a", 0), ("b", 1), ("c", 2)].map(|(filter, qos)| {
        let qos = Qos::try_from(qos).unwrap();
        SubEntry::new(filter, SubOpts::new().set_qos(qos)).unwrap()
    });
    let subscribe = v3_1_1::Subscribe::builder().packet_id(7);
    client
        .send(subscribe.entries(entries.to_vec()).build().unwrap())
        .await;
    assert_eq!(client.packet().await, (0x90, vec![0, 7, 0x80, 0, 1, 2]));
}

fn retained(topic: &str, qos: u8, payload: &'static [u8]) -> Arc<Message> {
    Arc::new(Message {
        topic: topic.into(),
        payload: payload.into(),
        qos,
        is_retained: true,
        ..Message::default()
    })
}

fn subscribe(filter: &str, options: SubOpts) -> v5_0::Subscribe {
    let entry = SubEntry::new(filter, options.set_qos(Qos::ExactlyOnce)).unwrap();
    let packet = v5_0::Subscribe::builder().packet_id(77);
    packet.entries(vec![entry]).build().unwrap()
}

/// Topic, QoS and retained flag of the deliveries that come until there are no more, answered.
async fn deliveries(client: &mut Client) -> Vec<(String, u8, bool)> {
    let mut deliveries = Vec::new();
    while let Ok(packet) = timeout(Duration::from_secs(1), client.read()).await {
        let (first, body) = packet.expect("connection closed");
        if first >> 4 != 3 {
            continue;
        }
        let publish = v5_0::Publish::parse(first & 0x0f, body.into()).unwrap().0;
        let told = (publish.topic_name().to_owned(), publish.qos() as u8);
        deliveries.push((told.0, told.1, publish.retain()));
    }
    deliveries
}

#[tokio::test(start_paused = true)]
async fn retained_messages_of_each_qos_come_with_it_and_an_empty_payload_clears_them() {
    let world = World::new();
    let topics = ["a/0", "a/1", "a/2"];
    for (topic, qos) in topics.into_iter().zip(0..) {
        world.shared.hub.route(&retained(topic, qos, b"x"));
    }
    let mut client = world.connect(connect_v5("c")).await;
    client.send(subscribe("+/+", SubOpts::new())).await;
    let expected = [("a/0", 0), ("a/1", 1), ("a/2", 2)].map(|(t, q)| (t.to_owned(), q, true));
    assert_eq!(deliveries(&mut client).await, expected);
    for (topic, qos) in topics.into_iter().zip(0..) {
        world.shared.hub.route(&retained(topic, qos, b""));
    }
    assert_eq!(deliveries(&mut client).await.len(), 3, "live, and empty");
    let mut client = world.connect(connect_v5("d")).await;
    client.send(subscribe("+/+", SubOpts::new())).await;
    assert!(deliveries(&mut client).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn retain_handling_says_when_a_subscription_gets_what_is_retained() {
    for (handling, expected) in [
        (RetainHandling::SendRetained, [1, 1]),
        (RetainHandling::SendRetainedIfNotExists, [1, 0]),
        (RetainHandling::DoNotSendRetained, [0, 0]),
    ] {
        let world = World::new();
        world.shared.hub.route(&retained("a", 1, b"x"));
        let mut client = world.connect(connect_v5("c")).await;
        let mut n_retained = Vec::new();
        for _ in 0..2 {
            client
                .send(subscribe("#", SubOpts::new().set_rh(handling)))
                .await;
            n_retained.push(deliveries(&mut client).await.len());
        }
        assert_eq!(n_retained, expected, "{handling:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_retained_flag_of_a_live_message_is_told_to_whoever_asked_for_it_as_published() {
    let world = World::new();
    for (as_published, expected) in [(false, [false, false]), (true, [false, true])] {
        let mut client = world.connect(connect_v5("c")).await;
        client
            .send(subscribe("a", SubOpts::new().set_rap(as_published)))
            .await;
        assert_eq!(client.packet().await.0, 0x90);
        world.shared.hub.route(&message("a", b"x", false));
        world.shared.hub.route(&message("a", b"x", true));
        let deliveries = deliveries(&mut client).await;
        let flags: Vec<_> = deliveries.into_iter().map(|(_, _, flag)| flag).collect();
        assert_eq!(flags, expected);
        world.shared.hub.route(&retained("a", 1, b""));
    }
}

#[tokio::test(start_paused = true)]
async fn a_topic_alias_is_valid_within_its_bounds_and_its_connection() {
    let mut world = World::new();
    let publish = |topic: &str, alias: u16| {
        let alias = TopicAlias::new(alias).unwrap().into();
        let packet = v5_0::Publish::builder().topic_name(topic).unwrap();
        packet.props(vec![alias]).payload(b"x").build().unwrap()
    };
    let mut client = world.connect(connect_v5("c")).await;
    client.send(publish("a", 1)).await;
    world.keep().await;
    client.send(publish("", 1)).await;
    assert_eq!(world.keep().await[0].topic, "a");
    // An alias of zero can be written by hand alone: type, length, topic, properties, payload.
    let zero = vec![0x30, 8, 0, 1, b'a', 3, 0x23, 0, 0, b'x'];
    for bytes in [
        publish("", 1).to_continuous_buffer(),
        publish("a", crate::limits::TOPIC_ALIAS_MAX + 1).to_continuous_buffer(),
        zero,
    ] {
        let mut client = world.connect(connect_v5("c")).await;
        client.send_bytes(&bytes).await;
        let (first, body) = client.packet().await;
        assert_eq!(first, 0xe0, "DISCONNECT: {body:x?}");
        assert!([0x82, 0x94].contains(&body[0]), "{body:x?} for {bytes:x?}");
        client.hears_the_end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_will_is_published_when_the_keep_alive_runs_out() {
    let mut world = World::new();
    let connect = v5_0::Connect::builder().client_id("c").unwrap();
    let connect = connect
        .keep_alive(5)
        .will_message("wills/c", b"silent", Qos::AtMostOnce, false)
        .unwrap();
    let _client = world.connect(connect.build().unwrap()).await;
    let before = Instant::now();
    assert_eq!(&world.keep().await[0].payload[..], b"silent");
    let after = before.elapsed();
    assert!((7_500..9_000).contains(&after.as_millis()), "{after:?}");
}
