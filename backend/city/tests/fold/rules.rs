//! Kinds of rules: rate, stuck, geofence, anomaly, silence by groups.

use std::sync::Arc;

use egret_package::Package;
use egret_shared::alert::{AlertState, Subject};
use egret_shared::level::Level;
use egret_shared::time::{Span, TimeMs};

use crate::story::{EAST, Story, WEST_1, north, tiny_files, tiny_with, tiny_with_all};

const WEEK: Span = Span(7 * 24 * 3_600_000);

/// A story with these rules beside the tiny city's own.
pub(crate) fn with(rules: &str) -> Story {
    Story::of(tiny_with("rules.toml", rules))
}

/// The states of a rule's alerts, by key.
pub(crate) fn states(story: &Story, rule: &str) -> Vec<AlertState> {
    let alerts = story.alerts(rule);
    alerts.iter().map(|alert| alert.state).collect()
}

const RISING: &str = r#"
[[rule]]
id      = "rising"
name    = { zh = "水位骤升", en = "Rising fast" }
kind    = "rate"
on      = { feed = "manhole", property = "water_level" }
window  = "10m"
level   = { yellow = 1.0, red = 6.0 }
message = { zh = "{asset} {rate}，现 {now}", en = "{asset} {rate} over {window}, now {now}" }
"#;

#[test]
fn a_rate_fires_when_half_a_window_shows_it_and_ends_when_the_level_rests() {
    let mut story = with(RISING);
    for step in 0..5 {
        story.read(
            "manhole",
            "M-1",
            "water_level",
            0.5 + 0.05 * f64::from(step),
        );
        story.wait("1m");
    }
    assert!(
        story.alerts("rising").is_empty(),
        "four minutes are too few"
    );
    story.read("manhole", "M-1", "water_level", 0.75);
    let alert = &story.alerts("rising")[0];
    assert_eq!(
        (alert.state, alert.level),
        (AlertState::Firing, Level::Yellow)
    );
    assert!((alert.v.unwrap() - 3.0).abs() < 1e-9, "{alert:?}");
    assert_eq!(alert.unit, "m/h");
    assert_eq!(alert.message.en, "M-1 +3 m/h over 10 min, now 0.75 m");
    assert_eq!(alert.message.zh, "M-1 +3 m/h，现 0.75 m");
    story.wait_with("20m", "manhole", "M-1", "water_level", 0.75);
    assert_eq!(states(&story, "rising"), [AlertState::Resolved]);
}

#[test]
fn a_rate_of_which_nothing_more_is_heard_ends_with_its_window() {
    let mut story = with(RISING);
    for step in 0..7 {
        story.read("manhole", "M-1", "water_level", 0.5 + 0.1 * f64::from(step));
        story.wait("1m");
    }
    assert_eq!(states(&story, "rising"), [AlertState::Firing]);
    story.wait("8m");
    assert_eq!(states(&story, "rising"), [AlertState::Firing]);
    story.wait("2m");
    assert_eq!(states(&story, "rising"), [AlertState::Resolved]);
}

#[test]
fn a_late_reading_makes_no_rate() {
    let mut story = with(RISING);
    story.wait_with("6m", "manhole", "M-1", "water_level", 0.5);
    story.read_late("4m", "manhole", "M-1", "water_level", 9.0);
    story.wait_with("1m", "manhole", "M-1", "water_level", 0.5);
    assert!(story.alerts("rising").is_empty());
}

#[test]
fn a_metric_has_a_rate_too() {
    let mut story = with(
        r#"
[[rule]]
id     = "worse"
name   = { zh = "恶化", en = "Getting worse" }
kind   = "rate"
on     = { metric = "water.manhole_level_max" }
when   = "value >= 0.1"
window = "4m"
per    = "1m"
level  = "blue"
"#,
    );
    for step in 0..6 {
        story.read("manhole", "M-1", "water_level", 0.3 * f64::from(step));
        story.wait("1m");
    }
    let alerts = story.alerts("worse");
    let city = alerts.iter().find(|alert| alert.areas.len() == 1).unwrap();
    assert_eq!(city.message.en, "Getting worse: Tinytown +0.3 m/min");
    assert_eq!(city.unit, "m/min");
    story.wait("20m");
    assert!(
        states(&story, "worse")
            .iter()
            .all(|state| *state == AlertState::Resolved)
    );
}

