//! Egret: one screen for the whole city, in one binary.
//!
//! Modules in the order in which data flows: a source hands over messages, intake reads them, the
//! journal keeps them, the fold makes the city of them, publish makes frames, and `ws` and `api`
//! hand those out. `pipeline` wires them; nothing else knows them all.

mod auth;
mod cli;
mod clock;
mod config;
mod limits;
mod telemetry;

mod added;
mod city_files;
mod live;
mod seal;
mod tiles;

mod api;
mod downlink;
mod folding;
mod forecast;
mod intake;
mod journal;
mod kept;
mod lineage;
mod notify;
mod obeyed;
mod publish;
mod recover;
mod register;
mod source;
mod store;
mod topics;
mod walls;
mod ws;

mod pipeline;

use clap::Parser as _;

fn main() -> std::process::ExitCode {
    cli::run(cli::Cli::parse())
}
