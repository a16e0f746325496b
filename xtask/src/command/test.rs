//! `cargo xtask test`: every check there is, the same for a developer and for CI.
//!
//! The output of the test runners is theirs alone: it is not captured, and their closing lines
//! are the last ones on the screen.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::command::build::{self, Profile, SITE_STEPS};
use crate::command::setup::ensure_lint;
use crate::paths::Paths;
use crate::run;
use crate::setup::{
    npm,
    toolchain::{Toolchain, WASM_TARGET},
    tools::Tools,
};
use crate::stamp;
use crate::steps::{Step, Steps};

/// Where property tests begin: always at the same place here, so that whether a commit passes is the
/// commit's doing. `cargo nextest run` begins elsewhere each time and so finds more.
const SEED: &str = "PROPTEST_RNG_SEED";
const SEED_USUAL: &str = "20260622";

/// What is compiled for this machine: all but the browser part.
const NATIVE: [&str; 3] = ["--workspace", "--exclude", "egret-frontend"];

/// Runs the command. With `filters` only the tests whose names contain one of them run, and the
/// checks of style are left out.
///
/// # Errors
/// When a check fails, with its name.
pub(crate) fn command(paths: &Paths, filters: &[String]) -> Result<()> {
    let browser = paths.root.join("tests/browser");
    let has_browser_suites = browser.join("package.json").is_file();
    let style_steps = if filters.is_empty() { 5 } else { 0 };
    let browser_steps = if has_browser_suites { 2 } else { 0 };
    let mut steps = Steps::new(1 + style_steps + SITE_STEPS + 2 + browser_steps);

    let tools = steps.run("tools of the tests", |step| Tools::ensure(step, paths))?;
    // The server's source embeds this folder, and so compiles only where it exists.
    stamp::make_folder(&paths.site)?;
    let toolchain = build::ensure_toolchain(&mut steps, paths)?;
    if filters.is_empty() {
        check_style(&mut steps, paths, &toolchain)?;
    }
    build::build_site_with(&mut steps, paths, &toolchain, Profile::Release)?;
    let server = steps.run("server", |step| {
        build::build_server(step, paths, Profile::Dev)
    })?;
    if has_browser_suites {
        steps.run("packages of the browser suites", |step| {
            npm::ensure_suites(step, paths, &browser)
        })?;
    }
    if filters.is_empty() {
        steps.run("examples in the documentation", |step| {
            let mut cargo = run::cargo(&paths.root);
            step.show(cargo.args(["test", "--doc", "--quiet"]).args(NATIVE))
        })?;
    }
    steps.summary();

    let suites = Suites {
        paths,
        tools: &tools,
        server: &server,
        filters,
    };
    steps.run_closing("tests", |step| step.show(&mut suites.rust()))?;
    if has_browser_suites {
        steps.run_closing("browser suites", |step| suites.run_browser(step, &browser))?;
    }
    Ok(())
}

/// Format and lints, natively and for the browser.
fn check_style(steps: &mut Steps, paths: &Paths, toolchain: &Toolchain) -> Result<()> {
    steps.run("rustfmt and clippy", |step| {
        ensure_lint(step, paths, toolchain)
    })?;
    steps.run("format", |step| {
        let mut cargo = run::cargo(&paths.root);
        step.show(cargo.args(["fmt", "--all", "--check"]))
            .context("cargo fmt --all mends it")
    })?;
    steps.run("lints", |step| {
        let mut clippy = run::cargo(&paths.root);
        clippy.args([
            "clippy",
            "--workspace",
            "--exclude",
            "egret-frontend",
            "--all-targets",
        ]);
        step.show(clippy.args(["--", "-D", "warnings"]))
    })?;
    steps.run("lints of the browser part", |step| {
        let mut clippy = toolchain.clippy(paths);
        clippy.args([
            "-p",
            "egret-frontend",
            "-p",
            "egret-shared",
            "--target",
            WASM_TARGET,
        ]);
        step.show(clippy.args(["--", "-D", "warnings"]))
    })
}

/// What both runners are told.
struct Suites<'a> {
    paths: &'a Paths,
    tools: &'a Tools,
    server: &'a Path,
    filters: &'a [String],
}

impl Suites<'_> {
    /// Unit, property and harness tests: by nextest where it is, else by cargo. What the browser part
    /// decides without a browser is tested here as well.
    fn rust(&self) -> Command {
        let mut cargo = run::cargo(&self.paths.root);
        if self.tools.nextest {
            let profile = if std::env::var_os("CI").is_some() {
                "ci"
            } else {
                "default"
            };
            cargo.args(["nextest", "run", "--profile", profile, "--no-tests=pass"]);
            cargo.arg("--workspace").args(self.filters);
        } else {
            cargo.args(["test", "--no-fail-fast", "--workspace", "--"]);
            cargo.args(self.filters);
        }
        if std::env::var_os(SEED).is_none() {
            cargo.env(SEED, SEED_USUAL);
        }
        self.tell(&mut cargo);
        cargo
    }

    /// The suites in a real browser, by node's own runner. The files are named one by one: what
    /// node makes of a folder differs from version to version.
    fn run_browser(&self, step: &mut Step, folder: &Path) -> Result<()> {
        let mut node = npm::node(self.paths).context("node is missing")?;
        node.args(["--test", "--test-reporter=spec"]);
        for filter in self.filters {
            node.arg(format!("--test-name-pattern={filter}"));
        }
        node.args(suite_files(folder)?);
        self.tell(&mut node);
        step.show(&mut node)
    }

    fn tell(&self, command: &mut Command) {
        command
            .env("EGRET_BIN", self.server)
            .env("EGRET_SITE", &self.paths.site)
            .env("EGRET_PYTHON", &self.tools.python)
            .env("CHROMIUM", &self.tools.chromium);
    }
}

/// Every `*.test.js` and `*.test.mjs` below the folder, packages left out.
fn suite_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = stamp::files_below(folder)?;
    files.retain(|file| {
        let name = file.to_string_lossy();
        !name.contains("node_modules")
            && (name.ends_with(".test.js") || name.ends_with(".test.mjs"))
    });
    Ok(files)
}
