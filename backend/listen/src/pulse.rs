//! What a connection is doing, and until when the client has to do something.
//!
//! The wire and the bodies tell it what happens; the connection's task asks now and then
//! ([`Limits::look_period`]). Nothing here reads a clock or sets a timer, so that telling costs a
//! lock that is nearly always free.
//!
//! hyper's own `header_read_timeout` is not used: it starts when hyper begins to wait for a head, so
//! that it also ends a kept-alive connection that is merely idle (`poll_read_head` in hyper 1.12), and
//! 10 seconds for the one and 75 for the other cannot be said. It also does not count while
//! hyper-util finds out the version of HTTP, and there is nothing like it for HTTP/2.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::limits::Limits;

/// What a client was too slow for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timeout {
    /// To send the head of a request.
    Head,
    /// To send a request at all.
    Idle,
    /// To take what is sent to it.
    Write,
}

/// What a look at a connection says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// All is well; look again then.
    Fine(Instant),
    /// The client has been waited for long enough.
    Over(Timeout),
}

/// One connection's state, shared by all that see a part of it.
pub(crate) struct Pulse {
    state: Mutex<State>,
    progress_bytes_min: usize,
}

struct State {
    /// The client speaks HTTP/2, where bytes may come and go without a request.
    is_h2: bool,
    /// Requests whose response has not been handed over completely.
    n_requests: usize,
    /// Since when a head is waited for.
    head_since: Option<Instant>,
    /// Since when there has been no request and nothing was sent.
    quiet_since: Instant,
    /// Responses with something to send that the client makes no room for.
    n_blocked: usize,
    /// The socket takes no more bytes.
    is_choked: bool,
    /// Since when something is blocked or choked without progress.
    stuck_since: Option<Instant>,
    /// Bytes sent since the last progress.
    n_sent: usize,
    /// The client takes nothing: what the kernel still has for it is to be thrown away.
    is_hopeless: bool,
}

impl Pulse {
    /// Of a connection that was opened at `now`.
    pub(crate) fn new(now: Instant, progress_bytes_min: usize) -> Self {
        Self {
            state: Mutex::new(State {
                is_h2: false,
                n_requests: 0,
                head_since: Some(now),
                quiet_since: now,
                n_blocked: 0,
                is_choked: false,
                stuck_since: None,
                n_sent: 0,
                is_hopeless: false,
            }),
            progress_bytes_min,
        }
    }

    /// HTTP begins, after the handshake. A client that has agreed on HTTP/2 may be without a request
    /// for as long as one that has had some: browsers connect ahead.
    pub(crate) fn begin(&self, now: Instant, is_h2: bool) {
        let mut state = self.state();
        state.is_h2 = is_h2;
        state.head_since = (!is_h2).then_some(now);
        state.quiet_since = now;
    }

    /// Bytes came.
    pub(crate) fn read(&self, now: Instant) {
        let mut state = self.state();
        if !state.is_h2 && state.n_requests == 0 && state.head_since.is_none() {
            state.head_since = Some(now);
        }
    }

    /// The socket took `n_bytes`.
    pub(crate) fn sent(&self, now: Instant, n_bytes: usize) {
        let mut state = self.state();
        state.n_sent += n_bytes;
        let is_progress = state.n_sent >= self.progress_bytes_min;
        if is_progress {
            // Less does not count: the server's own pings would keep an HTTP/2 connection for good.
            state.n_sent = 0;
            state.quiet_since = now;
        }
        state.is_choked = false;
        state.restick(now, is_progress);
    }

    /// The socket takes no bytes.
    pub(crate) fn choked(&self, now: Instant) {
        let mut state = self.state();
        state.is_choked = true;
        state.restick(now, false);
    }

    /// A request has come.
    pub(crate) fn request_begins(&self, is_h2: bool) {
        let mut state = self.state();
        state.is_h2 |= is_h2;
        state.head_since = None;
        state.n_requests += 1;
    }

    /// Its response has been handed over, or given up.
    pub(crate) fn request_ends(&self, now: Instant) {
        let mut state = self.state();
        state.n_requests = state.n_requests.saturating_sub(1);
        if state.n_requests == 0 {
            state.quiet_since = now;
        }
    }

    /// A response has something to send, and it is up to the client when it goes.
    pub(crate) fn blocked(&self, now: Instant) {
        let mut state = self.state();
        state.n_blocked += 1;
        state.restick(now, false);
    }

    /// It has gone.
    pub(crate) fn unblocked(&self, now: Instant) {
        let mut state = self.state();
        state.n_blocked = state.n_blocked.saturating_sub(1);
        state.restick(now, false);
    }

    /// What the kernel has for the client is to be thrown away with the socket.
    pub(crate) fn give_up(&self) {
        self.state().is_hopeless = true;
    }

