//! The observations behind a number: the journal's entries of its window, one page at a time,
//! each with what it is to the number.

use std::collections::HashMap;
use std::sync::Arc;

use egret_city::Lineage;
use egret_city::entry::{Entry, Seq};
use egret_city::lineage::{Trace, Traced, Why};
use egret_shared::id::{AreaCode, AssetId, FeedId, MetricId};
use egret_shared::observation::Observation;
use egret_shared::time::{Span, TimeMs};
use tokio::runtime::Handle;

use crate::auth::sight::Sight;
use crate::folding::CityHandle;
use crate::journal::JournalError;
use crate::limits::{LINEAGE_BATCHES_MAX, LINEAGE_OVERLAP_ENTRIES};
use crate::store::{EntriesFilter, Store};

/// How long before a window the report may have begun whose duration counts in it.
const LOOK_BACK: Span = Span(24 * 3_600_000);

/// Which observations.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Of this metric.
    pub metric: MetricId,
    /// In this area.
    pub area: AreaCode,
    /// In the window from here, inclusive, …
    pub start: TimeMs,
    /// … to here, exclusive.
    pub end: TimeMs,
    /// Those after this entry.
    pub after: Seq,
    /// At most so many.
    pub limit: usize,
    /// As far as this shows.
    pub sight: Arc<Sight>,
}

/// A page of them.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// In the journal's order. What counts for another area is left out.
    pub rows: Vec<Traced>,
    /// The entry after which to go on; absent at the end.
    pub next: Option<Seq>,
}

/// Looks for `wanted` in the journal. Takes a while: call it off the threads that serve.
///
/// # Errors
/// If the journal cannot be read.
pub(crate) fn observations(
    lineage: &Lineage,
    store: &dyn Store,
    wanted: &Wanted,
    areas: &mut Areas,
) -> Result<Found, JournalError> {
    let window = (wanted.start, wanted.end);
    let Some(mut trace) = lineage.trace(&wanted.metric, &wanted.area, window) else {
        return Ok(Found::default());
    };
    let mut found = Found::default();
    let filter = filter(&trace, wanted);
    let stopped = store.observed(&filter, &mut |seq, entry| {
        let traced = trace.take(seq, entry, &mut |observation| areas.of(observation));
        let row = traced.filter(|row| {
            seq > wanted.after
                && row.why != Some(Why::OtherArea)
                && is_seen(&wanted.sight, entry, areas)
        });
        let Some(row) = row else { return true };
        if found.rows.len() == wanted.limit {
            found.next = found.rows.last().map(|last| last.seq);
            return false;
        }
        found.rows.push(row);
        true
    })?;
    found.next = found.next.or(stopped);
    settle(&mut trace, store, &mut found.rows)?;
    Ok(found)
}

/// Whether an entry may be seen where it happened, which need not be where it counts.
fn is_seen(sight: &Sight, entry: &Entry, areas: &mut Areas) -> bool {
    match entry {
        Entry::Observation(observation) => {
            let own = observation.area.clone();
            let area = own.or_else(|| areas.of(observation));
            sight.feed_at(&observation.feed, area.as_ref())
        }
        Entry::Report(report) | Entry::Issued(report, _) => match &report.area {
            Some(area) => sight.feed_at(&report.feed, Some(area)),
            // It then counts for its department's area.
            None => sight.feed(&report.feed),
        },
        Entry::Refused(_)
        | Entry::Tick(_)
        | Entry::Clock(_)
        | Entry::Package(_)
        | Entry::Command(_)
        | Entry::Actuation(_) => sight.is_everything(),
    }
}

/// What the trace has to see: the window, and a little of what came before the page, in which a
/// repetition may have its original. Of durations also the steps before the window.
fn filter(trace: &Trace<'_>, wanted: &Wanted) -> EntriesFilter {
    let whole = trace.is_of_durations();
    EntriesFilter {
        after: if whole {
            0
        } else {
            wanted.after.saturating_sub(LINEAGE_OVERLAP_ENTRIES)
        },
        observed_from: if whole {
            wanted.start.minus(LOOK_BACK)
        } else {
            wanted.start
        },
        observed_to: wanted.end,
        limit_batches: LINEAGE_BATCHES_MAX,
    }
}

/// Decides of late readings whether they fill a gap of their asset.
fn settle(
    trace: &mut Trace<'_>,
    store: &dyn Store,
    rows: &mut [Traced],
) -> Result<(), JournalError> {
    let Some((observed_from, observed_to)) = trace.doubtful_range() else {
        return Ok(());
    };
    let filter = EntriesFilter {
        after: 0,
        observed_from,
        observed_to,
        limit_batches: LINEAGE_BATCHES_MAX,
    };
    store.observed(&filter, &mut |seq, entry| {
        trace.hear(seq, entry);
        true
    })?;
    for row in rows {
        trace.settle(row);
    }
    Ok(())
}

/// Where assets count that do not say where they are: asked of the city, each once.
pub(crate) struct Areas {
    city: CityHandle,
    runtime: Handle,
    known: HashMap<(FeedId, AssetId), Option<AreaCode>>,
}

impl Areas {
    /// Asks `city`, waiting on `runtime`.
    pub(crate) fn new(city: CityHandle, runtime: Handle) -> Self {
        Self {
            city,
            runtime,
            known: HashMap::new(),
        }
    }

    fn of(&mut self, observation: &Observation) -> Option<AreaCode> {
        let key = (observation.feed.clone(), observation.asset.clone());
        let (city, runtime) = (&self.city, &self.runtime);
        let ask = |(feed, asset): &(FeedId, AssetId)| {
            let (feed, asset) = (feed.clone(), asset.clone());
            let finest = city.ask(move |city| city.asset(&feed, &asset)?.areas.pop());
            // A city that has stopped answers nobody; the request ends with it.
            runtime.block_on(finest).ok()?
        };
        self.known.entry(key).or_insert_with_key(ask).clone()
    }
}
