//! Whatever a client sends, the core does not panic.
//!
//! The packets are sound ones with a few bytes changed, which gets further into the core than bytes
//! at random do.

use bytes::BytesMut;
use mqtt_protocol_core::mqtt::packet::{
    AuthenticationMethod, ContentType, CorrelationData, MaximumPacketSize, MessageExpiryInterval,
    Qos, ReasonString, ReceiveMaximum, RequestProblemInformation, ResponseTopic,
    SessionExpiryInterval, SubEntry, SubOpts, SubscriptionIdentifier, TopicAlias,
    TopicAliasMaximum, UserProperty, WillDelayInterval, v3_1_1, v5_0,
};
use proptest::prelude::*;

use super::build::{Outgoing, Welcome};
use super::*;
use crate::frame::Framer;

fn bytes(packet: impl Into<Packet>) -> Vec<u8> {
    packet.into().to_continuous_buffer()
}

/// CONNECT of both versions, with everything that it may carry.
fn connects() -> Vec<Vec<u8>> {
    let properties = vec![
        SessionExpiryInterval::new(60).unwrap().into(),
        ReceiveMaximum::new(2).unwrap().into(),
        MaximumPacketSize::new(200).unwrap().into(),
        TopicAliasMaximum::new(3).unwrap().into(),
        RequestProblemInformation::new(1).unwrap().into(),
        UserProperty::new("a", "b").unwrap().into(),
        AuthenticationMethod::new("m").unwrap().into(),
    ];
    let v5 = v5_0::Connect::builder().client_id("c").unwrap();
    let v5 = v5.keep_alive(7).clean_start(true).user_name("u").unwrap();
    let v5 = v5.password(b"p").unwrap().props(properties);
    let v5 = v5.will_message("w", b"x", Qos::ExactlyOnce, true).unwrap();
    let v5 = v5.will_props(vec![WillDelayInterval::new(5).unwrap().into()]);
    let v3 = v3_1_1::Connect::builder().client_id("c").unwrap();
    let v3 = v3.will_message("w", b"x", Qos::AtLeastOnce, true).unwrap();
    let plain = v5_0::Connect::builder().client_id("c").unwrap();
    vec![
        bytes(v5.build().unwrap()),
        bytes(v3.clean_session(false).build().unwrap()),
        bytes(plain.build().unwrap()),
    ]
}

/// What follows it, in MQTT 5 and 3.1.1.
fn others() -> Vec<Vec<u8>> {
    let publish = |topic: &str, alias: u16| {
        let properties = vec![
            TopicAlias::new(alias).unwrap().into(),
            MessageExpiryInterval::new(9).unwrap().into(),
            ResponseTopic::new("r").unwrap().into(),
            CorrelationData::new(b"d").unwrap().into(),
            ContentType::new("t").unwrap().into(),
        ];
        let packet = v5_0::Publish::builder().topic_name(topic).unwrap();
        packet.qos(Qos::ExactlyOnce).packet_id(3).props(properties)
    };
    let plain = v5_0::Publish::builder().topic_name("a").unwrap();
    let old = v3_1_1::Publish::builder().topic_name("a").unwrap();
    let entry = || vec![SubEntry::new("$share/g/a/#", SubOpts::new()).unwrap()];
    let identifier = SubscriptionIdentifier::new(300).unwrap().into();
    let subscribe = v5_0::Subscribe::builder().packet_id(5).entries(entry());
    let unsubscribe = v5_0::Unsubscribe::builder().packet_id(6);
    let reason = || vec![ReasonString::new("why").unwrap().into()];
    let goodbye = vec![SessionExpiryInterval::new(1).unwrap().into()];
    let goodbye = v5_0::Disconnect::builder()
        .reason_code(DisconnectReasonCode::NormalDisconnection)
        .props(goodbye);
    let mut packets = vec![
        bytes(publish("a", 1).payload(b"x").build().unwrap()),
        bytes(publish("", 1).payload(b"x").build().unwrap()),
        bytes(plain.qos(Qos::AtLeastOnce).packet_id(4).build().unwrap()),
        bytes(old.qos(Qos::ExactlyOnce).packet_id(3).build().unwrap()),
        bytes(subscribe.props(vec![identifier]).build().unwrap()),
        bytes(
            v3_1_1::Subscribe::builder()
                .packet_id(5)
                .entries(entry())
                .build()
                .unwrap(),
        ),
        bytes(unsubscribe.entries(["a"]).unwrap().build().unwrap()),
        bytes(goodbye.build().unwrap()),
        vec![0xc0, 0],
        vec![0xf0, 2, 0x18, 0],
    ];
    for identifier in [1, 2, 3] {
        packets.push(vec![0x40, 2, 0, identifier]);
        packets.push(vec![0x50, 2, 0, identifier]);
        packets.push(vec![0x62, 2, 0, identifier]);
        packets.push(vec![0x70, 2, 0, identifier]);
        let pubrec = v5_0::Pubrec::builder().packet_id(identifier.into());
        let pubrec =
            pubrec.reason_code(mqtt_protocol_core::mqtt::result_code::PubrecReasonCode::Success);
        packets.push(bytes(pubrec.props(reason()).build().unwrap()));
    }
    packets
}

