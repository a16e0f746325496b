//! Which delivery is next, and that it is being sent.

use std::time::Duration;

use egret_shared::text::Language;
use egret_shared::time::TimeMs;
use rusqlite::{Transaction, params};
use sha2::{Digest as _, Sha256};

use super::{Store, end, merge};
use crate::digest::Digest;
use crate::error::NotifyError;
use crate::limits::{MAYBE_OFTEN, MAYBE_WAIT_MAX, PER_MINUTE_MAX, RETRY_AHEAD_MAX};
use crate::notice::Notice;
use crate::send::{Content, Letter};
use crate::settings::{Channel, Settings};

/// What a worker has to do.
#[derive(Debug)]
pub(crate) enum Begun {
    /// This is to be sent, and is marked so.
    Letter(Box<Sending>),
    /// Something waits, and is due after so long.
    Later(Duration),
    /// Nothing waits.
    Nothing,
}

/// A delivery that is being sent.
#[derive(Debug)]
pub(crate) struct Sending {
    /// Its row.
    pub(crate) id: i64,
    /// Tries, with this one.
    pub(crate) attempts: u32,
    pub(crate) letter: Letter,
}

/// The first delivery of a recipient that is not held back by hours.
struct Head {
    id: i64,
    recipient: String,
    place: i64,
    retry_at: i64,
    /// When it was last tried; 0 if it was not.
    tried_at: i64,
}

impl Store {
    /// The next delivery of `channel`, marked as being sent: each recipient's come in their order,
    /// and while the first waits for its next try, so do those behind it.
    ///
    /// # Errors
    /// If the file fails; then nothing is marked.
    pub(crate) fn begin_next(
        &mut self,
        settings: &Settings,
        channel: &Channel,
        now: TimeMs,
    ) -> Result<Begun, NotifyError> {
        let install = self.install.clone();
        let transaction = self.begin()?;
        let heads = heads(&transaction, &channel.id, now)?;
        let due = heads.iter().filter(|head| is_due(head.retry_at, now));
        // In turn: one that brings the whole channel down at each try must not come first for ever.
        let Some(head) = due.min_by_key(|head| (head.tried_at, head.place)) else {
            let later = later(&transaction, &channel.id, &heads, now)?;
            return Ok(later);
        };
        let merged = merge::waiting(&transaction, channel, &head.recipient, now)?;
        // What is first may be none of its parts: red, or what may have arrived.
        let merged = merged.filter(|merged| merged.place == head.place);
        let id = merged.map_or(head.id, |merged| merged.id);
        let begun = match mark(&transaction, id, &install, settings, now) {
            Ok(sending) => Begun::Letter(Box::new(sending)),
            // One bad row must not stop all others.
            Err(error @ NotifyError::Row { .. }) => {
                tracing::error!(%error, "a delivery has failed");
                end::fail(&transaction, id, &channel.id, &error.to_string(), now)?;
                Begun::Later(Duration::ZERO)
            }
            Err(error) => return Err(error),
        };
        transaction.commit()?;
        Ok(begun)
    }
}

impl Store {
    /// How long before `now` each try since `since` was, the longest first.
    ///
    /// # Errors
    /// If the file fails.
    pub(crate) fn tried_since(
        &self,
        channel: &str,
        since: TimeMs,
        now: TimeMs,
    ) -> Result<Vec<Duration>, NotifyError> {
        let mut query = self.connection.prepare_cached(
            "SELECT tried_at FROM delivery
             WHERE channel = ?1 AND tried_at IS NOT NULL AND tried_at > ?2 AND tried_at <= ?3
             ORDER BY tried_at LIMIT ?4",
        )?;
        let rows = query.query_map(params![channel, since.0, now.0, PER_MINUTE_MAX], |row| {
            let tried_at: i64 = row.get(0)?;
            Ok(u64::try_from(now.0.saturating_sub(tried_at)).unwrap_or(0))
        })?;
        let ago: Vec<u64> = rows.collect::<Result<_, _>>()?;
        Ok(ago.into_iter().map(Duration::from_millis).collect())
    }
}

/// Whether a try is due: also if it is further ahead than any wait, which a clock wrote that has
/// been put back since.
fn is_due(retry_at: i64, now: TimeMs) -> bool {
    retry_at <= now.0 || retry_at > now.plus(RETRY_AHEAD_MAX).0
}

