//! The city as a fold of its journal. Pure: no clock, no I/O, no hash order, no failure.
//!
//! [`city::City`] is what the server, replay and tests hold. Modules in the order in which data
//! flows: what comes in ([`entry`]); the package made dense (`plan`, `expr`, `window`); one step
//! (`fold`) and what it does with an asset, an observation, a report and a tick (`admit`,
//! `observe`, `report`, `tick`); what it touches: identities (`dedup`), assets and what is selected
//! of them (`selected`), feeds, gateways' clocks (`gateway`), where reports stand (`journey`), metrics with their aggregates,
//! rules, alerts, incidents, what people order (`case`, and of actuators, `actuation`), the ticker (`event`); and what comes out: [`changes`], [`hash`],
//! [`checkpoint`].
//!
//! To add an aggregate, write a file in `aggregate/`, and a line for it in `accumulators!` and in
//! `How`; to add a kind of rule, write a file in `rule/`, and a line for it in `kinds!`.

pub mod entry;
pub mod limits;

mod expr;
mod plan;
mod window;

mod admit;
mod fold;
mod observe;
mod report;
mod tick;

mod actuation;
mod aggregate;
mod alert;
mod asset;
mod baseline;
mod bits;
mod case;
mod dedup;
mod event;
mod feed;
mod gateway;
mod incident;
mod intent;
mod journey;
mod metric;
mod rule;
mod selected;
mod words;

mod changes;
pub mod checkpoint;
pub mod city;
pub mod hash;
pub mod lineage;

pub use alert::Unlisted;
pub use changes::Changes;
pub use city::City;
pub use entry::{Entry, Refused, Seq};
pub use feed::UNKNOWN_FEED;
pub use hash::StateHash;
pub use intent::Intent;
pub use lineage::Lineage;
