//! From an addition that is there to the form.

use egret_shared::id::MetricId;
use egret_shared::package::addition::Addition;
use egret_shared::package::feed::{Format, PropertyPlace, UnitPlace, ValuePlace};
use egret_shared::package::metric::{Aggregate, MetricDef};
use egret_shared::package::property::PropertyDef;

use super::{Draft, Kept, NewProperty, POLL_EVERY, Taken, Tile};

impl Draft {
    /// The form of an addition. Whatever it cannot show is kept.
    pub(crate) fn of(addition: &Addition) -> Self {
        let mut feed = addition.feed.clone();
        let mut map = feed.map.take().unwrap_or_default();
        let names = std::mem::take(&mut feed.names);
        let expect_every = feed.expect_every.map(|span| span.to_string());
        let poll = feed.poll.as_ref();
        let poll = poll.map(|poll| (poll.url.clone(), poll.every.to_string()));
        let (poll_url, poll_every) = poll.unwrap_or_else(|| (String::new(), POLL_EVERY.to_owned()));
        let position = map.position.take();
        let (lon, lat) = position.map_or_else(Default::default, |place| (place.lon, place.lat));
        let maps_events = feed.format == Format::Cloudevents && !map.values.is_empty();
        let mut values = Vec::new();
        map.values.retain(|place| match shown(place) {
            Some(taken) => {
                values.push(taken);
                false
            }
            None => true,
        });
        values.extend(names.into_iter().map(|(from, def)| Taken {
            from,
            property: def.property.to_string(),
            unit: def.unit.unwrap_or_default(),
            ..Taken::default()
        }));
        let mut draft = Self {
            feed,
            map,
            maps_events,
            poll_url,
            poll_every,
            expect_every: expect_every.unwrap_or_default(),
            lon,
            lat,
            values,
            kept: Kept {
                properties: addition.properties.clone(),
                metrics: addition.metrics.clone(),
                category: addition.category.clone(),
                tiles: addition.tiles.clone(),
            },
        };
        draft.own_values(addition);
        draft.claim_properties();
        draft.claim_tiles();
        draft
    }

    /// Where messages use the properties' own ids, what was made for the feed is what it measures.
    fn own_values(&mut self, addition: &Addition) {
        if self.way() != super::Way::Own {
            return;
        }
        let made = addition.properties.iter().map(|def| def.id.to_string());
        let shown = addition.metrics.iter().filter_map(simple_source);
        for id in made.chain(shown) {
            if self.value_of(&id).is_none() {
                self.values.push(Taken {
                    from: id.clone(),
                    property: id,
                    ..Taken::default()
                });
            }
        }
    }

    /// Gives each value the property that was made for it.
    fn claim_properties(&mut self) {
        for taken in &mut self.values {
            let is_its = |def: &PropertyDef| def.id.as_str() == taken.property;
            if let Some(place) = self.kept.properties.iter().position(is_its) {
                let def = self.kept.properties.remove(place);
                taken.new = Some(NewProperty::of(def));
            }
        }
    }

    /// Gives each value the metric that shows it on the wall, as far as the form can say it.
    fn claim_tiles(&mut self) {
        let tiles = std::mem::take(&mut self.kept.tiles);
        for id in tiles {
            match self.claimed(&id) {
                Some((place, tile)) => {
                    if let Some(taken) = self.values.get_mut(place) {
                        taken.tile = Some(tile);
                    }
                    self.kept.metrics.retain(|def| def.id != id);
                }
                None => self.kept.tiles.push(id),
            }
        }
    }

    fn claimed(&self, id: &MetricId) -> Option<(usize, Tile)> {
        let def = self.kept.metrics.iter().find(|def| def.id == *id)?;
        let property = simple_source(def)?;
        let free = |taken: &Taken| taken.property == property && taken.tile.is_none();
        let place = self.values.iter().position(free)?;
        Some((place, Tile::of(def)?))
    }
}

/// A value that the form can show.
fn shown(place: &ValuePlace) -> Option<Taken> {
    let PropertyPlace::Fixed(property) = &place.property else {
        return None;
    };
    let unit = match &place.unit {
        None => String::new(),
        Some(UnitPlace::Fixed(unit)) => unit.clone(),
        Some(UnitPlace::Named(_)) => return None,
    };
    Some(Taken {
        from: place.pointer.clone(),
        property: property.to_string(),
        unit,
        ..Taken::default()
    })
}

/// The property of a metric that is made of one property's readings and nothing else.
fn simple_source(def: &MetricDef) -> Option<String> {
    let source = def.source.as_ref()?;
    let is_simple = source.filter.is_none() && source.assets.is_empty();
    let property = source.property.as_ref().filter(|_| is_simple)?;
    Some(property.to_string())
}

impl NewProperty {
    fn of(def: PropertyDef) -> Self {
        let [least, greatest] = def.range;
        Self {
            zh: def.name.zh.clone(),
            en: def.name.en.clone(),
            unit: def.unit.clone(),
            least: least.to_string(),
            greatest: greatest.to_string(),
            before: Some(def),
        }
    }
}

impl Tile {
    fn of(def: &MetricDef) -> Option<Self> {
        let aggregate = def.aggregate.clone()?;
        let is_offered = matches!(
            aggregate,
            Aggregate::Mean
                | Aggregate::Max
                | Aggregate::Min
                | Aggregate::Sum
                | Aggregate::Last
                | Aggregate::Count
                | Aggregate::DistinctAssets
        );
        let levels = def.levels.unwrap_or_default();
        let limits = [levels.blue, levels.yellow, levels.orange, levels.red];
        is_offered.then(|| Self {
            aggregate,
            below: levels.below,
            limits: limits.map(|limit| limit.map(|limit| limit.to_string()).unwrap_or_default()),
            before: Some(def.clone()),
        })
    }
}
