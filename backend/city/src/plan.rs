//! The city package made ready for folding: ids become dense numbers, expressions are compiled,
//! and each feed knows what depends on it. A function of the package; no part of the state.

mod areas;
mod causes;
mod metrics;
mod rules;
mod sources;

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use chrono_tz::Tz;
use egret_package::Package;
use egret_package::zones::Zone;
use egret_shared::id::{FeedId, MetricId, PropertyId, RuleId};
use egret_shared::package::city::Classification;
use egret_shared::package::feed::FeedDef;
use egret_shared::package::property::PropertyDef;
use egret_shared::package::rule::{HushLimitsDef, IncidentDef};
use smol_str::SmolStr;
use xxhash_rust::xxh3::xxh3_64_with_seed;

pub(crate) use areas::Areas;
pub(crate) use causes::{Link, Role};
pub(crate) use metrics::{Measured, MetricKind, MetricPlan};
pub(crate) use rules::RulePlan;
pub(crate) use sources::{Asked, Durations, Part, SelectionPlan, Source};

use crate::case::Terms;
use crate::expr::{Engine, Enough};

/// Number of an area; 0 is the city.
pub(crate) type Area = u32;
/// Number of a feed.
pub(crate) type Feed = u16;
/// Number of a property.
pub(crate) type Property = u16;
/// Number of a metric; derived ones and indices come after their inputs.
pub(crate) type Metric = u16;
/// Number of a rule.
pub(crate) type Rule = u16;
/// Number of a selection of a feed's assets.
pub(crate) type Selection = u16;

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
    /// The city's own time zone.
    pub(crate) zone: Tz,
    pub(crate) areas: Areas,
    pub(crate) properties: Vec<PropertyDef>,
    pub(crate) feeds: Vec<FeedPlan>,
    pub(crate) metrics: Vec<MetricPlan>,
    pub(crate) rules: Vec<RulePlan>,
    pub(crate) selections: Vec<SelectionPlan>,
    pub(crate) zones: BTreeMap<String, Zone>,
    pub(crate) incident: IncidentDef,
    pub(crate) hush: HushLimitsDef,
    pub(crate) enough: Enough,
    /// How cases are worked.
    pub(crate) terms: Terms,
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
    /// Every metric that is made of what it carries.
    pub(crate) metrics: Vec<Use>,
    /// Metrics of its quality.
    pub(crate) quality: Vec<Metric>,
    /// Selections of its assets that metrics are made of.
    pub(crate) selections: Vec<Selection>,
    /// States of its reports between which time is measured.
    pub(crate) steps: Vec<SmolStr>,
    /// Whether a filter reads what they say.
    pub(crate) keeps_text: bool,
    /// Metrics and rules by property.
    pub(crate) uses: Vec<PropertyUse>,
    /// Rules that want to know who of its assets is heard.
    pub(crate) heard: Vec<Rule>,
    /// Rules that want to know where its assets are.
    pub(crate) moved: Vec<Rule>,
    /// Rules on its reports.
    pub(crate) reported: Vec<Rule>,
}

/// A metric that is made of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) metric: Metric,
    /// The assets that alone count; absent, all do.
    pub(crate) only: Option<Selection>,
}

/// What a property of a feed is used for.
#[derive(Default)]
pub(crate) struct PropertyUse {
    pub(crate) property: Property,
    pub(crate) metrics: Vec<Use>,
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
            quality: Vec::new(),
            selections: Vec::new(),
            steps: Vec::new(),
            keeps_text: false,
            uses: Vec::new(),
            heard: Vec::new(),
            moved: Vec::new(),
            reported: Vec::new(),
            def: def.clone(),
        }
    }

    /// How old a contribution may be. Reports have no gaps of their own to fill.
    pub(crate) fn past_ms(&self) -> i64 {
        let lateness_ms = self.def.lateness.ms();
        if self.def.report {
            lateness_ms
        } else {
            lateness_ms.max(self.def.backfill.ms())
        }
    }

    /// What `property` is used for, if for anything.
    pub(crate) fn uses_of(&self, property: Property) -> Option<&PropertyUse> {
        self.uses.iter().find(|one| one.property == property)
    }

    pub(crate) fn use_mut(&mut self, property: Property) -> Option<&mut PropertyUse> {
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
            zone: package.timezone,
            properties: package.properties.clone(),
            feeds,
            metrics: Vec::new(),
            rules: Vec::new(),
            selections: Vec::new(),
            zones: package.zones.clone(),
            incident: package.rules.incident.clone(),
            hush: package.rules.hush,
            enough: Enough::compile(package.rules.incident.open_when.as_deref()),
            terms: Terms::new(package),
            property_numbers: numbered(package.properties.iter().map(|def| &def.id)),
            feed_numbers: numbered(package.feeds.iter().map(|def| &def.id)),
            metric_numbers: Lookup::default(),
            areas,
        };
        metrics::compile(&mut plan, package);
        rules::compile(&mut plan, package);
        causes::link(&mut plan, package);
        plan
    }

    pub(crate) fn feed(&self, feed: Feed) -> Option<&FeedPlan> {
        self.feeds.get(usize::from(feed))
    }

    pub(crate) fn metric(&self, metric: Metric) -> Option<&MetricPlan> {
        self.metrics.get(usize::from(metric))
    }

    /// Interval after which a metric is stale: the longest of its feeds, absent if none promises
    /// one.
    pub(crate) fn stale_after_ms(&self, measured: &Measured) -> Option<i64> {
        let feeds = measured.feeds().filter_map(|feed| self.feed(feed));
        feeds.filter_map(|feed| feed.stale_after_ms).max()
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

    /// Rules by id: only while compiling, and for what is asked by people.
    pub(crate) fn rule_number(&self, id: &RuleId) -> Option<Rule> {
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
