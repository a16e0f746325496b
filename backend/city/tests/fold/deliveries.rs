//! Rules about how feeds deliver: who is told, when it is well again, and what is never told.

use std::sync::Arc;

use egret_city::entry::GatewayClock;
use egret_city::limits::ALERTS_HELD_MAX;
use egret_city::{City, Entry};
use egret_shared::alert::{AlertState, Subject};
use egret_shared::event::{About, EventKind};
use egret_shared::incident::IncidentState;
use egret_shared::level::Level;
use egret_shared::time::{Span, TimeMs};

use crate::story::{Story, WEST_1, call, reading, refused, tiny_with, tiny_with_all};

/// Rules about every feed, as a city has them.
const RULES: &str = r#"
[[rule]]
id     = "refused"
name   = { zh = "数据被拒收", en = "Messages refused" }
kind   = "delivery"
fault  = "refused"
window = "5m"
count  = 3
level  = { blue = 20.0, yellow = 60.0 }

[[rule]]
id     = "late"
name   = { zh = "数据迟到", en = "Messages late" }
kind   = "delivery"
fault  = "late"
window = "5m"
when   = "value >= 50.0"
level  = "blue"

[[rule]]
id     = "dead"
name   = { zh = "数据中断", en = "Nothing at all" }
kind   = "delivery"
fault  = "silent"
level  = "yellow"

[[rule]]
id     = "skewed"
name   = { zh = "时钟偏差", en = "Clock off" }
kind   = "delivery"
fault  = "clock"
level  = { blue = 60.0, orange = 600.0 }
"#;

fn story() -> Story {
    Story::of(tiny_with("rules.toml", RULES))
}

#[test]
fn refused_messages_are_told_to_the_feeds_owner_and_that_they_are_over() {
    let mut story = story();
    for _ in 0..3 {
        story.read("probe-car", "C-1", "speed", 30.0);
        story.wait("1s");
    }
    story.refuse(Some("probe-car"));
    story.refuse(Some("probe-car"));
    story.wait("1s");
    assert!(story.alerts("refused").is_empty(), "two are too few");
    story.refuse(Some("probe-car"));
    story.wait("1s");
    let alert = story.alerts("refused").remove(0);
    let subject = Subject::Feed {
        feed: "probe-car".into(),
    };
    assert_eq!(alert.key.subject, subject);
    assert_eq!(
        (alert.level, alert.v, &*alert.unit),
        (Level::Blue, Some(50.0), "%")
    );
    assert_eq!(
        alert.message.en,
        "Messages refused: 3 of 6 messages of Probe cars refused within 5 min (50 %)"
    );
    let incident = story.city.incidents().next().cloned().unwrap();
    assert_eq!(incident.title.en, "Messages refused · Probe cars");
    assert_eq!(incident.lead, Some("police".into()), "whose feed it is");
    assert_eq!(incident.feed(), Some(&"probe-car".into()));
    // To whoever may see the incident: also those who only have to act.
    let of_incident = About::Incident(incident.id.clone());
    let told = |story: &Story, kind| {
        let mut of_kind = story.events.iter().filter(|event| event.kind == kind);
        of_kind.any(|event| event.about == of_incident)
    };
    assert!(told(&story, EventKind::IncidentOpened));

    // It gets worse, and its incident with it.
    for _ in 0..6 {
        story.refuse(Some("probe-car"));
    }
    story.wait("1s");
    assert_eq!(story.alerts("refused")[0].level, Level::Yellow);
    assert_eq!(story.city.incidents().next().unwrap().level, Level::Yellow);

    // Enough that is well ends it, long before the hour is over.
    for _ in 0..40 {
        story.read("probe-car", "C-1", "speed", 30.0);
        story.wait("1s");
    }
    assert_eq!(story.alerts("refused")[0].state, AlertState::Resolved);
    let incident = story.city.incidents().next().unwrap();
    assert_eq!(incident.state, IncidentState::Cleared);
    assert!(told(&story, EventKind::IncidentCleared));
}

#[test]
fn what_was_refused_before_the_window_counts_no_more() {
    let mut story = story();
    for _ in 0..4 {
        story.refuse(Some("road"));
    }
    story.wait("1s");
    assert_eq!(story.alerts("refused")[0].state, AlertState::Firing);
    story.wait("4m");
    assert_eq!(story.alerts("refused")[0].state, AlertState::Firing);
    story.wait("3m");
    assert_eq!(story.alerts("refused")[0].state, AlertState::Resolved);
}

