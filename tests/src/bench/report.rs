//! Figures: medians, percentiles, and the JSON lines they are printed as.

use serde_json::{Map, Value};

/// Prints one figure.
pub fn line(figure: &str, values: &Value) {
    let mut members = Map::new();
    members.insert("figure".to_owned(), figure.into());
    if let Value::Object(values) = values {
        members.extend(values.clone());
    }
    println!("{}", Value::Object(members));
}

/// `value` with so many decimals.
pub fn round(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}

/// The middle one of `values`; NaN of none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Delays, to be told as percentiles.
#[derive(Clone, Debug, Default)]
pub struct Delays(Vec<i64>);

impl Delays {
    /// Adds a delay in microseconds.
    pub fn add(&mut self, delay_us: i64) {
        self.0.push(delay_us);
    }

    /// Adds all of `more`.
    pub fn append(&mut self, mut more: Self) {
        self.0.append(&mut more.0);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The delay, in milliseconds, that `share` of all stay at or below; NaN of none.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1) as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a length is an index"
        )]
        let index = (share * last).round() as usize;
        let delay_us = sorted.get(index).map_or(f64::NAN, |&us| us as f64);
        round(delay_us / 1_000.0, 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_delays() {
        let mut delays = Delays::default();
        (0..=100).rev().for_each(|n| delays.add(n * 1_000));
        assert!((delays.quantile_ms(0.5) - 50.0).abs() < 1e-9);
        assert!((delays.quantile_ms(0.99) - 99.0).abs() < 1e-9);
        assert!(Delays::default().quantile_ms(0.5).is_nan());
    }

    #[test]
    fn the_median_is_the_middle_one_in_any_order() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
    }
}
