//! Which parts of the city changed since the last animation frame. Pure, and bounded by the
//! number of metrics and areas.

use std::collections::BTreeSet;

use egret_shared::delta::CityDelta;
use egret_shared::metric::MetricKey;
use egret_shared::table::Keyed;

/// The parts that changed.
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each part of the city, and each may change by itself"
)]
#[derive(Debug, Default)]
pub(crate) struct Touched {
    every_metric: bool,
    metrics: BTreeSet<MetricKey>,
    /// Whether incidents did.
    pub(crate) incidents: bool,
    /// Whether alerts did.
    pub(crate) alerts: bool,
    /// Whether feeds did.
    pub(crate) feeds: bool,
    /// Whether there are new events.
    pub(crate) events: bool,
}

impl Touched {
    /// Everything changed.
    pub(crate) fn all(&mut self) {
        self.every_metric = true;
        self.metrics.clear();
        self.incidents = true;
        self.alerts = true;
        self.feeds = true;
        self.events = true;
    }

    /// What `delta` changes did.
    pub(crate) fn by(&mut self, delta: &CityDelta) {
        if !self.every_metric {
            self.metrics
                .extend(delta.metrics.put.iter().map(Keyed::key));
            self.metrics.extend(delta.metrics.gone.iter().cloned());
        }
        self.incidents |= !delta.incidents.is_empty();
        self.alerts |= !delta.alerts.is_empty();
        self.feeds |= !delta.feeds.is_empty();
        self.events |= !delta.events.is_empty();
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