#[test]
fn what_belongs_to_no_feed_is_nobodys_fault() {
    let mut story = story();
    for _ in 0..9 {
        story.refuse(None);
    }
    story.wait("2s");
    assert!(story.alerts("refused").is_empty());
}

#[test]
fn a_feed_is_silent_when_nothing_comes_at_all_and_not_before_it_ever_spoke() {
    let mut story = story();
    story.read("manhole", "M-1", "water_level", 0.5);
    story.read("manhole", "M-2", "water_level", 0.5);
    // One of two goes on: the feed is not silent.
    story.wait_with("4m", "manhole", "M-2", "water_level", 0.5);
    assert!(story.alerts("dead").is_empty());
    // What is refused is a word, too.
    story.wait("160s");
    story.refuse(Some("manhole"));
    story.wait("170s");
    assert!(story.alerts("dead").is_empty());
    story.wait("10s");
    let dead = story.alerts("dead");
    assert_eq!(dead.len(), 1, "no other feed has ever spoken: {dead:?}");
    assert_eq!(
        dead[0].message.en,
        "Nothing at all: nothing from Manhole level for 3 min"
    );
    let incident = story.city.incidents().next().unwrap();
    assert_eq!(incident.lead, Some("water".into()));
    story.read("manhole", "M-1", "water_level", 0.5);
    story.wait("1s");
    assert_eq!(story.alerts("dead")[0].state, AlertState::Resolved);
}

#[test]
fn a_feed_that_promises_nothing_is_never_silent_unless_the_rule_says_after_what() {
    let mut story = story();
    story.report(call("R-1", WEST_1, story.now));
    story.wait("20m");
    assert!(story.alerts("dead").is_empty());

    let after = "fault  = \"silent\"\nafter  = \"15m\"";
    let rules = RULES.replace("fault  = \"silent\"", after);
    let mut story = Story::of(tiny_with("rules.toml", &rules));
    story.report(call("R-1", WEST_1, story.now));
    story.wait("899s");
    assert!(story.alerts("dead").is_empty());
    story.wait("1s");
    assert_eq!(story.alerts("dead")[0].state, AlertState::Firing);
    let incident = story.city.incidents().next().unwrap();
    assert_eq!(incident.lead, Some("west".into()));
}

#[test]
fn a_restart_calls_no_feed_silent() {
    let mut story = story();
    story.read("manhole", "M-1", "water_level", 0.5);
    story.wait("1m");
    // Nobody listened for an hour.
    story.now = story.now.plus(Span(3_600_000));
    story.wait("179s");
    assert!(story.alerts("dead").is_empty());
    story.wait("2s");
    assert_eq!(story.alerts("dead").len(), 1);
}

#[test]
fn late_messages_and_a_clock_that_is_off_are_told() {
    let mut story = story();
    story.read("manhole", "M-1", "water_level", 0.5);
    story.read_late("20m", "manhole", "M-1", "water_level", 0.4);
    story.wait("1s");
    let late = story.alerts("late").remove(0);
    assert_eq!((late.level, late.v), (Level::Blue, Some(50.0)));

    let clock = |story: &mut Story, ahead_ms| {
        let clock = GatewayClock {
            feed: "manhole".into(),
            gateway: "gw-7".into(),
            ahead_ms,
            at: story.now,
        };
        story.tell(&Entry::Clock(clock));
        story.wait("1s");
    };
    clock(&mut story, -90_000);
    let skewed = story.alerts("skewed").remove(0);
    assert_eq!((skewed.level, skewed.v), (Level::Blue, Some(90.0)));
    assert!(skewed.message.en.contains("gw-7"), "{}", skewed.message.en);
    clock(&mut story, 700_000);
    assert_eq!(story.alerts("skewed")[0].level, Level::Orange);
    clock(&mut story, 1_000);
    assert_eq!(story.alerts("skewed")[0].state, AlertState::Resolved);
}

