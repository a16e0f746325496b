//! How the screen gets and keeps what was and what may be: trends once over HTTP, and then what has
//! become known since, forecasts every ten minutes.

use std::collections::BTreeMap;

use leptos::prelude::*;

use egret_shared::metric::MetricKey;
use egret_shared::time::{Span, TimeMs};

use crate::api::Recent;
use crate::lasting::Kept;
use crate::{api, clock};

use super::forecast::{self, Forecast};
use super::trend::{self, History, Sample, Trend};
use super::{Asked, RangeMs, Store};

/// How long questions for the past gather, so that a scene's charts are one question. Milliseconds:
/// the figures are painted meanwhile.
const GATHER_MS: i32 = 30;

/// Most trends of one question: as many as an address may be long.
const TRENDS_MAX: usize = 80;

/// Most minutes of all of them together that the server tells in one answer.
const MINUTES_MAX: i64 = 100_000;

/// When the past is asked for the second time, milliseconds: a city that has just started may
/// still be taking its own past in.
const FIRST_RELOAD_MS: i32 = 15_000;

/// How often the past is asked for, milliseconds: windows close once a minute, and late readings
/// revise what a chart has already drawn.
const RELOAD_MS: i32 = 60_000;

/// How often a forecast is asked for anew, milliseconds: it is made of hours.
const FORECAST_MS: i32 = 600_000;

impl Store {
    /// A metric's recent past in an area, followed from now on.
    pub(crate) fn trend(self, key: &MetricKey, range: Span) -> Kept<Trend> {
        let range = Trend::bounded(range);
        let entry = (key.clone(), range.ms());
        let known = self.with(|state| state.trends.get(&entry).copied());
        known.unwrap_or_else(|| {
            let signal = self.held(Trend::new(range));
            let is_first = self.update(|state| {
                state.trends.insert(entry.clone(), signal);
                state.unasked.push(entry);
                state.unasked.len() == 1
            });
            if is_first {
                leptos::task::spawn_local(async move {
                    clock::sleep(GATHER_MS).await;
                    let unasked = self.update(|state| std::mem::take(&mut state.unasked));
                    self.ask_for(unasked);
                });
            }
            signal
        })
    }

    /// What the next hours may bring; absent until the server has said anything about it.
    pub(crate) fn forecast(self, key: &MetricKey) -> Kept<Option<Forecast>> {
        let known = self.with(|state| state.forecasts.get(key).copied());
        known.unwrap_or_else(|| {
            let signal = self.held(None);
            self.update(|state| state.forecasts.insert(key.clone(), signal));
            leptos::task::spawn_local(load_forecast(key.clone(), signal));
            signal
        })
    }

    /// Asks now and then what has become known of the past.
    pub(super) async fn keep_trends(self) {
        let mut pause_ms = FIRST_RELOAD_MS;
        loop {
            clock::sleep(pause_ms).await;
            self.catch_up();
            pause_ms = RELOAD_MS;
        }
    }

    /// Asks for forecasts anew now and then.
    pub(super) async fn keep_forecasts(self) {
        loop {
            clock::sleep(FORECAST_MS).await;
            let known = self.with(|state| state.forecasts.clone());
            for (key, signal) in known {
                load_forecast(key, signal).await;
            }
        }
    }

    /// Asks what has become known of the past: after an outage there is a hole in it.
    pub(super) fn catch_up(self) {
        let trends = self.with(|state| state.trends.keys().cloned().collect());
        self.ask_for(trends);
    }

    /// Loads every trend anew: another start of the server may know another past.
    pub(super) fn reload_trends(self) {
        let trends: Vec<Asked> = self.with(|state| {
            for trend in state.trends.values() {
                trend.update_untracked(|trend| trend.known_at = None);
            }
            state.trends.keys().cloned().collect()
        });
        self.ask_for(trends);
    }

    /// Asks for the past of trends, or for what has become known since of those whose past is there.
    fn ask_for(self, trends: Vec<Asked>) {
        let mut alike: BTreeMap<(RangeMs, bool), Vec<Asked>> = BTreeMap::new();
        for asked in trends {
            let is_there = self.known_at(&asked).is_some();
            alike.entry((asked.1, is_there)).or_default().push(asked);
        }
        for ((range_ms, _), trends) in alike {
            let fitting = MINUTES_MAX / (range_ms / trend::STEP.ms() + 1).max(1);
            let most = usize::try_from(fitting).map_or(TRENDS_MAX, |most| most.min(TRENDS_MAX));
            for some in trends.chunks(most.max(1)) {
                leptos::task::spawn_local(self.load_trends(some.to_vec(), Span(range_ms)));
            }
        }
    }

