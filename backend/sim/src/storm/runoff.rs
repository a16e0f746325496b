//! How rain runs off: a linear reservoir, the simplest thing that rises late and falls slowly.

/// How full the reservoir is minute by minute, 1 at its fullest; `lag_min` is its time constant.
///
/// # Source
/// The linear reservoir of hydrology (Nash, 1957): outflow in proportion to storage.
pub(super) fn reservoir(mm_by_minute: &[f64], lag_min: f64) -> Vec<f64> {
    let keep = (-1.0 / lag_min).exp();
    let mut stored = 0.0;
    let levels: Vec<f64> = std::iter::once(0.0)
        .chain(mm_by_minute.iter().map(|mm| {
            stored = stored * keep + mm;
            stored
        }))
        .collect();
    let fullest = levels.iter().copied().fold(0.0, f64::max);
    let scale = if fullest > 0.0 { 1.0 / fullest } else { 0.0 };
    levels.into_iter().map(|level| level * scale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reservoir_is_fullest_after_the_rain_and_empties_afterwards() {
        let mut rain = vec![1.0; 30];
        rain.extend(vec![0.0; 200]);
        let levels = reservoir(&rain, 20.0);
        assert!((levels[30] - 1.0).abs() < 1e-9);
        assert!(levels[10] < levels[20] && levels[50] < levels[40]);
        assert!(levels[230] < 0.01);
    }
}
