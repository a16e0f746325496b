//! `areas.geojson` to checked areas.
//!
//! Each feature is read on its own, and its place in the file kept, so that a mistake in one
//! polygon hides none in the next.

use std::collections::BTreeMap;

use egret_shared::id::AreaCode;
use egret_shared::package::feed::Crs;
use egret_shared::text::Text;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::AreaSeed;
use super::polygon::Geometry;
use crate::problem::Problem;
use crate::spans::Source;

/// The file's name.
pub(crate) const FILE: &str = "areas.geojson";

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(borrow)]
    features: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Feature {
    properties: Properties,
    geometry: Geometry,
}

/// What an area says of itself; other properties are the mapmaker's own.
#[derive(Deserialize)]
struct Properties {
    code: AreaCode,
    #[serde(default)]
    parent: Option<AreaCode>,
    level: String,
    name_zh: String,
    name_en: String,
}

/// The features of the file, as far as they could be read.
pub(crate) struct Areas<'a> {
    source: Source<'a>,
    features: Vec<(&'a RawValue, usize, Feature)>,
    /// Whether every feature could be read: only then is a missing code a mistake.
    whole: bool,
}

impl<'a> Areas<'a> {
    /// Reads the file; what cannot be read goes to `problems`.
    pub(crate) fn parse(text: &'a str, problems: &mut Vec<Problem>) -> Option<Self> {
        let source = Source::new(FILE, text);
        let collection: Collection<'a> = match serde_json::from_str(text) {
            Ok(collection) => collection,
            Err(error) => {
                problems.push(at_json_error(&source, text, 0, &error));
                return None;
            }
        };
        let mut features = Vec::new();
        let mut whole = true;
        for raw in collection.features {
            let offset = raw.get().as_ptr() as usize - text.as_ptr() as usize;
            match serde_json::from_str::<Feature>(raw.get()) {
                Ok(feature) => features.push((raw, offset, feature)),
                Err(error) => {
                    whole = false;
                    problems.push(at_json_error(&source, raw.get(), offset, &error));
                }
            }
        }
        Some(Self {
            source,
            features,
            whole,
        })
    }

    /// The codes in the file, if all of it could be read.
    pub(crate) fn codes(&self) -> Option<impl Iterator<Item = &str>> {
        let codes = self
            .features
            .iter()
            .map(|(_, _, feature)| feature.properties.code.as_str());
        self.whole.then_some(codes)
    }

    /// Checks the areas against one another and `city.toml`.
    pub(crate) fn check(&self, city: Option<(&AreaCode, &[String])>, problems: &mut Vec<Problem>) {
        let parents = self.parents(problems);
        for (raw, offset, feature) in &self.features {
            let properties = &feature.properties;
            let mut refuse = |key: &str, message: String| {
                let at = offset + raw.get().find(&format!("\"{key}\"")).unwrap_or(0);
                let message = format!("area \"{}\": {message}", properties.code);
                problems.push(self.source.problem(at, message));
            };
            if let Some((_, levels)) = city
                && !levels.contains(&properties.level)
            {
                let levels = levels.join(", ");
                refuse(
                    "level",
                    format!("no level \"{}\": city.toml has {levels}", properties.level),
                );
            }
            self.check_parent(
                properties,
                city.map(|(root, _)| root),
                &parents,
                &mut refuse,
            );
            if let Err(message) = feature.geometry.check() {
                refuse("geometry", message);
            }
        }
        if let Some((root, _)) = city
            && self.whole
            && !parents.contains_key(root)
        {
            problems.push(Problem::whole(
                FILE,
                format!("no area \"{root}\", the root in city.toml"),
            ));
        }
    }

    /// Every area's parent; a code's second area is refused.
    fn parents(&self, problems: &mut Vec<Problem>) -> BTreeMap<&AreaCode, Option<&AreaCode>> {
        let mut parents = BTreeMap::new();
        for (raw, offset, feature) in &self.features {
            let code = &feature.properties.code;
            if parents
                .insert(code, feature.properties.parent.as_ref())
                .is_some()
            {
                let at = offset + raw.get().find("\"code\"").unwrap_or(0);
                let message = format!("area \"{code}\": this code stands here a second time");
                problems.push(self.source.problem(at, message));
            }
        }
        parents
    }

    fn check_parent(
        &self,
        properties: &Properties,
        root: Option<&AreaCode>,
        parents: &BTreeMap<&AreaCode, Option<&AreaCode>>,
        refuse: &mut impl FnMut(&str, String),
    ) {
        let code = &properties.code;
        match &properties.parent {
            Some(parent) if root == Some(code) => refuse(
                "parent",
                format!("the root has no parent, but this one says \"{parent}\""),
            ),
            Some(parent) if self.whole && !parents.contains_key(parent) => {
                refuse("parent", format!("no area \"{parent}\" to be its parent"));
            }
            Some(_) => {
                if let Some(circle) = circle_from(code, parents) {
                    refuse("parent", format!("its parents go in a circle: {circle}"));
                }
            }
            None if root.is_some_and(|root| root != code) => refuse(
                "code",
                "it has no parent, and only the root in city.toml may have none".to_owned(),
            ),
            None => {}
        }
    }

    /// The areas for the tree, drawn in the datum `crs`. Call only if there are no problems.
    pub(crate) fn into_seeds(self, crs: Crs) -> Vec<AreaSeed> {
        let seed = |(_, _, feature): (_, _, Feature)| {
            let Feature {
                properties,
                geometry,
            } = feature;
            let polygon = geometry.into_multi_polygon(crs);
            AreaSeed {
                code: properties.code,
                parent: properties.parent,
                level: properties.level,
                name: Text::new(properties.name_zh, properties.name_en),
                centre: super::polygon::centre(&polygon),
                polygon,
            }
        };
        self.features.into_iter().map(seed).collect()
    }
}

/// The way round, if following parents from `code` leads back to it.
fn circle_from(
    code: &AreaCode,
    parents: &BTreeMap<&AreaCode, Option<&AreaCode>>,
) -> Option<String> {
    let mut way = vec![code.as_str()];
    let mut next = parents.get(code).copied().flatten();
    while let Some(area) = next {
        way.push(area.as_str());
        if area == code {
            return Some(way.join(" → "));
        }
        if way.len() > parents.len() {
            return None;
        }
        next = parents.get(area).copied().flatten();
    }
    None
}

/// A problem where serde_json stopped within `part`, which begins at `offset` of the file.
fn at_json_error(
    source: &Source<'_>,
    part: &str,
    offset: usize,
    error: &serde_json::Error,
) -> Problem {
    let lines_before: usize = part
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let mut at = lines_before + error.column().saturating_sub(1);
    while !part.is_char_boundary(at.min(part.len())) {
        at -= 1;
    }
    let text = error.to_string();
    let message = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(message, _)| message);
    source.problem(offset + at, message)
}
