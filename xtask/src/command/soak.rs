//! `cargo xtask soak`: a wall in a real browser through a bad hour. What runs in the browser is
//! `tests/browser/soak.mjs`; here is what it needs.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::command::build::{self, Profile, SITE_STEPS};
use crate::paths::Paths;
use crate::setup::{npm, tools::Tools};
use crate::steps::{Step, Steps};

/// How many steps [`prepare`] takes.
pub(crate) const STEPS: usize = SITE_STEPS + 3;

/// What a program of `tests/browser` needs to run.
pub(crate) struct Stage {
    folder: PathBuf,
    server: PathBuf,
    chromium: PathBuf,
}

/// Runs the command; `arguments` go to the program.
///
/// # Errors
/// When a step fails, something grew, or the wall does not show what a fresh page does.
pub(crate) fn command(paths: &Paths, profile: Profile, arguments: &[String]) -> Result<()> {
    let mut steps = Steps::new(STEPS + 1);
    let stage = prepare(&mut steps, paths, profile)?;
    steps.summary();
    steps.run_closing("soak", |step| {
        stage.run(step, paths, Path::new("soak.mjs"), arguments)
    })
}

/// Builds site and server, and fetches browser and packages, in [`STEPS`] steps.
///
/// # Errors
/// When a step fails.
pub(crate) fn prepare(steps: &mut Steps, paths: &Paths, profile: Profile) -> Result<Stage> {
    let folder = paths.root.join("tests/browser");
    let tools = steps.run("tools of the tests", |step| Tools::ensure(step, paths))?;
    build::build_site(steps, paths, profile)?;
    let server = steps.run("server", |step| build::build_server(step, paths, profile))?;
    steps.run("packages of the browser suites", |step| {
        npm::ensure_suites(step, paths, &folder)
    })?;
    Ok(Stage {
        folder,
        server,
        chromium: tools.chromium,
    })
}

impl Stage {
    /// Runs a program of `tests/browser`, by its path there. Its lines are all that goes to
    /// standard output.
    ///
    /// # Errors
    /// When node is missing or the program does not end with 0.
    pub(crate) fn run(
        &self,
        step: &mut Step,
        paths: &Paths,
        program: &Path,
        arguments: &[String],
    ) -> Result<()> {
        let mut node = npm::node(paths).context("node is missing")?;
        node.current_dir(&self.folder)
            .arg(self.folder.join(program))
            .args(arguments)
            .env("EGRET_BIN", &self.server)
            .env("EGRET_SITE", &paths.site)
            .env("EGRET_SCREENS", paths.target.join("screens"))
            .env("CHROMIUM", &self.chromium);
        step.show(&mut node)
    }
}
