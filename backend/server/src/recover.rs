//! From the journal back to the city: newest good checkpoint, then the tail.

use std::sync::Arc;

use egret_city::City;
use egret_package::Package;

use crate::journal::{Journal, JournalError};
use crate::store::Past;

/// Entries folded before the windows that closed meanwhile are kept, so that folding a whole
/// journal anew needs no memory for its history.
const ENTRIES_AT_ONCE: usize = 100_000;

/// The city at the journal's end. Windows that closed on the way are kept as history: after a
/// crash it may lack them, and where it has them they are the same.
///
/// A checkpoint of another city package does not fit: then the whole journal is folded anew
/// under the package that is now in force.
///
/// # Errors
/// If the journal cannot be read.
pub(crate) fn recover(
    journal: &mut impl Journal,
    package: &Arc<Package>,
) -> Result<City, JournalError> {
    let mut city = newest_checkpoint(journal, package)?;
    let from = city.seq();
    loop {
        let mut n_entries = 0;
        journal.read(city.seq(), &mut |seq, entry| {
            city.apply(seq, &entry);
            n_entries += 1;
            n_entries < ENTRIES_AT_ONCE
        })?;
        journal.put_history(&city.take_closed())?;
        // What has been kept of these before is not kept twice.
        journal.put_past(&Past::Turns(city.take_alert_log()))?;
        journal.put_past(&Past::Over(city.take_archived()))?;
        if n_entries < ENTRIES_AT_ONCE {
            break;
        }
    }
    tracing::info!(from, to = city.seq(), "the city is folded from the journal");
    Ok(city)
}

/// The city after folding the whole journal up to `until`, without any checkpoint.
///
/// # Errors
/// If the journal cannot be read.
pub(crate) fn replay(
    journal: &impl Journal,
    package: &Arc<Package>,
    until: Option<u64>,
) -> Result<City, JournalError> {
    let mut city = City::new(Arc::clone(package));
    journal.read(0, &mut |seq, entry| {
        if until.is_some_and(|until| seq > until) {
            return false;
        }
        city.apply(seq, &entry);
        true
    })?;
    Ok(city)
}

fn newest_checkpoint(journal: &impl Journal, package: &Arc<Package>) -> Result<City, JournalError> {
    for checkpoint in journal.checkpoints()? {
        match City::restore(Arc::clone(package), &checkpoint.body) {
            Ok(city) => return Ok(city),
            Err(error) => {
                tracing::warn!(seq = checkpoint.seq, %error, "a checkpoint does not fit");
            }
        }
    }
    Ok(City::new(Arc::clone(package)))
}
