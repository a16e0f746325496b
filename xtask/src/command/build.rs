//! `cargo xtask build`: the browser part, then the server that carries it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::paths::Paths;
use crate::run;
use crate::setup::{npm, toolchain::Toolchain};
use crate::steps::{Step, Steps};
use crate::{site, wasm};

/// How many steps [`site`] takes.
pub(crate) const SITE_STEPS: usize = 6;

/// The optimisation of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build; the site is read from the disk.
    Dev,
    /// Quick to run, with the site inside.
    Release,
}

impl Profile {
    /// The folder below cargo's target directory.
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }

    /// cargo's flag.
    pub(crate) fn flag(self) -> &'static str {
        match self {
            Self::Dev => "--profile=dev",
            Self::Release => "--profile=release",
        }
    }
}

/// Runs the command.
///
/// # Errors
/// When a step fails.
pub(crate) fn command(paths: &Paths, profile: Profile) -> Result<()> {
    let mut steps = Steps::new(SITE_STEPS + 1);
    build_site(&mut steps, paths)?;
    let program = steps.run("server", |step| build_server(step, paths, profile))?;
    steps.summary();
    println!("{}", program.display());
    Ok(())
}

/// `cargo xtask site`: the browser part alone, for a server that is built already.
///
/// # Errors
/// When a step fails.
pub(crate) fn command_site(paths: &Paths) -> Result<()> {
    let mut steps = Steps::new(SITE_STEPS);
    build_site(&mut steps, paths)?;
    steps.summary();
    Ok(())
}

/// Builds `target/site` in [`SITE_STEPS`] steps.
///
/// # Errors
/// When a step fails.
pub(crate) fn build_site(steps: &mut Steps, paths: &Paths) -> Result<()> {
    let toolchain = ensure_toolchain(steps, paths)?;
    build_site_with(steps, paths, &toolchain)
}

/// The first step of [`SITE_STEPS`].
///
/// # Errors
/// When there is no Rust for the browser part and none can be had.
pub(crate) fn ensure_toolchain(steps: &mut Steps, paths: &Paths) -> Result<Toolchain> {
    steps.run("Rust for WebAssembly", |step| {
        Toolchain::ensure(step, paths)
    })
}

/// The other steps of [`SITE_STEPS`].
///
/// # Errors
/// When a step fails.
pub(crate) fn build_site_with(
    steps: &mut Steps,
    paths: &Paths,
    toolchain: &Toolchain,
) -> Result<()> {
    let npm = steps.run("map and fonts from npm", |step| {
        npm::ensure_frontend(step, paths)
    })?;
    let wasm = steps.run("browser part", |step| wasm::compile(step, paths, toolchain))?;
    let bound = steps.run("wasm-bindgen", |step| wasm::bind(step, paths, &wasm))?;
    let wasm = steps.run("wasm-opt", |step| wasm::optimise(step, paths, &bound, &npm))?;
    steps.run("site", |step| {
        site::assemble(step, paths, &npm, &bound, &wasm)
    })
}

/// Builds the server; returns the program. Needs the site.
///
/// # Errors
/// When it does not compile.
pub(crate) fn build_server(step: &mut Step, paths: &Paths, profile: Profile) -> Result<PathBuf> {
    step.show(&mut cargo_build(paths, profile, "egret"))?;
    Ok(paths.program(profile.folder(), "egret"))
}

/// `cargo build` of one package.
fn cargo_build(paths: &Paths, profile: Profile, package: &str) -> Command {
    let mut cargo = run::cargo(&paths.root);
    cargo.args(["build", profile.flag(), "-p", package]);
    cargo
}
