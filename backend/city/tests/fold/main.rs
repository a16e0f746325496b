//! The fold from outside: entries in, snapshots and changes out, with the tiny city.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_cmp,
    reason = "a test that meets the unexpected shall stop, and the fold keeps values to the bit"
)]

mod actuations;
mod aggregates;
mod alert_properties;
mod alert_reference;
mod alerts;
mod baselines;
mod cases;
mod catalogue;
mod composed_rules;
mod deliveries;
mod event_time;
mod feeds;
mod grouping;
mod hushes;
mod incidents;
mod index;
mod intents;
mod journeys;
mod lineage;
mod metrics;
mod properties;
mod readings;
mod reference;
mod rules;
mod story;
mod warnings;
