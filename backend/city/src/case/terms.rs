//! `casework.toml` made ready: limits, calendar, shifts, checklists and what calls the emergency
//! mode. A function of the package; no part of the state.

use std::collections::BTreeMap;

use chrono::{Days, NaiveTime};
use egret_package::Package;
use egret_shared::case::CheckItem;
use egret_shared::id::{PlanId, RuleId};
use egret_shared::incident::CaseClass;
use egret_shared::level::Level;
use egret_shared::mode::Mode;
use egret_shared::package::casework::{CaseworkDef, EmergencyDef};
use egret_shared::text::Text;
use egret_shared::time::{Span, TimeMs};

use super::calendar::Calendar;
use crate::limits::CHECKLIST_MAX;
use crate::window::{local_date, midnight_ms};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// When shifts begin if the package does not say, after local midnight. Milliseconds.
const SHIFTS_MS: [i64; 3] = [0, 8 * HOUR_MS, 16 * HOUR_MS];

/// The terms under which cases are worked.
pub(crate) struct Terms {
    pub(crate) calendar: Calendar,
    limits: BTreeMap<CaseClass, Span>,
    /// After local midnight, rising. Milliseconds.
    shifts_ms: Vec<i64>,
    pub(crate) emergency: EmergencyDef,
    checklists: BTreeMap<PlanId, Vec<Text>>,
    /// Plans by the rules that they fit.
    plans: BTreeMap<RuleId, PlanId>,
}

/// How long something may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) span_ms: i64,
    pub(crate) in_working_days: bool,
}

impl Limit {
    /// A limit of more than a day counts working days.
    pub(crate) fn new(span: Span) -> Self {
        Self {
            span_ms: span.ms(),
            in_working_days: span.ms() > DAY_MS,
        }
    }

    /// The part of it after which a warning is given: four fifths.
    pub(crate) fn warning_ms(self) -> i64 {
        self.span_ms / 5 * 4
    }
}

impl Terms {
    /// The terms of a checked package. What a check would have refused is left out.
    pub(crate) fn new(package: &Package) -> Self {
        let CaseworkDef {
            limits,
            calendar,
            shifts,
            emergency,
        } = package.casework.clone();
        let plans = package.plans.iter();
        let fits = plans
            .clone()
            .flat_map(|(id, plan)| plan.kinds.iter().map(|kind| (kind.clone(), id.clone())));
        Self {
            calendar: Calendar::new(&calendar, package.timezone),
            limits,
            shifts_ms: shifts_ms(&shifts),
            emergency,
            checklists: plans
                .map(|(id, plan)| (id.clone(), points(&plan.text)))
                .collect(),
            plans: fits.collect(),
        }
    }

    /// How long a case of `class` may take.
    pub(crate) fn limit(&self, class: CaseClass, mode: Mode) -> Limit {
        let other = match mode {
            Mode::Peace => None,
            Mode::Emergency => self.emergency.limits.get(&class),
        };
        let own = other.or_else(|| self.limits.get(&class));
        Limit::new(own.copied().unwrap_or(default_limit(class)))
    }

    /// Limits of a rule's levels in place of those of everyday.
    pub(crate) fn levels(&self, rule: &RuleId, mode: Mode) -> Option<&BTreeMap<Level, f64>> {
        match mode {
            Mode::Peace => None,
            Mode::Emergency => self.emergency.levels.get(rule),
        }
    }

    /// When the shift that runs at `at` ends.
    pub(crate) fn shift_end(&self, at: TimeMs) -> TimeMs {
        let zone = self.calendar.zone();
        let today = local_date(at.0, zone);
        let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
        let days = [today, tomorrow].map(|date| midnight_ms(date, zone));
        let starts = days
            .iter()
            .flat_map(|midnight| self.shifts_ms.iter().map(move |shift| midnight + shift));
        let next = starts.filter(|start| *start > at.0).min();
        TimeMs(next.unwrap_or(at.0.saturating_add(DAY_MS)))
    }

    /// The plan for incidents of `rule`: the one that the rule names, or else one that fits it.
    pub(crate) fn plan_for(&self, rule: &RuleId) -> Option<&PlanId> {
        self.plans.get(rule)
    }

    /// The checklist of `plan`, nothing of it done.
    pub(crate) fn checklist(&self, plan: Option<&PlanId>) -> Vec<CheckItem> {
        let points = plan.and_then(|plan| self.checklists.get(plan));
        let points = points.into_iter().flatten().cloned();
        points.map(|text| CheckItem { text, done: None }).collect()
    }
}

fn default_limit(class: CaseClass) -> Span {
    Span(match class {
        CaseClass::Life => 2 * HOUR_MS,
        CaseClass::Utilities => DAY_MS,
        CaseClass::Normal => 7 * DAY_MS,
        CaseClass::Complex => 15 * DAY_MS,
    })
}

fn shifts_ms(texts: &[String]) -> Vec<i64> {
    let since_midnight = |time: NaiveTime| (time - NaiveTime::MIN).num_milliseconds();
    let times = texts
        .iter()
        .filter_map(|text| NaiveTime::parse_from_str(text, "%H:%M").ok());
    let mut shifts: Vec<i64> = times.map(since_midnight).collect();
    if shifts.is_empty() {
        shifts.extend(SHIFTS_MS);
    }
    shifts.sort_unstable();
    shifts
}

/// The points of a plan's text: its lines `- [ ] 中文 / English`. A line in one language stands for
/// both.
fn points(text: &str) -> Vec<Text> {
    let lines = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- [ ]"));
    let both = |line: &str| match line.split_once(" / ") {
        Some((zh, en)) => Text::new(zh.trim(), en.trim()),
        None => Text::new(line.trim(), line.trim()),
    };
    lines.map(both).take(CHECKLIST_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_s_lines_are_points_in_both_languages() {
        let text = "Read this first.\n- [ ] 核实 / Confirm\n  - [ ] Look\n- no point\n";
        assert_eq!(
            points(text),
            [Text::new("核实", "Confirm"), Text::new("Look", "Look")]
        );
    }

    #[test]
    fn only_limits_of_more_than_a_day_count_working_days() {
        let limit = |text| Limit::new(Span::parse(text).unwrap());
        assert!(!limit("2h").in_working_days);
        assert!(!limit("24h").in_working_days);
        assert!(limit("2d").in_working_days);
        assert_eq!(limit("10h").warning_ms(), 8 * HOUR_MS);
    }
}
