//! The benchmark: figures of the release server on this machine, one JSON line each.
//!
//! A made-up city (`city`), sensors that publish 250-byte messages over raw MQTT (`fleet`,
//! `gateway`, `load`), screens (`viewer`), and Debian's Mosquitto as a yardstick (`yardstick`).
//! Data is seeded; times are the machine's. No figure has a threshold: compare ratios within one
//! run, and runs of the same machine.

pub mod options;
pub mod report;
pub mod usage;

pub mod city;
pub mod fleet;
pub mod gateway;
pub mod load;
pub mod served;
pub mod viewer;
pub mod yardstick;

mod alerts;
mod ingest;
mod live;
mod viewport;

use options::{Options, Part};

/// Measures everything and prints it; a failure ends the program with a message.
pub fn run() {
    let options = Options::of_this_run();
    report::line("machine", &usage::machine());
    if options.measures(Part::Ingest) {
        ingest::measure(&options);
    }
    if !matches!(
        options.only,
        Some(Part::Ingest | Part::Alerts | Part::Viewport)
    ) {
        live::measure(&options);
    }
    if options.measures(Part::Alerts) {
        alerts::measure(&options);
    }
    if options.measures(Part::Viewport) {
        viewport::measure(&options);
    }
}
