//! Nobody sees beyond their grant, and everybody all that is within it: every way out of the
//! server, tried as principals of every role within and outside of area, department and class. The
//! rules are written down once more in `egret_tests::matrix::reader`; whatever the server says, as
//! rows or in any text, is held against them.

#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail like tests"
)]

#[path = "matrix/cases.rs"]
mod cases;
#[path = "matrix/changes.rs"]
mod changes;
#[path = "matrix/closed.rs"]
mod closed;
#[path = "matrix/ids.rs"]
mod ids;
#[path = "matrix/lists.rs"]
mod lists;
#[path = "matrix/live.rs"]
mod live;
#[path = "matrix/mqtt.rs"]
mod mqtt;
#[path = "matrix/numbers.rs"]
mod numbers;
#[path = "matrix/orders.rs"]
mod orders;
#[path = "matrix/people.rs"]
mod people;
#[path = "matrix/persons.rs"]
mod persons;
#[path = "matrix/requests.rs"]
mod requests;
#[path = "matrix/sockets.rs"]
mod sockets;
#[path = "matrix/strangers.rs"]
mod strangers;
#[path = "matrix/walls.rs"]
mod walls;
#[path = "matrix/warnings.rs"]
mod warnings;
#[path = "matrix/ways.rs"]
mod ways;

use std::sync::atomic::{AtomicUsize, Ordering};

use egret_tests::matrix::cell::{Cell, nothing_more};
use egret_tests::matrix::findings::Findings;
use egret_tests::matrix::stage::{Holder, Stage};
use egret_tests::matrix::truth::Truth;
use ways::{WAYS, Way};

/// Principals that are looked after at once.
const AT_ONCE: usize = 3;

#[test]
fn every_route_is_a_way_that_is_tried() {
    ways::are_all_there();
}

#[test]
fn on_every_way_everybody_sees_what_is_granted_and_nothing_else() {
    let stage = Stage::filled();
    let truth = Truth::of(&stage);
    let people: Vec<_> = people::all()
        .iter()
        .map(|grants| stage.holder(grants))
        .collect();
    let findings = Findings::default();
    for leaves_traces in [false, true] {
        if leaves_traces {
            stage.await_clocks();
        }
        let ways: Vec<_> = WAYS
            .iter()
            .filter(|way| way.leaves_traces == leaves_traces)
            .collect();
        try_all(&stage, &truth, &people, &ways, &findings);
    }
    println!("{} principals", people.len());
    findings.conclude();
}

fn try_all(stage: &Stage, truth: &Truth, people: &[Holder], ways: &[&Way], findings: &Findings) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(holder) = people.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for way in ways {
                        let cell = Cell {
                            stage,
                            holder,
                            way: way.name,
                            findings,
                            allowed: nothing_more,
                        };
                        findings.cell(way.name, &holder.reader.to_string());
                        (way.tried)(cell, truth);
                    }
                }
            });
        }
    });
}
