//! What unit tests of several modules begin with.

use egret_shared::alert::{Alert, AlertKey, AlertState, Subject};
use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;

/// An alert of which nothing is known but what it is about, and how it stands.
pub(crate) fn alert(rule: &str, subject: Subject, state: AlertState, level: Level) -> Alert {
    let rule = rule.into();
    Alert {
        key: AlertKey { rule, subject },
        state,
        level,
        areas: Vec::new(),
        position: None,
        v: None,
        unit: String::new(),
        since: TimeMs(1),
        fired_at: None,
        resolved_at: None,
        message: Text::default(),
        incident: None,
        hushed: None,
        flapping: false,
        changes: 0,
        issued: None,
    }
}