    /// Whether it is.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.state().is_hopeless
    }

    /// How the connection does, and when to look again.
    pub(crate) fn look(&self, now: Instant, limits: &Limits) -> Look {
        let next = now + limits.look_period();
        match self.state().due(limits) {
            Some((due, timeout)) if due <= now => Look::Over(timeout),
            Some((due, _)) => Look::Fine(due.min(next)),
            None => Look::Fine(next),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What the client is waited for, and until when; nothing, while it is its turn to wait.
    fn due(&self, limits: &Limits) -> Option<(Instant, Timeout)> {
        if let Some(since) = self.stuck_since {
            return Some((since + limits.write_stall, Timeout::Write));
        }
        if self.n_requests > 0 {
            return None;
        }
        if let Some(since) = self.head_since {
            return Some((since + limits.head_timeout, Timeout::Head));
        }
        Some((self.quiet_since + limits.idle, Timeout::Idle))
    }

    /// Notes whether the client keeps anything waiting. While one HTTP/2 stream stands still and
    /// others move, the client counts as moving: which stream it makes room for is its own affair.
    fn restick(&mut self, now: Instant, is_progress: bool) {
        if self.n_blocked == 0 && !self.is_choked {
            self.stuck_since = None;
        } else if is_progress || self.stuck_since.is_none() {
            self.stuck_since = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const BYTES: usize = 1024;

    fn limits() -> Limits {
        Limits {
            progress_bytes_min: BYTES,
            ..Limits::default()
        }
    }

    /// Looks when told to until the connection is over: when that is after `start`, and why.
    fn over(pulse: &Pulse, start: Instant) -> (Duration, Timeout) {
        let mut now = start;
        loop {
            match pulse.look(now, &limits()) {
                Look::Fine(next) => {
                    assert!(next > now, "looks again at once");
                    assert!(next - now <= limits().look_period());
                    assert!(next - start < Duration::from_hours(1), "never ends");
                    now = next;
                }
                Look::Over(timeout) => return (now - start, timeout),
            }
        }
    }

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_client_has_ten_seconds_for_its_first_head_whatever_it_dribbles() {
        let start = Instant::now();
        let pulse = Pulse::new(start, BYTES);
        for second in 1..10 {
            pulse.read(start + secs(second));
        }
        assert_eq!(over(&pulse, start), (secs(10), Timeout::Head));
    }

    #[test]
    fn a_kept_alive_connection_is_idle_until_the_first_byte_of_its_next_head() {
        let start = Instant::now();
        let pulse = Pulse::new(start, BYTES);
        pulse.request_begins(false);
        pulse.request_ends(start + secs(1));
        assert_eq!(over(&pulse, start), (secs(76), Timeout::Idle));
        pulse.read(start + secs(40));
        pulse.read(start + secs(49));
        assert_eq!(over(&pulse, start), (secs(50), Timeout::Head));
    }

    #[test]
    fn a_handler_may_take_its_time() {
        let start = Instant::now();
        let pulse = Pulse::new(start, BYTES);
        pulse.request_begins(false);
        let much_later = start + Duration::from_hours(2);
        assert_eq!(
            pulse.look(much_later, &limits()),
            Look::Fine(much_later + limits().look_period())
        );
    }

    #[test]
    fn http_2_is_idle_without_requests_whatever_frames_come_and_go() {
        let start = Instant::now();
        let pulse = Pulse::new(start, BYTES);
        pulse.begin(start, true);
        for second in 1..70 {
            pulse.read(start + secs(second));
            pulse.sent(start + secs(second), 9);
        }
        assert_eq!(over(&pulse, start), (secs(75), Timeout::Idle));
    }

    #[test]
    fn a_response_that_is_not_taken_ends_thirty_seconds_after_its_last_progress() {
        let start = Instant::now();
        let pulse = Pulse::new(start, BYTES);
        pulse.request_begins(true);
        pulse.blocked(start);
        pulse.sent(start + secs(20), BYTES);
        pulse.sent(start + secs(40), BYTES - 1);
        assert_eq!(over(&pulse, start), (secs(50), Timeout::Write));
    }

    #[test]
    fn a_response_that_is_taken_piece_by_piece_goes_on_for_good() {
        let start = Instant::now();
        let pulse = Pulse::new(start, BYTES);
        pulse.request_begins(false);
        pulse.blocked(start);
        for minute in 0..100 {
            let now = start + secs(60 * minute);
            pulse.unblocked(now);
            pulse.blocked(now);
            assert!(matches!(pulse.look(now, &limits()), Look::Fine(_)));
        }
    }

    #[test]
    fn a_socket_that_takes_nothing_ends_the_connection_with_or_without_a_request() {
        let start = Instant::now();
        let pulse = Pulse::new(start, BYTES);
        pulse.begin(start, false);
        pulse.choked(start);
        assert_eq!(over(&pulse, start), (secs(30), Timeout::Write));
        pulse.sent(start + secs(1), 1);
        assert_eq!(over(&pulse, start), (secs(10), Timeout::Head));
    }

    #[test]
    fn what_is_sent_after_the_last_request_is_no_idleness() {
        let start = Instant::now();
        let pulse = Pulse::new(start, BYTES);
        pulse.request_begins(true);
        pulse.request_ends(start);
        pulse.sent(start + secs(60), BYTES);
        assert_eq!(over(&pulse, start), (secs(135), Timeout::Idle));
    }
}
