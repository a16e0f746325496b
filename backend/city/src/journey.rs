//! Where reports stand: when each entered the states between which time is measured.
//!
//! Steps come in any order; the time between two of them counts as soon as both are known, at the
//! event time of the later one by definition. A report that has taken every step there is to
//! measure is let go; of those that never will, the oldest go when there are too many.

use std::collections::BTreeMap;

use egret_shared::id::ReportId;
use egret_shared::report::Report;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::limits::JOURNEYS_MAX;
use crate::plan::{Area, Areas, Feed, FeedPlan};

/// Where a report says that it happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Named {
    /// It does not.
    #[default]
    Nowhere,
    /// Outside the city.
    Outside,
    /// In this area.
    In(Area),
}

impl Named {
    /// What `report` says.
    pub(crate) fn by(report: &Report, areas: &Areas) -> Self {
        let area = report.area.as_ref().and_then(|code| areas.number(code));
        match (report.position, area) {
            (None, _) => Self::Nowhere,
            (Some(_), None) => Self::Outside,
            (Some(_), Some(area)) => Self::In(area),
        }
    }

    /// The area, with `home` for what says nothing; `None` outside the city.
    pub(crate) fn area(self, home: Area) -> Option<Area> {
        match self {
            Self::Nowhere => Some(home),
            Self::Outside => None,
            Self::In(area) => Some(area),
        }
    }
}

/// How far a report has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Journey {
    /// Its place in the order of appearance.
    serial: u64,
    /// States of the feed's `steps`, by number, with the event time of entering them.
    steps: Vec<(u16, i64)>,
    /// Where it happened, as soon as a step says where.
    named: Named,
    /// What kind of thing it is, as soon as a step says so.
    category: SmolStr,
    /// What is said of it, as soon as a step says something and if a filter reads it.
    text: String,
}

/// A report as it stands after a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stage {
    journey: Journey,
    /// The number of the step that was taken just now.
    new: u16,
}

impl Stage {
    /// When the report entered `from` and `to`, if it has entered both, one of them just now.
    pub(crate) fn between(&self, plan: &FeedPlan, from: &str, to: &str) -> Option<(i64, i64)> {
        let entered = |state: &str| {
            let number = plan.steps.iter().position(|step| step == state)?;
            let steps = &self.journey.steps;
            steps.iter().find(|(step, _)| usize::from(*step) == number)
        };
        let (from, to) = (entered(from)?, entered(to)?);
        let is_new = from.0 == self.new || to.0 == self.new;
        is_new.then_some((from.1, to.1))
    }

    /// Where it happened; `home` if no step has said where, `None` outside the city.
    pub(crate) fn area(&self, home: Area) -> Option<Area> {
        self.journey.named.area(home)
    }

    /// `report` as filters see it at the end of its way to `state`, whichever of its steps arrived
    /// last.
    pub(crate) fn whole(&self, report: &Report, state: &SmolStr) -> Report {
        Report {
            category: self.journey.category.clone(),
            text: self.journey.text.clone(),
            state: state.clone(),
            ..report.clone()
        }
    }
}

/// Reports that have not come to their end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Journeys {
    open: BTreeMap<(Feed, ReportId), Journey>,
    /// The same by order of appearance.
    by_age: BTreeMap<u64, (Feed, ReportId)>,
    n_ever: u64,
}

impl Journeys {
    /// Notes that `report` entered its state, at the place that it has `named`; how it stands now.
    /// `None` if time is measured from and to other states only, or it was in this one before.
    pub(crate) fn step(
        &mut self,
        feed: Feed,
        plan: &FeedPlan,
        report: &Report,
        named: Named,
    ) -> Option<Stage> {
        let new = plan.steps.iter().position(|step| *step == report.state)?;
        let new = u16::try_from(new).ok()?;
        let key = (feed, report.report.clone());
        if !self.open.contains_key(&key) {
            self.begin(key.clone());
        }
        let journey = self.open.get_mut(&key)?;
        if journey.steps.iter().any(|(step, _)| *step == new) {
            return None;
        }
        journey.steps.push((new, report.observed_at.0));
        if journey.named == Named::Nowhere {
            journey.named = named;
        }
        if journey.category.is_empty() {
            journey.category = report.category.clone();
        }
        if plan.keeps_text && journey.text.is_empty() {
            journey.text.clone_from(&report.text);
        }
        let journey = journey.clone();
        if journey.steps.len() == plan.steps.len() {
            self.by_age.remove(&journey.serial);
            self.open.remove(&key);
        }
        Some(Stage { journey, new })
    }

    /// Begins a journey; beyond [`JOURNEYS_MAX`] the oldest goes.
    fn begin(&mut self, key: (Feed, ReportId)) {
        if self.open.len() >= JOURNEYS_MAX
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.open.remove(&oldest);
        }
        self.n_ever += 1;
        self.by_age.insert(self.n_ever, key.clone());
        let journey = Journey {
            serial: self.n_ever,
            ..Journey::default()
        };
        self.open.insert(key, journey);
    }
}
