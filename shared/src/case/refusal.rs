//! Why something cannot be done to an incident, in words for whoever wanted it.

use serde::{Deserialize, Serialize};

use super::{ActKind, DEPARTMENTS_MAX, TEXT_CHARS_MAX};
use crate::command::TITLE_CHARS_MAX;
use crate::id::{DepartmentId, IncidentId};
use crate::incident::IncidentState;
use crate::text::Text;

/// Why an act is refused. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The incident is not where this can be done.
    WrongState {
        /// What was wanted.
        act: ActKind,
        /// Where it stands.
        state: IncidentState,
    },
    /// Their grants do not allow it.
    NotGranted {
        /// What was wanted.
        act: ActKind,
    },
    /// They do not handle for this department.
    NotTheirDepartment(DepartmentId),
    /// The department has no task here that this could be done to.
    NoTask(DepartmentId),
    /// Supporting departments have not said that they are done.
    OpenTasks(Vec<DepartmentId>),
    /// Whoever handled it cannot verify it: four eyes.
    SamePerson,
    /// A department has objected; the district has to decide first.
    Disputed,
    /// Nobody has objected.
    NotDisputed,
    /// The district has decided; nobody can return or object any more.
    Decided,
    /// The department has returned it once; it can object instead.
    ReturnedBefore(DepartmentId),
    /// The clock stands still already.
    Paused,
    /// The clock runs.
    NotPaused,
    /// A text is missing.
    NoText,
    /// A text is too long.
    LongText,
    /// Too many departments, none, or one twice.
    BadDepartments,
    /// A score is from 1 to 5.
    BadScore,
    /// An alert is blue at least.
    BadLevel,
    /// The link is neither an incident nor a web address.
    BadLink,
    /// The checklist has no such point.
    NoItem(u16),
    /// There is no such incident.
    NoIncident(IncidentId),
    /// It cannot be merged into, or be a part of, itself or its own parts.
    Circle,
    /// The alerts to split off are not its own, or all of them, or none.
    BadSplit,
    /// There is no such department.
    NoDepartment(DepartmentId),
    /// Its file is full: no more can be written to it.
    Full,
    /// As many incidents as the city holds are open.
    TooMany,
    /// A program cannot do this: a person has to answer for it.
    NotAPerson {
        /// What was wanted.
        act: ActKind,
    },
    /// The department can return it still, and objects only to what it has returned once.
    NotReturned(DepartmentId),
    /// It was ordered from above, which cannot be returned; the department can object.
    Ordered(DepartmentId),
    /// Neither an area of the city nor a position in it was given.
    NoPlace,
    /// Their grants do not let them report incidents.
    MayNotOpen,
    /// Their grants do not let them change the mode of the city.
    MayNotSwitch,
    /// A title is too long.
    LongTitle,
}

