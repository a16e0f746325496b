//! Mistakes in `rules.toml`.

use std::collections::BTreeMap;

use egret_package::Package;

use crate::told::{Files, assert_all_told, assert_all_told_of, tiny, told};

/// The examples of the documentation, after the tiny city's own rules, with what they speak of.
fn guide() -> Files {
    let guide = include_str!("../../../../docs/rules.md");
    let blocks = guide.split("```toml\n").skip(1);
    let examples: Vec<&str> = blocks
        .filter_map(|block| block.split("```").next())
        .collect();
    assert!(examples.len() >= 9, "{examples:?}");
    let mut files = tiny();
    let mut append = |file: &str, more: &str| {
        let text = files.entry(file.to_owned()).or_default();
        *text = [text.as_str(), more].join("\n");
    };
    append("rules.toml", &examples.join("\n"));
    append(
        "metrics.toml",
        "[[metric]]\nid = \"water.level_usual\"\nname = { zh = \"水位\", en = \"Level\" }\n\
         domain = \"water\"\nsource = { feed = \"manhole\", property = \"water_level\" }\n\
         aggregate = \"mean\"\nwindow = { sliding = \"5m\", every = \"1m\" }\nunit = \"m\"\n\
         baseline = true\n",
    );
    files
}

#[test]
fn the_examples_of_the_documentation_are_good() {
    let package = Package::load(&guide()).unwrap();
    let mut kinds = BTreeMap::new();
    for rule in &package.rules.rules {
        *kinds.entry(format!("{:?}", rule.kind)).or_insert(0) += 1;
    }
    assert_eq!(kinds.len(), 10, "all kinds but any: {kinds:?}");
    assert_eq!(package.rules.hush.shelf_max.to_string(), "12h");
}

#[test]
fn mistakes_in_rules_on_values_and_silence_are_told_at_their_place() {
    assert_all_told_of(
        &guide(),
        "rules.toml",
        &[
            (
                "kind    = \"rate\"\non      = { feed = \"manhole\", property = \"water_level\" }\nwindow  = \"10m\"",
                "kind    = ¦\"rate\"\non      = { feed = \"manhole\", property = \"water_level\" }",
                "a rate needs \"window\"",
            ),
            (
                "per     = \"1h\"",
                "per     = ¦\"0s\"",
                "longer than nothing",
            ),
            (
                "tolerance = 0.005",
                "tolerance = ¦-1.0",
                "-1 is no tolerance",
            ),
            (
                "after     = \"6h\"\ntolerance",
                "after     = \"6h\"\nwindow = ¦\"1h\"\ntolerance",
                "a stuck has no \"window\"",
            ),
            (
                "by      = \"district\"",
                "by      = ¦\"distrct\"",
                "did you mean \"district\"?",
            ),
            ("share   = 0.6", "share   = ¦1.6", "1.6 is no share"),
            (
                "by      = \"district\"\nshare   = 0.6",
                "share   = ¦0.6",
                "\"share\" is about groups",
            ),
        ],
    );
}

#[test]
fn mistakes_in_rules_on_how_feeds_deliver_are_told_at_their_place() {
    let fault = "fault  = \"refused\"";
    assert_all_told_of(
        &guide(),
        "rules.toml",
        &[
            (fault, "fault  = ¦\"refuse\"", "did you mean \"refused\"?"),
            (
                "kind   = \"delivery\"\nfault  = \"refused\"",
                "kind   = ¦\"delivery\"",
                "a delivery needs \"fault\"",
            ),
            (
                fault,
                "on = { feed = ¦\"manhol\" }\nfault  = \"refused\"",
                "did you mean \"manhole\"?",
            ),
            (
                fault,
                "on = { metric = ¦\"water.stress\" }\nfault  = \"refused\"",
                "a delivery cannot watch a metric",
            ),
            (
                fault,
                "after = ¦\"5m\"\nfault  = \"refused\"",
                "a delivery with fault = \"refused\" has no \"after\"",
            ),
            (
                "window = \"15m\"",
                "window = ¦\"2h\"",
                "2h is not made of whole minutes, 60 at most",
            ),
            ("count  = 20", "count  = ¦0", "one message at least"),
            (
                "fault = \"silent\"\nlevel = \"yellow\"",
                "fault = \"silent\"\nlevel = ¦{ yellow = 1.0 }",
                "silence has no value",
            ),
            (
                "fault = \"silent\"\nlevel = \"yellow\"",
                "fault = \"silent\"\nafter = ¦\"30s\"\non = { feed = \"manhole\" }\nlevel = \"yellow\"",
                "30s is shorter than 1m",
            ),
            (
                "kind     = \"threshold\"",
                "kind     = \"threshold\"\nfault = ¦\"late\"",
                "a threshold has no \"fault\"",
            ),
        ],
    );
}

#[test]
fn how_a_feed_delivers_causes_nothing_and_is_caused_by_nothing() {
    let cause = "from     = \"manhole-high\"\nto       = \"ponding\"";
    assert_all_told_of(
        &guide(),
        "rules.toml",
        &[
            (
                cause,
                "from     = ¦\"messages-refused\"\nto       = \"ponding\"",
                "\"messages-refused\" is about how a feed delivers",
            ),
            (
                cause,
                "from     = \"manhole-high\"\nto       = ¦\"feed-silent\"",
                "\"feed-silent\" is about how a feed delivers",
            ),
        ],
    );
}

