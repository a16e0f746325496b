//! Metrics by number: sources found, windows made, formulas compiled.

use egret_package::Package;
use egret_shared::package::metric::{By, IndexPart, MetricDef, QualityPart, SourceDef};

use super::sources::{self, Asked, Part, Source};
use super::{Feed, FeedPlan, Metric, Plan, Rule, Use, numbered};
use crate::aggregate::How;
use crate::expr::Formula;
use crate::feed::{self, HOUR_MINUTES};
use crate::window::Window;

/// A metric, ready.
pub(crate) struct MetricPlan {
    pub(crate) def: MetricDef,
    pub(crate) kind: MetricKind,
    /// Derived metrics and indices that read this one.
    pub(crate) dependents: Vec<Metric>,
    /// Threshold rules on it.
    pub(crate) rules: Vec<Rule>,
}

/// What a metric is made of.
pub(crate) enum MetricKind {
    /// Of contributions.
    Measured(Box<Measured>),
    /// Of other metrics, in the order of the formula's inputs.
    Derived {
        formula: Formula,
        inputs: Vec<Metric>,
    },
    /// Of the scores of other metrics.
    Index(Vec<(Metric, IndexPart)>),
    /// Of how well feeds deliver.
    Quality {
        feeds: Vec<Feed>,
        of: QualityPart,
        /// Over how many whole minutes.
        n_minutes: usize,
    },
}

/// How contributions become a metric.
pub(crate) struct Measured {
    /// The feeds that it is made of, one at least, in the package's order.
    pub(crate) parts: Vec<Part>,
    pub(crate) source: Source,
    pub(crate) asked: Asked,
    pub(crate) how: How,
    pub(crate) window: Window,
    pub(crate) by: By,
    /// How old a contribution may be, the longest of its feeds.
    pub(crate) past_ms: i64,
}

impl Measured {
    /// The number under which an asset stands behind this metric: its index within the feed, which
    /// is small, as long as there is one feed alone.
    pub(crate) fn number_of(&self, index: u32, handle: u32) -> u32 {
        if self.parts.len() == 1 { index } else { handle }
    }

    /// The feeds' numbers.
    pub(crate) fn feeds(&self) -> impl Iterator<Item = Feed> + '_ {
        self.parts.iter().map(|part| part.feed)
    }
}

impl MetricPlan {
    pub(crate) fn measured(&self) -> Option<&Measured> {
        match &self.kind {
            MetricKind::Measured(measured) => Some(measured),
            MetricKind::Derived { .. } | MetricKind::Index(_) | MetricKind::Quality { .. } => None,
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

fn kind(plan: &mut Plan, package: &Package, def: &MetricDef) -> Option<MetricKind> {
    if let Some(derive) = &def.derive {
        let formula = Formula::compile(derive)?;
        let ids = formula.inputs.iter();
        let inputs: Option<Vec<Metric>> = ids
            .map(|id| plan.metric_number(&id.as_str().into()))
            .collect();
        return Some(MetricKind::Derived {
            inputs: inputs?,
            formula,
        });
    }
    if !def.index.is_empty() {
        let part = |part: &IndexPart| Some((plan.metric_number(&part.metric)?, part.clone()));
        let parts: Option<Vec<_>> = def.index.iter().map(part).collect();
        return parts.map(MetricKind::Index);
    }
    let from = def.source.as_ref()?;
    let feeds = sources::feeds(plan, from);
    if feeds.is_empty() {
        return None;
    }
    if let Some(of) = from.quality {
        let sliding = def.window.and_then(|window| window.sliding);
        return Some(MetricKind::Quality {
            feeds,
            of,
            n_minutes: sliding.map_or(HOUR_MINUTES, feed::minutes),
        });
    }
    measured(plan, package, def, from, &feeds).map(|one| MetricKind::Measured(Box::new(one)))
}

fn measured(
    plan: &mut Plan,
    package: &Package,
    def: &MetricDef,
    from: &SourceDef,
    feeds: &[Feed],
) -> Option<Measured> {
    let source = sources::source(plan, def, from)?;
    let aggregate = def.aggregate.as_ref()?;
    let pasts = feeds.iter().filter_map(|feed| plan.feed(*feed));
    let past_ms = pasts.map(FeedPlan::past_ms).max()?;
    Some(Measured {
        asked: sources::asked(aggregate, &source)?,
        how: How::new(aggregate),
        window: Window::new(def.window?, package.timezone)?,
        by: def.by,
        past_ms,
        source,
        parts: feeds
            .iter()
            .map(|feed| sources::part(plan, *feed, from))
            .collect(),
    })
}

/// Tells the feeds, or the inputs, who depends on them.
fn register(plan: &mut Plan, number: Metric, kind: &MetricKind) {
    match kind {
        MetricKind::Measured(measured) => {
            for part in &measured.parts {
                register_part(plan, number, measured, *part);
            }
        }
        MetricKind::Derived { inputs, .. } => depend(plan, number, inputs.iter().copied()),
        MetricKind::Index(parts) => depend(plan, number, parts.iter().map(|(part, _)| *part)),
        MetricKind::Quality { feeds, .. } => {
            for feed in feeds {
                if let Some(feed) = plan.feeds.get_mut(usize::from(*feed)) {
                    feed.quality.push(number);
                }
            }
        }
    }
}

fn register_part(plan: &mut Plan, number: Metric, measured: &Measured, part: Part) {
    let Some(feed) = plan.feeds.get_mut(usize::from(part.feed)) else {
        return;
    };
    let one = Use {
        metric: number,
        only: part.only,
    };
    feed.metrics.push(one);
    if let Some(only) = part.only.filter(|only| !feed.selections.contains(only)) {
        feed.selections.push(only);
    }
    match &measured.source {
        Source::Readings(property, _) => {
            if let Some(uses) = feed.use_mut(*property) {
                uses.metrics.push(one);
            }
        }
        Source::Durations(durations) => {
            feed.keeps_text |= durations.reads_text;
            for step in [&durations.from, &durations.to] {
                if !feed.steps.contains(step) {
                    feed.steps.push(step.clone());
                }
            }
        }
        Source::Reports(..) => {}
    }
}

fn depend(plan: &mut Plan, number: Metric, inputs: impl Iterator<Item = Metric>) {
    for input in inputs {
        if let Some(metric) = plan.metrics.get_mut(usize::from(input))
            && !metric.dependents.contains(&number)
        {
            metric.dependents.push(number);
        }
    }
}
