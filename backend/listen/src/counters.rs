//! What the listener counts, for `/metrics`. Counters only grow; `connections_open` is a gauge.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The listener's counters since its start.
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
    /// Connections let in.
    connections_total,
    /// Connections open now, WebSockets included.
    connections_open,
    /// Connections closed on accept because there were as many as there may be.
    refused_by_limit,
    /// Connections closed on accept because their address had as many as it may have.
    refused_by_address,
    /// Accepts that failed.
    accept_errors,
    /// TLS handshakes that failed, and plain HTTP spoken to the TLS port.
    tls_failures,
    /// Connections ended because their TLS handshake took too long.
    timeouts_handshake,
    /// Connections ended because the head of a request took too long.
    timeouts_head,
    /// Connections ended because no request came.
    timeouts_idle,
    /// Requests given up because their body came too slowly.
    timeouts_body,
    /// Connections ended because the client did not take its response.
    timeouts_write,
    /// Requests taken.
    requests_total,
}

/// One number, changed by many tasks.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds one.
    pub(crate) fn increase(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
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