#[test]
fn a_value_is_stuck_when_it_stays_within_the_tolerance_for_too_long() {
    let mut story = with(
        r#"
[[rule]]
id        = "stuck"
name      = { zh = "数值不变", en = "Stuck" }
kind      = "stuck"
on        = { feed = "manhole", property = "water_level" }
when      = "value > 0.1"
after     = "10m"
tolerance = 0.01
level     = "blue"
"#,
    );
    story.wait_with("10m", "manhole", "M-1", "water_level", 0.5);
    story.wait_with("10m", "manhole", "M-2", "water_level", 0.0);
    assert!(story.alerts("stuck").is_empty(), "the limit is not reached");
    story.read("manhole", "M-1", "water_level", 0.505);
    story.read("manhole", "M-2", "water_level", 0.0);
    let stuck = story.alerts("stuck");
    assert_eq!(stuck.len(), 1, "dry ones may well tell the same");
    assert_eq!(stuck[0].message.en, "Stuck: M-1 has told 0.51 m for 20 min");
    story.wait("1s");
    story.read("manhole", "M-1", "water_level", 0.52);
    assert_eq!(states(&story, "stuck"), [AlertState::Resolved]);
}

fn fence(passage: &str, zone: &str, more: &str) -> String {
    format!(
        r#"
[[rule]]
id      = "fence"
name    = {{ zh = "围栏", en = "Fence" }}
kind    = "geofence"
on      = {{ feed = "probe-car" }}
zone    = {zone}
passage = "{passage}"
level   = "yellow"
{more}
"#
    )
}

#[test]
fn an_asset_that_enters_a_zone_is_told_of_until_it_is_outside() {
    let mut story = with(&fence("enter", "{ area = \"900002\" }", ""));
    story.read_at(WEST_1, "probe-car", "C-1", "speed", 30.0);
    assert!(story.alerts("fence").is_empty());
    story.wait("10s");
    story.read_at(EAST, "probe-car", "C-1", "speed", 30.0);
    let alert = &story.alerts("fence")[0];
    assert_eq!(alert.message.en, "Fence: C-1 is in East");
    assert_eq!(alert.state, AlertState::Firing);
    story.wait("10s");
    story.read_at(WEST_1, "probe-car", "C-1", "speed", 30.0);
    assert_eq!(states(&story, "fence"), [AlertState::Resolved]);
}

#[test]
fn only_what_was_inside_can_leave() {
    let circle = "{ circle = { lon = 118.05, lat = 24.45, radius = \"200m\" } }";
    let mut story = with(&fence("leave", circle, ""));
    story.read_at(EAST, "probe-car", "C-1", "speed", 30.0);
    story.read_at(WEST_1, "probe-car", "C-2", "speed", 30.0);
    story.wait("10s");
    story.read_at(north(WEST_1, 150.0), "probe-car", "C-2", "speed", 30.0);
    assert!(story.alerts("fence").is_empty());
    story.wait("10s");
    story.read_at(north(WEST_1, 250.0), "probe-car", "C-2", "speed", 30.0);
    let alerts = story.alerts("fence");
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].message.en, "Fence: C-2 has left Fence");
    story.wait("10s");
    story.read_at(WEST_1, "probe-car", "C-2", "speed", 30.0);
    assert_eq!(states(&story, "fence"), [AlertState::Resolved]);
}

#[test]
fn an_asset_dwells_in_the_polygon_of_a_file_after_its_time() {
    let square = r#"{"type":"Polygon","coordinates":[[[118.04,24.44],[118.06,24.44],[118.06,24.46],[118.04,24.46],[118.04,24.44]]]}"#;
    let rule = fence("dwell", "{ file = \"depot.geojson\" }", "after = \"5m\"");
    let package = tiny_with_all(&[("zones/depot.geojson", square), ("rules.toml", &rule)]);
    let mut story = Story::of(package);
    story.read_at(WEST_1, "probe-car", "C-1", "speed", 0.0);
    assert_eq!(states(&story, "fence"), [AlertState::Pending]);
    story.wait_with("6m", "probe-car", "C-1", "speed", 0.0);
    let alert = &story.alerts("fence")[0];
    assert_eq!(alert.state, AlertState::Firing);
    assert_eq!(alert.message.en, "Fence: C-1 has been in depot for 5 min");
    story.read_at(EAST, "probe-car", "C-1", "speed", 0.0);
    story.wait("1s");
    assert_eq!(states(&story, "fence"), [AlertState::Resolved]);
}

