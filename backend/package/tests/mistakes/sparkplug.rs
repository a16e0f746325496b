//! Mistakes in commands to what stands behind Sparkplug's nodes.

use crate::told::{Files, assert_all_told_of, edited, problems_in, problems_of, tiny, told_of};

/// Where commands stand.
const FEEDS: &str = "feeds.toml";

/// The topics of commands to the devices of [`pumps`], and of [`named_by_device`].
const BY_PARTS: &str = "spBv1.0/{group}/DCMD/{node}/{device}";
const BY_DEVICE: &str = "spBv1.0/plant/DCMD/n1/{asset}";

/// What acknowledges the command of [`pumps`].
const ACK: &str = "ack     = { property = \"water_level\", is = \"{on}\" }";

/// Pumps behind gateways, whose mode is a choice of numbers.
const FEED: &str = r#"
[[feed]]
id          = "pumps"
name        = { zh = "泵站网关", en = "Pump gateways" }
department  = "water"
domain      = "water"
asset_class = "pump"
topic       = "spBv1.0/plant/#"
format      = "sparkplug-b"

[[feed.commands]]
id      = "run"
name    = { zh = "启停", en = "Run" }
topic   = "spBv1.0/{group}/DCMD/{node}/{device}"
payload = '''
{"metrics":[
  {"name":"Run","dataType":"Boolean","value":"{on}"},
  {"name":"Speed","dataType":"UInt8","value":"{speed}"},
  {"name":"Depth","dataType":"Float","value":"{depth}"},
  {"name":"Mode","dataType":"Int16","value":"{mode}"},
  {"name":"Until","dataType":"DateTime","value":"{expires_at_ms}"},
  {"name":"By","dataType":"String","value":"Egret {id}"},
  {"name":"Limit","dataType":"Int8","value":-5}]}'''
qos     = 0
expires = "90s"
ack     = { property = "water_level", is = "{on}" }

[[feed.commands.parameters]]
id   = "on"
name = { zh = "开泵", en = "Pump on" }
type = "switch"

[[feed.commands.parameters]]
id    = "speed"
name  = { zh = "转速", en = "Speed" }
type  = "number"
range = [0.0, 100.0]
whole = true

[[feed.commands.parameters]]
id    = "depth"
name  = { zh = "水深", en = "Depth" }
type  = "number"
unit  = "m"
range = [-0.5, 3.5]

[[feed.commands.parameters]]
id      = "mode"
name    = { zh = "模式", en = "Pump mode" }
type    = "choice"
options = [
  { value = "0", name = { zh = "停", en = "Off" } },
  { value = "-1", name = { zh = "自动", en = "By itself" } },
]
"#;

fn pumps() -> Files {
    edited(tiny(), FEEDS, |text| format!("{text}{FEED}"))
}

/// The same, of a feed whose assets are named by their device alone.
fn named_by_device() -> Files {
    let format = "format      = \"sparkplug-b\"\n";
    let mapped = format!("{format}[feed.map]\nasset = {{ topic = 4 }}\n");
    edited(pumps(), FEEDS, |text| {
        let text = text.replace(format, &mapped);
        text.replace(BY_PARTS, BY_DEVICE)
    })
}

/// Asserts that of each of these in the place of the topic `own` one thing is told, there.
fn assert_topics_told(files: &Files, own: &str, rows: &[(&str, &str)]) {
    let own = format!("topic   = \"{own}\"");
    for (topic, sentence) in rows {
        let new = format!("topic   = ¦\"{topic}\"");
        let told = told_of(files.clone(), FEEDS, &own, &new, sentence);
        assert_eq!(told, Ok(()));
    }
}

/// Asserts that after a change one thing is told of the pumps, at a place.
#[track_caller]
fn assert_told_at(place: &str, (old, new): (&str, &str), sentence: &str) {
    let problems = problems_of(pumps(), FEEDS, old, new);
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    match told.as_slice() {
        [one] if one.starts_with(place) && one.contains(sentence) => {}
        _ => panic!("{new}\n  want {place}… {sentence}\n  told {told:#?}"),
    }
}

