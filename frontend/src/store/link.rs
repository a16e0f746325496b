//! Whether the picture is live. Pure: the caller brings the time.
//!
//! A stale picture must never look live, and a hiccup of a tenth of a second must not make the
//! wall flicker: so an open socket may be silent for as long as the server's welcome allows, and
//! a closed one for [`CLOSED_MS`].

/// How the screen stands to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Link {
    /// Nothing has come yet since the page was opened.
    #[default]
    Connecting,
    /// What is shown is what the server says now.
    Live,
    /// What is shown is old.
    Lost,
    /// The server speaks another version and a reload did not help.
    Outdated,
}

impl Link {
    /// Whether what is shown is what the server says now.
    pub(crate) fn is_live(self) -> bool {
        self == Self::Live
    }
}

/// How long a closed connection may take to come back before the picture counts as lost.
///
/// # Units
/// Milliseconds. Well below the 3 s within which a lost connection must be visible, and longer
/// than a restart of the socket alone takes.
const CLOSED_MS: f64 = 1_000.0;

/// Before the first welcome says otherwise. Milliseconds.
const SILENCE_MS_DEFAULT: f64 = 2_500.0;

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    /// There is none.
    Closed,
    /// The server has welcomed us.
    Open,
    /// The city on the screen is the server's.
    Synced,
}

/// What is known of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    silence_ms: f64,
    wire: Wire,
    /// When the picture was last known to be current; absent before the first city.
    current_ms: Option<f64>,
    outdated: bool,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            silence_ms: SILENCE_MS_DEFAULT,
            wire: Wire::Closed,
            current_ms: None,
            outdated: false,
        }
    }
}

impl Watch {
    /// The socket opened; the server allows itself `silence_ms` between two messages.
    pub(crate) fn opened(&mut self, silence_ms: u32) {
        self.silence_ms = f64::from(silence_ms);
        self.wire = Wire::Open;
    }

    /// The socket closed.
    pub(crate) fn closed(&mut self) {
        self.wire = Wire::Closed;
    }

    /// A message came. Until the city has been brought up to date, it makes nothing current.
    pub(crate) fn heard(&mut self, now_ms: f64) {
        if self.wire == Wire::Synced {
            self.current_ms = Some(now_ms);
        }
    }

    /// The city on the screen is that of the server.
    pub(crate) fn synced(&mut self, now_ms: f64) {
        self.wire = Wire::Synced;
        self.current_ms = Some(now_ms);
    }

    /// The server speaks another version.
    pub(crate) fn outdated(&mut self) {
        self.outdated = true;
    }

    /// How the screen stands to the server at `now_ms`.
    pub(crate) fn link(&self, now_ms: f64) -> Link {
        let Some(current_ms) = self.current_ms else {
            return if self.outdated {
                Link::Outdated
            } else {
                Link::Connecting
            };
        };
        let patience_ms = match self.wire {
            Wire::Synced => self.silence_ms,
            Wire::Open | Wire::Closed => CLOSED_MS.min(self.silence_ms),
        };
        match now_ms - current_ms > patience_ms {
            true if self.outdated => Link::Outdated,
            true => Link::Lost,
            false => Link::Live,
        }
    }

    /// How long nothing current has come. Milliseconds; infinite before the first city.
    pub(crate) fn silent_ms(&self, now_ms: f64) -> f64 {
        self.current_ms
            .map_or(f64::INFINITY, |current_ms| now_ms - current_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> Watch {
        let mut watch = Watch::default();
        watch.opened(2_500);
        watch.heard(0.0);
        watch.synced(0.0);
        watch
    }

    #[test]
    fn before_the_first_city_the_screen_is_connecting() {
        let mut watch = Watch::default();
        assert_eq!(watch.link(10_000.0), Link::Connecting);
        watch.opened(2_500);
        watch.heard(10_000.0);
        assert_eq!(watch.link(10_000.0), Link::Connecting);
    }

    #[test]
    fn silence_shows_within_three_seconds_and_a_heartbeat_keeps_it_away() {
        let mut watch = live();
        assert_eq!(watch.link(2_400.0), Link::Live);
        assert_eq!(watch.link(2_600.0), Link::Lost);
        watch.heard(2_650.0);
        assert_eq!(watch.link(2_700.0), Link::Live);
    }

    #[test]
    fn a_closed_socket_is_forgiven_for_a_second() {
        let mut watch = live();
        watch.closed();
        assert_eq!(watch.link(900.0), Link::Live);
        assert_eq!(watch.link(1_100.0), Link::Lost);
    }

    #[test]
    fn a_new_socket_is_not_live_before_the_city_has_come() {
        let mut watch = live();
        watch.closed();
        watch.opened(2_500);
        watch.heard(60_000.0);
        assert_eq!(watch.link(60_000.0), Link::Lost);
        watch.synced(60_100.0);
        assert_eq!(watch.link(60_100.0), Link::Live);
    }
}
