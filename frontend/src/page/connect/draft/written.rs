//! From the form to the addition that the server takes, or to what is missing still.

use egret_shared::id::{MetricId, PropertyId};
use egret_shared::package::addition::Addition;
use egret_shared::package::feed::{
    FeedDef, MapDef, NameDef, PollDef, PositionPlace, PropertyPlace, UnitPlace, ValuePlace,
};
use egret_shared::package::metric::{Aggregate, By, LevelsDef, MetricDef, OneOrMany};
use egret_shared::package::metric::{SourceDef, WindowDef};
use egret_shared::package::property::PropertyDef;
use egret_shared::text::Text;
use egret_shared::time::Span;

use super::{Draft, NewProperty, Taken, Tile, Way};
use crate::i18n::connect::Connect as Word;
use crate::page::connect::faults::{Fault, Spot};

/// Windows of tiles: how far they look, and their steps. Short ones follow fast senders; a sender
/// that speaks once an hour needs one in which there is something.
const WINDOWS: [(Span, Span); 5] = [
    (Span(300_000), Span(10_000)),
    (Span(900_000), Span(30_000)),
    (Span(3_600_000), Span(60_000)),
    (Span(21_600_000), Span(300_000)),
    (Span(86_400_000), Span(900_000)),
];

impl Draft {
    /// The addition that it comes to; `known` are the properties that the city has.
    ///
    /// # Errors
    /// What is missing or cannot be read, field by field.
    pub(crate) fn written(&self, known: &[PropertyDef]) -> Result<Addition, Vec<Fault>> {
        let mut faults = Vec::new();
        let feed = self.feed_written(&mut faults);
        let mut addition = Addition {
            feed,
            properties: self.kept.properties.clone(),
            metrics: self.kept.metrics.clone(),
            category: self.kept.category.clone(),
            tiles: self.kept.tiles.clone(),
        };
        for (place, taken) in self.values.iter().enumerate() {
            self.add_value(place, taken, known, &mut addition, &mut faults);
        }
        if faults.is_empty() {
            Ok(addition)
        } else {
            Err(faults)
        }
    }

    fn feed_written(&self, faults: &mut Vec<Fault>) -> FeedDef {
        let mut feed = self.feed.clone();
        need(feed.id.as_str(), Spot::Id, faults);
        match (feed.name.zh.is_empty(), feed.name.en.is_empty()) {
            (true, true) => faults.push(Fault::of(Spot::Name, Word::Needed)),
            (true, false) => feed.name.zh.clone_from(&feed.name.en),
            (false, true) => feed.name.en.clone_from(&feed.name.zh),
            (false, false) => {}
        }
        need(feed.department.as_str(), Spot::Department, faults);
        need(feed.domain.as_str(), Spot::Domain, faults);
        if !feed.report {
            need(
                feed.asset_class.as_deref().unwrap_or_default(),
                Spot::AssetClass,
                faults,
            );
        }
        feed.topic = feed.topic.filter(|topic| !topic.is_empty());
        feed.poll = self.poll_written(faults);
        feed.expect_every = match self.expect_every.trim() {
            "" => None,
            text => {
                let span = Span::parse(text).ok().filter(|span| span.ms() > 0);
                if span.is_none() {
                    faults.push(Fault::of(Spot::ExpectEvery, Word::NoSpan));
                }
                span
            }
        };
        feed.names.clear();
        feed.map = self.map_written(faults);
        if self.way() == Way::Names {
            for taken in &self.values {
                feed.names.insert(taken.from.clone(), name_of(taken));
            }
        }
        if self.way() != Way::Own && self.values.is_empty() && self.map.values.is_empty() {
            faults.push(Fault::of(Spot::Values, Word::NoValues));
        }
        feed
    }

    /// Where it is fetched from; what the form does not show of that stays.
    fn poll_written(&self, faults: &mut Vec<Fault>) -> Option<PollDef> {
        let url = self.poll_url.trim();
        if url.is_empty() {
            return None;
        }
        let every = Span::parse(self.poll_every.trim()).ok();
        if every.is_none() {
            faults.push(Fault::of(Spot::PollEvery, Word::NoSpan));
        }
        let before = self.feed.poll.clone();
        let (headers, query) = before
            .map(|poll| (poll.headers, poll.query))
            .unwrap_or_default();
        Some(PollDef {
            url: url.to_owned(),
            every: every?,
            headers,
            query,
        })
    }

