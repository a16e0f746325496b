//! A package with what was added to it while it is in force: more text at the end of its files.
//!
//! So an addition is checked by the very rules of the files, and says the same once somebody has
//! moved it into them.

use std::collections::BTreeMap;

use egret_shared::id::MetricId;
use egret_shared::package::addition::Addition;
use egret_shared::package::feed::FeedDef;
use egret_shared::package::metric::MetricDef;
use egret_shared::package::property::PropertyDef;
use egret_shared::package::scene::{PanelDef, PanelKind, SceneDef};
use egret_shared::text::Text;
use egret_shared::time::Span;
use serde::Serialize;

use crate::problem::Problem;

/// The id of the scene that shows what was added; further ones have a number.
const SCENE: &str = "connected";

/// How long it stays in a rotation.
const DWELL: Span = Span(20_000);

/// Its grid, as wide as the demo city's scenes.
const GRID: [u16; 2] = [24, 12];

/// Tiles of a scene: two columns of four beside the map, each as large as on other scenes.
const TILES: usize = 8;
const TILES_OF_COLUMN: u16 = 4;
const TILE: [u16; 2] = [6, 3];

/// The files' texts with `additions` at their ends.
///
/// # Errors
/// A definition that TOML has no words for: a sentence that names the feed.
pub fn merged(
    files: &BTreeMap<String, String>,
    additions: &[Addition],
) -> Result<BTreeMap<String, String>, String> {
    let mut files = files.clone();
    for addition in additions {
        let parts = Parts::of(addition)?;
        for (file, text) in parts.by_file() {
            append(&mut files, file, text);
        }
    }
    for (number, scene) in scenes(additions).into_iter().enumerate() {
        let text = written(&Scenes { scene: [scene] })
            .map_err(|why| format!("scene {} of what was added: {why}", number + 1))?;
        append(&mut files, "scenes.toml", &text);
    }
    Ok(files)
}

/// An addition in the words of the package's files, each part under the name of its file.
///
/// # Errors
/// A definition that TOML has no words for: a sentence that names the feed.
pub fn toml(addition: &Addition) -> Result<String, String> {
    let parts = Parts::of(addition)?;
    let told = parts.by_file().into_iter();
    let told = told.filter(|(_, text)| !text.is_empty());
    let texts: Vec<String> = told
        .map(|(file, text)| format!("# {file}\n\n{text}\n"))
        .collect();
    Ok(texts.concat())
}

/// Where a problem of a merged package is, for whoever wrote an addition: what stands in lines that
/// they never saw is named by its file alone.
pub fn sentence(problem: &Problem) -> String {
    format!("{}: {}", problem.file, problem.message)
}

/// The texts that an addition comes to.
struct Parts {
    properties: String,
    feed: String,
    metrics: String,
    words: String,
}

#[derive(Serialize)]
struct Scenes {
    scene: [SceneDef; 1],
}

#[derive(Serialize)]
struct Properties<'a> {
    property: &'a [PropertyDef],
}

#[derive(Serialize)]
struct Feeds<'a> {
    feed: [&'a FeedDef; 1],
}

#[derive(Serialize)]
struct Metrics<'a> {
    metric: &'a [MetricDef],
}

#[derive(Serialize)]
struct Words<'a> {
    category: BTreeMap<&'a str, &'a BTreeMap<String, Text>>,
}

impl Parts {
    fn of(addition: &Addition) -> Result<Self, String> {
        let failed = |why: String| format!("feed \"{}\": {why}", addition.feed.id);
        let property = addition.properties.as_slice();
        let metric = addition.metrics.as_slice();
        Ok(Self {
            properties: match property {
                [] => String::new(),
                property => written(&Properties { property }).map_err(failed)?,
            },
            feed: written(&Feeds {
                feed: [&addition.feed],
            })
            .map_err(failed)?,
            metrics: match metric {
                [] => String::new(),
                metric => written(&Metrics { metric }).map_err(failed)?,
            },
            // A table of its feed's own, so that it may stand behind others.
            words: written(&Words {
                category: BTreeMap::from([(addition.feed.id.as_str(), &addition.category)]),
            })
            .map_err(failed)?,
        })
    }

