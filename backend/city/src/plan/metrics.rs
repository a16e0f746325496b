//! Metrics by number: sources found, windows made, formulas compiled.

use egret_package::Package;
use egret_shared::package::metric::{Aggregate, By, MetricDef, SourceDef};
use smol_str::SmolStr;

use super::{Feed, Metric, Plan, Property, Rule, numbered};
use crate::expr::{Condition, Formula, ReportFilter};
use crate::window::Window;

/// A metric, ready.
pub(crate) struct MetricPlan {
    pub(crate) def: MetricDef,
    pub(crate) kind: MetricKind,
    /// Derived metrics that read this one.
    pub(crate) dependents: Vec<Metric>,
    /// Threshold rules on it.
    pub(crate) rules: Vec<Rule>,
}

/// What a metric is made of.
pub(crate) enum MetricKind {
    /// Of contributions.
    Measured(Measured),
    /// Of other metrics, in the order of the formula's inputs.
    Derived {
        formula: Formula,
        inputs: Vec<Metric>,
    },
}

/// How contributions become a metric.
pub(crate) struct Measured {
    pub(crate) feed: Feed,
    pub(crate) source: Source,
    pub(crate) aggregate: Aggregate,
    pub(crate) window: Window,
    pub(crate) by: By,
    pub(crate) lateness_ms: i64,
}

/// Which contributions.
pub(crate) enum Source {
    /// Readings of a property.
    Readings(Property, Condition),
    /// Reports entering a state.
    Reports(SmolStr, ReportFilter),
}

impl MetricPlan {
    pub(crate) fn measured(&self) -> Option<&Measured> {
        match &self.kind {
            MetricKind::Measured(measured) => Some(measured),
            MetricKind::Derived { .. } => None,
        }
    }

    /// Whether something has to be decided about its value when time passes.
    pub(crate) fn is_judged(&self) -> bool {
        self.def.levels.is_some() || !self.rules.is_empty()
    }
}

/// Compiles all metrics of `package` into `plan`.
pub(super) fn compile(plan: &mut Plan, package: &Package) {
    for def in &package.metrics {
        let Some(kind) = kind(plan, package, def) else {
            continue;
        };
        let Ok(number) = Metric::try_from(plan.metrics.len()) else {
            break;
        };
        register(plan, number, &kind);
        plan.metrics.push(MetricPlan {
            def: def.clone(),
            kind,
            dependents: Vec::new(),
            rules: Vec::new(),
        });
        // Derived metrics look up those before them.
        plan.metric_numbers = numbered(plan.metrics.iter().map(|metric| &metric.def.id));
    }
}

fn kind(plan: &Plan, package: &Package, def: &MetricDef) -> Option<MetricKind> {
    if let Some(derive) = &def.derive {
        let formula = Formula::compile(derive)?;
        let inputs: Option<Vec<Metric>> = formula
            .inputs
            .iter()
            .map(|id| plan.metric_number(&id.as_str().into()))
            .collect();
        return Some(MetricKind::Derived {
            inputs: inputs?,
            formula,
        });
    }
    let from = def.source.as_ref()?;
    let feed = plan.feed_number(&from.feed)?;
    Some(MetricKind::Measured(Measured {
        feed,
        source: source(plan, from)?,
        aggregate: def.aggregate?,
        window: Window::new(def.window?, package.timezone)?,
        by: def.by,
        lateness_ms: plan.feed(feed)?.def.lateness.ms(),
    }))
}

fn source(plan: &Plan, from: &SourceDef) -> Option<Source> {
    let filter = from.filter.as_deref();
    match (&from.property, &from.state) {
        (Some(property), None) => {
            let property = plan.property_number(property)?;
            Some(Source::Readings(property, Condition::compile(filter)?))
        }
        (None, Some(state)) => Some(Source::Reports(
            state.clone(),
            ReportFilter::compile(filter)?,
        )),
        _ => None,
    }
}

/// Tells the feed, or the inputs, who depends on them.
fn register(plan: &mut Plan, number: Metric, kind: &MetricKind) {
    match kind {
        MetricKind::Measured(measured) => {
            let Some(feed) = plan.feeds.get_mut(usize::from(measured.feed)) else {
                return;
            };
            feed.metrics.push(number);
            if let Source::Readings(property, _) = measured.source
                && let Some(uses) = feed.use_mut(property)
            {
                uses.metrics.push(number);
            }
        }
        MetricKind::Derived { inputs, .. } => {
            for input in inputs {
                if let Some(metric) = plan.metrics.get_mut(usize::from(*input)) {
                    metric.dependents.push(number);
                }
            }
        }
    }
}
