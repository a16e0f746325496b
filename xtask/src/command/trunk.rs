//! `cargo xtask trunk-assets`: what Trunk's build lacks, called by the hook in `Trunk.toml`.
//!
//! Trunk compiles the browser part and names it after the crate. The page is the same in both
//! builds and asks for `egret.js`, so a module of that name passes on to Trunk's.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::paths::Paths;
use crate::setup::npm;
use crate::steps::Steps;
use crate::{site, stamp, wasm};

/// The name Trunk gives its output: that of the crate.
const TRUNK_NAME: &str = "egret-frontend";

/// Runs the command in the environment Trunk gives its hooks.
///
/// # Errors
/// When it is not called by Trunk, or a file cannot be copied.
pub(crate) fn command(paths: &Paths) -> Result<()> {
    let folder = env::var_os("TRUNK_STAGING_DIR")
        .map(PathBuf::from)
        .context("TRUNK_STAGING_DIR is not set: this command is Trunk's hook")?;
    let mut steps = Steps::new(2);
    let npm = steps.run("map and fonts from npm", |step| {
        npm::ensure_frontend(step, paths)
    })?;
    steps.run("site", |_| {
        for (name, source) in site::static_files(paths, &npm)? {
            stamp::write(&folder.join(name), &fs::read(source)?)?;
        }
        let pass_on = format!(
            "export * from \"./{TRUNK_NAME}.js\";\nexport {{ default }} from \"./{TRUNK_NAME}.js\";\n"
        );
        stamp::write(&folder.join(format!("{}.js", wasm::ALL.name)), pass_on.as_bytes())?;
        fs::copy(folder.join(format!("{TRUNK_NAME}_bg.wasm")), folder.join(wasm::ALL.wasm_file()))
            .context("Trunk left no wasm file of the expected name")?;
        Ok(())
    })
}
