//! `rules.toml`: what fires alerts, what can cause what, and when alerts become an incident.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smol_str::SmolStr;

use super::command::ASSET;
use crate::actuation::Argument;
use crate::id::{AreaCode, CommandId, DepartmentId, FeedId, MetricId, PlanId, PropertyId, RuleId};
use crate::level::Level;
use crate::text::Text;
use crate::time::Span;

/// The whole of `rules.toml`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesDef {
    /// Rules.
    #[serde(default, rename = "rule")]
    pub rules: Vec<RuleDef>,
    /// The cause graph.
    #[serde(default, rename = "cause")]
    pub causes: Vec<CauseDef>,
    /// When alerts become an incident.
    #[serde(default)]
    pub incident: IncidentDef,
    /// How far alerts may be kept quiet.
    #[serde(default)]
    pub hush: HushLimitsDef,
}

/// One `[[rule]]`. Which keys a kind needs and which it may have: `docs/rules.md`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleDef {
    /// Its id.
    pub id: RuleId,
    /// Its name.
    pub name: Text,
    /// What kind of condition.
    pub kind: RuleKind,
    /// What it watches; `all` and `any` watch other rules instead.
    #[serde(default)]
    pub on: OnDef,
    /// `threshold`, `rate`: the condition, CEL over `value`. `stuck`: only such values are watched.
    #[serde(default)]
    pub when: Option<String>,
    /// How long the condition must hold before the alert fires.
    #[serde(default, rename = "for")]
    pub hold: Span,
    /// How long the alert goes on firing after the condition ends.
    #[serde(default, alias = "keep_firing_for")]
    pub keep_for: Span,
    /// `delivery`: what is wrong with how a feed delivers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<DeliveryFault>,
    /// `silence`, `delivery`: how long without a word. `stuck`: how long the same. `geofence`: how
    /// long a dwelling asset may stay.
    #[serde(default)]
    pub after: Option<Span>,
    /// `silence` by groups: how long without a word before one asset is told of alone.
    #[serde(default)]
    pub alone_after: Option<Span>,
    /// `silence`: assets that share a `gateway`, or an area of this level, are one alert. `all` and
    /// `any`: parts on the same `asset`, or within an area of this level.
    #[serde(default)]
    pub by: Option<String>,
    /// `silence` by groups: what share of a group must be silent, above 0 and up to 1.
    #[serde(default)]
    pub share: Option<f64>,
    /// `cluster`: how many reports. `delivery`: how many messages at least.
    #[serde(default)]
    pub count: Option<u32>,
    /// `cluster`, `all`: how near to one another.
    #[serde(default)]
    pub within: Option<WithinDef>,
    /// `rate`: over which time the change is taken. `delivery`: over which time messages are counted.
    #[serde(default)]
    pub window: Option<Span>,
    /// `rate`: per which time it is told; an hour unless it says otherwise.
    #[serde(default)]
    pub per: Option<Span>,
    /// `stuck`: how far a value may wander and still count as the same, in the property's unit.
    #[serde(default)]
    pub tolerance: Option<f64>,
    /// `geofence`: which ground.
    #[serde(default)]
    pub zone: Option<ZoneDef>,
    /// `geofence`: what an asset does there.
    #[serde(default)]
    pub passage: Option<Passage>,
    /// `anomaly`: how many usual deviations from the usual; 3.5 unless it says otherwise.
    #[serde(default)]
    pub z: Option<f64>,
    /// `anomaly`: to which side; to both unless it says otherwise.
    #[serde(default)]
    pub side: Option<Side>,
    /// `warning`: in which states a warning is over; `cancelled`, `expired` and `closed` unless it
    /// says otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<String>,
    /// `warning`: how long one is in force that nobody renews or ends.
    #[serde(default)]
    pub lasts: Option<Span>,
    /// `all`, `any`: the rules that it is made of; each stands above it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<RuleId>,
    /// Whether it is but a part of others: it makes no alerts of its own.
    #[serde(default)]
    pub silent: bool,
    /// When an alert of it counts as flapping.
    #[serde(default)]
    pub flap: FlapDef,
    /// How bad.
    #[serde(default)]
    pub level: LevelDef,
    /// What it says; `{asset}`, `{value}` and others of its kind are filled in.
    #[serde(default)]
    pub message: Option<Text>,
    /// The response plan.
    #[serde(default)]
    pub plan: Option<PlanId>,
    /// Who does it.
    #[serde(default)]
    pub assign: Option<AssignDef>,
    /// What an actuator is told when an alert of it fires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<RuleOrderDef>,
}

