//! What rules order: what the fold comes to, once, and only of what is so now.

use std::sync::Arc;

use egret_city::{City, Entry, Intent};
use egret_shared::actuation::{ActuationRefusal, Argument, Outgoing, RuleOrder, Turn};
use egret_shared::alert::AlertState;
use egret_shared::case::Doer;
use egret_shared::command::{Command, Order, Outcome};
use egret_shared::hush::{HushDef, HushKind, HushOrder, Matcher};
use egret_shared::level::Level;
use egret_shared::time::Span;

use crate::actuations;
use crate::composed_rules::TOGETHER;
use crate::hushes;
use crate::rules::states;
use crate::story::{EAST, Story, tiny, tiny_with};

mod other_packages;

impl Story {
    /// In the tiny city, whose journal says that its package is in force.
    fn ruled() -> Self {
        Self::ruled_with("")
    }

    /// The same with these rules beside its own.
    fn ruled_with(rules: &str) -> Self {
        let package = tiny_with("rules.toml", rules);
        let digest = package.digest;
        let mut story = Self::of(package);
        story.tell(&Entry::Package(digest));
        story
    }

    /// Water on the road, for as long as the rule wants, at `gauge`.
    fn flood(&mut self, gauge: &str) {
        self.wait_with("70s", "road", gauge, "ponding_depth", 20.0);
    }

    /// No more of it, until the alert is over.
    fn dry(&mut self, gauge: &str) {
        self.wait_with("6m", "road", gauge, "ponding_depth", 0.0);
    }

    fn intents(&self) -> Vec<Intent> {
        self.city.intents().cloned().collect()
    }

    /// Keeps the tiny city's rule quiet for a minute and a half.
    fn silence(&mut self) {
        let silence = HushOrder::Put {
            id: None,
            hush: HushDef {
                kind: HushKind::Silence(Matcher {
                    rule: Some("ponding".into()),
                    ..Matcher::default()
                }),
                up_to: Level::Orange,
                owner: "排水处".to_owned(),
                reason: "检修".to_owned(),
                from: self.now,
                until: self.now.plus(Span(90_000)),
            },
        };
        self.tell(&hushes::command(1, self.now, silence));
    }

    /// The rules that come to an order.
    fn ordering(&self) -> Vec<String> {
        let intents = self.city.intents();
        intents
            .map(|intent| intent.alert.rule.to_string())
            .collect()
    }

    /// What a server does with an intent.
    fn give(&mut self, intent: &Intent) -> Outcome {
        self.give_as(&format!("order/{}", intent.id), intent)
    }

    /// The same by the command `id`.
    fn give_as(&mut self, id: &str, intent: &Intent) -> Outcome {
        let message = Outgoing {
            topic: "vendor-x/G-1/command".to_owned(),
            payload: "{}".to_owned(),
            qos: 1,
            reply: None,
        };
        self.tell(&Entry::Command(Box::new(Command {
            id: id.into(),
            at: self.now,
            by: Doer::rule(&intent.alert.rule),
            order: Order::Rule(Box::new(RuleOrder {
                rule: intent.alert.rule.clone(),
                alert: intent.alert.clone(),
                order: intent.order(message, None),
            })),
        })));
        self.city.outcome(id).unwrap().clone()
    }
}

#[test]
fn an_alert_that_fires_comes_to_one_order_with_all_that_the_rule_says() {
    let mut story = Story::ruled();
    story.flood("G-1");
    let intents = story.intents();
    let [intent] = intents.as_slice() else {
        panic!("{intents:?}");
    };
    assert_eq!(intent.asset.as_str(), "G-1");
    assert_eq!(intent.command.as_str(), "light");
    assert_eq!(intent.parameters["on"], Argument::Switch(true));
    assert_eq!(intent.parameters["pace"], Argument::Number(60.0));
    // Not by what the alert says: that is for those who may see the alert.
    assert_eq!(intent.reason, "道路积水 / Road ponding");
    assert_eq!(intent.expires_at.since(intent.at).ms(), 120_000);
    // Worse, or another reading, is not another firing.
    story.wait_with("10s", "road", "G-1", "ponding_depth", 40.0);
    assert_eq!(story.intents(), intents);
    // A restored city has come to the same.
    let bytes = story.city.checkpoint();
    let restored = City::restore(tiny(), &bytes).unwrap();
    assert_eq!(restored.intents().cloned().collect::<Vec<_>>(), intents);
}

