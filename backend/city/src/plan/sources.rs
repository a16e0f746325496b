//! What metrics are made of: which feeds, which of their assets, and what each contribution says.

use egret_package::units::{Conversion, convert};
use egret_shared::id::AssetId;
use egret_shared::package::metric::{Aggregate, DistinctOf, MetricDef, SourceDef};
use smol_str::SmolStr;

use super::{Feed, FeedPlan, Plan, Property, Selection};
use crate::aggregate::Limits;
use crate::expr::{Condition, ReportFilter};

/// A feed that a metric is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) feed: Feed,
    /// Which of its assets alone count; absent, all do.
    pub(crate) only: Option<Selection>,
}

/// Some assets of a feed, by what their ids look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SelectionPlan {
    pub(crate) feed: Feed,
    patterns: Vec<String>,
}

impl SelectionPlan {
    /// Whether the asset is one of them: an id as it stands, or a beginning followed by `*`.
    pub(crate) fn selects(&self, asset: &AssetId) -> bool {
        let id = asset.as_str();
        self.patterns.iter().any(|pattern| {
            let beginning = pattern.strip_suffix('*');
            beginning.map_or(id == pattern, |beginning| id.starts_with(beginning))
        })
    }
}

/// Which contributions.
pub(crate) enum Source {
    /// Readings of a property.
    Readings(Property, Condition),
    /// Reports entering one of these states.
    Reports(Vec<SmolStr>, ReportFilter),
    /// The time between two steps of a report.
    Durations(Durations),
}

/// The time between two steps of a report.
pub(crate) struct Durations {
    pub(crate) from: SmolStr,
    pub(crate) to: SmolStr,
    pub(crate) filter: ReportFilter,
    /// Whether the filter reads what a report says, which then is kept on its way.
    pub(super) reads_text: bool,
    from_ms: Conversion,
}

impl Durations {
    /// A time as a contribution: in the metric's unit of time, or in seconds if it has none.
    pub(crate) fn v_from_ms(&self, ms: i64) -> f64 {
        self.from_ms.apply(ms as f64)
    }
}

/// What is found out about a contribution for the sake of its aggregate alone.
pub(crate) enum Asked {
    /// Nothing.
    Nothing,
    /// Whether it lies within limits.
    Limits(Limits),
    /// Whether the reading fulfils a condition.
    Reading(Condition),
    /// Whether the report does.
    Report(ReportFilter),
    /// Which one it is of those that are told apart.
    Which(DistinctOf),
}

/// The feeds that `from` names, in the package's order: by id, or all of a class, or all of a
/// department.
pub(super) fn feeds(plan: &Plan, from: &SourceDef) -> Vec<Feed> {
    let is_meant = |feed: &FeedPlan| {
        let class = || from.class.as_ref().zip(feed.def.asset_class.as_ref());
        let department = from.department.as_ref();
        if from.feed.is_empty() {
            class().is_some_and(|(wanted, class)| wanted == class)
                || department.is_some_and(|wanted| *wanted == feed.def.department)
        } else {
            from.feed.iter().any(|id| *id == feed.def.id)
        }
    };
    let numbered = (0..).zip(&plan.feeds);
    numbered
        .filter(|(_, feed)| is_meant(feed))
        .map(|(number, _)| number)
        .collect()
}

/// The feed with the selection of its assets; a new selection gets a number.
pub(super) fn part(plan: &mut Plan, feed: Feed, from: &SourceDef) -> Part {
    if from.assets.is_empty() {
        return Part { feed, only: None };
    }
    let selection = SelectionPlan {
        feed,
        patterns: from.assets.clone(),
    };
    let known = plan.selections.iter().position(|known| *known == selection);
    let at = known.unwrap_or_else(|| {
        plan.selections.push(selection);
        plan.selections.len() - 1
    });
    Part {
        feed,
        only: Selection::try_from(at).ok(),
    }
}

pub(super) fn source(plan: &Plan, def: &MetricDef, from: &SourceDef) -> Option<Source> {
    let filter = from.filter.as_deref();
    if let Some(property) = &from.property {
        let property = plan.property_number(property)?;
        return Some(Source::Readings(property, Condition::compile(filter)?));
    }
    let filter = ReportFilter::compile(filter)?;
    if let (Some(first), Some(last)) = (&from.from, &from.to) {
        let from_ms = convert("ms", &def.unit).or_else(|| convert("ms", "s"))?;
        return Some(Source::Durations(Durations {
            from: first.clone(),
            to: last.clone(),
            reads_text: from.filter.iter().any(|text| text.contains("report.text")),
            filter,
            from_ms,
        }));
    }
    let states: Vec<SmolStr> = from.state.iter().cloned().collect();
    (!states.is_empty()).then_some(Source::Reports(states, filter))
}

/// What `aggregate` has to know of each contribution of `source`; `None` if it is no CEL.
pub(super) fn asked(aggregate: &Aggregate, source: &Source) -> Option<Asked> {
    Some(match aggregate {
        Aggregate::Distinct(of) => Asked::Which(*of),
        Aggregate::Share(def) => Asked::Limits(match source {
            Source::Durations(durations) => Limits::new(def, |ms| durations.v_from_ms(ms)),
            Source::Readings(..) | Source::Reports(..) => Limits::new(def, |ms| ms as f64),
        }),
        Aggregate::Ratio(text) => match source {
            Source::Readings(..) => Asked::Reading(Condition::compile(Some(text))?),
            Source::Reports(..) | Source::Durations(_) => {
                Asked::Report(ReportFilter::compile(Some(text))?)
            }
        },
        _ => Asked::Nothing,
    })
}
