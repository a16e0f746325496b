//! Casework 案件办理: what can be done to an incident, by whom, and what comes of it.
//!
//! [`step`] is the one transition function: server and browser ask the same, so that the browser
//! offers only what the server will take. It is total: every act on every incident is either a new
//! incident or a [`Refusal`] that says why.
//!
//! # Source
//! GB/T 30428.8 for the states, and the separation of supervision (opens, verifies, closes) from
//! command (dispatches, handles); 12345 practice for 首接负责, 退单, 督办 and the limits.

pub mod act;
pub mod doer;
pub mod dossier;
mod permit;
pub mod refusal;
mod step;
pub mod task;

pub use act::{Act, ActKind};
pub use doer::{Doer, Power};
pub use dossier::{CheckItem, Deed, Dossier, What};
pub use permit::{departments, moves};
pub use refusal::Refusal;
pub use step::step;

/// Most characters of a text that somebody writes to an incident.
///
/// A page; what is longer is an attachment.
pub const TEXT_CHARS_MAX: usize = 2_000;

/// Most departments that an incident is given to at once.
pub const DEPARTMENTS_MAX: usize = 16;
