//! rustfmt and clippy of the toolchain that runs xtask. rustup's default profile has both; its
//! minimal profile has neither.

use anyhow::{Result, bail};

use crate::paths::Paths;
use crate::run;
use crate::setup::toolchain::rustup_may_install;
use crate::steps::Step;

/// Makes sure that `cargo fmt` and `cargo clippy` run.
///
/// # Errors
/// When one is missing and rustup may not or cannot install it.
pub(crate) fn ensure(step: &mut Step, paths: &Paths) -> Result<()> {
    let missing: Vec<&str> = [("fmt", "rustfmt"), ("clippy", "clippy")]
        .into_iter()
        .filter(|(command, _)| {
            run::answer(run::cargo(&paths.root).args([command, "--version"])).is_none()
        })
        .map(|(_, component)| component)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("rustup component add {}", missing.join(" "));
    if !rustup_may_install() {
        bail!("{} missing. Type: {by_hand}", missing.join(" and "));
    }
    let mut rustup = run::command("rustup", &paths.root);
    rustup.args(["component", "add"]).args(&missing);
    step.log(&mut rustup, &paths.log("rustup"))
}
