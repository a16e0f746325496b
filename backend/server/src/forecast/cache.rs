//! Forecasts that were made this hour, and the one place where new ones are made.

use std::collections::HashMap;
use std::sync::Mutex;

use egret_shared::id::{AreaCode, MetricId};
use egret_shared::time::TimeMs;
use tokio::sync::Semaphore;

use super::history::History;
use super::{Outlook, outlook};
use crate::limits::FORECASTS_KEPT;

/// Which metric, and where.
type Key = (MetricId, AreaCode);

/// Makes forecasts, one at a time, and remembers those that came out.
///
/// What is remembered holds for the hour in which it was made: within it no new hour is known.
#[derive(Debug)]
pub(crate) struct Forecasts {
    made: Mutex<Made>,
    turn: Semaphore,
}

#[derive(Debug, Default)]
struct Made {
    /// The whole hour up to which history went.
    until: TimeMs,
    rows: HashMap<Key, Outlook>,
}

impl Forecasts {
    /// None made yet.
    pub(crate) fn new() -> Self {
        Self {
            made: Mutex::default(),
            turn: Semaphore::new(1),
        }
    }

    /// The outlook on `key` from the whole hour `until` on; `history` reads its past, and is only
    /// called if that is not remembered. Runs off the threads that serve.
    ///
    /// # Errors
    /// What `history` gives; [`None`] if the server is shutting down.
    pub(crate) async fn get<E: Send + 'static>(
        &self,
        key: Key,
        until: TimeMs,
        history: impl FnOnce() -> Result<History, E> + Send + 'static,
    ) -> Result<Outlook, Option<E>> {
        if let Some(outlook) = self.remembered(&key, until) {
            return Ok(outlook);
        }
        let _turn = self.turn.acquire().await.map_err(|_closed| None)?;
        // Somebody may have made it while this one waited.
        if let Some(outlook) = self.remembered(&key, until) {
            return Ok(outlook);
        }
        let made = tokio::task::spawn_blocking(move || history().map(|past| outlook(&past))).await;
        let outlook = made.map_err(|_stopped| None)?.map_err(Some)?;
        if outlook.hours.is_ok() {
            self.remember(key, until, &outlook);
        }
        Ok(outlook)
    }

    fn remembered(&self, key: &Key, until: TimeMs) -> Option<Outlook> {
        let made = self.made.lock().ok()?;
        made.rows.get(key).filter(|_| made.until == until).cloned()
    }

    /// What cannot be made is not remembered: the past may be read in any moment.
    fn remember(&self, key: Key, until: TimeMs, outlook: &Outlook) {
        let Ok(mut made) = self.made.lock() else {
            return;
        };
        if made.until != until || made.rows.len() >= FORECASTS_KEPT {
            made.rows.clear();
            made.until = until;
        }
        made.rows.insert(key, outlook.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::super::HOUR;
    use super::*;

    fn key(n: usize) -> Key {
        (MetricId::new(format!("m.{n}")), AreaCode::new("900000"))
    }

    fn steady(until: TimeMs) -> History {
        let end = |n: i64| TimeMs(until.0 - n * HOUR.ms());
        History::new((0..100).map(|n| (end(n), 5.0)), until)
    }

    #[tokio::test]
    async fn a_forecast_is_made_once_an_hour() {
        let forecasts = Forecasts::new();
        let until = TimeMs(1_000 * HOUR.ms());
        let first = forecasts
            .get(key(1), until, move || Ok(steady(until)))
            .await;
        let again = forecasts.get(key(1), until, || Err(())).await;
        assert_eq!(first, again, "it is remembered and not made again");
        let next = until.plus(HOUR);
        assert_eq!(
            forecasts.get(key(1), next, || Err(())).await,
            Err(Some(())),
            "an hour later it is made anew"
        );
    }

    #[tokio::test]
    async fn what_is_remembered_is_bounded() {
        let forecasts = Forecasts::new();
        let until = TimeMs(1_000 * HOUR.ms());
        for n in 0..FORECASTS_KEPT + 10 {
            let history = move || Ok::<_, ()>(steady(until));
            assert!(forecasts.get(key(n), until, history).await.is_ok());
        }
        let kept = forecasts.made.lock().unwrap().rows.len();
        assert!((1..=FORECASTS_KEPT).contains(&kept), "{kept}");
    }
}
