//! A client's life over an in-memory wire, with a taker that the test holds back.
//!
//! Time is virtual: it passes only while every task waits, so a pause here is exact and costs none.

mod acks;
mod breaks;
mod conformance;
mod delivering;
mod ending;
mod expiring;
mod forgetting;
mod groups;
mod halves;
mod lasting;
mod limiting;
mod ordering;
mod passes;
mod property;
mod restarts;
mod sharing;
mod subscribing;
mod telling;
mod testaments;
mod waiting;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use futures_util::future::BoxFuture;
use mqtt_protocol_core::mqtt::packet::{
    GenericPacketTrait, Packet, Property, Qos, RequestProblemInformation, SessionExpiryInterval,
    SubEntry, SubOpts, v3_1_1, v5_0,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::*;
use crate::gate::{Label, Open};
use crate::hub::Message;
use crate::taker::{Arrival, Outcome};

/// Longer than any deadline of the endpoint; the time is virtual.
const PATIENCE: Duration = Duration::from_mins(10);

/// A batch that waits for the test's word.
type Taken = (Vec<Arrival>, oneshot::Sender<Vec<Outcome>>);

/// A taker with room for four batches, whose receipts the test resolves.
struct Held(mpsc::Sender<Taken>);

impl Taker for Held {
    fn take(&self, batch: Vec<Arrival>) -> BoxFuture<'_, Result<Receipt, Closed>> {
        Box::pin(async move {
            let (sender, receipt) = oneshot::channel();
            self.0.send((batch, sender)).await.map_err(|_gone| Closed)?;
            Ok(receipt)
        })
    }
}

/// An endpoint without a listener.
struct World {
    shared: Arc<Shared>,
    batches: mpsc::Receiver<Taken>,
    tracker: TaskTracker,
}

impl World {
    fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    fn with_limits(limits: Limits) -> Self {
        Self::with_gate(limits, Arc::new(Open))
    }

    fn with_gate(limits: Limits, gate: Arc<dyn Gate>) -> Self {
        let hub = |limits, counters| Hub::new(limits, counters, None);
        Self::with_hub(limits, gate, hub)
    }

    fn with_hub(
        limits: Limits,
        gate: Arc<dyn Gate>,
        hub: impl FnOnce(Limits, Arc<Counters>) -> Hub,
    ) -> Self {
        let (sender, batches) = mpsc::channel(4);
        let counters = Arc::new(Counters::default());
        let shared = Shared {
            hub: hub(limits.clone(), Arc::clone(&counters)),
            lobby: Lobby::new(&limits, Arc::clone(&counters)),
            limits,
            gate,
            taker: Arc::new(Held(sender)),
            counters,
            shutdown: CancellationToken::new(),
        };
        Self {
            shared: Arc::new(shared),
            batches,
            tracker: TaskTracker::new(),
        }
    }

    /// A connection before CONNECT.
    fn dial(&self) -> Client {
        self.dial_from(Ipv4Addr::LOCALHOST.into())
            .expect("not let in")
    }

    /// The same from an address; `None` if it is closed at once.
    fn dial_from(&self, address: IpAddr) -> Option<Client> {
        let (io, far) = tokio::io::duplex(64 * 1024);
        let (reader, writer) = tokio::io::split(far);
        let waiting = self.shared.lobby.enter(address)?;
        self.shared.counters.connections_open.add(1);
        self.tracker.spawn(run(
            reader,
            writer,
            From::default(),
            waiting,
            Arc::clone(&self.shared),
        ));
        Some(Client { io })
    }

    /// A connection with CONNECT sent and a successful CONNACK read.
    async fn connect(&self, connect: impl Into<Packet>) -> Client {
        let mut client = self.dial();
        client.send(connect).await;
        let (first, body) = client.packet().await;
        assert_eq!((first, body[1]), (0x20, 0), "CONNACK: {body:x?}");
        client
    }

    /// Waits until no connection is open any more.
    async fn is_left(&self) {
        while self.shared.counters.connections_open.get() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits for every connection's end, and asserts that the taker was given nothing more.
    async fn ends_with_nothing_taken(&mut self) {
        self.tracker.close();
        let ended = timeout(PATIENCE, self.tracker.wait()).await;
        assert!(self.batches.try_recv().is_err(), "taken");
        ended.expect("not ended");
    }

    /// The next batch the taker is given.
    async fn batch(&mut self) -> Taken {
        timeout(PATIENCE, self.batches.recv())
            .await
            .expect("no batch")
            .expect("taker gone")
    }

    /// Keeps everything of the next batch.
    async fn keep(&mut self) -> Vec<Arrival> {
        let (arrivals, receipt) = self.batch().await;
        receipt.send(vec![Outcome::Kept; arrivals.len()]).unwrap();
        arrivals
    }
}

/// A client that speaks in packets.
struct Client {
    io: DuplexStream,
}

impl Client {
    async fn send(&mut self, packet: impl Into<Packet>) {
        self.send_bytes(&packet.into().to_continuous_buffer()).await;
    }

    async fn send_bytes(&mut self, bytes: &[u8]) {
        timeout(PATIENCE, self.io.write_all(bytes))
            .await
            .expect("not read")
            .unwrap();
    }

    /// The next packet: its first byte, and what follows the length.
    async fn packet(&mut self) -> (u8, Vec<u8>) {
        timeout(PATIENCE, self.read())
            .await
            .expect("no packet")
            .expect("connection closed")
    }

