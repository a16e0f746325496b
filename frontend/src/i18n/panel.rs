//! Words of the panels of scenes.

words! {
    /// A word of a panel.
    enum Panel;
    WholeCity: "全市", "Whole city";
    Warnings: "生效预警", "Warnings in force";
    NoWarnings: "没有生效的预警", "No warning is in force";
    Since: "起", "since";
    Scorecard: "部门考核 · 本月", "Departments this month";
    NoScores: "本月尚未派遣任务", "No task has been given this month";
    Given: "派遣", "Given";
    InTime: "按时率", "In time";
    Late: "超时", "Late";
    Returned: "退单", "Returned";
    Judged: "满意度", "Content";
    Few: "样本少", "few";
    TasksOf: "已办结任务", "tasks ended";
    AreasOf: "有数据的区域", "areas with data";
    Plan: "处置预案", "Response plan";
    NoPlan: "在办案件均无预案", "No case in hand has a plan";
    Clock: "时间与天气", "Time and weather";
    LeastOf: "最小", "least";
    GreatestOf: "最大", "greatest";
    NowOf: "现在", "now";
    SwitchTheme: "切换深色与浅色", "Switch between dark and light";
    ThemeDark: "深色", "Dark";
    ThemeLight: "浅色", "Light";
}
