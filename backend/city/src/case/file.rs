//! An incident's file 案卷: its timeline and checklist, and what its clock is worked out from.

use egret_shared::case::{Act, ActKind, CheckItem, Deed, Refusal, What};
use egret_shared::incident::Person;
use egret_shared::level::Level;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use crate::limits::{
    ACTS_MAX, ACTS_SPARE, FILE_BYTES_MAX, FILE_BYTES_SPARE, NOTES_MAX, OWN_DEEDS_MAX,
    SIGNAL_DEEDS_MAX,
};

/// An incident's file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct File {
    pub(crate) timeline: Vec<Deed>,
    pub(crate) checklist: Vec<CheckItem>,
    n_notes: u32,
    n_acts: u32,
    n_own: u32,
    /// What people's deeds take up.
    bytes: u32,
    /// Since when the level's limit runs.
    pub(crate) level_from: TimeMs,
    pub(crate) level_waited: Waited,
    /// Since when the class's limit runs: since it was filed.
    pub(crate) class_from: Option<TimeMs>,
    pub(crate) class_waited: Waited,
    /// How bad its signals were when it was graded by hand.
    pub(crate) graded_over: Option<Level>,
    /// Tasks, by their place among the incident's, that the scorecards know as in time or late.
    pub(crate) settled: Vec<u16>,
    /// When time does something to it next.
    pub(crate) wake_ms: Option<i64>,
}

/// For how long a clock has stood still: round the clock, and in working time. Milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Waited {
    pub(crate) ms: i64,
    pub(crate) working_ms: i64,
}

impl Waited {
    fn add(&mut self, other: Self) {
        self.ms += other.ms;
        self.working_ms += other.working_ms;
    }
}

impl File {
    /// The file of an incident that opens at `at`.
    pub(crate) fn opened(at: TimeMs, checklist: Vec<CheckItem>) -> Self {
        Self {
            level_from: at,
            checklist,
            ..Self::default()
        }
    }

    /// Starts both limits anew at `at`.
    pub(crate) fn start_anew(&mut self, at: TimeMs) {
        self.level_from = at;
        self.class_from = Some(at);
        (self.level_waited, self.class_waited) = (Waited::default(), Waited::default());
    }

    /// Notes that the clock stood still from `from` until `until`.
    pub(crate) fn wait(&mut self, calendar: &Calendar, from: TimeMs, until: TimeMs) {
        let waited = Waited {
            ms: until.since(from).ms().max(0),
            working_ms: calendar.between(from, until),
        };
        self.level_waited.add(waited);
        if self.class_from.is_some() {
            self.class_waited.add(waited);
        }
    }

    /// How many points are done, of how many.
    pub(crate) fn checked(&self) -> (u16, u16) {
        let done = self.checklist.iter().filter(|item| item.done.is_some());
        let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        (count(done.count()), count(self.checklist.len()))
    }

    /// Whether `act` finds room. What ends an incident finds some when all else does not.
    ///
    /// # Errors
    /// [`Refusal::Full`].
    pub(crate) fn has_room(&self, act: &Act) -> Result<(), Refusal> {
        let bytes = self.bytes.saturating_add(size(act));
        let has_room = match act.kind() {
            ActKind::Comment
            | ActKind::Attach
            | ActKind::Link
            | ActKind::Tick
            | ActKind::Acknowledge => self.n_notes < NOTES_MAX && bytes <= FILE_BYTES_MAX,
            ActKind::Feedback
            | ActKind::Verify
            | ActKind::Close
            | ActKind::Dismiss
            | ActKind::Merge
            | ActKind::Decide => {
                self.n_acts < ACTS_MAX + ACTS_SPARE && bytes <= FILE_BYTES_MAX + FILE_BYTES_SPARE
            }
            _ => self.n_acts < ACTS_MAX && bytes <= FILE_BYTES_MAX,
        };
        if has_room { Ok(()) } else { Err(Refusal::Full) }
    }

    /// Writes down what happened. What the system writes beyond its room is left out.
    pub(crate) fn write(&mut self, at: TimeMs, by: Option<Person>, version: u64, what: What) {
        match &what {
            What::Act(act) => {
                self.bytes = self.bytes.saturating_add(size(act));
                let is_note = matches!(
                    act.kind(),
                    ActKind::Comment
                        | ActKind::Attach
                        | ActKind::Link
                        | ActKind::Tick
                        | ActKind::Acknowledge
                );
                let counter = if is_note {
                    &mut self.n_notes
                } else {
                    &mut self.n_acts
                };
                *counter += 1;
            }
            What::LevelRaised(_) | What::SignalsCleared | What::SignalsBack
                if self.n_own >= SIGNAL_DEEDS_MAX =>
            {
                return;
            }
            _ if self.n_own >= OWN_DEEDS_MAX => return,
            _ => self.n_own += 1,
        }
        let n = self.timeline.last().map_or(1, |deed| deed.n + 1);
        self.timeline.push(Deed {
            n,
            at,
            by,
            version,
            what,
        });
    }
}

/// What an act takes up, bytes.
fn size(act: &Act) -> u32 {
    let bytes = postcard::to_stdvec(act).map_or(0, |bytes| bytes.len());
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
