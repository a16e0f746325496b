//! What concerns the package as a whole.

use egret_package::Package;

use crate::told::{tiny, told};

#[test]
fn references_into_a_file_that_cannot_be_read_are_no_second_mistake() {
    for file in [
        "areas.geojson",
        "departments.toml",
        "feeds.toml",
        "properties.toml",
        "metrics.toml",
    ] {
        let mut files = tiny();
        files.remove(file);
        let told: Vec<String> = Package::load(&files)
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(told, [format!("{file}: this file is missing")]);
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let mut files = tiny();
    for (file, old, new) in [
        ("city.toml", "Asia/Shanghai", "Nowhere"),
        (
            "feeds.toml",
            "department   = \"water\"",
            "department   = \"fire\"",
        ),
        (
            "feeds.toml",
            "format       = \"egret-json\"",
            "format       = \"xml\"",
        ),
        ("metrics.toml", "{ quantile = 0.5 }", "{ quantile = 2.0 }"),
        (
            "scenes.toml",
            "metric = \"water.stress\"",
            "metric = \"nothing\"",
        ),
    ] {
        let text = files.get_mut(file).unwrap();
        *text = text.replacen(old, new, 1);
    }
    let problems = Package::load(&files).unwrap_err();
    let of: Vec<&str> = problems
        .iter()
        .map(|problem| problem.file.as_str())
        .collect();
    // The feed with two mistakes tells the first: what cannot be read is not checked further.
    assert_eq!(
        of,
        ["city.toml", "feeds.toml", "metrics.toml", "scenes.toml"],
        "{problems:#?}"
    );
}

#[test]
fn the_digest_follows_meaning_and_not_writing() {
    let digest = |file: &str, old: &str, new: &str| {
        let mut files = tiny();
        let text = files.get_mut(file).unwrap();
        assert!(text.contains(old));
        *text = text.replacen(old, new, 1);
        Package::load(&files).unwrap().digest
    };
    let before = Package::load(&tiny()).unwrap().digest;
    assert_eq!(
        before,
        digest("metrics.toml", "[[metric]]\n", "# a remark\n\n[[metric]]\n")
    );
    assert_eq!(before, digest("scenes.toml", "40s", "50s"));
    assert_ne!(before, digest("metrics.toml", "red = 2.5", "red = 2.6"));
    assert_ne!(
        before,
        digest("areas.geojson", "118.20,24.60", "118.20,24.61")
    );
}

#[test]
fn a_plan_for_a_rule_that_is_not_there_is_told() {
    let kinds = told(
        "plans/ponding.md",
        "kinds: [ponding]",
        "¦kinds: [pondng]",
        "plan \"ponding\": there is no rule \"pondng\"; did you mean \"ponding\"?",
    );
    assert_eq!(kinds, Ok(()));
}

#[test]
fn categories_are_words_for_reports_only() {
    let mut files = tiny();
    let words = "[category.hotline]\nx = { zh = \"甲\", en = \"X\" }\n\n\
                 [category.manhole]\nx = { zh = \"甲\", en = \"X\" }\n";
    files.insert("words.toml".to_owned(), words.to_owned());
    let problems = Package::load(&files).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(
        problems[0].to_string(),
        "words.toml:4:1: feed \"manhole\" carries readings, which have no category"
    );
}
