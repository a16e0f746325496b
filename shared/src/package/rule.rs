//! `rules.toml`: what fires alerts, what can cause what, and when alerts become an incident.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::id::{DepartmentId, FeedId, MetricId, PlanId, PropertyId, RuleId};
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
}

/// One `[[rule]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleDef {
    /// Its id.
    pub id: RuleId,
    /// Its name.
    pub name: Text,
    /// What kind of condition.
    pub kind: RuleKind,
    /// What it watches.
    pub on: OnDef,
    /// `threshold`: the condition, CEL over `value`.
    #[serde(default)]
    pub when: Option<String>,
    /// How long the condition must hold before the alert fires.
    #[serde(default, rename = "for")]
    pub hold: Span,
    /// How long the alert goes on firing after the condition ends.
    #[serde(default)]
    pub keep_for: Span,
    /// `silence`: how long without a word.
    #[serde(default)]
    pub after: Option<Span>,
    /// `cluster`: how many reports.
    #[serde(default)]
    pub count: Option<u32>,
    /// `cluster`: how near to one another.
    #[serde(default)]
    pub within: Option<WithinDef>,
    /// How bad.
    pub level: LevelDef,
    /// What it says; `{asset}`, `{value}`, `{unit}`, `{area}`, `{count}` are filled in.
    #[serde(default)]
    pub message: Option<Text>,
    /// The response plan.
    #[serde(default)]
    pub plan: Option<PlanId>,
    /// Who does it.
    #[serde(default)]
    pub assign: Option<AssignDef>,
}

/// Kinds of condition; one file each in `egret_city`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// A value, of an asset or of a metric, meets a condition.
    Threshold,
    /// An asset says nothing for too long.
    Silence,
    /// Reports come near one another in space and time.
    Cluster,
}

/// What a rule watches: a feed's assets or reports, or a metric in every area.
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

/// How bad: always the same, or by the value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LevelDef {
    /// Always this.
    Fixed(Level),
    /// The highest level whose limit the value reaches; below all limits, the lowest listed.
    ByValue(BTreeMap<Level, f64>),
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
