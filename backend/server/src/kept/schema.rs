//! The tables of `mqtt.db`.

use rusqlite::{Connection, TransactionBehavior};

/// Version of all tables, which stands in `user_version`; a file of a newer one is refused.
pub(super) const VERSION: i64 = 2;

/// `delivery.stage`: nothing of it was sent.
pub(super) const WAITING: i64 = 0;
/// `delivery.stage`: PUBLISH was sent.
pub(super) const PUBLISHED: i64 = 1;
/// `delivery.stage`: PUBREL was sent, and the message is not needed any more.
pub(super) const RELEASED: i64 = 2;

/// A message is there once for all its deliveries, and goes with the last of them. Times are
/// milliseconds since the Unix epoch. `identifiers` and `label` are JSON; a label is what the server
/// says its own message is about.
const TABLES: &str = "
CREATE TABLE meta (
  at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE session (
  number     INTEGER PRIMARY KEY,
  owner      TEXT    NOT NULL,
  client     TEXT    NOT NULL,
  expiry_ms  INTEGER NOT NULL,
  ends_at_ms INTEGER,
  UNIQUE (owner, client)
) STRICT;
CREATE TABLE subscription (
  session             INTEGER NOT NULL,
  filter              TEXT    NOT NULL,
  qos                 INTEGER NOT NULL,
  no_local            INTEGER NOT NULL,
  retain_as_published INTEGER NOT NULL,
  identifier          INTEGER,
  PRIMARY KEY (session, filter)
) STRICT, WITHOUT ROWID;
CREATE TABLE message (
  number        INTEGER PRIMARY KEY,
  topic         TEXT    NOT NULL,
  payload       BLOB    NOT NULL,
  qos           INTEGER NOT NULL,
  is_retained   INTEGER NOT NULL,
  properties    BLOB    NOT NULL,
  expires_at_ms INTEGER,
  label         TEXT
) STRICT;
CREATE TABLE delivery (
  session     INTEGER NOT NULL,
  place       INTEGER NOT NULL,
  message     INTEGER,
  qos         INTEGER NOT NULL,
  is_retained INTEGER NOT NULL,
  identifiers TEXT    NOT NULL,
  share       TEXT,
  stage       INTEGER NOT NULL,
  identifier  INTEGER,
  nth         INTEGER,
  PRIMARY KEY (session, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_message ON delivery (message) WHERE message IS NOT NULL;
CREATE TABLE handled (
  session    INTEGER NOT NULL,
  identifier INTEGER NOT NULL,
  PRIMARY KEY (session, identifier)
) STRICT, WITHOUT ROWID;
CREATE TABLE retained (
  topic         TEXT    PRIMARY KEY,
  payload       BLOB    NOT NULL,
  qos           INTEGER NOT NULL,
  properties    BLOB    NOT NULL,
  expires_at_ms INTEGER
) STRICT;
CREATE TABLE told (
  key    TEXT    PRIMARY KEY,
  digest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (at_ms) VALUES (0);
";

/// What version 2 has beside version 1. `due_at_ms` is absent while the client is connected.
const WILLS: &str = "
CREATE TABLE will (
  number      INTEGER PRIMARY KEY,
  owner       TEXT    NOT NULL,
  client      TEXT    NOT NULL,
  is_assigned INTEGER NOT NULL,
  topic       TEXT    NOT NULL,
  payload     BLOB    NOT NULL,
  qos         INTEGER NOT NULL,
  is_retained INTEGER NOT NULL,
  properties  BLOB    NOT NULL,
  expiry_ms   INTEGER,
  delay_ms    INTEGER NOT NULL,
  due_at_ms   INTEGER
) STRICT;
";

/// Makes the tables that are missing; which version there is.
pub(super) fn prepare(connection: &mut Connection) -> rusqlite::Result<i64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version >= VERSION {
        return Ok(version);
    }
    if version == 0 {
        transaction.execute_batch(TABLES)?;
    }
    transaction.execute_batch(WILLS)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(VERSION)
}
