//! The crate from outside, on the tiny city: messages in, observations and reports out.
//!
//! `cfg(test)` tells clippy that all of it is test code, shared parts too.

#[cfg(test)]
mod by_example;
#[cfg(test)]
mod city;
#[cfg(test)]
mod properties;
