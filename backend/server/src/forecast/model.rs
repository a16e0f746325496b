//! The model: the rhythm of the day (and of the week) taken out by MSTL, what remains carried on
//! by exponential smoothing, the rhythm put back.
//!
//! # Source
//! Bandara, Hyndman and Bergmeir, MSTL (2021); Hyndman et al., Forecasting with Exponential
//! Smoothing (2008), for the intervals. Both as in the crate `augurs`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use augurs::ets::AutoETS;
use augurs::mstl::MSTLModel;
use augurs::mstl::stlrs::{MstlParams, StlParams};
use augurs::{Fit as _, Forecast, Predict as _};

use super::LEVEL;

const DAY: usize = 24;
const WEEK: usize = 7 * DAY;

/// Weeks from which on the week's rhythm is told from the day's.
const WEEKS_NEEDED: usize = 3;

/// Values that differ by less than this part of their size are the same.
const SAME: f64 = 1e-9;

/// Additive errors, with or without a trend: what is left of a metric without its rhythm crosses
/// zero, where multiplicative ones mean nothing.
const SMOOTHING: &str = "AZN";

/// What was computed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Prediction {
    /// The model in short.
    pub(super) name: &'static str,
    /// One row for each hour ahead.
    pub(super) rows: Vec<Row>,
}

/// One hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) v: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Goes on with `y` for `horizon` hours; `None` if no model fits.
pub(super) fn predict(y: &[f64], horizon: usize) -> Option<Prediction> {
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    let spread = (y.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / y.len() as f64).sqrt();
    if !mean.is_finite() || !spread.is_finite() {
        return None;
    }
    if spread <= SAME * mean.abs().max(1.0) {
        return Some(constant(mean, horizon));
    }
    let periods: &[usize] = if y.len() >= WEEKS_NEEDED * WEEK {
        &[DAY, WEEK]
    } else {
        &[DAY]
    };
    // The library computes in single precision: values of any size come as some around 0.
    let scaled: Vec<f64> = y.iter().map(|v| (v - mean) / spread).collect();
    // It is not written to be called with everything that a city may send.
    let fitted = catch_unwind(AssertUnwindSafe(|| fit(&scaled, periods, horizon)));
    let forecast = fitted.ok()??;
    let rows = rows(&forecast, widening(y.len(), periods))?;
    // What never was below zero is not expected to be: counts, levels, speeds.
    let floor = if y.iter().all(|v| *v >= 0.0) {
        0.0
    } else {
        f64::NEG_INFINITY
    };
    let real = |scaled: f64| (scaled * spread + mean).max(floor);
    let rows: Vec<Row> = rows
        .into_iter()
        .map(|row| Row {
            v: real(row.v),
            low: real(row.low),
            high: real(row.high),
        })
        .collect();
    let name = if periods.len() > 1 {
        "MSTL(24,168)+ETS"
    } else {
        "MSTL(24)+ETS"
    };
    (rows.len() == horizon).then_some(Prediction { name, rows })
}

/// What never moved is expected to stay.
fn constant(v: f64, horizon: usize) -> Prediction {
    let row = Row { v, low: v, high: v };
    Prediction {
        name: "constant",
        rows: vec![row; horizon],
    }
}

fn fit(y: &[f64], periods: &[usize], horizon: usize) -> Option<Forecast> {
    let smoothing = AutoETS::new(1, SMOOTHING).ok()?;
    // A rhythm that is the same in every cycle: one free to change would take the noise of three
    // days for rhythm, and the interval would promise too much.
    let lengths: Vec<usize> = periods
        .iter()
        .map(|period| 10 * (y.len() / period) + 1)
        .collect();
    let mut seasonal = StlParams::new();
    seasonal.seasonal_degree(0);
    let mut params = MstlParams::new();
    params.seasonal_lengths(&lengths).stl_params(seasonal);
    let model = MSTLModel::new(periods.to_vec(), smoothing.into_trend_model()).mstl_params(params);
    model.fit(y).ok()?.predict(horizon, LEVEL).ok()
}

/// How much wider the interval is than the noise that is left.
///
/// A rhythm that is the mean of `n` cycles takes one part in `n` of the noise's variance with it,
/// and is itself off by as much: the error ahead has `(1 + 1/n) / (1 - 1/n)` of the variance that
/// is left, for each rhythm.
fn widening(n_hours: usize, periods: &[usize]) -> f64 {
    let of = |period: &usize| {
        let n = n_hours as f64 / *period as f64;
        ((n + 1.0) / (n - 1.0)).sqrt()
    };
    periods.iter().map(of).fold(1.0, f64::max)
}

/// The forecast's rows with an interval `wider` times as wide; `None` if any of it is no number.
fn rows(forecast: &Forecast, wider: f64) -> Option<Vec<Row>> {
    let intervals = forecast.intervals.as_ref()?;
    let bounds = intervals.lower.iter().zip(&intervals.upper);
    let rows = forecast.point.iter().zip(bounds);
    rows.map(|(v, (low, high))| {
        let row = Row {
            v: *v,
            low: v - (v - low) * wider,
            high: v + (high - v) * wider,
        };
        let is_sound = [row.v, row.low, row.high].iter().all(|n| n.is_finite());
        (is_sound && row.low <= row.v && row.v <= row.high).then_some(row)
    })
    .collect()
}
