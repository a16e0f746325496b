//! Wherever the connection breaks, and whichever answers are lost by it: a subscriber that keeps to the
//! protocol gets QoS 2 exactly once, QoS 1 at least once, and everything in order.

use std::collections::BTreeSet;

use mqtt_protocol_core::mqtt::packet::ReceiveMaximum;
use proptest::prelude::*;

use super::*;

/// One connection, between two breaks.
#[derive(Clone, Debug)]
struct Round {
    /// The QoS of what is published before and after the subscriber connects.
    before: Vec<u8>,
    after: Vec<u8>,
    receive_maximum: u16,
    /// How many packets it takes before the break.
    n_packets: usize,
    /// Whether its answer to the last of them is lost.
    is_last_lost: bool,
}

fn rounds() -> impl Strategy<Value = Vec<Round>> {
    let published = || prop::collection::vec(1..=2_u8, 0..4);
    let round = (
        published(),
        published(),
        1..4_u16,
        0..8_usize,
        any::<bool>(),
    )
        .prop_map(
            |(before, after, receive_maximum, n_packets, is_last_lost)| Round {
                before,
                after,
                receive_maximum,
                n_packets,
                is_last_lost,
            },
        );
    prop::collection::vec(round, 1..6)
}

/// A subscriber's state, which outlasts its connections.
#[derive(Default)]
pub(super) struct Subscriber {
    /// QoS 2 identifiers that it has and that are not released.
    known: BTreeSet<u16>,
    delivered: Vec<usize>,
}

impl Subscriber {
    /// Takes a packet; what it answers.
    fn take(&mut self, first: u8, body: Vec<u8>) -> Packet {
        if first == 0x62 {
            let identifier = u16::from_be_bytes([body[0], body[1]]);
            self.known.remove(&identifier);
            let packet = v5_0::Pubcomp::builder().packet_id(identifier);
            return packet.build().unwrap().into();
        }
        assert_eq!(first >> 4, 3, "{body:x?}");
        let publish = v5_0::Publish::parse(first & 0x0f, body.into()).unwrap().0;
        let identifier = publish.packet_id().unwrap();
        let number = String::from_utf8(publish.payload().as_slice().to_vec()).unwrap();
        let number = number.parse().unwrap();
        if publish.qos() == Qos::AtLeastOnce {
            self.delivered.push(number);
            let packet = v5_0::Puback::builder().packet_id(identifier);
            return packet.build().unwrap().into();
        }
        if self.known.insert(identifier) {
            self.delivered.push(number);
        }
        let packet = v5_0::Pubrec::builder().packet_id(identifier);
        packet.build().unwrap().into()
    }

    /// Takes so many packets, or all there are, and answers, the last one perhaps not.
    pub(super) async fn listen(
        &mut self,
        client: &mut Client,
        n_packets: usize,
        is_last_lost: bool,
    ) {
        for number in 1..=n_packets {
            let Ok(packet) = timeout(Duration::from_secs(1), client.read()).await else {
                return;
            };
            let (first, body) = packet.expect("connection closed");
            let answer = self.take(first, body);
            if number < n_packets || !is_last_lost {
                client.send(answer).await;
            }
        }
    }
}

pub(super) async fn connect(world: &World, receive_maximum: u16) -> Client {
    let maximum = ReceiveMaximum::new(receive_maximum).unwrap().into();
    world
        .connect(connect_with("c", vec![expiry(600), maximum]))
        .await
}

fn publish(world: &World, published: &mut Vec<u8>, qos: &[u8]) {
    for &qos in qos {
        world.shared.hub.route(&Arc::new(Message {
            topic: "a".into(),
            payload: published.len().to_string().into(),
            qos,
            ..Message::default()
        }));
        published.push(qos);
    }
}

async fn run_rounds(rounds: &[Round]) {
    let world = World::new();
    let mut subscriber = Subscriber::default();
    let mut published = Vec::new();
    let mut client = connect(&world, 1).await;
    client.subscribe("a", Qos::ExactlyOnce).await;
    drop(client);
    for round in rounds {
        world.is_left().await;
        publish(&world, &mut published, &round.before);
        let mut client = connect(&world, round.receive_maximum).await;
        publish(&world, &mut published, &round.after);
        subscriber
            .listen(&mut client, round.n_packets, round.is_last_lost)
            .await;
    }
    world.is_left().await;
    let mut client = connect(&world, 3).await;
    subscriber.listen(&mut client, usize::MAX, false).await;
    client.is_answered().await;
    expect_all(&subscriber, &published);
}

/// Asserts that everything came, in order and as often as its QoS says.
pub(super) fn expect_all(subscriber: &Subscriber, published: &[u8]) {
    let mut seen = BTreeSet::new();
    let mut in_order = subscriber.delivered.clone();
    in_order.retain(|&number| seen.insert(number));
    let expected: Vec<_> = (0..published.len()).collect();
    assert_eq!(in_order, expected, "everything, in order");
    for (number, &qos) in published.iter().enumerate() {
        let delivered = subscriber.delivered.iter();
        let n_times = delivered.filter(|&&delivered| delivered == number).count();
        assert!(qos == 1 || n_times == 1, "{number} came {n_times} times");
    }
    assert!(subscriber.known.is_empty(), "everything is released");
}

proptest! {
    #[test]
    fn qos_2_comes_exactly_once_and_qos_1_at_least_once_in_order(rounds in rounds()) {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(run_rounds(&rounds));
    }
}
