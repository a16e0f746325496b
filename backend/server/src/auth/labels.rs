//! What every row of the city is to the predicate: whose, how classified, and where.
//!
//! A function of the package: feeds say whose they are and how secret, metrics and rules follow
//! from the feeds they are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egret_city::Lineage;
use egret_package::Package;
use egret_package::areas::{AreaIdx, AreaTree};
use egret_shared::alert::{AlertKey, Subject};
use egret_shared::id::{AreaCode, DepartmentId, FeedId, MetricId, RuleId};
use egret_shared::incident::{BY_HAND, Incident};
use egret_shared::package::city::Classification;
use egret_shared::package::feed::FeedDef;
use egret_shared::package::metric::{Aggregate, IndexPart, MetricDef};
use egret_shared::package::rule::{RuleDef, RuleKind};

/// Number of a label; rows with equal labels share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LabelNo(usize);

impl LabelNo {
    /// The number as an index into tables.
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

/// Whose something is and how classified; the place comes with each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    /// Every department that owns a part of it.
    pub owners: Vec<DepartmentId>,
    /// Departments that it is given to.
    pub given_to: Vec<DepartmentId>,
    /// The highest class among its parts.
    pub class: Classification,
}

/// A metric's label, and what guards its small numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MetricLabel {
    /// Who may see it.
    pub own: LabelNo,
    /// Who may see the people behind it, if it is published lower than they are.
    pub guard: Option<LabelNo>,
    /// Whether the number itself says how many stand behind it. Of other guarded metrics nobody
    /// can tell, so that all their numbers are withheld.
    pub is_count: bool,
}

/// The labels of what comes of a rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RuleLabel {
    /// Who may see its alerts.
    pub own: LabelNo,
    /// Who may see an incident that it speaks for, and it as evidence: also the departments that
    /// have to act.
    pub given: LabelNo,
}

/// The labels of a city package.
#[derive(Debug)]
pub(crate) struct Labels {
    package: Arc<Package>,
    labels: Vec<Label>,
    feeds: BTreeMap<FeedId, LabelNo>,
    metrics: BTreeMap<MetricId, MetricLabel>,
    rules: BTreeMap<RuleId, RuleLabel>,
    /// Of rules about how feeds deliver, by feed.
    delivered: BTreeMap<(RuleId, FeedId), RuleLabel>,
    /// Of what belongs to no feed that is known.
    unknown: LabelNo,
    lines: Vec<Vec<AreaCode>>,
}

impl Labels {
    /// The labels of `package`, whose metrics are made as `lineage` says.
    pub(crate) fn new(package: &Arc<Package>, lineage: &Lineage) -> Self {
        let tree = package.area_tree();
        let line = |area: AreaIdx| tree.codes(area).cloned().collect();
        let mut labels = Self {
            package: Arc::clone(package),
            labels: Vec::new(),
            feeds: BTreeMap::new(),
            metrics: BTreeMap::new(),
            rules: BTreeMap::new(),
            delivered: BTreeMap::new(),
            unknown: LabelNo(0),
            lines: tree.iter().map(line).collect(),
        };
        labels.unknown = labels.number(Label {
            owners: Vec::new(),
            given_to: Vec::new(),
            class: Classification::Sensitive,
        });
        for feed in &package.feeds {
            let number = labels.number(of_feeds(package, [feed]));
            labels.feeds.insert(feed.id.clone(), number);
        }
        for metric in &package.metrics {
            let feeds = feeds_behind(package, lineage, &metric.id);
            let label = labels.of_metric(metric, &feeds);
            labels.metrics.insert(metric.id.clone(), label);
        }
        for rule in &package.rules.rules {
            let label = labels.of_rule(rule, lineage);
            labels.rules.insert(rule.id.clone(), label);
            labels.of_deliveries(rule);
        }
        // What somebody reported is of no feed: it is as open as the city's feeds usually are, and
        // whose it is says who has been given it.
        let by_hand = labels.number(Label {
            owners: Vec::new(),
            given_to: Vec::new(),
            class: package.city.classification.default,
        });
        let by_hand = RuleLabel {
            own: by_hand,
            given: by_hand,
        };
        labels.rules.insert(RuleId::new(BY_HAND), by_hand);
        labels
    }

