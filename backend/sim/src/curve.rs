//! Reading between the points of a sampled curve, and other steps from numbers to places.

/// The value of `curve` at `place`, counted in samples from 0, straight lines between samples;
/// beyond its ends, its end values. 0 if the curve is empty.
pub(crate) fn sample(curve: &[f64], place: f64) -> f64 {
    let place = place.max(0.0);
    let last = curve.last().copied().unwrap_or_default();
    let before = curve.get(floor_index(place)).copied().unwrap_or(last);
    let after = curve.get(floor_index(place) + 1).copied().unwrap_or(last);
    before + (after - before) * place.fract()
}

/// The whole part of a number as an index; 0 for negative ones.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates at 0 and at the greatest index, which is what an index wants"
)]
pub(crate) fn floor_index(place: f64) -> usize {
    place as usize
}

/// Whole milliseconds of a number of milliseconds.
#[expect(
    clippy::cast_possible_truncation,
    reason = "times of a simulation fit an i64 by far; `as` saturates beyond"
)]
pub(crate) fn whole_ms(ms: f64) -> i64 {
    ms.round() as i64
}

/// An index as a stream number.
pub(crate) fn stream(index: usize) -> u64 {
    u64::try_from(index).unwrap_or(u64::MAX)
}

/// `v` rounded to so many decimals.
pub(crate) fn rounded(v: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (v * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_read_between_its_samples_and_flat_beyond_them() {
        let curve = [0.0, 10.0, 30.0];
        for (place, expected) in [
            (-1.0, 0.0),
            (0.5, 5.0),
            (1.0, 10.0),
            (1.5, 20.0),
            (9.0, 30.0),
        ] {
            assert!((sample(&curve, place) - expected).abs() < 1e-9, "{place}");
        }
        assert!(sample(&[], 1.0).abs() < 1e-9);
    }
}
