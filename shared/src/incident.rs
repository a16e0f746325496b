//! An incident 案件: what an officer works — alerts joined into one explained case.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::alert::{AlertKey, Subject};
use crate::case::task::{Dispute, Task};
use crate::id::{AreaCode, DepartmentId, FeedId, IncidentId, PlanId, RuleId};
use crate::level::Level;
use crate::position::Position;
use crate::table::Keyed;
use crate::text::Text;
use crate::time::TimeMs;

/// Where an incident stands in its life.
///
/// Who may move it from one to the next is [`crate::case::step`].
///
/// # Source
/// GB/T 30428.8: 上报 first, 结案 last, then 评价.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IncidentState {
    /// 上报: there is enough evidence, or somebody reported it; nobody has taken it yet.
    Reported,
    /// 自行消除: every alert of it has resolved before anybody took it; it leaves the list after a
    /// while, and is reported again if its signals come back.
    Cleared,
    /// 立案: taken as a case.
    Filed,
    /// 派遣: given to a lead and supporting departments.
    Dispatched,
    /// 处置: the lead has accepted it.
    Handling,
    /// 反馈: the lead says that it is done.
    Feedback,
    /// 核查: somebody else has seen that it is done.
    Verified,
    /// 结案.
    Closed,
    /// 评价: closed, and judged by who had reported it.
    Evaluated,
    /// 不予立案: not taken, with a reason.
    Dismissed,
    /// 并案: part of another incident now.
    Merged,
}

impl IncidentState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 11] = [
        Self::Reported,
        Self::Cleared,
        Self::Filed,
        Self::Dispatched,
        Self::Handling,
        Self::Feedback,
        Self::Verified,
        Self::Closed,
        Self::Evaluated,
        Self::Dismissed,
        Self::Merged,
    ];

    /// The state's word, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Cleared => "cleared",
            Self::Filed => "filed",
            Self::Dispatched => "dispatched",
            Self::Handling => "handling",
            Self::Feedback => "feedback",
            Self::Verified => "verified",
            Self::Closed => "closed",
            Self::Evaluated => "evaluated",
            Self::Dismissed => "dismissed",
            Self::Merged => "merged",
        }
    }

    /// Whether nothing is left to be done.
    pub const fn is_over(self) -> bool {
        matches!(
            self,
            Self::Closed | Self::Evaluated | Self::Dismissed | Self::Merged
        )
    }

    /// Whether somebody has taken it as a case that is not over yet.
    pub const fn is_worked(self) -> bool {
        matches!(
            self,
            Self::Filed | Self::Dispatched | Self::Handling | Self::Feedback | Self::Verified
        )
    }
}

/// What kind of need an incident is, which says how long it may take.
///
/// # Source
/// Draft norm of the 12345 hotlines: two hours where life or property is in danger, a day for
/// water, power, gas and heat, seven days for the rest, fifteen for what is complex.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum CaseClass {
    /// 危急: danger to life or property.
    Life,
    /// 民生: water, power, gas, heat.
    Utilities,
    /// 一般.
    #[default]
    Normal,
    /// 疑难.
    Complex,
}

impl CaseClass {
    /// Every class, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Life, Self::Utilities, Self::Normal, Self::Complex];

    /// The class's word, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Life => "life",
            Self::Utilities => "utilities",
            Self::Normal => "normal",
            Self::Complex => "complex",
        }
    }
}

/// By when an incident has to be handled, and how that stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Since when it runs: since it opened, or since it was filed if the class's limit is nearer;
    /// absent without a limit.
    pub from: Option<TimeMs>,
    /// By when; while paused, as of the pause.
    pub due_at: Option<TimeMs>,
    /// When four fifths of it are gone.
    pub warn_at: Option<TimeMs>,
    /// Since when it stands still, waiting for a citizen.
    pub paused_since: Option<TimeMs>,
    /// Whether the warning has been given.
    pub warned: bool,
    /// Whether the time was over before the work was done.
    pub overdue: bool,
    /// When the work was done (feedback) or the incident was over, which stops it.
    pub stopped_at: Option<TimeMs>,
    /// Whether only working days count.
    pub in_working_days: bool,
}

/// Somebody who has said that they look after an incident. It lapses at the end of their shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Who.
    pub by: Person,
    /// When.
    pub at: TimeMs,
    /// Until when: the end of the shift.
    pub until: TimeMs,
}

/// A person as incidents tell of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Person {
    /// The account's id, by which people are told apart.
    pub id: SmolStr,
    /// What people call them.
    pub name: String,
}

