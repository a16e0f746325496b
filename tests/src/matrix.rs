//! Who may see what, to be held against the server: a city in which every combination of area,
//! department and class exists, and the rules of `docs/access.md` once more in plain code.

pub mod beyond;
pub mod cell;
pub mod city;
pub mod findings;
pub mod label;
pub mod package;
pub mod reader;
pub mod stage;
pub mod truth;
pub mod worked;
