//! Where things lie: the repository, cargo's target directory, and the user's cache.
//!
//! Nothing that xtask fetches or builds is a tracked file. What the network gave (npm packages,
//! Rust's library for WebAssembly) goes to the cache directory and outlives `cargo clean`; what
//! was built from it goes below `target/`.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The folders all steps agree on, each absolute.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    /// The repository's root.
    pub(crate) root: PathBuf,
    /// Cargo's target directory, `CARGO_TARGET_DIR` respected.
    pub(crate) target: PathBuf,
    /// What the server embeds: always `target/site` of the repository, because the server's
    /// source names it.
    pub(crate) site: PathBuf,
    /// xtask's own intermediate results, stamps and logs.
    pub(crate) work: PathBuf,
    /// What was fetched, by content: `$XDG_CACHE_HOME/egret` or `~/.cache/egret`.
    pub(crate) cache: PathBuf,
}

impl Paths {
    /// Finds the folders from the environment.
    ///
    /// # Errors
    /// When xtask's manifest has no parent folder, which no checkout has.
    pub(crate) fn find() -> Result<Self> {
        // Of the checkout that is run, if cargo says so: two may share one target directory.
        let manifest_folder = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_folder
            .parent()
            .context("xtask lies in a folder of the repository")?
            .to_path_buf();
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |folder| root.join(folder));
        Ok(Self {
            site: root.join("target/site"),
            work: root.join("target/xtask"),
            cache: cache_folder(&root),
            root,
            target,
        })
    }

    /// The file a cargo build of `profile` leaves for the program `name`.
    pub(crate) fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(name)
    }

    /// The file that remembers from what a step's result was made.
    pub(crate) fn stamp(&self, name: &str) -> PathBuf {
        self.work.join("stamp").join(name)
    }

    /// The file that takes the output of a command which is not shown.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.work.join("log").join(format!("{name}.log"))
    }
}

/// A user without a home directory (a bare container) keeps the cache below `target/`.
fn cache_folder(root: &Path) -> PathBuf {
    let named = |variable| {
        env::var_os(variable)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    let base = named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")));
    base.map_or_else(
        || root.join("target/xtask/cache"),
        |base| base.join("egret"),
    )
}

/// Looks `program` up in `PATH`, then in the system's folders that a user's `PATH` may lack
/// (Debian keeps daemons in `/usr/sbin`).
pub(crate) fn find_program(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/bin", "/usr/sbin"].map(PathBuf::from);
    env::split_paths(&path)
        .chain(usual)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}
