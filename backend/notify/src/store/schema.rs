//! The tables of `notify.db`.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::{Connection, TransactionBehavior};

use crate::error::NotifyError;

/// Version of all tables, which stands in `user_version`; a file of a newer one is refused.
const VERSION: i64 = 1;

/// A notice's body goes with its last delivery; its key stays for much longer.
///
/// `maybe` counts the tries that may have arrived. `place` is the order of deliveries. A digest stands where the first of what it holds stood, so
/// that it is not its number.
const TABLES: &str = "
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT;
CREATE TABLE install (
  id TEXT NOT NULL
) STRICT;
CREATE TABLE notice (
  id   INTEGER PRIMARY KEY,
  key  TEXT NOT NULL UNIQUE,
  seq  INTEGER NOT NULL,
  body TEXT
) STRICT;
CREATE INDEX notice_seq ON notice (seq);
CREATE TABLE delivery (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  notice     INTEGER,
  body       TEXT,
  channel    TEXT NOT NULL,
  recipient  TEXT NOT NULL,
  mentions   TEXT NOT NULL,
  language   TEXT NOT NULL,
  place      INTEGER NOT NULL,
  urgent     INTEGER NOT NULL,
  state      TEXT NOT NULL,
  attempts   INTEGER NOT NULL DEFAULT 0,
  maybe      INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  due_at     INTEGER NOT NULL,
  retry_at   INTEGER NOT NULL DEFAULT 0,
  tried_at   INTEGER,
  ended_at   INTEGER,
  error      TEXT,
  digest     INTEGER,
  UNIQUE (notice, channel, recipient)
) STRICT;
CREATE INDEX delivery_open ON delivery
  (channel, recipient, place, due_at, retry_at, created_at, maybe, tried_at)
  WHERE state IN ('waiting', 'sending');
CREATE INDEX delivery_ended ON delivery (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX delivery_tried ON delivery (channel, tried_at) WHERE tried_at IS NOT NULL;
CREATE TABLE tally (
  channel       TEXT PRIMARY KEY,
  sent          INTEGER NOT NULL DEFAULT 0,
  failed        INTEGER NOT NULL DEFAULT 0,
  merged        INTEGER NOT NULL DEFAULT 0,
  repeated      INTEGER NOT NULL DEFAULT 0,
  last_sent_at  INTEGER,
  last_error    TEXT,
  last_error_at INTEGER
) STRICT;
";

/// Makes the tables if they are missing; the outbox's own id.
///
/// # Errors
/// If the file is of a newer version.
pub(super) fn prepare(connection: &mut Connection, path: &Path) -> Result<String, NotifyError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > VERSION {
        return Err(NotifyError::file(
            path,
            format!("its tables are of version {version}, this server knows {VERSION}"),
        ));
    }
    if version == 0 {
        let mut bytes = [0_u8; 16];
        getrandom::fill(&mut bytes).map_err(|error| NotifyError::Random(error.to_string()))?;
        transaction.execute_batch(TABLES)?;
        transaction.execute(
            "INSERT INTO install (id) VALUES (?1)",
            [URL_SAFE_NO_PAD.encode(bytes)],
        )?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    let install = transaction.query_row("SELECT id FROM install", [], |row| row.get(0))?;
    transaction.commit()?;
    Ok(install)
}
