//! Sessions that outlive the process: what is there after it ended at once, and what had to wait until
//! it would be.

use mqtt_protocol_core::mqtt::packet::MessageExpiryInterval;

use super::*;
use crate::keep::ledger::{self, Ledger};
use crate::keep::{InMemory, Kept, Terms};

/// Keeps everything that is not private, by the virtual time.
struct Now(Instant);

impl Terms for Now {
    fn now_ms(&self) -> i64 {
        let passed = Instant::now().duration_since(self.0).as_millis();
        1_800_000_000_000 + i64::try_from(passed).unwrap()
    }

    fn may_keep(&self, topic: &str) -> bool {
        !topic.starts_with("private")
    }
}

/// A world that keeps what is to last.
pub(super) struct Lasting {
    pub(super) world: World,
    keep: InMemory,
    pub(super) ledger: Arc<Ledger>,
    pub(super) terms: Arc<dyn Terms>,
    pub(super) gate: Arc<dyn Gate>,
}

impl Lasting {
    pub(super) fn new() -> Self {
        Self::with_gate(Arc::new(Open))
    }

    pub(super) fn with_gate(gate: Arc<dyn Gate>) -> Self {
        let terms = Arc::new(Now(Instant::now()));
        let lasting = Self::start(Kept::default(), terms, gate, Limits::default());
        lasting.writes();
        lasting
    }

    /// One whose commits have not begun yet.
    pub(super) fn start(
        kept: Kept,
        terms: Arc<dyn Terms>,
        gate: Arc<dyn Gate>,
        limits: Limits,
    ) -> Self {
        let ledger = Arc::new(Ledger::new(Arc::clone(&terms), &kept));
        let keep = InMemory::from(kept.clone());
        let hub = |limits, counters| {
            let hub = Hub::new(limits, counters, Some(Arc::clone(&ledger)));
            hub.restore(kept, &*gate);
            hub
        };
        let world = World::with_hub(limits, Arc::clone(&gate), hub);
        wait_for_wills(&world.shared, &world.tracker);
        Self {
            world,
            keep,
            ledger,
            terms,
            gate,
        }
    }

    pub(super) fn writes(&self) {
        let keep = Box::new(self.keep.clone());
        let shutdown = self.world.shared.shutdown.clone();
        let writing = ledger::write(Arc::clone(&self.ledger), keep, shutdown);
        self.world.tracker.spawn(writing);
    }

    /// The process ends at once, and another goes on with what is durable by now.
    pub(super) fn killed(self) -> Self {
        self.killed_with(Limits::default())
    }

    pub(super) fn killed_with(self, limits: Limits) -> Self {
        let lasting = Self::start(self.kept(), self.terms, self.gate, limits);
        lasting.writes();
        lasting
    }

    pub(super) fn kept(&self) -> Kept {
        self.keep.kept()
    }

    /// Waits until everything that has happened is durable.
    pub(super) async fn is_kept(&self) {
        let ticket = self.ledger.handled(u64::MAX, 0, false);
        self.is_durable(ticket).await;
    }

    pub(super) async fn is_left_with_nothing(&self) {
        self.is_kept().await;
        let kept = self.kept();
        assert!(kept.deliveries.is_empty() && kept.messages.is_empty());
    }

    pub(super) async fn is_durable(&self, ticket: u64) {
        let mut durable = self.ledger.durable();
        let reached = durable.wait_for(|durable| durable.unwrap() >= ticket);
        timeout(PATIENCE, reached).await.expect("kept").unwrap();
    }

    /// CONNECT; whether the session was there.
    pub(super) async fn returns(&self, connect: impl Into<Packet>) -> (Client, bool) {
        let mut client = self.world.dial();
        client.send(connect).await;
        let (first, body) = client.packet().await;
        assert_eq!((first, body[1]), (0x20, 0), "CONNACK: {body:x?}");
        (client, body[0] == 1)
    }

    pub(super) async fn route(&self, topic: &str, payload: &'static [u8], qos: u8) {
        let ticket = self.world.shared.hub.route(&Arc::new(Message {
            topic: topic.into(),
            payload: payload.into(),
            qos,
            ..Message::default()
        }));
        self.is_durable(ticket).await;
    }
}

fn lasting_v3(client: &str) -> v3_1_1::Connect {
    let connect = v3_1_1::Connect::builder().client_id(client).unwrap();
    connect.clean_session(false).build().unwrap()
}

