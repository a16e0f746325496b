//! What there is to see: counts by channel, and the deliveries themselves, newest first.

use std::collections::BTreeMap;

use egret_shared::time::TimeMs;
use rusqlite::{Connection, Row, params};

use super::Store;
use crate::digest::Digest;
use crate::error::NotifyError;
use crate::limits::PAGE_MAX;
use crate::notice::Notice;
use crate::settings::Settings;
use crate::status::{ChannelStatus, DeliveryRow, DeliveryState, Failed, Filter, Status};

impl Store {
    /// How each channel does.
    ///
    /// # Errors
    /// If the file fails.
    pub(crate) fn status(&self, settings: &Settings, now: TimeMs) -> Result<Status, NotifyError> {
        let mut waiting = waiting(&self.connection, now)?;
        let mut channels = Vec::new();
        for channel in &settings.channels {
            let mut status = tally(&self.connection, &channel.id)?;
            status.id.clone_from(&channel.id);
            status.kind = Some(channel.kind);
            status.place = channel.sender.place();
            if let Some(open) = waiting.remove(&channel.id) {
                status.waiting = open.waiting;
                status.held = open.held;
                status.oldest_waiting_at = open.oldest_waiting_at;
            }
            channels.push(status);
        }
        Ok(Status {
            last_seq: self.last_seq()?,
            channels,
        })
    }

    /// Deliveries, newest first, at most `limit` of them.
    ///
    /// # Errors
    /// If the file fails.
    pub(crate) fn recent(
        &self,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<DeliveryRow>, NotifyError> {
        let mut query = self.connection.prepare_cached(
            "SELECT d.id, d.channel, d.recipient, d.state, d.attempts, d.maybe, d.created_at,
             d.due_at, d.retry_at, d.tried_at, d.ended_at, d.error, d.digest, d.body, n.body
             FROM delivery d LEFT JOIN notice n ON n.id = d.notice
             WHERE (?1 IS NULL OR d.channel = ?1) AND (?2 IS NULL OR d.state = ?2)
             AND (?3 IS NULL OR d.id < ?3) ORDER BY d.id DESC LIMIT ?4",
        )?;
        let rows = query.query_map(
            params![
                filter.channel,
                filter.state.map(DeliveryState::as_str),
                filter.before,
                limit.min(PAGE_MAX)
            ],
            delivery,
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// What waits for a channel.
struct Open {
    waiting: u64,
    held: u64,
    oldest_waiting_at: Option<TimeMs>,
}

fn waiting(connection: &Connection, now: TimeMs) -> Result<BTreeMap<String, Open>, NotifyError> {
    let mut query = connection.prepare_cached(
        "SELECT channel, COUNT(*), SUM(due_at > ?1),
         MIN(CASE WHEN due_at <= ?1 THEN created_at END) FROM delivery
         WHERE state IN ('waiting', 'sending') GROUP BY channel",
    )?;
    let rows = query.query_map([now.0], |row| {
        let n_open: u64 = row.get(1)?;
        let held: u64 = row.get(2)?;
        let open = Open {
            waiting: n_open.saturating_sub(held),
            held,
            oldest_waiting_at: time(row, 3)?,
        };
        Ok((row.get(0)?, open))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn tally(connection: &Connection, channel: &str) -> Result<ChannelStatus, NotifyError> {
    let mut query = connection.prepare_cached(
        "SELECT sent, failed, merged, repeated, last_sent_at, last_error, last_error_at
         FROM tally WHERE channel = ?1",
    )?;
    let mut rows = query.query([channel])?;
    let Some(row) = rows.next()? else {
        return Ok(ChannelStatus::default());
    };
    let said: Option<String> = row.get(5)?;
    Ok(ChannelStatus {
        sent: row.get(0)?,
        failed: row.get(1)?,
        merged: row.get(2)?,
        maybe_repeated: row.get(3)?,
        last_sent_at: time(row, 4)?,
        last_error: said.zip(time(row, 6)?).map(|(why, at)| Failed { at, why }),
        ..ChannelStatus::default()
    })
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<DeliveryRow> {
    let state: String = row.get(3)?;
    let digest: Option<String> = row.get(13)?;
    let notice: Option<String> = row.get(14)?;
    let notice: Option<Notice> = notice.and_then(|body| serde_json::from_str(&body).ok());
    let digest: Option<Digest> = digest.and_then(|body| serde_json::from_str(&body).ok());
    let level = match (&notice, &digest) {
        (Some(notice), _) => notice.level,
        (None, Some(digest)) => digest
            .levels
            .keys()
            .next_back()
            .copied()
            .unwrap_or_default(),
        (None, None) => egret_shared::level::Level::Normal,
    };
    Ok(DeliveryRow {
        id: row.get(0)?,
        channel: row.get(1)?,
        recipient: row.get(2)?,
        state: DeliveryState::parse(&state),
        attempts: row.get(4)?,
        maybe_repeated: row.get(5)?,
        created_at: TimeMs(row.get(6)?),
        due_at: TimeMs(row.get(7)?),
        retry_at: time(row, 8)?.filter(|at| at.0 > 0),
        tried_at: time(row, 9)?,
        ended_at: time(row, 10)?,
        error: row.get(11)?,
        merged_into: row.get(12)?,
        level,
        n_notices: digest.as_ref().map_or(1, |digest| digest.count),
        key: notice.as_ref().map(|notice| notice.key.clone()),
        kind: notice.as_ref().map(|notice| notice.kind),
        incident: notice.as_ref().and_then(|notice| notice.incident.clone()),
        title: notice.map(|notice| notice.title),
    })
}

fn time(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<TimeMs>> {
    let at: Option<i64> = row.get(index)?;
    Ok(at.map(TimeMs))
}
