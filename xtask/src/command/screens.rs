//! `cargo xtask screens`: pictures of every scene of the demo city, and what of them cannot be read.

use std::path::Path;

use anyhow::Result;

use crate::command::build::Profile;
use crate::command::soak;
use crate::paths::Paths;
use crate::steps::Steps;

/// Runs the command. `words` narrow what is made: scenes, sizes, languages, themes.
///
/// # Errors
/// When a step fails, or when something on a scene cannot be read.
pub(crate) fn command(paths: &Paths, profile: Profile, words: &[String]) -> Result<()> {
    let mut steps = Steps::new(soak::STEPS + 1);
    let stage = soak::prepare(&mut steps, paths, profile)?;
    steps.summary();
    steps.run_closing("screens", |step| {
        stage.run(step, paths, Path::new("screens.mjs"), words)
    })
}
