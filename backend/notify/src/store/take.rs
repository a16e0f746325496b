//! Taking notices: each once, with a row for each of its recipients.

use egret_shared::time::TimeMs;
use rusqlite::{Transaction, params};

use super::{Store, end, merge, meta, set_meta};
use crate::error::NotifyError;
use crate::limits::WAITING_MAX;
use crate::notice::Notice;
use crate::outbox::Taken;
use crate::route::{Planned, everybody, plan};
use crate::settings::Settings;
use crate::store::meta::{FORGOTTEN_SEQ, LAST_SEQ, PLACE};

impl Store {
    /// Takes `notices` at `now`, in one transaction, and moves the place in the journal on.
    ///
    /// # Errors
    /// If the file fails; then nothing has been taken.
    pub(crate) fn take(
        &mut self,
        settings: &Settings,
        notices: &[Notice],
        now: TimeMs,
    ) -> Result<Taken, NotifyError> {
        let transaction = self.begin()?;
        let forgotten = meta(&transaction, FORGOTTEN_SEQ)?.unwrap_or(-1);
        let mut taken = Taken::default();
        for notice in notices {
            let seq = stored(notice.seq);
            let Some(notice) = notice.within_limits() else {
                tracing::error!(
                    seq,
                    key = notice.key.len(),
                    "a notice has a key that is empty or too long: not sent"
                );
                taken.refused += 1;
                continue;
            };
            // Its key may have been forgotten: whoever follows from so far behind has told it.
            if seq <= forgotten {
                taken.known += 1;
                continue;
            }
            let Some(row) = add_notice(&transaction, &notice, seq)? else {
                taken.known += 1;
                continue;
            };
            taken.new += 1;
            let planned = plan(&settings.routes, &notice, now);
            add_deliveries(&transaction, settings, &notice, row, &planned, now)?;
            taken.deliveries += planned.len();
        }
        if let Some(last) = notices.iter().map(|notice| stored(notice.seq)).max() {
            advance(&transaction, last)?;
        }
        make_room(&transaction, settings, now)?;
        transaction.commit()?;
        Ok(taken)
    }

    /// Takes a notice of no event for everybody whom `channel` reaches; how many that are.
    ///
    /// # Errors
    /// If the file fails; then nothing has been taken.
    pub(crate) fn take_test(
        &mut self,
        settings: &Settings,
        channel: &str,
        now: TimeMs,
    ) -> Result<usize, NotifyError> {
        let transaction = self.begin()?;
        let seq = meta(&transaction, LAST_SEQ)?.unwrap_or(0);
        let notice = Notice::test(channel, now);
        let mut n_recipients = 0;
        // Two within a millisecond are one.
        if let Some(row) = add_notice(&transaction, &notice, seq)? {
            let planned = everybody(&settings.routes, channel, now);
            n_recipients = planned.len();
            add_deliveries(&transaction, settings, &notice, row, &planned, now)?;
        }
        make_room(&transaction, settings, now)?;
        transaction.commit()?;
        Ok(n_recipients)
    }

    /// Moves the place in the journal on, without a notice. It never goes back.
    pub(crate) fn advance(&mut self, seq: u64) -> Result<(), NotifyError> {
        let transaction = self.begin()?;
        advance(&transaction, stored(seq))?;
        transaction.commit()?;
        Ok(())
    }

    /// The place in the journal; absent if there never was one.
    pub(crate) fn last_seq(&self) -> Result<Option<u64>, NotifyError> {
        let seq = meta(&self.connection, LAST_SEQ)?;
        Ok(seq.and_then(|seq| u64::try_from(seq).ok()))
    }
}