/// Takes the stream in as a connection does, and sends a message of each QoS once it is welcome.
fn drive(stream: &[u8]) {
    let mut framer = Framer::new(1_000);
    let mut protocol = Protocol::new();
    let mut input = BytesMut::from(stream);
    let mut out = BytesMut::new();
    let mut is_connected = false;
    while let Ok(Some(_)) = framer.next(&mut input) {
        let mut aliases = 0;
        if !is_connected {
            aliases = connect::bound_topic_aliases(framer.packet_mut());
        }
        let version = protocol.version();
        match protocol.receive(framer.packet(), &mut out) {
            Err(_) => return,
            Ok(Some(Inbound::Connect(connect))) if !is_connected => {
                is_connected = true;
                protocol.set_wishes(Wishes {
                    wants_reasons: connect.wants_reasons,
                    takes_aliases: aliases > 0,
                    packet_bytes_max: connect
                        .packet_bytes_max
                        .map_or(usize::MAX, |max| max as usize),
                });
                welcome(&mut framer, &mut protocol, &mut out);
            }
            Ok(Some(Inbound::Publish(publish))) => {
                let identifier = publish.identifier;
                let ack = match publish.qos {
                    0 => None,
                    1 => build::puback(version, identifier, 0, None),
                    _ => build::pubrec(version, identifier, 0, None),
                };
                protocol.send(ack, &mut out);
            }
            Ok(Some(Inbound::Pubrel(identifier))) => {
                protocol.send(build::pubcomp(version, identifier), &mut out);
            }
            Ok(Some(Inbound::Pubrec {
                identifier,
                is_refused: false,
            })) => {
                protocol.send(build::pubrel(version, identifier, true), &mut out);
            }
            Ok(_) => {}
        }
    }
}

fn welcome(framer: &mut Framer, protocol: &mut Protocol, out: &mut BytesMut) {
    let version = protocol.version();
    framer.set_has_properties(protocol.is_v5());
    let welcome = Welcome {
        is_session_present: false,
        receive_maximum: 2,
        assigned: None,
        session_expiry_s: None,
        keep_alive_s: None,
    };
    protocol.send(build::welcome(version, &welcome), out);
    for qos in [0, 1, 2, 1] {
        let identifier = (qos > 0).then(|| protocol.acquire_identifier().unwrap());
        let outgoing = Outgoing {
            topic: "a/topic/to/be/told/by/alias",
            payload: b"x",
            qos,
            identifier,
            is_retained: false,
            is_duplicate: false,
            properties: &[],
            identifiers: &[7],
            expiry_s: Some(3),
        };
        protocol.publish(build::publish(version, &outgoing), out);
    }
}

/// Which packet, and which of its bytes become what.
type Change = (prop::sample::Index, Vec<(prop::sample::Index, u8)>);

fn changes(n_bytes_max: usize) -> impl Strategy<Value = Change> {
    let byte = (any::<prop::sample::Index>(), any::<u8>());
    (
        any::<prop::sample::Index>(),
        prop::collection::vec(byte, 0..n_bytes_max),
    )
}

fn changed(packets: &[Vec<u8>], (which, bytes): &Change) -> Vec<u8> {
    let mut packet = which.get(packets).clone();
    for (at, byte) in bytes {
        let at = at.index(packet.len());
        packet[at] = *byte;
    }
    packet
}

proptest! {
    #[test]
    fn no_packet_with_some_bytes_changed_breaks_the_core(
        connect in changes(3),
        rest in prop::collection::vec(changes(3), 0..8),
    ) {
        let mut stream = changed(&connects(), &connect);
        let others = others();
        stream.extend(rest.iter().flat_map(|change| changed(&others, change)));
        drive(&stream);
    }

    #[test]
    fn no_bytes_at_random_break_what_looks_at_a_connect(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut after = bytes.clone();
        connect::has_reserved_flag(&bytes);
        connect::bound_topic_aliases(&mut after);
        prop_assert_eq!(after.len(), bytes.len());
        kind::answer(&bytes);
    }
}
