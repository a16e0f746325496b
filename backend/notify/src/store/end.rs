//! What becomes of a delivery after a try.

use std::time::Duration;

use egret_shared::time::{Span, TimeMs};
use rusqlite::{Connection, params};

use super::Store;
use crate::error::{NotifyError, said};
use crate::limits::{GIVE_UP_TRIES, MAYBE_OFTEN, MAYBE_WAIT, MAYBE_WAIT_MAX};
use crate::send::Outcome;

/// How a delivery goes on.
pub(crate) struct Ending<'a> {
    /// Its row.
    pub(crate) id: i64,
    pub(crate) channel: &'a str,
    pub(crate) outcome: &'a Outcome,
    /// When it is tried again, if it is.
    pub(crate) wait: Duration,
    /// Tries that have failed in a row: of this delivery, or of its channel.
    pub(crate) n_failed: u32,
    pub(crate) give_up_after: Span,
    pub(crate) now: TimeMs,
}

impl Store {
    /// Writes what became of a try.
    ///
    /// # Errors
    /// If the file fails: the delivery stays marked as being sent.
    pub(crate) fn end(&mut self, ending: &Ending<'_>) -> Result<(), NotifyError> {
        let transaction = self.begin()?;
        match ending.outcome {
            Outcome::Sent => sent(&transaction, ending)?,
            Outcome::Never(why) => {
                fail(&transaction, ending.id, ending.channel, why, ending.now)?;
                tell_error(&transaction, ending.channel, why, ending.now)?;
            }
            Outcome::NotTaken(failure) => again(&transaction, ending, &failure.why, false)?,
            Outcome::Unknown(failure) => again(&transaction, ending, &failure.why, true)?,
        }
        transaction.commit()?;
        Ok(())
    }
}

fn sent(connection: &Connection, ending: &Ending<'_>) -> Result<(), NotifyError> {
    let is_repeated: bool = connection
        .prepare_cached(
            "UPDATE delivery SET state = 'sent', ended_at = ?2, error = NULL WHERE id = ?1
             RETURNING maybe",
        )?
        .query_row(params![ending.id, ending.now.0], |row| row.get(0))?;
    count(connection, ending.channel, "sent", 1)?;
    if is_repeated {
        count(connection, ending.channel, "repeated", 1)?;
    }
    connection
        .prepare_cached("UPDATE tally SET last_sent_at = ?2 WHERE channel = ?1")?
        .execute(params![ending.channel, ending.now.0])?;
    Ok(())
}

fn again(
    connection: &Connection,
    ending: &Ending<'_>,
    why: &str,
    is_maybe: bool,
) -> Result<(), NotifyError> {
    let n_maybe: u32 = connection
        .prepare_cached("UPDATE delivery SET maybe = maybe + ?2 WHERE id = ?1 RETURNING maybe")?
        .query_row(params![ending.id, is_maybe], |row| row.get(0))?;
    let wait_ms = i64::try_from(ending.wait.as_millis()).unwrap_or(i64::MAX);
    let wait_ms = wait_ms.max(seldom(n_maybe).ms());
    connection
        .prepare_cached(
            "UPDATE delivery SET state = 'waiting', retry_at = ?2, error = ?3 WHERE id = ?1",
        )?
        .execute(params![
            ending.id,
            ending.now.0.saturating_add(wait_ms),
            said(why)
        ])?;
    tell_error(connection, ending.channel, why, ending.now)?;
    if ending.n_failed >= GIVE_UP_TRIES {
        give_up(connection, ending, why)?;
    }
    Ok(())
}

/// The least wait of what may have arrived so often.
fn seldom(n_maybe: u32) -> Span {
    match n_maybe.checked_sub(MAYBE_OFTEN) {
        Some(n_more) => {
            let wait_ms = MAYBE_WAIT.ms().saturating_mul(1 << n_more.min(16));
            Span(wait_ms.min(MAYBE_WAIT_MAX.ms()))
        }
        None => Span(0),
    }
}

/// Gives up what is too old: of the whole channel, since what waits behind has the same receiver.
fn give_up(connection: &Connection, ending: &Ending<'_>, why: &str) -> Result<(), NotifyError> {
    let oldest = ending.now.minus(ending.give_up_after);
    let why = format!("given up after {}: {}", ending.give_up_after, said(why));
    let is_channel = match ending.outcome {
        Outcome::NotTaken(failure) | Outcome::Unknown(failure) => failure.is_channel,
        Outcome::Sent | Outcome::Never(_) => false,
    };
    let n_failed = connection
        .prepare_cached(
            "UPDATE delivery SET state = 'failed', ended_at = ?3, error = ?4
             WHERE channel = ?1 AND state = 'waiting' AND created_at < ?2 AND due_at < ?2
             AND (?5 OR id = ?6)",
        )?
        .execute(params![
            ending.channel,
            oldest.0,
            ending.now.0,
            why,
            is_channel,
            ending.id
        ])?;
    if n_failed > 0 {
        tracing::error!(
            channel = ending.channel,
            n_failed,
            why,
            "notifications have failed"
        );
    }
    count(connection, ending.channel, "failed", n_failed)
}

/// Ends a delivery that did not arrive.
pub(super) fn fail(
    connection: &Connection,
    id: i64,
    channel: &str,
    why: &str,
    now: TimeMs,
) -> Result<(), NotifyError> {
    connection
        .prepare_cached(
            "UPDATE delivery SET state = 'failed', ended_at = ?2, error = ?3 WHERE id = ?1",
        )?
        .execute(params![id, now.0, said(why)])?;
    count(connection, channel, "failed", 1)
}

fn tell_error(
    connection: &Connection,
    channel: &str,
    why: &str,
    now: TimeMs,
) -> Result<(), NotifyError> {
    count(connection, channel, "failed", 0)?;
    connection
        .prepare_cached("UPDATE tally SET last_error = ?2, last_error_at = ?3 WHERE channel = ?1")?
        .execute(params![channel, said(why), now.0])?;
    Ok(())
}

/// Adds to one of a channel's counts.
pub(super) fn count(
    connection: &Connection,
    channel: &str,
    column: &'static str,
    n: usize,
) -> Result<(), NotifyError> {
    let query = match column {
        "sent" => {
            "INSERT INTO tally (channel, sent) VALUES (?1, ?2)
             ON CONFLICT (channel) DO UPDATE SET sent = sent + ?2"
        }
        "merged" => {
            "INSERT INTO tally (channel, merged) VALUES (?1, ?2)
             ON CONFLICT (channel) DO UPDATE SET merged = merged + ?2"
        }
        "repeated" => {
            "INSERT INTO tally (channel, repeated) VALUES (?1, ?2)
             ON CONFLICT (channel) DO UPDATE SET repeated = repeated + ?2"
        }
        _ => {
            "INSERT INTO tally (channel, failed) VALUES (?1, ?2)
             ON CONFLICT (channel) DO UPDATE SET failed = failed + ?2"
        }
    };
    connection
        .prepare_cached(query)?
        .execute(params![channel, n])?;
    Ok(())
}
