//! The fold from outside: entries in, snapshots and changes out, with the tiny city.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_cmp,
    reason = "a test that meets the unexpected shall stop, and the fold keeps values to the bit"
)]

mod alerts;
mod feeds;
mod incidents;
mod metrics;
mod properties;
mod readings;
mod story;
