//! Words of the admin's and auditor's pages.

use egret_shared::people::{Kind, Outcome};

words! {
    /// A word of the pages below `/admin`.
    enum Admin;
    Users: "人员", "People";
    Tokens: "访问令牌", "API tokens";
    Walls: "大屏", "Walls";
    Gateways: "网关", "Gateways";
    Notifications: "通知", "Notifications";
    Audit: "审计", "Audit";
    Sections: "管理项目", "Administration";
    Search: "搜索", "Search";
    NoUsers: "没有符合条件的人员", "Nobody matches";
    NoTokens: "还没有访问令牌", "No API tokens yet";
    NoWalls: "还没有大屏", "No walls yet";
    NoGateways: "还没有网关账号", "No gateways yet";
    NoLines: "没有符合条件的记录", "No line matches";
    NoPairings: "没有等待确认的大屏", "No wall is waiting";
    NotAllowed: "您没有管理或审计权限", "You may neither manage nor audit";
    NewUser: "新建人员", "New person";
    NewToken: "新建令牌", "New token";
    NewGateway: "新建网关", "New gateway";
    Actions: "操作", "Actions";
    Edit: "编辑", "Edit";
    EditUser: "编辑人员", "Edit person";
    EditWall: "编辑大屏", "Edit wall";
    EditGateway: "编辑网关", "Edit gateway";
    Save: "保存", "Save";
    Create: "创建", "Create";
    Cancel: "取消", "Cancel";
    Delete: "删除", "Delete";
    Revoke: "撤销", "Revoke";
    Disable: "停用", "Disable";
    Enable: "启用", "Enable";
    SignOutEverywhere: "结束全部会话", "Sign out everywhere";
    ResetPassword: "重置密码", "Reset password";
    Display: "显示名", "Display name";
    DisplayHint: "留空则与用户名相同", "The user name, if left empty";
    FirstPassword: "初始密码", "First password";
    FirstPasswordHint: "首次登录时必须修改；仅用单点登录者留空", "To be changed at the first sign-in; left empty for single sign-on alone";
    NewPasswordHint: "下次登录时必须修改；所有会话随即结束", "To be changed at the next sign-in; ends every session";
    State: "状态", "State";
    Active: "启用", "Active";
    Disabled: "已停用", "Disabled";
    External: "单点登录", "Single sign-on";
    MustChange: "待改密码", "Must change password";
    LastSignIn: "最近登录", "Last signed in";
    NeverSignedIn: "从未登录", "Never";
    Sessions: "会话", "Sessions";
    Grants: "权限", "Grants";
    AddGrant: "添加权限", "Add a grant";
    RemoveGrant: "移除此权限", "Remove this grant";
    GrantOf: "权限", "Grant";
    Role: "角色", "Role";
    Areas: "区域", "Areas";
    AllAreas: "全市", "The whole city";
    SomeAreas: "指定区域", "These areas";
    Departments: "部门", "Departments";
    AllDepartments: "全部部门", "All departments";
    SomeDepartments: "指定部门", "These departments";
    UpTo: "最高密级", "Up to class";
    WholeOnly: "该角色始终作用于全部内容", "This role is always for everything";
    NoGrantYet: "没有权限：登录后看不到任何内容", "No grant: nothing is seen after signing in";
    PickArea: "请至少选择一个区域", "Choose at least one area";
    PickDepartment: "请至少选择一个部门", "Choose at least one department";
    PickGrant: "请至少添加一项权限", "Add at least one grant";
    NoFeedsYet: "暂无：其报文将列在“未接入主题”中", "None yet: its messages wait under Unconnected topics";
    PickScene: "请至少选择一个专题", "Choose at least one scene";
    Expand: "展开", "Show what is in";
    DeleteUserAsk: "删除后无法恢复，其全部会话立即结束。审计记录保留。", "This cannot be undone, and ends every session at once. The audit trail stays.";
    DeleteTokenAsk: "使用此令牌的程序将立即失去访问。", "Programs that use this token lose access at once.";
    RevokeWallAsk: "该大屏立即退出，需重新配对。", "The wall is signed out at once and has to be paired anew.";
    DeleteGatewayAsk: "该网关立即断开，无法再发送数据。", "The gateway is disconnected at once and can send no more.";
    RotateAsk: "旧密钥立即失效，网关需换用新密钥。", "The old secret ends at once; the gateway needs the new one.";
    SignOutAsk: "该人员的全部会话立即结束。", "Every session of this person ends at once.";
    SecretOnce: "仅显示这一次，请立即妥善保存", "Shown this once. Keep it now";
    Secret: "密钥", "Secret";
    Copy: "复制", "Copy";
    Copied: "已复制", "Copied";
    CopyFailed: "无法复制，请手动选择", "Could not be copied. Select it by hand";
    Done: "完成", "Done";
    TokenName: "名称", "Name";
    TokenHint: "开头", "Begins with";
    TokenEnds: "失效时间", "Ends";
    TokenEndsHint: "留空则一直有效", "Left empty, it does not end by itself";
    NeverEnds: "不自动失效", "Does not end by itself";
    Ended: "已失效", "Ended";
    EndsInPast: "失效时间已过", "That time is past";
    Created: "创建于", "Made";
    LastUsed: "最近使用", "Last used";
    NeverUsed: "从未使用", "Never";
    Waiting: "等待确认", "Waiting to be let in";
    WaitingUntil: "剩余时间", "Time left";
    Approve: "确认", "Let in";
    ApproveTitle: "确认大屏", "Let a wall in";
    Refuse: "拒绝", "Refuse";
    Code: "代码", "Code";
    CodeHint: "大屏上显示的八位代码", "The eight signs on the wall";
    CodeShort: "代码为八位", "The code has eight signs";
    WallName: "大屏名称", "The wall's name";
    WallNameHint: "如：指挥大厅左侧", "Such as: command hall, left";
    Scenes: "专题", "Scenes";
    AllScenes: "全部专题", "All scenes";
    SomeScenes: "指定专题", "These scenes";
    PairedAt: "配对于", "Paired";
    KeyAge: "密钥更换于", "Key changed";
    GatewayId: "MQTT 用户名", "MQTT user name";
    GatewayFeeds: "可发送的数据源", "Feeds it may send";
    Topics: "MQTT 主题", "MQTT topics";
    NoTopic: "无主题（HTTP 接入）", "no topic (comes by HTTP)";
    RotateSecret: "更换密钥", "New secret";
    Time: "时间", "Time";
    Who: "操作者", "Who";
    Action: "操作", "Action";
    Target: "对象", "On what";
    Outcome: "结果", "Outcome";
    AnyOutcome: "全部", "Any";
    Detail: "说明", "Detail";
    From: "从", "From";
    To: "至", "To";
    Apply: "查询", "Show";
    Older: "更早的记录", "Older";
    NotLoaded: "读取失败", "Could not be loaded";
    Again: "重试", "Try again";
    Verify: "校验审计链", "Verify the trail";
    Verifying: "正在校验", "Verifying";
    Export: "导出 NDJSON", "Export as NDJSON";
    OutcomeDone: "完成", "Done";
    OutcomeDenied: "拒绝", "Denied";
    OutcomeFailed: "失败", "Failed";
    KindUser: "人员", "Person";
    KindToken: "令牌", "Token";
    KindDevice: "大屏", "Wall";
    KindGateway: "网关", "Gateway";
    KindConsole: "命令行", "Command line";
    KindAnonymous: "未登录", "Nobody";
    KindRule: "规则", "Rule";
}

/// The word for who acts.
pub(crate) fn kind_word(kind: Kind) -> Admin {
    match kind {
        Kind::User => Admin::KindUser,
        Kind::Token => Admin::KindToken,
        Kind::Device => Admin::KindDevice,
        Kind::Gateway => Admin::KindGateway,
        Kind::Console => Admin::KindConsole,
        Kind::Anonymous => Admin::KindAnonymous,
        Kind::Rule => Admin::KindRule,
    }
}

/// The word for how something ended.
pub(crate) fn outcome_word(outcome: Outcome) -> Admin {
    match outcome {
        Outcome::Done => Admin::OutcomeDone,
        Outcome::Denied => Admin::OutcomeDenied,
        Outcome::Failed => Admin::OutcomeFailed,
    }
}
