//! The lifecycle of incidents, walked: every state, every act and every kind of doer against the
//! tables of `docs/casework.md`, and random lives.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected shall stop"
)]

mod effects;
mod lives;
mod people;
mod random;
mod table;
mod walk;