/// An incident as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its identity.
    pub id: IncidentId,
    /// Where it stands.
    pub state: IncidentState,
    /// The highest level it has had, or the one it was given by hand.
    pub level: Level,
    /// What it is called: kind and place.
    pub title: Text,
    /// The rule whose alert speaks for it; of one that somebody reported, [`BY_HAND`].
    pub rule: RuleId,
    /// The areas that hold it, widest first.
    pub areas: Vec<AreaCode>,
    /// Where on the map.
    pub position: Option<Position>,
    /// When it opened.
    pub opened_at: TimeMs,
    /// By when it must be handled: [`Clock::due_at`].
    pub due_at: Option<TimeMs>,
    /// When its last alert resolved.
    pub cleared_at: Option<TimeMs>,
    /// Lead department 主办: proposed by the rule until it is dispatched.
    pub lead: Option<DepartmentId>,
    /// Supporting departments 协办.
    pub support: Vec<DepartmentId>,
    /// The response plan 预案.
    pub plan: Option<PlanId>,
    /// What it rests on, in the order of joining.
    pub evidence: Vec<Evidence>,
    /// Rises with everything that is done to it by hand. Whoever moves it says which they saw.
    pub version: u64,
    /// What kind of need.
    pub class: CaseClass,
    /// By when, in full.
    pub clock: Clock,
    /// What departments have been given, in the order of giving; of each one at most is open.
    pub tasks: Vec<Task>,
    /// The department that stays responsible until another has accepted: 首接负责.
    pub responsible: Option<DepartmentId>,
    /// A department's objection, until the district has decided.
    pub dispute: Option<Dispute>,
    /// Whether the district has decided, after which nobody can object again.
    pub decided: bool,
    /// Whether it is urged from above: 督办.
    pub supervised: bool,
    /// Who looks after it.
    pub acknowledged: Option<Acknowledged>,
    /// The incident that it is a part of, without being merged.
    pub parent: Option<IncidentId>,
    /// The incident that it was merged into.
    pub merged_into: Option<IncidentId>,
    /// How often departments have returned it: 退单.
    pub returned: u32,
    /// How often it was not verified, or opened again.
    pub reopened: u32,
    /// When it was over.
    pub closed_at: Option<TimeMs>,
    /// From 1 (poor) to 5, as whoever had reported it judged.
    pub score: Option<u8>,
    /// Everybody who took part in handling it: none of them may verify, judge or dismiss it.
    pub handlers: Vec<Person>,
    /// How many points of its plan's checklist are ticked, of how many.
    pub checked: (u16, u16),
    /// How many comments and attachments there are.
    pub notes: u32,
}

/// The rule of incidents that no rule found.
pub const BY_HAND: &str = "by-hand";

/// One alert that belongs to an incident, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The alert.
    pub alert: AlertKey,
    /// The finest area of the alert when it joined.
    pub area: Option<AreaCode>,
    /// The alert that `because` tells of, where it tells of another one.
    pub beside: Option<Beside>,
    /// When it joined.
    pub joined_at: TimeMs,
    /// Why it belongs here; for the first, what it says.
    pub because: Text,
}

/// An alert that is told of beside another, as far as it says who may know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// Its rule.
    pub rule: RuleId,
    /// Its finest area.
    pub area: Option<AreaCode>,
}

impl Keyed for Incident {
    type Key = IncidentId;

    fn key(&self) -> IncidentId {
        self.id.clone()
    }
}

impl Incident {
    /// The feed that it is about, if it began with how one delivers.
    pub fn feed(&self) -> Option<&FeedId> {
        let mut evidence = self.evidence.iter();
        let first = evidence.find(|one| one.alert.rule == self.rule)?;
        match &first.alert.subject {
            Subject::Feed { feed } => Some(feed),
            _ => None,
        }
    }

    /// An incident that has just been opened, and of which nothing more is known.
    pub fn opened(id: IncidentId, rule: RuleId, level: Level, title: Text, at: TimeMs) -> Self {
        Self {
            id,
            state: IncidentState::Reported,
            level,
            title,
            rule,
            areas: Vec::new(),
            position: None,
            opened_at: at,
            due_at: None,
            cleared_at: None,
            lead: None,
            support: Vec::new(),
            plan: None,
            evidence: Vec::new(),
            version: 1,
            class: CaseClass::default(),
            clock: Clock::default(),
            tasks: Vec::new(),
            responsible: None,
            dispute: None,
            decided: false,
            supervised: false,
            acknowledged: None,
            parent: None,
            merged_into: None,
            returned: 0,
            reopened: 0,
            closed_at: None,
            score: None,
            handlers: Vec::new(),
            checked: (0, 0),
            notes: 0,
        }
    }

    /// The task of `department`, whatever became of it.
    pub fn task(&self, department: &DepartmentId) -> Option<&Task> {
        self.tasks
            .iter()
            .rev()
            .find(|task| task.department == *department)
    }
}
