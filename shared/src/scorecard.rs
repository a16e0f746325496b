//! Scorecards 考核评价: how departments do with what they are given, from the journal.

use serde::{Deserialize, Serialize};

use crate::id::{AreaCode, DepartmentId};

/// What a department did in a month, with incidents of one district.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scorecard {
    /// The month, as `YYYY-MM` in the city's time.
    pub month: String,
    /// Whose.
    pub department: DepartmentId,
    /// The district of the incidents; absent for those of no district.
    pub area: Option<AreaCode>,
    /// What was counted.
    pub tally: Tally,
}

/// Counts of tasks and of the incidents that they belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Tasks given.
    pub given: u32,
    /// Tasks done within the incident's time.
    pub in_time: u32,
    /// Tasks done after it, or still open when it was over.
    pub late: u32,
    /// Tasks returned.
    pub returned: u32,
    /// Incidents led that were not verified, or opened again.
    pub reopened: u32,
    /// Incidents led that were urged from above.
    pub supervised: u32,
    /// Incidents led that were judged.
    pub judged: u32,
    /// The sum of those judgements, each from 1 to 5.
    pub score: u32,
}

impl Tally {
    /// Adds `other` to it.
    pub fn add(&mut self, other: &Self) {
        self.given += other.given;
        self.in_time += other.in_time;
        self.late += other.late;
        self.returned += other.returned;
        self.reopened += other.reopened;
        self.supervised += other.supervised;
        self.judged += other.judged;
        self.score += other.score;
    }
}
