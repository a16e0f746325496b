//! From what is held to the signals that views follow: at most once per animation frame, and long
//! lists at a pace of their own.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::table::{Keyed, Table};

use super::Store;
use super::rows::{Rows, Touch};
use super::touched::Touched;
use super::trend::Sample;
use crate::clock;

/// Rows to be told, where it is time for them.
type Told<T> = Option<Arc<[Arc<T>]>>;

impl Store {
    /// Sees to it that signals follow at the next animation frame.
    pub(super) fn schedule(self) {
        let is_due = self.update(|state| std::mem::replace(&mut state.frame_is_due, true));
        if !is_due {
            request_animation_frame(move || self.flush());
        }
    }

    /// Tells every signal whose part of the city changed.
    fn flush(self) {
        let mut touched = self.update(|state| {
            state.frame_is_due = false;
            std::mem::take(&mut state.touched)
        });
        self.flush_metrics(&touched);
        self.flush_rows(&mut touched);
        self.with(|state| {
            touched
                .dossiers
                .iter()
                .for_each(|id| state.tell_dossier(id));
            let Some(city) = state.channels.city() else {
                return;
            };
            if touched.feeds {
                self.feeds.set(city.feeds.iter().cloned().collect());
            }
            if touched.events {
                self.events.set(city.events.iter().cloned().collect());
            }
            if touched.mode {
                self.mode.set(city.mode.clone());
            }
        });
        let has_city = self.with(|state| state.channels.city().is_some());
        if has_city && !self.has_city.get_untracked() {
            self.has_city.set(true);
        }
    }

    /// Tells incidents and alerts; what is too long to be told at every frame, later.
    fn flush_rows(self, touched: &mut Touched) {
        let now_ms = clock::monotonic_ms();
        let (incidents, alerts, wait_ms) = self.update(|state| {
            let Some(city) = state.channels.city() else {
                return (None, None, 0.0);
            };
            let later = &mut state.touched;
            let (incidents, wait_ms) = tell(
                &mut state.incidents,
                &city.incidents,
                (&mut touched.incidents, &mut later.incidents),
                now_ms,
            );
            let (alerts, longer_ms) = tell(
                &mut state.alerts,
                &city.alerts,
                (&mut touched.alerts, &mut later.alerts),
                now_ms,
            );
            let is_new = !std::mem::replace(&mut state.rows_are_due, wait_ms + longer_ms > 0.0);
            let wait_ms = if is_new { wait_ms.max(longer_ms) } else { 0.0 };
            (incidents, alerts, wait_ms)
        });
        if let Some(incidents) = incidents {
            self.incidents.set(incidents);
        }
        if let Some(alerts) = alerts {
            self.alerts.set(alerts);
        }
        if wait_ms > 0.0 {
            leptos::task::spawn_local(async move {
                clock::sleep(whole_ms(wait_ms)).await;
                self.update(|state| state.rows_are_due = false);
                self.schedule();
            });
        }
    }

    fn flush_metrics(self, touched: &Touched) {
        self.with(|state| {
            let now = state.clock.now(clock::wall());
            let Some(city) = state.channels.city() else {
                return;
            };
            for (key, signal) in &state.metrics {
                if touched.has_metric(key) {
                    signal.set(city.metrics.get(key).cloned());
                }
            }
            for ((key, _), signal) in &state.trends {
                if let Some(point) = city.metrics.get(key).filter(|_| touched.has_metric(key)) {
                    signal.update(|trend| trend.push(Sample::live(point, now)));
                }
            }
        });
    }
}

/// The rows that changed, if it is time for them; else they go to what is told later, with how long
/// that is. Milliseconds.
fn tell<T: Keyed + Clone>(
    rows: &mut Rows<T>,
    table: &Table<T>,
    (now, later): (&mut Touch<T::Key>, &mut Touch<T::Key>),
    now_ms: f64,
) -> (Told<T>, f64) {
    if !now.is_any() {
        return (None, 0.0);
    }
    let wait_ms = rows.wait_ms(table, now_ms);
    if wait_ms > 0.0 {
        *later = std::mem::take(now);
        return (None, wait_ms);
    }
    (Some(rows.tell(table, now, now_ms)), 0.0)
}

/// Rounded up, so that the time is over afterwards.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a pace is far below an i32, and `as` saturates"
)]
fn whole_ms(ms: f64) -> i32 {
    ms.ceil() as i32
}
