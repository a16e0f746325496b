//! The table of alerts: one row for each key, bounded, with what is due, what yields and what waits
//! found without going through all.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use egret_shared::alert::{Alert, AlertKey, AlertState};
use egret_shared::level::Level;
use serde::{Deserialize, Serialize};

use super::Row;
use crate::limits::{ALERTS_HELD_MAX, ALERTS_MAX};
use crate::plan::{Plan, Rule};

/// Where an alert stands with the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// On it.
    Listed,
    /// It found no room yet.
    Waiting,
    /// It never comes on it: it is but a part of others.
    Part,
}

/// Alerts that are not on the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlisted {
    /// Open ones that wait for room.
    pub waiting: u32,
    /// Times that an alert found no place even to wait in, ever: it was not begun, or it was let go
    /// for a higher level. It begins once its rule looks again and there is room.
    pub lost: u64,
}

/// All alerts by key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Alerts {
    rows: BTreeMap<AlertKey, Row>,
    lost: u64,
    /// Turns handed out so far.
    n_turns: u64,
    /// When time moves each that it can move.
    #[serde(skip)]
    due: BTreeSet<(i64, AlertKey)>,
    /// Those listed, in the order in which they yield.
    #[serde(skip)]
    listed: BTreeSet<(Worth, AlertKey)>,
    /// Those that wait, the least worth first.
    #[serde(skip)]
    waiting: BTreeSet<(Worth, AlertKey)>,
}

/// Who yields first: the longest resolved, then the lowest and newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    Resolved(i64),
    Open(Level, Reverse<i64>),
}

impl Worth {
    fn of(row: &Row) -> Self {
        if row.is_open() {
            Self::Open(row.alert.level, Reverse(row.alert.since.0))
        } else {
            Self::Resolved(row.alert.resolved_at.unwrap_or_default().0)
        }
    }

    /// Whether an open alert of `level` goes before it.
    fn yields_to(self, level: Level) -> bool {
        match self {
            Self::Resolved(_) => true,
            Self::Open(own, _) => own < level,
        }
    }
}

/// Where a row stands in the indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Filed {
    due_ms: Option<i64>,
    place: Place,
    worth: Worth,
}

impl Filed {
    fn of(row: &Row, plan: &Plan) -> Self {
        Self {
            due_ms: row.due(plan).map(|(due_ms, _)| due_ms),
            place: row.place,
            worth: Worth::of(row),
        }
    }
}

impl Alerts {
    /// Rebuilds what a checkpoint leaves out.
    pub(crate) fn index(&mut self, plan: &Plan) {
        let filed: Vec<_> = self
            .rows
            .iter()
            .map(|(key, row)| (key.clone(), Filed::of(row, plan)))
            .collect();
        for (key, filed) in filed {
            self.file(&key, filed);
        }
    }

    fn file(&mut self, key: &AlertKey, filed: Filed) {
        if let Some(due_ms) = filed.due_ms {
            self.due.insert((due_ms, key.clone()));
        }
        match filed.place {
            Place::Listed => self.listed.insert((filed.worth, key.clone())),
            Place::Waiting => self.waiting.insert((filed.worth, key.clone())),
            Place::Part => true,
        };
    }

    fn unfile(&mut self, key: &AlertKey, filed: Filed) {
        if let Some(due_ms) = filed.due_ms {
            self.due.remove(&(due_ms, key.clone()));
        }
        match filed.place {
            Place::Listed => self.listed.remove(&(filed.worth, key.clone())),
            Place::Waiting => self.waiting.remove(&(filed.worth, key.clone())),
            Place::Part => true,
        };
    }

    pub(crate) fn get(&self, key: &AlertKey) -> Option<&Row> {
        self.rows.get(key)
    }

    /// For changes of its group and incident; everything else goes by [`Self::change`], which keeps
    /// the indexes.
    pub(crate) fn get_mut(&mut self, key: &AlertKey) -> Option<&mut Row> {
        self.rows.get_mut(key)
    }

    /// Changes a row.
    pub(super) fn change<T>(
        &mut self,
        plan: &Plan,
        key: &AlertKey,
        how: impl FnOnce(&mut Row) -> T,
    ) -> Option<T> {
        let row = self.rows.get_mut(key)?;
        let before = Filed::of(row, plan);
        let done = how(row);
        let after = Filed::of(row, plan);
        if before != after {
            self.unfile(key, before);
            self.file(key, after);
        }
        Some(done)
    }

