//! How the screen gets and keeps what was and what may be: trends once over HTTP and now and then
//! anew, forecasts every ten minutes.

use leptos::prelude::*;

use egret_shared::metric::MetricKey;
use egret_shared::time::Span;

use crate::lasting::Kept;
use crate::{api, clock};

use super::Store;
use super::forecast::{self, Forecast};
use super::trend::{self, Trend};

/// When the past is loaded for the second time, milliseconds: a city that has just started may
/// still be taking its own past in.
const FIRST_RELOAD_MS: i32 = 15_000;

/// How often the past is loaded anew, milliseconds: windows close once a minute.
const RELOAD_MS: i32 = 60_000;

/// How often a forecast is asked for anew, milliseconds: it is made of hours.
const FORECAST_MS: i32 = 600_000;

impl Store {
    /// A metric's recent past in an area, followed from now on.
    pub(crate) fn trend(self, key: &MetricKey, range: Span) -> Kept<Trend> {
        let entry = (key.clone(), range.ms());
        let known = self.with(|state| state.trends.get(&entry).copied());
        known.unwrap_or_else(|| {
            let signal = self.held(Trend::new(range));
            self.update(|state| state.trends.insert(entry, signal));
            leptos::task::spawn_local(self.load_trend(key.clone(), signal));
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

    /// Loads the past anew now and then: late readings revise what a chart has already drawn.
    pub(super) async fn keep_trends(self) {
        let mut pause_ms = FIRST_RELOAD_MS;
        loop {
            clock::sleep(pause_ms).await;
            self.reload_trends();
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

    async fn load_trend(self, key: MetricKey, signal: Kept<Trend>) {
        /// After these the chart says that there is no history; live points go on.
        const TRIES: i32 = 3;
        for again in 1..=TRIES {
            let now = self.with(|state| state.clock.now(clock::wall()));
            let from = now.minus(signal.with_untracked(Trend::range));
            match api::history(&key, from).await {
                Ok(samples) => return signal.update(|trend| trend.load(samples)),
                Err(error) => leptos::logging::warn!("history of {}: {error}", key.metric),
            }
            clock::sleep(again * 1_000).await;
        }
        signal.update(|trend| trend.history = trend::History::Failed);
    }

    /// After an outage the rings have a hole that the server can fill, and late readings change
    /// what they hold.
    pub(super) fn reload_trends(self) {
        let trends = self.with(|state| state.trends.clone());
        for ((key, _), signal) in trends {
            leptos::task::spawn_local(self.load_trend(key, signal));
        }
    }
}

/// A forecast is a courtesy: without one the screen shows what was measured.
async fn load_forecast(key: MetricKey, signal: Kept<Option<Forecast>>) {
    match api::forecast(&key, forecast::HOURS).await {
        Ok(forecast) => signal.set(Some(forecast)),
        Err(error) => leptos::logging::log!("no forecast of {}: {error}", key.metric),
    }
}
