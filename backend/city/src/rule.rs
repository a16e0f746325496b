//! Rules: what each kind of condition looks at. One file each; what they find goes to
//! [`crate::alert`], the same way for all.
//!
//! A kind is a type `Watch` that is [`Kind`], and a type `State` with what it remembers, in a file of
//! its own, and a line in `kinds!`.

use egret_shared::id::{AssetId, FeedId};
use egret_shared::issued::Issued;
use egret_shared::package::rule::{LevelDef, RuleDef, RuleKind};
use egret_shared::position::Position;
use egret_shared::report::Report;
use serde::{Deserialize, Serialize};

use crate::alert::{Row, Target};
use crate::expr::Condition;
use crate::fold::Fold;
use crate::plan::{Area, Feed, Metric, Plan, Property, Rule};

/// Declares the kinds: the file of each, and the words in `rules.toml` that mean it.
macro_rules! kinds {
    ($($module:ident: $($kind:ident)|+),+ $(,)?) => {
        $(mod $module;)+

        /// What a rule of `def` watches; `None` for what a check would have refused.
        pub(crate) fn compile(plan: &Plan, def: &RuleDef) -> Option<Box<dyn Kind>> {
            match def.kind {
                $($(RuleKind::$kind)|+ => {
                    $module::Watch::compile(plan, def).map(|watch| Box::new(watch) as Box<dyn Kind>)
                })+
            }
        }

        /// What a rule remembers between entries.
        #[derive(Clone, Debug, Default, Serialize, Deserialize)]
        pub(crate) struct RuleState {
            $($module: $module::State,)+
        }
    };
}

kinds! {
    threshold: Threshold,
    silence: Silence,
    cluster: Cluster,
    rate: Rate,
    stuck: Stuck,
    geofence: Geofence,
    anomaly: Anomaly,
    warning: Warning,
    composed: All | Any,
    delivery: Delivery,
}

/// A kind of condition: what it looks at, and what it makes of that.
pub(crate) trait Kind: Send + Sync {
    /// What it has to be told of.
    fn looks(&self) -> Looks;

    /// The message about `target` of a rule that declares none, in Chinese and English; the rule's
    /// name goes before it.
    fn says(&self, target: &Target) -> (&'static str, &'static str);

    /// As of when was seen what speaks for an alert of it that fires. A number is as new as the
    /// newest that it is made of; one that counts nothing is of now.
    fn seen_ms(&self, fold: &Fold<'_>, row: &Row) -> i64 {
        match row.target {
            Target::Metric(metric, area) => {
                let latest_ms = fold.reader().latest_ms(metric, area);
                latest_ms.unwrap_or(fold.state.now_ms)
            }
            Target::Asset(_) | Target::Place(..) | Target::Area(_) => row.seen_ms,
        }
    }

    /// A newer value of a property that it looks at.
    fn value(&self, _fold: &mut Fold<'_>, _rule: Rule, _seen: &Valued<'_>) {}

    /// A metric that it looks at may have another value.
    fn metric(&self, _fold: &mut Fold<'_>, _rule: Rule, _at: (Metric, Area), _v: Option<f64>) {}

    /// An asset is at another place.
    fn moved(&self, _fold: &mut Fold<'_>, _rule: Rule, _seen: &Moved<'_>) {}

    /// An asset, by its handle and its index within the feed, was heard.
    fn heard(&self, _fold: &mut Fold<'_>, _rule: Rule, _handle: u32, _index: u32) {}

    /// A report took a step: any, also late and once more.
    fn stepped(&self, _fold: &mut Fold<'_>, _rule: Rule, _step: &Step<'_>) {}

    /// A report was opened: once for each.
    fn opened(&self, _fold: &mut Fold<'_>, _rule: Rule, _step: &Step<'_>) {}

    /// Time passed.
    fn ticked(&self, _fold: &mut Fold<'_>, _rule: Rule) {}

    /// An alert of a rule that it looks at fires, or no longer does.
    fn turned(&self, _fold: &mut Fold<'_>, _rule: Rule, _part: &Row, _fires: bool) {}

    /// All alerts that it looks at have come to rest for this entry.
    fn settle(&self, _fold: &mut Fold<'_>, _rule: Rule) {}
}

/// What a kind has to be told of.
pub(crate) enum Looks {
    /// Values.
    At(Values),
    /// Whether a feed's assets speak.
    Speech(Feed),
    /// Where a feed's assets are.
    Places(Feed),
    /// A feed's reports.
    Reports(Feed),
    /// Alerts of other rules.
    Alerts(Vec<Rule>),
    /// How feeds deliver, which shows as time passes.
    Delivery,
}

/// Numbers that a rule looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Values {
    /// A property of each asset of a feed.
    Of(Feed, Property),
    /// A metric in every area.
    Metric(Metric),
}

impl Values {
    /// What `def` is on, if it is on numbers.
    fn compile(plan: &Plan, def: &RuleDef) -> Option<Self> {
        match (&def.on.metric, &def.on.property) {
            (Some(metric), _) => plan.metric_number(metric).map(Self::Metric),
            (None, Some(property)) => Some(Self::Of(
                plan.feed_number(def.on.feed.as_ref()?)?,
                plan.property_number(property)?,
            )),
            (None, None) => None,
        }
    }
}

/// The condition in `when`; without it, the lowest of the level's limits must be reached.
fn condition(def: &RuleDef) -> Option<Condition> {
    match (&def.when, &def.level) {
        (Some(when), _) => Condition::compile(Some(when)),
        (None, LevelDef::ByValue(limits)) => {
            let (_, lowest) = limits.first_key_value()?;
            Some(Condition::at_least(*lowest))
        }
        (None, _) => None,
    }
}

/// A newer value of a property of an asset.
pub(crate) struct Valued<'a> {
    pub(crate) feed: &'a FeedId,
    pub(crate) asset: &'a AssetId,
    pub(crate) handle: u32,
    /// Event time, never after now.
    pub(crate) at_ms: i64,
    pub(crate) v: f64,
}

/// An asset at another place.
pub(crate) struct Moved<'a> {
    pub(crate) feed: &'a FeedId,
    pub(crate) asset: &'a AssetId,
    pub(crate) handle: u32,
    pub(crate) position: Position,
    /// The finest area there; absent outside the city.
    pub(crate) area: Option<Area>,
    /// Event time, never after now.
    pub(crate) at_ms: i64,
}

/// A report's step, and where it counts.
pub(crate) struct Step<'a> {
    pub(crate) report: &'a Report,
    pub(crate) position: Option<Position>,
    pub(crate) area: Option<Area>,
    /// Of a step that issues a warning, what is said of it.
    pub(crate) issued: Option<&'a Issued>,
}

impl Fold<'_> {
    /// As of when was seen what speaks for an alert that fires.
    pub(crate) fn seen_ms(&self, row: &Row) -> i64 {
        let rule = self.plan.rule(row.rule);
        rule.map_or(row.seen_ms, |rule| rule.watch.seen_ms(self, row))
    }