#[test]
fn an_order_of_a_rule_is_given_once_and_then_the_rule_rests() {
    let mut story = Story::ruled();
    story.flood("G-1");
    let intent = story.intents().remove(0);
    assert_eq!(story.give(&intent), Outcome::Actuated(intent.id.clone()));
    assert_eq!(story.intents(), []);
    let row = story.city.actuation(&intent.id).unwrap();
    assert_eq!(row.by.id, "rule/ponding");
    // Told twice, it is given once.
    story.give(&intent);
    assert_eq!(story.city.actuations().count(), 1);
    // It fires again within ten minutes of that, at this gauge and at another.
    story.dry("G-1");
    story.flood("G-1");
    story.flood("G-2");
    let assets = story.intents().into_iter().map(|intent| intent.asset);
    let assets: Vec<String> = assets.map(|asset| asset.to_string()).collect();
    assert_eq!(assets, ["G-2"]);
    // And after them.
    story.dry("G-1");
    story.flood("G-1");
    assert_eq!(story.intents()[0].asset.as_str(), "G-1");
}

#[test]
fn an_asset_that_no_topic_can_name_is_ordered_nothing_and_counted_once() {
    let mut story = Story::ruled();
    story.flood("G/1");
    assert_eq!(states(&story, "ponding"), [AlertState::Firing]);
    assert!(story.ordering().is_empty());
    assert_eq!(story.feed("road").rejected["fold/no_topic"], 1);
    story.flood("G/1");
    assert_eq!(story.feed("road").rejected["fold/no_topic"], 1);
}

/// What is told of a feed of which nothing comes, and who orders something of it then.
const SILENT: &str = r#"
[[rule]]
id    = "gauge-silent"
name  = { zh = "积水仪失联", en = "Gauge silent" }
kind  = "silence"
on    = { feed = "road" }
after = "3m"
level = "blue"
order = { feed = "road", command = "zero" }

[[rule]]
id    = "road-silent"
name  = { zh = "积水数据中断", en = "Nothing from the gauges" }
kind  = "delivery"
fault = "silent"
on    = { feed = "road" }
after = "3m"
level = "yellow"

[[rule]]
id     = "road-refused"
name   = { zh = "积水数据被拒收", en = "Messages of gauges refused" }
kind   = "delivery"
fault  = "refused"
on     = { feed = "road" }
window = "10m"
when   = "value > 0.0"
level  = "blue"
"#;

#[test]
fn an_order_that_cannot_be_given_is_no_message_of_the_actuators_feed() {
    let mut story = Story::ruled_with(SILENT);
    story.read("road", "G/1", "ponding_depth", 1.0);
    story.wait("3m");
    assert_eq!(states(&story, "gauge-silent"), [AlertState::Firing]);
    assert_eq!(story.feed("road").rejected["fold/no_topic"], 1);
    story.wait("1m");
    assert_eq!(states(&story, "road-silent"), [AlertState::Firing]);
    assert_eq!(states(&story, "road-refused"), []);
    let validity = story.feed("road").quality.map(|quality| quality.validity);
    assert_eq!(validity, Some(100.0));
}

#[test]
fn after_an_order_that_was_refused_the_rule_does_not_rest() {
    let mut story = Story::ruled();
    story.flood("G-1");
    let intent = story.intents().remove(0);
    for n in 0..8 {
        story.tell(&actuations::order(&format!("o{n}"), "G-1", story.now, None));
    }
    let busy = Outcome::NotActuated(ActuationRefusal::Busy(8));
    assert_eq!(story.give(&intent), busy);
    assert!(story.ordering().is_empty());
    // It fires again within ten minutes of that.
    story.dry("G-1");
    story.flood("G-1");
    assert_eq!(story.ordering(), ["ponding"]);
}

