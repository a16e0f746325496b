//! The browser part: Rust → WebAssembly → JavaScript glue → smaller WebAssembly.
//!
//! Each function is a step of its own and skips itself when its inputs are unchanged.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::command::build::Profile;
use crate::paths::Paths;
use crate::run;
use crate::setup::npm;
use crate::setup::toolchain::{Toolchain, WASM_TARGET};
use crate::stamp::{self, Fingerprint};
use crate::steps::Step;

/// A program for the browser: all screens, or the wall alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// What cargo calls it.
    pub(crate) program: &'static str,
    /// The base of its files' names: `egret.js`, `egret_bg.wasm`.
    pub(crate) name: &'static str,
}

/// Every screen.
pub(crate) const ALL: Part = Part {
    program: "egret-frontend",
    name: "egret",
};

/// What a wall shows and nothing else, so that it is there at once.
pub(crate) const WALL: Part = Part {
    program: "egret-wall",
    name: "egret-wall",
};

impl Part {
    /// What is built: a quick build leaves the wall to the program with every screen.
    pub(crate) fn of(profile: Profile) -> &'static [Self] {
        match profile {
            Profile::Dev => &[ALL],
            Profile::Release => &[ALL, WALL],
        }
    }

    /// The file the glue code loads.
    pub(crate) fn wasm_file(self) -> String {
        format!("{}_bg.wasm", self.name)
    }
}

/// What `rustc` compiles for the browser beyond the first WebAssembly, and every browser since
/// 2023 runs. wasm-opt refuses instructions it was not told of.
const WASM_OPT_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Compiles the browser part; returns the folder of the `.wasm` files as rustc left them.
///
/// # Errors
/// When it does not compile.
pub(crate) fn compile(
    step: &mut Step,
    paths: &Paths,
    toolchain: &Toolchain,
    profile: Profile,
) -> Result<PathBuf> {
    let name = match profile {
        Profile::Dev => "wasm-dev",
        Profile::Release => "wasm",
    };
    let mut cargo = toolchain.cargo(paths);
    // Views of one shape are one piece of code, which makes it a third smaller.
    let mut flags = vec!["--cfg", "erase_components"];
    let mut features = Vec::new();
    if profile == Profile::Release {
        // Who refers to what: the program is cut along that.
        flags.push("-Clink-arg=--emit-relocs");
        features.push("split");
    }
    if Part::of(profile).contains(&WALL) {
        features.push("wall");
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    cargo.args([
        "build",
        "--target",
        WASM_TARGET,
        "--profile",
        name,
        "-p",
        "egret-frontend",
        "--bins",
        "--features",
        &features.join(","),
    ]);
    step.show(&mut cargo)?;
    let folder = paths.target.join(WASM_TARGET).join(name);
    for part in Part::of(profile) {
        let wasm = folder.join(part.program).with_extension("wasm");
        ensure!(wasm.is_file(), "cargo left no {}", wasm.display());
    }
    Ok(folder)
}

/// Generates a program's glue code from what `compiled` holds; returns the folder with `egret.js`,
/// `egret_bg.wasm` and, unless the build is to be quick, a folder with what comes later.
///
/// # Errors
/// When the versions of library and generator differ, or the generator fails.
pub(crate) fn bind(
    step: &mut Step,
    paths: &Paths,
    compiled: &Path,
    part: Part,
    profile: Profile,
) -> Result<PathBuf> {
    let version = locked_version(paths)?;
    let wasm = compiled.join(part.program).with_extension("wasm");
    let folder = paths.work.join("bindgen").join(part.name);
    let stamp = paths.stamp(&format!("bindgen-{}", part.name));
    let generator = paths.root.join("xtask/src/bin/xtask-bindgen.rs");
    let inputs = Fingerprint::default()
        .text(&version)
        .file(&generator)?
        .file(&wasm)?
        .finish();
    // What comes later fits this very program alone: a page of an older one must not find it.
    let later = format!("{}-{inputs}", part.name);
    if folder.is_dir() && stamp::is_current(&stamp, &inputs) {
        step.note("unchanged");
        return Ok(folder);
    }
    let mut build = run::cargo(&paths.root);
    build.args([
        "build",
        "-p",
        "xtask",
        "--features",
        "bindgen",
        "--bin",
        "xtask-bindgen",
    ]);
    step.show(&mut build)?;
    stamp::make_empty_folder(&folder)?;
    let mut bindgen = run::command(paths.program("debug", "xtask-bindgen"), &paths.root);
    // Its message says what is wrong; the frames behind it do not.
    bindgen.env("RUST_BACKTRACE", "0");
    bindgen.arg(&wasm).arg(&folder).arg(part.name);
    if profile == Profile::Release {
        bindgen.arg(later);
    }
    step.show(&mut bindgen)?;
    stamp::record(&stamp, &inputs)?;
    Ok(folder)
}

/// Makes the program smaller with binaryen; returns the folder with the files that are smaller. There
/// is none where Node is missing or binaryen refuses: the screen works the same, a few percent larger.
///
/// # Errors
/// When the disk refuses.
pub(crate) fn optimise(
    step: &mut Step,
    paths: &Paths,
    bound: &Path,
    npm: &Path,
    part: Part,
) -> Result<Option<PathBuf>> {
    let folder = paths.work.join("wasm-opt").join(part.name);
    let stamp = paths.stamp(&format!("wasm-opt-{}", part.name));
    let manifest = npm.join("binaryen/package.json");
    let files = wasm_files(bound)?;
    let mut inputs = Fingerprint::default()
        .text(&WASM_OPT_FEATURES.concat())
        .file(&manifest)?;
    for file in &files {
        inputs = inputs
            .text(&file.to_string_lossy())
            .file(&bound.join(file))?;
    }
    let inputs = inputs.finish();
    if folder.is_dir() && stamp::is_current(&stamp, &inputs) {
        step.note("unchanged");
        return Ok(Some(folder));
    }
    stamp::make_empty_folder(&folder)?;
    let (mut from, mut to) = (0, 0);
    for file in &files {
        let Some(mut node) = npm::node(paths) else {
            step.note("left out, there is no node");
            return Ok(None);
        };
        let (input, output) = (bound.join(file), folder.join(file));
        output.parent().map_or(Ok(()), stamp::make_folder)?;
        node.arg(npm.join("binaryen/bin/wasm-opt"))
            .arg("-Oz")
            .args(WASM_OPT_FEATURES);
        node.arg(&input).arg("-o").arg(&output);
        if let Err(error) = step.log(&mut node, &paths.log("wasm-opt")) {
            step.note(format!("left out: {error:#}"));
            return Ok(None);
        }
        from += kilobytes(&input)?;
        to += kilobytes(&output)?;
    }
    step.note(format!("{to} kB from {from} kB"));
    stamp::record(&stamp, &inputs)?;
    Ok(Some(folder))
}

/// Every file of WebAssembly below a folder, by its path there.
fn wasm_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for file in stamp::files_below(folder)? {
        if file.extension().is_some_and(|ending| ending == "wasm") {
            files.push(file.strip_prefix(folder)?.to_owned());
        }
    }
    Ok(files)
}

