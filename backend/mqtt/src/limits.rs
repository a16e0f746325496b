//! Every number that bounds the endpoint, with where it comes from.
//!
//! Memory per connection is bounded by `read_buffer_bytes + pending_bytes_max + out_bytes_max` and,
//! for a subscriber, three times `outbox_bytes_max`: what waits, what is under way, and the protocol
//! core's own copy of that; of one that has not been admitted by
//! [`CONTROL_PACKET_BYTES_MAX`] twice. Nothing grows with uptime.

use std::time::Duration;

/// Largest packet other than PUBLISH, in bytes. A CONNECT with a 32 KiB will and a certificate-sized
/// password fits; so does a SUBSCRIBE with [`Limits::subscriptions_max`] filters of 500 bytes.
pub(crate) const CONTROL_PACKET_BYTES_MAX: usize = 64 * 1024;

/// Largest variable header of a PUBLISH (topic, packet identifier, properties), in bytes. The topic
/// alone may have 65,535 by the standard; nobody's is a tenth of that, and it must fit the buffer.
pub(crate) const PUBLISH_HEADER_BYTES_MAX: usize = 64 * 1024;

/// How much of an oversized payload is kept for quarantine, in bytes.
pub(crate) const PAYLOAD_HEAD_BYTES: usize = 64 * 1024;

/// First size of a connection's read buffer, in bytes: a gateway that sends one 250-byte message a
/// second never needs more, and 10,000 idle connections cost 40 MB.
pub(crate) const READ_BYTES_MIN: usize = 4 * 1024;

/// Largest single read, in bytes: some 200 messages of 300 bytes, after which a system call's share
/// of a message is below 10 ns.
pub(crate) const READ_BYTES_MAX: usize = 64 * 1024;

/// Deepest topic and filter, in levels. The subscription tree recurses by level, and
/// `egret/v1/{feed}/{asset}` needs four.
pub(crate) const TOPIC_LEVELS_MAX: usize = 32;

/// Largest topic alias a client may set: one per observed property of a large gateway.
pub(crate) const TOPIC_ALIAS_MAX: u16 = 64;

/// Topic aliases used towards a client; its own maximum applies where it is lower. With a topic of 60
/// bytes each they cost 8 kB a connection at most, and a client told of more topics than that at a
/// time gains little from more.
pub(crate) const TOPIC_ALIAS_SEND_MAX: u16 = 64;

/// Deliveries of QoS 1 and 2 a subscriber may leave unacknowledged; the client's own receive maximum applies
/// where it is lower. 64 at 10 ms round trip give 6,400 notifications a second and client.
pub(crate) const DELIVERY_WINDOW: usize = 64;

/// How often parked sessions are looked through for expired ones, and how well it is known after a
/// crash when it was.
pub(crate) const SWEEP_PERIOD: Duration = Duration::from_secs(10);

/// How long what nobody waits for may wait to be kept. A topic that is retained anew a hundred times a
/// second then costs a row a second, and the disk one commit.
pub(crate) const KEEP_LAZY: Duration = Duration::from_secs(1);

/// Changes that may wait to be kept before no client is read from: some 20 MB, and a second of a disk
/// that keeps 100,000 rows a second.
pub(crate) const KEEP_ENTRIES_MAX: usize = 100_000;