#[test]
fn an_order_that_comes_after_its_alert_was_kept_quiet_or_was_over_is_not_taken() {
    let over = Outcome::NotActuated(ActuationRefusal::Over);
    // Whoever gives it has seen that it is due, and is still writing it down.
    let mut story = Story::ruled();
    story.flood("G-1");
    let intent = story.intents().remove(0);
    story.silence();
    assert_eq!(story.give(&intent), over);
    // Neither where the alert has become quiet since the city last let go of anything.
    let mut story = Story::ruled();
    story.wait_with("70s", "road", "G-1", "ponding_depth", 40.0);
    let intent = story.intents().remove(0);
    story.silence();
    assert_eq!(story.ordering(), ["ponding"], "red breaks through");
    story.read("road", "G-1", "ponding_depth", 20.0);
    assert!(story.alerts("ponding")[0].hushed.is_some());
    assert_eq!(story.give(&intent), over);
    assert!(story.ordering().is_empty());
    // Its alert is over.
    let mut story = Story::ruled_with(&composed());
    story.read("road", "G-1", "ponding_depth", 10.0);
    let intent = story.intents().remove(0);
    story.wait("1s");
    story.read("road", "G-1", "ponding_depth", 0.0);
    story.wait("1s");
    assert_eq!(states(&story, "some-wet"), [AlertState::Resolved]);
    assert_eq!(story.give(&intent), over);
    assert_eq!(story.city.actuations().count(), 0);
}

/// A rule that orders, and what keeps it waiting.
fn wet_now(hold: &str) -> String {
    format!(
        r#"
[[rule]]
id    = "wet-now"
name  = {{ zh = "湿", en = "Wet" }}
kind  = "threshold"
on    = {{ feed = "road", property = "ponding_depth" }}
when  = "value >= 10.0"
for   = "{hold}"
level = "blue"
order = {{ feed = "road", command = "zero" }}
"#
    )
}

#[test]
fn an_order_whose_alert_has_ended_since_the_last_tick_is_not_taken() {
    let over = Outcome::NotActuated(ActuationRefusal::Over);
    for again in [None, Some(AlertState::Pending)] {
        let mut story = Story::ruled_with(&wet_now("2s"));
        story.read("road", "G-1", "ponding_depth", 10.0);
        story.wait("2s");
        let intent = story.intents().remove(0);
        story.now = story.now.plus(Span(400));
        story.read("road", "G-1", "ponding_depth", 0.0);
        assert_eq!(states(&story, "wet-now"), [AlertState::Resolved]);
        // Also if it has begun anew, and not fired yet.
        if let Some(state) = again {
            story.now = story.now.plus(Span(400));
            story.read("road", "G-1", "ponding_depth", 10.0);
            assert_eq!(states(&story, "wet-now"), [state]);
        }
        assert_eq!(story.ordering(), ["wet-now"]);
        assert_eq!(story.give(&intent), over);
        assert_eq!(story.city.actuations().count(), 0);
        assert!(story.ordering().is_empty());
    }
}

#[test]
fn what_nobody_gave_in_time_is_forgotten() {
    let mut story = Story::ruled();
    story.flood("G-1");
    assert_eq!(story.intents().len(), 1);
    story.wait("2m");
    assert_eq!(story.intents(), []);
}

#[test]
fn what_was_so_long_ago_or_under_another_package_orders_nothing() {
    // The journal has not noted that this package is in force: it is folded anew under it.
    let mut story = Story::of(tiny());
    story.flood("G-1");
    assert_eq!(story.alerts("ponding").len(), 1);
    assert_eq!(story.intents(), []);
    // A gateway sends what it had stored: it fires, and is no news.
    let mut story = Story::ruled();
    for ago in ["20m", "15m", "10m"] {
        story.read_late(ago, "road", "G-1", "ponding_depth", 20.0);
    }
    story.wait("1s");
    let alerts = story.alerts("ponding");
    assert!(alerts[0].fired_at.is_some(), "{alerts:?}");
    assert_eq!(story.intents(), []);
}

/// Rules made of [`TOGETHER`] that order something.
const COMPOSED: &str = r#"
[[rule]]
id    = "some-wet"
name  = { zh = "有积水", en = "Some wet" }
kind  = "any"
of    = ["wet"]
by    = "district"
order = { feed = "road", asset = "G-1", command = "zero" }

[[rule]]
id    = "flooding"
name  = { zh = "内涝", en = "Flooding" }
kind  = "all"
of    = ["wet", "deep"]
by    = "district"
order = { feed = "road", asset = "G-1", command = "zero" }