    /// Shows each of `rules` what `look` shows it.
    fn look_by(&mut self, rules: &[Rule], look: impl Fn(&dyn Kind, &mut Self, Rule)) {
        let plan = self.plan;
        for rule in rules {
            if let Some(known) = plan.rule(*rule) {
                look(known.watch.as_ref(), self, *rule);
            }
        }
    }

    /// Shows a value to the rules that look at it.
    pub(crate) fn show_value(&mut self, rules: &[Rule], seen: &Valued<'_>) {
        self.look_by(rules, |kind, fold, rule| kind.value(fold, rule, seen));
    }

    /// Shows a metric's value to the rules that look at it.
    pub(crate) fn show_metric(&mut self, rules: &[Rule], at: (Metric, Area), v: Option<f64>) {
        self.look_by(rules, |kind, fold, rule| kind.metric(fold, rule, at, v));
    }

    /// Shows an asset's place to the rules that look at it.
    pub(crate) fn show_place(&mut self, rules: &[Rule], seen: &Moved<'_>) {
        self.look_by(rules, |kind, fold, rule| kind.moved(fold, rule, seen));
    }

    /// Tells rules that an asset was heard.
    pub(crate) fn show_speech(&mut self, rules: &[Rule], handle: u32, index: u32) {
        self.look_by(rules, |kind, fold, rule| {
            kind.heard(fold, rule, handle, index);
        });
    }

    /// Shows a report's step to rules.
    pub(crate) fn show_step(&mut self, rules: &[Rule], step: &Step<'_>) {
        self.look_by(rules, |kind, fold, rule| kind.stepped(fold, rule, step));
    }

    /// Shows a report that was opened to rules.
    pub(crate) fn show_opened(&mut self, rules: &[Rule], step: &Step<'_>) {
        self.look_by(rules, |kind, fold, rule| kind.opened(fold, rule, step));
    }

    /// Shows an alert that fires, or no longer does, to the rules that it is a part of.
    pub(crate) fn show_part(&mut self, part: &Row, fires: bool) {
        let plan = self.plan;
        if let Some(of) = plan.rule(part.rule) {
            self.look_by(&of.part_of, |kind, fold, rule| {
                kind.turned(fold, rule, part, fires);
                fold.state.unsettled.insert(rule);
            });
        }
    }

    /// Judges the rules whose parts turned. This waits for the end of an entry, as within one some
    /// part may end and another begin, and what holds all the while must not end in between. A
    /// rule's parts are declared before it, so that by number each finds its own at rest.
    pub(crate) fn settle_composed(&mut self) {
        let plan = self.plan;
        while let Some(rule) = self.state.unsettled.pop_first() {
            if let Some(known) = plan.rule(rule) {
                known.watch.settle(self, rule);
            }
        }
    }

    /// Tells every rule that time has passed.
    pub(crate) fn tick_rules(&mut self) {
        let plan = self.plan;
        for (number, rule) in (0..).zip(&plan.rules) {
            rule.watch.ticked(self, number);
        }
    }

    /// What a rule remembers.
    fn rule_state(&mut self, rule: Rule) -> Option<&mut RuleState> {
        self.state.rules.get_mut(usize::from(rule))
    }
}