    fn by_file(&self) -> [(&'static str, &str); 4] {
        [
            ("properties.toml", &self.properties),
            ("feeds.toml", &self.feed),
            ("metrics.toml", &self.metrics),
            ("words.toml", &self.words),
        ]
    }
}

fn written(list: &impl Serialize) -> Result<String, String> {
    let mut table = toml::Table::try_from(list).map_err(|error| error.to_string())?;
    leave_out_empty(&mut table);
    toml::to_string(&table).map_err(|error| error.to_string())
}

/// Leaves out lists and tables with nothing in them: to many keys an empty list is as wrong as a full
/// one.
fn leave_out_empty(table: &mut toml::Table) {
    table.retain(|_, value| {
        match value {
            toml::Value::Table(inner) => leave_out_empty(inner),
            toml::Value::Array(items) => {
                for item in items.iter_mut() {
                    if let toml::Value::Table(inner) = item {
                        leave_out_empty(inner);
                    }
                }
            }
            _ => {}
        }
        !matches!(value, toml::Value::Table(inner) if inner.is_empty())
            && !matches!(value, toml::Value::Array(items) if items.is_empty())
    });
}

fn append(files: &mut BTreeMap<String, String>, file: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    let whole = files.entry(file.to_owned()).or_default();
    whole.push_str("\n\n");
    whole.push_str(text);
}

/// Scenes with the tiles of `additions`, beside a map with the first of each scene's metrics.
fn scenes(additions: &[Addition]) -> Vec<SceneDef> {
    let tiles: Vec<&MetricId> = additions.iter().flat_map(|added| &added.tiles).collect();
    let of = |(number, tiles): (usize, &[&MetricId])| {
        let (id, ending) = match number {
            0 => (SCENE.to_owned(), String::new()),
            number => (
                format!("{SCENE}-{}", number + 1),
                format!(" {}", number + 1),
            ),
        };
        SceneDef {
            id: id.as_str().into(),
            name: Text::new(
                format!("新接入{ending}"),
                format!("Newly connected{ending}"),
            ),
            dwell: Some(DWELL),
            grid: GRID,
            grid_wide: None,
            panels: panels(tiles),
        }
    };
    tiles.chunks(TILES).enumerate().map(of).collect()
}

fn panels(tiles: &[&MetricId]) -> Vec<PanelDef> {
    let mut panels = Vec::new();
    let [tile_width, tile_height] = TILE;
    let mut columns = 0;
    for (number, metric) in (0_u16..).zip(tiles) {
        let column = number / TILES_OF_COLUMN;
        let row = number % TILES_OF_COLUMN;
        columns = column + 1;
        let at = [
            column * tile_width,
            row * tile_height,
            tile_width,
            tile_height,
        ];
        panels.push(PanelDef {
            metric: Some((*metric).clone()),
            ..panel(PanelKind::Stat, at)
        });
    }
    // What the tiles leave free below themselves shows where the first is heading.
    let n_tiles = u16::try_from(tiles.len()).unwrap_or(TILES_OF_COLUMN);
    if let Some(first) = tiles.first()
        && n_tiles < TILES_OF_COLUMN
    {
        let top = n_tiles * tile_height;
        let at = [0, top, tile_width, GRID[1] - top];
        panels.push(PanelDef {
            metric: Some((*first).clone()),
            range: Some(Span(3_600_000)),
            ..panel(PanelKind::Trend, at)
        });
    }
    if let Some(first) = tiles.first() {
        let left = columns * tile_width;
        panels.push(PanelDef {
            layers: vec![format!("areas:{first}"), "assets".to_owned()],
            ..panel(PanelKind::Map, [left, 0, GRID[0] - left, GRID[1]])
        });
    }
    panels
}

fn panel(kind: PanelKind, at: [u16; 4]) -> PanelDef {
    PanelDef {
        kind,
        at,
        at_wide: None,
        title: None,
        layers: Vec::new(),
        metric: None,
        metrics: Vec::new(),
        level: None,
        range: None,
        text: None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Package;
    use crate::folder;

    fn tiny() -> BTreeMap<String, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cities/tiny");
        folder::read(&folder).unwrap()
    }

    fn addition(number: usize) -> Addition {
        let text = format!(
            r#"
            tiles = ["noise.level_{number}"]
            [feed]
            id = "noise-{number}"
            name = {{ zh = "噪声", en = "Noise" }}
            department = "west"
            domain = "environment"
            asset_class = "noise-meter"
            topic = "vendor-n{number}/+/up"
            format = "mapped-json"
            expect_every = "30s"
            [feed.map]
            asset = {{ topic = 1 }}
            at = {{ pointer = "/t", time = "unix_s" }}
            position = {{ lon = "/x", lat = "/y" }}
            values = [ {{ property = "noise_{number}", pointer = "/db" }} ]
            [[property]]
            id = "noise_{number}"
            name = {{ zh = "噪声", en = "Noise" }}
            unit = "dB"
            range = [0, 150]
            [[metric]]
            id = "noise.level_{number}"
            name = {{ zh = "噪声", en = "Noise" }}
            domain = "environment"
            source = {{ feed = "noise-{number}", property = "noise_{number}" }}
            aggregate = "max"
            window = {{ sliding = "5m", every = "10s" }}
            unit = "dB"
            "#
        );
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn what_is_added_is_in_the_package_as_if_it_stood_in_its_files() {
        for n_added in [1, 2, 4, 8, 9, 20] {
            let additions: Vec<Addition> = (0..n_added).map(addition).collect();
            let files = merged(&tiny(), &additions).unwrap();
            let package = Package::load(&files).unwrap_or_else(|problems| panic!("{problems:#?}"));
            for added in &additions {
                assert_eq!(package.feed(&added.feed.id), Some(&added.feed));
                assert_eq!(
                    package.property(&added.properties[0].id),
                    Some(&added.properties[0])
                );
            }
            let shown = |id: &MetricId| {
                let mut panels = package.scenes.iter().flat_map(|scene| &scene.panels);
                panels
                    .any(|panel| panel.kind == PanelKind::Stat && panel.metric.as_ref() == Some(id))
            };
            assert!(additions.iter().all(|added| shown(&added.tiles[0])));
        }
    }

    #[derive(serde::Deserialize)]
    struct Whole {
        property: Vec<PropertyDef>,
        feed: Vec<FeedDef>,
        metric: Vec<MetricDef>,
    }

    #[test]
    fn an_addition_reads_back_as_it_was_written() {
        let added = addition(3);
        let text = toml(&added).unwrap();
        let whole: Whole = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(whole.property, added.properties);
        assert_eq!(whole.feed, [added.feed]);
        assert_eq!(whole.metric, added.metrics);
    }

    #[test]
    fn words_for_the_categories_of_what_is_added_stand_behind_those_of_others() {
        let added: Addition = toml::from_str(
            r#"
            [feed]
            id = "app"
            name = { zh = "市民", en = "App" }
            department = "west"
            domain = "services"
            format = "egret-json"
            report = true
            open311 = true
            [category]
            street-light = { zh = "路灯", en = "Street light" }
            "#,
        )
        .unwrap();
        let mut files = tiny();
        let words = "[category.hotline]\nflood = { zh = \"积水\", en = \"Flood\" }\n";
        files.insert("words.toml".to_owned(), words.to_owned());
        let files = merged(&files, std::slice::from_ref(&added)).unwrap();
        let package = Package::load(&files).unwrap_or_else(|problems| panic!("{problems:#?}"));
        let known: Vec<&str> = package
            .words
            .category
            .keys()
            .map(egret_shared::id::FeedId::as_str)
            .collect();
        assert_eq!(known, ["app", "hotline"]);
        assert_eq!(package.words.category[&added.feed.id], added.category);
        // Without them it takes no requests.
        let silent = Addition {
            category: BTreeMap::new(),
            ..added
        };
        let problems = Package::load(&merged(&tiny(), &[silent]).unwrap()).unwrap_err();
        let sentences: Vec<String> = problems.iter().map(sentence).collect();
        let said = "[category.app] must name one at least";
        assert!(
            sentences.iter().any(|words| words.contains(said)),
            "{sentences:?}"
        );
    }

    #[test]
    fn a_mistake_in_an_addition_is_told_in_the_words_of_the_files() {
        let mut added = addition(0);
        added.feed.department = "nobody".into();
        let files = merged(&tiny(), &[added]).unwrap();
        let problems = Package::load(&files).unwrap_err();
        let sentences: Vec<String> = problems.iter().map(sentence).collect();
        assert!(
            sentences
                .iter()
                .any(|words| words.starts_with("feeds.toml: ")
                    && words.contains("there is no department \"nobody\"")),
            "{sentences:?}"
        );
    }
}
