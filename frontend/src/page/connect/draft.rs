//! A connection that is being written: all that the page's form holds, without a browser.
//!
//! [`written`] makes the addition of it that the server takes, [`read`] the form of an addition
//! that is there already. What the form does not show of such an addition is kept as it is.

pub(super) mod read;
pub(super) mod written;

use egret_shared::package::feed::{Crs, FeedDef, Format, MapDef, Place, TimeForm, TimePlace};
use egret_shared::package::metric::{Aggregate, MetricDef};
use egret_shared::package::property::PropertyDef;
use egret_shared::time::Span;

use super::tree::last_key;

/// How late a reading may come unless somebody says otherwise: the package's own default.
const LATENESS: Span = Span(600_000);

/// How far back stored readings fill an asset's past: the package's own default.
const BACKFILL: Span = Span(7_200_000);

/// How often a feed is fetched unless somebody says otherwise.
const POLL_EVERY: &str = "60s";

/// The form.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    /// The feed, but for what stands beside it here.
    pub(super) feed: FeedDef,
    /// Where things are, but for positions; its values are those that the form does not show.
    pub(super) map: MapDef,
    /// Whether a CloudEvent's data are any JSON, and not Egret's own.
    pub(super) maps_events: bool,
    /// The URL that it is fetched from, as written; empty for a feed that is sent.
    pub(super) poll_url: String,
    /// How often it is fetched, as written.
    pub(super) poll_every: String,
    /// How often it is expected, as written.
    pub(super) expect_every: String,
    /// JSON Pointer to the longitude, or nothing.
    pub(super) lon: String,
    /// JSON Pointer to the latitude, or nothing.
    pub(super) lat: String,
    /// What is measured.
    pub(super) values: Vec<Taken>,
    /// What of a connection that is there is not shown, and stays.
    pub(super) kept: Kept,
}

/// Parts of a connection that the form does not show.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Kept {
    pub(super) properties: Vec<PropertyDef>,
    pub(super) metrics: Vec<MetricDef>,
    pub(super) category: std::collections::BTreeMap<String, egret_shared::text::Text>,
    pub(super) tiles: Vec<egret_shared::id::MetricId>,
}

/// A number that is taken from messages.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Taken {
    /// Where: a JSON Pointer, or the sender's name for it.
    pub(super) from: String,
    /// The property's id; empty while none is chosen.
    pub(super) property: String,
    /// What the property is, if there is none yet.
    pub(super) new: Option<NewProperty>,
    /// The sender's unit; empty for the property's own.
    pub(super) unit: String,
    /// How it stands on the wall, if it does.
    pub(super) tile: Option<Tile>,
}

/// A property that is to be made.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct NewProperty {
    pub(super) zh: String,
    pub(super) en: String,
    pub(super) unit: String,
    pub(super) least: String,
    pub(super) greatest: String,
    /// What it was before, with what the form does not show.
    pub(super) before: Option<PropertyDef>,
}

/// A tile of the wall.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tile {
    pub(super) aggregate: Aggregate,
    /// Whether small is bad.
    pub(super) below: bool,
    /// Limits of blue, yellow, orange and red, as written; empty for none.
    pub(super) limits: [String; 4],
    /// What it was before, with what the form does not show.
    pub(super) before: Option<MetricDef>,
}

impl Default for Tile {
    fn default() -> Self {
        Self {
            aggregate: Aggregate::Mean,
            below: false,
            limits: Default::default(),
            before: None,
        }
    }
}

/// How a feed finds its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By JSON Pointers.
    Pointers,
    /// By the names that messages have for them.
    Names,
    /// By the ids of properties, which messages use.
    Own,
}

/// What a leaf of a message is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Nothing,
    Asset,
    Time,
    Lon,
    Lat,
    Message,
    Value,
}

