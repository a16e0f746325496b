//! Making one message of many that wait for the same recipient.
//!
//! Only what has certainly not arrived is merged: what may have must come again as it was, with
//! its mark. For the same reason a digest takes in what came after it as long as it has certainly
//! not arrived itself, so that there is one of them and not one for each try.

use egret_shared::time::TimeMs;
use rusqlite::{Transaction, params};

use super::end;
use crate::digest::Digest;
use crate::error::NotifyError;
use crate::limits::MERGED_MAX;
use crate::notice::Notice;
use crate::route::join_mentions;
use crate::settings::Channel;

/// What may become part of a digest.
struct Part {
    id: i64,
    place: i64,
    mentions: String,
    language: String,
    created_at: i64,
    due_at: i64,
    digest: Option<String>,
    notice: Option<String>,
}

/// Rows that may be merged: not urgent, due, and certainly not arrived.
const MERGEABLE: &str = "
  d.channel = ?1 AND d.recipient = ?2 AND d.state = 'waiting' AND d.urgent = 0 AND d.maybe = 0
  AND (d.due_at <= ?3 OR d.created_at > ?3)";

/// A digest that has just been made, or has taken in more.
#[derive(Clone, Copy)]
pub(super) struct Merged {
    /// Its row.
    pub(super) id: i64,
    /// Where it stands: where the first of its parts stood.
    pub(super) place: i64,
}

/// Merges what waits for `recipient`, if it is too much.
///
/// # Errors
/// If the file fails.
pub(super) fn waiting(
    transaction: &Transaction<'_>,
    channel: &Channel,
    recipient: &str,
    now: TimeMs,
) -> Result<Option<Merged>, NotifyError> {
    if channel.merge_over == 0 {
        return Ok(None);
    }
    let query = format!("SELECT COUNT(*), COUNT(d.body) FROM delivery d WHERE {MERGEABLE}");
    let (n_parts, n_digests): (usize, usize) = transaction
        .prepare_cached(&query)?
        .query_row(params![channel.id, recipient, now.0], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let has_digest = n_digests > 0 && n_parts > 1;
    if n_parts <= channel.merge_over && !has_digest {
        return Ok(None);
    }
    let mut merged = None;
    loop {
        let parts = parts(transaction, channel, recipient, now)?;
        if parts.len() < 2 {
            return Ok(merged);
        }
        merged = merge(transaction, channel, recipient, &parts, now)?;
    }
}

/// Merges what waits for each recipient of `channel`, if it is too much.
///
/// # Errors
/// If the file fails.
pub(super) fn whole_channel(
    transaction: &Transaction<'_>,
    channel: &Channel,
    now: TimeMs,
) -> Result<(), NotifyError> {
    let recipients: Vec<String> = {
        let mut query = transaction.prepare_cached(
            "SELECT DISTINCT recipient FROM delivery
             WHERE channel = ?1 AND state IN ('waiting', 'sending')",
        )?;
        let rows = query.query_map([&channel.id], |row| row.get(0))?;
        rows.collect::<Result<_, _>>()?
    };
    for recipient in recipients {
        waiting(transaction, channel, &recipient, now)?;
    }
    Ok(())
}

fn parts(
    transaction: &Transaction<'_>,
    channel: &Channel,
    recipient: &str,
    now: TimeMs,
) -> Result<Vec<Part>, NotifyError> {
    let query = format!(
        "SELECT d.id, d.place, d.mentions, d.language, d.created_at, d.due_at, d.body, n.body
         FROM delivery d LEFT JOIN notice n ON n.id = d.notice WHERE {MERGEABLE}
         ORDER BY d.place LIMIT {MERGED_MAX}"
    );
    let mut query = transaction.prepare_cached(&query)?;
    let rows = query.query_map(params![channel.id, recipient, now.0], |row| {
        Ok(Part {
            id: row.get(0)?,
            place: row.get(1)?,
            mentions: row.get(2)?,
            language: row.get(3)?,
            created_at: row.get(4)?,
            due_at: row.get(5)?,
            digest: row.get(6)?,
            notice: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Makes one row of `parts`, where the first of them stands.
fn merge(
    transaction: &Transaction<'_>,
    channel: &Channel,
    recipient: &str,
    parts: &[Part],
    now: TimeMs,
) -> Result<Option<Merged>, NotifyError> {
    let Some(first) = parts.first() else {
        return Ok(None);
    };
    let mut digest = Digest::default();
    let mut mentions = Vec::new();
    for part in parts {
        digest_part(&mut digest, part);
        let more: Vec<String> = serde_json::from_str(&part.mentions).unwrap_or_default();
        join_mentions(&mut mentions, &more);
    }
    digest.cut();
    digest.revision += 1;
    let known = parts.iter().find(|part| part.digest.is_some());
    let oldest = parts.iter().map(|part| part.created_at).min();
    let due = parts.iter().map(|part| part.due_at).min();
    let body = serde_json::to_string(&digest).unwrap_or_default();
    let mentions = serde_json::to_string(&mentions).unwrap_or_default();
    let id = if let Some(part) = known {
        part.id
    } else {
        transaction
            .prepare_cached(
                "INSERT INTO delivery (channel, recipient, mentions, language, place, urgent,
                 state, created_at, due_at) VALUES (?1, ?2, '', '', 0, 0, 'waiting', 0, 0)",
            )?
            .execute(params![channel.id, recipient])?;
        transaction.last_insert_rowid()
    };
    transaction
        .prepare_cached(
            "UPDATE delivery SET mentions = ?2, language = ?3, place = ?4, created_at = ?5,
             due_at = ?6, body = ?7 WHERE id = ?1",
        )?
        .execute(params![
            id,
            mentions,
            first.language,
            first.place,
            oldest.unwrap_or(now.0),
            due.unwrap_or(now.0),
            body,
        ])?;
    end_parts(transaction, channel, parts, id, now)?;
    let place = first.place;
    Ok(Some(Merged { id, place }))
}

fn digest_part(digest: &mut Digest, part: &Part) {
    let notice = part.notice.as_deref().map(serde_json::from_str::<Notice>);
    let earlier = part.digest.as_deref().map(serde_json::from_str::<Digest>);
    match (notice, earlier) {
        (Some(Ok(notice)), _) => digest.add(notice),
        (_, Some(Ok(earlier))) => digest.join(earlier),
        // What cannot be read still counts.
        _ => digest.count += 1,
    }
}

fn end_parts(
    transaction: &Transaction<'_>,
    channel: &Channel,
    parts: &[Part],
    id: i64,
    now: TimeMs,
) -> Result<(), NotifyError> {
    let mut n_merged = 0;
    for part in parts.iter().filter(|part| part.id != id) {
        transaction
            .prepare_cached(
                "UPDATE delivery SET state = 'merged', ended_at = ?2, digest = ?3 WHERE id = ?1",
            )?
            .execute(params![part.id, now.0, id])?;
        // Of what an earlier digest held, the notices follow it.
        if part.digest.is_some() {
            transaction
                .prepare_cached("UPDATE delivery SET digest = ?2 WHERE digest = ?1")?
                .execute([part.id, id])?;
        } else {
            n_merged += 1;
        }
    }
    end::count(transaction, &channel.id, "merged", n_merged)
}
