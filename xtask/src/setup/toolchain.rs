//! The Rust that compiles the browser part: the user's own where it has the WebAssembly target,
//! else one made from Debian's packages.
//!
//! `RUSTUP_AUTO_INSTALL=0` says that rustup must not download; then it is never asked to.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::paths::{Paths, find_program};
use crate::run;
use crate::setup::private;
use crate::steps::Step;

/// The target triple of the browser part.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// A Rust that can compile for [`WASM_TARGET`].
#[derive(Debug, Clone)]
pub(crate) enum Toolchain {
    /// The one that runs xtask.
    Users,
    /// A folder with `bin/` and `lib/`, see [`private`].
    Private(PathBuf),
}

impl Toolchain {
    /// Finds or makes it.
    ///
    /// # Errors
    /// When neither rustup nor Debian's packages may or can be used; the message says what to type.
    pub(crate) fn ensure(step: &mut Step, paths: &Paths) -> Result<Self> {
        if users_has_wasm(&paths.root) {
            step.note("the toolchain has it");
            return Ok(Self::Users);
        }
        if let Some(folder) = private::find(paths) {
            step.note("private toolchain, unchanged");
            return Ok(Self::Private(folder));
        }
        if rustup_may_install() && add_by_rustup(step, paths).is_ok() && users_has_wasm(&paths.root)
        {
            step.note("added by rustup");
            return Ok(Self::Users);
        }
        if find_program("apt-get").is_none() {
            bail!("Rust's target {WASM_TARGET} is missing. Type: rustup target add {WASM_TARGET}");
        }
        private::ensure_packages(step, paths)
            .with_context(|| format!("or, with rustup: rustup target add {WASM_TARGET}"))?;
        let folder = private::make(step, paths)?;
        step.note("private toolchain made from Debian's Rust");
        Ok(Self::Private(folder))
    }

    /// Flags that whatever it compiles for [`WASM_TARGET`] needs, as `CARGO_ENCODED_RUSTFLAGS` has them,
    /// behind `flags`.
    pub(crate) fn flags(&self, flags: &str) -> String {
        match self {
            Self::Users => flags.to_owned(),
            Self::Private(_) => format!("{flags}\x1f{}", private::mark()),
        }
    }

    /// This toolchain's cargo, in the repository.
    pub(crate) fn cargo(&self, paths: &Paths) -> Command {
        match self {
            Self::Users => run::cargo(&paths.root),
            Self::Private(folder) => private_command(paths, folder, "cargo"),
        }
    }

    /// This toolchain's `cargo clippy`, in the repository.
    pub(crate) fn clippy(&self, paths: &Paths) -> Command {
        let mut command = match self {
            Self::Users => run::cargo(&paths.root),
            // Not by way of `cargo`: that would find rustup's `cargo-clippy` first.
            Self::Private(folder) => private_command(paths, folder, "cargo-clippy"),
        };
        command.arg("clippy");
        command
    }
}

fn private_command(paths: &Paths, folder: &Path, program: &str) -> Command {
    let bin = folder.join("bin");
    let mut command = run::command(bin.join(program), &paths.root);
    // For whoever calls plain `rustc` or `cargo` below: a rustup proxy follows this variable.
    command.env("RUSTUP_TOOLCHAIN", folder);
    command.env("CARGO_ENCODED_RUSTFLAGS", private::mark());
    command
}

/// Whether the toolchain in use has the library for [`WASM_TARGET`].
fn users_has_wasm(folder: &Path) -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = run::answer(run::command(rustc, folder).args(["--print", "sysroot"]));
    sysroot.is_some_and(|sysroot| {
        Path::new(&sysroot)
            .join("lib/rustlib")
            .join(WASM_TARGET)
            .join("lib")
            .is_dir()
    })
}

/// Whether rustup is there and its user lets it download.
pub(crate) fn rustup_may_install() -> bool {
    let forbidden = env::var_os("RUSTUP_AUTO_INSTALL").is_some_and(|value| value == "0");
    !forbidden && find_program("rustup").is_some()
}

fn add_by_rustup(step: &mut Step, paths: &Paths) -> Result<()> {
    let mut rustup = run::command("rustup", &paths.root);
    rustup.args(["target", "add", WASM_TARGET]);
    step.log(&mut rustup, &paths.log("rustup"))
}
