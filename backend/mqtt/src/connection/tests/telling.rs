//! What a client is told beside the bare packets: reasons in words, properties of other publishers,
//! topics by alias; and how long a packet may be for it.

use mqtt_protocol_core::mqtt::packet::{
    ContentType, CorrelationData, MaximumPacketSize, PayloadFormat, PayloadFormatIndicator,
    ResponseTopic, TopicAliasMaximum, UserProperty,
};

use super::*;
use crate::taker::Refusal;

fn reason(properties: &[Property]) -> Option<&str> {
    properties.iter().find_map(|property| match property {
        Property::ReasonString(reason) => Some(reason.val()),
        _ => None,
    })
}

fn longest(bytes: u32) -> Property {
    MaximumPacketSize::new(bytes).unwrap().into()
}

fn aliases(maximum: u16) -> Property {
    TopicAliasMaximum::new(maximum).unwrap().into()
}

/// The PUBACK to a message that the taker cannot use.
async fn refused(world: &mut World, properties: Vec<Property>) -> Vec<u8> {
    let mut client = world.connect(connect_with("c", properties)).await;
    client.send(publish_v5("a", 1, b"x")).await;
    let refusal = vec![Outcome::Refused(Refusal::Payload)];
    world.batch().await.1.send(refusal).unwrap();
    let (first, body) = client.packet().await;
    assert_eq!(first, 0x40);
    body
}

#[tokio::test(start_paused = true)]
async fn a_refused_publish_is_told_why_unless_the_client_does_not_want_to_know_or_has_no_room() {
    let mut world = World::new();
    let body = refused(&mut world, vec![]).await;
    let puback = v5_0::Puback::parse(&body).unwrap().0;
    let properties = puback.props().as_ref().unwrap();
    let expected = "the payload cannot be used; it is kept in quarantine";
    assert_eq!(reason(properties), Some(expected));
    let alone = vec![0, 1, 0x99];
    assert_eq!(refused(&mut world, vec![by_code_alone()]).await, alone);
    // As long as the packet with its reason, and one byte shorter.
    let bytes = u32::try_from(2 + body.len()).unwrap();
    assert_eq!(refused(&mut world, vec![longest(bytes)]).await, body);
    assert_eq!(refused(&mut world, vec![longest(bytes - 1)]).await, alone);
}

