//! What became of the messages of a request: kept batch by batch, counted, answered.

use std::collections::VecDeque;

use axum::http::StatusCode;
use egret_city::entry::Seq;
use egret_shared::rejection::Rejection;
use serde::Serialize;
use tokio::sync::oneshot;

use super::problem::Problem;
use crate::intake::{Gathering, Intake};
use crate::limits::{REJECTED_TOLD, STREAM_BATCHES};

/// What became of the elements.
#[derive(Debug, Serialize)]
pub(super) struct Taken {
    /// How many are in the journal, some perhaps for the second time: the fold counts those once.
    accepted: usize,
    /// Which were refused, and why: the first [`REJECTED_TOLD`].
    rejected: Vec<Refused>,
    /// How many were refused.
    n_rejected: usize,
    /// The journal position of the last of them.
    seq: Seq,
}

/// A refused element.
#[derive(Debug, Serialize)]
pub(super) struct Refused {
    #[serde(flatten)]
    place: Place,
    #[serde(flatten)]
    rejection: Rejection,
}

/// Where in the body an element stands.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Place {
    /// Its place in the array, from 0; 0 for a single one.
    Index(usize),
    /// Its line, from 1.
    Line(u64),
}

/// The messages of one request on their way into the journal, in batches of which only a few wait:
/// a body of any length takes the memory of [`STREAM_BATCHES`] pieces of it.
pub(super) struct Taking<'a> {
    intake: &'a Intake,
    waiting: VecDeque<Waiting>,
    accepted: usize,
    rejected: Vec<Refused>,
    n_rejected: usize,
    /// The last that is durable.
    seq: Seq,
}

/// A batch that is not durable yet.
struct Waiting {
    receipt: oneshot::Receiver<Seq>,
    n_entries: usize,
    n_rejected: usize,
}

/// A batch in the making, with what of it was refused.
pub(super) struct Batch {
    /// Its messages.
    pub(super) gathering: Gathering,
    rejected: Vec<Refused>,
    n_rejected: usize,
}

impl Batch {
    /// An empty one.
    pub(super) fn begin() -> Self {
        Self {
            gathering: Gathering::begin(),
            rejected: Vec::new(),
            n_rejected: 0,
        }
    }

    /// What was refused, as far as it is told, and how much that was.
    pub(super) fn rejected(self) -> (Vec<Refused>, usize) {
        (self.rejected, self.n_rejected)
    }

    /// Notes what of the element at `place` was refused.
    pub(super) fn note(&mut self, place: Place, refusals: Vec<Rejection>) {
        self.n_rejected += refusals.len();
        let room = REJECTED_TOLD.saturating_sub(self.rejected.len());
        let told = refusals.into_iter().take(room);
        self.rejected
            .extend(told.map(|rejection| Refused { place, rejection }));
    }
}

impl<'a> Taking<'a> {
    /// Nothing yet.
    pub(super) fn begin(intake: &'a Intake) -> Self {
        Self {
            intake,
            waiting: VecDeque::new(),
            accepted: 0,
            rejected: Vec::new(),
            n_rejected: 0,
            seq: 0,
        }
    }

    /// Hands a batch on, and waits while too many are on their way.
    ///
    /// # Errors
    /// 503 while shutting down: what is not acknowledged is not kept.
    pub(super) async fn put(&mut self, batch: Batch) -> Result<(), Problem> {
        if batch.gathering.is_empty() {
            return Ok(());
        }
        let n_entries = batch.gathering.n_entries();
        let room = REJECTED_TOLD.saturating_sub(self.rejected.len());
        self.rejected.extend(batch.rejected.into_iter().take(room));
        let submitted = self.intake.submit(batch.gathering).await;
        let receipt = submitted.map_err(|_closed| stopping())?;
        self.waiting.push_back(Waiting {
            receipt,
            n_entries,
            n_rejected: batch.n_rejected,
        });
        self.settle(STREAM_BATCHES).await
    }

    /// Waits until at most `n` batches are on their way.
    async fn settle(&mut self, n: usize) -> Result<(), Problem> {
        while self.waiting.len() > n
            && let Some(waiting) = self.waiting.pop_front()
        {
            let first_seq = waiting.receipt.await.map_err(|_dropped| stopping())?;
            self.seq = first_seq + waiting.n_entries as Seq - 1;
            self.accepted += waiting.n_entries.saturating_sub(waiting.n_rejected);
            self.n_rejected += waiting.n_rejected;
        }
        Ok(())
    }

    /// Waits until everything is durable: what became of all of it.
    ///
    /// # Errors
    /// 400 if there was nothing, 422 if nothing of it could be used, 503 while shutting down.
    pub(super) async fn finish(mut self) -> Result<Taken, Problem> {
        self.settle(0).await?;
        if self.accepted + self.n_rejected == 0 {
            return Err(Problem::bad("the body has no element"));
        }
        let taken = Taken {
            accepted: self.accepted,
            rejected: self.rejected,
            n_rejected: self.n_rejected,
            seq: self.seq,
        };
        if taken.accepted == 0 {
            let detail = "nothing of it could be used; it is kept in quarantine";
            return Err(with(
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail),
                &taken,
            ));
        }
        Ok(taken)
    }

    /// As [`Self::finish`], of a body that ended too early for the reason `detail`.
    pub(super) async fn break_off(mut self, detail: String) -> Problem {
        if let Err(stopping) = self.settle(0).await {
            return stopping;
        }
        let taken = Taken {
            accepted: self.accepted,
            rejected: self.rejected,
            n_rejected: self.n_rejected,
            seq: self.seq,
        };
        with(Problem::bad(detail).with_code("broken_off"), &taken)
    }
}

/// A problem that tells what was taken all the same.
fn with(problem: Problem, taken: &Taken) -> Problem {
    problem.with_more(serde_json::to_value(taken).unwrap_or_default())
}

fn stopping() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "the server is shutting down",
    )
}
