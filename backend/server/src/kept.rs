//! The file `mqtt.db`: what of the MQTT endpoint outlives the process. Sessions that are to last, what
//! waits for them and is under way to them, what clients have retained, and which notices were told.
//!
//! A file of its own, whose commits the journal does not wait for. Written by one thread at a time,
//! read once, at the start.

mod commit;
mod load;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egret_mqtt::keep::{Changes, Keep, KeepError, Kept, Terms};
use egret_people::owners_alone;
use rusqlite::Connection;

use crate::auth::gate::View;
use crate::clock;
use crate::live::Live;

/// File name of the database in the data folder.
const DATABASE: &str = "mqtt.db";

/// Prepared statements kept: more than there are, so that none is prepared twice.
const STATEMENTS_KEPT: usize = 32;

/// `mqtt.db` cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeptError {
    /// The database failed, or is none.
    #[error(
        "{}: {why}; put the file back from a backup, or move it away: MQTT sessions then begin anew",
        .path.display()
    )]
    Database {
        /// Which file.
        path: PathBuf,
        /// What it said.
        why: rusqlite::Error,
    },
    /// It cannot be made, or is of a newer version.
    #[error("{}: {why}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// The open file.
#[derive(Debug)]
pub(crate) struct KeptFile {
    connection: Connection,
}

impl KeptFile {
    /// Opens the file in `folder`, which is made if it is missing, and reads what is kept.
    ///
    /// # Errors
    /// If it cannot be opened, is damaged, or is of a newer version.
    pub(crate) fn open(folder: &Path) -> Result<(Self, Kept), KeptError> {
        let path = folder.join(DATABASE);
        owners_alone(&path).map_err(|error| KeptError::File {
            path: path.clone(),
            why: error.to_string(),
        })?;
        let failed = |why| KeptError::Database {
            path: path.clone(),
            why,
        };
        let mut connection = connect(&path).map_err(failed)?;
        let version = schema::prepare(&mut connection).map_err(failed)?;
        if version > schema::VERSION {
            return Err(KeptError::File {
                path,
                why: format!(
                    "its tables are of version {version}, this server knows {}",
                    schema::VERSION
                ),
            });
        }
        let kept = load::all(&connection).map_err(failed)?;
        Ok((Self { connection }, kept))
    }
}

impl Keep for KeptFile {
    fn commit(&mut self, changes: &Changes) -> Result<(), KeepError> {
        let transaction = self.connection.transaction()?;
        commit::all(&transaction, changes)?;
        transaction.commit()?;
        Ok(())
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}

/// The server's clock; and nothing about persons, which is nowhere in clear.
struct ByPackage(Live<View>);

/// On what terms it is kept, by the package in force.
pub(crate) fn terms(view: Live<View>) -> Arc<dyn Terms> {
    Arc::new(ByPackage(view))
}

impl Terms for ByPackage {
    fn now_ms(&self) -> i64 {
        clock::now().0
    }

    fn may_keep(&self, topic: &str) -> bool {
        self.0.get().is_impersonal(topic)
    }
}

#[cfg(test)]
mod tests;
