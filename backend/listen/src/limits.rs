//! Every number that bounds the listener, with where it comes from.
//!
//! Memory of a connection is bounded: at most [`Limits::head_bytes_max`] wait to be read, and HTTP/2
//! adds [`H2_WINDOW_BYTES`] for what its handlers have not read, and [`H2_SEND_BUFFER_BYTES`] for
//! each stream. An idle one takes 23 kB, 29 kB over TLS (4,000 and 1,500 of them, release build).

use std::time::Duration;

/// How long to wait when accepting fails, which is mostly for want of file descriptors.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How often the same complaint is logged at most: an attack must not fill the disk.
pub(crate) const COMPLAINT_PERIOD: Duration = Duration::from_mins(1);

/// The least [`Limits::head_bytes_max`], in bytes: hyper panics below.
pub(crate) const HEAD_BYTES_MIN: usize = 8 * 1024;

/// How many header fields hyper parses without an allocation.
pub(crate) const HEADERS_INLINE: usize = 100;

/// What an HTTP/2 client may send ahead, in bytes, on a stream and on all streams of a connection.
/// Egret's bodies are at most 1 MiB, so that one goes through without a pause.
pub(crate) const H2_WINDOW_BYTES: u32 = 1024 * 1024;

/// What an HTTP/2 stream may have waiting to be sent, in bytes. hyper's own 400 kB, with 100 streams,
/// would be 40 MB for one client that does not read.
pub(crate) const H2_SEND_BUFFER_BYTES: usize = 64 * 1024;

/// What the kernel may have of a response that it has not sent yet, in bytes (TCP_NOTSENT_LOWAT,
/// Linux).
///
/// Without it the kernel takes megabytes, and more only once a third of them has gone: a client that
/// read 40 kB a second looked stalled for 30 s, measured on loopback, and was cut off in the middle.
/// And what waits in the kernel is old: a WebSocket's next frame is better made when there is room.
#[cfg(target_os = "linux")]
pub(crate) const UNSENT_BYTES: u32 = 64 * 1024;

/// Largest certificate or key file, in bytes. A chain of four RSA certificates has 8 kB.
pub(crate) const PEM_BYTES_MAX: u64 = 1024 * 1024;

/// How long before its end a certificate is complained about.
pub(crate) const EXPIRY_WARNING: Duration = Duration::from_hours(14 * 24);

/// How often an old trouble with the certificate is logged again.
pub(crate) const REMINDER_PERIOD: Duration = Duration::from_hours(24);

/// The numbers an operator may change.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at the same time, WebSockets included. More are closed on accept.
    pub connections_max: usize,
    /// Connections at the same time from one address; of IPv6 from one /64, which is what one
    /// subscriber has. A wall has two, a browser six, and behind a proxy or NAT there are many.
    pub per_address_max: usize,
    /// How long a client may take from its first byte to the end of its TLS handshake.
    pub handshake_timeout: Duration,
    /// How long a client may take for the head of a request, from its first byte, and from connecting
    /// to the end of its first head.
    pub head_timeout: Duration,
    /// How long a kept-alive connection may be without a request.
    pub idle: Duration,
    /// Longest head of a request, in bytes; at least 8 KiB. HTTP/2 counts 32 more for each field.
    pub head_bytes_max: usize,
    /// Most header fields of an HTTP/1 request. HTTP/2 is bounded by the head's bytes.
    pub headers_max: usize,
    /// How long a request's body may be waited for without [`Self::progress_bytes_min`] of it coming.
    pub body_stall: Duration,
    /// How long a client may take no [`Self::progress_bytes_min`] of what waits to be sent to it.
    pub write_stall: Duration,
    /// What counts as progress, in bytes. Less than 100 bytes a second is no network that a browser
    /// would work over.
    pub progress_bytes_min: usize,
    /// Requests at the same time on one HTTP/2 connection.
    pub h2_streams_max: u32,
    /// Requests that an HTTP/2 client may take back before they have been looked at ("rapid reset",
    /// CVE-2023-44487), and that the server may have to break off because of it (CVE-2025-8671),
    /// before the connection ends.
    pub h2_resets_max: usize,
    /// How often an HTTP/2 client is pinged.
    pub h2_ping_period: Duration,
    /// How long it may take to answer.
    pub h2_ping_timeout: Duration,
    /// How long the shutdown, and the end of an idle connection, wait for the client.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            per_address_max: 256,
            handshake_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            head_bytes_max: 32 * 1024,
            headers_max: 100,
            body_stall: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
            progress_bytes_min: 1024,
            h2_streams_max: 100,
            h2_resets_max: 100,
            h2_ping_period: Duration::from_secs(20),
            h2_ping_timeout: Duration::from_secs(20),
            drain: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// How often a connection is looked at. A state that may end a connection lasts at least so long
    /// before it does, so no look comes too late, and nothing has to set a timer.
    pub(crate) fn look_period(&self) -> Duration {
        self.head_timeout.min(self.idle).min(self.write_stall)
    }
}
