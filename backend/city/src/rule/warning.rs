//! Warning: somebody has issued a warning, and it is in force.
//!
//! A warning is a report: its category says which and how bad, its states that it is issued,
//! renewed, and over. It also ends when its own time is over, and when nobody renews it for as long
//! as the rule says. Steps count in the order in which they happened: a cancelled warning is not
//! revived by what comes late.

use std::collections::BTreeMap;

use egret_shared::alert::Subject;
use egret_shared::id::{FeedId, ReportId};
use egret_shared::issued::Issued as Said;
use egret_shared::level::Level;
use egret_shared::package::rule::{LevelDef, RuleDef};
use egret_shared::position::Position;
use egret_shared::text::Text;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Kind, Looks, Step};
use crate::alert::{Row, Target, Trigger};
use crate::expr::ReportFilter;
use crate::fold::Fold;
use crate::limits::WARNINGS_MAX;
use crate::plan::{Area, Areas, Feed, Plan, Rule};

/// States in which a warning is over, unless the rule names others.
const ENDS: [&str; 3] = ["cancelled", "expired", "closed"];

/// Which warnings.
pub(super) struct Watch {
    feed: Feed,
    filter: ReportFilter,
    level: LevelDef,
    ends: Vec<String>,
    lasts_ms: i64,
}

/// Warnings by the report that issued them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State(BTreeMap<ReportId, Known>);

/// A warning.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Known {
    /// When its newest step happened.
    at_ms: i64,
    /// When it ends, or when it can be forgotten that it has.
    until_ms: i64,
    /// Absent once it is over.
    level: Option<Level>,
    category: SmolStr,
    position: Position,
    area: Option<Area>,
}

impl Watch {
    pub(super) fn compile(plan: &Plan, def: &RuleDef) -> Option<Self> {
        let ends = if def.ends.is_empty() {
            ENDS.map(str::to_owned).to_vec()
        } else {
            def.ends.clone()
        };
        Some(Self {
            feed: plan.feed_number(def.on.feed.as_ref()?)?,
            filter: ReportFilter::compile(def.on.filter.as_deref())?,
            level: def.level.clone(),
            ends,
            lasts_ms: def.lasts?.ms(),
        })
    }

    /// How bad a step makes the warning; `None` if it is over, or none of this rule.
    fn level_of(&self, fold: &Fold<'_>, step: &Step<'_>) -> Option<Level> {
        let report = step.report;
        let is_over = self.ends.iter().any(|state| *state == report.state);
        if is_over || !self.filter.holds(&fold.plan.engine, report) {
            return None;
        }
        match &self.level {
            LevelDef::Fixed(level) => Some(*level),
            LevelDef::ByWord(words) => words.get(report.category.as_str()).copied(),
            LevelDef::ByValue(_) | LevelDef::Unsaid => None,
        }
    }

    /// When a warning that nobody renews is over.
    fn until_ms(&self, at_ms: i64, said: Option<&Said>) -> i64 {
        let longest_ms = at_ms.saturating_add(self.lasts_ms);
        let own_ms = said.and_then(|said| said.until).map(|until| until.0);
        own_ms.map_or(longest_ms, |own_ms| own_ms.min(longest_ms))
    }

    fn judge(
        &self,
        fold: &mut Fold<'_>,
        rule: Rule,
        report: ReportId,
        (issued, said): (&Known, Option<Said>),
    ) {
        let Some(plan) = fold.plan.feed(self.feed) else {
            return;
        };
        let feed = plan.def.id.clone();
        // A sensitive feed's texts are not for everybody who sees its alerts.
        let said = said.map(|said| {
            if plan.sensitive {
                let headline = String::new();
                Said { headline, ..said }
            } else {
                said
            }
        });
        let category = category(fold, &feed, &issued.category);
        let target = Target::Place(issued.position, issued.area);
        let subject = Subject::Reports {
            feed,
            first: report,
        };
        let holds = issued.level.is_some();
        fold.judge(&Trigger {
            level: issued.level,
            facts: vec![("category", category)],
            issued: said.map(Box::new),
            ..Trigger::new(rule, subject, target, holds, issued.at_ms)
        });
    }
}

