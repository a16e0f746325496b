//! What messages say by themselves, in both languages.

use egret_shared::level::Level;
use egret_shared::text::Language;

use crate::notice::NoticeKind;

fn pick(language: Language, zh: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}

pub(super) fn level(level: Level, language: Language) -> &'static str {
    let (zh, en) = match level {
        Level::Normal => ("一般", "normal"),
        Level::Blue => ("蓝色", "blue"),
        Level::Yellow => ("黄色", "yellow"),
        Level::Orange => ("橙色", "orange"),
        Level::Red => ("红色", "RED"),
    };
    pick(language, zh, en)
}

pub(super) fn kind(kind: NoticeKind, language: Language) -> &'static str {
    let (zh, en) = match kind {
        NoticeKind::Opened => ("新案件", "New incident"),
        NoticeKind::LevelRaised => ("级别上升", "Level raised"),
        NoticeKind::Filed => ("立案", "Filed"),
        NoticeKind::Dispatched => ("派遣", "Dispatched"),
        NoticeKind::Returned => ("退单", "Returned"),
        NoticeKind::Handling => ("处置中", "Being handled"),
        NoticeKind::Feedback => ("反馈", "Feedback given"),
        NoticeKind::Verified => ("核查通过", "Verified"),
        NoticeKind::Closed => ("结案", "Closed"),
        NoticeKind::Reopened => ("重新打开", "Reopened"),
        NoticeKind::Evaluated => ("已评价", "Evaluated"),
        NoticeKind::Disputed => ("权属争议", "Disputed"),
        NoticeKind::Escalated => ("督办", "Escalated"),
        NoticeKind::Warned80 => ("时限已过八成", "80 % of its time are over"),
        NoticeKind::Overdue => ("超时", "Overdue"),
        NoticeKind::AckExpired => ("班次结束，需重新确认", "Acknowledgement expired"),
        NoticeKind::Merged => ("已合并", "Merged"),
        NoticeKind::Split => ("已拆分", "Split"),
        NoticeKind::Cleared => ("告警已全部解除", "All alerts resolved"),
        NoticeKind::Commented => ("新留言", "New comment"),
        NoticeKind::ModeChanged => ("平战模式切换", "Mode changed"),
        NoticeKind::Test => ("测试", "Test"),
    };
    pick(language, zh, en)
}

pub(super) fn maybe_repeated(language: Language) -> &'static str {
    pick(language, "（可能重复）", "(maybe repeated) ")
}

pub(super) fn when(time: &str, language: Language) -> String {
    format!("{}{time}", pick(language, "时间：", "Time: "))
}

pub(super) fn incident(id: &str, language: Language) -> String {
    format!("{}{id}", pick(language, "案件：", "Incident: "))
}

pub(super) fn open(language: Language) -> &'static str {
    pick(language, "查看", "Open")
}

/// Both names, so that one keyword fits whatever the language.
pub(super) fn foot(language: Language) -> &'static str {
    pick(
        language,
        "白鹭 Egret 城市运行",
        "Egret 白鹭 city operations",
    )
}

pub(super) fn digest(count: u64, language: Language) -> String {
    match language {
        Language::Zh => format!("待送通知合并：共 {count} 条"),
        Language::En => format!("{count} notices that waited, in one message"),
    }
}

pub(super) fn digest_span(first: &str, last: &str, language: Language) -> String {
    match language {
        Language::Zh => format!("{first} 至 {last}，通道不通、静默时段或积压期间"),
        Language::En => {
            format!("{first} to {last}, while unreachable, in quiet hours, or too many at once")
        }
    }
}

pub(super) fn more(count: u64, language: Language) -> String {
    match language {
        Language::Zh => format!("……另有 {count} 条"),
        Language::En => format!("… and {count} more"),
    }
}