/// `order` of a rule: what an actuator is told when an alert of the rule fires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleOrderDef {
    /// The actuator's feed.
    pub feed: FeedId,
    /// The actuator: an id, or [`ASSET`] for the one that the alert is about.
    #[serde(default = "alerted_asset")]
    pub asset: String,
    /// What it is to do.
    pub command: CommandId,
    /// What is said with it.
    #[serde(default)]
    pub parameters: BTreeMap<SmolStr, Argument>,
    /// At most one order of this rule to one actuator in so long.
    #[serde(default = "every_default")]
    pub every: Span,
    /// What the rule saw is at most so old; what comes later than that orders nothing.
    #[serde(default = "fresh_default")]
    pub fresh: Span,
    /// That a command which people are asked for twice is meant to go out without anybody's doing.
    #[serde(default)]
    pub confirmed: bool,
}

impl RuleOrderDef {
    /// Whether it is told to the asset that the alert is about.
    pub fn is_to_alerted(&self) -> bool {
        self.asset == ASSET
    }
}

fn alerted_asset() -> String {
    ASSET.to_owned()
}

/// Ten minutes: what an order does shows by then, and a person can step in before the next.
fn every_default() -> Span {
    Span(10 * 60_000)
}

/// Five minutes: what a gateway sends every minute may be late, and what it stored is not taken for
/// what is so now.
fn fresh_default() -> Span {
    Span(5 * 60_000)
}

/// Kinds of condition; one file each in `egret_city` and in `egret_package`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// A value, of an asset or of a metric, meets a condition.
    Threshold,
    /// An asset says nothing for too long.
    Silence,
    /// Reports come near one another in space and time.
    Cluster,
    /// A value, of an asset or of a metric, changes too fast.
    Rate,
    /// A value does not change for too long.
    Stuck,
    /// A moving asset enters a zone, leaves it or stays in it.
    Geofence,
    /// A metric is far from what is usual at this hour of the week.
    Anomaly,
    /// A warning that somebody has issued is in force.
    Warning,
    /// All of several rules fire near one another.
    All,
    /// Any of several rules fires.
    Any,
    /// A feed delivers badly, or nothing at all.
    Delivery,
}

/// What is wrong with how a feed delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryFault {
    /// Its messages are refused.
    Refused,
    /// Its messages come later than its lateness allows.
    Late,
    /// Nothing comes from it, not even what is refused.
    Silent,
    /// The clock of one of its gateways is off.
    Clock,
}

/// What a rule watches: a feed's assets or reports, or a metric in every area; of `delivery` a feed,
/// or nothing: every feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnDef {
    /// A feed.
    #[serde(default)]
    pub feed: Option<FeedId>,
    /// The property of that feed.
    #[serde(default)]
    pub property: Option<PropertyId>,
    /// A metric instead of a feed.
    #[serde(default)]
    pub metric: Option<MetricId>,
    /// Only what this CEL expression holds for, as in a metric's source.
    #[serde(default, rename = "where")]
    pub filter: Option<String>,
}

/// How bad: always the same, by the value, or by a word.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LevelDef {
    /// Always this.
    Fixed(Level),
    /// The highest level whose limit the value reaches; below all limits, the lowest listed.
    ByValue(BTreeMap<Level, f64>),
    /// `warning`: by the report's category; what is not listed is no warning of this rule.
    ByWord(BTreeMap<String, Level>),
    /// Not said. `all` and `any` are as bad as the worst of their parts; others must say.
    #[default]
    Unsaid,
}