    fn map_written(&self, faults: &mut Vec<Fault>) -> Option<MapDef> {
        let mut map = self.map.clone();
        map.position = match (self.lon.is_empty(), self.lat.is_empty()) {
            (true, true) => None,
            (false, false) => Some(PositionPlace {
                lon: self.lon.clone(),
                lat: self.lat.clone(),
            }),
            _ => {
                faults.push(Fault::of(Spot::Position, Word::HalfPosition));
                None
            }
        };
        match self.way() {
            Way::Own => None,
            Way::Names => {
                let may = self.roles();
                let has = |role| may.contains(&role);
                let map = MapDef {
                    asset: map.asset.filter(|_| has(super::Role::Asset)),
                    position: map.position.filter(|_| has(super::Role::Lon)),
                    ..MapDef::default()
                };
                (map != MapDef::default()).then_some(map)
            }
            Way::Pointers => {
                let names_assets =
                    self.feed.format == egret_shared::package::feed::Format::Cloudevents;
                if map.asset.is_none() && !names_assets {
                    faults.push(Fault::of(Spot::Asset, Word::NoAsset));
                }
                map.values
                    .extend(self.values.iter().map(|taken| ValuePlace {
                        property: PropertyPlace::Fixed(taken.property.as_str().into()),
                        pointer: taken.from.clone(),
                        unit: sent_unit(taken).map(UnitPlace::Fixed),
                    }));
                Some(map)
            }
        }
    }

    fn add_value(
        &self,
        place: usize,
        taken: &Taken,
        known: &[PropertyDef],
        addition: &mut Addition,
        faults: &mut Vec<Fault>,
    ) {
        if taken.property.is_empty() {
            faults.push(Fault::of(Spot::Value(place), Word::NoProperty));
            return;
        }
        let def = match &taken.new {
            Some(new) => new.written(&taken.property, place, faults),
            None => known
                .iter()
                .find(|def| def.id.as_str() == taken.property)
                .cloned(),
        };
        let Some(def) = def else {
            return;
        };
        // Two places of one message may be of one property: it is made once.
        if taken.new.is_some() && !addition.properties.iter().any(|known| known.id == def.id) {
            addition.properties.push(def.clone());
        }
        if let Some(tile) = &taken.tile {
            let metric = self.metric(tile, &def, place, faults);
            if !addition.metrics.iter().any(|known| known.id == metric.id) {
                addition.tiles.push(metric.id.clone());
                addition.metrics.push(metric);
            }
        }
    }

    fn metric(
        &self,
        tile: &Tile,
        property: &PropertyDef,
        place: usize,
        faults: &mut Vec<Fault>,
    ) -> MetricDef {
        let unit = match tile.aggregate {
            Aggregate::Count | Aggregate::DistinctAssets | Aggregate::Distinct(_) => "1".to_owned(),
            _ => property.unit.clone(),
        };
        let levels = tile.levels(place, faults);
        let made = MetricDef {
            id: self.metric_id(&property.id, &tile.aggregate),
            name: property.name.clone(),
            domain: self.feed.domain.clone(),
            about: None,
            owner: None,
            version: 1,
            source: Some(SourceDef {
                feed: OneOrMany(vec![self.feed.id.clone()]),
                property: Some(property.id.clone()),
                ..SourceDef::default()
            }),
            aggregate: Some(tile.aggregate.clone()),
            window: Some(window(self.expect_every.trim())),
            derive: None,
            index: Vec::new(),
            by: By::default(),
            unit: unit.clone(),
            target: None,
            levels,
            classification: None,
            baseline: false,
        };
        match &tile.before {
            // One that was there keeps its id and what the form does not show.
            Some(before) if before.aggregate == made.aggregate => MetricDef {
                levels,
                unit,
                domain: made.domain,
                source: made.source,
                ..before.clone()
            },
            _ => made,
        }
    }

