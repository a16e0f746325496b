//! Rules made of rules: all of several, and any.

use egret_shared::alert::{AlertState, Subject};
use egret_shared::event::EventKind;
use egret_shared::level::Level;

use crate::rules::{states, with};
use crate::story::{EAST, WEST_1, north};

/// What others are made of: water in a manhole and on a road, neither of which is told by itself.
pub(crate) const TOGETHER: &str = r#"
[[rule]]
id     = "deep"
name   = { zh = "深", en = "Deep" }
kind   = "threshold"
on     = { feed = "manhole", property = "water_level" }
when   = "value >= 1.0"
level  = "blue"
silent = true

[[rule]]
id     = "wet"
name   = { zh = "湿", en = "Wet" }
kind   = "threshold"
on     = { feed = "road", property = "ponding_depth" }
when   = "value >= 5.0"
level  = "orange"
silent = true
"#;

fn all(how: &str) -> String {
    format!(
        "{TOGETHER}\n[[rule]]\nid = \"flood\"\nname = {{ zh = \"内涝\", en = \"Flood\" }}\nkind = \"all\"\nof = [\"wet\", \"deep\"]\nflap = {{ changes = 9, within = \"1m\" }}\n{how}\n"
    )
}

#[test]
fn all_of_several_rules_within_an_area_are_one_alert_and_silent_parts_none() {
    let mut story = with(&all("by = \"district\""));
    story.read_at(EAST, "manhole", "M-9", "water_level", 1.2);
    story.read("road", "G-1", "ponding_depth", 6.0);
    assert!(
        story.alerts("flood").is_empty(),
        "they lie in two districts"
    );
    story.read("manhole", "M-1", "water_level", 1.4);
    let alerts = story.alerts("flood");
    assert_eq!(alerts.len(), 1);
    let alert = &alerts[0];
    assert_eq!(
        alert.key.subject,
        Subject::Area {
            area: "900001".into()
        }
    );
    assert_eq!(
        (alert.level, alert.state),
        (Level::Orange, AlertState::Firing)
    );
    assert_eq!(alert.message.en, "Flood: Wet: G-1 6 cm; Deep: M-1 1.4 m");
    assert!(story.alerts("wet").is_empty() && story.alerts("deep").is_empty());
    assert_eq!(story.told(EventKind::AlertFired), 1);
    assert_eq!(story.asset("road", "G-1").level, Level::Normal);
    story.wait("1s");
    story.read("road", "G-1", "ponding_depth", 1.0);
    assert_eq!(states(&story, "flood"), [AlertState::Resolved]);
}

#[test]
fn all_of_several_rules_near_one_another_are_an_alert_where_the_first_is() {
    let mut story = with(&all("within = { distance = \"200m\", time = \"30m\" }"));
    story.read("road", "G-1", "ponding_depth", 6.0);
    story.read_at(north(WEST_1, 300.0), "manhole", "M-1", "water_level", 1.4);
    assert!(story.alerts("flood").is_empty());
    story.read_at(north(WEST_1, 100.0), "manhole", "M-2", "water_level", 1.4);
    let alerts = story.alerts("flood");
    assert_eq!(alerts.len(), 1);
    assert!(
        matches!(&alerts[0].key.subject, Subject::Asset { asset, .. } if asset.as_str() == "G-1")
    );
    story.wait("1s");
    story.read_at(north(WEST_1, 100.0), "manhole", "M-2", "water_level", 0.4);
    assert_eq!(states(&story, "flood"), [AlertState::Resolved]);
    story.wait("1s");
    story.read_at(north(WEST_1, 100.0), "manhole", "M-2", "water_level", 1.4);
    assert_eq!(states(&story, "flood"), [AlertState::Firing]);
    story.wait("1s");
    story.read("road", "G-1", "ponding_depth", 1.0);
    assert_eq!(states(&story, "flood"), [AlertState::Resolved]);
}

#[test]
fn any_of_several_rules_on_an_asset_is_one_alert_as_bad_as_the_worst() {
    let mut story = with(
        r#"
[[rule]]
id    = "dust"
name  = { zh = "一", en = "One" }
kind  = "threshold"
on    = { feed = "air", property = "pm2_5" }
when  = "value >= 50.0"
level = "blue"

[[rule]]
id    = "dust-worse"
name  = { zh = "二", en = "Two" }
kind  = "threshold"
on    = { feed = "air", property = "pm2_5" }
when  = "value >= 100.0"
level = "orange"

[[rule]]
id   = "bad-air"
name = { zh = "空气", en = "Bad air" }
kind = "any"
of   = ["dust", "dust-worse"]
by   = "asset"
"#,
    );
    story.read("air", "A-1", "pm2_5", 60.0);
    assert_eq!(story.alerts("bad-air")[0].level, Level::Blue);
    story.wait("1s");
    story.read("air", "A-1", "pm2_5", 160.0);
    assert_eq!(story.alerts("bad-air")[0].level, Level::Orange);
    assert_eq!(story.alerts("bad-air").len(), 1);
    story.wait("1s");
    story.read("air", "A-1", "pm2_5", 60.0);
    assert_eq!(story.alerts("bad-air")[0].level, Level::Blue);
    story.wait("1s");
    story.read("air", "A-1", "pm2_5", 6.0);
    assert_eq!(states(&story, "bad-air"), [AlertState::Resolved]);
}

#[test]
fn what_holds_by_one_part_after_another_does_not_end_in_between() {
    let mut story = with(
        r#"
[[rule]]
id       = "was-dry"
name     = { zh = "一", en = "One" }
kind     = "threshold"
on       = { feed = "manhole", property = "water_level" }
when     = "value >= 1.0"
keep_for = "10s"
level    = "blue"

[[rule]]
id    = "wet"
name  = { zh = "二", en = "Two" }
kind  = "threshold"
on    = { feed = "road", property = "ponding_depth" }
when  = "value >= 5.0"
for   = "10s"
level = "orange"

[[rule]]
id   = "trouble"
name = { zh = "险情", en = "Trouble" }
kind = "any"
of   = ["was-dry", "wet"]
by   = "district"
"#,
    );
    story.read("manhole", "M-1", "water_level", 1.4);
    story.wait("1s");
    // The first ends in the very second in which the other begins.
    story.read("manhole", "M-1", "water_level", 0.4);
    story.read("road", "G-1", "ponding_depth", 6.0);
    let begun = story.alerts("trouble");
    story.wait("10s");
    assert_eq!(states(&story, "was-dry"), [AlertState::Resolved]);
    assert_eq!(states(&story, "wet"), [AlertState::Firing]);
    let alerts = story.alerts("trouble");
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].state, AlertState::Firing);
    assert_eq!(alerts[0].since, begun[0].since);
    assert_eq!(alerts[0].level, Level::Orange);
    assert_eq!(story.told(EventKind::AlertResolved), 1, "of the first part");
}