/// Ground that a geofence is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneDef {
    /// An area of the city.
    Area(AreaCode),
    /// The polygons of a GeoJSON file in the package's folder `zones`.
    File(String),
    /// A circle.
    Circle(CircleDef),
}

/// A circle on the ground.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CircleDef {
    /// Longitude of its centre, degrees, WGS 84.
    pub lon: f64,
    /// Latitude of its centre, degrees, WGS 84.
    pub lat: f64,
    /// How far it reaches.
    pub radius: Metres,
}

/// What an asset does with a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passage {
    /// It is inside.
    Enter,
    /// It was inside and is outside.
    Leave,
    /// It has been inside for long.
    Dwell,
}

/// To which side of the usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// More than usual.
    Above,
    /// Less than usual.
    Below,
    /// Either.
    #[default]
    Both,
}

/// When an alert flaps: it fired and resolved this often within this time. From then on it goes on
/// firing until its condition has rested for that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlapDef {
    /// How often it fired or resolved.
    pub changes: u32,
    /// Within which time.
    pub within: Span,
}

impl Default for FlapDef {
    /// Fired and resolved twice within ten minutes: whoever looks at a list every five minutes
    /// finds it in another state each time.
    fn default() -> Self {
        Self {
            changes: 4,
            within: Span(10 * 60_000),
        }
    }
}

/// `[hush]`: how far alerts may be kept quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HushLimitsDef {
    /// The longest time for which one alert can be shelved 搁置.
    #[serde(default = "shelf_max_default")]
    pub shelf_max: Span,
}

impl Default for HushLimitsDef {
    fn default() -> Self {
        Self {
            shelf_max: shelf_max_default(),
        }
    }
}

/// A day: every shift has to take its shelves over, or do without.
fn shelf_max_default() -> Span {
    Span(24 * 3_600_000)
}

/// Nearness in space and time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithinDef {
    /// At most so far apart.
    pub distance: Metres,
    /// At most so long apart.
    pub time: Span,
}

/// A distance; in files `"400m"` or `"1.5km"`.
///
/// # Units
/// Metres, finite and not negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Metres(pub f64);

impl Metres {
    /// The distance that a text such as `"400m"` names.
    ///
    /// # Errors
    /// A sentence that shows the text and the forms that are accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (number, factor) = match text.strip_suffix("km") {
            Some(number) => (number, 1_000.0),
            None => (text.strip_suffix('m').unwrap_or(""), 1.0),
        };
        match number.trim().parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Ok(Self(number * factor)),
            _ => Err(format!("\"{text}\" is no distance: write 400m or 1.5km")),
        }
    }
}

impl Serialize for Metres {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}m", self.0))
    }
}

impl<'de> Deserialize<'de> for Metres {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// Who does the task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignDef {
    /// Lead department 主办.
    pub lead: DepartmentId,
    /// Supporting departments 协办.
    #[serde(default)]
    pub support: Vec<DepartmentId>,
}

/// One `[[cause]]`: alerts of `from` can bring about alerts of `to`.
///
/// An alert is put down to its nearest cause, so `within` says how far a cause can reach and not
/// how far one looks. A kind that is a cause of itself makes one thing of two alerts of that kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CauseDef {
    /// The rule whose alerts are the cause.
    pub from: RuleId,
    /// The rule whose alerts are the effect.
    pub to: RuleId,
    /// How near they must be.
    pub within: WithinDef,
    /// Why.
    pub because: Text,
}

/// `[incident]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentDef {
    /// CEL over `kinds` (how many different rules), `alerts` (how many) and `level` (a word);
    /// absent, one alert is enough.
    #[serde(default)]
    pub open_when: Option<String>,
    /// By when an incident of a level must be answered.
    #[serde(default)]
    pub limits: BTreeMap<Level, Span>,
}