impl Role {
    /// Every one, in the order of the menu.
    const ALL: [Self; 7] = [
        Self::Nothing,
        Self::Value,
        Self::Asset,
        Self::Time,
        Self::Lon,
        Self::Lat,
        Self::Message,
    ];
}

impl Draft {
    /// An empty form.
    pub(super) fn new() -> Self {
        Self {
            feed: FeedDef {
                id: "".into(),
                name: egret_shared::text::Text::default(),
                department: "".into(),
                domain: "".into(),
                asset_class: None,
                moving: false,
                report: false,
                open311: false,
                poll: None,
                topic: None,
                format: Format::MappedJson,
                expect_every: None,
                lateness: LATENESS,
                backfill: BACKFILL,
                classification: None,
                crs: Crs::default(),
                map: None,
                names: std::collections::BTreeMap::new(),
                personal: Vec::new(),
                commands: Vec::new(),
            },
            map: MapDef::default(),
            maps_events: false,
            poll_url: String::new(),
            poll_every: POLL_EVERY.to_owned(),
            expect_every: "60s".to_owned(),
            lon: String::new(),
            lat: String::new(),
            values: Vec::new(),
            kept: Kept::default(),
        }
    }

    /// How it finds its values.
    pub(super) fn way(&self) -> Way {
        match self.feed.format {
            Format::MappedJson => Way::Pointers,
            Format::Cloudevents if self.maps_events => Way::Pointers,
            Format::Cloudevents | Format::EgretJson | Format::Cap | Format::Open311 => Way::Own,
            Format::Senml
            | Format::ChirpstackV4
            | Format::TtsV3
            | Format::Hj212
            | Format::NgsiLd
            | Format::GtfsRt
            | Format::SparkplugB => Way::Names,
        }
    }

    /// What a leaf may be taken for in this format; nothing where the format knows it all.
    pub(super) fn roles(&self) -> Vec<Role> {
        let may = |role: &Role| match self.feed.format {
            Format::MappedJson => true,
            // An event has its own id and time, which count where the map is silent.
            Format::Cloudevents => self.maps_events,
            Format::ChirpstackV4 | Format::TtsV3 => {
                matches!(role, Role::Nothing | Role::Asset | Role::Lon | Role::Lat)
            }
            Format::NgsiLd => matches!(role, Role::Nothing | Role::Asset),
            Format::EgretJson
            | Format::Senml
            | Format::Hj212
            | Format::GtfsRt
            | Format::Cap
            | Format::Open311
            | Format::SparkplugB => false,
        };
        Role::ALL.into_iter().filter(may).collect()
    }

    /// What the leaf at a pointer is taken for.
    pub(super) fn role(&self, pointer: &str) -> Role {
        let here = Place::Pointer {
            pointer: pointer.to_owned(),
        };
        let is = |place: &Option<Place>| place.as_ref() == Some(&here);
        if is(&self.map.asset) {
            Role::Asset
        } else if self.map.at.as_ref().is_some_and(|at| at.pointer == pointer) {
            Role::Time
        } else if self.lon == pointer {
            Role::Lon
        } else if self.lat == pointer {
            Role::Lat
        } else if is(&self.map.id) {
            Role::Message
        } else if self.way() == Way::Pointers && self.value_of(pointer).is_some() {
            Role::Value
        } else {
            Role::Nothing
        }
    }

    /// The value that is taken from a pointer or name.
    pub(super) fn value_of(&self, from: &str) -> Option<&Taken> {
        self.values.iter().find(|taken| taken.from == from)
    }

    /// The same, to be changed.
    pub(super) fn value_mut(&mut self, from: &str) -> Option<&mut Taken> {
        self.values.iter_mut().find(|taken| taken.from == from)
    }

