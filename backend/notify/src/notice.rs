//! A notice 通知: what has happened, as the server makes it of the fold's incident events.
//!
//! The outbox never makes one itself. Its key is made of the journal alone, so that following the
//! same entries again after a restart makes the same keys, and each is taken once.

use std::fmt;

use egret_shared::id::{AreaCode, DepartmentId, IncidentId};
use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

use crate::limits::{KEY_BYTES_MAX, NOTICE_NAMED_MAX, TEXT_CHARS_MAX, TITLE_CHARS_MAX};

/// What happened, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its identity, at most 256 bytes: incident, serial of the event, kind, such as
    /// `20260622-0007/1/opened`. Made of the journal, never of a clock.
    pub key: String,
    /// The journal entry that it comes from. Notices are made in the order of the journal.
    pub seq: u64,
    /// When it happened.
    pub at: TimeMs,
    /// What.
    pub kind: NoticeKind,
    /// The incident's level then.
    pub level: Level,
    /// The incident's class of time limits, in the words of the city package; empty for none.
    pub class: String,
    /// The areas that hold it, widest first.
    pub areas: Vec<AreaCode>,
    /// Lead department 主办.
    pub lead: Option<DepartmentId>,
    /// Supporting departments 协办.
    pub support: Vec<DepartmentId>,
    /// The people whom it concerns, by their user names: who is to act, or asked.
    pub persons: Vec<String>,
    /// What it is about: kind and place. Cut at 200 characters.
    pub title: Text,
    /// What happened, in a sentence or some. Cut at 1,000 characters.
    pub text: Text,
    /// The incident; absent where it is about the city.
    pub incident: Option<IncidentId>,
    /// Where it is shown, below `base_url`: `/incident/20260622-0007`.
    pub link: String,
}

/// What happened to an incident, or to the city.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// It came to be.
    Opened,
    /// Its level rose.
    LevelRaised,
    /// 立案: somebody has taken it.
    Filed,
    /// 派遣: to departments.
    Dispatched,
    /// 退单: a department gave it back.
    Returned,
    /// 处置: a department has begun.
    Handling,
    /// 反馈: a department says that it is done.
    Feedback,
    /// 核查: another person has seen that it is.
    Verified,
    /// 结案.
    Closed,
    /// It came back.
    Reopened,
    /// 评价.
    Evaluated,
    /// A department says that it is not theirs.
    Disputed,
    /// 督办: moved up.
    Escalated,
    /// 80 % of its time are over.
    #[serde(rename = "warned_80")]
    Warned80,
    /// All of its time is over.
    Overdue,
    /// An acknowledgement ended with its shift.
    AckExpired,
    /// It became part of another one.
    Merged,
    /// A part of it became one of its own.
    Split,
    /// Every alert of it has resolved.
    Cleared,
    /// Somebody wrote something.
    Commented,
    /// 平战结合: the city went to another mode, or back.
    ModeChanged,
    /// A message to see whether a channel works.
    Test,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Opened,
        Self::LevelRaised,
        Self::Filed,
        Self::Dispatched,
        Self::Returned,
        Self::Handling,
        Self::Feedback,
        Self::Verified,
        Self::Closed,
        Self::Reopened,
        Self::Evaluated,
        Self::Disputed,
        Self::Escalated,
        Self::Warned80,
        Self::Overdue,
        Self::AckExpired,
        Self::Merged,
        Self::Split,
        Self::Cleared,
        Self::Commented,
        Self::ModeChanged,
        Self::Test,
    ];

    /// Its word in files and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::LevelRaised => "level_raised",
            Self::Filed => "filed",
            Self::Dispatched => "dispatched",
            Self::Returned => "returned",
            Self::Handling => "handling",
            Self::Feedback => "feedback",
            Self::Verified => "verified",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Evaluated => "evaluated",
            Self::Disputed => "disputed",
            Self::Escalated => "escalated",
            Self::Warned80 => "warned_80",
            Self::Overdue => "overdue",
            Self::AckExpired => "ack_expired",
            Self::Merged => "merged",
            Self::Split => "split",
            Self::Cleared => "cleared",
            Self::Commented => "commented",
            Self::ModeChanged => "mode_changed",
            Self::Test => "test",
        }
    }

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Notice {
    /// The same within the limits; `None` if its key cannot be one.
    pub(crate) fn within_limits(&self) -> Option<Self> {
        let is_key = !self.key.is_empty()
            && self.key.len() <= KEY_BYTES_MAX
            && !self.key.chars().any(char::is_control);
        is_key.then(|| Self {
            title: cut_text(&self.title, TITLE_CHARS_MAX),
            text: cut_text(&self.text, TEXT_CHARS_MAX),
            areas: first(&self.areas),
            support: first(&self.support),
            persons: first(&self.persons),
            ..self.clone()
        })
    }

    /// A notice of no event, to see whether `channel` works.
    pub(crate) fn test(channel: &str, now: TimeMs) -> Self {
        Self {
            key: format!("test/{channel}/{}", now.0),
            seq: 0,
            at: now,
            kind: NoticeKind::Test,
            level: Level::Normal,
            class: String::new(),
            areas: Vec::new(),
            lead: None,
            support: Vec::new(),
            persons: Vec::new(),
            title: Text::new(
                format!("通知通道“{channel}”可用"),
                format!("channel \"{channel}\" works"),
            ),
            text: Text::new(
                "这是一条测试通知，无需处理。",
                "This is a test. There is nothing to do.",
            ),
            incident: None,
            link: "/desk".to_owned(),
        }
    }

    /// Whether it may not wait for hours or be merged with others.
    pub(crate) fn is_urgent(&self) -> bool {
        self.level == Level::Red
    }
}

fn first<T: Clone>(all: &[T]) -> Vec<T> {
    all.iter().take(NOTICE_NAMED_MAX).cloned().collect()
}

fn cut_text(text: &Text, chars_max: usize) -> Text {
    Text {
        zh: cut(&text.zh, chars_max),
        en: cut(&text.en, chars_max),
    }
}

/// At most so many characters of `text`, with a mark where the rest was.
pub(crate) fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().nth(chars_max).is_none() {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_the_same_word_in_files_and_json() {
        for kind in NoticeKind::ALL {
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{kind}\""));
            assert_eq!(NoticeKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(NoticeKind::parse("open"), None);
    }

    #[test]
    fn a_long_text_ends_with_a_mark() {
        assert_eq!(cut("白鹭鹭鹭", 3), "白鹭…");
        assert_eq!(cut("白鹭鹭", 3), "白鹭鹭");
    }
}