/// Each recipient's first delivery. What was made in the future was made by a clock that has been
/// put back since, and its hours with it: better early than never. What may have arrived often
/// enough is passed while it waits.
fn heads(
    transaction: &Transaction<'_>,
    channel: &str,
    now: TimeMs,
) -> Result<Vec<Head>, NotifyError> {
    let mut query = transaction.prepare_cached(
        "SELECT id, recipient, MIN(place), retry_at, IFNULL(tried_at, 0) FROM delivery
         WHERE channel = ?1 AND state IN ('waiting', 'sending')
         AND (due_at <= ?2 OR created_at > ?2)
         AND NOT (maybe >= ?3 AND retry_at > ?2 AND retry_at <= ?4) GROUP BY recipient",
    )?;
    let seldom = now.plus(MAYBE_WAIT_MAX).0;
    let rows = query.query_map(params![channel, now.0, MAYBE_OFTEN, seldom], |row| {
        Ok(Head {
            id: row.get(0)?,
            recipient: row.get(1)?,
            place: row.get(2)?,
            retry_at: row.get(3)?,
            tried_at: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn later(
    transaction: &Transaction<'_>,
    channel: &str,
    heads: &[Head],
    now: TimeMs,
) -> Result<Begun, NotifyError> {
    let held: Option<i64> = transaction
        .prepare_cached(
            "SELECT MIN(due_at) FROM delivery
             WHERE channel = ?1 AND state IN ('waiting', 'sending') AND due_at > ?2",
        )?
        .query_row(params![channel, now.0], |row| row.get(0))?;
    let next = heads.iter().map(|head| head.retry_at).chain(held).min();
    Ok(next.map_or(Begun::Nothing, |at| {
        let wait_ms = u64::try_from(at.saturating_sub(now.0)).unwrap_or(0);
        Begun::Later(Duration::from_millis(wait_ms))
    }))
}

fn mark(
    transaction: &Transaction<'_>,
    id: i64,
    install: &str,
    settings: &Settings,
    now: TimeMs,
) -> Result<Sending, NotifyError> {
    transaction
        .prepare_cached(
            "UPDATE delivery SET maybe = maybe + (state = 'sending'), state = 'sending',
             attempts = attempts + 1, tried_at = ?2 WHERE id = ?1",
        )?
        .execute(params![id, now.0])?;
    let row = transaction
        .prepare_cached(
            "SELECT d.channel, d.recipient, d.mentions, d.language, d.attempts, d.maybe, d.body,
             n.key, n.body FROM delivery d LEFT JOIN notice n ON n.id = d.notice WHERE d.id = ?1",
        )?
        .query_row([id], |row| {
            Ok(Row {
                channel: row.get(0)?,
                recipient: row.get(1)?,
                mentions: row.get(2)?,
                language: row.get(3)?,
                attempts: row.get(4)?,
                maybe: row.get(5)?,
                digest: row.get(6)?,
                key: row.get(7)?,
                notice: row.get(8)?,
            })
        })?;
    let letter = row.letter(id, install, settings, now)?;
    Ok(Sending {
        id,
        attempts: row.attempts,
        letter,
    })
}

/// A delivery as it is stored.
struct Row {
    channel: String,
    recipient: String,
    mentions: String,
    language: String,
    attempts: u32,
    maybe: bool,
    digest: Option<String>,
    key: Option<String>,
    notice: Option<String>,
}

impl Row {
    fn letter(
        &self,
        id: i64,
        install: &str,
        settings: &Settings,
        now: TimeMs,
    ) -> Result<Letter, NotifyError> {
        let bad = |error: serde_json::Error| NotifyError::Row {
            id,
            why: error.to_string(),
        };
        let (content, key) = match (&self.digest, &self.notice, &self.key) {
            (Some(digest), _, _) => {
                let digest: Digest = serde_json::from_str(digest).map_err(bad)?;
                let key = format!("digest/{id}/{}", digest.revision);
                (Content::Digest(digest), key)
            }
            (None, Some(notice), Some(key)) => {
                let notice: Notice = serde_json::from_str(notice).map_err(bad)?;
                (Content::Notice(Box::new(notice)), key.clone())
            }
            _ => {
                let why = "its notice is gone".to_owned();
                return Err(NotifyError::Row { id, why });
            }
        };
        Ok(Letter {
            id: letter_id(install, &key, &self.channel, &self.recipient),
            recipient: self.recipient.clone(),
            mentions: serde_json::from_str(&self.mentions).map_err(bad)?,
            language: serde_json::from_str::<Language>(&self.language).map_err(bad)?,
            maybe_repeated: self.maybe,
            content,
            base_url: settings.base_url.clone(),
            zone: settings.zone,
            now,
        })
    }
}

/// The same for the same notice, channel and recipient, and nowhere else in the world.
fn letter_id(install: &str, key: &str, channel: &str, recipient: &str) -> String {
    let mut hash = Sha256::new();
    for part in [install, key, channel, recipient] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let hash = hash.finalize();
    let hex: Vec<String> = hash
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("egret-{}", hex.concat())
}