#[test]
fn mistakes_in_what_a_rule_orders_are_told_at_their_place() {
    let order = "order    = { feed = \"road\", command = \"light\", parameters = { on = true, mode = \
                 \"blink\", pace = 60 }, confirmed = true }";
    let all = "parameters = { on = true, mode = \"blink\", pace = 60 }";
    let row = |new: &str| new.replace("ALL", all);
    let rows = [
        (
            "order = { feed = ¦\"roda\", command = \"light\" }",
            "feed \"roda\"",
        ),
        (
            "order = { feed = \"road\", command = ¦\"lihgt\", ALL }",
            "take no command \"lihgt\"; they take light, zero",
        ),
        (
            "order = { feed = \"hotline\", command = ¦\"light\", asset = \"A\" }",
            "take no commands",
        ),
        (
            "order = { feed = \"road\", command = ¦\"light\", ALL }",
            "people are asked for command \"light\" twice",
        ),
        (
            "order = { feed = \"road\", command = \"light\", confirmed = true, parameters = { on = true, \
             mode = \"blink\", pace = ¦500 } }",
            "10 to 120 /min are allowed",
        ),
        (
            "order = ¦{ feed = \"road\", command = \"light\", confirmed = true, parameters = { on = true, \
             mode = \"blink\" } }",
            "parameter \"pace\" is not said",
        ),
        (
            "order = { feed = \"road\", command = \"light\", confirmed = true, parameters = { on = true, \
             mode = \"blink\", pace = 60, tone = ¦1 } }",
            "parameter \"tone\"",
        ),
        (
            "order = { feed = \"road\", command = \"zero\", every = ¦\"1s\" }",
            "every 1s: 10s to 7d",
        ),
        (
            "order = { feed = \"road\", command = \"zero\", fresh = ¦\"2d\" }",
            "fresh 2d: 1s to 1d",
        ),
        (
            "order = { feed = \"road\", command = \"zero\", asset = ¦\"{gauge}\" }",
            "an id, or {asset} alone",
        ),
        (
            "order = { feed = \"road\", command = \"zero\", asset = ¦\"a/b\" }",
            "is none that the command's topic can name",
        ),
    ];
    let failures: Vec<String> = { rows.iter() }
        .filter_map(|(new, said)| told("rules.toml", order, &row(new), said).err())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_all_told(
        "rules.toml",
        &[(
            "level    = \"blue\"",
            "level    = \"blue\"\norder = ¦{ feed = \"road\", command = \"zero\" }",
            "are not about one asset of feed \"road\"",
        )],
    );
}

#[test]
fn mistakes_in_rules_on_places_and_warnings_are_told_at_their_place() {
    assert_all_told_of(
        &guide(),
        "rules.toml",
        &[
            (
                "radius = \"150m\"",
                "radius = ¦\"0m\"",
                "a circle has some radius",
            ),
            (
                "{ circle = { lon = 118.05, lat = 24.45, radius = \"150m\" } }",
                "{ file = ¦\"depot.geojson\" }",
                "there is no zone \"depot.geojson\"",
            ),
            (
                "{ circle = { lon = 118.05, lat = 24.45, radius = \"150m\" } }",
                "{ area = ¦\"900003\" }",
                "there is no area \"900003\"",
            ),
            (
                "passage = \"dwell\"\nafter   = \"30m\"",
                "passage = \"enter\"\nafter   = ¦\"30m\"",
                "only dwelling has \"after\"",
            ),
            (
                "on      = { feed = \"probe-car\" }",
                "on      = { feed = ¦\"manhole\" }",
                "a geofence is for a feed whose assets move",
            ),
            (
                "on    = { metric = \"water.level_usual\" }",
                "on    = { metric = ¦\"water.stress\" }",
                "this metric learns nothing",
            ),
            (
                "side  = \"above\"",
                "side  = \"above\"\nz = ¦0.0",
                "0 is no distance from the usual",
            ),
            (
                "on    = { feed = \"hotline\" }\nlasts",
                "on    = { feed = ¦\"manhole\" }\nlasts",
                "a warning is of reports",
            ),
            (
                "rainstorm-blue = \"blue\"",
                "rainstorm-blue = ¦\"normal\"",
                "an alert is blue at least",
            ),
        ],
    );
}

#[test]
fn mistakes_in_what_rules_are_made_of_are_told_at_their_place() {
    assert_all_told_of(
        &guide(),
        "rules.toml",
        &[
            (
                "of     = [\"deep-water\", \"filling\"]",
                "of     = [\"deep-water\", \"filling\", ¦\"fillin\"]",
                "did you mean \"filling\"?",
            ),
            (
                "of     = [\"deep-water\", \"filling\"]",
                "of     = [\"deep-water\", \"filling\", ¦\"street-floods\"]",
                "must stand above the rule",
            ),
            (
                "within = { distance = \"300m\", time = \"30m\" }\nlevel  = \"red\"",
                "within = { distance = \"300m\", time = \"30m\" }\non = ¦{ feed = \"air\" }",
                "watches the rules in \"of\" alone",
            ),
            (
                "flap     = { changes = 4,",
                "flap     = { changes = ¦1,",
                "2 to 64 changes, not 1",
            ),
            (
                "shelf_max = \"12h\"",
                "shelf_max = ¦\"0h\"",
                "longer than nothing",
            ),
            (
                "en = \"{asset} {rate}, now {now}\"",
                "en = ¦\"{asset} {z}\"",
                "{z} is not filled in",
            ),
        ],
    );
}

#[test]
fn a_silent_rule_that_is_part_of_nothing_is_told() {
    assert_all_told(
        "rules.toml",
        &[(
            "after    = \"5m\"",
            "after    = \"5m\"\nsilent = ¦true",
            "none names it",
        )],
    );
}

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
