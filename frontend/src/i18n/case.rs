//! Words of casework: states, acts, classes, tasks, time limits, and the pages about them.

use egret_shared::case::ActKind;
use egret_shared::case::task::{Part, TaskState};
use egret_shared::incident::{CaseClass, IncidentState};

use crate::select::queue::Phase;

words! {
    /// A word of casework.
    enum Case;
    StateReported: "上报", "Reported";
    StateCleared: "自行消除", "Cleared";
    StateFiled: "立案", "Filed";
    StateDispatched: "派遣", "Dispatched";
    StateHandling: "处置", "Handling";
    StateFeedback: "反馈", "Feedback";
    StateVerified: "核查", "Verified";
    StateClosed: "结案", "Closed";
    StateEvaluated: "评价", "Evaluated";
    StateDismissed: "不予立案", "Dismissed";
    StateMerged: "并案", "Merged";
    ActAcknowledge: "认领", "Look after it";
    ActFile: "立案", "File";
    ActDismiss: "不予立案", "Dismiss";
    ActDispatch: "派遣", "Dispatch";
    ActCommand: "越级指挥", "Order directly";
    ActAccept: "接单", "Accept";
    ActReturn: "退单", "Return";
    ActDispute: "提出争议", "Object";
    ActDecide: "裁定", "Decide";
    ActFeedback: "反馈", "Give feedback";
    ActVerify: "核查", "Verify";
    ActClose: "结案", "Close the case";
    ActEvaluate: "评价", "Evaluate";
    ActReopen: "重新立案", "Re-open";
    ActSupervise: "督办", "Urge";
    ActGrade: "定级", "Grade";
    ActWait: "暂停计时", "Stop the clock";
    ActResume: "恢复计时", "Run the clock";
    ActTick: "勾选", "Tick";
    ActComment: "留言", "Comment";
    ActAttach: "添加附件", "Attach a file";
    ActLink: "添加链接", "Link";
    ActMerge: "并案", "Merge";
    ActSplit: "拆案", "Split";
    ActParent: "设为下级", "Make part of";
    ClassLife: "危急", "Danger to life";
    ClassUtilities: "民生", "Utilities";
    ClassNormal: "一般", "Normal";
    ClassComplex: "疑难", "Complex";
    TaskGiven: "待接单", "To be accepted";
    TaskAccepted: "处置中", "In hand";
    TaskDone: "已反馈", "Done";
    TaskReturned: "已退单", "Returned";
    TaskWithdrawn: "已撤回", "Withdrawn";
    PartLead: "主办", "Lead";
    PartSupport: "协办", "Support";
    SkipLevel: "越级", "ordered directly";
    PhaseOpen: "在办", "Open";
    PhaseNew: "待立案", "To be filed";
    PhaseWorked: "处置中", "In hand";
    PhaseDone: "待核查", "To be verified";
    PhaseOver: "已结束", "Over";
    LimitNone: "无时限", "No time limit";
    LimitLeft: "剩余", "left";
    LimitWarning: "即将超时", "Time is short";
    LimitOverdue: "已超时", "Overdue";
    LimitPaused: "暂停计时", "Clock stopped";
    LimitKept: "按时完成", "Done in time";
    LimitMissed: "超时完成", "Done late";
    DueAt: "截止", "due";
    Supervised: "督办", "Urged";
    Disputed: "争议", "Disputed";
    Decided: "已裁定", "Decided";
    IncidentWord: "案件", "Incident";
    Progress: "办理进度", "Progress";
    LooksAfter: "认领人", "Looked after by";
    NobodyLooksAfter: "无人认领", "Nobody looks after it";
    UntilWord: "至", "until";
    Responsible: "责任部门", "Answers for it";
    OpenedAt: "上报时间", "Opened";
    Class: "类别", "Class";
    EvidenceWord: "关联依据", "Evidence";
    NoEvidence: "由人工上报，没有告警依据", "Reported by hand: no alert stands behind it";
    InForce: "仍生效", "in force";
    NotInForce: "已解除", "over";
    TimelineWord: "办理记录", "Timeline";
    System: "系统", "System";
    Tasks: "部门任务", "Tasks";
    NoTasks: "尚未派遣", "Not dispatched yet";
    GivenAt: "派遣于", "given";
    AcceptedBy: "接单人", "accepted by";
    EndedAt: "结束于", "ended";
    Checklist: "预案清单", "Plan checklist";
    NoPlan: "没有对应预案", "No plan fits it";
    TickedBy: "已完成", "done by";
    Files: "附件", "Attachments";
    NoFiles: "没有附件", "No attachments";
    Related: "关联案件", "Related";
    NoRelated: "没有关联案件", "Nothing related";
    ParentOf: "上级案件", "Part of";
    ChildOf: "下级案件", "Part of this";
    MergedInto: "并入", "Merged into";
    Took: "并入本案", "Merged into this";
    SplitOff: "拆出为", "Split off it";
    Follows: "前案", "Follows";
    SplitFrom: "拆自", "Split off from";
    LinkWord: "链接", "Link";
    Acts: "操作", "Actions";
    NoActs: "目前没有您可以执行的操作", "There is nothing for you to do here now";
    FeedbackWaits: "反馈须等待：", "Feedback waits for: ";
    FeedbackDisputed: "部门提出争议，裁定后才能反馈", "A department has objected: feedback waits for the decision";
    Comma: "、", ", ";
    Offline: "连接已断开，恢复后才能操作", "The connection is lost: nothing can be done until it is back";
    LoadingActs: "正在确认您的权限", "Finding out what you may do";
    NoIncident: "没有这个案件，或您无权查看", "There is no such incident, or it is not for you to see";
    Archived: "已归档，只读", "Archived: to be read only";
    BackToDesk: "返回值班台", "Back to the desk";
    PlayedAs: "以何人身份", "Acting as";
    WholePage: "打开案件页", "Open its page";
    ChangedMeanwhile: "在您填写期间，案件已有变化：", "While you were writing, the incident changed:";
    ChangedAbout: "您填写的内容已保留。请确认后再次提交。", "What you wrote is kept. Look at the changes, then send it again.";
    SendAgain: "确认并再次提交", "Send it again";
    Department: "部门", "Department";
    LeadDepartment: "主办部门", "Lead department";
    SupportDepartments: "协办部门", "Supporting departments";
    Proposed: "按预案建议", "as the rule proposes";
    Departments: "指挥的部门", "Departments to order";
    PickDepartment: "请选择部门", "Choose a department";
    ReasonWord: "理由", "Reason";
    Note: "说明（可不填）", "Note (may be empty)";
    OrderText: "命令内容", "What to do";
    FeedbackText: "处置情况", "What was done";
    VerifyNote: "核查情况", "What was seen";
    CommentText: "留言内容", "Comment";
    Passed: "核查通过", "It is done";
    NotPassed: "核查不通过，退回处置", "It is not done: back to handling";
    ScoreWord: "满意度", "Satisfaction";
    LinkTo: "案件编号或网址", "An incident's id or a web address";
    MergeInto: "并入哪个案件（编号）", "Into which incident (its id)";
    ParentId: "上级案件编号（留空则解除）", "Of which incident (empty: no longer)";
    SplitAlerts: "拆出哪些告警", "Which alerts to take out";
    PickAlerts: "请选择部分告警，不能全选", "Choose some of the alerts, not all";
    FileWord: "文件（图片、PDF、纯文本，不超过 10 MB）", "File (picture, PDF or plain text, at most 10 MB)";
    PickFile: "请选择文件", "Choose a file";
    FileTooLarge: "文件超过 10 MB", "The file is larger than 10 MB";
    FileBadKind: "只接受 PNG、JPEG、WebP、PDF 和纯文本", "Only PNG, JPEG, WebP, PDF and plain text are taken";
    KeepLevel: "保持不变", "As it is";
    AcceptAbout: "部门接受任务并开始处置。", "The department accepts its task and begins.";
    ResumeAbout: "时限将继续计时。", "The clock runs on.";
}

