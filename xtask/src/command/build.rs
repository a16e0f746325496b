//! `cargo xtask build`: the browser part, then the server that carries it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::paths::Paths;
use crate::run;
use crate::setup::{npm, toolchain::Toolchain};
use crate::site::{self, Built};
use crate::steps::{Step, Steps};
use crate::wasm::{self, Part};

/// How many steps [`site`] takes at most.
pub(crate) const SITE_STEPS: usize = 8;

/// How much is optimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build; the server reads the site from the disk, and the browser part is large.
    Dev,
    /// Quick to run, with the site inside, and the browser part small.
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
    build_site(&mut steps, paths, profile)?;
    let program = steps.run("server", |step| build_server(step, paths, profile))?;
    steps.summary();
    println!("{}", program.display());
    Ok(())
}

/// `cargo xtask site`: the browser part alone, for a server that is built already.
///
/// # Errors
/// When a step fails.
pub(crate) fn command_site(paths: &Paths, profile: Profile) -> Result<()> {
    let mut steps = Steps::new(SITE_STEPS);
    build_site(&mut steps, paths, profile)?;
    steps.summary();
    Ok(())
}

/// Builds `target/site` in [`SITE_STEPS`] steps.
///
/// # Errors
/// When a step fails.
pub(crate) fn build_site(steps: &mut Steps, paths: &Paths, profile: Profile) -> Result<()> {
    let toolchain = ensure_toolchain(steps, paths)?;
    build_site_with(steps, paths, &toolchain, profile)
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
    profile: Profile,
) -> Result<()> {
    let npm = steps.run("map and fonts from npm", |step| {
        npm::ensure_frontend(step, paths)
    })?;
    let compiled = steps.run("browser part", |step| {
        wasm::compile(step, paths, toolchain, profile)
    })?;
    let mut parts = Vec::new();
    for part in Part::of(profile) {
        let bound = steps.run("wasm-bindgen", |step| {
            wasm::bind(step, paths, &compiled, *part)
        })?;
        let wasm = steps.run("wasm-opt", |step| match profile {
            Profile::Dev => Ok(wasm::leave(step, &bound, *part)),
            Profile::Release => wasm::optimise(step, paths, &bound, &npm, *part),
        })?;
        parts.push(Built {
            part: *part,
            bound,
            wasm,
        });
    }
    steps.run("site", |step| {
        site::assemble(step, paths, &npm, &parts, profile)
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
