//! What keeps alerts quiet 静默: silences, maintenance windows, and single alerts that were shelved.
//!
//! A hushed alert lives on as any other: it is listed, marked, counted and kept as history. It is
//! told to nobody, and opens no incident. What is worse than the hush goes up to breaks through at
//! once.

use serde::{Deserialize, Serialize};

use crate::alert::AlertKey;
use crate::id::{AreaCode, AssetId, FeedId, HushId, RuleId};
use crate::incident::Person;
use crate::level::Level;
use crate::text::Text;
use crate::time::{Span, TimeMs};

/// The longest reason and the longest owner's name, in bytes.
///
/// Three sentences: more belongs into the incident.
pub const HUSH_TEXT_BYTES_MAX: usize = 600;

/// What somebody wants kept quiet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HushDef {
    /// What kind, and of what.
    pub kind: HushKind,
    /// The highest level that is kept quiet; what is worse breaks through. Of a shelved alert its
    /// own level counts, whatever this says.
    pub up_to: Level,
    /// Who answers for it: a person's or a department's name.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// From when on.
    pub from: TimeMs,
    /// Until when: it always ends.
    pub until: TimeMs,
}

/// Kinds of quiet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HushKind {
    /// 静默: all alerts that are such.
    Silence(Matcher),
    /// 检修: planned work, at the same hours on some days of the week.
    Maintenance {
        /// On what.
        what: Matcher,
        /// On which days of the week, in the city's zone; on none said, on all. Hours that go
        /// beyond midnight belong to the day on which they begin.
        days: Vec<Day>,
        /// At which hours; absent, around the clock.
        hours: Option<Hours>,
    },
    /// 搁置: this one alert, until it resolves or becomes worse.
    Shelf(AlertKey),
}

/// Which alerts: everything that is said must be so, and something must be said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matcher {
    /// Alerts of this rule.
    #[serde(default)]
    pub rule: Option<RuleId>,
    /// Alerts about this feed or its assets.
    #[serde(default)]
    pub feed: Option<FeedId>,
    /// Alerts about the asset with this id.
    #[serde(default)]
    pub asset: Option<AssetId>,
    /// Alerts within this area.
    #[serde(default)]
    pub area: Option<AreaCode>,
}

impl Matcher {
    /// Whether it says nothing, and so would keep the whole city quiet.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    /// 周一.
    Monday,
    /// 周二.
    Tuesday,
    /// 周三.
    Wednesday,
    /// 周四.
    Thursday,
    /// 周五.
    Friday,
    /// 周六.
    Saturday,
    /// 周日.
    Sunday,
}

/// Minutes in a day.
pub const DAY_MINUTES: u16 = 24 * 60;

/// Hours of a day, in the city's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// From this minute of the day on, 0 to 1439.
    pub from_minute: u16,
    /// Up to this minute of the day, 0 to 1440; at or before `from_minute`, that of the next day.
    pub until_minute: u16,
}

/// A hush as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hush {
    /// Its identity.
    pub id: HushId,
    /// What was asked for.
    pub hush: HushDef,
    /// Who asked last.
    pub by: Person,
    /// When they asked.
    pub put_at: TimeMs,
    /// Whether it is in force at the moment.
    pub active: bool,
    /// Alerts that fire and that it keeps quiet at the moment.
    pub hushing: u32,
    /// Times that it kept an alert quiet since it was put.
    pub hushed: u64,
}

/// What can be ordered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HushOrder {
    /// Begin a hush, or change the one with this id.
    Put {
        /// The one to change; absent, the city names a new one.
        id: Option<HushId>,
        /// What is wanted.
        hush: HushDef,
    },
    /// End a hush before its time.
    End {
        /// Which.
        id: HushId,
        /// Why.
        reason: String,
    },
}

/// Why an order is refused. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HushRefusal {
    /// There is no hush with this id.
    Unknown(HushId),
    /// There are as many as a city keeps.
    TooMany(u32),
    /// Nobody answers for it.
    NoOwner,
    /// It has no reason.
    NoReason,
    /// A text is longer than so many bytes.
    TooLong(u32),
    /// It says nothing of what it is for.
    MatchesEverything,
    /// A name in it is not known: what it is, and the name.
    NoSuch(String, String),
    /// It ends before it begins, or has ended.
    NoTime,
    /// Hours that no day has.
    NoHours,
    /// A red alert cannot be kept quiet beforehand.
    TooHigh,
    /// The alert is not firing, so that there is nothing to shelve.
    NotFiring,
    /// The alert is shelved already, by this.
    Shelved(HushId),
    /// An alert may be shelved for so long at most.
    ShelfTooLong(Span),
}

impl HushRefusal {
    /// Why, in words.
    pub fn text(&self) -> Text {
        match self {
            Self::Unknown(id) => Text::new(
                format!("没有编号为 {id} 的静默，可能已结束"),
                format!("there is no hush {id}; it may have ended"),
            ),
            Self::TooMany(max) => Text::new(
                format!("静默已达上限 {max} 条，请先结束一条"),
                format!("there are {max} hushes already; end one first"),
            ),
            Self::NoOwner => Text::new("请填写责任人", "say who answers for it"),
            Self::NoReason => Text::new("请填写原因", "say why"),
            Self::TooLong(max) => Text::new(
                format!("文字不得超过 {max} 字节"),
                format!("a text may have {max} bytes at most"),
            ),
            Self::MatchesEverything => Text::new(
                "请指定规则、数据源、部件或区域，不能静默全市",
                "name a rule, feed, asset or area: the whole city cannot be kept quiet",
            ),
            Self::NoSuch(what, name) => Text::new(
                format!("没有“{name}”（{what}）"),
                format!("there is no {what} \"{name}\""),
            ),
            Self::NoTime => Text::new(
                "结束时间须晚于开始时间和当前时间",
                "it must end after it begins, and after now",
            ),
            Self::NoHours => Text::new(
                "时段须在 00:00 至 24:00 之间",
                "hours go from 00:00 to 24:00",
            ),
            Self::TooHigh => Text::new(
                "红色告警不能预先静默，可在发生后单独搁置",
                "red alerts cannot be kept quiet beforehand; shelve the one alert when it fires",
            ),
            Self::NotFiring => Text::new(
                "该告警当前未触发，无需搁置",
                "the alert is not firing, so there is nothing to shelve",
            ),
            Self::Shelved(id) => Text::new(
                format!("该告警已被搁置（{id}）"),
                format!("the alert is shelved already, by {id}"),
            ),
            Self::ShelfTooLong(max) => Text::new(
                format!("搁置时间最长 {max}"),
                format!("an alert may be shelved for {max} at most"),
            ),
        }
    }
}
