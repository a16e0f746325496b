//! Debian packages, installed when missing and only then.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::paths::{Paths, find_program};
use crate::run;
use crate::steps::Step;

/// Seconds to wait for another apt on the same machine.
const LOCK_TIMEOUT_S: u32 = 300;

/// Installs those of `packages` that are missing.
///
/// # Errors
/// When there is no apt, no way to be root, or apt fails; the message has the command to type.
pub(crate) fn ensure(step: &mut Step, paths: &Paths, packages: &[&str]) -> Result<()> {
    let missing: Vec<&str> = packages
        .iter()
        .copied()
        .filter(|package| !is_installed(&paths.root, package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!(
        "sudo apt-get install --no-install-recommends {}",
        missing.join(" ")
    );
    if find_program("apt-get").is_none() {
        bail!(
            "missing here, by Debian's names: {}. Install them and start again",
            missing.join(" ")
        );
    }
    install(step, paths, &missing).with_context(|| format!("by hand: {by_hand}"))?;
    step.note(format!("installed {}", missing.join(" ")));
    Ok(())
}

/// Package lists may be empty (a container image) or old, so a first failure refreshes them.
fn install(step: &mut Step, paths: &Paths, packages: &[&str]) -> Result<()> {
    let log = paths.log("apt");
    // What the user has is not removed for what a package conflicts with: apt then refuses.
    let mut arguments = vec!["install", "--yes", "--no-remove", "--no-install-recommends"];
    arguments.extend(packages);
    if step
        .log(&mut apt_get(&paths.root, &arguments)?, &log)
        .is_ok()
    {
        return Ok(());
    }
    step.log(
        &mut apt_get(&paths.root, &["update"])?,
        &paths.log("apt-update"),
    )?;
    step.log(&mut apt_get(&paths.root, &arguments)?, &log)
}

fn apt_get(folder: &Path, arguments: &[&str]) -> Result<Command> {
    let mut command = as_root(folder)?;
    command
        .arg("DEBIAN_FRONTEND=noninteractive")
        .arg("apt-get")
        .args(["-q", "-o", &format!("DPkg::Lock::Timeout={LOCK_TIMEOUT_S}")])
        .args(arguments);
    Ok(command)
}

/// `env`, as root: directly, or by sudo, which may ask for the password on a terminal.
pub(crate) fn as_root(folder: &Path) -> Result<Command> {
    let user = run::answer(run::command("id", folder).arg("-u"));
    if user.as_deref() == Some("0") {
        return Ok(run::command("env", folder));
    }
    if find_program("sudo").is_none() {
        bail!("installing packages needs root, and there is no sudo");
    }
    let mut command = run::command("sudo", folder);
    if std::env::var_os("CI").is_some() {
        command.arg("--non-interactive");
    } else {
        command.stdin(Stdio::inherit());
    }
    command.arg("env");
    Ok(command)
}

/// Whether dpkg has the package installed; false where there is no dpkg.
pub(crate) fn is_installed(folder: &Path, package: &str) -> bool {
    let mut query = run::command("dpkg-query", folder);
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    run::answer(&mut query).as_deref() == Some("installed")
}
