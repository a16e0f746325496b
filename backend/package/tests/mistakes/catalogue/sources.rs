//! What a metric is taken from: feeds, their properties and states, assets, and the quality of
//! feeds.

use super::assert_told;

#[test]
fn a_source_names_its_feeds_in_one_way_and_feeds_of_one_kind() {
    assert_told(&[
        (
            "{ class = \"manhole\",",
            "{ class = ¦\"manhol\",",
            "there is no asset class \"manhol\"; did you mean \"manhole\"?",
        ),
        (
            "{ class = \"manhole\",",
            "{ feed = \"manhole\", class = ¦\"manhole\",",
            "feeds are named in one way: leave feed or class out",
        ),
        (
            "{ feed = [\"road\"],",
            "{ feed = ¦[],",
            "the list of feeds is empty: write feed = \"…\" or feed = [\"…\", \"…\"]",
        ),
        (
            "{ feed = [\"road\"],",
            "{ feed = [\"road\", ¦\"rode\"],",
            "there is no feed \"rode\"; did you mean \"road\"?",
        ),
        (
            "{ feed = [\"road\"],",
            "{ feed = [\"road\", ¦\"road\"],",
            "feed \"road\" stands here a second time",
        ),
        (
            "{ feed = [\"road\"],",
            "{ feed = [\"road\", ¦\"hotline\"],",
            "feed \"hotline\" carries reports, but \"road\" carries readings: make a metric of each",
        ),
        (
            "source    = { feed = \"manhole\", property = \"water_level\" }",
            "source    = { feed = [\"manhole\", ¦\"road\"], property = \"water_level\" }",
            "feed \"road\" maps no property \"water_level\", only ponding_depth",
        ),
        (
            "source    = { feed = \"manhole\", property = \"water_level\" }",
            "source    = ¦{ property = \"water_level\" }",
            "the source does not say of which feeds: write feed = \"…\", or class = \"…\"",
        ),
        (
            "source    = { feed = \"manhole\", property = \"water_level\" }",
            "source    = { department = ¦\"water\", property = \"water_level\" }",
            "department goes with quality only: write feed or class",
        ),
        (
            "source    = { feed = \"manhole\", property = \"water_level\" }",
            "source    = { feed = ¦7, property = \"water_level\" }",
            "write a text in quotes, or a list of them",
        ),
    ]);
}

#[test]
fn a_source_has_a_property_or_a_state_or_two_steps() {
    assert_told(&[
        (
            "state = [\"opened\", \"reopened\"]",
            "state = \"opened\", to = ¦\"closed\"",
            "state and to exclude each other",
        ),
        (
            "state = [\"opened\", \"reopened\"]",
            "state = ¦[]",
            "the list of states is empty: write state = \"opened\"",
        ),
        (
            "state = [\"opened\", \"reopened\"]",
            "state = [\"opened\", ¦\"opened\"]",
            "state \"opened\" stands here a second time",
        ),
        (
            "state = [\"opened\", \"reopened\"]",
            "state = [\"opened\", ¦\"\"]",
            "a state must not be empty",
        ),
        (
            "{ feed = \"hotline\", from = \"opened\", to = \"closed\" }",
            "{ feed = \"hotline\", from = ¦\"opened\" }",
            "from = \"opened\" needs to: until which state?",
        ),
        (
            "{ feed = \"hotline\", from = \"opened\", to = \"closed\" }",
            "{ feed = \"hotline\", to = ¦\"closed\" }",
            "to = \"closed\" needs from: since which state?",
        ),
        (
            "{ feed = \"hotline\", from = \"opened\", to = \"closed\" }",
            "{ feed = \"hotline\", from = \"opened\", to = ¦\"opened\" }",
            "from and to are both \"opened\": the time between needs two different states",
        ),
        (
            "{ feed = \"hotline\", from = \"opened\", to = \"closed\" }",
            "{ feed = \"manhole\", from = ¦\"opened\", to = \"closed\" }",
            "feed \"manhole\" carries readings, which have no states: write property, not from",
        ),
        (
            "report.category != 'test'",
            "¦value > 3.0",
            "there is no \"value\" here, only report.category, report.state and report.text",
        ),
    ]);
}

#[test]
fn assets_are_named_by_what_they_are_called() {
    assert_told(&[
        (
            "assets = [\"M-*\", \"N-1\"]",
            "assets = [\"M-*\", ¦\"N-11\"]",
            "no asset of manhole in assets.csv is called \"N-11\"; did you mean \"N-1\"?",
        ),
        (
            "assets = [\"M-*\", \"N-1\"]",
            "assets = [\"M-*\", ¦\"XL-*\"]",
            "no asset of manhole in assets.csv is called \"XL-*\"",
        ),
        (
            "assets = [\"M-*\", \"N-1\"]",
            "assets = [¦\"M*1\"]",
            "\"M*1\": * stands at the end only, as in \"XL-*\"",
        ),
        (
            "assets = [\"M-*\", \"N-1\"]",
            "assets = [¦\"*\"]",
            "\"*\" means every asset: leave assets out",
        ),
        (
            "assets = [\"M-*\", \"N-1\"]",
            "assets = [¦\"\"]",
            "an asset's id must not be empty",
        ),
        (
            "assets = [\"M-*\", \"N-1\"]",
            "assets = ¦[]",
            "the list of assets is empty: leave it out to mean all of them",
        ),
        (
            "state = [\"opened\", \"reopened\"]",
            "state = \"opened\", assets = ¦[\"M-1\"]",
            "reports have no assets: leave assets out",
        ),
    ]);
}

#[test]
fn quality_is_of_whole_feeds_over_the_last_hour() {
    assert_told(&[
        (
            "quality = \"score\"",
            "quality = ¦\"scores\"",
            "unknown word `scores`; there are `score`, `timeliness`, `completeness`, `validity`, \
             `refused`; did you mean \"score\"?",
        ),
        (
            "department = \"water\" }",
            "department = ¦\"warter\" }",
            "there is no department \"warter\"; did you mean \"water\"?",
        ),
        (
            "{ quality = \"score\", department = \"water\" }",
            "¦{ quality = \"score\" }",
            "or department = \"…\"",
        ),
        (
            "department = \"water\" }",
            "department = \"water\", where = ¦\"value > 1.0\" }",
            "quality is of whole feeds: leave where out",
        ),
        (
            "department = \"water\" }",
            "department = \"water\" }\naggregate = ¦\"mean\"",
            "quality is always that of the last hour: leave aggregate out",
        ),
        (
            "department = \"water\" }",
            "department = \"water\" }\nwindow = ¦{ sliding = \"10m\", every = \"1m\" }",
            "quality is always that of the last hour: leave window out; only refused has one",
        ),
        (
            "quality = \"score\", department = \"water\" }",
            "quality = \"refused\", department = \"water\" }\nwindow = { sliding = ¦\"2h\", every = \"1m\" }",
            "2h is not made of whole minutes, 60 at most",
        ),
        (
            "quality = \"score\", department = \"water\" }",
            "quality = \"refused\", department = \"water\" }\nwindow = ¦{ tumbling = \"1h\" }",
            "refused messages have a sliding window",
        ),
        (
            "department = \"water\" }",
            "department = \"water\" }\nby = ¦\"responsible\"",
            "quality is one number for the whole city: leave by out",
        ),
    ]);
}
