//! Every word the screens say by themselves, in every language. Names of things in the city come
//! from its package instead.

use egret_shared::event::EventKind;
use egret_shared::feed::FeedStatus;
use egret_shared::level::Level;
use egret_shared::text::Language;

macro_rules! words {
    ($($(#[$doc:meta])* $key:ident: $zh:literal, $en:literal;)*) => {
        /// A word or sentence of the screens.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Key {
            $($(#[$doc])* #[doc = $en] $key,)*
        }

        #[cfg(test)]
        const KEYS: &[Key] = &[$(Key::$key,)*];

        /// What `key` says in `language`.
        pub(crate) fn word(key: Key, language: Language) -> &'static str {
            match (key, language) {
                $((Key::$key, Language::Zh) => $zh, (Key::$key, Language::En) => $en,)*
            }
        }
    };
}

words! {
    Product: "城市运行一屏统览", "City operations overview";
    Scenes: "专题", "Scenes";
    Simulated: "模拟数据", "Simulated";
    NormalMode: "常态", "Normal operation";
    RedInForce: "红色案件", "Red cases";
    OrangeInForce: "橙色案件", "Orange cases";
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
    LoadFailed: "读取失败，稍后重试", "Could not be loaded, trying again";
    NoValue: "暂无数据", "No data yet";
    NoHistory: "暂无历史", "No history yet";
    NoMetric: "目录中没有该指标", "Not in the catalogue";
    Stale: "数据陈旧", "Stale";
    SourcesShort: "源", "sources";
    LastHour: "较1小时前", "vs 1 h ago";
    LevelNormal: "正常", "Normal";
    LevelBlue: "蓝", "Blue";
    LevelYellow: "黄", "Yellow";
    LevelOrange: "橙", "Orange";
    LevelRed: "红", "Red";
    Incidents: "处置中案件", "Incidents in hand";
    Alerts: "生效告警", "Alerts in force";
    NoIncidents: "没有案件，也没有告警", "No incidents, no alerts";
    Overdue: "超时", "overdue";
    Signals: "信号", "signals";
    Signal: "信号", "signal";
    Lead: "主办", "lead";
    Unassigned: "未指派", "unassigned";
    Reported: "上报", "Reported";
    Cleared: "已解除", "Cleared";
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
    Late: "迟到", "Late";
    PerMinute: "每分钟", "Per minute";
    Assets: "设施", "Assets";
    Newest: "最新", "Newest";
    Department: "部门", "Department";
    Quarantine: "隔离区", "Quarantine";
    QuarantineAbout: "被拒收的报文，原样保留", "Refused messages, kept as they came";
    NoQuarantine: "没有被拒收的报文", "Nothing has been refused";
    Stage: "环节", "Stage";
    Reason: "原因", "Reason";
    Detail: "说明", "Detail";
    Sealed: "含个人信息，已封存", "sealed: it names people";
    Payload: "报文", "Payload";
    DataPage: "数据质量", "Data quality";
    Time: "时间", "Time";
    Value: "数值", "Value";
    Area: "区域", "Area";
    Level: "级别", "Level";
    Vitals: "城市体征", "City vital signs";
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
        for key in KEYS {
            for language in [Language::Zh, Language::En] {
                assert!(!word(*key, language).trim().is_empty(), "{key:?}");
            }
        }
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
