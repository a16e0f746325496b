//! The file `notify.db`: notices that were taken, and one row for each delivery of them.
//!
//! Every change is one transaction, and a delivery is marked as being sent before its first byte
//! goes: what is found so marked when the file is opened may have arrived.

mod begin;
mod end;
mod merge;
mod report;
pub(crate) mod schema;
mod take;
mod tidy;

use std::path::Path;
use std::time::Duration;

use egret_shared::time::TimeMs;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::error::NotifyError;

pub(crate) use begin::{Begun, Sending};
pub(crate) use end::Ending;

/// File name of the database in the data folder.
const DATABASE: &str = "notify.db";

/// How long one process waits for the other's transaction.
const BUSY_FOR: Duration = Duration::from_secs(5);

/// Names of rows in `meta`.
pub(crate) mod meta {
    /// The last journal entry whose notices have been taken.
    pub(crate) const LAST_SEQ: &str = "last_seq";
    /// Up to this entry, keys of notices have been forgotten.
    pub(crate) const FORGOTTEN_SEQ: &str = "forgotten_seq";
    /// Where the next delivery stands in the order.
    pub(crate) const PLACE: &str = "place";
}

/// The open file.
pub(crate) struct Store {
    connection: Connection,
    /// What makes letters' ids those of this outbox: random, from when the file was made.
    install: String,
    /// When what is over was last taken away.
    tidied_at: Option<TimeMs>,
}

impl Store {
    /// Opens the file in `folder`, both made if they are missing. What was being sent when the last
    /// process ended may have arrived, and waits to be sent again with its mark.
    ///
    /// # Errors
    /// If it cannot be opened or is of a newer version.
    pub(crate) fn open(folder: &Path) -> Result<Self, NotifyError> {
        std::fs::create_dir_all(folder).map_err(|error| NotifyError::file(folder, error))?;
        let path = folder.join(DATABASE);
        owners_alone(&path).map_err(|error| NotifyError::file(&path, error))?;
        let mut connection = Connection::open(&path)?;
        connection.busy_timeout(BUSY_FOR)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        let install = schema::prepare(&mut connection, &path)?;
        let n_open = connection.execute(
            "UPDATE delivery SET state = 'waiting', maybe = maybe + 1 WHERE state = 'sending'",
            [],
        )?;
        if n_open > 0 {
            tracing::warn!(
                n_open,
                "deliveries were being sent when the server ended: repeated with a mark"
            );
        }
        Ok(Self {
            connection,
            install,
            tidied_at: None,
        })
    }

    fn begin(&mut self) -> Result<Transaction<'_>, NotifyError> {
        let behavior = TransactionBehavior::Immediate;
        Ok(self.connection.transaction_with_behavior(behavior)?)
    }

    /// Ends what waits for channels that the settings do not have any more.
    pub(crate) fn drop_channels(&mut self, ids: &[&str], now: TimeMs) -> Result<(), NotifyError> {
        let transaction = self.begin()?;
        let waiting: Vec<String> = {
            let mut query = transaction.prepare_cached(
                "SELECT DISTINCT channel FROM delivery WHERE state IN ('waiting', 'sending')",
            )?;
            let rows = query.query_map([], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        for channel in waiting
            .iter()
            .filter(|channel| !ids.contains(&channel.as_str()))
        {
            let n_failed = transaction.execute(
                "UPDATE delivery SET state = 'failed', ended_at = ?2, error = ?3
                 WHERE channel = ?1 AND state IN ('waiting', 'sending')",
                params![channel, now.0, "the channel is no longer in the settings"],
            )?;
            end::count(&transaction, channel, "failed", n_failed)?;
            tracing::error!(
                channel,
                n_failed,
                "deliveries of a channel that is gone have failed"
            );
        }
        transaction.commit()?;
        Ok(())
    }
}

/// The number in `meta`; absent if it was never written.
pub(crate) fn meta(connection: &Connection, name: &str) -> Result<Option<i64>, NotifyError> {
    let mut query = connection.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
    let mut rows = query.query([name])?;
    match rows.next()? {
        Some(row) => Ok(Some(row.get(0)?)),
        None => Ok(None),
    }
}

pub(crate) fn set_meta(connection: &Connection, name: &str, value: i64) -> Result<(), NotifyError> {
    connection
        .prepare_cached(
            "INSERT INTO meta (name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![name, value])?;
    Ok(())
}

/// Makes the file readable by its owner alone before anything is in it: it has addresses and
/// texts about incidents. SQLite gives its other files the same mode.
///
/// `egret_people` does the same for its own. All that both depend on is `egret_shared`, which has
/// no files; a crate for these lines, or accounts below the outbox, would be more to know than they
/// are.
fn owners_alone(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    drop(file);
    Ok(())
}

#[cfg(test)]
mod tests;