    /// All rows by key, also of alerts that are not listed.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// The alerts on the list, by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Alert> {
        let listed = self.rows.values().filter(|row| row.place == Place::Listed);
        listed.map(|row| &row.alert)
    }

    /// The alert, if it is listed.
    pub(crate) fn listed(&self, key: &AlertKey) -> Option<&Alert> {
        let row = self.rows.get(key)?;
        (row.place == Place::Listed).then_some(&row.alert)
    }

    pub(super) fn is_listed(&self, key: &AlertKey) -> bool {
        self.listed(key).is_some()
    }

    /// Whether it is there, but on no list.
    pub(super) fn is_unseen(&self, key: &AlertKey) -> bool {
        self.rows
            .get(key)
            .is_some_and(|row| row.place != Place::Listed)
    }

    /// Those that time has something to do with by `now_ms`, by rule and key.
    pub(super) fn due(&self, now_ms: i64) -> Vec<(Rule, AlertKey)> {
        let due = self.due.iter().take_while(|(due_ms, _)| *due_ms <= now_ms);
        let of_rule = |key: &AlertKey| Some((self.rows.get(key)?.rule, key.clone()));
        let mut keys: Vec<_> = due.filter_map(|(_, key)| of_rule(key)).collect();
        keys.sort_unstable();
        keys
    }

    /// Puts a row in, for the one with its key.
    pub(super) fn put(&mut self, plan: &Plan, row: Row) {
        let key = row.alert.key.clone();
        let filed = Filed::of(&row, plan);
        if let Some(before) = self.rows.insert(key.clone(), row) {
            self.unfile(&key, Filed::of(&before, plan));
        }
        self.file(&key, filed);
    }

    pub(super) fn remove(&mut self, plan: &Plan, key: &AlertKey) -> Option<Row> {
        let row = self.rows.remove(key)?;
        self.unfile(key, Filed::of(&row, plan));
        Some(row)
    }

    /// Whether the list has a free line.
    pub(super) fn has_line(&self) -> bool {
        self.listed.len() < ALERTS_MAX
    }

    /// Whether no more can be held.
    pub(super) fn is_full(&self) -> bool {
        self.rows.len() >= ALERTS_HELD_MAX
    }

    /// Whether one more can be held without another's giving way.
    pub(crate) fn has_room(&self) -> bool {
        !self.is_full()
    }

    /// Who leaves the list first for an alert of `level`, and whether it is open; `None` if nobody
    /// does.
    pub(super) fn yielding(&self, level: Level) -> Option<(AlertKey, bool)> {
        let (worth, key) = self.listed.first()?;
        let is_open = matches!(worth, Worth::Open(..));
        worth.yields_to(level).then(|| (key.clone(), is_open))
    }

    /// Who goes first of all for an alert of `level`.
    pub(super) fn least(&self, level: Level) -> Option<AlertKey> {
        let resolved = self.listed.first();
        let resolved = resolved.filter(|(worth, _)| matches!(worth, Worth::Resolved(_)));
        let (worth, key) = resolved.or_else(|| self.waiting.first())?;
        worth.yields_to(level).then(|| key.clone())
    }

    /// The first that is to be listed: the highest, and of equals the one that has held longest.
    pub(super) fn first_waiting(&self) -> Option<(AlertKey, Level)> {
        let (_, key) = self.waiting.last()?;
        Some((key.clone(), self.rows.get(key)?.alert.level))
    }

    /// Counts an alert that found no place.
    pub(super) fn lose(&mut self) {
        self.lost += 1;
    }

    pub(super) fn next_turn(&mut self) -> u64 {
        self.n_turns += 1;
        self.n_turns
    }

    /// How many are not on the list.
    pub(crate) fn unlisted(&self) -> Unlisted {
        Unlisted {
            waiting: u32::try_from(self.waiting.len()).unwrap_or(u32::MAX),
            lost: self.lost,
        }
    }

    /// Keys of those that fire, by key.
    pub(super) fn firing(&self) -> Vec<AlertKey> {
        let firing = self
            .rows
            .values()
            .filter(|row| row.alert.state == AlertState::Firing);
        firing.map(|row| row.alert.key.clone()).collect()
    }
}
