//! What the endpoint counts, for `/metrics`. Counters only grow; `connections_open` is a gauge.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The endpoint's counters since its start.
        #[derive(Debug, Default)]
        pub struct Counters { $($(#[$doc])* pub $name: Counter,)* }

        impl Counters {
            /// Every counter with its name, in a fixed order.
            pub fn read(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name.get()),)*]
            }
        }
    };
}

counters! {
    /// Connections accepted.
    connections_total,
    /// Connections open now.
    connections_open,
    /// Connections closed because of the limit of admitted ones.
    connections_refused,
    /// Connections closed on accept because too many others had not finished CONNECT.
    unadmitted_refused,
    /// Connections that had not finished CONNECT and made room for one from elsewhere.
    unadmitted_put_out,
    /// Connections whose TLS handshake failed or took too long.
    transports_failed,
    /// Connections refused because their owner had too many.
    owners_refused,
    /// CONNECT packets the gate refused.
    connects_denied,
    /// Packets received, of all kinds.
    packets_in,
    /// PUBLISH packets received.
    publishes_in,
    /// PUBACK and PUBREC packets sent.
    acks_out,
    /// PUBACK and PUBREC packets that said no (or would have, in MQTT 5).
    refusals_out,
    /// PUBLISH packets and wills refused for want of a grant, before the taker saw them.
    publishes_denied,
    /// Payloads longer than the limit, whose tail was dropped unread.
    payloads_oversized,
    /// Bytes received.
    bytes_in,
    /// Bytes sent.
    bytes_out,
    /// Connections ended by a malformed packet or a breach of the protocol.
    protocol_errors,
    /// Connections ended because the client fell silent.
    keep_alive_timeouts,
    /// Connections ended because the client did not complete a packet.
    packets_overdue,
    /// Connections ended because their client identifier connected again.
    takeovers,
    /// Connections ended because their pass was revoked.
    revocations,
    /// Messages queued for subscribers.
    deliveries_queued,
    /// QoS 0 messages dropped because a subscriber was slow.
    deliveries_dropped,
    /// Messages dropped because the subscriber may not receive them.
    deliveries_withheld,
    /// Messages dropped because they are longer than the subscriber takes.
    deliveries_too_large,
    /// Messages dropped because their expiry interval had passed before they could be sent.
    deliveries_expired,
    /// Subscribers disconnected because they were slow.
    subscribers_overrun,
    /// Wills published.
    wills_published,
}

/// One number, changed by many tasks.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`.
    pub(crate) fn add(&self, n: usize) {
        self.0.fetch_add(n as u64, Ordering::Relaxed);
    }

    /// Takes one away: for gauges.
    pub(crate) fn decrease(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Its value now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
