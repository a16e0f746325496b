//! Random principals, random requests, channels and filters: whatever bytes come back, no marker
//! in them is foreign. What is asked makes no sense most of the time, and is answered all the same.
//!
//! `EGRET_FUZZ_SEED` repeats a run, `EGRET_FUZZ_MINUTES` makes it go on for so long.

#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "helpers of tests fail like tests"
)]

#[path = "access_fuzz/channels.rs"]
mod channels;
#[path = "access_fuzz/requests.rs"]
mod requests;

use std::time::{Duration, Instant};

use egret_tests::clock;
use egret_tests::dice::Dice;
use egret_tests::matrix::beyond;
use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::findings::Findings;
use egret_tests::matrix::label::{Class, DEPARTMENTS, Place};
use egret_tests::matrix::reader::{Grant, ROLES};
use egret_tests::matrix::stage::{Holder, Stage};
use egret_tests::matrix::truth::Truth;
use serde_json::json;

/// Principals of a run that is bounded by count.
const ROUNDS: usize = 50;

/// Requests of each principal.
const REQUESTS: usize = 60;

/// Findings after which it is no use to go on.
const ENOUGH: usize = 200;

/// Names the environment variables.
const SEED: &str = "EGRET_FUZZ_SEED";
const MINUTES: &str = "EGRET_FUZZ_MINUTES";

/// One of these.
fn one<'a, T>(dice: &mut Dice, of: &'a [T]) -> &'a T {
    let n = usize::try_from(dice.below(of.len() as u64)).unwrap_or(0);
    &of[n]
}

/// Whether one of `n` sides comes up.
fn chance(dice: &mut Dice, n: u64) -> bool {
    dice.below(n) == 0
}

#[test]
fn whatever_is_asked_nothing_foreign_comes_back() {
    let number = |name: &str| {
        let text = std::env::var(name).ok()?;
        let number: Result<u64, _> = text.parse();
        Some(number.unwrap_or_else(|error| panic!("{name}={text} is no number: {error}")))
    };
    let seed = number(SEED).unwrap_or_else(|| clock::now().0.cast_unsigned());
    println!("repeat this run with {SEED}={seed}");
    let until = number(MINUTES).map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let mut dice = Dice::of(seed);
    let stage = Stage::filled();
    let truth = Truth::of(&stage);
    let findings = Findings::default();
    let mut count = Count::default();
    let mut rounds = 0;
    while until.map_or(rounds < ROUNDS, |until| Instant::now() < until) {
        rounds += 1;
        round(&stage, &truth, &findings, &mut dice, &mut count);
        if findings.len() > ENOUGH {
            break;
        }
    }
    println!("{rounds} principals, {count:?}");
    assert!(
        count.answered > count.requests / 4,
        "few requests were answered: {count:?}"
    );
    assert!(
        count.markers > 1_000,
        "what was looked at was empty: {count:?}"
    );
    findings.conclude();
}

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    requests: usize,
    /// With a success.
    answered: usize,
    /// Messages over WebSocket and MQTT.
    messages: usize,
    /// Markers in all of it, each of which was judged.
    markers: usize,
}

fn round(stage: &Stage, truth: &Truth, findings: &Findings, dice: &mut Dice, count: &mut Count) {
    let grants: Vec<_> = (0..=dice.below(3)).map(|_| grant(dice)).collect();
    let holder = stage.holder(&grants);
    let cell = Cell {
        stage,
        holder: &holder,
        way: "fuzz",
        findings,
        allowed: beyond::is_somewhere,
    };
    findings.cell("requests", &cell.who());
    requests::ask(cell, truth, dice, REQUESTS, count);
    findings.cell("WebSocket", &cell.who());
    channels::listen(cell, truth, dice, count);
    findings.cell("MQTT", &cell.who());
    channels::subscribe(cell, truth, dice, count);
    forget(stage, &holder);
}

/// A grant that may be given.
fn grant(dice: &mut Dice) -> Grant {
    let role = one(dice, &ROLES);
    if *role == "auditor" || (*role == "admin" && chance(dice, 3)) {
        return Grant::whole(role);
    }
    let role = if *role == "admin" { "steward" } else { role };
    let some = |dice: &mut Dice, n: u64| dice.below(n + 1);
    let areas: Vec<_> = (0..some(dice, 2))
        .map(|_| *one(dice, &Place::AREAS))
        .collect();
    let departments: Vec<_> = (0..some(dice, 2))
        .map(|_| *one(dice, &DEPARTMENTS))
        .collect();
    Grant::of(role, &areas, &departments, *one(dice, &Class::ALL))
}

/// Takes the tokens away again, so that a long run does not fill the server with them.
#[track_caller]
fn forget(stage: &Stage, holder: &Holder) {
    for id in [&holder.id, &holder.lasting_id] {
        let path = format!("/api/v1/admin/tokens/{id}");
        let answer = stage.admin.ask_again("DELETE", &path, &[], "");
        assert_eq!(answer.status, 204, "{}: {}", json!(id), answer.body);
    }
}