words! {
    /// A word of the duty desk, and of the city's mode.
    enum Desk;
    Title: "值班台", "Duty desk";
    Queue: "案件队列", "Queue";
    AlertsTab: "告警", "Alerts";
    HushesTab: "静默", "Hushes";
    ScoresTab: "考核评价", "Scorecards";
    Mine: "我的", "Mine";
    OverdueOnly: "超时", "Overdue";
    AnyDepartment: "全部部门", "Any department";
    AnyArea: "全部区域", "Any area";
    PhaseWord: "状态", "State";
    SearchWord: "搜索编号或标题", "Search id or title";
    NoneFound: "没有符合条件的案件", "No incident fits";
    NoAlerts: "没有生效的告警", "No alerts in force";
    PickOne: "选择一个案件查看详情", "Choose an incident to see it here";
    KeysAbout: "j / k 上下移动，回车打开，/ 搜索，字母执行操作", "j / k move, Enter opens, / searches, letters act";
    Report: "上报案件", "Report an incident";
    ReportTitle: "标题", "Title";
    ReportText: "情况说明", "What there is to know";
    ReportArea: "区域", "Area";
    ReportPlace: "位置（经度, 纬度；可不填）", "Place (longitude, latitude; may be empty)";
    BadPlace: "请写成“经度, 纬度”，例如 118.09, 24.48", "Write longitude, latitude: 118.09, 24.48";
    NeedPlace: "请选择区域或填写位置", "Choose an area or give a place";
    Reported: "已上报", "Reported";
    Month: "月份", "Month";
    Given: "派遣任务", "Tasks given";
    InTime: "按时率", "In time";
    LateTasks: "超时", "Late";
    ReturnedTasks: "退单", "Returned";
    ReopenedCases: "返工", "Re-opened";
    SupervisedCases: "督办", "Urged";
    Satisfaction: "满意度", "Satisfaction";
    FewTasks: "样本少", "few";
    NoScores: "本月没有任务", "No tasks in this month";
    ScoresAbout: "括号内为样本数；少于 10 个时不宜比较。", "In brackets the number of cases; below 10 they say little.";
    Emergency: "战时应急模式", "Emergency mode";
    EmergencySince: "自", "since";
    ToEmergency: "进入应急模式", "Call the emergency mode";
    ToPeace: "恢复平时模式", "Back to everyday";
    ToEmergencyAbout: "全市大屏切换到应急专题，时限和阈值按应急规定执行，所有屏幕都会提示。", "Every wall shows the emergency scene, limits and thresholds are those of an emergency, and every screen says so.";
    ToPeaceAbout: "全市恢复日常的专题、时限和阈值。", "Scenes, limits and thresholds of everyday are back in force.";
    ByRule: "由规则触发", "called by a rule";
    HelpMoves: "值班台：上下移动，打开，搜索", "Duty desk: move, open, search";
    HelpActs: "案件：执行操作，字母见按钮", "Incident: act, letters are on the buttons";
    AgeWord: "已", "open for";
    LevelWord: "级别", "Level";
    DepartmentWord: "部门", "Department";
    Hushed: "已静默", "Hushed";
    Flapping: "反复", "Flapping";
    Shelve: "搁置所选告警", "Shelve the chosen alert";
    ShelveAbout: "此告警在到期前不再提示；级别升高时立即恢复提示。", "This alert is told to nobody until then; if it becomes worse it breaks through at once.";
    ShelveFor: "搁置多久", "For how long";
    HoursWord: "小时", "h";
    OwnerWord: "责任人", "Who answers for it";
    PickAlert: "请先选择一条告警", "Choose an alert first";
    HushWhat: "静默对象", "What";
    HushUpTo: "最高级别", "Up to";
    HushUntil: "到期", "Until";
    HushCount: "正在静默 / 累计", "Now / in all";
    NoHushes: "没有静默", "Nothing is kept quiet";
    HushEnd: "结束", "End";
    HushEndAbout: "结束后，仍在触发的告警将立即提示。", "Alerts that still fire speak up at once.";
    Silence: "静默", "Silence";
    Maintenance: "检修", "Maintenance";
    Shelf: "搁置", "Shelved";
    NotYet: "未生效", "not in force";
    InIncident: "所属案件", "Incident";
}

