//! Who has been sent to the issuer and is not back yet: each once, for ten minutes, a bounded number.

use std::collections::VecDeque;

use openidconnect::{Nonce, PkceCodeVerifier};
use subtle::ConstantTimeEq as _;
use tokio::time::Instant;
use url::Url;

use crate::limits::{FLOW_LASTS, FLOWS_MAX};

/// Somebody on the way.
#[derive(Debug)]
pub(crate) struct Flow {
    /// What comes back with them.
    pub(crate) state: String,
    /// What the token must repeat.
    pub(crate) nonce: Nonce,
    /// What shows that the code is asked for by whoever began.
    pub(crate) verifier: PkceCodeVerifier,
    /// Where the issuer sends them: asked again with the code.
    pub(crate) redirect: Url,
    /// Where they wanted to go.
    pub(crate) back: String,
    /// When they were sent.
    pub(crate) begun_at: Instant,
}

/// All who are on the way, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Flows(VecDeque<Flow>);

impl Flows {
    /// Remembers somebody; forgets who is late, and the oldest if there are too many.
    pub(crate) fn add(&mut self, flow: Flow) {
        self.forget_late(flow.begun_at);
        if self.0.len() >= FLOWS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(flow);
    }

    /// Who was sent with this state, once. All states are looked at, so that time does not tell how
    /// much of one was guessed.
    pub(crate) fn take(&mut self, state: &str, now: Instant) -> Option<Flow> {
        self.forget_late(now);
        let mut found = None;
        for (place, flow) in self.0.iter().enumerate() {
            if is_same(&flow.state, state) {
                found = Some(place);
            }
        }
        self.0.remove(found?)
    }

    fn forget_late(&mut self, now: Instant) {
        let is_late = |flow: &Flow| now.duration_since(flow.begun_at) >= FLOW_LASTS;
        while self.0.front().is_some_and(is_late) {
            self.0.pop_front();
        }
    }
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn flow(state: &str, begun_at: Instant) -> Flow {
        Flow {
            state: state.to_owned(),
            nonce: Nonce::new_random(),
            verifier: PkceCodeVerifier::new("v".repeat(43)),
            redirect: Url::parse("https://egret.example.org/").unwrap(),
            back: String::new(),
            begun_at,
        }
    }

    #[test]
    fn a_state_is_good_once_and_for_ten_minutes() {
        let begun = Instant::now();
        let mut flows = Flows::default();
        flows.add(flow("a", begun));
        flows.add(flow("b", begun));
        let last = begun + FLOW_LASTS.checked_sub(Duration::from_millis(1)).unwrap();
        assert!(flows.take("c", last).is_none());
        assert_eq!(flows.take("a", last).unwrap().state, "a");
        assert!(flows.take("a", last).is_none());
        assert!(flows.take("b", begun + FLOW_LASTS).is_none());
    }

    #[test]
    fn of_too_many_the_oldest_is_forgotten() {
        let now = Instant::now();
        let mut flows = Flows::default();
        for n in 0..=FLOWS_MAX {
            flows.add(flow(&n.to_string(), now));
        }
        assert_eq!(flows.0.len(), FLOWS_MAX);
        assert!(flows.take("0", now).is_none());
        assert!(flows.take("1", now).is_some());
        assert!(flows.take(&FLOWS_MAX.to_string(), now).is_some());
    }
}
