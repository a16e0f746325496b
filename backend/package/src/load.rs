//! From texts to a [`Package`], or to everything that is wrong.

use std::collections::{BTreeMap, BTreeSet};

use egret_shared::catalog::{AssetDef, LayerDef};
use egret_shared::id::PlanId;
use egret_shared::package::casework::CaseworkDef;
use egret_shared::package::city::CityDef;
use egret_shared::package::department::DepartmentDef;
use egret_shared::package::feed::FeedDef;
use egret_shared::package::metric::MetricDef;
use egret_shared::package::property::PropertyDef;
use egret_shared::package::rule::{CauseDef, HushLimitsDef, IncidentDef, RuleDef, RulesDef};
use egret_shared::package::scene::{SceneDef, ScreenDef};
use egret_shared::package::wall::WallDef;
use egret_shared::package::words::WordsDef;
use serde::de::DeserializeOwned;

use crate::Package;
use crate::areas::AreaTree;
use crate::areas::read::{self as areas, Areas};
use crate::check::{self, Known};
use crate::names::Names;
use crate::plans::{self, PlanEntry};
use crate::problem::Problem;
use crate::spans::{Doc, Entry, List};
use crate::tiles::{self, LAYERS};
use crate::zones::{self, Zone};

/// Texts by path.
type Files = BTreeMap<String, String>;

/// See [`Package::load`].
pub(crate) fn load(files: &Files) -> Result<Package, Vec<Problem>> {
    let mut problems = Vec::new();
    let drafts = Drafts::read(files, &mut problems);
    let assets = drafts.check(files, &mut problems);
    if problems.is_empty()
        && let Some(package) = drafts.into_package(assets, files)
    {
        return Ok(package);
    }
    problems.sort();
    problems.dedup();
    Err(problems)
}

/// What could be read of each file; absent if the file is missing or has syntax errors.
struct Drafts<'a> {
    city: Option<Entry<'a, CityDef>>,
    areas: Option<Areas<'a>>,
    departments: Option<List<'a, DepartmentDef>>,
    properties: Option<List<'a, PropertyDef>>,
    feeds: Option<List<'a, FeedDef>>,
    metrics: Option<List<'a, MetricDef>>,
    rules: Option<Rules<'a>>,
    casework: Option<Entry<'a, CaseworkDef>>,
    scenes: Option<Scenes<'a>>,
    layers: List<'a, LayerDef>,
    words: Option<Entry<'a, WordsDef>>,
    zones: BTreeMap<String, Zone>,
    plans: Vec<PlanEntry<'a>>,
}

/// `rules.toml` has four parts.
struct Rules<'a> {
    rules: List<'a, RuleDef>,
    causes: List<'a, CauseDef>,
    incident: Option<Entry<'a, IncidentDef>>,
    hush: Option<Entry<'a, HushLimitsDef>>,
}

/// `scenes.toml` has three parts.
struct Scenes<'a> {
    scenes: List<'a, SceneDef>,
    screen: Option<Entry<'a, ScreenDef>>,
    wall: Option<Entry<'a, WallDef>>,
}

/// The asset classes that feeds tell of; `None` if a feed could not be read: its may be any.
fn classes(feeds: &List<'_, FeedDef>) -> Option<BTreeSet<String>> {
    let all_read = feeds.entries.len() >= feeds.ids.len();
    let classes = feeds.entries.iter();
    let classes = classes.filter_map(|entry| entry.def.asset_class.clone());
    all_read.then(|| classes.collect())
}

/// A file that must be there.
fn required<'a>(files: &'a Files, name: &'a str, problems: &mut Vec<Problem>) -> Option<Doc<'a>> {
    let text = files.get(name);
    if text.is_none() {
        problems.push(Problem::whole(name, "this file is missing"));
    }
    Doc::parse(name, text?, problems)
}

/// A file that must be there and holds one list.
fn required_list<'a, T: DeserializeOwned>(
    files: &'a Files,
    name: &'a str,
    key: &'static str,
    problems: &mut Vec<Problem>,
) -> Option<List<'a, T>> {
    let doc = required(files, name, problems)?;
    doc.only(&[key], problems);
    Some(doc.list(key, problems))
}

impl<'a> Drafts<'a> {
    fn read(files: &'a Files, problems: &mut Vec<Problem>) -> Self {
        let city = required(files, "city.toml", problems);
        let areas_text = files.get(areas::FILE);
        if areas_text.is_none() {
            problems.push(Problem::whole(areas::FILE, "this file is missing"));
        }
        let city: Option<Entry<'a, CityDef>> = city.and_then(|doc| doc.whole(problems));
        let crs = city.as_ref().map(|city| city.def.crs).unwrap_or_default();
        Self {
            city,
            areas: areas_text.and_then(|text| Areas::parse(text, problems)),
            departments: required_list(files, "departments.toml", "department", problems),
            properties: required_list(files, "properties.toml", "property", problems),
            feeds: required_list(files, "feeds.toml", "feed", problems),
            metrics: required_list(files, "metrics.toml", "metric", problems),
            rules: Rules::read(files, problems),
            casework: Self::read_casework(files, problems),
            scenes: Scenes::read(files, problems),
            layers: Self::read_layers(files, problems),
            words: Self::read_words(files, problems),
            zones: zones::read(files, crs, problems),
            plans: plans::parse(files, problems),
        }
    }