/// The numbers an operator may change.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Admitted connections at the same time. More are closed on accept. One client identifier of one
    /// owner has one connection: the next takes it over.
    pub connections_max: usize,
    /// Connections that have not been admitted yet, beside `connections_max`: who never finishes
    /// CONNECT takes no place from those who did. 1,000 that hold a CONNECT of 64 KiB each cost
    /// 128 MB, and 1,000 gateways that come back together are through in a second.
    pub unadmitted_max: usize,
    /// The same from one address (of IPv6 from one /64 network, of which a host has as many addresses
    /// as it likes). More are closed on accept. Gateways behind one address that come back together
    /// take turns of so many.
    pub unadmitted_per_address_max: usize,
    /// Longest payload that is handed on whole, in bytes. Of a longer one only the head is kept, the
    /// rest is read and dropped, and the session stays.
    pub payload_bytes_max: usize,
    /// QoS 1 and 2 messages a client may leave unacknowledged (MQTT 5 receive maximum). 1,024 at the
    /// 15 ms of a slow group commit allow 68,000 messages a second on one connection. Toward 3.1.1
    /// clients, who cannot be told, reading stops instead.
    pub receive_maximum: u16,
    /// Payload bytes of one connection that may wait for their commit; then reading stops.
    pub pending_bytes_max: usize,
    /// Bytes that may wait to be written to one client; then reading and delivering stop.
    pub out_bytes_max: usize,
    /// How long a client may take to send CONNECT and be admitted.
    pub connect_timeout: Duration,
    /// How long a client may take to complete a packet that it has begun, while it is being read
    /// from. Its keep-alive does not bound that: a byte now and then counts as a sign of life. 60 s
    /// are 256 KiB at 35 kbit/s.
    pub packet_timeout: Duration,
    /// How long a client may read nothing while bytes wait for it.
    pub write_stall_max: Duration,
    /// How long an ending connection, or the shutdown, waits for commits under way.
    pub drain_max: Duration,
    /// Messages that may wait for one subscriber.
    pub outbox_messages_max: usize,
    /// Payload bytes that may wait for one subscriber; and so many may be under way to it with QoS 1 and
    /// 2, or one message.
    pub outbox_bytes_max: usize,
    /// Connections of one owner ([`crate::gate::Pass::owner`]) at the same time; zero for no bound but
    /// `connections_max`. One more is refused with 0x97. A client that takes its own session over
    /// counts once. Without accounts everybody is the same owner.
    pub connections_per_owner_max: usize,
    /// Messages a second that one client may publish, in the long run; zero for no bound. A second's
    /// worth may come at once, and again on each new connection. Beyond it the client is read from no faster, which TCP tells it:
    /// nothing is dropped.
    pub publishes_per_second_max: u32,
    /// Bytes a second that one client may send, packets of all kinds together, in the same way; zero
    /// for no bound.
    pub bytes_per_second_max: u32,
    /// Longest keep-alive; zero for any. An MQTT 5 client that asks for more, or for none, is told this
    /// one. A 3.1.1 client cannot be told, and keeps its own.
    pub keep_alive_max: Duration,
    /// Subscriptions of one session, shared ones included.
    pub subscriptions_max: usize,
    /// Retained messages; further topics are delivered but not retained.
    pub retained_messages_max: usize,
    /// Payload bytes of all retained messages.
    pub retained_bytes_max: usize,
    /// Longest life of a session without a connection, a restart of the server included where sessions
    /// are kept ([`crate::keep`]).
    pub session_expiry_max: Duration,
    /// Sessions without a connection; the next one to part is dropped at once.
    pub sessions_parked_max: usize,
    /// How long after a start clients that had connections before it may take to come back, before
    /// their wills are published, if sessions are kept. The start has cut them off, not their network.
    /// Clients try again after a second, then two, four and so on: within a minute all have tried that
    /// were away for less than one.
    pub will_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            unadmitted_max: 1_000,
            unadmitted_per_address_max: 64,
            payload_bytes_max: 256 * 1024,
            receive_maximum: 1_024,
            pending_bytes_max: 4 * 1024 * 1024,
            out_bytes_max: 256 * 1024,
            connect_timeout: Duration::from_secs(10),
            packet_timeout: Duration::from_mins(1),
            write_stall_max: Duration::from_secs(30),
            drain_max: Duration::from_secs(5),
            outbox_messages_max: 1_000,
            outbox_bytes_max: 4 * 1024 * 1024,
            connections_per_owner_max: 0,
            publishes_per_second_max: 0,
            bytes_per_second_max: 0,
            keep_alive_max: Duration::ZERO,
            subscriptions_max: 100,
            retained_messages_max: 10_000,
            retained_bytes_max: 16 * 1024 * 1024,
            session_expiry_max: Duration::from_hours(1),
            sessions_parked_max: 1_000,
            will_grace: Duration::from_mins(1),
        }
    }
}

const _: () = assert!(READ_BYTES_MIN <= READ_BYTES_MAX);
const _: () = assert!(DELIVERY_WINDOW < u16::MAX as usize);
