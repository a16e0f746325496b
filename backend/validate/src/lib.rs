//! Readings to located observations, reports to located reports: is it possible, in which unit,
//! when, and where. Pure: the time of arrival comes in with each message.
//!
//! In the flow this stands after `egret-decode` (what the sender said) and before the journal
//! (what Egret believes). What is impossible is refused with a sentence for its sender; what is
//! merely odd is kept and flagged.
//!
//! Modules in the order in which a reading passes them: the validator, ids, values, time, datum
//! and place.

pub mod validator;

mod ids;
mod issued;
mod place;
mod refuse;
mod unit;
mod values;

pub use egret_package::crs;
pub mod event_time;

pub use validator::Validator;