    fn of_metric(&mut self, metric: &MetricDef, feeds: &[&FeedDef]) -> MetricLabel {
        let whole = of_feeds(&self.package, feeds.iter().copied());
        let class = metric.classification.unwrap_or(whole.class);
        let own = self.number(Label {
            class,
            ..whole.clone()
        });
        let personal = feeds
            .iter()
            .copied()
            .filter(|feed| !feed.personal.is_empty());
        let people = of_feeds(&self.package, personal);
        // Quality tells of messages, not of whom they are about.
        let is_quality = metric
            .source
            .as_ref()
            .is_some_and(|source| source.quality.is_some());
        let k = self.package.city.classification.k;
        let tells_of_people = !is_quality && !is_blend(metric, k);
        let guard = tells_of_people && class < people.class && !people.owners.is_empty();
        MetricLabel {
            own,
            guard: guard.then(|| self.number(people)),
            is_count: matches!(metric.aggregate, Some(Aggregate::Count)),
        }
    }

    /// A rule's alerts tell of what it watches; incidents also concern those who have to act.
    fn of_rule(&mut self, rule: &RuleDef, lineage: &Lineage) -> RuleLabel {
        let package = Arc::clone(&self.package);
        let label = match (&rule.on.feed, &rule.on.metric) {
            (Some(feed), _) => of_feeds(&package, package.feed(feed)),
            (None, Some(metric)) => {
                let feeds = feeds_behind(&package, lineage, metric);
                let known = self.metrics.get(metric);
                let own = known.and_then(|label| {
                    // An alert tells the very number that a guard may withhold.
                    let shown = label.guard.unwrap_or(label.own);
                    self.labels.get(shown.index())
                });
                let whole = of_feeds(&package, feeds);
                let class = own.map_or(whole.class, |own| own.class);
                Label { class, ..whole }
            }
            // What cannot be told feed by feed is of all of them: for who may see every feed.
            (None, None) if rule.kind == RuleKind::Delivery => of_feeds(&package, &package.feeds),
            // Of others: whose they are, and as secret as the most secret of them.
            (None, None) => self.of_parts(rule),
        };
        self.given(label, rule)
    }

    /// Of a rule about how feeds deliver, the labels of its alerts feed by feed.
    fn of_deliveries(&mut self, rule: &RuleDef) {
        if rule.kind != RuleKind::Delivery {
            return;
        }
        let package = Arc::clone(&self.package);
        let is_watched = |feed: &&FeedDef| rule.on.feed.as_ref().is_none_or(|on| *on == feed.id);
        for feed in package.feeds.iter().filter(is_watched) {
            let label = of_feeds(&package, [feed]);
            let label = self.given(label, rule);
            let key = (rule.id.clone(), feed.id.clone());
            self.delivered.insert(key, label);
        }
    }

    /// The labels of a rule's alerts, and of incidents with those who have to act.
    fn given(&mut self, mut label: Label, rule: &RuleDef) -> RuleLabel {
        let own = self.number(label.clone());
        if let Some(assign) = &rule.assign {
            label.given_to.push(assign.lead.clone());
            label.given_to.extend(assign.support.iter().cloned());
        }
        RuleLabel {
            own,
            given: self.number(label),
        }
    }

    /// What the rules that `rule` is made of tell of. They stand above it.
    fn of_parts(&self, rule: &RuleDef) -> Label {
        let mut whole = of_feeds(&self.package, []);
        for part in &rule.of {
            let own = self.rule(part).own;
            if let Some(label) = self.labels.get(own.index()) {
                whole.owners.extend(label.owners.iter().cloned());
                whole.class = whole.class.max(label.class);
            }
        }
        whole.owners.sort();
        whole.owners.dedup();
        whole
    }

    fn number(&mut self, label: Label) -> LabelNo {
        let known = self.labels.iter().position(|known| *known == label);
        LabelNo(known.unwrap_or_else(|| {
            self.labels.push(label);
            self.labels.len() - 1
        }))
    }

    /// Every label, by number.
    pub(crate) fn all(&self) -> &[Label] {
        &self.labels
    }

    /// A feed's label; of a feed that the city does not have, one that only those see who see
    /// everything.
    pub(crate) fn feed(&self, feed: &FeedId) -> LabelNo {
        self.feeds.get(feed).copied().unwrap_or(self.unknown)
    }

    /// A metric's label.
    pub(crate) fn metric(&self, metric: &MetricId) -> Option<MetricLabel> {
        self.metrics.get(metric).copied()
    }

    /// A rule's labels.
    pub(crate) fn rule(&self, rule: &RuleId) -> RuleLabel {
        let unknown = RuleLabel {
            own: self.unknown,
            given: self.unknown,
        };
        self.rules.get(rule).copied().unwrap_or(unknown)
    }