    fn read_layers(files: &'a Files, problems: &mut Vec<Problem>) -> List<'a, LayerDef> {
        let is_there = files.contains_key(LAYERS);
        let layers = is_there.then(|| required_list(files, LAYERS, "layer", problems));
        layers.flatten().unwrap_or_default()
    }

    fn read_casework(
        files: &'a Files,
        problems: &mut Vec<Problem>,
    ) -> Option<Entry<'a, CaseworkDef>> {
        const FILE: &str = "casework.toml";
        Doc::parse(FILE, files.get(FILE)?, problems)?.whole(problems)
    }

    fn read_words(files: &'a Files, problems: &mut Vec<Problem>) -> Option<Entry<'a, WordsDef>> {
        const FILE: &str = "words.toml";
        Doc::parse(FILE, files.get(FILE)?, problems)?.whole(problems)
    }

    /// Checks the files against one another; the assets come out on the way.
    fn check(&self, files: &Files, problems: &mut Vec<Problem>) -> Vec<AssetDef> {
        let mut known = self.known();
        let assets = Self::read_assets(files, &mut known, problems);
        if let Some(city) = &self.city {
            check::city::check(city, problems);
        }
        if let Some(areas) = &self.areas {
            let city = self
                .city
                .as_ref()
                .map(|city| (&city.def.root, city.def.levels.as_slice()));
            areas.check(city, problems);
        }
        if let Some(departments) = &self.departments {
            check::departments::check(departments, &known, problems);
        }
        if let Some(properties) = &self.properties {
            check::properties::check(properties, problems);
        }
        if let Some(feeds) = &self.feeds {
            check::feeds::check(feeds, &known, problems);
            let words = self.words.as_ref().map(|words| &words.def);
            check::open311::check(feeds, words, problems);
        }
        if let Some(metrics) = &self.metrics {
            check::metrics::check(metrics, &known, problems);
        }
        if let Some(rules) = &self.rules {
            rules.check(&known, problems);
        }
        if let Some(casework) = &self.casework {
            check::casework::check(casework, &known, problems);
        }
        if let Some(scenes) = &self.scenes {
            check::scenes::check(&scenes.scenes, scenes.screen.as_ref(), &known, problems);
            if let Some(wall) = &scenes.wall {
                check::scenes::check_wall(wall, &scenes.scenes, problems);
            }
        }
        check::layers::check(&self.layers, files, &known, problems);
        if let Some(words) = &self.words {
            check::words::check(words, &known, problems);
        }
        self.check_plans(&known, problems);
        assets
    }

    /// The assets; their ids go to `known`, for what refers to them.
    fn read_assets(
        files: &Files,
        known: &mut Known<'_>,
        problems: &mut Vec<Problem>,
    ) -> Vec<AssetDef> {
        let Some(text) = files.get(check::assets::FILE) else {
            return Vec::new();
        };
        let n_before = problems.len();
        let assets = check::assets::read(text, known, problems);
        if problems.len() == n_before {
            let mut by_feed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for asset in &assets {
                let ids = by_feed.entry(asset.feed.to_string()).or_default();
                ids.insert(asset.asset.to_string());
            }
            known.assets = Some(by_feed);
        }
        assets
    }

    fn check_plans(&self, known: &Known<'_>, problems: &mut Vec<Problem>) {
        for entry in &self.plans {
            for kind in &entry.plan.kinds {
                if let Some(message) = known.rules.refusal(kind.as_str()) {
                    problems.push(entry.problem_with_kinds(&message));
                }
            }
        }
    }

    fn known(&self) -> Known<'_> {
        fn ids<T>(list: Option<&List<'_, T>>) -> Option<BTreeSet<String>> {
            list.map(|list| list.ids.clone())
        }
        let city = self.city.as_ref().map(|city| &city.def);
        let levels = city.map(|city| city.levels.iter().cloned().collect());
        let areas = self.areas.as_ref().and_then(Areas::codes);
        let plans = self
            .plans
            .iter()
            .map(|entry| entry.id.to_string())
            .collect();
        let feeds = self.feeds.iter().flat_map(|feeds| &feeds.entries);
        let rules = self.rules.iter().flat_map(|rules| &rules.rules.entries);
        let properties = self
            .properties
            .iter()
            .flat_map(|properties| &properties.entries);
        let metrics = self.metrics.iter().flat_map(|metrics| &metrics.entries);
        let layers = self.layers.entries.iter();
        let tiled = layers.filter(|entry| entry.def.is_tiled());
        Known {
            areas: Names::new(
                "area",
                areas.map(|codes| codes.map(str::to_owned).collect()),
            ),
            levels: Names::new("level", levels),
            departments: Names::new("department", ids(self.departments.as_ref())),
            properties: Names::new("property", ids(self.properties.as_ref())),
            feeds: Names::new("feed", ids(self.feeds.as_ref())),
            classes: Names::new("asset class", self.feeds.as_ref().and_then(classes)),
            metrics: Names::new("metric", ids(self.metrics.as_ref())),
            rules: Names::new("rule", ids(self.rules.as_ref().map(|rules| &rules.rules))),
            plans: Names::new("plan", Some(plans)),
            zones: Names::new("zone", Some(self.zones.keys().cloned().collect())),
            scenes: Names::new(
                "scene",
                ids(self.scenes.as_ref().map(|scenes| &scenes.scenes)),
            ),
            layers: Names::new("layer of the map", Some(self.layers.ids.clone())),
            tiled: tiled.map(|entry| entry.def.id.as_str()).collect(),
            rule_defs: rules
                .map(|entry| (entry.def.id.as_str(), &entry.def))
                .collect(),
            feed_defs: feeds
                .map(|entry| (entry.def.id.as_str(), &entry.def))
                .collect(),
            property_defs: properties
                .map(|entry| (entry.def.id.as_str(), &entry.def))
                .collect(),
            metric_defs: metrics
                .map(|entry| (entry.def.id.as_str(), &entry.def))
                .collect(),
            assets: None,
        }
    }

