//! Many notices in one message: how many, of which levels and kinds, and the gravest in full.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use egret_shared::id::IncidentId;
use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

use crate::limits::LISTED_WEBHOOK_MAX;
use crate::notice::{Notice, NoticeKind};

/// Several notices to one recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Digest {
    /// Rises whenever more is taken in: another content is another message with another id.
    pub(crate) revision: u64,
    /// How many.
    pub(crate) count: u64,
    /// When the first happened.
    pub(crate) first_at: TimeMs,
    /// When the last happened.
    pub(crate) last_at: TimeMs,
    /// How many of each level.
    pub(crate) levels: BTreeMap<Level, u64>,
    /// How many of each kind.
    pub(crate) kinds: BTreeMap<NoticeKind, u64>,
    /// The gravest, and of equals the earliest, first; at most 100.
    pub(crate) listed: Vec<Line>,
}

/// A notice in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) key: String,
    pub(crate) seq: u64,
    pub(crate) at: TimeMs,
    pub(crate) kind: NoticeKind,
    pub(crate) level: Level,
    pub(crate) title: Text,
    pub(crate) incident: Option<IncidentId>,
    pub(crate) link: String,
}

impl Digest {
    /// Takes a notice in.
    pub(crate) fn add(&mut self, notice: Notice) {
        self.spread(notice.at, notice.at);
        self.count += 1;
        *self.levels.entry(notice.level).or_default() += 1;
        *self.kinds.entry(notice.kind).or_default() += 1;
        self.listed.push(Line {
            key: notice.key,
            seq: notice.seq,
            at: notice.at,
            kind: notice.kind,
            level: notice.level,
            title: notice.title,
            incident: notice.incident,
            link: notice.link,
        });
        if self.listed.len() > 2 * LISTED_WEBHOOK_MAX {
            self.cut();
        }
    }

    /// Takes in what another one has.
    pub(crate) fn join(&mut self, other: Self) {
        self.spread(other.first_at, other.last_at);
        self.count += other.count;
        for (level, n) in other.levels {
            *self.levels.entry(level).or_default() += n;
        }
        for (kind, n) in other.kinds {
            *self.kinds.entry(kind).or_default() += n;
        }
        self.listed.extend(other.listed);
        self.revision = self.revision.max(other.revision);
        self.cut();
    }

    /// Keeps the gravest.
    pub(crate) fn cut(&mut self) {
        self.listed
            .sort_by_key(|line| (Reverse(line.level), line.seq));
        self.listed.truncate(LISTED_WEBHOOK_MAX);
    }

    fn spread(&mut self, first: TimeMs, last: TimeMs) {
        if self.count == 0 {
            self.first_at = first;
            self.last_at = last;
        } else {
            self.first_at = self.first_at.min(first);
            self.last_at = self.last_at.max(last);
        }
    }
}
