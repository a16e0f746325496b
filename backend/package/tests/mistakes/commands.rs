//! Mistakes in `[[feed.commands]]`: of the warning light of the tiny city's ponding gauges.

use crate::told::{Files, assert_all_told_of, problems_of, tiny};

/// The tiny city without its rule's order, which would be told of, too.
fn unordered() -> Files {
    let mut files = tiny();
    let rules = files.get_mut("rules.toml").expect("the file is there");
    let is_order = |line: &&str| !line.starts_with("order ");
    *rules = rules
        .lines()
        .filter(is_order)
        .flat_map(|line| [line, "\n"])
        .collect();
    files
}

#[test]
fn the_commands_of_the_tiny_city_are_good() {
    assert!(problems_of(tiny(), "feeds.toml", "\"2m\"", "\"2m\"").is_empty());
}

#[test]
fn mistakes_in_commands_are_told_at_their_place() {
    assert_all_told_of(
        &unordered(),
        "feeds.toml",
        &[
            (
                "id       = \"light\"",
                "id       = ¦\"Light!\"",
                "id \"Light!\": 1 to 64 of a-z",
            ),
            (
                "id      = \"zero\"",
                "id      = ¦\"light\"",
                "command \"light\" stands here a second time",
            ),
            (
                "topic    = \"vendor-x/{asset}/command\"",
                "topic    = ¦\"vendor-x/+/command\"",
                "is of one asset: {asset} in place of + or #",
            ),
            (
                "topic    = \"vendor-x/{asset}/command\"",
                "topic    = ¦\"vendor-x/c-{asset}\"",
                "{asset} as a level is filled in, and no more",
            ),
            (
                "topic    = \"vendor-x/{asset}/command\"",
                "topic    = ¦\"egret/v1/out/{asset}\"",
                "which is Egret's own",
            ),
            (
                "topic    = \"vendor-x/{asset}/command\"",
                "topic    = ¦\"vendor-x/command\"",
                "every asset would do it",
            ),
            (
                "expires  = \"2m\"",
                "expires  = ¦\"2d\"",
                "expires 2d: 1s to 1d",
            ),
            (
                "confirm = false",
                "confirm = false\nqos = ¦2",
                "qos 2 is not possible: 0 or 1",
            ),
            (
                "right   = \"work\"",
                "right   = ¦\"wrok\"",
                "unknown word `wrok`",
            ),
        ],
    );
}

#[test]
fn mistakes_in_payloads_are_told_within_them() {
    assert_all_told_of(
        &unordered(),
        "feeds.toml",
        &[
            ("\"zero\":true}'", "\"zero\":tru¦}'", "payload is no JSON"),
            (
                "payload = '{\"cmd\":\"{id}\",\"zero\":true}'",
                "payload = ¦'{\"cmd\":\"{idd}\",\"zero\":true}'",
                "{idd} is not filled in",
            ),
        ],
    );
    // The name is also missing where it was used.
    let both = problems_of(unordered(), "feeds.toml", "id   = \"on\"", "id   = \"lit\"");
    let both: Vec<String> = both.iter().map(ToString::to_string).collect();
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(both.iter().any(|one| one.contains("{on} is not filled in")));
    let says = "parameter \"lit\" is not in the payload";
    assert!(both.iter().any(|one| one.contains(says)));
}

#[test]
fn mistakes_in_parameters_are_told_at_their_place() {
    assert_all_told_of(
        &unordered(),
        "feeds.toml",
        &[
            (
                "range = [10.0, 120.0]",
                "range = ¦[120.0, 10.0]",
                "has nothing in it",
            ),
            (
                "unit  = \"/min\"",
                "unit  = ¦\"blinks\"",
                "no known UCUM unit",
            ),
            (
                "name = { zh = \"开灯\", en = \"Lit\" }",
                "name = { zh = \"开灯\", en = \"Lit\" }\nunit = ¦\"m\"",
                "unit is for numbers",
            ),
            (
                "value = \"blink\"",
                "value = ¦\"steady\"",
                "option \"steady\" stands here a second time",
            ),
        ],
    );
}

#[test]
fn mistakes_in_acknowledgements_are_told_at_their_place() {
    let by_value = "ack     = { property = \"ponding_depth\", is = 0.0, tolerance = 0.5 }";
    let by_reply =
        "ack      = { reply = \"vendor-x/{asset}/answer\", id = \"/cmd\", refused = \"/fault\" }";
    assert_all_told_of(
        &unordered(),
        "feeds.toml",
        &[
            (by_value, "ack     = ¦{}", "ack is by reply"),
            (
                by_value,
                "ack     = { property = ¦\"ponding_dept\", is = 0.0 }",
                "did you mean \"ponding_depth\"?",
            ),
            (
                by_value,
                "ack     = ¦{ property = \"ponding_depth\" }",
                "needs is",
            ),
            (
                by_value,
                "ack     = { property = \"ponding_depth\", is = ¦\"{depth}\" }",
                "of this command",
            ),
            (
                by_value,
                "ack     = { property = \"ponding_depth\", is = 0.0, refused = ¦\"/no\" }",
                "refused belongs to reply",
            ),
            (
                by_reply,
                "ack      = { reply = \"vendor-x/{asset}/answer\", id = ¦\"cmd\" }",
                "begins with /, as in \"/cmd\"",
            ),
            (
                by_reply,
                "ack      = { reply = \"vendor-x/{asset}/answer\", tolerance = ¦1.0 }",
                "tolerance belongs to property",
            ),
            (
                by_reply,
                "ack      = { property = \"ponding_depth\", is = ¦\"{pace}\" }",
                "\"/min\" does not convert to the property's \"cm\"",
            ),
            (
                by_reply,
                "ack      = { property = \"ponding_depth\", is = ¦\"{mode}\" }",
                "no value can be one of several words",
            ),
        ],
    );
}

#[test]
fn a_topic_of_commands_is_nothing_else() {
    let reply = "reply = \"vendor-x/{asset}/answer\"";
    assert_all_told_of(
        &unordered(),
        "feeds.toml",
        &[(
            reply,
            "reply = ¦\"egret/v1/manhole/{asset}\"",
            "the readings of feed \"manhole\" come by \"egret/v1/manhole/+\"",
        )],
    );
    // Both commands go to the topic that replies were to come by.
    let both = problems_of(
        unordered(),
        "feeds.toml",
        reply,
        "reply = \"vendor-x/{asset}/command\"",
    );
    assert!(!both.is_empty());
    for one in both {
        assert!(
            one.to_string().contains("must be this command's alone"),
            "{one}"
        );
    }
    let both = problems_of(
        unordered(),
        "feeds.toml",
        "ack     = { property = \"ponding_depth\", is = 0.0, tolerance = 0.5 }",
        "ack     = { reply = \"vendor-x/{asset}/answer\" }",
    );
    let both: Vec<String> = both.iter().map(ToString::to_string).collect();
    assert_eq!(both.len(), 1, "{both:?}");
    assert!(both.iter().all(|one| one.contains("are read in one way")));
}
