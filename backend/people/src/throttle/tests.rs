//! Who is locked out, and who is not.

use super::*;

const MINUTE: i64 = 60_000;

fn at(minutes: i64) -> TimeMs {
    TimeMs(1_782_079_500_000 + minutes * MINUTE)
}

fn stranger(account: &str, address: &str) -> Trier {
    Trier::Stranger(account.to_owned(), address.parse().unwrap())
}

#[test]
fn the_sixth_try_at_an_account_from_one_address_waits_until_the_first_is_15_minutes_old() {
    let mut throttle = Throttle::new();
    let lin = stranger("lin", "10.0.0.1");
    for minute in 0..5 {
        assert_eq!(throttle.begin(&lin, at(minute)), Ok(()));
    }
    assert_eq!(throttle.begin(&lin, at(5)), Err(600));
    assert_eq!(throttle.begin(&lin, TimeMs(at(15).0 - 1)), Err(1));
    assert_eq!(throttle.begin(&lin, at(15)), Ok(()));
    assert_eq!(
        throttle.begin(&lin, at(15)),
        Err(60),
        "the second is 14 minutes old"
    );
}

#[test]
fn another_account_and_another_address_are_counted_by_themselves() {
    let mut throttle = Throttle::new();
    for _ in 0..5 {
        throttle.begin(&stranger("lin", "10.0.0.1"), at(0)).unwrap();
    }
    assert!(throttle.begin(&stranger("lin", "10.0.0.1"), at(0)).is_err());
    assert!(throttle.begin(&stranger("wu", "10.0.0.1"), at(0)).is_ok());
    assert!(throttle.begin(&stranger("lin", "10.0.0.2"), at(0)).is_ok());
}

#[test]
fn an_address_that_fails_with_thirty_names_waits_with_all() {
    let mut throttle = Throttle::new();
    for n in 0..30 {
        let name = format!("name-{n}");
        throttle.begin(&stranger(&name, "10.0.0.1"), at(0)).unwrap();
    }
    assert_eq!(
        throttle.begin(&stranger("lin", "10.0.0.1"), at(1)),
        Err(840)
    );
    assert!(throttle.begin(&stranger("lin", "10.0.0.2"), at(1)).is_ok());
}

#[test]
fn whoever_signs_in_may_fail_again_and_their_success_hides_no_failure_with_other_names() {
    let mut throttle = Throttle::new();
    let own = stranger("mallory", "10.0.0.1");
    for n in 0..29 {
        let name = format!("name-{n}");
        throttle.begin(&stranger(&name, "10.0.0.1"), at(0)).unwrap();
        throttle.begin(&own, at(0)).unwrap();
        throttle.succeeded(&own, at(0));
    }
    throttle.begin(&stranger("a", "10.0.0.1"), at(0)).unwrap();
    assert!(throttle.begin(&own, at(0)).is_err());
}

#[test]
fn tries_at_the_same_time_do_not_get_around_the_count() {
    let mut throttle = Throttle::new();
    let lin = stranger("lin", "10.0.0.1");
    let begun = (0..50).filter(|_| throttle.begin(&lin, at(0)).is_ok());
    assert_eq!(begun.count(), 5);
    throttle.undone(&lin, at(0));
    assert!(throttle.begin(&lin, at(0)).is_ok(), "one came to nothing");
    assert!(throttle.begin(&lin, at(0)).is_err());
}

#[test]
fn a_known_browser_has_ten_tries_of_its_own_whatever_happens_elsewhere() {
    let mut throttle = Throttle::new();
    let known = Trier::Known("cookie".to_owned());
    for n in 0..100 {
        let _refused = throttle.begin(&stranger("lin", &format!("10.0.0.{n}")), at(0));
    }
    for _ in 0..10 {
        assert!(throttle.begin(&known, at(0)).is_ok());
    }
    assert_eq!(throttle.begin(&known, at(0)), Err(900));
    throttle.succeeded(&known, at(0));
    assert!(throttle.begin(&known, at(0)).is_ok());
}

#[test]
fn of_refused_tries_the_first_and_every_hundredth_is_written_until_one_is_let_through() {
    let mut throttle = Throttle::new();
    let network: IpAddr = "10.0.0.1".parse().unwrap();
    let written = |throttle: &mut Throttle, n: u64| -> Vec<u64> {
        (0..n)
            .filter_map(|_| throttle.refuse(network, SIGN_IN, at(0)))
            .collect()
    };
    assert_eq!(written(&mut throttle, 250), [1, 100, 200]);
    throttle.begin(&stranger("wu", "10.0.0.1"), at(0)).unwrap();
    assert_eq!(written(&mut throttle, 99), [1]);
    assert_eq!(throttle.refuse(network, "other", at(0)), Some(1));
    assert_eq!(
        throttle.refuse(network, SIGN_IN, at(16)),
        Some(1),
        "quiet for long"
    );
}

#[test]
fn a_clock_that_is_put_back_locks_nobody_for_longer() {
    let mut throttle = Throttle::new();
    let lin = stranger("lin", "10.0.0.1");
    for _ in 0..5 {
        throttle.begin(&lin, at(600)).unwrap();
    }
    assert!(throttle.begin(&lin, at(599)).is_err());
    assert!(throttle.begin(&lin, at(0)).is_ok());
}

#[test]
fn memory_is_bounded_and_who_failed_longest_ago_makes_room() {
    let mut buckets: Buckets<u32> = Buckets::new(2, 3);
    for key in [1, 2, 3, 1, 4] {
        buckets.add(key, at(0));
    }
    assert_eq!(buckets.by_key.by_key.len(), 3);
    assert_eq!(buckets.by_key.by_touch.len(), 3);
    assert!(
        buckets.wait(&1, at(0)).is_some(),
        "1 failed twice, once after 2"
    );
    assert!(buckets.by_key.get_mut(&2).is_none());
    buckets.take_back(&4, at(0));
    buckets.clear(&1);
    assert_eq!(buckets.by_key.by_touch.len(), 1);
}