#[tokio::test(start_paused = true)]
async fn refused_subscriptions_and_connections_and_ended_ones_are_told_why() {
    let world = World::new();
    let mut client = world.connect(connect_with("c", vec![])).await;
    let entry = SubEntry::new("a/#/b", SubOpts::new()).unwrap();
    let subscribe = v5_0::Subscribe::builder().packet_id(7);
    let subscribe = subscribe.entries(vec![entry]).build().unwrap();
    client.send(subscribe).await;
    let suback = v5_0::Suback::parse(&client.packet().await.1).unwrap().0;
    assert_eq!(
        reason(suback.props()),
        Some("the filter is malformed or too deep")
    );

    let _other = world.connect(connect_with("c", vec![])).await;
    let disconnect = v5_0::Disconnect::parse(&client.packet().await.1).unwrap().0;
    let properties = disconnect.props().as_ref().unwrap();
    let expected = "another connection has this client identifier";
    assert_eq!(reason(properties), Some(expected));

    let mut client = world.connect(connect_with("d", vec![])).await;
    client.send(connect_with("d", vec![])).await;
    let disconnect = v5_0::Disconnect::parse(&client.packet().await.1).unwrap().0;
    let properties = disconnect.props().as_ref().unwrap();
    assert_eq!(reason(properties), Some("a packet breaks the protocol"));

    let nobody = crate::testing::GuestList::new([]);
    let world = World::with_gate(Limits::default(), nobody);
    let mut client = world.dial();
    client.send(connect_with("c", vec![])).await;
    let connack = v5_0::Connack::parse(&client.packet().await.1).unwrap().0;
    assert_eq!(
        reason(connack.props()),
        Some("user name or password are wrong")
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_publisher_says_about_its_message_goes_on_unchanged_and_in_order() {
    let said: Vec<Property> = vec![
        UserProperty::new("b", "2").unwrap().into(),
        PayloadFormatIndicator::new(PayloadFormat::String)
            .unwrap()
            .into(),
        ContentType::new("text/plain").unwrap().into(),
        UserProperty::new("a", "1").unwrap().into(),
        ResponseTopic::new("answers/7").unwrap().into(),
        CorrelationData::new(b"\x00\xff").unwrap().into(),
        UserProperty::new("b", "2").unwrap().into(),
    ];
    let mut world = World::new();
    let mut publisher = world.connect(connect_v5("p")).await;
    let mut lasting = world.connect(connect_lasting("l")).await;
    lasting.subscribe("a", Qos::AtLeastOnce).await;
    drop(lasting);
    while world.shared.counters.connections_open.get() > 1 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut live = world.connect(connect_v5("s")).await;
    live.subscribe("a", Qos::AtLeastOnce).await;
    let mut old = world.connect(connect_v3("v3")).await;
    let entry = SubEntry::new("a", SubOpts::new()).unwrap();
    let subscribe = v3_1_1::Subscribe::builder().packet_id(7);
    old.send(subscribe.entries(vec![entry]).build().unwrap())
        .await;
    assert_eq!(old.packet().await.0, 0x90);

    let publish = v5_0::Publish::builder().topic_name("a").unwrap();
    let publish = publish.qos(Qos::AtLeastOnce).packet_id(1).retain(true);
    let publish = publish.props(said.clone()).payload(b"x".as_slice());
    publisher.send(publish.build().unwrap()).await;
    world.keep().await;

    assert_eq!(live.publish().await.props(), &said, "live");
    let mut retained = world.connect(connect_v5("r")).await;
    retained.subscribe("+", Qos::AtLeastOnce).await;
    assert_eq!(retained.publish().await.props(), &said, "retained");
    let mut lasting = world.connect(connect_lasting("l")).await;
    assert_eq!(lasting.publish().await.props(), &said, "queued");
    assert_eq!(
        old.packet().await,
        (0x30, b"\0\x01ax".to_vec()),
        "3.1.1 has none"
    );
}

/// Topic and alias of the next PUBLISH.
async fn named(client: &mut Client) -> (String, Option<u16>) {
    let publish = client.publish().await;
    let alias = publish.props().iter().find_map(|property| match property {
        Property::TopicAlias(alias) => Some(alias.val()),
        _ => None,
    });
    (publish.topic_name().to_owned(), alias)
}

#[tokio::test(start_paused = true)]
async fn topics_are_told_by_alias_as_far_as_the_client_takes_those() {
    let world = World::new();
    let route = |topics: &[&str]| {
        for topic in topics {
            world.shared.hub.route(&message(topic, b"x", false));
        }
    };
    let mut client = world.connect(connect_with("c", vec![aliases(2)])).await;
    client.subscribe("#", Qos::AtLeastOnce).await;
    route(&["a", "b", "a", "b", "c", "c"]);
    for (topic, alias) in [("a", 1), ("b", 2), ("", 1), ("", 2), ("c", 1), ("", 1)] {
        assert_eq!(named(&mut client).await, (topic.into(), Some(alias)));
    }
    for properties in [vec![aliases(0)], vec![]] {
        let mut client = world.connect(connect_with("none", properties)).await;
        client.subscribe("#", Qos::AtLeastOnce).await;
        route(&["a", "a"]);
        for _ in 0..2 {
            assert_eq!(named(&mut client).await, ("a".into(), None));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_message_has_its_topic_and_the_new_connection_its_own_aliases() {
    let world = World::new();
    let connect = || connect_with("c", vec![aliases(9), expiry(60)]);
    let mut client = world.connect(connect()).await;
    client.subscribe("a", Qos::AtLeastOnce).await;
    for _ in 0..2 {
        world.shared.hub.route(&message("a", b"x", false));
    }
    assert_eq!(named(&mut client).await, ("a".into(), Some(1)));
    assert_eq!(named(&mut client).await, (String::new(), Some(1)));
    drop(client);
    world.is_left().await;
    let mut client = world.connect(connect()).await;
    assert_eq!(named(&mut client).await, ("a".into(), Some(1)));
    assert_eq!(named(&mut client).await, (String::new(), Some(1)));
}

#[tokio::test(start_paused = true)]
async fn a_message_longer_than_the_client_takes_is_dropped_and_an_alias_makes_none_so() {
    let world = World::new();
    // Type, length, topic of one byte, identifier, no properties, payload.
    let length = |payload: usize| u32::try_from(2 + 3 + 2 + 1 + payload).unwrap();
    let connect = connect_with("c", vec![longest(length(30)), aliases(9)]);
    let mut client = world.connect(connect).await;
    client.subscribe("a", Qos::ExactlyOnce).await;
    for payload in [&[b'x'; 31][..], &[b'y'; 30], &[b'z'; 20]] {
        world.shared.hub.route(&Arc::new(Message {
            topic: "a".into(),
            payload: payload.to_vec().into(),
            qos: 1,
            ..Message::default()
        }));
    }
    assert_eq!(named(&mut client).await, ("a".into(), None), "fits without");
    assert_eq!(named(&mut client).await, ("a".into(), Some(1)));
    client.is_answered().await;
    assert_eq!(world.shared.counters.deliveries_too_large.get(), 1);
}
