//! Where the refused messages of a feed come from, counted among those in quarantine.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use egret_shared::feed::Offender;
use egret_shared::id::FeedId;
use egret_shared::time::TimeMs;
use rusqlite::{Connection, params};
use smol_str::SmolStr;

use crate::journal::JournalError;
use crate::limits::OFFENDERS_TOLD;

/// Where they come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offenders {
    /// How many there are.
    pub refused: u64,
    /// By who sent them: the first [`OFFENDERS_TOLD`].
    pub senders: Vec<Offender>,
    /// By the topics that they came by: as many.
    pub topics: Vec<Offender>,
}

/// The refused messages of `feed` that came at `from` or later.
///
/// # Errors
/// If the database fails.
pub(crate) fn read(
    connection: &Connection,
    feed: &FeedId,
    from: TimeMs,
) -> Result<Offenders, JournalError> {
    let mut statement = connection.prepare(
        "SELECT sender, topic, stage || '/' || reason, count(*), max(received_at) FROM quarantine
         WHERE feed = ?1 AND received_at >= ?2 GROUP BY 1, 2, 3",
    )?;
    let mut rows = statement.query(params![feed.as_str(), from.0])?;
    let (mut refused, mut senders, mut topics) = (0, Table::default(), Table::default());
    while let Some(row) = rows.next()? {
        let (n, at) = (row.get(3)?, TimeMs(row.get(4)?));
        let reason: String = row.get(2)?;
        refused += n;
        for (table, name) in [(&mut senders, row.get(0)?), (&mut topics, row.get(1)?)] {
            table.add(name, &reason, n, at);
        }
    }
    Ok(Offenders {
        refused,
        senders: senders.told(),
        topics: topics.told(),
    })
}

/// Bounded by what is in quarantine.
#[derive(Default)]
struct Table(BTreeMap<String, Offender>);

impl Table {
    fn add(&mut self, name: String, reason: &str, n: u64, at: TimeMs) {
        let offender = self.0.entry(name.clone()).or_insert_with(|| Offender {
            name,
            refused: 0,
            reasons: BTreeMap::new(),
            received_at: at,
        });
        offender.refused += n;
        *offender.reasons.entry(SmolStr::new(reason)).or_default() += n;
        offender.received_at = offender.received_at.max(at);
    }

    fn told(self) -> Vec<Offender> {
        let mut all: Vec<Offender> = self.0.into_values().collect();
        // Those alike stay in the order of their names.
        all.sort_by_key(|offender| Reverse(offender.refused));
        all.truncate(OFFENDERS_TOLD);
        all
    }
}