#[test]
fn what_had_to_give_way_to_worse_comes_back_when_there_is_room() {
    let wet = "\n[[rule]]\nid = \"wet\"\nname = { zh = \"湿\", en = \"Wet\" }\nkind = \"threshold\"\n\
               on = { feed = \"road\", property = \"ponding_depth\" }\nwhen = \"value >= 5.0\"\n\
               for = \"1h\"\nlevel = \"red\"\n";
    let mut city = City::new(tiny_with("rules.toml", &format!("{RULES}{wet}")));
    let apply = |city: &mut City, entry| city.apply(city.seq() + 1, &entry);
    let mut now = Story::new().now;
    let tick = |city: &mut City, now: &mut TimeMs| {
        *now = now.plus(Span(1_000));
        apply(city, Entry::Tick(*now));
        let mut skewed = city
            .alerts()
            .filter(|alert| alert.key.rule.as_str() == "skewed");
        skewed.any(|alert| alert.state == AlertState::Firing)
    };
    tick(&mut city, &mut now);
    let clock = GatewayClock {
        feed: "manhole".into(),
        gateway: "gw-7".into(),
        ahead_ms: -90_000,
        at: now,
    };
    apply(&mut city, Entry::Clock(clock));
    assert!(tick(&mut city, &mut now));
    let gauge = |n: usize, depth: f64, at: TimeMs| {
        Entry::Observation(reading(
            "road",
            &format!("G-{n}"),
            "ponding_depth",
            depth,
            at,
        ))
    };
    for n in 0..ALERTS_HELD_MAX {
        apply(&mut city, gauge(n, 10.0, now));
    }
    for _ in 0..3 {
        assert!(!tick(&mut city, &mut now), "there is room for worse alone");
        assert_eq!(city.alerts_unlisted().lost, 1, "it is counted once");
    }
    for n in 0..ALERTS_HELD_MAX {
        apply(&mut city, gauge(n, 0.0, now));
    }
    assert!(tick(&mut city, &mut now));
    assert!(tick(&mut city, &mut now));
    assert_eq!(city.alerts_unlisted().lost, 1);
}

#[test]
fn a_share_of_refused_messages_is_a_number_with_a_window_of_its_own() {
    let metric = "\n[[metric]]\nid = \"data.refused\"\nname = { zh = \"拒收比例\", en = \"Refused\" }\n\
                  domain = \"data\"\nsource = { feed = \"road\", quality = \"refused\" }\n\
                  window = { sliding = \"2m\", every = \"1m\" }\nunit = \"%\"\n";
    let rule = "\n[[rule]]\nid = \"on-metric\"\nname = { zh = \"拒收\", en = \"Refused\" }\n\
                kind = \"threshold\"\non = { metric = \"data.refused\" }\nlevel = { red = 50.0 }\n";
    let package = tiny_with_all(&[("metrics.toml", metric), ("rules.toml", rule)]);
    let mut story = Story::of(package);
    let city = "900000";
    assert_eq!(story.v("data.refused", city), None, "nothing came");
    story.wait("1m");
    story.read("road", "G-1", "ponding_depth", 1.0);
    for _ in 0..3 {
        story.refuse(Some("road"));
    }
    story.wait("1m");
    let point = story.metric("data.refused", city);
    assert_eq!(
        (point.v, point.end.0 - point.start.0),
        (Some(75.0), 120_000)
    );
    // A rule on it has the feed's owner lead, too.
    assert_eq!(story.alerts("on-metric")[0].state, AlertState::Firing);
    let incident = story.city.incidents().next().unwrap();
    assert_eq!(incident.lead, Some("water".into()));
    story.wait("3m");
    assert_eq!(story.v("data.refused", city), None, "nothing came of late");
    assert_eq!(story.alerts("on-metric")[0].state, AlertState::Resolved);
}

#[test]
fn the_same_journal_finds_the_same_and_a_checkpoint_goes_on() {
    let package = tiny_with("rules.toml", RULES);
    let mut entries = Vec::new();
    let start = Story::new().now;
    for second in 0..600_i64 {
        let now = start.plus(Span(second * 1_000));
        if second % 7 == 0 && second < 200 {
            entries.push(Entry::Refused(refused(Some("road"), now)));
        }
        if second % 3 == 0 && second > 150 {
            let read = reading("road", "G-1", "ponding_depth", 1.0, now);
            entries.push(Entry::Observation(read));
        }
        entries.push(Entry::Tick(now));
    }
    let fold = |mut city: City, range: std::ops::Range<usize>| {
        for (seq, entry) in (1..).zip(&entries).skip(range.start).take(range.len()) {
            city.apply(seq, entry);
        }
        city
    };
    let whole = fold(City::new(Arc::clone(&package)), 0..entries.len());
    let refused = whole
        .alerts()
        .filter(|alert| alert.key.rule.as_str() == "refused");
    assert_eq!(refused.count(), 1);
    let half = fold(City::new(Arc::clone(&package)), 0..300);
    let restored = City::restore(package, &half.checkpoint()).unwrap();
    assert_eq!(fold(restored, 300..entries.len()).hash(), whole.hash());
}