impl Refusal {
    /// A code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongState { .. } => "wrong_state",
            Self::NotGranted { .. } => "not_granted",
            Self::NotTheirDepartment(_) => "not_their_department",
            Self::NoTask(_) => "no_task",
            Self::OpenTasks(_) => "open_tasks",
            Self::SamePerson => "same_person",
            Self::Disputed => "disputed",
            Self::NotDisputed => "not_disputed",
            Self::Decided => "decided",
            Self::ReturnedBefore(_) => "returned_before",
            Self::Paused => "paused",
            Self::NotPaused => "not_paused",
            Self::NoText => "no_text",
            Self::LongText => "long_text",
            Self::BadDepartments => "bad_departments",
            Self::BadScore => "bad_score",
            Self::BadLevel => "bad_level",
            Self::BadLink => "bad_link",
            Self::NoItem(_) => "no_item",
            Self::NoIncident(_) => "no_incident",
            Self::Circle => "circle",
            Self::BadSplit => "bad_split",
            Self::NoDepartment(_) => "no_department",
            Self::Full => "full",
            Self::TooMany => "too_many",
            Self::NotAPerson { .. } => "not_a_person",
            Self::NotReturned(_) => "not_returned",
            Self::Ordered(_) => "ordered",
            Self::NoPlace => "no_place",
            Self::MayNotOpen => "may_not_open",
            Self::MayNotSwitch => "may_not_switch",
            Self::LongTitle => "long_title",
        }
    }

    /// Whether it is a matter of who asks, not of what.
    pub const fn is_of_person(&self) -> bool {
        matches!(
            self,
            Self::NotGranted { .. }
                | Self::NotTheirDepartment(_)
                | Self::SamePerson
                | Self::NotAPerson { .. }
                | Self::MayNotOpen
                | Self::MayNotSwitch
        )
    }

    /// The reason in words.
    pub fn words(&self) -> Text {
        match self {
            Self::WrongState { act, state } => Text::new(
                format!("案件处于“{}”，不能{}", state_zh(*state), act_zh(*act)),
                format!(
                    "an incident that is {} cannot be given the act \"{}\"",
                    state.as_str(),
                    act.as_str()
                ),
            ),
            Self::NotGranted { act } => Text::new(
                format!("您的权限不包括在此案件上{}", act_zh(*act)),
                format!(
                    "your grants do not let you do \"{}\" to this incident",
                    act.as_str()
                ),
            ),
            Self::NotTheirDepartment(department) => Text::new(
                format!("您不代表部门 {department}"),
                format!("you do not handle for the department {department}"),
            ),
            Self::NoTask(department) => Text::new(
                format!("部门 {department} 在此案件上没有可以这样处理的任务"),
                format!("the department {department} has no task here that this can be done to"),
            ),
            Self::OpenTasks(open) => {
                let names: Vec<&str> = open.iter().map(DepartmentId::as_str).collect();
                let names = names.join(", ");
                Text::new(
                    format!("协办部门尚未反馈：{names}"),
                    format!("supporting departments have not given feedback yet: {names}"),
                )
            }
            _ => self.plain_words(),
        }
    }

    fn plain_words(&self) -> Text {
        let (zh, en) = match self {
            Self::SamePerson => (
                "处置人不能核查、评价或注销自己处置的案件，须由他人办理",
                "whoever handled an incident cannot verify, judge or dismiss it: another person has to",
            ),
            Self::Disputed => (
                "部门提出争议，须先由区级裁定",
                "a department has objected: the district has to decide first",
            ),
            Self::NotDisputed => (
                "没有部门提出争议，无需裁定",
                "no department has objected, so there is nothing to decide",
            ),
            Self::Decided => (
                "区级已裁定，不能再退单或提出争议",
                "the district has decided: it cannot be returned or disputed any more",
            ),
            Self::Paused => ("已在等待中", "its clock stands still already"),
            Self::NotPaused => ("没有在等待", "its clock is running"),
            Self::NoText => ("请填写说明", "a text is missing: say why or what"),
            Self::BadScore => ("评分为 1 至 5", "a score is from 1 to 5"),
            Self::BadLevel => ("级别至少为蓝色", "an incident is blue at least"),
            Self::BadLink => (
                "链接须为案件编号或 http(s) 地址",
                "a link is an incident's id or an http(s) address",
            ),
            Self::Circle => (
                "案件不能并入自身或其下级",
                "an incident cannot be merged into, or be a part of, itself or its own parts",
            ),
            Self::BadSplit => (
                "拆出的须是本案的部分告警，不能为空或全部",
                "what is split off must be some of its own alerts, not all of them",
            ),
            Self::Full => (
                "案卷已满，不能再写入",
                "its file is full: nothing more can be written to it",
            ),
            Self::TooMany => (
                "在办案件已达上限",
                "as many incidents are open as the city holds",
            ),
            Self::NoPlace => (
                "请指明地点：本市的区域，或其中的坐标",
                "say where: an area of the city, or a position in it",
            ),
            Self::MayNotOpen => (
                "您的权限不包括上报案件",
                "your grants do not let you report incidents",
            ),
            Self::MayNotSwitch => (
                "您的权限不包括切换平战模式",
                "your grants do not let you change the mode of the city",
            ),
            _ => return self.counted_words(),
        };
        Text::new(zh, en)
    }

    fn counted_words(&self) -> Text {
        match self {
            Self::ReturnedBefore(department) => Text::new(
                format!("部门 {department} 已退单一次，可提出争议"),
                format!("the department {department} has returned it once: it can object instead"),
            ),
            Self::LongText => Text::new(
                format!("说明不超过 {TEXT_CHARS_MAX} 字"),
                format!("a text has at most {TEXT_CHARS_MAX} characters"),
            ),
            Self::LongTitle => Text::new(
                format!("标题不超过 {TITLE_CHARS_MAX} 字"),
                format!("a title has at most {TITLE_CHARS_MAX} characters"),
            ),
            Self::BadDepartments => Text::new(
                format!("部门须为 1 至 {DEPARTMENTS_MAX} 个且不重复"),
                format!("there must be 1 to {DEPARTMENTS_MAX} departments, each once"),
            ),
            Self::NoItem(item) => Text::new(
                format!("清单没有第 {item} 项"),
                format!("the checklist has no point {item}"),
            ),
            Self::NoIncident(id) => Text::new(
                format!("没有案件 {id}"),
                format!("there is no incident {id}"),
            ),
            Self::NoDepartment(id) => Text::new(
                format!("没有部门 {id}"),
                format!("there is no department {id}"),
            ),
            Self::NotAPerson { act } => Text::new(
                format!("程序不能{}，须由人员办理", act_zh(*act)),
                format!("a program cannot do \"{}\": a person has to", act.as_str()),
            ),
            Self::NotReturned(department) => Text::new(
                format!("部门 {department} 尚可退单，退单一次后才能提出争议"),
                format!(
                    "the department {department} can still return it, and objects only after that"
                ),
            ),
            Self::Ordered(department) => Text::new(
                format!("部门 {department} 的任务为越级指挥，不能退单，可提出争议"),
                format!(
                    "the department {department} was ordered directly and cannot return it: it can object"
                ),
            ),
            // Said elsewhere; a refusal without words would be worse than its code.
            _ => Text::new(self.code(), self.code()),
        }
    }
}

