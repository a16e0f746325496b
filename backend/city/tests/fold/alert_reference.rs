//! The life of one alert against a naive account of it: `for`, `keep_for`, flapping, hushes.

use std::collections::BTreeMap;
use std::sync::Arc;

use egret_city::{City, Entry};
use egret_package::Package;
use egret_shared::alert::AlertState;
use egret_shared::hush::{HushDef, HushKind, HushOrder, Matcher};
use egret_shared::level::Level;
use egret_shared::package::rule::FlapDef;
use egret_shared::time::{Span, TimeMs};
use proptest::prelude::*;

use crate::hushes::command;
use crate::story::{reading, tiny};

const S: i64 = 1_000;

/// What a rule declares, in seconds.
#[derive(Clone, Copy, Debug)]
struct Declared {
    hold: i64,
    keep: i64,
    changes: u32,
    within: i64,
}

/// What happens in a second.
#[derive(Clone, Copy, Debug)]
enum Step {
    Nothing,
    Value(f64),
    /// From so many seconds later on, for so many seconds, up to this level.
    Hush(i64, i64, Level),
}

/// The alert as the account has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    state: AlertState,
    level: Level,
    flapping: bool,
    hushed: bool,
}

/// Everything that has happened, in seconds; nothing is thrown away.
#[derive(Default)]
struct Account {
    told: Option<Told>,
    /// Since when the alert is what it is, and since when the condition is over.
    since: i64,
    over_since: Option<i64>,
    /// All times at which it fired or wanted to resolve, and the condition came or went.
    changes: Vec<i64>,
    turned: i64,
    hushes: Vec<(i64, i64, Level)>,
    /// The latest second whose beginning and ending hushes are known.
    heard: i64,
}

impl Account {
    fn value(&mut self, now: i64, v: f64, declared: Declared) {
        let holds = v >= 15.0;
        let level = if v >= 30.0 { Level::Red } else { Level::Orange };
        match (&mut self.told, holds) {
            (Some(told), true) if told.state != AlertState::Resolved => {
                told.level = level;
                if self.over_since.take().is_some() {
                    self.turned = now;
                }
            }
            (_, true) => {
                self.told = Some(Told {
                    state: AlertState::Pending,
                    level,
                    flapping: false,
                    hushed: false,
                });
                (self.since, self.over_since) = (now, None);
            }
            (Some(told), false) if told.state == AlertState::Pending => {
                self.told = None;
                self.changes.clear();
            }
            (Some(told), false)
                if told.state == AlertState::Firing && self.over_since.is_none() =>
            {
                (self.over_since, self.turned) = (Some(now), now);
            }
            _ => {}
        }
        self.pass(now, declared);
    }

    /// Does what time has made due.
    fn pass(&mut self, now: i64, declared: Declared) {
        let Some(mut told) = self.told else { return };
        let calm = now - self.turned >= declared.within;
        match (told.state, self.over_since) {
            (AlertState::Pending, _) if now - self.since >= declared.hold => {
                told.state = AlertState::Firing;
                self.changes.push(now);
                self.turned = now;
            }
            (AlertState::Firing, Some(over)) if now - over >= declared.keep => {
                if told.flapping && calm {
                    (told.state, told.flapping) = (AlertState::Resolved, false);
                    self.changes.clear();
                } else if !told.flapping {
                    self.changes.push(now);
                    let of_late = self.changes.iter();
                    let of_late = of_late.filter(|at| now - **at < declared.within).count();
                    if of_late >= declared.changes as usize {
                        told.flapping = true;
                        self.turned = now;
                    } else {
                        told.state = AlertState::Resolved;
                    }
                }
            }
            (AlertState::Firing, None) if told.flapping && calm => {
                told.flapping = false;
                self.changes.clear();
            }
            _ => {}
        }
        self.told = Some(told);
        self.hear();
    }

    fn hear(&mut self) {
        let heard = self.heard;
        let Some(told) = &mut self.told else { return };
        if told.state == AlertState::Firing {
            told.hushed = self.hushes.iter().any(|(from, until, up_to)| {
                (*from..*until).contains(&heard) && told.level <= *up_to
            });
        }
    }
}

fn package(declared: Declared) -> Arc<Package> {
    let mut package = Package::clone(&tiny());
    for rule in &mut package.rules.rules {
        rule.hold = Span(declared.hold * S);
        rule.keep_for = Span(declared.keep * S);
        rule.flap = FlapDef {
            changes: declared.changes,
            within: Span(declared.within * S),
        };
    }
    Arc::new(package)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Nothing),
        6 => prop_oneof![Just(1.0), Just(16.0), Just(31.0)].prop_map(Step::Value),
        1 => (0..9_i64, 1..30_i64).prop_map(|(from, long)| Step::Hush(from, long, Level::Orange)),
        1 => (0..9_i64, 1..30_i64).prop_map(|(from, long)| Step::Hush(from, long, Level::Blue)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn an_alert_lives_as_a_naive_account_of_it_says(
        steps in prop::collection::vec(step(), 1..200),
        hold in prop_oneof![Just(0_i64), Just(3), Just(7)],
        keep in prop_oneof![Just(0_i64), Just(2), Just(6)],
        changes in 2..6_u32,
        within in 3..40_i64,
        restarts in prop::collection::btree_set(0..200_usize, 0..4),
    ) {
        let declared = Declared { hold, keep, changes, within };
        let package = package(declared);
        let mut city = City::new(Arc::clone(&package));
        let start = TimeMs::from_rfc3339("2026-06-22T06:00:00+08:00").unwrap();
        let mut account = Account::default();
        city.apply(1, &Entry::Tick(start));
        let mut story = BTreeMap::new();
        for (second, (number, step)) in (1..).zip(steps.iter().enumerate()) {
            let now = start.plus(Span(second * S));
            city.apply(city.seq() + 1, &Entry::Tick(now));
            account.heard = second;
            account.hear();
            account.pass(second, declared);
            match *step {
                Step::Nothing => {}
                Step::Value(v) => {
                    let one = reading("road", "G-1", "ponding_depth", v, now);
                    city.apply(city.seq() + 1, &Entry::Observation(one));
                    account.value(second, v, declared);
                }
                Step::Hush(later, long, up_to) => {
                    let hush = HushDef {
                        kind: HushKind::Silence(Matcher {
                            feed: Some("road".into()),
                            ..Matcher::default()
                        }),
                        up_to,
                        owner: "w".to_owned(),
                        reason: "w".to_owned(),
                        from: now.plus(Span(later * S)),
                        until: now.plus(Span((later + long) * S)),
                    };
                    let order = HushOrder::Put { id: None, hush };
                    let seq = city.seq() + 1;
                    city.apply(seq, &command(seq, now, order));
                    account.hushes.push((second + later, second + later + long, up_to));
                    account.hear();
                }
            }
            if restarts.contains(&number) {
                city = City::restore(Arc::clone(&package), &city.checkpoint()).unwrap();
            }
            let told = city.alerts().find(|alert| alert.key.rule.as_str() == "ponding");
            let told = told.map(|alert| Told {
                state: alert.state,
                level: alert.level,
                flapping: alert.flapping,
                hushed: alert.hushed.is_some(),
            });
            story.insert(second, (*step, told));
            prop_assert_eq!(told, account.told, "second {} of {:?}", second, story);
        }
    }
}