    /// Until when the past of a trend is known.
    fn known_at(self, asked: &Asked) -> Option<TimeMs> {
        let trend = self.with(|state| state.trends.get(asked).copied())?;
        trend.with_untracked(|trend| trend.known_at)
    }

    /// How often the server has told of the past of a trend.
    fn answers(self, asked: &Asked) -> Option<u32> {
        let trend = self.with(|state| state.trends.get(asked).copied())?;
        Some(trend.with_untracked(|trend| trend.answers))
    }

    /// Loads trends of one range, whose past is there of all or of none.
    async fn load_trends(self, trends: Vec<Asked>, range: Span) {
        /// After these a chart without a past says so; live points go on.
        const TRIES: i32 = 3;
        let epoch = self.with(|state| state.epoch);
        let keys: Vec<_> = trends.iter().map(|(key, _)| key.clone()).collect();
        let known = trends.iter().filter_map(|asked| self.known_at(asked));
        let known_since = known.min();
        let answers: Vec<_> = trends.iter().map(|asked| self.answers(asked)).collect();
        for again in 1..=TRIES {
            let now = self.with(|state| state.clock.now(clock::wall()));
            let answer = api::recent(&keys, now.minus(range), known_since).await;
            if self.with(|state| state.epoch) != epoch {
                return;
            }
            match answer {
                Ok(recent) => return self.loaded(&trends, known_since, recent),
                Err(error) => leptos::logging::warn!("{} charts' past: {error}", keys.len()),
            }
            clock::sleep(again * 1_000).await;
        }
        // Another question may have been answered meanwhile, and knows better.
        let unanswered = trends.into_iter().zip(answers);
        let unanswered = unanswered.filter(|(asked, before)| self.answers(asked) == *before);
        let unanswered: Vec<_> = unanswered.map(|(asked, _)| asked).collect();
        self.without_past(&unanswered);
    }

    fn loaded(self, trends: &[Asked], known_since: Option<TimeMs>, recent: Recent) {
        let mut found: BTreeMap<_, _> = recent.series.into_iter().collect();
        for asked in trends {
            let Some(signal) = self.with(|state| state.trends.get(asked).copied()) else {
                continue;
            };
            signal.update_untracked(|trend| trend.answers = trend.answers.wrapping_add(1));
            let Some(closed) = found.remove(&asked.0) else {
                left_out(signal);
                continue;
            };
            let known_at = recent.known_at;
            let is_failed = signal.with_untracked(|trend| trend.history == History::Failed);
            // Whoever draws it need not draw it again for nothing.
            if known_since.is_some() && closed.is_empty() && !is_failed {
                signal.update_untracked(|trend| trend.known_at = known_at.or(trend.known_at));
                continue;
            }
            let live = self.live(&asked.0);
            signal.update(|trend| {
                match known_since {
                    Some(_) => trend.revise(&closed),
                    None => trend.load(&closed),
                }
                // What does not change is not told again: the newest is still the figure.
                if let Some(live) = live {
                    trend.push(live);
                }
                // While not all of the past can be read, there is no time to ask on from.
                trend.known_at = match known_since {
                    Some(_) => known_at.or(trend.known_at),
                    None => known_at,
                };
            });
        }
    }

    /// A metric's value as of now.
    fn live(self, key: &MetricKey) -> Option<Sample> {
        self.with(|state| {
            let now = state.clock.now(clock::wall());
            let point = state.channels.city()?.metrics.get(key)?;
            Some(Sample::live(point, now))
        })
    }

    /// The past of these cannot be had now.
    fn without_past(self, trends: &[Asked]) {
        for asked in trends {
            let Some(signal) = self.with(|state| state.trends.get(asked).copied()) else {
                continue;
            };
            if signal.with_untracked(|trend| trend.history != History::Failed) {
                signal.update(|trend| trend.history = History::Failed);
            }
        }
    }
}

/// The server tells nothing of it: there is none, or none that whoever asks may see.
fn left_out(signal: Kept<Trend>) {
    // Should there be one again, it has a hole: all of it is to be asked for.
    signal.update_untracked(|trend| trend.known_at = None);
    if signal.with_untracked(|trend| trend.history != History::Loaded) {
        signal.update(|trend| trend.history = History::Loaded);
    }
}

/// A forecast is a courtesy: without one the screen shows what was measured.
async fn load_forecast(key: MetricKey, signal: Kept<Option<Forecast>>) {
    match api::forecast(&key, forecast::HOURS).await {
        Ok(forecast) => signal.set(Some(forecast)),
        Err(error) => leptos::logging::log!("no forecast of {}: {error}", key.metric),
    }
}
