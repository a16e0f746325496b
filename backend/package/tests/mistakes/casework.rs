//! Mistakes in `casework.toml`.

use egret_package::Package;
use egret_shared::incident::CaseClass;
use egret_shared::time::Span;

use crate::told::{Files, assert_all_told_of, tiny};

const FILE: &str = "casework.toml";

const GOOD: &str = r#"
shifts = ["07:30", "15:30", "23:30"]

[limits]
life      = "1h"
utilities = "24h"
normal    = "5d"

[calendar]
holidays = ["2026-10-01", "2026-10-02"]
workdays = ["2026-10-10"]

[emergency]
when       = [{ rule = "ponding", level = "red" }]
ends_after = "2h"
scene      = "overview"
limits     = { normal = "2d" }
levels     = { ponding = { orange = 10.0, red = 20.0 } }
"#;

fn files() -> Files {
    let mut files = tiny();
    files.insert(FILE.to_owned(), GOOD.to_owned());
    files
}

#[test]
fn a_good_file_is_taken() {
    let package = Package::load(&files()).expect("the file is good");
    let limits = &package.casework.limits;
    assert_eq!(limits.get(&CaseClass::Life), Some(&Span(3_600_000)));
    assert_eq!(package.casework.shifts.len(), 3);
    let plain = Package::load(&tiny()).expect("the tiny city is good");
    assert_ne!(plain.digest, package.digest, "the fold depends on it");
}

#[test]
fn mistakes_are_told_at_their_place() {
    assert_all_told_of(
        &files(),
        FILE,
        &[
            (
                "life      = \"1h\"",
                "life      = ¦\"0h\"",
                "must be longer than nothing",
            ),
            ("life      = \"1h\"", "¦lief      = \"1h\"", "lief"),
            (
                "utilities = \"24h\"",
                "utilities = ¦\"30m\"",
                "30m for utilities is shorter than 1h for life, which is more urgent",
            ),
            (
                "\"2026-10-02\"",
                "¦\"2026-02-30\"",
                "\"2026-02-30\" is no date: write 2026-10-01",
            ),
            (
                "\"2026-10-02\"",
                "¦\"2026-10-01\"",
                "\"2026-10-01\" stands here a second time",
            ),
            (
                "workdays = [\"2026-10-10\"]",
                "workdays = [¦\"2026-10-12\"]",
                "\"2026-10-12\" is a Monday, which is worked anyway",
            ),
            (
                "\"15:30\"",
                "¦\"half past three\"",
                "\"half past three\" is no time of day: write 08:00",
            ),
            (
                "\"15:30\"",
                "¦\"07:30\"",
                "07:30 must be later than the shift before",
            ),
        ],
    );
}

#[test]
fn mistakes_in_the_emergency_mode_are_told_at_their_place() {
    assert_all_told_of(
        &files(),
        FILE,
        &[
            (
                "{ rule = \"ponding\", level",
                "{ rule = ¦\"pondign\", level",
                "no rule \"pondign\"; did you mean \"ponding\"?",
            ),
            (
                "{ rule = \"ponding\", level = \"red\" }",
                "{ rule = \"manhole-high\", level = ¦\"red\" }",
                "rule \"manhole-high\" is yellow at worst and never calls at red",
            ),
            (
                "level = \"red\" }]",
                "level = \"red\" }, { rule = ¦\"ponding\", level = \"orange\" }]",
                "rule \"ponding\" stands here a second time",
            ),
            (
                "when       = [{ rule = \"ponding\", level = \"red\" }]\nends_after = \"2h\"",
                "ends_after = ¦\"2h\"",
                "it ends only what rules have called",
            ),
            (
                "scene      = \"overview\"",
                "scene      = ¦\"storm\"",
                "there is no scene \"storm\"",
            ),
            (
                "levels     = { ponding = { orange = 10.0, red = 20.0 } }",
                "levels     = { ponding = { yellow = 5.0, orange = 20.0, red = ¦20.0 } }",
                "red at 20 must lie above 20",
            ),
            (
                "levels     = { ponding = { orange = 10.0, red = 20.0 } }",
                "levels     = { manhole-high = ¦{ orange = 10.0 } }",
                "rule \"manhole-high\" has no limits by value",
            ),
        ],
    );
}
