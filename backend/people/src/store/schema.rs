//! The tables of `people.db`.
//!
//! Grants, scenes and feeds are JSON: they are read and written as a whole, and always with the row
//! that they belong to. Of secrets there are hashes alone.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::audit::{self, Head};
use crate::error::PeopleError;
use crate::seal::Key;

/// Version of all tables, which stands in `user_version`; a file of a newer one is refused.
const VERSION: i64 = 1;

const TABLES: &str = "
CREATE TABLE user (
  id           TEXT PRIMARY KEY,
  name         TEXT NOT NULL,
  compared     TEXT NOT NULL UNIQUE,
  display      TEXT NOT NULL,
  grants       TEXT NOT NULL,
  disabled     INTEGER NOT NULL,
  password     TEXT,
  must_change  INTEGER NOT NULL,
  issuer       TEXT,
  subject      TEXT,
  created_at   INTEGER NOT NULL,
  signed_in_at INTEGER,
  UNIQUE (issuer, subject)
) STRICT;
CREATE TABLE session (
  id             TEXT PRIMARY KEY,
  kind           TEXT NOT NULL,
  owner          TEXT NOT NULL,
  secret         BLOB NOT NULL,
  secret_at      INTEGER NOT NULL,
  previous       BLOB,
  previous_until INTEGER,
  created_at     INTEGER NOT NULL,
  seen_at        INTEGER NOT NULL,
  ends_at        INTEGER NOT NULL,
  address        TEXT NOT NULL,
  agent          TEXT NOT NULL
) STRICT;
CREATE TABLE token (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  hint       TEXT NOT NULL,
  secret     BLOB NOT NULL,
  grants     TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ends_at    INTEGER,
  seen_at    INTEGER
) STRICT;
CREATE TABLE gateway (
  id         TEXT PRIMARY KEY,
  display    TEXT NOT NULL,
  feeds      TEXT NOT NULL,
  secret     BLOB NOT NULL,
  disabled   INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at    INTEGER
) STRICT;
CREATE TABLE device (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  grants     TEXT NOT NULL,
  scenes     TEXT NOT NULL,
  key        BLOB NOT NULL,
  key_at     INTEGER NOT NULL,
  next_key   BLOB,
  created_at INTEGER NOT NULL,
  seen_at    INTEGER,
  address    TEXT NOT NULL
) STRICT;
CREATE TABLE pairing (
  id         TEXT PRIMARY KEY,
  code       TEXT NOT NULL,
  key        BLOB NOT NULL,
  address    TEXT NOT NULL,
  agent      TEXT NOT NULL,
  state      TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ends_at    INTEGER NOT NULL
) STRICT;
";

/// Makes the tables and the key if they are missing; the key and where the trail ends.
///
/// # Errors
/// If the file is of a newer version, or has a trail and no key.
pub(super) fn prepare(
    connection: &mut Connection,
    path: &Path,
    key_path: &Path,
) -> Result<(Key, Head), PeopleError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > VERSION {
        return Err(PeopleError::file(
            path,
            format!("its tables are of version {version}, this server knows {VERSION}"),
        ));
    }
    let key = Key::read(key_path)?;
    let is_new = version == 0;
    let key = match key {
        Some(key) => key,
        None if is_new => Key::make(key_path)?,
        None => {
            return Err(PeopleError::file(
                key_path,
                "is missing, and the audit trail is sealed with it: put it back from a backup",
            ));
        }
    };
    if is_new {
        transaction.execute_batch(TABLES)?;
        transaction.execute_batch(audit::SCHEMA)?;
        audit::begin(&transaction, &key)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    let head = audit::head(&transaction, &key)?.unwrap_or_else(|| {
        tracing::error!("the head of the audit trail is missing or was changed");
        Head {
            lines: 0,
            seal: [0; 32],
        }
    });
    transaction.commit()?;
    Ok((key, head))
}