/// The finest area that holds all areas which a warning without a place names.
fn named_area(fold: &Fold<'_>, step: &Step<'_>) -> Option<Area> {
    let areas = &fold.plan.areas;
    let named = step.issued.filter(|_| step.position.is_none())?.areas.iter();
    let named = named.filter_map(|code| areas.number(code));
    named.reduce(|one, other| areas.common(one, other))
}

/// What people call a report's category.
fn category(fold: &Fold<'_>, feed: &FeedId, category: &str) -> Text {
    let words = fold.package.words.category.get(feed);
    let word = words.and_then(|words| words.get(category));
    word.cloned().unwrap_or_else(|| Text::new(category, category))
}

impl Kind for Watch {
    fn looks(&self) -> Looks {
        Looks::Reports(self.feed)
    }

    fn says(&self, _target: &Target) -> (&'static str, &'static str) {
        ("{area} {category}", "{category} in {area}")
    }

    /// While it is in force it is of now, however long ago it was issued; only what it was late
    /// when it came stays with it.
    fn seen_ms(&self, fold: &Fold<'_>, row: &Row) -> i64 {
        let now_ms = fold.state.now_ms;
        let held_ms = fold.plan.rule(row.rule).map_or(0, |rule| rule.def.hold.ms());
        let fired_ms = row.alert.fired_at.map_or(now_ms, |at| at.0);
        let late_ms = fired_ms - row.alert.since.0 - held_ms;
        now_ms - late_ms.max(0)
    }

    fn stepped(&self, fold: &mut Fold<'_>, rule: Rule, step: &Step<'_>) {
        let (now_ms, report) = (fold.state.now_ms, step.report);
        let level = self.level_of(fold, step);
        let at_ms = report.observed_at.0.min(now_ms);
        let known = fold.rule_state(rule);
        let known = known.and_then(|known| known.warning.0.get(&report.report));
        let known = known.map(|known| (known.at_ms, known.level.is_some()));
        let is_news = known.is_none_or(|(newest_ms, _)| newest_ms <= at_ms);
        // Of what was never in force here nothing has to be remembered.
        if !is_news || (level.is_none() && known.is_none()) {
            return;
        }
        let until_ms = self.until_ms(at_ms, step.issued);
        if level.is_some() && until_ms <= now_ms {
            return;
        }
        let area = named_area(fold, step).or(step.area);
        let home = fold.plan.areas.centre(area.unwrap_or(Areas::ROOT));
        let Some(position) = step.position.or(home) else {
            return;
        };
        let issued = Known {
            at_ms,
            until_ms,
            level,
            category: report.category.clone(),
            position,
            area,
        };
        if let Some(known) = fold.rule_state(rule) {
            known.warning.0.insert(report.report.clone(), issued.clone());
        }
        let said = step.issued.cloned();
        self.judge(fold, rule, report.report.clone(), (&issued, said));
        self.keep_few(fold, rule);
    }

    fn ticked(&self, fold: &mut Fold<'_>, rule: Rule) {
        let now_ms = fold.state.now_ms;
        let Some(known) = fold.rule_state(rule).map(|known| &mut known.warning.0) else {
            return;
        };
        let over = known.iter().filter(|(_, issued)| issued.until_ms <= now_ms);
        let over: Vec<ReportId> = over.map(|(report, _)| report.clone()).collect();
        for report in over {
            self.end(fold, rule, report);
        }
    }
}

impl Watch {
    /// Ends a warning as of now, and forgets it.
    fn end(&self, fold: &mut Fold<'_>, rule: Rule, report: ReportId) {
        let now_ms = fold.state.now_ms;
        let known = fold.rule_state(rule);
        let issued = known.and_then(|known| known.warning.0.remove(&report));
        if let Some(issued) = issued.filter(|issued| issued.level.is_some()) {
            let over = Known {
                level: None,
                at_ms: now_ms,
                ..issued
            };
            self.judge(fold, rule, report, (&over, None));
        }
    }

    /// Beyond [`WARNINGS_MAX`] the one that ends first goes.
    fn keep_few(&self, fold: &mut Fold<'_>, rule: Rule) {
        let Some(known) = fold.rule_state(rule).map(|known| &known.warning.0) else {
            return;
        };
        if known.len() <= WARNINGS_MAX {
            return;
        }
        let first = known
            .iter()
            .min_by_key(|(report, issued)| (issued.until_ms, *report));
        if let Some(report) = first.map(|(report, _)| report.clone()) {
            self.end(fold, rule, report);
        }
    }
}
