//! The city package as one sight shows it: definitions of what is seen somewhere, and no others.

use egret_shared::access::{Right, Scope};
use egret_shared::catalog::{Area, Catalog};
use egret_shared::id::{AreaCode, FeedId, MetricId};
use egret_shared::package::command::{AckDef, CommandDef};
use egret_shared::package::layer::SceneLayer;
use egret_shared::package::rule::RuleOrderDef;
use egret_shared::package::scene::{PanelDef, SceneDef};
use serde_json::Value;

use super::Caller;
use super::sight::Sight;

/// How much closer the map opens for each level below the city.
const ZOOM_BY_LEVEL: f64 = 1.4;

impl Caller {
    /// What of `whole` is seen.
    pub(crate) fn catalog(&self, whole: Catalog) -> Catalog {
        let sight = &self.sight;
        let mut seen = self.with_scenes(whole);
        for feed in &mut seen.feeds {
            // How to send in something is for those who may.
            if !self.may_feed(Right::Raw, &feed.id) && !self.may_feed(Right::Send, &feed.id) {
                (feed.topic, feed.map, feed.poll) = (None, None, None);
                feed.names.clear();
                feed.personal.clear();
            }
            let commands = std::mem::take(&mut feed.commands).into_iter();
            feed.commands = commands
                .map(|command| self.command(&feed.id, command))
                .collect();
        }
        if sight.is_everything() {
            return seen;
        }
        seen.areas = sight.areas(seen.areas);
        seen.feeds.retain(|feed| sight.feed_somewhere(&feed.id));
        // Words for a feed's categories would tell that there is such a feed.
        let words = &mut seen.words;
        words.category.retain(|feed, _| sight.feed_somewhere(feed));
        seen.metrics
            .retain(|metric| sight.metric_somewhere(&metric.id));
        let rules = &mut seen.rules;
        rules.rules.retain(|rule| sight.rule_somewhere(&rule.id));
        for rule in &mut rules.rules {
            // What it orders is of another feed, maybe.
            rule.order = rule.order.take().filter(|order| sight.order(order));
        }
        rules
            .causes
            .retain(|cause| sight.rule_somewhere(&cause.from) && sight.rule_somewhere(&cause.to));
        for panel in seen.scenes.iter_mut().flat_map(|scene| &mut scene.panels) {
            sight.cut_panel(panel);
        }
        let (tree, home) = (sight.labels().tree(), sight.home());
        if let Some((code, centre)) = tree.code(home).zip(tree.centre(home))
            && tree.depth(home) > 0
        {
            seen.city.root = code.clone();
            seen.city.centre = [centre.lon, centre.lat];
            let depth = u8::try_from(tree.depth(home)).unwrap_or(u8::MAX);
            seen.city.zoom += ZOOM_BY_LEVEL * f64::from(depth);
        }
        seen
    }

    /// A command of `feed`; by which topic and in which words it goes out, and how it is answered, is
    /// for those who may know of the feed's own messages.
    pub(crate) fn command(&self, feed: &FeedId, command: CommandDef) -> CommandDef {
        if self.may_feed(Right::Raw, feed) || self.may_feed(Right::Send, feed) {
            return command;
        }
        CommandDef {
            topic: String::new(),
            payload: String::new(),
            ack: AckDef::default(),
            ..command
        }
    }

    fn with_scenes(&self, whole: Catalog) -> Catalog {
        let scenes = self.principal.as_ref().map(|principal| &principal.scenes);
        let may_show = |scene: &SceneDef| match scenes {
            Some(Scope::Only(named)) => named.contains(&scene.id),
            Some(Scope::All) | None => true,
        };
        let mut seen = whole;
        seen.scenes.retain(may_show);
        seen
    }
}

impl Sight {
    /// The areas that are seen; one whose parent is not has none.
    pub(crate) fn areas(&self, whole: Vec<Area>) -> Vec<Area> {
        let tree = self.labels().tree();
        let is_seen = |code: &AreaCode| tree.index_of(code).is_some_and(|idx| self.area(idx));
        let seen = whole.into_iter().filter(|area| is_seen(&area.code));
        seen.map(|area| Area {
            parent: area.parent.filter(is_seen),
            ..area
        })
        .collect()
    }

    /// Whether what a rule orders may be known: of an actuator that it names, as that may be seen where
    /// the register has it.
    fn order(&self, order: &RuleOrderDef) -> bool {
        if order.is_to_alerted() {
            return self.feed_somewhere(&order.feed);
        }
        let mut assets = self.labels().package().assets.iter();
        let named = assets.find(|one| one.feed == order.feed && one.asset.as_str() == order.asset);
        self.feed_at(&order.feed, named.and_then(|one| one.area.as_ref()))
    }

    /// Takes the features of areas that are not seen out of `areas.geojson`.
    pub(crate) fn cut_features(&self, geojson: &mut Value) {
        let tree = self.labels().tree();
        let code = |feature: &Value| {
            let code = feature.pointer("/properties/code");
            code.and_then(Value::as_str).map(Into::into)
        };
        if let Some(features) = geojson.get_mut("features").and_then(Value::as_array_mut) {
            features.retain(|feature| {
                let idx = code(feature).and_then(|code| tree.index_of(&code));
                idx.is_some_and(|idx| self.area(idx))
            });
        }
    }

    /// Takes out what a panel shows and this does not.
    fn cut_panel(&self, panel: &mut PanelDef) {
        let is_seen = |metric: &MetricId| self.metric_somewhere(metric);
        panel.metric = panel.metric.take().filter(is_seen);
        panel.metrics.retain(is_seen);
        let feed = |feed: &FeedId| self.feed_somewhere(feed);
        let seen = panel.layers.iter().filter_map(|word| {
            let layer = SceneLayer::parse(word).ok()?;
            let seen = layer.seen_by(feed, is_seen)?;
            Some(seen.to_string())
        });
        panel.layers = seen.collect();
    }
}
