//! Every word the screens say by themselves, in every language. Names of things in the city come
//! from its package instead.

use egret_shared::event::EventKind;
use egret_shared::feed::FeedStatus;
use egret_shared::level::Level;
use egret_shared::text::Language;

/// A word or sentence of the screens, in every language.
pub(crate) trait Word: Copy + Send + Sync + 'static {
    /// What it says in `language`.
    fn said(self, language: Language) -> &'static str;
}

/// A word of any list, where one of several lists may be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Phrase {
    zh: &'static str,
    en: &'static str,
}

impl<W: Word> From<W> for Phrase {
    fn from(word: W) -> Self {
        Self {
            zh: word.said(Language::Zh),
            en: word.said(Language::En),
        }
    }
}

impl Phrase {
    /// What it says in `language`.
    pub(crate) fn said(self, language: Language) -> &'static str {
        match language {
            Language::Zh => self.zh,
            Language::En => self.en,
        }
    }
}

macro_rules! words {
    ($(#[$enum_doc:meta])* enum $name:ident; $($(#[$doc:meta])* $key:ident: $zh:literal, $en:literal;)*) => {
        $(#[$enum_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name {
            $($(#[$doc])* #[doc = $en] $key,)*
        }

        impl $crate::i18n::Word for $name {
            fn said(self, language: egret_shared::text::Language) -> &'static str {
                use egret_shared::text::Language;
                match (self, language) {
                    $((Self::$key, Language::Zh) => $zh, (Self::$key, Language::En) => $en,)*
                }
            }
        }

        #[cfg(test)]
        impl $name {
            /// Every one.
            pub(crate) const ALL: &[Self] = &[$(Self::$key,)*];
        }
    };
}

// After the macro, which they use.
pub(crate) mod access;
pub(crate) mod admin;
pub(crate) mod audit;
pub(crate) mod case;
pub(crate) mod connect;
pub(crate) mod deed;
pub(crate) mod grant;
pub(crate) mod map;
pub(crate) mod metric;
pub(crate) mod notices;
pub(crate) mod order;
pub(crate) mod panel;
pub(crate) mod wall;

/// What `key` says in `language`.
pub(crate) fn word(key: impl Word, language: Language) -> &'static str {
    key.said(language)
}

words! {
    /// A word of the screens that show the city.
    enum Key;
    Product: "城市运行一屏统览", "City operations overview";
    Scenes: "专题", "Scenes";
    Simulated: "模拟数据", "Simulated";
    NormalMode: "常态", "Normal operation";
    RedInForce: "红色案件", "Red cases";
    OrangeInForce: "橙色案件", "Orange cases";
    RedAlerts: "红色告警", "Red alerts";
    OrangeAlerts: "橙色告警", "Orange alerts";
    AlertsBeside: "告警", "alerts";
    Live: "实时", "Live";
    Connecting: "正在连接服务器", "Connecting to the server";
    Lost: "连接已断开 · 画面不是最新", "Connection lost · this picture is not current";
    Outdated: "页面版本与服务器不符", "This page and the server differ in version";
    Language: "English", "中文";
    SwitchLanguage: "切换语言", "Switch language";
    Help: "键盘操作", "Keyboard";
    HelpLanguage: "切换中英文", "Switch language";
    HelpMap: "移动与缩放地图（先选中地图）", "Pan and zoom the map (focus it first)";
    HelpHelp: "显示或关闭本页", "Show or close this help";
    HelpPlaces: "在各面板间移动", "Move between panels";
    Close: "关闭", "Close";
    Sources: "数据源", "Feeds";
    NotFound: "没有这个页面", "There is no such page";
    NoScene: "没有这个专题", "There is no such scene";
    BackToWall: "返回大屏", "Back to the wall";
    Loading: "正在读取", "Loading";
    PastFailed: "仅有实时值", "Live values only";
    PastFailedAbout: "历史数据暂不能读取，仅有实时值", "The past cannot be loaded for now; only live values are shown";
    LoadFailed: "读取失败，稍后重试", "Could not be loaded, trying again";
    NoValue: "暂无数据", "No data yet";
    NoHistory: "暂无历史", "No history yet";
    NoMetric: "目录中没有该指标", "Not in the catalogue";
    LastHour: "较1小时前", "vs 1 h ago";
    LevelNormal: "正常", "Normal";
    LevelBlue: "蓝", "Blue";
    LevelYellow: "黄", "Yellow";
    LevelOrange: "橙", "Orange";
    LevelRed: "红", "Red";
    Incidents: "处置中案件", "Incidents in hand";
    Alerts: "生效告警", "Alerts in force";
    MoreAlerts: "条告警", "more alerts";
    NoIncidents: "没有案件，也没有告警", "No incidents, no alerts";
    Overdue: "超时", "overdue";
    Signals: "信号", "signals";
    Signal: "信号", "signal";
    Lead: "主办", "lead";
    Unassigned: "未指派", "unassigned";
    Firing: "告警中", "Firing";
    Ticker: "动态", "Ticker";
    NoEvents: "还没有动态", "Nothing has happened yet";
    Feeds: "数据源", "Feeds";
    NoFeeds: "还没有数据源", "No feeds yet";
    AllLive: "全部数据源正常", "Every feed delivers as promised";
    FeedLive: "正常", "Live";
    FeedDegraded: "降级", "Degraded";
    FeedSilent: "中断", "Silent";
    FeedWaiting: "等待", "Waiting";
    SilentAssets: "失联", "silent";
    Refused: "拒收", "refused";
    Never: "从未收到", "nothing yet";
    Map: "实时地图", "Live map";
    MapKeys: "方向键移动，加减号缩放", "Arrow keys pan, plus and minus zoom";
    MapLoading: "地图载入中", "Loading the map";
    MapFailed: "地图无法显示（需要 WebGL2），其余内容不受影响", "The map cannot be shown (it needs WebGL2); everything else works";
    Schematic: "示意边界与道路", "Schematic borders and roads";
    Vehicles: "车辆", "Vehicles";
    Fixed: "设施", "Fixed assets";
    Alerting: "告警设施", "Alerting";
    StaleAssets: "失联设施", "Stale";
    NoArea: "无数据", "no data";
    Feed: "数据源", "Feed";
    Status: "状态", "Status";
    Accepted: "已接收", "Accepted";
    Duplicates: "重复", "Duplicates";
    TooLate: "过晚", "Too late";
    TooLateAbout: "收到时窗口已最终关闭：留存，但不计入任何指标", "Came after their windows had closed for good: kept, and counted in no metric";
    PerMinute: "每分钟", "Per minute";
    Assets: "设施", "Assets";
    Newest: "最新", "Newest";
    Department: "部门", "Department";
    Quarantine: "隔离区", "Quarantine";
    QuarantineAbout: "被拒收的报文，原样保留", "Refused messages, kept as they came";
    NoQuarantine: "没有被拒收的报文", "Nothing has been refused";
    QuarantineNotYours: "被拒消息由数据管理员查看", "Refused messages are for data stewards";
    Stage: "环节", "Stage";
    Reason: "原因", "Reason";
    Detail: "说明", "Detail";
    Sealed: "含个人信息，已封存", "sealed: it names people";
    SealedMaybe: "可能含个人信息，已封存", "kept sealed: it may name people";
    Payload: "报文", "Payload";
    DataPage: "数据质量", "Data quality";
    Time: "时间", "Time";
    Value: "数值", "Value";
    Area: "区域", "Area";
    Level: "级别", "Level";
    Vitals: "城市体征", "City vital signs";
    Today: "今日", "today";
    SourcesOf: "数据源", "sources behind it";
    FeedsOf: "正常供数的数据源", "feeds delivering";
    AssetsOf: "未失联的设施", "assets heard of in time";
    SignalsOf: "仍生效的信号", "signals still in force";
    OneSource: "单一来源", "told by one source";
    AgeOf: "最新数据距今", "newest contribution ago";
    AsOf: "截至", "as of";
    MarkPartial: "不全", "Partial";
    MarkPartialAbout: "部分数据源未到", "Fewer sources than expected stand behind it";
    MarkStale: "过期", "Stale";
    MarkStaleAbout: "超过约定时间没有新数据", "Nothing new for longer than promised";
    MarkSuspect: "存疑", "Suspect";
    SuspectRange: "超出合理范围", "outside the plausible range";
    SuspectJump: "跳变", "an implausible jump";
    SuspectStuck: "长时间不变", "stuck at one value";
    SuspectDoubted: "发送方标记为无效", "doubted by its sender";
    MarkRevised: "已修订", "Revised";
    MarkRevisedAbout: "后到的数据修订了已关闭的窗口", "A reading that came afterwards changed a closed window";
    MarkAnomaly: "异常", "Unusual";
    MarkAnomalyAbout: "远离本周此时的常态", "Far from what is usual at this hour of the week";
    MarkWithheld: "不予显示", "Withheld";
    MarkWithheldAbout: "人数过少，不予显示", "Withheld: too few";
    TypicalWord: "常态", "usual";
    ForecastWord: "预测", "Forecast";
    ForecastNeeds: "预测：需", "Forecast needs";
    ForecastHoursHave: "小时历史，已有", "h, has";
    ForecastWithin: "区间", "within";
    MakeUp: "构成", "Make-up";
    Weight: "权重", "weight";
    Score: "得分", "score";
    Completeness: "完整性", "Completeness";
    Timeliness: "及时", "On time";
    TimelinessAbout: "近一小时未迟到（在数据源允许的延迟之内到达）的消息占比", "Share of the last hour's messages that came within their feed's allowed lateness";
    Validity: "有效", "Valid";
    QualityScore: "质量分", "Quality";
    Interval: "上报间隔", "Interval";
    Declared: "约定", "promised";
    Learned: "习得", "learned";
    Watermark: "水位线", "Watermark";
    ClockOffset: "网关时钟", "Gateway clock";
    ClockAhead: "快", "ahead";
    ClockBehind: "慢", "behind";
    SuspectCount: "存疑", "Suspect";
    Domain: "领域", "Domain";
    Owner: "负责部门", "Owner";
    Version: "版本", "Version";
    Unit: "单位", "Unit";
    WindowOf: "统计窗口", "Window";
    Target: "目标", "Target";
    TypicalName: "常态", "Typical";
    History: "历史", "History";
    Areas: "各区域", "Areas";
    Lineage: "数据血缘", "Lineage";
    AsChart: "图", "Chart";
    AsTable: "表", "Table";
    RangeName: "时间范围", "Range";
    KnownAt: "当时所知", "As known at";
    Corrected: "更正后", "As corrected since";
    CorrectedAbout: "实线为当时所知，虚线为后来更正的数值", "Solid: as known then. Dashed: as corrected since";
    KnowledgeMoment: "按当时所知查看", "Show as known at";
    Show: "查看", "Show";
    BackToNow: "回到现在", "Back to now";
    ChosenWindow: "所选窗口", "Chosen window";
    LiveWindow: "实时窗口", "Live window";
    LeastGreatest: "最小–最大", "Least–greatest";
    SourcesExpected: "来源/应有", "Sources/expected";
    FlagsName: "标记", "Flags";
    KnownSince: "得知时间", "Known since";
    NotClosed: "窗口未关闭", "window still open";
    Measured: "实测", "Measured";
    ChartKeys: "历史曲线：左右键逐点读数，回车查看该窗口的血缘", "History: arrow keys read out a point, Enter shows what it is made of";
    NoHistoryBefore: "此前无历史", "no history before";
    NoForecast: "暂无预测", "No forecast";
    AllLevels: "全部层级", "All levels";
    AreaLevel: "区域层级", "Area level";
    Formula: "算法", "Formula";
    FormulaDerived: "由同一区域、同一时刻的其他指标按下式计算", "Calculated from other metrics of the same area and time";
    Definition: "定义原文", "Definition";
    Inputs: "由哪些指标构成", "Made of these metrics";
    Contribution: "贡献", "Contribution";
    MetricName: "指标", "Metric";
    Observations: "由哪些观测得出", "Made of these observations";
    Source: "来源", "Source";
    Property: "属性", "Property";
    Observed: "观测时间", "Observed";
    Received: "到达时间", "Received";
    Delay: "延迟", "Delay";
    CountedName: "计入", "Counted";
    Counted: "已计入", "counted";
    NotCounted: "未计入", "not counted";
    Raw: "原文", "Raw";
    Sender: "发送方", "Sender";
    Topic: "主题", "Topic";
    Bytes: "字节", "bytes";
    RawGone: "原文已过保存期，不再保留", "The raw message is past its keeping time and has been let go";
    RawNoText: "原文不是文本", "The raw message is no text";
    More: "更多", "More";
    Refresh: "刷新", "Refresh";
    NoObservations: "这个窗口内没有观测", "There is no observation in this window";
    NoLineage: "这个窗口没有可追溯的数据", "Nothing can be traced for this window";
    NoAreaHere: "没有这个区域", "There is no such area";
}

/// The word for a level.
pub(crate) fn level_key(level: Level) -> Key {
    match level {
        Level::Normal => Key::LevelNormal,
        Level::Blue => Key::LevelBlue,
        Level::Yellow => Key::LevelYellow,
        Level::Orange => Key::LevelOrange,
        Level::Red => Key::LevelRed,
    }
}

/// The word for a feed's status.
pub(crate) fn status_key(status: FeedStatus) -> Key {
    match status {
        FeedStatus::Live => Key::FeedLive,
        FeedStatus::Degraded => Key::FeedDegraded,
        FeedStatus::Silent => Key::FeedSilent,
        FeedStatus::Waiting => Key::FeedWaiting,
    }
}

/// Whether an event of this kind is news of something getting better.
pub(crate) fn is_relief(kind: EventKind) -> bool {
    matches!(kind, EventKind::AlertResolved | EventKind::IncidentCleared)
}

/// The other language, for the second line of a tile.
pub(crate) fn other(language: Language) -> Language {
    match language {
        Language::Zh => Language::En,
        Language::En => Language::Zh,
    }
}

/// The language named in a URL or in storage.
pub(crate) fn language_from(code: &str) -> Option<Language> {
    match code {
        "zh" => Some(Language::Zh),
        "en" => Some(Language::En),
        _ => None,
    }
}

/// How a language is named in a URL and in storage.
pub(crate) fn language_code(language: Language) -> &'static str {
    match language {
        Language::Zh => "zh",
        Language::En => "en",
    }
}

/// The language's tag for the document, by which fonts and screen readers choose.
pub(crate) fn language_tag(language: Language) -> &'static str {
    match language {
        Language::Zh => "zh-CN",
        Language::En => "en",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_empty_in_any_language() {
        fn check(words: &[impl Word + std::fmt::Debug]) {
            for key in words {
                for language in [Language::Zh, Language::En] {
                    assert!(!word(*key, language).trim().is_empty(), "{key:?}");
                }
            }
        }
        check(Key::ALL);
        check(access::Access::ALL);
        check(admin::Admin::ALL);
        check(connect::Connect::ALL);
        check(case::Case::ALL);
        check(case::Desk::ALL);
        check(wall::Wall::ALL);
        check(panel::Panel::ALL);
        check(map::MapWord::ALL);
        check(notices::Notices::ALL);
        check(order::Order::ALL);
    }

    #[test]
    fn a_language_is_read_back_from_its_code() {
        for language in [Language::Zh, Language::En] {
            assert_eq!(language_from(language_code(language)), Some(language));
            assert_ne!(other(language), language);
        }
        assert_eq!(language_from("fr"), None);
    }
}
