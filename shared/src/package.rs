//! The city package's language: what the TOML files of a city folder declare.
//!
//! Plain types with serde; reading, checking and pointing at mistakes is `egret_package`.
//! Unknown keys are errors. [`SCHEMA`] is the language's version.

pub mod addition;
pub mod casework;
pub mod city;
pub mod command;
pub mod department;
pub mod feed;
pub mod layer;
pub mod metric;
pub mod property;
pub mod rule;
pub mod scene;
pub mod sparkplug;
pub mod wall;
pub mod words;

/// Version of the language, `schema` in `city.toml`.
pub const SCHEMA: u32 = 1;
