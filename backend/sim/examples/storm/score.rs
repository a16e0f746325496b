//! Pairs of signals: which were put together, and which belong together.

use std::collections::BTreeMap;

use egret_sim::Happening;
use serde_json::{Value, json};

use crate::town::{Fired, Put, Town};

/// Counts of pairs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pairs {
    /// Put together.
    pub(crate) put: u64,
    /// And rightly so.
    right: u64,
    /// Belonging together.
    pub(crate) belong: u64,
    /// And put together.
    found: u64,
}

/// One signal.
struct Signal<'a> {
    causes: &'a [Happening],
    put: Option<&'a Put>,
}

impl Pairs {
    fn of(signals: &[Signal<'_>]) -> Self {
        let mut pairs = Self::default();
        for (index, one) in signals.iter().enumerate() {
            for other in signals.iter().skip(index + 1) {
                let is_put = one.put.is_some() && one.put == other.put;
                let belongs = one
                    .causes
                    .first()
                    .is_some_and(|worst| other.causes.first() == Some(worst));
                let is_right = one.causes.iter().any(|cause| other.causes.contains(cause));
                pairs.put += u64::from(is_put);
                pairs.right += u64::from(is_put && is_right);
                pairs.belong += u64::from(belongs);
                pairs.found += u64::from(belongs && is_put);
            }
        }
        pairs
    }

    /// All of several runs.
    pub(crate) fn sum(all: impl Iterator<Item = Self>) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            put: sum.put + one.put,
            right: sum.right + one.right,
            belong: sum.belong + one.belong,
            found: sum.found + one.found,
        })
    }

    /// The share of pairs put together that belong together, 0 to 1; 1 if there are none.
    pub(crate) fn precision(&self) -> f64 {
        ratio(self.right, self.put)
    }

    /// The share of pairs that belong together that were put together, 0 to 1.
    pub(crate) fn recall(&self) -> f64 {
        ratio(self.found, self.belong)
    }
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

/// A share as it is printed.
pub(crate) fn share(v: f64) -> f64 {
    (v * 10_000.0).round() / 10_000.0
}

/// How one seed went.
pub(crate) struct Score {
    seed: u64,
    pub(crate) raw: usize,
    pub(crate) labelled: usize,
    happenings: usize,
    n_alerts: usize,
    n_unlabelled: usize,
    n_two_causes: usize,
    n_reports: usize,
    pub(crate) incidents: usize,
    groups: usize,
    pub(crate) alerts: Pairs,
    pub(crate) signals: Pairs,
    with_outages: Pairs,
    reasons: Vec<String>,
}

impl Score {
    /// The score of a run that has ended.
    pub(crate) fn of(seed: u64, town: &Town) -> Self {
        let told: Vec<&Fired> = town
            .fired
            .values()
            .filter(|fired| !fired.is_silence)
            .collect();
        let alerts: Vec<Signal<'_>> = town.fired.values().map(signal).collect();
        let signals: Vec<Signal<'_>> = told.iter().map(|fired| signal(fired)).collect();
        let mut n_reports = 0;
        let mut every: Vec<Signal<'_>> = Vec::new();
        for fired in &told {
            let members = town.truth.members(&fired.alert.key);
            n_reports += members.len();
            if members.is_empty() {
                every.push(signal(fired));
            }
            every.extend(members.into_iter().map(|(_, causes)| Signal {
                causes,
                put: fired.put.as_ref(),
            }));
        }
        let groups: BTreeMap<&Put, usize> = told
            .iter()
            .filter_map(|fired| fired.put.as_ref())
            .fold(BTreeMap::new(), |mut groups, put| {
                *groups.entry(put).or_default() += 1;
                groups
            });
        let largest = town
            .incidents
            .values()
            .max_by_key(|incident| incident.evidence.len());
        let reasons = largest.into_iter().flat_map(|incident| &incident.evidence);
        Self {
            seed,
            raw: town.raw,
            labelled: town.labelled,
            happenings: town.happenings.len(),
            n_alerts: town.fired.len(),
            n_unlabelled: told.iter().filter(|fired| fired.causes.is_empty()).count(),
            n_two_causes: told.iter().filter(|fired| fired.causes.len() > 1).count(),
            n_reports,
            incidents: town.incidents.len(),
            groups: groups
                .keys()
                .filter(|put| matches!(put, Put::Group(_)))
                .count(),
            alerts: Pairs::of(&signals),
            signals: Pairs::of(&every),
            with_outages: Pairs::of(&alerts),
            reasons: reasons
                .skip(1)
                .take(3)
                .map(|one| one.because.en.clone())
                .collect(),
        }
    }

    /// As one line.
    pub(crate) fn line(&self) -> Value {
        json!({
            "bench": "storm", "seed": self.seed, "raw": self.raw, "labelled": self.labelled,
            "happenings": self.happenings, "alerts": self.n_alerts,
            "alerts_without_happening": self.n_unlabelled, "alerts_of_several": self.n_two_causes,
            "clustered_reports": self.n_reports,
            "incidents": self.incidents, "groups": self.groups,
            "precision": share(self.alerts.precision()), "recall": share(self.alerts.recall()),
            "precision_with_reports": share(self.signals.precision()),
            "recall_with_reports": share(self.signals.recall()),
            "recall_with_silence": share(self.with_outages.recall()),
            "reasons": self.reasons,
        })
    }
}

fn signal(fired: &Fired) -> Signal<'_> {
    Signal {
        causes: &fired.causes,
        put: fired.put.as_ref(),
    }
}
