//! How the fetching of each feed goes, for whoever asks.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use egret_shared::id::FeedId;
use egret_shared::time::{Span, TimeMs};
use serde::Serialize;

/// All feeds that are fetched.
#[derive(Debug, Default)]
pub struct Board(Mutex<BTreeMap<FeedId, PollState>>);

/// How the fetching of one feed goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PollState {
    /// The host that it is fetched from.
    pub host: String,
    /// How often.
    pub every: Span,
    /// When it was asked for last.
    pub tried_at: Option<TimeMs>,
    /// When an answer last was as it should be, be it that nothing has changed.
    pub fetched_at: Option<TimeMs>,
    /// When it last was another than before.
    pub changed_at: Option<TimeMs>,
    /// What is wrong, in words; absent while nothing is.
    pub error: Option<String>,
    /// Failures since it last went well.
    pub failures: u32,
    /// When it will be asked for next.
    pub next_at: Option<TimeMs>,
    /// Fetches by what came of them, in the order of [`Outcome::ALL`].
    #[serde(skip)]
    pub counts: [u64; Outcome::ALL.len()],
    /// How long all of them took.
    #[serde(skip)]
    pub took: Duration,
}

/// What a fetch came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was another than before, and is kept.
    New,
    /// It was the same.
    Unchanged,
    /// Nobody answered, or not as they should.
    Failed,
    /// It may not be asked for.
    Forbidden,
    /// It was too large.
    TooLarge,
    /// It came, and could not be kept.
    NotKept,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::New,
        Self::Unchanged,
        Self::Failed,
        Self::Forbidden,
        Self::TooLarge,
        Self::NotKept,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
            Self::Forbidden => "forbidden",
            Self::TooLarge => "too_large",
            Self::NotKept => "not_kept",
        }
    }
}

impl Board {
    /// How all of them go, by feed.
    pub fn all(&self) -> BTreeMap<FeedId, PollState> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Lets feeds go that are not fetched any more.
    pub fn retain(&self, keeps: impl Fn(&FeedId) -> bool) {
        let mut feeds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        feeds.retain(|feed, _| keeps(feed));
    }

    /// Changes how `feed` goes.
    pub(crate) fn tell(&self, feed: &FeedId, change: impl FnOnce(&mut PollState)) {
        let mut feeds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(feeds.entry(feed.clone()).or_default());
    }
}

impl PollState {
    /// Counts a fetch.
    pub(crate) fn count(&mut self, outcome: Outcome, took: Duration) {
        for (of, count) in Outcome::ALL.into_iter().zip(&mut self.counts) {
            *count += u64::from(of == outcome);
        }
        self.took += took;
    }
}