    /// The next packet, which is a PUBLISH in MQTT 5.
    async fn publish(&mut self) -> v5_0::Publish {
        let (first, body) = self.packet().await;
        assert_eq!(first >> 4, 3, "PUBLISH: {body:x?}");
        v5_0::Publish::parse(first & 0x0f, body.into()).unwrap().0
    }

    async fn read(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        let first = self.io.read_u8().await?;
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = self.io.read_u8().await?;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.io.read_exact(&mut body).await?;
        Ok((first, body))
    }

    /// Asserts that nothing is sent for as long as the endpoint would wait for anything.
    async fn hears_nothing_for(&mut self, time: Duration) {
        let heard = timeout(time, self.read()).await;
        assert!(heard.is_err(), "heard {heard:x?}");
    }

    async fn hears_the_end(&mut self) {
        let error = timeout(PATIENCE, self.read())
            .await
            .expect("not closed")
            .unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    }

    /// Whether the connection lives, with nothing before the answer.
    async fn is_answered(&mut self) {
        self.send(v5_0::Pingreq::builder().build().unwrap()).await;
        assert_eq!(self.packet().await, (0xd0, vec![]));
    }

    /// The topics of the QoS 1 deliveries that come until there are no more, each acknowledged.
    async fn topics(&mut self) -> Vec<String> {
        let mut topics = Vec::new();
        while let Ok(packet) = timeout(Duration::from_secs(1), self.read()).await {
            let (first, body) = packet.expect("connection closed");
            assert_eq!(first & 0xf6, 0x32, "PUBLISH of QoS 1: {body:x?}");
            let (topic, identifier, _) = read_qos_1(&body);
            topics.push(topic);
            let puback = v5_0::Puback::builder().packet_id(identifier);
            self.send(puback.build().unwrap()).await;
        }
        topics
    }

    async fn subscribe(&mut self, filter: &str, qos: Qos) -> u8 {
        let entry = SubEntry::new(filter, SubOpts::new().set_qos(qos)).unwrap();
        let packet = v5_0::Subscribe::builder()
            .packet_id(77)
            .entries(vec![entry])
            .build();
        self.send(packet.unwrap()).await;
        let (first, body) = self.packet().await;
        assert_eq!(first, 0x90, "SUBACK: {body:x?}");
        *body.last().unwrap()
    }
}

/// The wish to be told reasons by their code alone, so that packets can be compared as a whole.
fn by_code_alone() -> Property {
    RequestProblemInformation::new(0).unwrap().into()
}

/// CONNECT with a session that ends with its connection.
fn connect_v5(client: &str) -> v5_0::Connect {
    connect_with(client, vec![by_code_alone()])
}

/// CONNECT with properties, to the session that is there.
fn connect_with(client: &str, properties: Vec<Property>) -> v5_0::Connect {
    let connect = v5_0::Connect::builder().client_id(client).unwrap();
    let connect = connect.clean_start(false).props(properties);
    connect.build().unwrap()
}

fn expiry(seconds: u32) -> Property {
    SessionExpiryInterval::new(seconds).unwrap().into()
}

fn connect_v3(client: &str) -> v3_1_1::Connect {
    v3_1_1::Connect::builder()
        .client_id(client)
        .unwrap()
        .clean_session(true)
        .build()
        .unwrap()
}

/// CONNECT with a session that outlives its connection by a minute.
fn connect_lasting(client: &str) -> v5_0::Connect {
    connect_with(client, vec![expiry(60), by_code_alone()])
}

/// The same as somebody.
fn connect_as(user: &str, client: &str) -> v5_0::Connect {
    let connect = v5_0::Connect::builder()
        .client_id(client)
        .unwrap()
        .user_name(user)
        .unwrap()
        .clean_start(false);
    let properties = vec![expiry(60), by_code_alone()];
    connect.props(properties).build().unwrap()
}

fn publish_v5(topic: &str, identifier: u16, payload: &[u8]) -> v5_0::Publish {
    let packet = v5_0::Publish::builder()
        .topic_name(topic)
        .unwrap()
        .payload(payload);
    if identifier == 0 {
        return packet.build().unwrap();
    }
    packet
        .qos(Qos::AtLeastOnce)
        .packet_id(identifier)
        .build()
        .unwrap()
}

fn publish_v3(topic: &str, identifier: u16, payload: &[u8]) -> v3_1_1::Publish {
    let packet = v3_1_1::Publish::builder()
        .topic_name(topic)
        .unwrap()
        .payload(payload);
    packet
        .qos(Qos::AtLeastOnce)
        .packet_id(identifier)
        .build()
        .unwrap()
}

fn message(topic: &str, payload: &'static [u8], is_retained: bool) -> Arc<Message> {
    labelled(topic, payload, is_retained, None)
}

fn labelled(
    topic: &str,
    payload: &'static [u8],
    is_retained: bool,
    label: Option<&str>,
) -> Arc<Message> {
    Arc::new(Message {
        topic: topic.into(),
        payload: payload.into(),
        qos: 1,
        is_retained,
        label: label.map(|label| Arc::new(label.to_owned()) as Label),
        ..Message::default()
    })
}

/// Topic, packet identifier and payload of a QoS 1 PUBLISH in MQTT 5 without properties.
fn read_qos_1(body: &[u8]) -> (String, u16, Vec<u8>) {
    let topic_bytes = usize::from(u16::from_be_bytes([body[0], body[1]]));
    let (topic, rest) = body[2..].split_at(topic_bytes);
    let identifier = u16::from_be_bytes([rest[0], rest[1]]);
    assert_eq!(rest[2], 0, "no properties");
    (
        String::from_utf8(topic.to_vec()).unwrap(),
        identifier,
        rest[3..].to_vec(),
    )
}
