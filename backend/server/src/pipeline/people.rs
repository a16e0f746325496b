//! What has to be looked after about people while the server runs.

use std::path::Path;

use egret_people::{People, Settings};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::trail::Trail;
use crate::clock;
use crate::limits::PEOPLE_EVERY;

/// The people of a server with this data folder.
///
/// # Errors
/// If their file cannot be opened.
pub(super) fn open(data: &Path) -> anyhow::Result<People> {
    Ok(People::open(data, Settings::default(), clock::now())?)
}

/// Starts what looks after `people` until `shutdown`; gives the way for lines of the audit trail
/// that are written beside a request.
pub(super) fn attend(
    people: &People,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> Trail {
    tracker.spawn(follow_people(people.clone(), shutdown.clone()));
    Trail::start(people, tracker, shutdown)
}

/// Sees what the command line has changed about people.
async fn follow_people(people: People, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(PEOPLE_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            _ = every.tick() => {}
        }
        let people = people.clone();
        let seen = tokio::task::spawn_blocking(move || people.refresh(clock::now())).await;
        if let Ok(Err(error)) = seen {
            tracing::error!(%error, "people could not be read");
        }
    }
    // When somebody was seen last, which is kept in memory meanwhile.
    let kept = tokio::task::spawn_blocking(move || people.flush(clock::now())).await;
    if let Ok(Err(error)) = kept {
        tracing::error!(%error, "what was seen of people last could not be kept");
    }
}