/// The word for a state.
pub(crate) const fn state_word(state: IncidentState) -> Case {
    match state {
        IncidentState::Reported => Case::StateReported,
        IncidentState::Cleared => Case::StateCleared,
        IncidentState::Filed => Case::StateFiled,
        IncidentState::Dispatched => Case::StateDispatched,
        IncidentState::Handling => Case::StateHandling,
        IncidentState::Feedback => Case::StateFeedback,
        IncidentState::Verified => Case::StateVerified,
        IncidentState::Closed => Case::StateClosed,
        IncidentState::Evaluated => Case::StateEvaluated,
        IncidentState::Dismissed => Case::StateDismissed,
        IncidentState::Merged => Case::StateMerged,
    }
}

/// The word for an act, as on its button.
pub(crate) const fn act_word(act: ActKind) -> Case {
    match act {
        ActKind::Acknowledge => Case::ActAcknowledge,
        ActKind::File => Case::ActFile,
        ActKind::Dismiss => Case::ActDismiss,
        ActKind::Dispatch => Case::ActDispatch,
        ActKind::Command => Case::ActCommand,
        ActKind::Accept => Case::ActAccept,
        ActKind::Return => Case::ActReturn,
        ActKind::Dispute => Case::ActDispute,
        ActKind::Decide => Case::ActDecide,
        ActKind::Feedback => Case::ActFeedback,
        ActKind::Verify => Case::ActVerify,
        ActKind::Close => Case::ActClose,
        ActKind::Evaluate => Case::ActEvaluate,
        ActKind::Reopen => Case::ActReopen,
        ActKind::Supervise => Case::ActSupervise,
        ActKind::Grade => Case::ActGrade,
        ActKind::Wait => Case::ActWait,
        ActKind::Resume => Case::ActResume,
        ActKind::Tick => Case::ActTick,
        ActKind::Comment => Case::ActComment,
        ActKind::Attach => Case::ActAttach,
        ActKind::Link => Case::ActLink,
        ActKind::Merge => Case::ActMerge,
        ActKind::Split => Case::ActSplit,
        ActKind::Parent => Case::ActParent,
    }
}

