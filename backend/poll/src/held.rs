//! Alerts that are in force, until their time is over.
//!
//! An alert says itself when it is over, and no message says it then: a list lets it go without a
//! word. So it is held, and read once more when its time is over; its format knows what that means.

use std::collections::BTreeMap;

use egret_shared::time::TimeMs;

use crate::keep::Stands;
use crate::limits::{HELD_BYTES_MAX, HELD_MAX};

/// Those of one feed.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// By what they are called.
    alerts: BTreeMap<String, Alert>,
    bytes: usize,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alert {
    /// Where it came from.
    pub(crate) url: String,
    /// The message.
    pub(crate) payload: Vec<u8>,
    until: TimeMs,
}

impl Held {
    /// Notes an alert that was taken. Without room for it, those go whose time is over last.
    pub(crate) fn note(&mut self, stands: Stands, url: &str, payload: &[u8]) {
        for id in stands.instead_of.iter().chain([&stands.id]) {
            self.forget(id);
        }
        let Some(until) = stands.until else {
            return;
        };
        let alert = Alert {
            url: url.to_owned(),
            payload: payload.to_vec(),
            until,
        };
        self.bytes += payload.len();
        self.alerts.insert(stands.id, alert);
        while self.alerts.len() > HELD_MAX || self.bytes > HELD_BYTES_MAX {
            let last = self.alerts.iter().max_by_key(|(_, alert)| alert.until);
            let Some(id) = last.map(|(id, _)| id.clone()) else {
                return;
            };
            self.forget(&id);
        }
    }

    /// When the next one's time is over.
    pub(crate) fn next(&self) -> Option<TimeMs> {
        self.alerts.values().map(|alert| alert.until).min()
    }

    /// One whose time is over at `now`, and what it is called.
    pub(crate) fn over(&self, now: TimeMs) -> Option<(String, Alert)> {
        let mut alerts = self.alerts.iter();
        let over = alerts.find(|(_, alert)| alert.until <= now);
        over.map(|(id, alert)| (id.clone(), alert.clone()))
    }

    /// Lets one go.
    pub(crate) fn forget(&mut self, id: &str) {
        if let Some(alert) = self.alerts.remove(id) {
            self.bytes -= alert.payload.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands(id: &str, instead_of: &[&str], until: Option<i64>) -> Stands {
        Stands {
            id: id.to_owned(),
            instead_of: instead_of.iter().map(|&id| id.to_owned()).collect(),
            until: until.map(TimeMs),
        }
    }

    #[test]
    fn an_alert_is_over_at_its_time_and_another_may_take_its_place() {
        let mut held = Held::default();
        held.note(stands("a", &[], Some(10)), "u", b"a");
        held.note(stands("b", &[], Some(20)), "u", b"b");
        assert_eq!(held.next(), Some(TimeMs(10)));
        assert_eq!(held.over(TimeMs(9)), None);
        assert_eq!(held.over(TimeMs(10)).unwrap().0, "a");
        held.note(stands("c", &["a"], None), "u", b"c");
        assert_eq!(held.over(TimeMs(10)), None);
        assert_eq!(held.next(), Some(TimeMs(20)));
        held.forget("b");
        assert_eq!((held.next(), held.bytes), (None, 0));
    }

    #[test]
    fn it_holds_so_many_and_no_more_those_that_are_over_first() {
        let mut held = Held::default();
        let at = (0..).take(HELD_MAX + 5);
        for n in at {
            held.note(stands(&format!("{n}"), &[], Some(n)), "u", b"a");
        }
        assert_eq!(held.alerts.len(), HELD_MAX);
        assert_eq!(held.next(), Some(TimeMs(0)));
        let large = vec![0; HELD_BYTES_MAX];
        held.note(stands("large", &[], Some(-1)), "u", &large);
        assert_eq!(held.alerts.len(), 1);
        assert_eq!(held.bytes, HELD_BYTES_MAX);
    }
}
