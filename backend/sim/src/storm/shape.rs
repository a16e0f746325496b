//! A hyetograph: how a gauge's rain is spread over the storm's minutes.

use serde::Deserialize;

/// One burst of rain.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Peak {
    /// Hours after the storm's beginning.
    pub(super) at_h: f64,
    /// Standard deviation, hours.
    pub(super) width_h: f64,
    /// Its share of the total, before the storm's ends are cut off.
    pub(super) share: f64,
}

/// One gauge's bursts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape<'a> {
    /// The storm's bursts.
    pub(super) peaks: &'a [Peak],
    /// From the first drop to the last.
    pub(super) hours: f64,
    /// How much later they come here.
    pub(super) shift_h: f64,
}

/// Width of the burst that makes the highest hour, hours.
const SHARP_H: f64 = 0.3;

impl Shape<'_> {
    /// How hard it rains at `hour`, in no unit.
    fn strength(&self, hour: f64) -> f64 {
        let bursts = self.peaks.iter();
        bursts
            .map(|peak| peak.share * bell(hour - peak.at_h - self.shift_h, peak.width_h))
            .sum()
    }

    /// Millimetres by minute with one burst sharpened until the wettest hour has `hour_mm`.
    pub(super) fn sharpened(
        &self,
        at_h: f64,
        total_mm: f64,
        hour_mm: f64,
        n_minutes: usize,
    ) -> Vec<f64> {
        let mixed = |share: f64| {
            let sharp = |hour: f64| bell(hour - at_h - self.shift_h, SHARP_H);
            let strength = |hour: f64| (1.0 - share) * self.strength(hour) + share * sharp(hour);
            spread(strength, self.hours, total_mm, n_minutes)
        };
        let (mut low, mut high) = (0.0, 1.0);
        // 30 halvings are finer than any gauge.
        for _ in 0..30 {
            let middle = f64::midpoint(low, high);
            if wettest_hour_mm(&mixed(middle)) < hour_mm {
                low = middle;
            } else {
                high = middle;
            }
        }
        mixed(low)
    }
}

/// Millimetres in each minute of the storm, `total_mm` together.
pub(super) fn mm_by_minute(shape: &Shape<'_>, total_mm: f64, n_minutes: usize) -> Vec<f64> {
    spread(
        |hour| shape.strength(hour),
        shape.hours,
        total_mm,
        n_minutes,
    )
}

fn spread(strength: impl Fn(f64) -> f64, hours: f64, total_mm: f64, n_minutes: usize) -> Vec<f64> {
    let minutes = (0..n_minutes).map(|minute| (minute as f64 + 0.5) / 60.0);
    let raw = minutes.map(|hour| if hour < hours { strength(hour) } else { 0.0 });
    let raw: Vec<f64> = raw.collect();
    let sum: f64 = raw.iter().sum();
    let scale = if sum > 0.0 { total_mm / sum } else { 0.0 };
    raw.into_iter().map(|mm| mm * scale).collect()
}

/// The most that falls in any 60 minutes.
pub(super) fn wettest_hour_mm(by_minute: &[f64]) -> f64 {
    by_minute
        .windows(60)
        .map(|hour| hour.iter().sum::<f64>())
        .fold(0.0, f64::max)
}

fn bell(distance: f64, width: f64) -> f64 {
    (-0.5 * (distance / width).powi(2)).exp() / width
}