#[test]
fn an_anomaly_is_told_with_what_is_usual() {
    let metric = "\n[[metric]]\nid = \"water.level_usual\"\nname = { zh = \"水位\", en = \"Level\" }\n\
         domain = \"water\"\nsource = { feed = \"manhole\", property = \"water_level\" }\n\
         aggregate = \"mean\"\nwindow = { sliding = \"5m\", every = \"1m\" }\nunit = \"m\"\n\
         baseline = true\n";
    let rule = "\n[[rule]]\nid = \"odd\"\nname = { zh = \"异常\", en = \"Odd\" }\nkind = \"anomaly\"\n\
         on = { metric = \"water.level_usual\" }\nside = \"above\"\nlevel = \"blue\"\n";
    let package = tiny_with_all(&[("metrics.toml", metric), ("rules.toml", rule)]);
    let mut story = Story::of(package);
    for v in [1.0, 1.1, 0.9] {
        let begin = story.now;
        story.wait_with("40m", "manhole", "M-1", "water_level", v);
        story.now = begin.plus(WEEK);
        story.wait("1s");
        story.now = begin.plus(WEEK);
    }
    assert!(story.alerts("odd").is_empty(), "nothing was usual yet");
    story.wait_with("20m", "manhole", "M-1", "water_level", 2.5);
    let city = story.alerts("odd");
    let city = city.iter().find(|alert| alert.areas.len() == 1).unwrap();
    assert_eq!(
        city.message.en,
        "Odd: Tinytown 2.5 m, usually 1 m at this hour"
    );
    story.wait_with("20m", "manhole", "M-1", "water_level", 0.2);
    assert!(
        states(&story, "odd")
            .iter()
            .all(|state| *state == AlertState::Resolved),
        "below is not above"
    );
}

/// Three manholes behind one gateway, and one on its own.
fn behind_a_gateway() -> Story {
    let mut files = tiny_files();
    let rules = files.get_mut("rules.toml").unwrap();
    *rules = rules.replace(
        "after    = \"5m\"\n",
        "after    = \"5m\"\nby = \"gateway\"\n",
    );
    let csv = "feed,asset,name_zh,name_en,lon,lat,area,gateway\n\
        manhole,M-1,一,One,118.05,24.45,,GW-7\n\
        manhole,M-2,二,Two,118.05,24.451,,GW-7\n\
        manhole,M-3,三,Three,118.15,24.45,,GW-7\n\
        manhole,M-4,四,Four,118.05,24.45,,\n";
    files.insert("assets.csv".to_owned(), csv.to_owned());
    Story::of(Arc::new(Package::load(&files).unwrap()))
}

#[test]
fn a_gateway_that_fails_is_one_alert() {
    let mut story = behind_a_gateway();
    for (asset, place) in [
        ("M-1", WEST_1),
        ("M-2", WEST_1),
        ("M-3", EAST),
        ("M-4", WEST_1),
    ] {
        story.read_at(place, "manhole", asset, "water_level", 0.5);
        story.wait("20s");
    }
    story.wait("6m");
    let alerts = story.alerts("manhole-silent");
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert!(
        matches!(&alerts[0].key.subject, Subject::Gateway { gateway, .. } if gateway == "GW-7")
    );
    assert_eq!(
        alerts[0].message.en,
        "Manhole silent: no word from 3 of 3 of GW-7"
    );
    assert_eq!(
        alerts[0].areas,
        ["900000".into()],
        "they lie in both districts"
    );
    story.wait("5m");
    let alerts = story.alerts("manhole-silent");
    assert_eq!(
        alerts.len(),
        2,
        "the one without a gateway is told of alone"
    );
    story.read("manhole", "M-1", "water_level", 0.5);
    story.read("manhole", "M-2", "water_level", 0.5);
    story.wait("1s");
    let open: Vec<_> = story.alerts("manhole-silent");
    let open: Vec<_> = open
        .iter()
        .filter(|alert| alert.state == AlertState::Firing)
        .map(|alert| alert.message.en.as_str())
        .collect();
    assert_eq!(
        open,
        [
            "Manhole silent: no word from Three",
            "Manhole silent: no word from Four",
        ],
        "one of three is no failed gateway"
    );
}

#[test]
fn limits_alone_are_a_condition_too() {
    let mut story = with(
        "\n[[rule]]\nid = \"bare\"\nname = { zh = \"裸\", en = \"Bare\" }\nkind = \"threshold\"\n\
         on = { feed = \"air\", property = \"pm2_5\" }\nlevel = { yellow = 75.0, red = 150.0 }\n",
    );
    story.read("air", "A-1", "pm2_5", 74.0);
    assert!(story.alerts("bare").is_empty());
    story.wait("1s");
    story.read("air", "A-1", "pm2_5", 75.0);
    assert_eq!(story.alerts("bare")[0].level, Level::Yellow);
    let at = TimeMs(story.now.0);
    assert_eq!(story.alerts("bare")[0].since, at);
}