/// A journal's place as SQLite keeps it.
fn stored(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn advance(transaction: &Transaction<'_>, seq: i64) -> Result<(), NotifyError> {
    let last = meta(transaction, LAST_SEQ)?;
    if last.is_none_or(|last| last < seq) {
        set_meta(transaction, LAST_SEQ, seq)?;
    }
    Ok(())
}

/// The notice's row; `None` if it is there already.
fn add_notice(
    transaction: &Transaction<'_>,
    notice: &Notice,
    seq: i64,
) -> Result<Option<i64>, NotifyError> {
    let body = serde_json::to_string(notice).unwrap_or_default();
    let n_added = transaction
        .prepare_cached(
            "INSERT INTO notice (key, seq, body) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO NOTHING",
        )?
        .execute(params![notice.key, seq, body])?;
    Ok((n_added > 0).then(|| transaction.last_insert_rowid()))
}

fn add_deliveries(
    transaction: &Transaction<'_>,
    settings: &Settings,
    notice: &Notice,
    row: i64,
    planned: &[Planned],
    now: TimeMs,
) -> Result<(), NotifyError> {
    // What happened before anything is given up is news to nobody.
    let is_over = now.since(notice.at) > settings.give_up_after;
    for planned in planned {
        let id = add_delivery(transaction, notice, row, planned, now)?;
        if is_over {
            let why = "it happened too long before it was taken";
            end::fail(transaction, id, &planned.channel, why, now)?;
        }
    }
    if planned.is_empty() {
        // Its key alone is of use.
        transaction
            .prepare_cached("UPDATE notice SET body = NULL WHERE id = ?1")?
            .execute([row])?;
    }
    Ok(())
}

fn add_delivery(
    transaction: &Transaction<'_>,
    notice: &Notice,
    row: i64,
    planned: &Planned,
    now: TimeMs,
) -> Result<i64, NotifyError> {
    let place = meta(transaction, PLACE)?.unwrap_or(0) + 1;
    set_meta(transaction, PLACE, place)?;
    transaction
        .prepare_cached(
            "INSERT INTO delivery (notice, channel, recipient, mentions, language, place, urgent,
             state, created_at, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'waiting', ?8, ?9)",
        )?
        .execute(params![
            row,
            planned.channel,
            planned.recipient,
            serde_json::to_string(&planned.mentions).unwrap_or_default(),
            serde_json::to_string(&planned.language).unwrap_or_default(),
            place,
            notice.is_urgent(),
            now.0,
            planned.due_at.0,
        ])?;
    Ok(transaction.last_insert_rowid())
}

/// Keeps what waits within its bound: merges what may be merged, and then fails the oldest.
fn make_room(
    transaction: &Transaction<'_>,
    settings: &Settings,
    now: TimeMs,
) -> Result<(), NotifyError> {
    let n_waiting = n_waiting(transaction)?;
    if n_waiting <= WAITING_MAX {
        return Ok(());
    }
    for channel in &settings.channels {
        merge::whole_channel(transaction, channel, now)?;
    }
    let n_over = self::n_waiting(transaction)?.saturating_sub(WAITING_MAX);
    if n_over == 0 {
        return Ok(());
    }
    let oldest: Vec<(i64, String)> = {
        let mut query = transaction.prepare_cached(
            "SELECT id, channel FROM delivery WHERE state = 'waiting'
             ORDER BY urgent, place LIMIT ?1",
        )?;
        let rows = query.query_map([n_over], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<Result<_, _>>()?
    };
    tracing::error!(
        n_over,
        "more than {WAITING_MAX} deliveries wait: the oldest have failed"
    );
    for (id, channel) in oldest {
        let why = format!("more than {WAITING_MAX} deliveries were waiting");
        end::fail(transaction, id, &channel, &why, now)?;
    }
    Ok(())
}

fn n_waiting(transaction: &Transaction<'_>) -> Result<usize, NotifyError> {
    let query = "SELECT COUNT(*) FROM delivery WHERE state IN ('waiting', 'sending')";
    Ok(transaction
        .prepare_cached(query)?
        .query_row([], |row| row.get(0))?)
}