    fn metric_id(&self, property: &PropertyId, aggregate: &Aggregate) -> MetricId {
        let how = aggregate_word(aggregate);
        MetricId::new(format!("{}.{property}_{how}", self.feed.id))
    }
}

/// The word of an aggregate of tiles, in ids and in lists.
pub(crate) fn aggregate_word(aggregate: &Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Count => "count",
        Aggregate::Sum => "sum",
        Aggregate::Mean => "mean",
        Aggregate::Min => "min",
        Aggregate::Max => "max",
        Aggregate::Last => "last",
        Aggregate::DistinctAssets => "assets",
        Aggregate::Distinct(_) => "distinct",
        Aggregate::Quantile(_) => "quantile",
        Aggregate::Rate(_) => "rate",
        Aggregate::Ratio(_) => "ratio",
        Aggregate::Share(_) => "share",
    }
}

fn need(text: &str, spot: Spot, faults: &mut Vec<Fault>) {
    if text.is_empty() {
        faults.push(Fault::of(spot, Word::Needed));
    }
}

fn sent_unit(taken: &Taken) -> Option<String> {
    Some(taken.unit.trim().to_owned()).filter(|unit| !unit.is_empty())
}

fn name_of(taken: &Taken) -> NameDef {
    NameDef {
        property: taken.property.as_str().into(),
        unit: sent_unit(taken),
    }
}

/// The shortest window in which a sender with this interval speaks twice.
fn window(expect_every: &str) -> WindowDef {
    let every = Span::parse(expect_every).map_or(0, Span::ms);
    let fits = |(sliding, _): &&(Span, Span)| sliding.ms() >= every.saturating_mul(2);
    let [.., longest] = &WINDOWS;
    let (sliding, step) = WINDOWS.iter().find(fits).unwrap_or(longest);
    WindowDef {
        sliding: Some(*sliding),
        every: Some(*step),
        tumbling: None,
    }
}

impl NewProperty {
    fn written(&self, id: &str, place: usize, faults: &mut Vec<Fault>) -> Option<PropertyDef> {
        let (zh, en) = (self.zh.trim(), self.en.trim());
        let name = match (zh, en) {
            ("", "") => {
                faults.push(Fault::of(Spot::Value(place), Word::NoPropertyName));
                return None;
            }
            (zh, "") => Text::new(zh, zh),
            ("", en) => Text::new(en, en),
            (zh, en) => Text::new(zh, en),
        };
        let (least, greatest) = (number(&self.least), number(&self.greatest));
        let (Some(least), Some(greatest)) = (least, greatest) else {
            faults.push(Fault::of(Spot::Value(place), Word::NoRange));
            return None;
        };
        let unit = match self.unit.trim() {
            "" => "1".to_owned(),
            unit => unit.to_owned(),
        };
        let before = self.before.clone();
        Some(PropertyDef {
            id: id.into(),
            name,
            unit,
            range: [least, greatest],
            plausible: before.as_ref().and_then(|before| before.plausible),
            jump: before.as_ref().and_then(|before| before.jump),
            stuck_after: before.and_then(|before| before.stuck_after),
        })
    }
}

impl Tile {
    fn levels(&self, place: usize, faults: &mut Vec<Fault>) -> Option<LevelsDef> {
        let limits = self.limits.each_ref().map(|text| match text.trim() {
            "" => Ok(None),
            text => number(text).map(Some).ok_or(()),
        });
        if limits.iter().any(Result::is_err) {
            faults.push(Fault::of(Spot::Tile(place), Word::NoNumber));
        }
        let [blue, yellow, orange, red] = limits.map(Result::unwrap_or_default);
        let before = self.before.as_ref().and_then(|before| before.levels);
        let levels = LevelsDef {
            below: self.below,
            blue,
            yellow,
            orange,
            red,
            hysteresis: before.map_or(0.0, |before| before.hysteresis),
        };
        levels.limits().next().is_some().then_some(levels)
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|v: &f64| v.is_finite())
}

#[cfg(test)]
mod tests;
