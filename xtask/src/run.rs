//! Running other programs: shown, logged, or for their answer.
//!
//! `cargo run` leaves its own variables to xtask. They are taken away again before xtask starts
//! another cargo: some build scripts watch them and would compile their crate anew each time.

use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::stamp;

/// How often a waiting line is written anew.
const TICK: Duration = Duration::from_secs(1);
/// How much of a failed command's log goes into the error, in lines.
const LOG_TAIL_LINES: usize = 25;

/// A command in `folder`, with an environment as if the user had started it.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        let of_cargo_run = name.to_str().is_some_and(|name| {
            [
                "CARGO_PKG_",
                "CARGO_MANIFEST_",
                "CARGO_BIN_",
                "CARGO_CRATE_",
            ]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        });
        if of_cargo_run {
            command.env_remove(name);
        }
    }
    // cargo puts the running toolchain's libraries in front, which another toolchain must not see.
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// The cargo that runs xtask.
pub(crate) fn cargo(folder: &Path) -> Command {
    command(
        env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        folder,
    )
}

/// Runs a command whose output the user sees.
///
/// # Errors
/// When it cannot start or does not exit with 0.
pub(crate) fn shown(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("starting {}", words(command)))?;
    check(command, status)
}

/// Runs a command with its output in a file, calling `tick` every second.
///
/// # Errors
/// When it cannot start or does not exit with 0; the message ends with the log's last lines.
pub(crate) fn logged(command: &mut Command, log: &Path, mut tick: impl FnMut()) -> Result<()> {
    stamp::write(log, b"")?;
    let file = File::options().append(true).open(log)?;
    command.stdout(file.try_clone()?).stderr(file);
    let mut child = command
        .spawn()
        .with_context(|| format!("starting {}", words(command)))?;
    let (sender, receiver) = sync_channel(1);
    let waiter = thread::spawn(move || sender.send(child.wait()));
    let status = loop {
        match receiver.recv_timeout(TICK) {
            Ok(status) => break status?,
            Err(RecvTimeoutError::Timeout) => tick(),
            Err(RecvTimeoutError::Disconnected) => bail!("lost sight of {}", words(command)),
        }
    };
    drop(waiter);
    check(command, status).with_context(|| format!("its output:\n{}", tail(log)))
}

/// A command's standard output, trimmed; `None` when it is missing or fails.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// The command as one could type it, without its environment.
pub(crate) fn words(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let mut words = name.to_string_lossy().into_owned();
    for argument in command.get_args() {
        words.push(' ');
        words.push_str(&argument.to_string_lossy());
    }
    words
}

fn check(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` ended with {status}", words(command));
    }
    Ok(())
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LOG_TAIL_LINES);
    lines.get(from..).unwrap_or_default().join("\n")
}
