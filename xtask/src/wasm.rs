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
    let flags = toolchain.flags("--cfg\x1ferase_components");
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags);
    cargo.args([
        "build",
        "--target",
        WASM_TARGET,
        "--profile",
        name,
        "-p",
        "egret-frontend",
        "--bins",
    ]);
    if Part::of(profile).contains(&WALL) {
        cargo.args(["--features", "wall"]);
    }
    step.show(&mut cargo)?;
    let folder = paths.target.join(WASM_TARGET).join(name);
    for part in Part::of(profile) {
        let wasm = folder.join(part.program).with_extension("wasm");
        ensure!(wasm.is_file(), "cargo left no {}", wasm.display());
    }
    Ok(folder)
}

/// Generates a part's glue code from what `compiled` holds; returns the folder with `egret.js` and
/// `egret_bg.wasm`.
///
/// # Errors
/// When the versions of library and generator differ, or the generator fails.
pub(crate) fn bind(step: &mut Step, paths: &Paths, compiled: &Path, part: Part) -> Result<PathBuf> {
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
    step.show(bindgen.arg(&wasm).arg(&folder).arg(part.name))?;
    stamp::record(&stamp, &inputs)?;
    Ok(folder)
}

/// Makes the file smaller with binaryen; returns the file to ship, which is the unchanged one
/// where Node is missing or binaryen refuses: the screen works the same, a few percent larger.
///
/// # Errors
/// When the disk refuses.
pub(crate) fn optimise(
    step: &mut Step,
    paths: &Paths,
    bound: &Path,
    npm: &Path,
    part: Part,
) -> Result<PathBuf> {
    let input = bound.join(part.wasm_file());
    let folder = paths.work.join("wasm-opt").join(part.name);
    let output = folder.join(part.wasm_file());
    let stamp = paths.stamp(&format!("wasm-opt-{}", part.name));
    let manifest = npm.join("binaryen/package.json");
    let Some(mut node) = npm::node(paths) else {
        step.note("left out, there is no node");
        return Ok(input);
    };
    let inputs = Fingerprint::default()
        .text(&WASM_OPT_FEATURES.concat())
        .file(&manifest)?;
    let inputs = inputs.file(&input)?.finish();
    if output.is_file() && stamp::is_current(&stamp, &inputs) {
        step.note("unchanged");
        return Ok(output);
    }
    stamp::make_empty_folder(&folder)?;
    node.arg(npm.join("binaryen/bin/wasm-opt"))
        .arg("-Oz")
        .args(WASM_OPT_FEATURES);
    node.arg(&input).arg("-o").arg(&output);
    if let Err(error) = step.log(&mut node, &paths.log("wasm-opt")) {
        step.note(format!("left out: {error:#}"));
        return Ok(input);
    }
    step.note(format!(
        "{} kB from {} kB",
        kilobytes(&output)?,
        kilobytes(&input)?
    ));
    stamp::record(&stamp, &inputs)?;
    Ok(output)
}

/// The file as the generator left it.
pub(crate) fn leave(step: &mut Step, bound: &Path, part: Part) -> PathBuf {
    step.note("left out, for speed");
    bound.join(part.wasm_file())
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
