//! `cargo xtask setup`: everything `demo` and `test` fetch, without building Egret. Run it where
//! the network is, and the rest works without.

use anyhow::Result;

use crate::command::build::ensure_toolchain;
use crate::paths::Paths;
use crate::run;
use crate::setup::apt;
use crate::setup::{lint, npm, private, toolchain::Toolchain, tools::Tools};
use crate::steps::{Step, Steps};

/// Runs the command.
///
/// # Errors
/// When something is missing and cannot be had.
pub(crate) fn command(paths: &Paths) -> Result<()> {
    let mut steps = Steps::new(5);
    let toolchain = ensure_toolchain(&mut steps, paths)?;
    steps.run("map and fonts from npm", |step| {
        npm::ensure_frontend(step, paths)
    })?;
    steps.run("crates", |step| {
        step.log(
            run::cargo(&paths.root).arg("fetch"),
            &paths.log("cargo-fetch"),
        )
    })?;
    steps.run("tools of the tests", |step| Tools::ensure(step, paths))?;
    steps.run("rustfmt and clippy", |step| {
        ensure_lint(step, paths, &toolchain)
    })?;
    steps.summary();
    if let Toolchain::Private(folder) = &toolchain {
        println!(
            "For Trunk or cargo by hand: RUSTUP_TOOLCHAIN={}",
            folder.display()
        );
    }
    Ok(())
}

/// rustfmt and clippy of the user's toolchain, and clippy of the private one where that is used.
///
/// # Errors
/// When one is missing and cannot be had.
pub(crate) fn ensure_lint(step: &mut Step, paths: &Paths, toolchain: &Toolchain) -> Result<()> {
    lint::ensure(step, paths)?;
    match toolchain {
        Toolchain::Users => Ok(()),
        Toolchain::Private(_) => apt::ensure(step, paths, &[private::CLIPPY_PACKAGE]),
    }
}