/// The one version that library and generator have in `Cargo.lock`.
fn locked_version(paths: &Paths) -> Result<String> {
    let lock = fs::read_to_string(paths.root.join("Cargo.lock")).context("reading Cargo.lock")?;
    let library = version_in(&lock, "wasm-bindgen").context("no wasm-bindgen in Cargo.lock")?;
    let generator = version_in(&lock, "wasm-bindgen-cli-support")
        .context("no wasm-bindgen-cli-support in Cargo.lock")?;
    ensure!(
        library == generator,
        "Cargo.lock has wasm-bindgen {library} but wasm-bindgen-cli-support {generator}: write \
         `wasm-bindgen-cli-support = {{ version = \"={library}\", … }}` in xtask/Cargo.toml"
    );
    Ok(library.to_owned())
}

/// The version of a package in a lock file, where `version` is the line below `name`.
fn version_in<'lock>(lock: &'lock str, package: &str) -> Option<&'lock str> {
    let (_, below) = lock.split_once(&format!("\nname = \"{package}\"\nversion = \""))?;
    below.split_once('"').map(|(version, _)| version)
}

fn kilobytes(file: &Path) -> Result<u64> {
    Ok(fs::metadata(file)?.len() / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_version_is_that_of_the_package_with_exactly_this_name() {
        let lock = "\n[[package]]\nname = \"wasm-bindgen-shared\"\nversion = \"0.9.9\"\n\
                    \n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(version_in(lock, "wasm"), None);
    }
}
