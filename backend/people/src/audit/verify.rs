//! Whether the trail is whole: reads all of it, once, and says the first fault.

use egret_shared::people::Verified;
use rusqlite::{Connection, Row};

use super::{Stored, head, start};
use crate::error::PeopleError;
use crate::seal::{Key, Seal};
use crate::secret;

/// Reads the trail. With `expected`, a seal that somebody wrote down earlier, it must be one of the
/// chain's.
pub(crate) fn verify(
    connection: &Connection,
    key: &Key,
    expected: Option<&str>,
) -> Result<Verified, PeopleError> {
    let expected = expected.map(|seal| seal.trim().to_ascii_lowercase());
    let mut walk = Walk {
        key,
        n_lines: 0,
        seal: start(key),
        fault: None,
        is_expected_seen: false,
        expected: expected.as_deref(),
    };
    walk.look_for_expected();
    let mut statement = connection.prepare(
        "SELECT seq, at, kind, actor, name, address, action, target, outcome, detail, seal
         FROM audit ORDER BY seq",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        walk.line(row);
    }
    walk.end(connection)
}

struct Walk<'a> {
    key: &'a Key,
    n_lines: u64,
    /// The seal of the last line.
    seal: Seal,
    fault: Option<String>,
    expected: Option<&'a str>,
    is_expected_seen: bool,
}

impl Walk<'_> {
    fn line(&mut self, row: &Row<'_>) {
        self.n_lines += 1;
        let place = self.n_lines;
        match stored(row) {
            Ok((line, seal)) => {
                if self.fault.is_none() {
                    self.fault = self.fault_of(place, &line, &seal);
                }
                self.seal = seal;
            }
            Err(error) => {
                self.note(format!(
                    "line {place} cannot be read, it was changed: {error}"
                ));
            }
        }
        self.look_for_expected();
    }

    fn fault_of(&self, place: u64, line: &Stored, seal: &Seal) -> Option<String> {
        let seq = u64::try_from(line.seq).unwrap_or_default();
        if seq > place {
            let last = seq - 1;
            return Some(if last == place {
                format!("line {place} is missing")
            } else {
                format!("lines {place} to {last} are missing")
            });
        }
        if seq < place {
            return Some(format!("line {} was put in", line.seq));
        }
        let is_sealed = secret::is_same(&line.seal(self.key, &self.seal), seal);
        (!is_sealed).then(|| {
            format!("line {place} is not as it was written: it was changed, swapped or put in")
        })
    }

    fn note(&mut self, fault: String) {
        self.fault.get_or_insert(fault);
    }

    fn look_for_expected(&mut self) {
        self.is_expected_seen |= self.expected == Some(secret::hex(&self.seal).as_str());
    }

    fn end(mut self, connection: &Connection) -> Result<Verified, PeopleError> {
        let lines = self.n_lines;
        match head(connection, self.key)? {
            None => self.note(
                "the head is missing or was changed: the newest lines may be gone".to_owned(),
            ),
            Some(head) if head.lines > lines => self.note(if head.lines == lines + 1 {
                format!("line {} is missing: it was the last one", head.lines)
            } else {
                format!(
                    "lines {} to {} are missing: they were the last ones",
                    lines + 1,
                    head.lines
                )
            }),
            Some(head) if head.lines < lines => self.note(format!(
                "line {} stands behind the head: the head was put back or the line put in",
                head.lines + 1
            )),
            Some(head) if head.seal != self.seal => {
                self.note(format!("line {lines} is not the one that the head names"));
            }
            Some(_) => {}
        }
        if let Some(expected) = self.expected.filter(|_| !self.is_expected_seen) {
            let is_seal = expected.len() == 64 && expected.bytes().all(|b| b.is_ascii_hexdigit());
            self.note(if is_seal {
                format!("no line has the seal {expected}: the newest lines are gone")
            } else {
                format!("\"{expected}\" is no seal: give 64 hexadecimal digits")
            });
        }
        Ok(Verified {
            lines,
            head: secret::hex(&self.seal),
            fault: self.fault,
        })
    }
}

fn stored(row: &Row<'_>) -> Result<(Stored, Seal), String> {
    let read = || -> rusqlite::Result<(Stored, Vec<u8>)> {
        let stored = Stored {
            seq: row.get(0)?,
            at: row.get(1)?,
            kind: row.get(2)?,
            actor: row.get(3)?,
            name: row.get(4)?,
            address: row.get(5)?,
            action: row.get(6)?,
            target: row.get(7)?,
            outcome: row.get(8)?,
            detail: row.get(9)?,
        };
        Ok((stored, row.get(10)?))
    };
    let (stored, seal) = read().map_err(|error| error.to_string())?;
    let seal = Seal::try_from(seal).map_err(|seal| format!("its seal has {} bytes", seal.len()))?;
    Ok((stored, seal))
}
