//! What can be done to an incident by hand.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::alert::AlertKey;
use crate::id::{DepartmentId, IncidentId};
use crate::incident::CaseClass;
use crate::level::Level;

/// One thing that somebody does to an incident. New ones go to the end: the journal keeps them by
/// number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Says that they look after it until the end of their shift.
    Acknowledge,
    /// 立案: takes it as a case.
    File {
        /// What kind of need.
        class: CaseClass,
        /// How bad; absent, as it is.
        #[serde(default)]
        level: Option<Level>,
        /// What to say; may be empty.
        #[serde(default)]
        note: String,
    },
    /// 不予立案: does not take it.
    Dismiss {
        /// Why.
        reason: String,
    },
    /// 派遣: gives it to departments, in place of those that had it before.
    Dispatch {
        /// 主办.
        lead: DepartmentId,
        /// 协办.
        #[serde(default)]
        support: Vec<DepartmentId>,
        /// What to do; may be empty.
        #[serde(default)]
        note: String,
    },
    /// 越级指挥: orders departments directly, beside those that have it. They cannot return it.
    Command {
        /// Whom; the first one leads if nobody does yet.
        departments: Vec<DepartmentId>,
        /// What to do.
        order: String,
    },
    /// A department accepts its task.
    Accept {
        /// Which.
        department: DepartmentId,
    },
    /// 退单: a department gives its task back before accepting it. Once.
    Return {
        /// Which.
        department: DepartmentId,
        /// Why.
        reason: String,
    },
    /// A department that has to take what it once returned, or what it was ordered directly,
    /// objects; then the district decides.
    Dispute {
        /// Which.
        department: DepartmentId,
        /// Why.
        reason: String,
    },
    /// The district decides whose it is. Nobody can object again.
    Decide {
        /// 主办.
        lead: DepartmentId,
        /// 协办.
        #[serde(default)]
        support: Vec<DepartmentId>,
        /// Why.
        reason: String,
    },
    /// 反馈: a department says that its task is done.
    Feedback {
        /// Which.
        department: DepartmentId,
        /// What was done.
        text: String,
    },
    /// 核查: somebody who did not handle it has looked.
    Verify {
        /// Whether it is done.
        passed: bool,
        /// What was seen.
        note: String,
    },
    /// 结案.
    Close {
        /// What to say; may be empty.
        #[serde(default)]
        note: String,
    },
    /// 评价: how content whoever reported it was.
    Evaluate {
        /// From 1 (poor) to 5.
        score: u8,
        /// What they said; may be empty.
        #[serde(default)]
        note: String,
    },
    /// Opens again what was over.
    Reopen {
        /// Why.
        reason: String,
    },
    /// 督办: urges from above.
    Supervise {
        /// Why.
        reason: String,
    },
    /// Says anew how bad and what kind of need it is.
    Grade {
        /// What kind of need.
        class: CaseClass,
        /// How bad.
        level: Level,
        /// Why.
        reason: String,
    },
    /// Stops the clock while a citizen has to answer.
    Wait {
        /// What for.
        reason: String,
    },
    /// Lets the clock run again.
    Resume {
        /// What to say; may be empty.
        #[serde(default)]
        note: String,
    },
    /// Ticks a point of the plan's checklist, or takes the tick back.
    Tick {
        /// Which, from 0.
        item: u16,
        /// Whether it is done.
        done: bool,
    },
    /// Says something.
    Comment {
        /// What.
        text: String,
    },
    /// Puts a file to it that the server has taken.
    Attach {
        /// What the server calls it: the SHA-256 of its bytes in hex.
        file: SmolStr,
        /// What its sender calls it.
        name: String,
        /// Its media type, as found by its bytes.
        media: SmolStr,
        /// How long it is.
        bytes: u32,
    },
    /// Points to another incident or to a page.
    Link {
        /// An id of an incident, or an `https://` or `http://` address.
        to: String,
        /// What it is; may be empty.
        #[serde(default)]
        note: String,
    },
    /// 并案: makes it part of another incident, evidence and all.
    Merge {
        /// Which.
        into: IncidentId,
        /// Why.
        reason: String,
    },
    /// 拆案: takes alerts out of it, to be an incident of their own.
    Split {
        /// Which; not all of them.
        alerts: Vec<AlertKey>,
        /// Why.
        reason: String,
    },
    /// Makes it a part of a larger one, with a life of its own; without one, no longer.
    Parent {
        /// Of which.
        #[serde(default)]
        of: Option<IncidentId>,
    },
}

