//! What is worked out of what was taken, over which time and in which unit.

use super::assert_told;

#[test]
fn an_aggregate_fits_what_it_is_of() {
    assert_told(&[
        (
            "aggregate = { rate = \"1h\" }",
            "aggregate = ¦\"mean\"",
            "mean does not fit: reports have neither value nor asset; write \"count\"",
        ),
        (
            "aggregate = { quantile = 0.9 }",
            "aggregate = ¦\"sum\"",
            "sum does not fit: the time between two states allows \"mean\"",
        ),
        (
            "aggregate = { share = { at_least = 0.0, at_most = 15.0 } }",
            "aggregate = ¦{ distinct = \"category\" }",
            "distinct = \"category\" does not fit: readings have a value and an asset",
        ),
        (
            "aggregate = { distinct = \"category\" }",
            "aggregate = { distinct = ¦\"categorie\" }",
            "unknown word `categorie`; there are `report`, `category`, `value`, `asset`; \
             did you mean \"category\"?",
        ),
        (
            "aggregate = { quantile = 0.9 }",
            "aggregate = { ¦quantil = 0.9 }",
            "did you mean \"quantile\"?",
        ),
        (
            "aggregate = { quantile = 0.9 }",
            "aggregate = ¦\"quantile\"",
            "this word does not stand alone: write { quantile = … }",
        ),
    ]);
}

#[test]
fn the_figures_of_an_aggregate_make_sense() {
    assert_told(&[
        (
            "aggregate = { rate = \"1h\" }",
            "aggregate = { rate = ¦\"0h\" }",
            "must be longer than nothing",
        ),
        (
            "aggregate = { rate = \"1h\" }",
            "aggregate = { rate = ¦\"hourly\" }",
            "\"hourly\" is no length of time: write 500ms, 90s, 10m, 6h or 1d",
        ),
        (
            "report.category == 'waterlogging'",
            "report.category ¦= 'waterlogging'",
            "it is no CEL expression",
        ),
        (
            "report.category == 'waterlogging'",
            "¦report.kind == 'waterlogging'",
            "cannot be computed",
        ),
        (
            "at_least = 0.0, at_most = 15.0",
            "at_least = 20.0, at_most = ¦15.0",
            "at_most 15 must lie above at_least 20",
        ),
        (
            "share = { at_least = 0.0, at_most = 15.0 }",
            "share = { within = ¦\"15m\" }",
            "within is for the time between two states: of values write at_most = 10.0",
        ),
        (
            "share = { at_least = 0.0, at_most = 15.0 }",
            "share = ¦{ }",
            "a share needs a limit: write at_least or at_most",
        ),
        (
            "share = { within = \"24h\" }",
            "share = { at_most = ¦24.0 }",
            "at_most is for values: of times write within = \"15m\"",
        ),
    ]);
}

#[test]
fn a_unit_is_that_of_what_is_aggregated() {
    let answer = "window    = { tumbling = \"1h\" }\nunit      = \"min\"";
    assert_told(&[
        (
            answer,
            "window    = { tumbling = \"1h\" }\nunit      = ¦\"m\"",
            "the time between two states is in s, min, h or d, not in \"m\"; minutes are \"min\"",
        ),
        (
            answer,
            "window    = { tumbling = \"1h\" }\nunit      = ¦\"minutes\"",
            "\"minutes\" is no known UCUM unit; did you mean \"min\"?",
        ),
        (
            "every = \"1m\" }\nunit      = \"%\"",
            "every = \"1m\" }\nunit      = ¦\"1\"",
            "a share is in \"%\", not in \"1\"",
        ),
        (
            "window    = { sliding = \"15m\", every = \"1m\" }\nunit      = \"1\"",
            "window    = { sliding = \"15m\", every = \"1m\" }\nunit      = ¦\"h\"",
            "a rate of reports is in \"1\", not in \"h\"",
        ),
        (
            "department = \"water\" }\nunit      = \"%\"",
            "department = \"water\" }\nunit      = ¦\"1\"",
            "quality is in \"%\", not in \"1\"",
        ),
        (
            "unit      = \"1\"\ntarget    = 90.0",
            "unit      = ¦\"%\"\ntarget    = 90.0",
            "an index is in \"1\", not in \"%\"",
        ),
    ]);
}

#[test]
fn windows_fit_into_memory_and_into_days() {
    assert_told(&[
        (
            "{ sliding = \"15m\", every = \"1m\" }",
            "{ sliding = \"1d\", every = ¦\"10s\" }",
            "1d by 10s are 8640 slices; 1440 are the most",
        ),
        (
            "{ sliding = \"15m\", every = \"1m\" }",
            "{ sliding = \"15m\", every = ¦\"0s\" }",
            "must be longer than nothing",
        ),
        (
            "{ sliding = \"15m\", every = \"1m\" }",
            "{ tumbling = ¦\"25h\" }",
            "25h neither divides a day nor is made of whole days",
        ),
        (
            "{ sliding = \"15m\", every = \"1m\" }",
            "{ tumbling = \"15m\", every = ¦\"1m\" }",
            "only a sliding window has a step",
        ),
        (
            "{ sliding = \"15m\", every = \"1m\" }",
            "¦{ }",
            "a window needs sliding and every, or tumbling",
        ),
    ]);
}
