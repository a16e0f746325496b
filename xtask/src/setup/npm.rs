//! npm packages at the exact versions of a committed lock file, installed into the cache.
//!
//! The folder's name carries the lock file's fingerprint, so each state of the lock has its own
//! installation, and one that is there needs neither npm nor the network. No package's install
//! script runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::paths::{Paths, find_program};
use crate::run;
use crate::setup::apt;
use crate::stamp::{self, Fingerprint};
use crate::steps::Step;

/// Installs what `frontend/package.json` names; returns the `node_modules` folder.
///
/// # Errors
/// When the packages are not in the cache and npm cannot be had or fails.
pub(crate) fn ensure_frontend(step: &mut Step, paths: &Paths) -> Result<PathBuf> {
    let manifest = paths.root.join("frontend/package.json");
    let lock = paths.root.join("frontend/package-lock.json");
    let key = Fingerprint::default()
        .file(&manifest)?
        .file(&lock)?
        .finish();
    let folder = paths.cache.join(format!("npm-{key}"));
    let modules = folder.join("node_modules");
    let stamp = folder.join("complete");
    if stamp::is_current(&stamp, &key) {
        step.note("unchanged");
        return Ok(modules);
    }
    stamp::make_folder(&folder)?;
    for file in [&manifest, &lock] {
        fs::copy(file, folder.join(file.file_name().unwrap_or_default()))?;
    }
    install(step, paths, &folder)?;
    stamp::record(&stamp, &key)?;
    Ok(modules)
}

/// Installs the packages of the browser suites, where node looks for them: in their own folder.
///
/// # Errors
/// When they are not there yet and npm cannot be had or fails.
pub(crate) fn ensure_suites(step: &mut Step, paths: &Paths, folder: &Path) -> Result<()> {
    let lock = folder.join("package-lock.json");
    ensure!(
        lock.is_file(),
        "{} is missing: run npm install there once",
        lock.display()
    );
    let key = Fingerprint::default()
        .file(&folder.join("package.json"))?
        .file(&lock)?
        .finish();
    let stamp = folder.join("node_modules/.complete");
    if stamp::is_current(&stamp, &key) {
        step.note("unchanged");
        return Ok(());
    }
    install(step, paths, folder)?;
    stamp::record(&stamp, &key)
}

/// Node, or `None` where it is not installed.
pub(crate) fn node(paths: &Paths) -> Option<Command> {
    find_program("node").map(|node| run::command(node, &paths.root))
}

fn install(step: &mut Step, paths: &Paths, folder: &Path) -> Result<()> {
    ensure_npm(step, paths)?;
    let npm = find_program("npm").context("npm is missing after its installation")?;
    let mut npm = run::command(npm, folder);
    npm.args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
    ]);
    step.log(&mut npm, &paths.log("npm"))
        .context("npm could not fetch the packages")
}

/// Installs `node` and `npm` where missing. Only what is missing: a Node from elsewhere than
/// Debian brings its own npm and does not go with Debian's.
fn ensure_npm(step: &mut Step, paths: &Paths) -> Result<()> {
    let packages = match (find_program("node"), find_program("npm")) {
        (Some(_), Some(_)) => return Ok(()),
        (Some(_), None) => ["npm"].as_slice(),
        (None, _) => ["nodejs", "npm"].as_slice(),
    };
    apt::ensure(step, paths, packages).context("Node.js and npm fetch the map and the fonts")
}