/// An act without its particulars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each stands for the act of its name")]
pub enum ActKind {
    Acknowledge,
    File,
    Dismiss,
    Dispatch,
    Command,
    Accept,
    Return,
    Dispute,
    Decide,
    Feedback,
    Verify,
    Close,
    Evaluate,
    Reopen,
    Supervise,
    Grade,
    Wait,
    Resume,
    Tick,
    Comment,
    Attach,
    Link,
    Merge,
    Split,
    Parent,
}

impl ActKind {
    /// Every kind, in the order in which a screen offers them.
    pub const ALL: [Self; 25] = [
        Self::Acknowledge,
        Self::File,
        Self::Dismiss,
        Self::Dispatch,
        Self::Command,
        Self::Accept,
        Self::Return,
        Self::Dispute,
        Self::Decide,
        Self::Feedback,
        Self::Verify,
        Self::Close,
        Self::Evaluate,
        Self::Reopen,
        Self::Supervise,
        Self::Grade,
        Self::Wait,
        Self::Resume,
        Self::Tick,
        Self::Comment,
        Self::Attach,
        Self::Link,
        Self::Merge,
        Self::Split,
        Self::Parent,
    ];

    /// The kind's word, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::File => "file",
            Self::Dismiss => "dismiss",
            Self::Dispatch => "dispatch",
            Self::Command => "command",
            Self::Accept => "accept",
            Self::Return => "return",
            Self::Dispute => "dispute",
            Self::Decide => "decide",
            Self::Feedback => "feedback",
            Self::Verify => "verify",
            Self::Close => "close",
            Self::Evaluate => "evaluate",
            Self::Reopen => "reopen",
            Self::Supervise => "supervise",
            Self::Grade => "grade",
            Self::Wait => "wait",
            Self::Resume => "resume",
            Self::Tick => "tick",
            Self::Comment => "comment",
            Self::Attach => "attach",
            Self::Link => "link",
            Self::Merge => "merge",
            Self::Split => "split",
            Self::Parent => "parent",
        }
    }
}

impl Act {
    /// What kind of act it is.
    pub const fn kind(&self) -> ActKind {
        match self {
            Self::Acknowledge => ActKind::Acknowledge,
            Self::File { .. } => ActKind::File,
            Self::Dismiss { .. } => ActKind::Dismiss,
            Self::Dispatch { .. } => ActKind::Dispatch,
            Self::Command { .. } => ActKind::Command,
            Self::Accept { .. } => ActKind::Accept,
            Self::Return { .. } => ActKind::Return,
            Self::Dispute { .. } => ActKind::Dispute,
            Self::Decide { .. } => ActKind::Decide,
            Self::Feedback { .. } => ActKind::Feedback,
            Self::Verify { .. } => ActKind::Verify,
            Self::Close { .. } => ActKind::Close,
            Self::Evaluate { .. } => ActKind::Evaluate,
            Self::Reopen { .. } => ActKind::Reopen,
            Self::Supervise { .. } => ActKind::Supervise,
            Self::Grade { .. } => ActKind::Grade,
            Self::Wait { .. } => ActKind::Wait,
            Self::Resume { .. } => ActKind::Resume,
            Self::Tick { .. } => ActKind::Tick,
            Self::Comment { .. } => ActKind::Comment,
            Self::Attach { .. } => ActKind::Attach,
            Self::Link { .. } => ActKind::Link,
            Self::Merge { .. } => ActKind::Merge,
            Self::Split { .. } => ActKind::Split,
            Self::Parent { .. } => ActKind::Parent,
        }
    }

    /// What somebody wrote, and whether it may be left out.
    pub(super) fn text(&self) -> (&str, bool) {
        match self {
            Self::Dismiss { reason }
            | Self::Return { reason, .. }
            | Self::Dispute { reason, .. }
            | Self::Decide { reason, .. }
            | Self::Reopen { reason }
            | Self::Supervise { reason }
            | Self::Grade { reason, .. }
            | Self::Wait { reason }
            | Self::Merge { reason, .. }
            | Self::Split { reason, .. } => (reason, false),
            Self::Command { order, .. } => (order, false),
            Self::Feedback { text, .. } | Self::Comment { text } => (text, false),
            Self::Verify { note, .. } => (note, false),
            Self::File { note, .. }
            | Self::Dispatch { note, .. }
            | Self::Close { note }
            | Self::Evaluate { note, .. }
            | Self::Resume { note }
            | Self::Link { note, .. } => (note, true),
            Self::Attach { name, .. } => (name, false),
            Self::Acknowledge | Self::Accept { .. } | Self::Tick { .. } | Self::Parent { .. } => {
                ("", true)
            }
        }
    }
}
