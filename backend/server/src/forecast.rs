//! What a metric will probably be in the next hours: from its past hours, never mixed with what
//! was measured.
//!
//! [`history`] makes an unbroken row of hours of what the store has, or says why it cannot;
//! [`model`] goes on with it; [`Forecasts`] does so for one request at a time, away from the
//! threads that serve, and remembers the answer for the hour.

mod cache;
pub(crate) mod history;
mod model;

use egret_shared::time::{Span, TimeMs};
use serde::Serialize;

pub(crate) use cache::Forecasts;
use history::History;

/// An hour.
pub(crate) const HOUR: Span = Span(3_600_000);

/// How much of history there must be, hours: three days, the least from which a daily rhythm can
/// be told from chance.
pub(crate) const NEEDED_HOURS: usize = 72;

/// How far ahead is computed, hours: one day, over which a daily rhythm carries.
pub(crate) const AHEAD_HOURS: usize = 24;

/// Share of hours that are expected to come out between `low` and `high`.
pub(crate) const LEVEL: f64 = 0.9;

/// An hour to come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Expected {
    /// Begin of the hour, inclusive.
    pub start: TimeMs,
    /// End of the hour, exclusive.
    pub end: TimeMs,
    /// What is expected, in the metric's unit.
    pub v: f64,
    /// Lower end of the interval that holds with [`LEVEL`].
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
}

/// Why there is no forecast. A code for a program; the screen has the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// Fewer than [`NEEDED_HOURS`] hours are known.
    TooLittleHistory,
    /// More than a tenth of the hours are missing.
    TooManyGaps,
    /// No value in any of the newest hours: there is nothing to go on from.
    NoValue,
    /// No model fits these values.
    NoModel,
    /// Small numbers of it are withheld from whoever asks.
    Withheld,
}

/// What can be said of the hours to come.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outlook {
    /// Hours with a value.
    pub history_hours: usize,
    /// Hours without one between them.
    pub missing_hours: usize,
    /// The model in short, as statisticians write it; absent without a forecast.
    pub model: Option<&'static str>,
    /// The next [`AHEAD_HOURS`], or why not.
    pub hours: Result<Vec<Expected>, Reason>,
}

/// What follows on `history`.
pub(crate) fn outlook(history: &History) -> Outlook {
    let made = history.filled().and_then(|filled| {
        let horizon = AHEAD_HOURS + history.n_trailing();
        let made = model::predict(&filled, horizon).ok_or(Reason::NoModel)?;
        Ok((made.name, expected(history, &made)))
    });
    Outlook {
        history_hours: history.n_known(),
        missing_hours: history.n_missing(),
        model: made.as_ref().ok().map(|(name, _)| *name),
        hours: made.map(|(_, hours)| hours),
    }
}

/// The hours from the end of history on. Hours before it that nobody has measured are passed over.
fn expected(history: &History, made: &model::Prediction) -> Vec<Expected> {
    let begin = history.until();
    let ahead = made.rows.iter().skip(history.n_trailing());
    let starts = std::iter::successors(Some(begin), |start| Some(start.plus(HOUR)));
    let hour = |(start, row): (TimeMs, &model::Row)| Expected {
        start,
        end: start.plus(HOUR),
        v: row.v,
        low: row.low,
        high: row.high,
    };
    starts.zip(ahead).map(hour).collect()
}

#[cfg(test)]
mod tests;