/// Asserts that nothing is told of files.
#[track_caller]
fn assert_good(files: &Files) {
    let told = problems_in(files);
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn commands_of_devices_and_of_nodes_are_good() {
    assert_good(&pumps());
    assert_good(&named_by_device());
    for (files, own, topic) in [
        (pumps(), BY_PARTS, "spBv1.0/{group}/NCMD/{node}"),
        (pumps(), BY_PARTS, "spBv1.0/plant/DCMD/n1/{device}"),
        (pumps(), BY_PARTS, "spBv1.0/plant/DCMD/n1/pump"),
        (named_by_device(), BY_DEVICE, "spBv1.0/plant/NCMD/{asset}"),
    ] {
        assert_good(&edited(files, FEEDS, |text| text.replace(own, topic)));
    }
    // A number that comes back as it went, or near enough.
    let depth = "range = [-0.5, 3.5]";
    for (ack, range) in [
        ("is = \"{speed}\"", depth),
        ("is = \"{depth}\", tolerance = 0.001", depth),
        ("is = \"{depth}\"", "range = [-9.0, 3.0]\nwhole = true"),
    ] {
        let ack = format!("ack     = {{ property = \"water_level\", {ack} }}");
        let files = edited(pumps(), FEEDS, |text| text.replace(depth, range));
        assert_good(&edited(files, FEEDS, |text| text.replace(ACK, &ack)));
    }
}

#[test]
fn feeds_of_two_groups_are_told_by_one_template() {
    let weirs = FEED.replace("\"pumps\"", "\"weirs\"");
    let weirs = weirs.replace("spBv1.0/plant/#", "spBv1.0/weir/#");
    assert_good(&edited(pumps(), FEEDS, |text| format!("{text}{weirs}")));
}

#[test]
fn where_a_command_goes_is_told_as_sparkplug_and_the_feed_have_it() {
    assert_topics_told(
        &pumps(),
        BY_PARTS,
        &[
            (
                "spBv1.0/{group}/DDATA/{node}/{device}",
                "go to spBv1.0/GROUP/NCMD/NODE or spBv1.0/GROUP/DCMD/NODE/DEVICE",
            ),
            (
                "spBv1.0/{group}/NCMD/{node}/{device}",
                "go to spBv1.0/GROUP/NCMD/NODE",
            ),
            (
                "spBv1.0/{node}/DCMD/{group}/{device}",
                "are named GROUP:NODE:DEVICE",
            ),
            (BY_DEVICE, "are named GROUP:NODE:DEVICE"),
            ("spBv1.0/plant:1/DCMD/{node}/{device}", "has a colon"),
            (
                "spBv1.0/plnat/DCMD/{node}/{device}",
                "level \"plnat\" is \"plant\" in this feed's topic \"spBv1.0/plant/#\"",
            ),
            ("spBv1.0/+/DCMD/{node}/{device}", "is of one asset"),
            (
                "spBv1.0/{group}/DCMD/{node}/d-{device}",
                "is filled in, and no more",
            ),
        ],
    );
    assert_all_told_of(
        &pumps(),
        FEEDS,
        &[
            (
                "qos     = 0\nexpires = \"90s\"",
                "qos     = ¦1\nexpires = \"90s\"",
                "Sparkplug 3.0.0 has commands published at QoS 0",
            ),
            (
                "qos     = 0\nexpires = \"90s\"",
                "qos     = ¦2\nexpires = \"90s\"",
                "qos 2 is not possible",
            ),
            (
                ACK,
                "ack     = { reply = ¦\"pumps/{asset}/answer\" }",
                "Sparkplug has no answers to commands",
            ),
            (
                ACK,
                "ack     = ¦{ property = \"water_level\", is = \"{depth}\" }",
                "metric \"Depth\" is a Float, which has some seven digits",
            ),
        ],
    );
}

#[test]
fn where_a_command_goes_is_told_of_assets_named_by_their_device_and_of_other_formats() {
    let says = "level 4 of this feed's topics is its assets' name";
    assert_topics_told(
        &named_by_device(),
        BY_DEVICE,
        &[
            ("spBv1.0/plant/DCMD/{asset}/{asset}", says),
            ("spBv1.0/plant/DCMD/{node}/{asset}", says),
            ("spBv1.0/plnat/DCMD/n1/{asset}", "level \"plnat\""),
        ],
    );
    // Of a feed of one node's messages, not only the group.
    let of_one = edited(named_by_device(), FEEDS, |text| {
        text.replace("spBv1.0/plant/#", "spBv1.0/plant/+/n1/#")
    });
    let other = ("spBv1.0/plant/DCMD/n2/{asset}", "level \"n2\" is \"n1\"");
    assert_topics_told(&of_one, BY_DEVICE, &[other]);
    // The gauges of the tiny city speak JSON.
    assert_topics_told(
        &tiny(),
        "vendor-x/{asset}/command",
        &[(
            BY_DEVICE,
            "is Sparkplug's, and this feed's format is mapped-json",
        )],
    );
}

#[test]
fn an_asset_that_is_not_named_by_its_feeds_group_is_told_of() {
    let header = "feed,asset,name_zh,name_en,lon,lat,area\n";
    let told = |mut files: Files, asset: &str| {
        let text = format!("{header}pumps,{asset},泵,Pump,118.05,24.45,900001001\n");
        files.insert("assets.csv".to_owned(), text);
        let problems = problems_in(&files);
        problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for asset in ["plant:n1", "plant:n1:pump"] {
        assert_eq!(told(pumps(), asset), Vec::<String>::new());
    }
    let sentence = "can never be heard of: the assets of this feed are named plant:NODE:DEVICE";
    for asset in ["plnat:n1:pump", "plant", "pump"] {
        let problems = told(pumps(), asset);
        let [one] = problems.as_slice() else {
            panic!("{asset}: {problems:?}");
        };
        assert!(one.starts_with("assets.csv:2:7: ") && one.contains(sentence));
    }
    // By one level, or of any group, they have other names.
    assert_eq!(told(named_by_device(), "pump"), Vec::<String>::new());
    let of_any = edited(pumps(), FEEDS, |text| {
        text.replace("spBv1.0/plant/#", "spBv1.0/#")
    });
    assert_eq!(told(of_any, "weir:n1"), Vec::<String>::new());
}

/// The line on which `text` stands, which stands there once.
fn line_of(text: &str) -> usize {
    let files = pumps();
    let (before, _) = files[FEEDS].split_once(text).expect("it stands there");
    before.matches('\n').count() + 1
}

#[test]
fn what_a_metric_is_told_is_a_value_of_its_datatype() {
    let place = format!("feeds.toml:{}:11: ", line_of("payload = '''"));
    for (old, new, sentence) in [
        (
            "\"value\":-5}",
            "\"value\":-129}",
            "metric \"Limit\": -129 is no Int8",
        ),
        ("\"value\":-5}", "\"value\":0.5}", "0.5 is no Int8"),
        ("\"value\":-5}", "\"value\":null}", "null is no Int8"),
        (
            "\"value\":-5}",
            "\"value\":\"{id}\"}",
            "\"{id}\" is no Int8",
        ),
        (
            "\"dataType\":\"DateTime\"",
            "\"dataType\":\"Int32\"",
            "\"{expires_at_ms}\" is no Int32",
        ),
        (
            "\"dataType\":\"String\"",
            "\"dataType\":\"Double\"",
            "\"Egret {id}\" is no Double",
        ),
        (
            "\"name\":\"Limit\"",
            "\"name\":\"Run\"",
            "metric \"Run\" stands here a second time",
        ),
        (
            "\"name\":\"Limit\"",
            "\"name\":\"L-{id}\"",
            "with nothing to fill in",
        ),
        (
            "\"name\":\"Limit\"",
            "\"name\":\"Limit\",\"timestamp\":7",
            "its timestamp is the order's",
        ),
    ] {
        assert_told_at(&place, (old, new), sentence);
    }
}

#[test]
fn what_is_no_payload_of_sparkplugs_is_told_within_it() {
    let line = line_of("\"name\":\"Limit\"");
    for (old, new, line, sentence) in [
        (
            "\"dataType\":\"Int8\"",
            "\"dataType\":\"Bytes\"",
            line,
            "unknown word `Bytes`",
        ),
        ("\"dataType\":\"Int8\",", "", line, "missing key `dataType`"),
        (
            "\"dataType\":\"Int8\"",
            "\"datatype\":\"Int8\"",
            line,
            "did you mean \"dataType\"?",
        ),
        (
            "{\"metrics\":[",
            "{\"seq\":1,\"metrics\":[",
            line_of("{\"metrics\":["),
            "unknown key `seq`",
        ),
    ] {
        assert_told_at(&format!("feeds.toml:{line}:"), (old, new), sentence);
    }
}

#[test]
fn whatever_can_be_said_for_a_parameter_is_a_value_of_its_metrics_datatype() {
    let speed = "type  = \"number\"\nrange = [0.0, 100.0]\nwhole = true";
    assert_all_told_of(
        &pumps(),
        FEEDS,
        &[
            (
                "en = \"Pump on\" }\ntype = \"switch\"",
                "en = \"Pump on\" }\ntype = ¦\"number\"",
                "metric \"Run\" is declared Boolean, which no number is",
            ),
            (
                "en = \"Pump on\" }\ntype = \"switch\"",
                "en = \"Pump on\" }\ntype = \"switch\"\nwhole = ¦true",
                "whole is for numbers",
            ),
            (
                speed,
                "type  = ¦\"switch\"",
                "metric \"Speed\" is declared UInt8, and a switch is a Boolean",
            ),
            (
                speed,
                "type  = ¦\"number\"\nrange = [0.0, 100.0]",
                "takes whole numbers alone: whole = true",
            ),
            (
                speed,
                "type  = ¦\"number\"\nwhole = true",
                "from 0 to 255: a range within that is needed",
            ),
            (
                speed,
                "type  = \"number\"\nrange = ¦[0.0, 256.0]\nwhole = true",
                "from 0 to 255, and the range goes beyond",
            ),
            (
                "range = [-0.5, 3.5]",
                "range = ¦[-0.5, 1e39]",
                "and the range goes beyond",
            ),
            (
                "{ value = \"-1\",",
                "{ value = ¦\"auto\",",
                "metric \"Mode\" is declared Int16, which \"auto\" is none of",
            ),
        ],
    );
}
