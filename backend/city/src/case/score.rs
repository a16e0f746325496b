//! Scorecards 考核评价: counted as things happen, by month, department and district.

use std::collections::BTreeMap;

use chrono::Datelike;
use egret_shared::case::Act;
use egret_shared::case::task::TaskState;
use egret_shared::id::{AreaCode, DepartmentId};
use egret_shared::incident::Incident;
use egret_shared::scorecard::{Scorecard, Tally};
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

use super::file::File;
use crate::fold::Fold;
use crate::limits::SCORECARD_MONTHS;
use crate::window::local_date;

/// Months since the beginning of our era.
type Month = i32;

/// All scorecards. As many as months, departments and districts there are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Scores {
    tallies: BTreeMap<(Month, DepartmentId, Option<AreaCode>), Tally>,
}

impl Scores {
    /// Every card, by month, department and district.
    pub(crate) fn cards(&self) -> impl Iterator<Item = Scorecard> + '_ {
        self.tallies
            .iter()
            .map(|((month, department, area), tally)| Scorecard {
                month: format!(
                    "{:04}-{:02}",
                    month.div_euclid(12),
                    month.rem_euclid(12) + 1
                ),
                department: department.clone(),
                area: area.clone(),
                tally: *tally,
            })
    }

    fn tally(
        &mut self,
        month: Month,
        department: &DepartmentId,
        incident: &Incident,
    ) -> &mut Tally {
        // Districts are the areas right below the city.
        let district = incident.areas.get(1).cloned();
        let key = (month, department.clone(), district);
        if !self.tallies.contains_key(&key) {
            let oldest = month - (SCORECARD_MONTHS - 1);
            self.tallies.retain(|(month, _, _), _| *month >= oldest);
        }
        self.tallies.entry(key).or_default()
    }
}

impl Fold<'_> {
    fn month(&self) -> Month {
        let date = local_date(self.state.now_ms, self.plan.zone);
        date.year() * 12 + i32::try_from(date.month0()).unwrap_or_default()
    }

    fn count(
        &mut self,
        department: Option<&DepartmentId>,
        incident: &Incident,
        add: impl Fn(&mut Tally),
    ) {
        let month = self.month();
        if let Some(department) = department {
            add(self.state.cases.scores.tally(month, department, incident));
        }
    }

    /// Counts what `act` has made of `before`.
    pub(super) fn score(
        &mut self,
        before: &Incident,
        after: &Incident,
        act: &Act,
        file: &mut File,
    ) {
        for task in after.tasks.iter().skip(before.tasks.len()) {
            self.count(Some(&task.department), after, |tally| tally.given += 1);
        }
        let lead = after.lead.as_ref();
        match act {
            Act::Return { department, .. } => {
                self.count(Some(department), after, |tally| tally.returned += 1);
            }
            Act::Feedback { .. } => self.settle_done(before, after, file),
            Act::Verify { passed: false, .. } | Act::Reopen { .. } => {
                self.count(lead, after, |tally| tally.reopened += 1);
            }
            Act::Evaluate { score, .. } => self.count(lead, after, |tally| {
                tally.judged += 1;
                tally.score += u32::from(*score);
            }),
            _ => {}
        }
        if after.supervised && !before.supervised {
            self.score_supervised(after);
        }
    }

    /// Counts that an incident is urged from above, with who answers for it.
    pub(super) fn score_supervised(&mut self, incident: &Incident) {
        let responsible = incident.responsible.as_ref();
        self.count(responsible, incident, |tally| tally.supervised += 1);
    }

    fn settle_done(&mut self, before: &Incident, after: &Incident, file: &mut File) {
        let now = TimeMs(self.state.now_ms);
        let is_late = after.clock.due_at.is_some_and(|due| now > due);
        let both = (0_u16..).zip(before.tasks.iter().zip(&after.tasks));
        for (number, (was, is)) in both {
            let is_done = was.state != TaskState::Done && is.state == TaskState::Done;
            if !is_done || file.settled.contains(&number) {
                continue;
            }
            file.settled.push(number);
            self.count(Some(&is.department), after, |tally| {
                if is_late {
                    tally.late += 1;
                } else {
                    tally.in_time += 1;
                }
            });
        }
    }

    /// Counts every task that is open when the time is over as late.
    pub(super) fn score_overdue(&mut self, incident: &Incident, file: &mut File) {
        let open = (0_u16..)
            .zip(&incident.tasks)
            .filter(|(_, task)| task.is_open());
        for (number, task) in open {
            if !file.settled.contains(&number) {
                file.settled.push(number);
                self.count(Some(&task.department), incident, |tally| tally.late += 1);
            }
        }
    }
}
