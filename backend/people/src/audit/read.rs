//! Reads the trail: a page of it, or all.

use egret_shared::people::{AuditRow, Kind, Outcome};
use egret_shared::time::TimeMs;
use rusqlite::{Connection, Row, params};

use crate::error::PeopleError;
use crate::limits::AUDIT_PAGE_MAX;
use crate::secret;

/// Which lines. What is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// A text that stands anywhere in the line.
    pub q: Option<String>,
    /// Who, by id or by name.
    pub actor: Option<String>,
    /// What was done, as its word.
    pub action: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Not before this time.
    pub from: Option<TimeMs>,
    /// Before this time.
    pub to: Option<TimeMs>,
    /// Only lines before the one with this number: where the last page ended.
    pub before: Option<u64>,
    /// How many at most; more than 1,000 are 1,000.
    pub limit: usize,
}

/// The newest lines that the filter lets through, newest first.
pub(crate) fn page(
    connection: &Connection,
    filter: &AuditFilter,
) -> Result<Vec<AuditRow>, PeopleError> {
    let mut statement = connection.prepare(
        "SELECT seq, at, kind, actor, name, address, action, target, outcome, detail, seal
         FROM audit
         WHERE (?1 IS NULL OR seq < ?1)
           AND (?2 IS NULL OR at >= ?2)
           AND (?3 IS NULL OR at < ?3)
           AND (?4 IS NULL OR actor = ?4 OR name = ?4)
           AND (?5 IS NULL OR action = ?5)
           AND (?6 IS NULL OR outcome = ?6)
           AND (?7 IS NULL OR (kind || char(10) || actor || char(10) || name || char(10) || address
                || char(10) || action || char(10) || target || char(10) || detail)
                LIKE ?7 ESCAPE '\\')
         ORDER BY seq DESC LIMIT ?8",
    )?;
    let rows = statement.query_map(
        params![
            filter.before,
            filter.from.map(|time| time.0),
            filter.to.map(|time| time.0),
            filter.actor,
            filter.action,
            filter.outcome.map(Outcome::as_str),
            filter.q.as_deref().map(pattern),
            filter.limit.min(AUDIT_PAGE_MAX),
        ],
        line,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A pattern of LIKE that finds `text` anywhere, whatever characters it has.
fn pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Every line from `from` until before `to`, oldest first, until `each` says that it is enough.
pub(crate) fn each(
    connection: &Connection,
    from: Option<TimeMs>,
    to: Option<TimeMs>,
    each: &mut dyn FnMut(AuditRow) -> bool,
) -> Result<(), PeopleError> {
    let mut statement = connection.prepare(
        "SELECT seq, at, kind, actor, name, address, action, target, outcome, detail, seal
         FROM audit WHERE (?1 IS NULL OR at >= ?1) AND (?2 IS NULL OR at < ?2) ORDER BY seq",
    )?;
    let mut rows = statement.query(params![from.map(|time| time.0), to.map(|time| time.0)])?;
    while let Some(row) = rows.next()? {
        if !each(line(row)?) {
            break;
        }
    }
    Ok(())
}

/// A word that Egret never wrote is shown as the least trustworthy one: `verify` says that the line
/// was changed.
fn line(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    let (kind, outcome): (String, String) = (row.get(2)?, row.get(8)?);
    Ok(AuditRow {
        seq: u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default(),
        at: TimeMs(row.get(1)?),
        kind: kind_from_word(&kind),
        actor: row.get(3)?,
        name: row.get(4)?,
        address: row.get(5)?,
        action: row.get(6)?,
        target: row.get(7)?,
        outcome: match outcome.as_str() {
            "done" => Outcome::Done,
            "denied" => Outcome::Denied,
            _ => Outcome::Failed,
        },
        detail: row.get(9)?,
        seal: secret::hex(&row.get::<_, Vec<u8>>(10)?),
    })
}

fn kind_from_word(word: &str) -> Kind {
    [
        Kind::User,
        Kind::Token,
        Kind::Device,
        Kind::Gateway,
        Kind::Console,
        Kind::Rule,
    ]
    .into_iter()
    .find(|kind| kind.as_str() == word)
    .unwrap_or(Kind::Anonymous)
}
