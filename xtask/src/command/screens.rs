//! `cargo xtask screens`: pictures of every scene of the demo city, and what of them cannot be read.

use anyhow::{Context as _, Result};

use crate::command::build::{self, Profile, SITE_STEPS};
use crate::paths::Paths;
use crate::setup::{npm, tools::Tools};
use crate::stamp;
use crate::steps::Steps;

/// Runs the command. `words` narrow what is made: scenes, sizes, languages, themes.
///
/// # Errors
/// When a step fails, or when something on a scene cannot be read.
pub(crate) fn command(paths: &Paths, profile: Profile, words: &[String]) -> Result<()> {
    let browser = paths.root.join("tests/browser");
    let mut steps = Steps::new(SITE_STEPS + 4);
    let tools = steps.run("tools of the tests", |step| Tools::ensure(step, paths))?;
    // The server's source embeds this folder, and so compiles only where it exists.
    stamp::make_folder(&paths.site)?;
    build::build_site(&mut steps, paths, profile)?;
    let server = steps.run("server", |step| build::build_server(step, paths, profile))?;
    steps.run("packages of the browser suites", |step| {
        npm::ensure_suites(step, paths, &browser)
    })?;
    steps.summary();
    steps.run_closing("screens", |step| {
        let mut node = npm::node(paths).context("node is missing")?;
        node.arg(browser.join("screens.mjs")).args(words);
        node.env("EGRET_BIN", &server)
            .env("EGRET_SITE", &paths.site)
            .env("EGRET_SCREENS", paths.target.join("screens"))
            .env("CHROMIUM", &tools.chromium);
        step.show(&mut node)
    })
}
