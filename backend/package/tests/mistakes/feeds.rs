//! Mistakes in `feeds.toml`.

use egret_package::Package;

use crate::told::{assert_all_told, assert_all_told_of, problems_after, tiny, told};

#[test]
fn the_examples_of_the_documentation_are_good() {
    let guide = include_str!("../../../../docs/formats.md");
    let blocks = guide.split("```toml\n").skip(1);
    let examples: Vec<&str> = blocks
        .filter_map(|block| block.split("```").next())
        .collect();
    assert!(!examples.is_empty(), "the guide has examples");
    let mut files = tiny();
    let text = files.get_mut("feeds.toml").unwrap();
    *text = [text.as_str(), &examples.join("\n")].join("\n");
    assert_eq!(Package::load(&files).err(), None);
}

#[test]
fn mistakes_in_feeds_are_told_at_their_place() {
    assert_all_told(
        "feeds.toml",
        &[
            (
                "department   = \"water\"",
                "department   = ¦\"watr\"",
                "no department \"watr\"; did you mean \"water\"?",
            ),
            (
                "format       = \"mapped-json\"",
                "format       = ¦\"egret-xml\"",
                "unknown word `egret-xml`",
            ),
            (
                "topic        = \"egret/v1/manhole/+\"",
                "topic        = ¦\"egret/v1/man+\"",
                "+ must stand alone",
            ),
            (
                "topic        = \"egret/v1/probe-car/+\"",
                "topic        = ¦\"egret/v1/manhole/+\"",
                "is feed \"manhole\"'s already",
            ),
            (
                "{ topic = 1 }",
                "{ topic = ¦3 }",
                "has no level 3, counted from 0",
            ),
            (
                "pointer = \"/ts\"",
                "pointer = ¦\"ts\"",
                "begins with /, as in \"/ts\"",
            ),
            (
                "pointer = \"/depth_mm\"",
                "pointer = ¦\"/depth~mm\"",
                "~ is written ~0",
            ),
            (
                "property = \"ponding_depth\"",
                "property = ¦\"pondng_depth\"",
                "did you mean \"ponding_depth\"?",
            ),
            (
                "unit = \"mm\"",
                "unit = ¦\"s\"",
                "\"s\" does not convert to the property's unit \"cm\"",
            ),
            (
                "{ pm25 = \"pm2_5\" }",
                "{ pm25 = ¦\"pm25\" }",
                "no property \"pm25\"",
            ),
            (
                "lateness     = \"10m\"",
                "lateness     = \"10m\"\npersonal = [\"/a\", ¦\"b\"]",
                "no JSON Pointer",
            ),
            (
                "report       = true",
                "moving       = ¦true\nreport       = true",
                "reports have no assets: leave moving out",
            ),
        ],
    );
}

#[test]
fn syntax_errors_have_their_line_and_column() {
    assert_eq!(
        told(
            "feeds.toml",
            "id           = \"road\"",
            "id           ¦\"road\"",
            "expected",
        ),
        Ok(())
    );
}

#[test]
fn mistakes_in_the_times_of_a_feed_are_told_at_their_place() {
    assert_all_told(
        "feeds.toml",
        &[
            (
                "expect_every = \"10s\"",
                "expect_every = ¦\"0s\"",
                "must be longer than nothing",
            ),
            (
                "lateness     = \"10m\"",
                "lateness     = \"10m\"\nbackfill = ¦\"5m\"",
                "backfill 5m must be lateness 10m at least, or be left out",
            ),
            (
                "lateness     = \"10m\"",
                "lateness     = \"10m\"\nbackfill = ¦\"2d\"",
                "backfill 2d is too long: 1d is the most",
            ),
            (
                "lateness     = \"10m\"",
                "lateness     = ¦\"36h\"",
                "lateness 36h is too long: 1d is the most",
            ),
        ],
    );
}

#[test]
fn mistakes_in_what_a_format_makes_use_of_are_told_at_their_place() {
    let map = "topic        = \"vendor-x/+/telemetry\"      # any vendor's topic and JSON
format       = \"mapped-json\"
expect_every = \"60s\"
crs          = \"gcj02\"

[feed.map]
asset    = { topic = 1 }                   # topic level, counted from 0
";
    assert_all_told(
        "feeds.toml",
        &[
            (
                map,
                "topic = \"v/+\"\nformat = \"mapped-json\"\n¦[feed.map]\n",
                "mapped-json needs asset in it: where the asset's id is, as in { topic = 1 }",
            ),
            (
                map,
                "topic = \"v/+\"\nformat = \"senml\"\n¦[feed.map]\nasset = { topic = 1 }\n",
                "senml knows where things are: leave [feed.map] out",
            ),
        ],
    );
}

