//! `cargo xtask dist`: the folder to copy to a server, `target/dist`.
//!
//! One program with the screens inside, Egret's licence, and the notices of everything that is
//! compiled or packed into it.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::command::build::{self, Profile, SITE_STEPS};
use crate::paths::{Paths, find_program};
use crate::run;
use crate::setup::toolchain::WASM_TARGET;
use crate::stamp;
use crate::steps::{Step, Steps};

/// Names of files that carry a licence or a notice, in upper case.
const LICENCE_FILES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"];

/// Runs the command.
///
/// # Errors
/// When a step fails.
pub(crate) fn command(paths: &Paths) -> Result<()> {
    let mut steps = Steps::new(SITE_STEPS + 2);
    build::build_site(&mut steps, paths, Profile::Release)?;
    let server = steps.run("server", |step| {
        build::build_server(step, paths, Profile::Release)
    })?;
    let folder = paths.root.join("target/dist");
    steps.run("licence and notices", |step| {
        stamp::make_empty_folder(&folder)?;
        let program = folder.join("egret");
        fs::copy(&server, &program).context("copying the server")?;
        strip(step, paths, &program)?;
        fs::copy(paths.root.join("LICENSE"), folder.join("LICENSE"))?;
        let crates = crates(paths)?;
        stamp::write(
            &folder.join("NOTICES.txt"),
            notices(paths, &crates)?.as_bytes(),
        )?;
        step.note(format!("{} crates", crates.len()));
        Ok(())
    })?;
    steps.summary();
    println!("{}", folder.display());
    Ok(())
}

/// Every crate in the server and in the browser part, as `name version|licence`.
fn crates(paths: &Paths) -> Result<BTreeSet<String>> {
    let mut crates = BTreeSet::new();
    let native = ["-p", "egret"].as_slice();
    let browser = ["-p", "egret-frontend", "--target", WASM_TARGET].as_slice();
    for which in [native, browser] {
        let mut tree = run::cargo(&paths.root);
        tree.args([
            "tree", "--edges", "normal", "--prefix", "none", "--format", "{p}|{l}",
        ]);
        let lines = run::answer(tree.args(which)).context("cargo tree fails")?;
        // Crates of this workspace have their path behind the version.
        let foreign = lines.lines().filter(|line| !line.contains(" (/"));
        crates.extend(foreign.map(|line| line.replace(" (proc-macro)", "").replace(" (*)", "")));
    }
    Ok(crates)
}

/// Every work by name and licence, then each licence text once, with the works it comes from.
fn notices(paths: &Paths, crates: &BTreeSet<String>) -> Result<String> {
    let sources = source_folders()?;
    let mut works = String::from("Egret contains these works, each under its own licence:\n\n");
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in crates {
        let (package, licence) = line.split_once('|').unwrap_or((line, ""));
        writeln!(works, "{package} ({licence})")?;
        let folder = package.replace(" v", "-");
        for file in sources
            .iter()
            .flat_map(|root| licences(&root.join(&folder)))
        {
            texts
                .entry(text_of(&file)?)
                .or_default()
                .push(package.to_owned());
        }
    }
    for file in licences_below(&paths.site.join("vendor"))? {
        let name = file.strip_prefix(&paths.site)?.display().to_string();
        writeln!(works, "{name}")?;
        texts.entry(text_of(&file)?).or_default().push(name);
    }
    for (text, of) in texts {
        write!(works, "\n==== {}\n\n{text}\n", of.join(", "))?;
    }
    Ok(works)
}

fn text_of(file: &Path) -> Result<String> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    Ok(text.trim_end().replace('\r', ""))
}

/// Takes the debug information out, where binutils is there: it is four fifths of the file, and
/// names of functions stay for stack traces.
fn strip(step: &mut Step, paths: &Paths, program: &Path) -> Result<()> {
    match find_program("strip") {
        Some(strip) => {
            let mut strip = run::command(strip, &paths.root);
            step.log(strip.arg("--strip-debug").arg(program), &paths.log("strip"))
        }
        None => Ok(()),
    }
}

/// Where cargo unpacks crates: one folder per registry.
fn source_folders() -> Result<Vec<PathBuf>> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let sources = home
        .context("neither CARGO_HOME nor HOME is set")?
        .join("registry/src");
    let listed =
        fs::read_dir(&sources).with_context(|| format!("listing {}", sources.display()))?;
    Ok(listed
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .collect())
}

/// The licence files directly in a folder; none when it does not exist.
fn licences(folder: &Path) -> Vec<PathBuf> {
    let Ok(listed) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = listed
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|f| is_licence(f))
        .collect();
    files.sort();
    files
}

fn licences_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = stamp::files_below(folder)?;
    files.retain(|file| is_licence(file));
    Ok(files)
}

fn is_licence(file: &Path) -> bool {
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_uppercase();
    file.is_file() && LICENCE_FILES.iter().any(|start| name.starts_with(start))
}