[[rule]]
id    = "blind"
name  = { zh = "失联且积水", en = "Wet and blind" }
kind  = "all"
of    = ["wet", "manhole-silent"]
within = { distance = "300m", time = "1h" }
order = { feed = "road", asset = "G-1", command = "zero" }
"#;

fn composed() -> String {
    format!("{TOGETHER}{COMPOSED}")
}

#[test]
fn a_rule_made_of_others_is_as_old_as_what_its_parts_saw() {
    // A gateway sends what it had stored: it fires, and is no news.
    let mut story = Story::ruled_with(&composed());
    story.read_late("20m", "road", "G-1", "ponding_depth", 10.0);
    assert_eq!(states(&story, "some-wet"), [AlertState::Firing]);
    assert!(story.ordering().is_empty());
    // Neither does it become news by another part.
    story.read("manhole", "M-1", "water_level", 1.4);
    assert_eq!(states(&story, "flooding"), [AlertState::Firing]);
    assert!(story.ordering().is_empty());
}

#[test]
fn a_part_that_goes_on_is_as_new_as_what_it_saw_last() {
    let mut story = Story::ruled_with(&composed());
    story.wait_with("10m", "road", "G-1", "ponding_depth", 10.0);
    story.read("manhole", "M-1", "water_level", 1.4);
    assert_eq!(story.ordering(), ["flooding"]);
    // Nobody has to say anew that somebody says nothing.
    let mut story = Story::ruled_with(&composed());
    story.read("manhole", "M-1", "water_level", 0.4);
    story.wait("20m");
    story.read("road", "G-1", "ponding_depth", 10.0);
    assert_eq!(states(&story, "blind"), [AlertState::Firing]);
    assert_eq!(story.ordering(), ["some-wet", "blind"]);
}

#[test]
fn a_metric_is_as_old_as_the_newest_that_it_is_made_of() {
    let rule = r#"
[[rule]]
id    = "gauges-wet"
name  = { zh = "积水点", en = "Wet gauges" }
kind  = "threshold"
on    = { metric = "water.ponding_gauges_wet" }
when  = "value >= 1.0"
level = "blue"
order = { feed = "road", asset = "G-1", command = "zero" }
"#;
    for (ago, orders) in [("8m", 0), ("1m", 1)] {
        let mut story = Story::ruled_with(rule);
        story.read_late(ago, "road", "G-1", "ponding_depth", 10.0);
        story.wait("1s");
        assert!(states(&story, "gauges-wet").contains(&AlertState::Firing));
        assert_eq!(story.ordering().len(), orders, "of {ago} ago");
    }
}

#[test]
fn what_is_so_no_longer_is_not_ordered_any_more() {
    // The alert is over.
    let mut story = Story::ruled_with(&composed());
    story.read("road", "G-1", "ponding_depth", 10.0);
    assert_eq!(story.ordering(), ["some-wet"]);
    story.wait("1s");
    assert_eq!(story.ordering(), ["some-wet"]);
    story.read("road", "G-1", "ponding_depth", 0.0);
    story.wait("1s");
    assert_eq!(states(&story, "some-wet"), [AlertState::Resolved]);
    assert!(story.ordering().is_empty());
    // It goes on, and fired long ago.
    let mut story = Story::ruled_with(&composed());
    story.wait_with("5m", "road", "G-1", "ponding_depth", 10.0);
    assert_eq!(story.ordering(), ["some-wet"]);
    story.wait_with("10s", "road", "G-1", "ponding_depth", 10.0);
    assert_eq!(states(&story, "some-wet"), [AlertState::Firing]);
    assert!(story.ordering().is_empty());
    // Somebody keeps it quiet: from that moment on.
    let mut story = Story::ruled();
    story.flood("G-1");
    assert_eq!(story.ordering(), ["ponding"]);
    story.silence();
    assert!(story.ordering().is_empty());
}

#[test]
fn what_is_kept_quiet_orders_nothing_and_not_later_either() {
    let mut story = Story::ruled();
    story.silence();
    story.flood("G-1");
    assert!(story.alerts("ponding")[0].hushed.is_some());
    assert_eq!(story.intents(), []);
    story.wait_with("30s", "road", "G-1", "ponding_depth", 20.0);
    assert!(story.alerts("ponding")[0].hushed.is_none());
    assert_eq!(story.intents(), []);
}