/// The word for a class.
pub(crate) const fn class_word(class: CaseClass) -> Case {
    match class {
        CaseClass::Life => Case::ClassLife,
        CaseClass::Utilities => Case::ClassUtilities,
        CaseClass::Normal => Case::ClassNormal,
        CaseClass::Complex => Case::ClassComplex,
    }
}

/// The word for a task's state.
pub(crate) const fn task_word(state: TaskState) -> Case {
    match state {
        TaskState::Given => Case::TaskGiven,
        TaskState::Accepted => Case::TaskAccepted,
        TaskState::Done => Case::TaskDone,
        TaskState::Returned => Case::TaskReturned,
        TaskState::Withdrawn => Case::TaskWithdrawn,
    }
}

/// The word for a department's part.
pub(crate) const fn part_word(part: Part) -> Case {
    match part {
        Part::Lead => Case::PartLead,
        Part::Support => Case::PartSupport,
    }
}

/// The word for a phase of the queue.
pub(crate) const fn phase_word(phase: Phase) -> Case {
    match phase {
        Phase::Open => Case::PhaseOpen,
        Phase::New => Case::PhaseNew,
        Phase::Worked => Case::PhaseWorked,
        Phase::Done => Case::PhaseDone,
        Phase::Over => Case::PhaseOver,
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::case::refusal::{act_zh, state_zh};
    use egret_shared::text::Language;

    use super::*;
    use crate::i18n::word;

    #[test]
    fn states_and_acts_are_called_as_the_server_calls_them() {
        for state in IncidentState::ALL {
            assert_eq!(word(state_word(state), Language::Zh), state_zh(state));
        }
        for act in ActKind::ALL {
            assert_eq!(word(act_word(act), Language::Zh), act_zh(act));
        }
    }

    #[test]
    fn no_two_acts_have_the_same_name() {
        for language in [Language::Zh, Language::En] {
            let names: Vec<_> = ActKind::ALL
                .into_iter()
                .map(|act| word(act_word(act), language))
                .collect();
            let mut each = names.clone();
            each.sort_unstable();
            each.dedup();
            assert_eq!(each.len(), names.len());
        }
    }
}
