//! The tiny city, broken in one place, and what is told about it.

use std::collections::BTreeMap;
use std::path::Path;

use egret_package::{Package, Problem, folder};

/// Texts by path.
pub(crate) type Files = BTreeMap<String, String>;

/// The tiny city's files.
pub(crate) fn tiny() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cities/tiny");
    folder::read(&root).expect("the tiny city can be read")
}

/// The problems of the tiny city with `old` replaced by `new` in `file`.
pub(crate) fn problems_after(file: &str, old: &str, new: &str) -> Vec<Problem> {
    problems_of(tiny(), file, old, new)
}

/// The problems of other files than the tiny city's.
pub(crate) fn problems_of(mut files: Files, file: &str, old: &str, new: &str) -> Vec<Problem> {
    let text = files.get_mut(file).expect("the file is there");
    assert!(text.contains(old), "{file} has no {old:?}");
    *text = text.replacen(old, new, 1);
    problems_in(&files)
}

/// The problems of these files as they are.
pub(crate) fn problems_in(files: &Files) -> Vec<Problem> {
    Package::load(files).err().unwrap_or_default()
}

/// The files with another text in one of them.
pub(crate) fn edited(mut files: Files, file: &str, edit: impl FnOnce(&str) -> String) -> Files {
    let text = files.get_mut(file).expect("the file is there");
    *text = edit(text);
    files
}

/// Breaks the tiny city by putting `new` in place of `old`. A `¦` in `new` marks where the one
/// problem must be pointed at, and `sentence` must be part of what it says.
///
/// # Errors
/// What was told instead.
pub(crate) fn told(file: &str, old: &str, new: &str, sentence: &str) -> Result<(), String> {
    told_of(tiny(), file, old, new, sentence)
}

/// [`told`] of other files than the tiny city's.
///
/// # Errors
/// What was told instead.
pub(crate) fn told_of(
    files: Files,
    file: &str,
    old: &str,
    new: &str,
    sentence: &str,
) -> Result<(), String> {
    let text = files.get(file).expect("the file is there");
    let text = text.replacen(old, new, 1);
    let before = text.split('¦').next().expect("split yields one part");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let place = format!("{file}:{line}:{column}: ");

    let problems = problems_of(files, file, old, &new.replace('¦', ""));
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    match told.as_slice() {
        [one] if one.starts_with(&place) && one.contains(sentence) => Ok(()),
        _ => Err(format!(
            "{new}\n  want {place}… {sentence}\n  told {told:#?}"
        )),
    }
}

/// [`told`] for rows of old text, new text and sentence.
pub(crate) fn assert_all_told(file: &str, table: &[(&str, &str, &str)]) {
    assert_all_told_of(&tiny(), file, table);
}

/// [`assert_all_told`] of other files than the tiny city's.
pub(crate) fn assert_all_told_of(files: &Files, file: &str, table: &[(&str, &str, &str)]) {
    let failures: Vec<String> = table
        .iter()
        .filter_map(|(old, new, sentence)| told_of(files.clone(), file, old, new, sentence).err())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