    /// Takes the leaf at a pointer for something else than before; `time` is how a time there is
    /// written, `value` what is taken if it is a value.
    pub(super) fn take(&mut self, pointer: &str, role: Role, time: TimeForm, value: Taken) {
        let place = || {
            Some(Place::Pointer {
                pointer: pointer.to_owned(),
            })
        };
        match self.role(pointer) {
            Role::Nothing => {}
            Role::Asset => self.map.asset = None,
            Role::Time => self.map.at = None,
            Role::Lon => self.lon.clear(),
            Role::Lat => self.lat.clear(),
            Role::Message => self.map.id = None,
            Role::Value if role == Role::Value => return,
            Role::Value => self.values.retain(|taken| taken.from != pointer),
        }
        match role {
            Role::Nothing => {}
            Role::Asset => self.map.asset = place(),
            Role::Time => {
                self.map.at = Some(TimePlace {
                    pointer: pointer.to_owned(),
                    time,
                });
            }
            Role::Lon => pointer.clone_into(&mut self.lon),
            Role::Lat => pointer.clone_into(&mut self.lat),
            Role::Message => self.map.id = place(),
            Role::Value => self.values.push(value),
        }
    }

    /// The topic filter, or nothing.
    pub(super) fn topic(&self) -> &str {
        self.feed.topic.as_deref().unwrap_or_default()
    }

    /// Turns a level of the topic filter into `+`, or back into what `sample` has there.
    pub(super) fn toggle_level(&mut self, level: usize, sample: &str) {
        let filter = self.topic().to_owned();
        let of_sample = sample.split('/').nth(level);
        let levels = filter.split('/').enumerate().map(|(number, step)| {
            match (number == level, step, of_sample) {
                (true, "+", Some(of_sample)) => of_sample,
                (true, ..) => "+",
                (false, ..) => step,
            }
        });
        let changed: Vec<&str> = levels.collect();
        self.feed.topic = Some(changed.join("/"));
    }
}

impl Taken {
    /// What is called in the list: the last step of a pointer, or the name.
    pub(super) fn title(&self) -> String {
        last_key(&self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(from: &str) -> Taken {
        Taken {
            from: from.to_owned(),
            ..Taken::default()
        }
    }

    #[test]
    fn a_leaf_is_taken_for_one_thing_at_a_time() {
        let mut draft = Draft::new();
        let mut before = None;
        for role in draft.roles() {
            draft.take("/x", role, TimeForm::UnixS, taken("/x"));
            assert_eq!(draft.role("/x"), role, "after {before:?}");
            before = Some(role);
        }
        draft.take("/x", Role::Nothing, TimeForm::UnixS, taken("/x"));
        assert_eq!(draft, Draft::new());
    }

    #[test]
    fn a_value_that_is_chosen_again_keeps_what_was_said_of_it() {
        let mut draft = Draft::new();
        draft.take("/v", Role::Value, TimeForm::UnixS, taken("/v"));
        draft.values[0].unit = "mm".to_owned();
        draft.take("/v", Role::Value, TimeForm::UnixS, taken("/v"));
        assert_eq!(draft.values.len(), 1);
        assert_eq!(draft.values[0].unit, "mm");
    }

    #[test]
    fn a_level_becomes_any_and_again_what_it_was() {
        let mut draft = Draft::new();
        draft.feed.topic = Some("acme/meter-7/up".to_owned());
        draft.toggle_level(1, "acme/meter-7/up");
        assert_eq!(draft.topic(), "acme/+/up");
        draft.toggle_level(1, "acme/meter-9/up");
        assert_eq!(draft.topic(), "acme/meter-9/up");
    }

    #[test]
    fn formats_that_know_where_things_are_leave_nothing_to_choose() {
        let mut draft = Draft::new();
        draft.feed.format = Format::Hj212;
        assert_eq!((draft.way(), draft.roles()), (Way::Names, Vec::new()));
        draft.feed.format = Format::ChirpstackV4;
        assert!(!draft.roles().contains(&Role::Value));
        draft.feed.format = Format::EgretJson;
        assert_eq!(draft.way(), Way::Own);
    }
}
