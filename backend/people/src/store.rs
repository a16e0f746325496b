//! The file `people.db`, its key, and how both are opened.
//!
//! The server and the command line may have it open at the same time: every change is one
//! transaction that takes the file for itself, and `data_version` tells of the other's changes.

pub(crate) mod schema;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::audit::{self, Head, Line};
use crate::error::PeopleError;
use crate::seal::Key;

/// File name of the database in the data folder.
const DATABASE: &str = "people.db";

/// File name of the audit trail's key.
const KEY_FILE: &str = "audit.key";

/// How long one process waits for the other's transaction.
const BUSY_FOR: Duration = Duration::from_secs(5);

/// The writing side.
pub(crate) struct Store {
    pub(crate) connection: Connection,
    pub(crate) key: Key,
    /// Where the trail ended when this process last looked.
    pub(crate) head: Head,
    /// The `data_version` that the state in memory is of.
    pub(crate) version: i64,
}

/// Where the database of `folder` is.
pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join(DATABASE)
}

impl Store {
    /// Opens the file in `folder`, both made if they are missing.
    ///
    /// # Errors
    /// If it cannot be opened, is of a newer version, or its key is gone.
    pub(crate) fn open(folder: &Path) -> Result<Self, PeopleError> {
        std::fs::create_dir_all(folder).map_err(|error| PeopleError::file(folder, error))?;
        let path = database(folder);
        owners_alone(&path).map_err(|error| PeopleError::file(&path, error))?;
        let mut connection = Connection::open(&path)?;
        connection.busy_timeout(BUSY_FOR)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        let (key, head) = schema::prepare(&mut connection, &path, &folder.join(KEY_FILE))?;
        let version = data_version(&connection)?;
        Ok(Self {
            connection,
            key,
            head,
            version,
        })
    }

    /// Writes a line by itself.
    pub(crate) fn append(&mut self, line: &Line) -> Result<(), PeopleError> {
        let transaction = begin(&mut self.connection)?;
        let head = audit::append(&transaction, &self.key, &self.head, line)?;
        transaction.commit()?;
        self.head = head;
        Ok(())
    }
}

/// Takes the file for a change.
pub(crate) fn begin(connection: &mut Connection) -> Result<Transaction<'_>, PeopleError> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

/// A number that rises when another connection has changed the file.
pub(crate) fn data_version(connection: &Connection) -> Result<i64, PeopleError> {
    Ok(connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
}

/// A connection that reads beside the writing one, for long reads.
pub(crate) fn reader(folder: &Path) -> Result<Connection, PeopleError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database(folder), flags)?;
    connection.busy_timeout(BUSY_FOR)?;
    Ok(connection)
}

/// Makes the file readable by its owner alone before anything is in it. SQLite gives its other
/// files the same mode.
///
/// # Errors
/// The file cannot be made, or is somebody else's.
pub fn owners_alone(path: &Path) -> std::io::Result<()> {
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
