//! The house rules that no compiler checks: sizes, head comments, names of machines, cities.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use egret_tests::server::egret;
use egret_tests::tools::repository;

/// Lines that a file of the product may have, and one of tests.
const LINES_MAX: usize = 500;
const TEST_LINES_MAX: usize = 700;

/// Folders that hold nothing of ours.
const NOT_OURS: [&str; 6] = [".git", "target", "dist", "data", "node_modules", "out"];

/// Every file of the repository that a person wrote, relative to its root.
fn files() -> Vec<PathBuf> {
    let root = repository();
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    assert!(files.len() > 50, "the repository is at {}", root.display());
    files.sort();
    files
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let is_city_data = folder.ends_with("assets") || folder.ends_with("cities");
            if is_city_data || !NOT_OURS.contains(&&*name) {
                collect(root, &path, files);
            }
        } else {
            files.push(path.strip_prefix(root).unwrap().to_path_buf());
        }
    }
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// The file's text; empty for one that is no text.
fn text(path: &Path) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_default()
}

/// Whether a file is part of tests alone.
fn is_test(path: &Path) -> bool {
    path.starts_with("tests")
        || path.components().any(|part| part.as_os_str() == "tests")
        || path.ends_with("tests.rs")
}

/// Fails with every finding at once.
#[track_caller]
fn none(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}

#[test]
fn every_rust_file_opens_with_what_it_is() {
    let silent = |path: &PathBuf| !text(path).starts_with("//! ");
    let found = files()
        .into_iter()
        .filter(|path| is_rust(path))
        .filter(silent);
    none(
        "a file opens with //!",
        &found
            .map(|path| path.display().to_string())
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_file_grows_into_a_monster() {
    let mut found = Vec::new();
    for path in files().into_iter().filter(|path| is_rust(path)) {
        let text = text(&path);
        let has_inline_tests = text.contains("#[cfg(test)]\nmod ");
        let limit = if is_test(&path) || has_inline_tests {
            TEST_LINES_MAX
        } else {
            LINES_MAX
        };
        let n_lines = text.lines().count();
        if n_lines > limit {
            found.push(format!(
                "{}: {n_lines} lines, {limit} are allowed",
                path.display()
            ));
        }
    }
    none("split by concept", &found);
}

#[test]
fn modules_are_files_beside_their_folders() {
    let found = files().into_iter().filter(|path| path.ends_with("mod.rs"));
    none(
        "foo.rs and foo/, no mod.rs",
        &found
            .map(|path| path.display().to_string())
            .collect::<Vec<_>>(),
    );
}

#[test]
fn nothing_is_left_to_be_done_in_code() {
    let words = ["todo", "unimplemented"].map(|word| format!("{word}!("));
    none(
        "what is not done says so in an issue",
        &lines_with(is_rust, &words),
    );
}

#[test]
fn no_file_names_a_machine_or_a_registry() {
    let hosts = [
        "index.crates",
        "registry.npmjs",
        "npmmirror",
        "tuna.tsinghua",
        "rsproxy",
    ];
    let folders = ["home/", "Users/", "root/", "work/"];
    let folders = folders.iter().map(|folder| format!("/{folder}"));
    let words: Vec<String> = hosts
        .iter()
        .map(|&host| host.to_owned())
        .chain(folders)
        .collect();
    // Lock files name where packages come from, and this file what it looks for.
    let ours = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.contains("lock") && !path.ends_with("suites/tidy.rs")
    };
    none("paths and hosts of one machine", &lines_with(ours, &words));
}

/// Lines of the files that `fits` in which one of `words` stands, not as part of a longer path
/// or word.
fn lines_with(fits: impl Fn(&Path) -> bool, words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for path in files().into_iter().filter(|path| fits(path)) {
        for (number, line) in (1..).zip(text(&path).lines()) {
            let stands = |word: &String| {
                let at = |at: usize| line[..at].chars().next_back();
                let is_start = |c: char| !c.is_alphanumeric() && !"_-./}".contains(c);
                line.match_indices(word.as_str())
                    .any(|(i, _)| at(i).is_none_or(is_start))
            };
            if words.iter().any(stands) {
                found.push(format!("{}:{number}: {}", path.display(), line.trim()));
            }
        }
    }
    found
}

#[test]
fn every_city_of_the_repository_passes_the_check() {
    let cities: BTreeSet<PathBuf> = files()
        .iter()
        .filter(|path| path.ends_with("city.toml"))
        .filter_map(|path| path.parent().map(Path::to_path_buf))
        .collect();
    assert!(
        cities.contains(Path::new("tests/cities/tiny")),
        "{cities:?}"
    );
    for city in cities {
        let folder = repository().join(&city);
        let output = egret(&["check", folder.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}:\n{said}", city.display());
    }
}

/// The long flags of `egret COMMAND --help`.
fn flags(command: &str) -> Vec<String> {
    let output = egret(&[command, "--help"]);
    assert!(output.status.success(), "egret {command} --help");
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    let flag = |line: &str| {
        let start = line
            .split_whitespace()
            .find(|word| word.starts_with("--"))?;
        let is_head = line.trim_start().starts_with('-');
        is_head.then(|| start.trim_end_matches(',').to_owned())
    };
    help.lines().filter_map(flag).collect()
}

#[test]
fn the_documentation_names_every_flag() {
    let path = Path::new("docs/configuration.md");
    if !repository().join(path).is_file() {
        // Until the page is written there is nothing to keep in step.
        return;
    }
    let page = text(path);
    let mut missing = Vec::new();
    for command in ["serve", "demo", "simulate", "check", "replay"] {
        let flags = flags(command);
        assert!(flags.contains(&"--help".to_owned()), "{command}: {flags:?}");
        let is_general = |flag: &String| flag == "--help" || flag == "--version";
        let absent = flags
            .into_iter()
            .filter(|flag| !is_general(flag) && !page.contains(flag));
        missing.extend(absent.map(|flag| format!("egret {command} {flag}")));
    }
    none("docs/configuration.md tells every flag", &missing);
}
