//! Cluster: enough reports of a kind near one another in space and time are one alert.
//!
//! A report joins the open cluster that has a member near it; otherwise, if enough reports that
//! belong to no cluster are near it, they become one, named after the first of them. A cluster
//! ends when no member has come for as long as members may be apart.

use std::collections::{BTreeMap, VecDeque};

use egret_shared::alert::Subject;
use egret_shared::id::ReportId;
use egret_shared::package::rule::{RuleDef, WithinDef};
use egret_shared::position::Position;
use serde::{Deserialize, Serialize};

use super::{Kind, Looks, Step};
use crate::alert::{Target, Trigger};
use crate::expr::ReportFilter;
use crate::fold::Fold;
use crate::limits::CLUSTER_REPORTS_MAX;
use crate::plan::{Area, Feed, Plan, Rule};

/// Which reports, how many and how near.
pub(super) struct Watch {
    feed: Feed,
    filter: ReportFilter,
    count: u32,
    within: WithinDef,
}

/// What a cluster rule looks back on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    seen: VecDeque<Seen>,
    clusters: BTreeMap<ReportId, Cluster>,
}

/// A report that may be part of a cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Seen {
    id: ReportId,
    at_ms: i64,
    position: Position,
    area: Option<Area>,
    /// The cluster it belongs to.
    cluster: Option<ReportId>,
}

/// An open cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Cluster {
    count: u32,
    last_ms: i64,
    position: Position,
    area: Option<Area>,
}

impl Seen {
    fn is_near(&self, other: &Self, within: &WithinDef) -> bool {
        (self.at_ms - other.at_ms).abs() <= within.time.ms()
            && self.position.distance_m(other.position) <= within.distance.0
    }
}

impl State {
    /// Takes `new` in; the cluster that it made or joined.
    fn add(&mut self, mut new: Seen, count: u32, within: &WithinDef) -> Option<ReportId> {
        self.seen
            .retain(|one| new.at_ms - one.at_ms <= within.time.ms());
        let near: Vec<&Seen> = self
            .seen
            .iter()
            .filter(|one| one.is_near(&new, within))
            .collect();
        let mut joined = near.iter().find_map(|one| one.cluster.clone());
        if joined.is_none() && near.len() + 1 >= count as usize {
            let members = near.into_iter().chain([&new]);
            let first = members.min_by_key(|one| (one.at_ms, &one.id))?;
            let cluster = Cluster {
                count: 0,
                last_ms: new.at_ms,
                position: first.position,
                area: first.area,
            };
            joined = Some(first.id.clone());
            self.clusters.insert(first.id.clone(), cluster);
        }
        new.cluster.clone_from(&joined);
        if let Some(name) = &joined {
            self.adopt(name, &new, within);
        }
        if self.seen.len() >= CLUSTER_REPORTS_MAX {
            self.seen.pop_front();
        }
        self.seen.push_back(new);
        joined
    }

    /// Counts `new` and every loose report near it as members of the cluster `name`.
    fn adopt(&mut self, name: &ReportId, new: &Seen, within: &WithinDef) {
        let Some(cluster) = self.clusters.get_mut(name) else {
            return;
        };
        let loose = self
            .seen
            .iter_mut()
            .filter(|one| one.cluster.is_none() && one.is_near(new, within));
        for one in loose {
            one.cluster = Some(name.clone());
            cluster.count += 1;
        }
        cluster.count += 1;
        cluster.last_ms = cluster.last_ms.max(new.at_ms);
    }

    /// Takes out clusters to which nothing has come since `before_ms`.
    fn ended(&mut self, before_ms: i64) -> Vec<(ReportId, Cluster)> {
        let ended: Vec<ReportId> = self
            .clusters
            .iter()
            .filter(|(_, cluster)| cluster.last_ms < before_ms)
            .map(|(name, _)| name.clone())
            .collect();
        self.seen.retain(|one| {
            one.cluster
                .as_ref()
                .is_none_or(|name| !ended.contains(name))
        });
        let taken = ended.into_iter().map(|name| {
            let cluster = self.clusters.remove(&name);
            cluster.map(|cluster| (name, cluster))
        });
        taken.flatten().collect()
    }
}

impl Watch {
    pub(super) fn compile(plan: &Plan, def: &RuleDef) -> Option<Self> {
        Some(Self {
            feed: plan.feed_number(def.on.feed.as_ref()?)?,
            filter: ReportFilter::compile(def.on.filter.as_deref())?,
            count: def.count?,
            within: def.within?,
        })
    }

    fn judge(
        &self,
        fold: &mut Fold<'_>,
        rule: Rule,
        first: ReportId,
        cluster: &Cluster,
        holds: bool,
    ) {
        let Some(feed) = fold.plan.feed(self.feed).map(|feed| feed.def.id.clone()) else {
            return;
        };
        let subject = Subject::Reports { feed, first };
        let target = Target::Place(cluster.position, cluster.area);
        fold.judge(&Trigger {
            v: Some(f64::from(cluster.count)),
            count: cluster.count,
            ..Trigger::new(rule, subject, target, holds, cluster.last_ms)
        });
    }
}

impl Kind for Watch {
    fn looks(&self) -> Looks {
        Looks::Reports(self.feed)
    }

    fn says(&self, _target: &Target) -> (&'static str, &'static str) {
        ("{area} {count} 件", "{count} in {area}")
    }

    fn opened(&self, fold: &mut Fold<'_>, rule: Rule, step: &Step<'_>) {
        let report = step.report;
        let passes = self.filter.holds(&fold.plan.engine, report);
        let Some(position) = step.position.filter(|_| passes) else {
            return;
        };
        let new = Seen {
            id: report.report.clone(),
            at_ms: report.observed_at.0.min(fold.state.now_ms),
            position,
            area: step.area,
            cluster: None,
        };
        let Some(known) = fold.rule_state(rule).map(|known| &mut known.cluster) else {
            return;
        };
        let Some(name) = known.add(new, self.count, &self.within) else {
            return;
        };
        if let Some(cluster) = known.clusters.get(&name).cloned() {
            self.judge(fold, rule, name, &cluster, true);
        }
    }

    /// Ends clusters to which nothing came for too long.
    fn ticked(&self, fold: &mut Fold<'_>, rule: Rule) {
        let before_ms = fold.state.now_ms - self.within.time.ms();
        let known = fold.rule_state(rule);
        let ended = known
            .map(|known| known.cluster.ended(before_ms))
            .unwrap_or_default();
        for (name, cluster) in ended {
            self.judge(fold, rule, name, &cluster, false);
        }
    }
}
