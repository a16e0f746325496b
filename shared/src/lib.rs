//! Egret's words and wire: what the server, the browser and the tests have to agree on.
//!
//! No I/O, no clock, no panics; builds for wasm32. Modules in the order in which data flows:
//! plain words (ids, time, place, level), what comes in (observations, reports), what the fold
//! makes of it (assets, metrics, alerts, incidents, feed health, events; beside it brokers), what
//! people do to it (casework, commands, orders to actuators, the mode of the city), what a city package
//! declares, who may see it (access, people), and what is pushed to screens (snapshot, delta, message, codec).

pub mod chain;
pub mod flags;
pub mod id;
pub mod level;
pub mod place;
pub mod position;
pub mod text;
pub mod time;

pub mod issued;
pub mod observation;
pub mod rejection;
pub mod report;

pub mod alert;
pub mod asset;
pub mod broker;
pub mod event;
pub mod feed;
pub mod hush;
pub mod incident;
pub mod metric;

pub mod actuation;
pub mod case;
pub mod command;
pub mod mode;
pub mod scorecard;

pub mod catalog;
pub mod package;

pub mod access;
pub mod people;

pub mod channel;
pub mod codec;
pub mod delta;
pub mod message;
pub mod snapshot;
pub mod table;
pub mod tile;
pub mod wall;