    /// The labels of what a rule about how feeds deliver tells, feed by feed; none of another rule.
    pub(crate) fn delivered(&self, rule: &RuleId) -> impl Iterator<Item = RuleLabel> {
        let from = self.delivered.range((rule.clone(), FeedId::new(""))..);
        let of_it = from.take_while(move |((one, _), _)| one == rule);
        of_it.map(|(_, label)| *label)
    }

    /// The labels of an alert: of one about how a feed delivers they are that feed's, for its rule
    /// may be about every feed.
    pub(crate) fn alert(&self, key: &AlertKey) -> RuleLabel {
        self.of_subject(&key.rule, about_feed(key))
    }

    /// The labels of an incident, as [`Self::alert`] has them.
    pub(crate) fn incident(&self, incident: &Incident) -> RuleLabel {
        self.of_subject(&incident.rule, incident.feed())
    }

    fn of_subject(&self, rule: &RuleId, feed: Option<&FeedId>) -> RuleLabel {
        let Some(feed) = feed else {
            return self.rule(rule);
        };
        let delivered = self.delivered.get(&(rule.clone(), feed.clone()));
        delivered.copied().unwrap_or(RuleLabel {
            own: self.unknown,
            given: self.unknown,
        })
    }

    /// The area of the department that owns `feed`; the city for a feed that is none.
    pub(crate) fn home(&self, feed: &FeedId) -> AreaIdx {
        let def = self.package.feed(feed);
        let department = def.and_then(|def| self.package.department(&def.department));
        let area = department.and_then(|department| self.tree().index_of(&department.area));
        area.unwrap_or(AreaTree::ROOT)
    }

    /// The number of an area; the city for one that is none, or for no place at all.
    pub(crate) fn area(&self, code: Option<&AreaCode>) -> AreaIdx {
        let area = code.and_then(|code| self.tree().index_of(code));
        area.unwrap_or(AreaTree::ROOT)
    }

    /// The widest-to-finest line of every area, by number.
    pub(crate) fn lines(&self) -> &[Vec<AreaCode>] {
        &self.lines
    }

    /// The line down to an area.
    pub(crate) fn line(&self, area: AreaIdx) -> &[AreaCode] {
        self.lines.get(area.index()).map_or(&[], Vec::as_slice)
    }

    /// The areas.
    pub(crate) fn tree(&self) -> &AreaTree {
        self.package.area_tree()
    }

    /// The package.
    pub(crate) fn package(&self) -> &Arc<Package> {
        &self.package
    }
}

/// The feed that an alert is about as a whole.
fn about_feed(key: &AlertKey) -> Option<&FeedId> {
    match &key.subject {
        Subject::Feed { feed } => Some(feed),
        _ => None,
    }
}

/// Whether an index is a mean over so many parts, none of which weighs more than half, that no part
/// can be read off it.
fn is_blend(metric: &MetricDef, k: u32) -> bool {
    let parts: BTreeSet<&MetricId> = metric.index.iter().map(|part| &part.metric).collect();
    let whole: f64 = metric.index.iter().map(|part| part.weight).sum();
    let is_light = |part: &IndexPart| part.weight * 2.0 <= whole;
    parts.len() >= usize::try_from(k).unwrap_or(usize::MAX).max(2)
        && metric.index.iter().all(is_light)
}

/// All owners and the highest class of `feeds`.
fn of_feeds<'a>(package: &Package, feeds: impl IntoIterator<Item = &'a FeedDef>) -> Label {
    let mut owners = Vec::new();
    let mut class = Classification::Public;
    for feed in feeds {
        owners.push(feed.department.clone());
        class = class.max(package.classification(feed));
    }
    owners.sort();
    owners.dedup();
    Label {
        owners,
        given_to: Vec::new(),
        class,
    }
}

/// Every feed that a metric is made of, also by way of other metrics.
fn feeds_behind<'a>(
    package: &'a Package,
    lineage: &Lineage,
    metric: &MetricId,
) -> Vec<&'a FeedDef> {
    let mut feeds = Vec::new();
    let mut waiting = vec![metric.clone()];
    let mut seen = Vec::new();
    while let Some(metric) = waiting.pop() {
        if seen.contains(&metric) {
            continue;
        }
        let direct = lineage.sources(&metric);
        feeds.extend(direct.iter().filter_map(|feed| package.feed(feed)));
        waiting.extend(
            lineage
                .inputs(&metric)
                .into_iter()
                .map(|input| input.metric),
        );
        seen.push(metric);
    }
    feeds
}
