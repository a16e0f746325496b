//! Compressed twins of the site's files, so that the server never compresses what never changes.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::paths::Paths;
use crate::run;
use crate::site::Files;
use crate::stamp::{self, Fingerprint};
use crate::steps::Step;

/// What gains by it; fonts and pictures are compressed by themselves.
const KINDS: [&str; 7] = ["js", "mjs", "css", "wasm", "html", "svg", "json"];

/// What each twin is called after.
const ENDINGS: [&str; 2] = ["br", "gz"];

/// Below this many bytes a file fits into one packet anyway.
const BYTES_MIN: u64 = 1_000;

/// The twins of `files`, by their names in the site. What was compressed once is kept.
///
/// # Errors
/// When the compressor does not build or fails.
pub(crate) fn twins(step: &mut Step, paths: &Paths, files: &Files) -> Result<Files> {
    let folder = paths.work.join("pressed");
    stamp::make_folder(&folder)?;
    let mut twins = Files::new();
    let mut missing = Vec::new();
    for (name, source) in files {
        if !gains(name, source) {
            continue;
        }
        let stem = folder.join(Fingerprint::default().file(source)?.finish());
        for ending in ENDINGS {
            twins.insert(with_ending(name, ending), with_ending(&stem, ending));
        }
        if !with_ending(&stem, "br").is_file() {
            missing.push(source.clone());
            missing.push(stem);
        }
    }
    if missing.is_empty() {
        return Ok(twins);
    }
    let mut build = run::cargo(&paths.root);
    build.args(["build", "-p", "xtask", "--features", "press"]);
    step.show(build.args(["--bin", "xtask-press"]))?;
    let mut press = run::command(paths.program("debug", "xtask-press"), &paths.root);
    step.show(press.args(&missing))?;
    Ok(twins)
}

fn gains(name: &Path, source: &Path) -> bool {
    let kind = name.extension().and_then(|kind| kind.to_str());
    let is_large = || std::fs::metadata(source).is_ok_and(|data| data.len() >= BYTES_MIN);
    kind.is_some_and(|kind| KINDS.contains(&kind)) && is_large()
}

/// `a/b.css` → `a/b.css.br`.
fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_already_or_tiny_has_no_twin() {
        let large = Path::new("src/site.rs");
        assert!(gains(Path::new("a/b.wasm"), large));
        assert!(!gains(Path::new("a/b.woff2"), large));
        assert!(!gains(Path::new("a/b.wasm"), Path::new("no such file")));
        assert_eq!(
            with_ending(Path::new("a/b.css"), "br"),
            Path::new("a/b.css.br")
        );
    }
}
