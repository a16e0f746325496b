//! The times of one connection, kept so that a message costs no timer: the timer is set to the
//! earliest moment at which something could be due, and only looks when it rings.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::Limits;

/// When a connection has to end by itself.
pub(super) struct Alarm {
    /// How long the client may be silent; `None` for ever.
    silence_max: Option<Duration>,
    stall_max: Duration,
    heard_at: Instant,
    packet_timeout: Duration,
    /// The packet that has begun and is not complete: the number of those before it, and since when
    /// it is waited for.
    half: Option<(u64, Instant)>,
    /// Since when bytes have been seen to wait without one of them being taken.
    stuck_since: Option<Instant>,
    stop_at: Option<Instant>,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rang {
    /// The client has been silent for one and a half times its keep-alive.
    Silent,
    /// The client has not completed a packet that it began.
    Overdue,
    /// The client has read nothing while bytes waited for it.
    Stalled,
    /// The time for an orderly stop is over.
    Stopped,
    Nothing,
}

impl Alarm {
    pub(super) fn new(keep_alive: Duration, limits: &Limits) -> Self {
        let now = Instant::now();
        let silence_max = (!keep_alive.is_zero()).then(|| keep_alive * 3 / 2);
        Self {
            silence_max,
            stall_max: limits.write_stall_max,
            heard_at: now,
            packet_timeout: limits.packet_timeout,
            half: None,
            stuck_since: None,
            stop_at: None,
        }
    }

    pub(super) fn heard(&mut self) {
        self.heard_at = Instant::now();
    }

    /// Which packet the client is in the middle of while it is read from: the number of those before
    /// it. The same number again is the same packet, whose time goes on.
    pub(super) fn awaits(&mut self, half: Option<u64>) {
        if self.half.map(|(number, _)| number) != half {
            self.half = half.map(|number| (number, Instant::now()));
        }
    }

    pub(super) fn wrote(&mut self) {
        self.stuck_since = None;
    }

    /// From now on the connection only settles what is under way, for so long.
    pub(super) fn stop(&mut self, drain_max: Duration) {
        self.stop_at = Some(Instant::now() + drain_max);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stop_at.is_some()
    }

    /// When to look next: never later than what could become due without anything happening before.
    pub(super) fn next_at(&self) -> Instant {
        let look_at = Instant::now() + self.stall_max.min(self.packet_timeout);
        let due = [
            self.silence_max.map(|silence| self.heard_at + silence),
            self.half.map(|(_, since)| since + self.packet_timeout),
            self.stop_at,
        ];
        due.into_iter().flatten().fold(look_at, Instant::min)
    }

    /// What is due now. A client we do not read from is not to blame for its silence, and one that
    /// nothing waits for is not stalled.
    pub(super) fn ring(&mut self, is_reading: bool, is_writing: bool) -> Rang {
        let now = Instant::now();
        if !is_reading {
            self.heard_at = now;
        }
        let stuck_since = is_writing.then(|| self.stuck_since.unwrap_or(now));
        self.stuck_since = stuck_since;
        if self.stop_at.is_some_and(|stop_at| stop_at <= now) {
            Rang::Stopped
        } else if self
            .silence_max
            .is_some_and(|silence| self.heard_at + silence <= now)
        {
            Rang::Silent
        } else if self
            .half
            .is_some_and(|(_, since)| since + self.packet_timeout <= now)
        {
            Rang::Overdue
        } else if stuck_since.is_some_and(|since| since + self.stall_max <= now) {
            Rang::Stalled
        } else {
            Rang::Nothing
        }
    }
}
