//! Forecasts of series that are known beforehand.

use super::*;

const UNTIL: TimeMs = TimeMs(490_000 * HOUR.0);

/// Numbers that look random and are the same in every run: SplitMix64, twelve of them added for
/// a normal distribution.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// A city's day: two rush hours over a quiet night, and less on the weekend.
fn rhythm(hour: i64) -> f64 {
    let of_day = (hour % 24) as f64;
    let peak = |at: f64| (-(of_day - at).powi(2) / 8.0).exp();
    let weekend = if (hour / 24) % 7 >= 5 { 0.6 } else { 1.0 };
    40.0 + 60.0 * weekend * (peak(8.0) + peak(18.0))
}

fn series(n_hours: i64, seed: u64, spread: f64) -> Vec<f64> {
    let mut noise = Noise(seed);
    (0..n_hours)
        .map(|hour| rhythm(hour) + spread * noise.normal())
        .collect()
}

/// `values` as the hours that end at `UNTIL`.
fn history(values: &[f64]) -> History {
    let ends = (0..).map(|back| TimeMs(UNTIL.0 - back * HOUR.0));
    History::new(ends.zip(values.iter().rev().copied()), UNTIL)
}

/// Which part of the hours held out lies within the interval, over many series.
fn coverage(n_hours: usize, ahead: usize) -> f64 {
    let mut within = (0, 0);
    for seed in 0..24 {
        let all = series(i64::try_from(n_hours + ahead).unwrap(), seed, 5.0);
        let (past, to_come) = all.split_at(n_hours);
        let made = outlook(&history(past)).hours.unwrap();
        for (hour, v) in made.iter().zip(to_come) {
            within.0 += usize::from((hour.low..=hour.high).contains(v));
            within.1 += 1;
        }
    }
    f64::from(u32::try_from(within.0).unwrap()) / f64::from(u32::try_from(within.1).unwrap())
}

#[test]
fn the_interval_holds_about_as_often_as_it_says() {
    // Four days of one rhythm (no weekend among them or their morrow), three weeks, six weeks.
    for (n_hours, ahead) in [(96, 24), (21 * 24, 24), (42 * 24, 24)] {
        let coverage = coverage(n_hours, ahead);
        assert!(
            (0.80..=0.98).contains(&coverage),
            "{coverage} of {n_hours} hours"
        );
    }
}

#[test]
fn a_forecast_follows_the_rhythm_of_the_day() {
    let made = outlook(&history(&series(28 * 24, 7, 2.0)));
    let hours = made.hours.unwrap();
    assert_eq!(
        (made.model, made.history_hours),
        (Some("MSTL(24,168)+ETS"), 28 * 24)
    );
    assert_eq!(hours.len(), AHEAD_HOURS);
    assert_eq!(hours.first().unwrap().start, UNTIL);
    assert!(hours.windows(2).all(|pair| pair[0].end == pair[1].start));
    let off = (0..)
        .zip(&hours)
        .map(|(hour, made)| (made.v - rhythm(28 * 24 + hour)).abs());
    let worst = off.fold(0.0, f64::max);
    assert!(worst < 10.0, "off by {worst} at worst, of a swing of 60");
}

#[test]
fn below_three_days_there_is_none_and_the_answer_says_how_much_is_missing() {
    let made = outlook(&history(&series(71, 1, 1.0)));
    assert_eq!(
        (made.hours, made.history_hours),
        (Err(Reason::TooLittleHistory), 71)
    );
    assert!(outlook(&history(&series(72, 1, 1.0))).hours.is_ok());
    assert_eq!(outlook(&history(&[])).hours, Err(Reason::TooLittleHistory));
}

#[test]
fn what_never_moves_is_expected_to_stay() {
    for v in [0.0, 5.0, -3.0, 1e12] {
        let made = outlook(&history(&[v; 200])).hours.unwrap();
        assert!(made.iter().all(|hour| (hour.v, hour.high) == (v, v)));
    }
}

#[test]
fn few_gaps_are_filled_and_many_refused() {
    let mut values = series(200, 3, 1.0);
    let whole = outlook(&history(&values)).hours.unwrap();
    for hour in [50, 80, 81, 82, 83, 120] {
        values[hour] = f64::NAN;
    }
    let made = outlook(&history(&values));
    assert_eq!((made.history_hours, made.missing_hours), (194, 6));
    for (with, without) in made.hours.unwrap().iter().zip(&whole) {
        assert!((with.v - without.v).abs() < 5.0, "{with:?} {without:?}");
    }
    values[20..42].fill(f64::NAN);
    assert_eq!(
        outlook(&history(&values)).hours,
        Err(Reason::TooManyGaps),
        "28 of 200"
    );
}

#[test]
fn without_a_value_in_the_newest_hours_there_is_nothing_to_go_on_from() {
    let mut values = series(200, 3, 1.0);
    values[199] = f64::NAN;
    let made = outlook(&history(&values)).hours.unwrap();
    assert_eq!(made.first().unwrap().start, UNTIL, "the gap is passed over");
    assert_eq!(made.len(), AHEAD_HOURS);
    values[195..].fill(f64::NAN);
    assert_eq!(outlook(&history(&values)).hours, Err(Reason::NoValue));
}

#[test]
fn odd_series_are_answered_and_never_panic() {
    let spike = |at: usize, v: f64| {
        let mut values = vec![0.0; 300];
        values[at] = v;
        values
    };
    let odd = [
        spike(0, 1.0),
        spike(299, 1.0),
        spike(150, 1e300),
        spike(150, f64::INFINITY),
        (0..300).map(|n| f64::from(n % 2)).collect(),
        (0..300).map(|n| f64::from(n) * 1e9).collect(),
        (0..300).map(|n| f64::from(n / 150)).collect(),
        (0..1_008)
            .map(|n| if n % 168 == 0 { 1e6 } else { 0.0 })
            .collect(),
        vec![f64::NAN; 300],
        vec![f64::MIN_POSITIVE; 300],
    ];
    for values in odd {
        let made = outlook(&history(&values));
        for hour in made.hours.iter().flatten() {
            let sound = [hour.v, hour.low, hour.high];
            assert!(sound.iter().all(|v| v.is_finite()), "{hour:?}");
            assert!(hour.low <= hour.v && hour.v <= hour.high, "{hour:?}");
        }
    }
}

#[test]
fn what_was_never_below_zero_is_not_expected_to_be() {
    let mut noise = Noise(5);
    let counts: Vec<f64> = (0..400)
        .map(|hour| ((rhythm(hour) - 60.0).max(0.0) / 8.0 + noise.normal()).max(0.0))
        .collect();
    let made = outlook(&history(&counts)).hours.unwrap();
    assert!(made.iter().all(|hour| hour.low >= 0.0 && hour.v >= 0.0));
}