/// DUP, QoS, topic, packet identifier and payload of a PUBLISH of MQTT 5.
pub(super) async fn delivery(client: &mut Client) -> (bool, u8, u16, String) {
    let publish = client.publish().await;
    let payload = publish.payload().as_slice().to_vec();
    (
        publish.dup(),
        publish.qos() as u8,
        publish.packet_id().unwrap_or(0),
        String::from_utf8(payload).unwrap(),
    )
}

fn told(dup: bool, qos: u8, identifier: u16, payload: &str) -> (bool, u8, u16, String) {
    (dup, qos, identifier, payload.to_owned())
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_comes_in_order_after_the_process_was_killed() {
    let lasting = Lasting::new();
    let (mut subscriber, is_present) = lasting.returns(connect_lasting("s")).await;
    assert!(!is_present);
    subscriber.subscribe("a/+", Qos::ExactlyOnce).await;
    drop(subscriber);
    lasting.world.is_left().await;
    for (qos, payload) in [(1, &b"1"[..]), (0, b"never"), (2, b"2"), (1, b"3")] {
        lasting.route("a/b", payload, qos).await;
    }
    let lasting = lasting.killed();
    let (mut subscriber, is_present) = lasting.returns(connect_lasting("s")).await;
    assert!(is_present);
    for (n, qos, payload) in [(1, 1, "1"), (2, 2, "2"), (3, 1, "3")] {
        let expected = told(false, qos, n, payload);
        assert_eq!(delivery(&mut subscriber).await, expected);
    }
    lasting.route("a/c", b"4", 1).await;
    assert_eq!(delivery(&mut subscriber).await, told(false, 1, 4, "4"));
}

#[tokio::test(start_paused = true)]
async fn a_session_of_3_1_1_outlives_the_process_too() {
    let lasting = Lasting::new();
    let (mut subscriber, _) = lasting.returns(lasting_v3("s")).await;
    let entry = SubEntry::new("a", SubOpts::new().set_qos(Qos::AtLeastOnce)).unwrap();
    let subscribe = v3_1_1::Subscribe::builder().packet_id(1);
    let subscribe = subscribe.entries(vec![entry]).build().unwrap();
    subscriber.send(subscribe).await;
    assert_eq!(subscriber.packet().await, (0x90, vec![0, 1, 1]));
    drop(subscriber);
    lasting.world.is_left().await;
    lasting.route("a", b"1", 1).await;
    let lasting = lasting.killed();
    let (mut subscriber, is_present) = lasting.returns(lasting_v3("s")).await;
    assert!(is_present);
    let (first, body) = subscriber.packet().await;
    assert_eq!((first, &body[..]), (0x32, &b"\x00\x01a\x00\x011"[..]));
}

#[tokio::test(start_paused = true)]
async fn what_was_under_way_is_sent_again_as_far_as_it_was() {
    let lasting = Lasting::new();
    let (mut subscriber, _) = lasting.returns(connect_lasting("s")).await;
    subscriber.subscribe("a", Qos::ExactlyOnce).await;
    for (qos, payload) in [(2, &b"1"[..]), (1, b"2"), (2, b"3"), (1, b"4")] {
        lasting.route("a", payload, qos).await;
    }
    for n in 1..=4 {
        assert_eq!(delivery(&mut subscriber).await.2, n);
    }
    // The first is received, the second done with.
    let pubrec = v5_0::Pubrec::builder().packet_id(1).build().unwrap();
    subscriber.send(pubrec).await;
    assert_eq!(subscriber.packet().await, (0x62, vec![0, 1]));
    let puback = v5_0::Puback::builder().packet_id(2).build().unwrap();
    subscriber.send(puback).await;
    subscriber.is_answered().await;
    lasting.is_kept().await;
    let lasting = lasting.killed();
    let (mut subscriber, _) = lasting.returns(connect_lasting("s")).await;
    assert_eq!(subscriber.packet().await, (0x62, vec![0, 1]), "PUBREL");
    assert_eq!(delivery(&mut subscriber).await, told(true, 2, 3, "3"));
    assert_eq!(delivery(&mut subscriber).await, told(true, 1, 4, "4"));
    lasting.route("a", b"5", 1).await;
    let next = delivery(&mut subscriber).await;
    assert_eq!(next, told(false, 1, 2, "5"), "the identifier is free");
}

#[tokio::test(start_paused = true)]
async fn a_message_is_acknowledged_once_it_is_kept_for_those_who_wait_for_it() {
    let lasting = Lasting::new();
    let (mut subscriber, _) = lasting.returns(connect_lasting("s")).await;
    subscriber.subscribe("a", Qos::AtLeastOnce).await;
    drop(subscriber);
    lasting.world.is_left().await;
    let Lasting { terms, gate, .. } = &lasting;
    let (terms, gate) = (Arc::clone(terms), Arc::clone(gate));
    let mut slow = Lasting::start(lasting.kept(), terms, gate, Limits::default());
    let mut client = slow.world.connect(connect_v5("c")).await;
    client.send(publish_v5("b", 1, b"x")).await;
    slow.world.keep().await;
    assert_eq!(client.packet().await.0, 0x40, "nobody waits for it");
    client.send(publish_v5("a", 2, b"y")).await;
    slow.world.keep().await;
    client.hears_nothing_for(Duration::from_mins(1)).await;
    assert!(slow.kept().deliveries.is_empty());
    slow.writes();
    assert_eq!(client.packet().await, (0x40, vec![0, 2]));
    assert_eq!(slow.kept().deliveries.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn subscriptions_come_back_with_their_options_and_groups_share_as_before() {
    let lasting = Lasting::new();
    for name in ["s", "t"] {
        let (mut member, _) = lasting.returns(connect_lasting(name)).await;
        member.subscribe("$share/g/a", Qos::AtLeastOnce).await;
        drop(member);
    }
    let identifier = mqtt_protocol_core::mqtt::packet::SubscriptionIdentifier::new(9).unwrap();
    let options = SubOpts::new().set_qos(Qos::AtLeastOnce).set_rap(true);
    let subscribe = v5_0::Subscribe::builder().packet_id(1);
    let subscribe = subscribe.entries(vec![SubEntry::new("b", options).unwrap()]);
    let subscribe = subscribe
        .props(vec![identifier.clone().into()])
        .build()
        .unwrap();
    let (mut other, _) = lasting.returns(connect_lasting("o")).await;
    other.send(subscribe).await;
    assert_eq!(other.packet().await.0, 0x90);
    drop(other);
    lasting.world.is_left().await;
    let lasting = lasting.killed();
    for _ in 0..4 {
        lasting.route("a", b"x", 1).await;
    }
    let deliveries = lasting.kept().deliveries;
    let shares: Vec<_> = deliveries.values().map(|row| row.share.clone()).collect();
    assert_eq!(shares, vec![Some("$share/g/a".into()); 4]);
    let sessions: std::collections::BTreeSet<_> = deliveries.keys().map(|key| key.0).collect();
    assert_eq!(sessions.len(), 2, "both have a turn");
    let retained = Message {
        is_retained: true,
        ..(*message("b", b"y", true)).clone()
    };
    lasting.world.shared.hub.route(&Arc::new(retained));
    let (mut other, _) = lasting.returns(connect_lasting("o")).await;
    let publish = other.publish().await;
    assert!(publish.retain());
    assert!(publish.props().contains(&identifier.into()));
}

#[tokio::test(start_paused = true)]
async fn a_qos_2_message_that_is_published_again_after_a_restart_is_not_taken_twice() {
    let lasting = Lasting::new();
    let (mut client, _) = lasting.returns(connect_lasting("c")).await;
    let publish = |dup| {
        let packet = v5_0::Publish::builder().topic_name("a").unwrap();
        let packet = packet.qos(Qos::ExactlyOnce).dup(dup).packet_id(5);
        packet.payload(&b"x"[..]).build().unwrap()
    };
    client.send(publish(false)).await;
    let mut lasting = lasting;
    lasting.world.keep().await;
    assert_eq!(client.packet().await, (0x50, vec![0, 5]));
    let mut lasting = lasting.killed();
    let (mut client, is_present) = lasting.returns(connect_lasting("c")).await;
    assert!(is_present);
    client.send(publish(true)).await;
    assert_eq!(client.packet().await, (0x50, vec![0, 5]));
    client
        .send(v5_0::Pubrel::builder().packet_id(5).build().unwrap())
        .await;
    assert_eq!(client.packet().await, (0x70, vec![0, 5]));
    assert!(lasting.world.batches.try_recv().is_err(), "taken twice");
    // From PUBCOMP on the identifier is free, whatever happens.
    let mut lasting = lasting.killed();
    let (mut client, _) = lasting.returns(connect_lasting("c")).await;
    client.send(publish(false)).await;
    assert_eq!(lasting.world.keep().await.len(), 1);
    assert_eq!(client.packet().await, (0x50, vec![0, 5]));
}

#[tokio::test(start_paused = true)]
async fn messages_come_back_with_what_is_left_of_their_time_and_all_that_was_said_of_them() {
    let lasting = Lasting::new();
    let (mut subscriber, _) = lasting.returns(connect_lasting("s")).await;
    subscriber.subscribe("a", Qos::AtLeastOnce).await;
    drop(subscriber);
    lasting.world.is_left().await;
    let properties: Vec<Property> = vec![
        mqtt_protocol_core::mqtt::packet::ContentType::new("text/plain")
            .unwrap()
            .into(),
        mqtt_protocol_core::mqtt::packet::UserProperty::new("k", "v")
            .unwrap()
            .into(),
    ];
    for seconds in [20, 40] {
        let ticket = lasting.world.shared.hub.route(&Arc::new(Message {
            expires_at: Some(Instant::now() + Duration::from_secs(seconds)),
            properties: properties.clone(),
            ..(*message("a", b"x", false)).clone()
        }));
        lasting.is_durable(ticket).await;
    }
    tokio::time::sleep(Duration::from_secs(30)).await;
    let lasting = lasting.killed();
    let (mut subscriber, _) = lasting.returns(connect_lasting("s")).await;
    let publish = subscriber.publish().await;
    let left: Property = MessageExpiryInterval::new(10).unwrap().into();
    assert!(publish.props().contains(&left), "{:?}", publish.props());
    for property in &properties {
        assert!(publish.props().contains(property), "{property:?}");
    }
    subscriber.is_answered().await;
}

#[tokio::test(start_paused = true)]
async fn what_clients_have_retained_is_kept_and_what_the_server_says_is_told_once() {
    let lasting = Lasting::new();
    let (mut subscriber, _) = lasting.returns(connect_lasting("s")).await;
    subscriber.subscribe("out/#", Qos::AtLeastOnce).await;
    let hub = |lasting: &Lasting| Arc::clone(&lasting.world.shared);
    hub(&lasting).hub.route(&message("a", b"1", true));
    hub(&lasting).hub.route(&message("b", b"2", true));
    hub(&lasting).hub.route(&message("b", b"", true));
    let tell = |lasting: &Lasting, key: &str, payload| {
        let notice = labelled("out/x", payload, true, Some("label"));
        hub(lasting).hub.tell(&key.into(), &notice);
    };
    tell(&lasting, "one", b"old");
    tell(&lasting, "two", b"same");
    assert_eq!(subscriber.topics().await.len(), 2);
    drop(subscriber);
    lasting.world.is_left().await;
    lasting.is_kept().await;
    let lasting = lasting.killed();
    tell(&lasting, "one", b"new");
    tell(&lasting, "two", b"same");
    lasting.is_kept().await;
    let (mut subscriber, _) = lasting.returns(connect_lasting("s")).await;
    assert_eq!(delivery(&mut subscriber).await.3, "new");
    subscriber.is_answered().await;
    let (mut other, _) = lasting.returns(connect_v5("o")).await;
    for (filter, payload) in [("a", "1"), ("out/x", "same")] {
        assert_eq!(other.subscribe(filter, Qos::AtLeastOnce).await, 1);
        assert_eq!(delivery(&mut other).await.3, payload);
    }
    assert_eq!(other.subscribe("b", Qos::AtLeastOnce).await, 1);
    other.is_answered().await;
    lasting.world.shared.hub.forget_told(|key| key == "two");
    lasting.is_kept().await;
    assert_eq!(lasting.kept().told.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_order_counts_as_taken_once_it_is_kept_for_who_is_away() {
    let first = Lasting::new();
    let mut pump = first.world.connect(connect_lasting("pump")).await;
    pump.subscribe("pumps/1", Qos::AtLeastOnce).await;
    drop(pump);
    first.world.is_left().await;
    first.is_kept().await;
    let (kept, limits) = (first.kept(), Limits::default());
    let lasting = Lasting::start(kept, first.terms, first.gate, limits);
    let order = crate::Order {
        topic: "pumps/1".to_owned(),
        payload: "on".into(),
        qos: 1,
        expiry: Duration::from_mins(10),
        response_topic: None,
        correlation: "o-1".into(),
    };
    let label: Label = Arc::new("an order");
    let taken = lasting.world.shared.hub.order(order, label);
    tokio::pin!(taken);
    let early = timeout(Duration::from_mins(5), &mut taken).await;
    assert!(early.is_err(), "nothing is on the disk yet");
    lasting.writes();
    assert_eq!(taken.await, 1);
    assert_eq!(lasting.kept().deliveries.len(), 1);
}
