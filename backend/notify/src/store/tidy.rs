//! Taking away what has ended long ago, and keys that nobody can come with any more.

use egret_shared::time::TimeMs;
use rusqlite::{Transaction, params};

use super::meta::FORGOTTEN_SEQ;
use super::{Store, meta, set_meta};
use crate::error::NotifyError;
use crate::limits::{ENDED_FOR, ENDED_MAX, KEYS_MAX, TIDY_EVERY};

impl Store {
    /// Takes away what is too old or too much, if that was not done lately.
    ///
    /// # Errors
    /// If the file fails.
    pub(crate) fn tidy_if_due(&mut self, now: TimeMs) -> Result<(), NotifyError> {
        // A clock that was put back must not stop it.
        let is_due = |at: TimeMs| now.since(at).ms().saturating_abs() >= TIDY_EVERY.ms();
        if self.tidied_at.is_none_or(is_due) {
            self.tidied_at = Some(now);
            self.tidy(now)?;
        }
        Ok(())
    }

    fn tidy(&mut self, now: TimeMs) -> Result<(), NotifyError> {
        let transaction = self.begin()?;
        old_deliveries(&transaction, now)?;
        // A body that no delivery needs any more; its key stays.
        transaction.execute(
            "UPDATE notice SET body = NULL WHERE body IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.notice = notice.id)",
            [],
        )?;
        old_keys(&transaction)?;
        transaction.commit()?;
        Ok(())
    }
}

fn old_deliveries(transaction: &Transaction<'_>, now: TimeMs) -> Result<(), NotifyError> {
    transaction.execute(
        "DELETE FROM delivery WHERE ended_at IS NOT NULL AND ended_at < ?1",
        [now.minus(ENDED_FOR).0],
    )?;
    let n_ended: usize = transaction.query_row(
        "SELECT COUNT(*) FROM delivery WHERE ended_at IS NOT NULL",
        [],
        |row| row.get(0),
    )?;
    transaction.execute(
        "DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE ended_at IS NOT NULL
         ORDER BY ended_at, id LIMIT ?1)",
        params![n_ended.saturating_sub(ENDED_MAX)],
    )?;
    Ok(())
}

/// Forgets the keys of the earliest entries, and remembers up to where: what comes from before
/// there has been told. An entry is forgotten as a whole, and none whose delivery is still here.
fn old_keys(transaction: &Transaction<'_>) -> Result<(), NotifyError> {
    let n_keys: usize =
        transaction.query_row("SELECT COUNT(*) FROM notice", [], |row| row.get(0))?;
    let Some(n_over) = n_keys.checked_sub(KEYS_MAX).filter(|n_over| *n_over > 0) else {
        return Ok(());
    };
    let up_to: Option<i64> = transaction.query_row(
        "SELECT MAX(seq) FROM (SELECT seq FROM notice ORDER BY seq LIMIT ?1)",
        [n_over],
        |row| row.get(0),
    )?;
    let kept: Option<i64> = transaction.query_row(
        "SELECT MIN(notice.seq) FROM delivery JOIN notice ON notice.id = delivery.notice",
        [],
        |row| row.get(0),
    )?;
    let before_kept = kept.map_or(i64::MAX, |seq| seq.saturating_sub(1));
    let Some(up_to) = up_to.map(|up_to| up_to.min(before_kept)) else {
        return Ok(());
    };
    let forgotten = meta(transaction, FORGOTTEN_SEQ)?.unwrap_or(-1);
    if up_to > forgotten {
        transaction.execute("DELETE FROM notice WHERE seq <= ?1", [up_to])?;
        set_meta(transaction, FORGOTTEN_SEQ, up_to)?;
    }
    Ok(())
}
