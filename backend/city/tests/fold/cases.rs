//! Casework in the fold: what people order, done, timed, counted and kept.

mod clocks;
mod correlation;
mod desk;
mod lives;
mod modes;
mod random;
mod room;