#[test]
fn mistakes_in_feeds_of_uplinks_are_told_at_their_place() {
    let manhole = "topic        = \"egret/v1/manhole/+\"\nformat       = \"egret-json\"
expect_every = \"60s\"\nlateness     = \"10m\"\nclassification = \"public\"\n";
    for (topic, more, sentence) in [
        (
            "¦\"application/+/device/+/event/join\"",
            "",
            "\"join\" brings no uplinks, which come to topics that end in up",
        ),
        (
            "\"application/+/device/+/event/up\"",
            "[feed.map]\neach = ¦\"/x\"",
            "chirpstack-v4 has one uplink in a message: leave each out",
        ),
        (
            "\"application/+/device/+/event/up\"",
            "[feed.map]\nvalues = [{ property = \"water_level\", pointer = \"/object/a\" }]\n\
             ¦[feed.names]\na = { property = \"water_level\" }",
            "values are named in one way: leave [feed.names] or the map's values out",
        ),
        (
            "\"application/+/device/+/event/up\"",
            "[feed.map]\nvalues = ¦[]",
            "there must be one value at least",
        ),
    ] {
        let new = format!("topic = {topic}\nformat = \"chirpstack-v4\"\n{more}\n");
        assert_eq!(told("feeds.toml", manhole, &new, sentence), Ok(()));
    }
    let new = "topic = ¦\"v3/+/devices/+/down/queued\"\nformat = \"tts-v3\"\n";
    let sentence = "\"down\" brings no uplinks, which come to topics that end in up";
    assert_eq!(told("feeds.toml", manhole, new, sentence), Ok(()));
}

#[test]
fn entities_take_their_asset_alone_from_a_map() {
    let manhole = "topic        = \"egret/v1/manhole/+\"\nformat       = \"egret-json\"
expect_every = \"60s\"\nlateness     = \"10m\"\nclassification = \"public\"\n";
    let new = "topic = \"n/+\"\nformat = \"ngsi-ld\"\n[feed.map]\n\
               asset = { pointer = \"/ref\" }\nid = ¦{ pointer = \"/id\" }\n";
    let sentence = "ngsi-ld takes only asset from [feed.map]: leave id out";
    assert_eq!(told("feeds.toml", manhole, new, sentence), Ok(()));
}

#[test]
fn nodes_are_named_by_their_topics() {
    let manhole = "topic        = \"egret/v1/manhole/+\"\nformat       = \"egret-json\"
expect_every = \"60s\"\nlateness     = \"10m\"\nclassification = \"public\"\n";
    for (new, sentence) in [
        (
            "topic = ¦\"plant/+\"\nformat = \"sparkplug-b\"\n",
            "sparkplug-b comes to topics that begin with spBv1.0/",
        ),
        (
            "format = ¦\"sparkplug-b\"\n",
            "sparkplug-b needs a topic: who speaks stands in it",
        ),
        (
            "topic = \"spBv1.0/+/#\"\nformat = \"sparkplug-b\"\n[feed.map]\n\
             asset = ¦{ pointer = \"/a\" }\n",
            "sparkplug-b is no JSON: the asset is a level of the topic, { topic = 4 }",
        ),
        (
            "topic = \"spBv1.0/+/#\"\nformat = \"sparkplug-b\"\n[feed.map]\n\
             asset = { topic = 4 }\nid = ¦{ topic = 1 }\n",
            "sparkplug-b takes only asset from [feed.map]: leave id out",
        ),
    ] {
        assert_eq!(told("feeds.toml", manhole, new, sentence), Ok(()));
    }
}

#[test]
fn events_may_have_a_map_with_values_but_reports_have_none() {
    let manhole = "topic        = \"egret/v1/manhole/+\"\nformat       = \"egret-json\"
expect_every = \"60s\"\nlateness     = \"10m\"\nclassification = \"public\"\n";
    let new =
        "topic = \"e/+\"\nformat = \"cloudevents\"\n¦[feed.map]\nasset = { pointer = \"/a\" }\n";
    let sentence = "cloudevents needs values in it: there must be one at least";
    assert_eq!(told("feeds.toml", manhole, new, sentence), Ok(()));
    let hotline = "topic        = \"egret/v1/hotline/report/+\"\nformat       = \"egret-json\"
classification = \"sensitive\"\n";
    let new = "topic = \"e/+\"\nformat = \"cloudevents\"\n¦[feed.map]\n\
               values = [{ property = \"speed\", pointer = \"/a\" }]\n";
    let sentence = "a map is of readings, leave [feed.map] out";
    assert_eq!(told("feeds.toml", hotline, new, sentence), Ok(()));
}