    /// The package, if every file could be read. Call only if there are no problems.
    fn into_package(self, assets: Vec<AssetDef>, files: &Files) -> Option<Package> {
        let city = self.city?.def;
        let scenes = self.scenes?;
        let plan = |entry: PlanEntry<'_>| -> (PlanId, plans::Plan) { (entry.id, entry.plan) };
        let mut package = Package {
            timezone: check::city::timezone(&city)?,
            areas: AreaTree::from_seeds(self.areas?.into_seeds(city.crs)),
            city,
            departments: self.departments?.into_defs(),
            properties: self.properties?.into_defs(),
            feeds: self.feeds?.into_defs(),
            metrics: check::metrics::in_order(self.metrics?.into_defs()),
            rules: self.rules?.into_def(),
            casework: self.casework.map(|entry| entry.def).unwrap_or_default(),
            scenes: scenes.scenes.into_defs(),
            wall: scenes.wall.map(|entry| entry.def).unwrap_or_default(),
            screen: scenes.screen.map(|entry| entry.def),
            assets,
            tiles: tiles::all(files),
            layers: self.layers.into_defs(),
            words: self.words.map(|entry| entry.def).unwrap_or_default(),
            zones: self.zones,
            plans: self.plans.into_iter().map(plan).collect(),
            digest: 0,
        };
        package.digest = crate::digest::of(&package);
        Some(package)
    }
}

impl<'a> Scenes<'a> {
    fn read(files: &'a Files, problems: &mut Vec<Problem>) -> Option<Self> {
        let doc = required(files, "scenes.toml", problems)?;
        doc.only(&["scene", "screen", "wall"], problems);
        Some(Self {
            scenes: doc.list("scene", problems),
            screen: doc.one("screen", problems),
            wall: doc.one("wall", problems),
        })
    }
}

impl<'a> Rules<'a> {
    fn read(files: &'a Files, problems: &mut Vec<Problem>) -> Option<Self> {
        let doc = required(files, "rules.toml", problems)?;
        doc.only(&["rule", "cause", "incident", "hush"], problems);
        Some(Self {
            rules: doc.list("rule", problems),
            causes: doc.list("cause", problems),
            incident: doc.one("incident", problems),
            hush: doc.one("hush", problems),
        })
    }

    fn check(&self, known: &Known<'_>, problems: &mut Vec<Problem>) {
        check::rules::check_rules(&self.rules, known, problems);
        check::rules::check_causes(&self.causes, known, problems);
        if let Some(incident) = &self.incident {
            check::rules::check_incident(incident, problems);
        }
        if let Some(hush) = &self.hush {
            check::rules::check_hush(hush, problems);
        }
    }

    fn into_def(self) -> RulesDef {
        RulesDef {
            rules: self.rules.into_defs(),
            causes: self.causes.into_defs(),
            incident: self.incident.map(|entry| entry.def).unwrap_or_default(),
            hush: self.hush.map(|entry| entry.def).unwrap_or_default(),
        }
    }
}
