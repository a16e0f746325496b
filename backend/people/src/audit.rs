//! The audit trail: lines that are each sealed over the line before, and a head that says how many
//! there are.
//!
//! A line is never changed or deleted. If the head does not fit the lines when a new one comes, the
//! trail was tampered with: the new line is then sealed so that it follows nothing, and the break
//! stays to be seen for ever instead of being sealed over.

mod read;
mod verify;

use egret_shared::people::{Kind, Outcome};
use egret_shared::time::TimeMs;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::error::PeopleError;
use crate::limits::{DETAIL_CHARS_MAX, NAME_CHARS_MAX, TARGET_CHARS_MAX};
use crate::principal::{Actor, plain};
use crate::seal::{Key, Seal};
use crate::secret;

pub use read::AuditFilter;
pub(crate) use read::{each, page};
pub(crate) use verify::verify;

/// What the MAC of a line begins with.
const LINE: &[u8] = b"egret-audit-v1";

/// What the MAC of the head begins with.
const HEAD: &[u8] = b"egret-audit-head-v1";

/// What the seal before the first line is the MAC of.
const START: &[u8] = b"egret-audit-start-v1";

/// What stands for the seal before a line that follows a tampered head.
const BROKEN: &[u8] = b"egret-audit-broken-v1";

/// Tables of the trail.
pub(crate) const SCHEMA: &str = "
CREATE TABLE audit (
  seq     INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  actor   TEXT NOT NULL,
  name    TEXT NOT NULL,
  address TEXT NOT NULL,
  action  TEXT NOT NULL,
  target  TEXT NOT NULL,
  outcome TEXT NOT NULL,
  detail  TEXT NOT NULL,
  seal    BLOB NOT NULL
) STRICT;
CREATE TABLE audit_head (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  lines INTEGER NOT NULL,
  seal  BLOB NOT NULL,
  mac   BLOB NOT NULL
) STRICT;
";

/// A line to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: TimeMs,
    /// Who, by kind.
    pub kind: Kind,
    /// Who, by id; empty for nobody.
    pub actor: String,
    /// Who, by name; what was claimed, of an unknown user. Cut to 64 characters.
    pub name: String,
    /// From where.
    pub address: String,
    /// What was done, as a word such as `sign_in` or `user.change`.
    pub action: String,
    /// On what. Cut to 256 characters.
    pub target: String,
    /// Whether it was allowed and done.
    pub outcome: Outcome,
    /// What else there is to say; no secret and no personal data. Cut to 4,000 characters.
    pub detail: String,
}

impl Line {
    /// `by` did `action` on `target`; nothing else to say.
    pub fn new(by: &Actor, action: &str, target: &str, at: TimeMs) -> Self {
        Self {
            at,
            kind: by.kind,
            actor: by.id.clone(),
            name: by.name.clone(),
            address: by.address.clone(),
            action: action.to_owned(),
            target: target.to_owned(),
            outcome: Outcome::Done,
            detail: String::new(),
        }
    }

    /// The same, with this outcome.
    #[must_use]
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// The same, with this detail.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Says more in the detail.
    pub(crate) fn say(&mut self, more: &str) {
        if !self.detail.is_empty() {
            self.detail.push_str("; ");
        }
        self.detail.push_str(more);
    }
}

/// Where the trail ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) lines: u64,
    pub(crate) seal: Seal,
}

/// A line as it stands in the table: nothing of it is taken for granted.
struct Stored {
    seq: i64,
    at: i64,
    kind: String,
    actor: String,
    name: String,
    address: String,
    action: String,
    target: String,
    outcome: String,
    detail: String,
}

impl Stored {
    /// The line with control characters taken out and everything cut to its length.
    fn new(seq: u64, line: &Line) -> Self {
        Self {
            seq: seq.cast_signed(),
            at: line.at.0,
            kind: line.kind.as_str().to_owned(),
            actor: plain(&line.actor, TARGET_CHARS_MAX),
            name: plain(&line.name, NAME_CHARS_MAX),
            address: plain(&line.address, NAME_CHARS_MAX),
            action: plain(&line.action, NAME_CHARS_MAX),
            target: plain(&line.target, TARGET_CHARS_MAX),
            outcome: line.outcome.as_str().to_owned(),
            detail: plain(&line.detail, DETAIL_CHARS_MAX),
        }
    }

