//! What goes out by itself: notices to subscribers of the embedded endpoint ([`topics`]), and to
//! people and programs elsewhere by way of the outbox ([`outbox`], in the words of `wording`).
//!
//! Both follow the `city` channel as one who sees everything, so that they tell what screens are
//! told.

pub(crate) mod outbox;
pub(crate) mod topics;
mod wording;
