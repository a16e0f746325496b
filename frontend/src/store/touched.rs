//! Which parts of the city changed since the last animation frame. Pure, and bounded by the
//! number of metrics and areas, and by what a list holds.

use std::collections::BTreeSet;

use egret_shared::alert::AlertKey;
use egret_shared::delta::CityDelta;
use egret_shared::id::IncidentId;
use egret_shared::metric::MetricKey;
use egret_shared::table::Keyed;

use super::rows::Touch;

/// The parts that changed.
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each part of the city, and each may change by itself"
)]
#[derive(Debug, Default)]
pub(crate) struct Touched {
    every_metric: bool,
    metrics: BTreeSet<MetricKey>,
    /// Incidents that did.
    pub(crate) incidents: Touch<IncidentId>,
    /// Alerts that did.
    pub(crate) alerts: Touch<AlertKey>,
    /// Files of incidents that did.
    pub(crate) dossiers: BTreeSet<IncidentId>,
    /// Whether feeds did.
    pub(crate) feeds: bool,
    /// Whether there are new events.
    pub(crate) events: bool,
    /// Whether the mode did.
    pub(crate) mode: bool,
}

impl Touched {
    /// Everything changed.
    pub(crate) fn all(&mut self) {
        self.every_metric = true;
        self.metrics.clear();
        self.incidents.all();
        self.alerts.all();
        self.feeds = true;
        self.events = true;
        self.mode = true;
    }

    /// What `delta` changes did.
    pub(crate) fn by(&mut self, delta: &CityDelta) {
        if !self.every_metric {
            self.metrics
                .extend(delta.metrics.put.iter().map(Keyed::key));
            self.metrics.extend(delta.metrics.gone.iter().cloned());
        }
        self.incidents.by(&delta.incidents);
        self.alerts.by(&delta.alerts);
        self.feeds |= !delta.feeds.is_empty();
        self.events |= !delta.events.is_empty();
        self.mode |= delta.mode.is_some();
    }

    /// Whether the metric did.
    pub(crate) fn has_metric(&self, key: &MetricKey) -> bool {
        self.every_metric || self.metrics.contains(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(metric: &str) -> MetricKey {
        MetricKey {
            metric: metric.into(),
            area: "350200".into(),
        }
    }

    #[test]
    fn only_what_a_delta_names_is_touched() {
        let mut touched = Touched::default();
        let mut delta = CityDelta::default();
        delta.metrics.gone.push(key("water.stress"));
        touched.by(&delta);
        assert!(touched.has_metric(&key("water.stress")));
        assert!(!touched.has_metric(&key("vital.city")));
        assert!(!touched.feeds);
        touched.all();
        assert!(touched.has_metric(&key("vital.city")) && touched.feeds);
    }
}