#[test]
fn what_leads_nowhere_in_a_format_is_told_at_its_place() {
    let hotline = "topic        = \"egret/v1/hotline/report/+\"\nformat       = \"egret-json\"
classification = \"sensitive\"\n";
    for (new, sentence) in [
        (
            "format = \"gtfs-rt\"\npersonal = ¦[\"/alert\"]\n",
            "gtfs-rt is no JSON, no pointer leads anywhere in it: leave personal out",
        ),
        (
            "format = \"cap-1.2\"\npersonal = ¦[\"/alert/info\"]\n",
            "cap-1.2 is no JSON, no pointer leads anywhere in it: leave personal out",
        ),
        (
            "format = \"gtfs-rt\"\n¦[feed.names]\nspeed = { property = \"speed\" }\n",
            "names are of values, and reports have none: leave [feed.names] out",
        ),
    ] {
        assert_eq!(told("feeds.toml", hotline, new, sentence), Ok(()));
    }
}

#[test]
fn formats_of_reports_alone_are_for_feeds_of_reports() {
    let old = "asset_class  = \"manhole\"\ntopic        = \"egret/v1/manhole/+\"
format       = \"egret-json\"\n";
    for format in ["cap-1.2", "open311"] {
        let new = format!(
            "asset_class  = \"manhole\"\ntopic        = \"egret/v1/manhole/+\"
format       = ¦\"{format}\"\n"
        );
        let sentence =
            format!("{format} has reports only: say report = true, and leave asset_class out");
        assert_eq!(told("feeds.toml", old, &new, &sentence), Ok(()));
    }
}

#[test]
fn mistakes_in_names_are_told_at_their_place() {
    let old = "format       = \"egret-json\"\nexpect_every = \"60s\"\nlateness     = \"10m\"\nclassification = \"public\"\n";
    let senml = |names: &str| format!("format = \"senml\"\n[feed.names]\n{names}\n");
    for (names, sentence) in [
        (
            "level = { property = ¦\"water_levl\" }",
            "there is no property \"water_levl\"; did you mean \"water_level\"?",
        ),
        (
            "level = { property = \"water_level\", unit = ¦\"s\" }",
            "\"s\" does not convert to the property's unit \"m\"",
        ),
        ("level = ¦\"water_level\"", "expected a table"),
        ("level = ¦{ unit = \"m\" }", "missing key `property`"),
    ] {
        assert_eq!(told("feeds.toml", old, &senml(names), sentence), Ok(()));
    }
    assert_eq!(
        told(
            "feeds.toml",
            "classification = \"public\"\n",
            "classification = \"public\"\n¦[feed.names]\na = { property = \"water_level\" }\n",
            "egret-json names no properties in words: leave [feed.names] out",
        ),
        Ok(())
    );
    assert_eq!(
        told(
            "feeds.toml",
            "topic        = \"egret/v1/hotline/report/+\"\nformat       = \"egret-json\"",
            "topic        = \"egret/v1/hotline/report/+\"\nformat       = ¦\"senml\"",
            "reports come as egret-json, cloudevents, gtfs-rt, cap-1.2 or open311: senml has readings only",
        ),
        Ok(())
    );
}

#[test]
fn a_lateness_beyond_the_usual_backfill_needs_no_backfill_of_its_own() {
    assert!(problems_after("feeds.toml", "lateness     = \"10m\"", "lateness = \"6h\"").is_empty());
}

#[test]
fn requests_are_the_reports_of_one_feed_whose_services_have_words() {
    assert_all_told(
        "feeds.toml",
        &[
            (
                "report       = true",
                "report       = true\nopen311 = ¦true",
                "[category.hotline] must name one at least",
            ),
            (
                "lateness     = \"10m\"",
                "lateness     = \"10m\"\nopen311 = ¦true",
                "requests are reports",
            ),
        ],
    );
    let mut files = tiny();
    let words = "[category.hotline]\nponding = { zh = \"积水\", en = \"Ponding\" }\n";
    files.insert("words.toml".to_owned(), words.to_owned());
    let text = files.get_mut("feeds.toml").unwrap();
    *text = text.replacen(
        "report       = true",
        "report       = true\nopen311 = true",
        1,
    );
    assert_eq!(Package::load(&files).err(), None);
    assert_all_told_of(
        &files,
        "feeds.toml",
        &[
            (
                "open311 = true",
                "open311 = true\ncrs = ¦\"gcj02\"",
                "positions of requests are WGS 84",
            ),
            (
                "[[feed]]\nid           = \"air\"",
                "[[feed]]\nid = \"second\"\nname = { zh = \"二\", en = \"Two\" }\n\
                 department = \"west\"\ndomain = \"hotline\"\nreport = true\nopen311 = ¦true\n\
                 format = \"egret-json\"\n\n[[feed]]\nid           = \"air\"",
                "feed \"hotline\" has the city's requests already",
            ),
        ],
    );
}
