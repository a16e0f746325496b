//! What each alert tells of, by the messages that it fired upon.

use std::collections::BTreeMap;

use egret_package::Package;
use egret_shared::alert::{Alert, AlertKey, Subject};
use egret_shared::id::{AssetId, FeedId, ReportId, RuleId};
use egret_shared::package::rule::WithinDef;
use egret_shared::position::Position;
use egret_shared::report::Report;
use egret_shared::time::{Span, TimeMs};
use egret_sim::{Happening, Plan};

/// The clock of one gateway is ahead by less than this.
const CLOCK_SLACK: Span = Span(60_000);

/// The happenings that one signal tells of, the worst first; empty if it has none.
pub(crate) type Causes = Vec<Happening>;

/// What was heard, with its labels.
pub(crate) struct Truth {
    /// Which reports each cluster rule looks at: feed, categories, how near.
    clusters: BTreeMap<RuleId, (FeedId, String, WithinDef)>,
    /// By feed and asset: when, and what it tells of.
    readings: BTreeMap<(FeedId, AssetId), Vec<(TimeMs, Causes)>>,
    /// Reports that were opened.
    reports: Vec<Told>,
}

/// A report that was opened.
struct Told {
    feed: FeedId,
    id: ReportId,
    at: TimeMs,
    position: Option<Position>,
    category: String,
    causes: Causes,
    /// By rule, the cluster it is counted in.
    cluster: BTreeMap<RuleId, AlertKey>,
}

impl Truth {
    pub(crate) fn new(package: &Package) -> Self {
        let rules = package.rules.rules.iter();
        let clusters = rules.filter_map(|rule| {
            let filter = rule.on.filter.clone().unwrap_or_default();
            Some((
                rule.id.clone(),
                (rule.on.feed.clone()?, filter, rule.within?),
            ))
        });
        Self {
            clusters: clusters.collect(),
            readings: BTreeMap::new(),
            reports: Vec::new(),
        }
    }

    /// Notes what a reading tells of.
    pub(crate) fn reading(&mut self, feed: &FeedId, asset: &AssetId, at: TimeMs, causes: &Causes) {
        let key = (feed.clone(), asset.clone());
        self.readings
            .entry(key)
            .or_default()
            .push((at, causes.clone()));
    }

    /// Notes what a report tells of that was opened.
    pub(crate) fn report(&mut self, report: &Report, causes: &Causes) {
        self.reports.push(Told {
            feed: report.feed.clone(),
            id: report.report.clone(),
            at: report.observed_at,
            position: report.position,
            category: report.category.to_string(),
            causes: causes.clone(),
            cluster: BTreeMap::new(),
        });
    }

    /// Notes that the newest report is counted in the cluster `key`, and with it those that lay
    /// loose around it: they are counted from then on.
    pub(crate) fn clustered(&mut self, key: &AlertKey) {
        let Some((feed, filter, within)) = self.clusters.get(&key.rule) else {
            return;
        };
        let Some((new, before)) = self.reports.split_last_mut() else {
            return;
        };
        let loose = before.iter_mut().filter(|one| {
            let apart = one.position.zip(new.position);
            let is_near = apart.is_some_and(|(a, b)| a.distance_m(b) <= within.distance.0);
            one.feed == *feed
                && filter.contains(&format!("'{}'", one.category))
                && !one.cluster.contains_key(&key.rule)
                && is_near
                && (one.at.0 - new.at.0).abs() <= within.time.ms()
        });
        for one in loose {
            one.cluster.insert(key.rule.clone(), key.clone());
        }
        new.cluster.insert(key.rule.clone(), key.clone());
    }

    /// The reports of a cluster, with what each tells of.
    pub(crate) fn members(&self, key: &AlertKey) -> Vec<(&ReportId, &Causes)> {
        let members = self
            .reports
            .iter()
            .filter(|one| one.cluster.get(&key.rule) == Some(key));
        members.map(|one| (&one.id, &one.causes)).collect()
    }

    /// What an alert tells of that has just fired.
    pub(crate) fn of(&self, alert: &Alert, is_silence: bool, plan: &Plan) -> Causes {
        match &alert.key.subject {
            Subject::Asset { feed, asset } if is_silence => {
                let why = plan.why_silent(feed, asset, alert.since);
                why.into_iter().collect()
            }
            Subject::Asset { feed, asset } => {
                let heard = self.readings.get(&(feed.clone(), asset.clone()));
                let (from, until) = (alert.since.minus(CLOCK_SLACK), alert.fired_at);
                let within = heard.into_iter().flatten().filter(|(at, _)| {
                    (from..=until.unwrap_or(alert.since).plus(CLOCK_SLACK)).contains(at)
                });
                most(&within.map(|(_, causes)| causes).collect::<Vec<_>>())
            }
            _ => Causes::new(),
        }
    }

    /// What the reports of a cluster tell of.
    pub(crate) fn of_cluster(&self, key: &AlertKey) -> Causes {
        let members = self.members(key);
        most(
            &members
                .into_iter()
                .map(|(_, causes)| causes)
                .collect::<Vec<_>>(),
        )
    }
}

/// What most of several messages tell of: the worst of most of them first, and then what half of
/// them tell of too.
fn most(all: &[&Causes]) -> Causes {
    let mut firsts: BTreeMap<Option<Happening>, usize> = BTreeMap::new();
    let mut any: BTreeMap<Happening, usize> = BTreeMap::new();
    for causes in all {
        *firsts.entry(causes.first().copied()).or_default() += 1;
        for cause in *causes {
            *any.entry(*cause).or_default() += 1;
        }
    }
    let first = firsts
        .into_iter()
        .max_by_key(|(_, n)| *n)
        .and_then(|(one, _)| one);
    let Some(first) = first else {
        return Causes::new();
    };
    let others = any
        .into_iter()
        .filter(|(one, n)| *one != first && n * 2 >= all.len());
    std::iter::once(first)
        .chain(others.map(|(one, _)| one))
        .collect()
}