    /// The line's seal after `before`. Every text stands behind its length, so that no two lines
    /// are sealed alike.
    fn seal(&self, key: &Key, before: &Seal) -> Seal {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.at.to_be_bytes());
        for text in [
            &self.kind,
            &self.actor,
            &self.name,
            &self.address,
            &self.action,
            &self.target,
            &self.outcome,
            &self.detail,
        ] {
            bytes.extend((text.len() as u64).to_be_bytes());
            bytes.extend(text.as_bytes());
        }
        key.mac(&[LINE, before, &bytes])
    }
}

/// The seal before the first line.
fn start(key: &Key) -> Seal {
    key.mac(&[START])
}

fn head_mac(key: &Key, head: &Head) -> Seal {
    key.mac(&[HEAD, &head.lines.to_be_bytes(), &head.seal])
}

/// Writes the head of a trail without lines.
pub(crate) fn begin(connection: &Connection, key: &Key) -> Result<Head, PeopleError> {
    let head = Head {
        lines: 0,
        seal: start(key),
    };
    write_head(connection, key, &head)?;
    Ok(head)
}

/// The head, if it is there and genuine.
pub(crate) fn head(connection: &Connection, key: &Key) -> Result<Option<Head>, PeopleError> {
    let row = connection
        .query_row(
            "SELECT lines, seal, mac FROM audit_head WHERE id = 1",
            [],
            |row| {
                let (lines, seal, mac): (i64, Vec<u8>, Vec<u8>) =
                    (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok((lines, seal, mac))
            },
        )
        .optional()?;
    let Some((lines, seal, mac)) = row else {
        return Ok(None);
    };
    let (Ok(lines), Ok(seal)) = (u64::try_from(lines), Seal::try_from(seal)) else {
        return Ok(None);
    };
    let head = Head { lines, seal };
    Ok(secret::is_same(&head_mac(key, &head), &mac).then_some(head))
}

fn write_head(connection: &Connection, key: &Key, head: &Head) -> Result<(), PeopleError> {
    connection.execute(
        "INSERT OR REPLACE INTO audit_head (id, lines, seal, mac) VALUES (1, ?1, ?2, ?3)",
        params![head.lines, head.seal, head_mac(key, head)],
    )?;
    Ok(())
}

/// Appends a line and moves the head, within the caller's transaction; the head from now on.
/// `last` is where the trail ended when this process last looked.
pub(crate) fn append(
    transaction: &Connection,
    key: &Key,
    last: &Head,
    line: &Line,
) -> Result<Head, PeopleError> {
    let top: i64 =
        transaction.query_row("SELECT coalesce(max(seq), 0) FROM audit", [], |r| r.get(0))?;
    let top = u64::try_from(top).unwrap_or_default();
    let head = head(transaction, key)?.filter(|head| {
        // Another process may have written more, but nobody ever takes lines away.
        head.lines == top && (head.lines > last.lines || head == last)
    });
    let (seq, before) = if let Some(head) = head {
        (head.lines + 1, head.seal)
    } else {
        let seq = top.max(last.lines) + 1;
        tracing::error!(
            line = seq,
            "the audit trail does not end where it did: somebody changed people.db"
        );
        (seq, key.mac(&[BROKEN]))
    };
    let stored = Stored::new(seq, line);
    let seal = stored.seal(key, &before);
    transaction
        .prepare_cached(
            "INSERT INTO audit (seq, at, kind, actor, name, address, action, target, outcome,
             detail, seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            stored.seq,
            stored.at,
            stored.kind,
            stored.actor,
            stored.name,
            stored.address,
            stored.action,
            stored.target,
            stored.outcome,
            stored.detail,
            seal
        ])?;
    let head = Head { lines: seq, seal };
    write_head(transaction, key, &head)?;
    Ok(head)
}

#[cfg(test)]
mod tests;
