//! Mistakes in `rules.toml`.

use crate::told::assert_all_told;

#[test]
fn mistakes_in_rules_are_told_at_their_place() {
    assert_all_told(
        "rules.toml",
        &[
            (
                "kind     = \"silence\"",
                "kind     = ¦\"silent\"",
                "unknown word `silent`",
            ),
            (
                "kind     = \"silence\"\non       = { feed = \"manhole\" }\nafter    = \"5m\"",
                "kind     = ¦\"silence\"\non       = { feed = \"manhole\" }",
                "a silence needs \"after\"",
            ),
            (
                "count    = 3\n",
                "count    = 3\nafter = ¦\"5m\"\n",
                "a cluster has no \"after\"",
            ),
            (
                "{ feed = \"hotline\", where",
                "{ feed = ¦\"manhole\", where",
                "a cluster is of reports",
            ),
            (
                "report.category == 'waterlogging'",
                "¦report.kind == 'waterlogging'",
                "cannot be computed",
            ),
            (
                "plan     = \"ponding\"",
                "plan     = ¦\"pond\"",
                "no plan \"pond\"; did you mean \"ponding\"?",
            ),
            (
                "support = [\"police\"]",
                "support = [¦\"polcie\"]",
                "no department \"polcie\"; did you mean \"police\"?",
            ),
            (
                "{ orange = 15.0, red = 30.0 }",
                "{ orange = 15.0, red = ¦10.0 }",
                "red at 10 must lie above 15",
            ),
            (
                "en = \"{asset} under",
                "en = ¦\"{asst} under",
                "{asst} is not filled in",
            ),
            (
                "from     = \"ponding\"",
                "from     = ¦\"pondng\"",
                "no rule \"pondng\"; did you mean \"ponding\"?",
            ),
            (
                "distance = \"400m\"",
                "distance = ¦\"400\"",
                "write 400m or 1.5km",
            ),
            ("kinds >= 2", "¦kind >= 2", "only kinds, alerts and level"),
            (
                "orange = \"24h\", yellow = \"7d\"",
                "orange = \"8d\", yellow = ¦\"7d\"",
                "is shorter than",
            ),
            ("[incident]", "[¦incidents]", "unknown key \"incidents\""),
        ],
    );
}
