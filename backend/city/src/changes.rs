//! What is different since the last look: keys of what changed, and what is to be stored.
//!
//! Keys, not values: the reader asks the city for the newest, so that ten changes of one number
//! are one. [`Changes`] are no part of the state; taking them changes nothing but themselves.

use std::collections::{BTreeSet, VecDeque};

use egret_shared::alert::{AlertKey, AlertTurn};
use egret_shared::case::Dossier;
use egret_shared::event::{EVENTS_KEPT, Event};
use egret_shared::id::{FeedId, IncidentId};
use egret_shared::metric::{ClosedPoint, MetricKey};

use crate::bits::Marked;

/// What changed since [`crate::city::City::take_changes`] was called before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Metrics whose point may be another.
    pub metrics: BTreeSet<MetricKey>,
    /// Assets (by handle) whose values, place, level or staleness may be others.
    pub assets: BTreeSet<u32>,
    /// Alerts that came, changed or went.
    pub alerts: BTreeSet<AlertKey>,
    /// Incidents that came, changed or went.
    pub incidents: BTreeSet<IncidentId>,
    /// Feeds whose health changed.
    pub feeds: BTreeSet<FeedId>,
    /// New ticker lines, oldest first, at most [`EVENTS_KEPT`]; the older ones are gone.
    pub events: Vec<Event>,
    /// Points of closed windows, to be stored as history, in the order of closing. A point whose
    /// key and end were there before replaces the earlier one and is flagged as revised.
    pub closed: Vec<ClosedPoint>,
    /// Turns in the life of every alert, listed or not, to be stored as history, in order.
    pub alert_log: Vec<AlertTurn>,
    /// Incidents that have left the list, with their files, to be stored for good.
    pub archived: Vec<Dossier>,
    /// An alert or incident changed: to be published at once.
    pub urgent: bool,
    /// The mode of the city changed.
    pub mode: bool,
}

impl Changes {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.metrics.is_empty()
            && self.assets.is_empty()
            && self.alerts.is_empty()
            && self.incidents.is_empty()
            && self.feeds.is_empty()
            && self.events.is_empty()
            && self.closed.is_empty()
            && self.archived.is_empty()
            && !self.mode
            && self.alert_log.is_empty()
    }

    /// These changes followed by `later`, as one.
    pub fn merge(&mut self, mut later: Self) {
        self.metrics.append(&mut later.metrics);
        self.assets.append(&mut later.assets);
        self.alerts.append(&mut later.alerts);
        self.incidents.append(&mut later.incidents);
        self.feeds.append(&mut later.feeds);
        self.events.append(&mut later.events);
        let surplus = self.events.len().saturating_sub(EVENTS_KEPT);
        self.events.drain(..surplus);
        self.closed.append(&mut later.closed);
        self.alert_log.append(&mut later.alert_log);
        self.archived.append(&mut later.archived);
        self.urgent |= later.urgent;
        self.mode |= later.mode;
    }
}

/// What changed, in the fold's own numbers: cheap to note a million times a second.
#[derive(Default)]
pub(crate) struct Dirty {
    pub(crate) metrics: Marked,
    pub(crate) assets: Marked,
    pub(crate) feeds: Marked,
    pub(crate) alerts: BTreeSet<AlertKey>,
    pub(crate) incidents: BTreeSet<IncidentId>,
    pub(crate) events: VecDeque<Event>,
    pub(crate) closed: Vec<ClosedPoint>,
    pub(crate) alert_log: Vec<AlertTurn>,
    pub(crate) archived: Vec<Dossier>,
    pub(crate) urgent: bool,
    pub(crate) mode: bool,
}

impl Dirty {
    /// Whether nothing is noted.
    pub(crate) fn is_empty(&self) -> bool {
        self.metrics.is_empty()
            && self.assets.is_empty()
            && self.feeds.is_empty()
            && self.alerts.is_empty()
            && self.incidents.is_empty()
            && self.events.is_empty()
            && self.closed.is_empty()
            && self.archived.is_empty()
            && !self.mode
            && self.alert_log.is_empty()
    }
}
