//! The city package made ready for folding: ids become dense numbers, expressions are compiled,
//! and each feed knows what depends on it. A function of the package; no part of the state.

mod areas;
mod metrics;
mod rules;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use egret_package::Package;
use egret_shared::id::{FeedId, MetricId, PropertyId, RuleId};
use egret_shared::package::city::Classification;
use egret_shared::package::feed::FeedDef;
use egret_shared::package::property::PropertyDef;
use egret_shared::package::rule::IncidentDef;
use xxhash_rust::xxh3::xxh3_64_with_seed;

pub(crate) use areas::Areas;
pub(crate) use metrics::{Measured, MetricKind, MetricPlan, Source};
pub(crate) use rules::{Link, RulePlan, Watch};

use crate::expr::{Engine, Enough};

/// Number of an area; 0 is the city.
pub(crate) type Area = u32;
/// Number of a feed.
pub(crate) type Feed = u16;
/// Number of a property.
pub(crate) type Property = u16;
/// Number of a metric; derived ones come after their inputs.
pub(crate) type Metric = u16;
/// Number of a rule.
pub(crate) type Rule = u16;

/// Hashes ids by XXH3: the same everywhere, and fast on short texts.
#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    fn write_u8(&mut self, _end_of_text: u8) {}
}

/// A table from ids to numbers; asked, never gone through.
pub(crate) type Lookup<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// The package, compiled.
pub(crate) struct Plan {
    pub(crate) engine: Engine,
    pub(crate) areas: Areas,
    pub(crate) properties: Vec<PropertyDef>,
    pub(crate) feeds: Vec<FeedPlan>,
    pub(crate) metrics: Vec<MetricPlan>,
    pub(crate) rules: Vec<RulePlan>,
    pub(crate) incident: IncidentDef,
    pub(crate) enough: Enough,
    property_numbers: Lookup<PropertyId, Property>,
    feed_numbers: Lookup<FeedId, Feed>,
    metric_numbers: Lookup<MetricId, Metric>,
}

/// A feed and what depends on it.
pub(crate) struct FeedPlan {
    pub(crate) def: FeedDef,
    /// Its department's area.
    pub(crate) home: Area,
    /// Interval after which an asset or the feed is stale; absent if it promises none.
    pub(crate) stale_after_ms: Option<i64>,
    /// Whether its texts are not for everybody.
    pub(crate) sensitive: bool,
    /// Every metric that is made of it.
    pub(crate) metrics: Vec<Metric>,
    /// Metrics and rules by property.
    pub(crate) uses: Vec<PropertyUse>,
    /// Silence rules on it.
    pub(crate) silence: Vec<Rule>,
    /// Cluster rules on it.
    pub(crate) clusters: Vec<Rule>,
}

/// What a property of a feed is used for.
#[derive(Default)]
pub(crate) struct PropertyUse {
    pub(crate) property: Property,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) rules: Vec<Rule>,
}

impl FeedPlan {
    fn new(def: &FeedDef, package: &Package, areas: &Areas) -> Self {
        let department = package.departments.iter().find(|d| d.id == def.department);
        let class = def
            .classification
            .unwrap_or(package.city.classification.default);
        let intervals =
            |every: egret_shared::time::Span| every.ms() * crate::limits::STALE_INTERVALS;
        Self {
            home: department
                .and_then(|d| areas.number(&d.area))
                .unwrap_or_default(),
            stale_after_ms: def.expect_every.map(intervals),
            sensitive: class == Classification::Sensitive,
            metrics: Vec::new(),
            uses: Vec::new(),
            silence: Vec::new(),
            clusters: Vec::new(),
            def: def.clone(),
        }
    }

    /// What `property` is used for, if for anything.
    pub(crate) fn uses_of(&self, property: Property) -> Option<&PropertyUse> {
        self.uses.iter().find(|one| one.property == property)
    }

    fn use_mut(&mut self, property: Property) -> Option<&mut PropertyUse> {
        if self.uses_of(property).is_none() {
            self.uses.push(PropertyUse {
                property,
                ..PropertyUse::default()
            });
        }
        self.uses.iter_mut().find(|one| one.property == property)
    }
}

impl Plan {
    /// The plan of a checked package. What a check would have refused is left out.
    pub(crate) fn new(package: &Package) -> Self {
        let areas = Areas::new(package);
        let feeds = package
            .feeds
            .iter()
            .map(|def| FeedPlan::new(def, package, &areas))
            .collect();
        let mut plan = Self {
            engine: Engine::new(),
            properties: package.properties.clone(),
            feeds,
            metrics: Vec::new(),
            rules: Vec::new(),
            incident: package.rules.incident.clone(),
            enough: Enough::compile(package.rules.incident.open_when.as_deref()),
            property_numbers: numbered(package.properties.iter().map(|def| &def.id)),
            feed_numbers: numbered(package.feeds.iter().map(|def| &def.id)),
            metric_numbers: Lookup::default(),
            areas,
        };
        metrics::compile(&mut plan, package);
        rules::compile(&mut plan, package);
        plan
    }

    pub(crate) fn feed(&self, feed: Feed) -> Option<&FeedPlan> {
        self.feeds.get(usize::from(feed))
    }

    pub(crate) fn metric(&self, metric: Metric) -> Option<&MetricPlan> {
        self.metrics.get(usize::from(metric))
    }

    pub(crate) fn rule(&self, rule: Rule) -> Option<&RulePlan> {
        self.rules.get(usize::from(rule))
    }

    pub(crate) fn property(&self, property: Property) -> Option<&PropertyDef> {
        self.properties.get(usize::from(property))
    }

    pub(crate) fn feed_number(&self, id: &FeedId) -> Option<Feed> {
        self.feed_numbers.get(id).copied()
    }

    pub(crate) fn property_number(&self, id: &PropertyId) -> Option<Property> {
        self.property_numbers.get(id).copied()
    }

    pub(crate) fn metric_number(&self, id: &MetricId) -> Option<Metric> {
        self.metric_numbers.get(id).copied()
    }

    /// Rules by id: only while compiling.
    fn rule_number(&self, id: &RuleId) -> Option<Rule> {
        let at = self.rules.iter().position(|rule| rule.def.id == *id)?;
        Rule::try_from(at).ok()
    }
}

/// Ids in order become numbers in order.
fn numbered<'a, K: Clone + Eq + std::hash::Hash + 'a>(
    ids: impl Iterator<Item = &'a K>,
) -> Lookup<K, u16> {
    (0_u16..)
        .zip(ids)
        .map(|(number, id)| (id.clone(), number))
        .collect()
}
