//! A task 任务: an incident's assignment to one department.

use serde::{Deserialize, Serialize};

use crate::id::DepartmentId;
use crate::incident::Person;
use crate::time::TimeMs;

/// What one department has been given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Whose it is.
    pub department: DepartmentId,
    /// Lead 主办 or supporting 协办.
    pub part: Part,
    /// How it stands.
    pub state: TaskState,
    /// When it was given.
    pub given_at: TimeMs,
    /// Whether it was given past the ordinary way: 越级指挥.
    pub skip_level: bool,
    /// Who accepted it.
    pub accepted_by: Option<Person>,
    /// When it was done or returned.
    pub ended_at: Option<TimeMs>,
}

/// A department's part in an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// 主办.
    Lead,
    /// 协办.
    Support,
}

/// How a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskState {
    /// Given, not yet accepted.
    Given,
    /// Being handled.
    Accepted,
    /// Handled, with feedback.
    Done,
    /// 退单: given back.
    Returned,
    /// Taken away by who dispatched it.
    Withdrawn,
}

impl Task {
    /// Whether the department still has to do something.
    pub fn is_open(&self) -> bool {
        matches!(self.state, TaskState::Given | TaskState::Accepted)
    }
}

/// A department's objection to having been given an incident. Why stands in the timeline, for those
/// who work it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Who objects.
    pub department: DepartmentId,
    /// The person who said so.
    pub by: Person,
    /// When.
    pub at: TimeMs,
}
