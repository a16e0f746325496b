//! The storm against its table.

use super::shape::wettest_hour_mm;
use super::*;

/// As many gauges in each district as the demo city has.
fn gauges() -> Vec<Option<AreaCode>> {
    let counts = [
        ("350203", 14),
        ("350206", 13),
        ("350205", 17),
        ("350211", 20),
        ("350212", 34),
        ("350213", 22),
    ];
    counts
        .iter()
        .flat_map(|(code, n)| (0..*n).map(move |i| Some(AreaCode::new(format!("{code}{i:03}")))))
        .collect()
}

fn storm(seed: u64) -> (Storm, Vec<Option<AreaCode>>) {
    let areas = gauges();
    let table = StormTable::parse(JUNE_2021).unwrap();
    (Storm::new(&table, &areas, seed), areas)
}

#[test]
fn district_totals_are_those_of_the_report() {
    for seed in [1, 2, 99] {
        let (storm, areas) = storm(seed);
        for (code, expected_mm) in [
            ("350203", 41.8),
            ("350206", 42.5),
            ("350205", 58.8),
            ("350211", 108.5),
            ("350212", 109.6),
            ("350213", 59.1),
        ] {
            let totals: Vec<f64> = (0..areas.len())
                .filter(|i| areas[*i].as_ref().unwrap().as_str().starts_with(code))
                .map(|gauge| storm.rain_mm(gauge, 14.0 * 60.0, 24.0 * 60.0))
                .collect();
            let mean = totals.iter().sum::<f64>() / totals.len() as f64;
            assert!((mean / expected_mm - 1.0).abs() < 0.02, "{code}: {mean} mm");
        }
    }
}

#[test]
fn one_gauge_has_the_highest_total_and_the_highest_hour() {
    let (storm, areas) = storm(1);
    let mut totals: Vec<f64> = Vec::new();
    let mut hours: Vec<f64> = Vec::new();
    for gauge in 0..areas.len() {
        totals.push(storm.rain_mm(gauge, 840.0, 840.0));
        let by_minute: Vec<f64> = (1..=840)
            .map(|minute| storm.rain_mm(gauge, f64::from(minute), 1.0))
            .collect();
        hours.push(wettest_hour_mm(&by_minute));
    }
    totals.sort_by(f64::total_cmp);
    hours.sort_by(f64::total_cmp);
    let top = |sorted: &[f64], n: usize| sorted[sorted.len() - n];
    assert!((top(&totals, 1) - 223.0).abs() < 1.0, "{}", top(&totals, 1));
    assert!((top(&hours, 1) - 78.0).abs() < 1.0, "{}", top(&hours, 1));
    assert!(top(&totals, 2) < 215.0 && top(&hours, 2) < 70.0);
}

#[test]
fn drains_peak_after_the_rain_and_rivers_after_the_drains() {
    let (storm, areas) = storm(1);
    let worst = |read: &dyn Fn(f64) -> f64| {
        (0..1_900)
            .max_by(|a, b| read(f64::from(*a)).total_cmp(&read(f64::from(*b))))
            .unwrap()
    };
    for gauge in 0..areas.len() {
        let rain = worst(&|minute| storm.rain_mm(gauge, minute, 1.0));
        let drain = worst(&|minute| storm.drain(gauge, minute));
        let river = worst(&|minute| storm.river(gauge, minute));
        assert!(rain < drain && drain < river, "{rain} {drain} {river}");
        assert!(storm.drain(gauge, 1_900.0) < 0.01);
    }
}

#[test]
fn a_city_that_the_table_does_not_know_gets_rain_all_the_same() {
    let table = StormTable::parse(JUNE_2021).unwrap();
    let storm = Storm::new(&table, &[None, Some(AreaCode::new("900001"))], 1);
    for gauge in [0, 1] {
        let total = storm.rain_mm(gauge, 840.0, 840.0);
        assert!((40.0..130.0).contains(&total), "{total}");
    }
}
