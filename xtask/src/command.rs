//! The commands of `cargo xtask`, one file each: which steps they take, in which order.

pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod demo;
pub(crate) mod dist;
pub(crate) mod screens;
pub(crate) mod setup;
pub(crate) mod soak;
pub(crate) mod test;
pub(crate) mod trunk;