/// The state's name in Chinese.
pub const fn state_zh(state: IncidentState) -> &'static str {
    match state {
        IncidentState::Reported => "上报",
        IncidentState::Cleared => "自行消除",
        IncidentState::Filed => "立案",
        IncidentState::Dispatched => "派遣",
        IncidentState::Handling => "处置",
        IncidentState::Feedback => "反馈",
        IncidentState::Verified => "核查",
        IncidentState::Closed => "结案",
        IncidentState::Evaluated => "评价",
        IncidentState::Dismissed => "不予立案",
        IncidentState::Merged => "并案",
    }
}

/// The act's name in Chinese.
pub const fn act_zh(act: ActKind) -> &'static str {
    match act {
        ActKind::Acknowledge => "认领",
        ActKind::File => "立案",
        ActKind::Dismiss => "不予立案",
        ActKind::Dispatch => "派遣",
        ActKind::Command => "越级指挥",
        ActKind::Accept => "接单",
        ActKind::Return => "退单",
        ActKind::Dispute => "提出争议",
        ActKind::Decide => "裁定",
        ActKind::Feedback => "反馈",
        ActKind::Verify => "核查",
        ActKind::Close => "结案",
        ActKind::Evaluate => "评价",
        ActKind::Reopen => "重新立案",
        ActKind::Supervise => "督办",
        ActKind::Grade => "定级",
        ActKind::Wait => "暂停计时",
        ActKind::Resume => "恢复计时",
        ActKind::Tick => "勾选",
        ActKind::Comment => "留言",
        ActKind::Attach => "添加附件",
        ActKind::Link => "添加链接",
        ActKind::Merge => "并案",
        ActKind::Split => "拆案",
        ActKind::Parent => "设为下级",
    }
}
