//! What is wrong with a connection, and beside which field it is said.

use super::draft::Draft;
use crate::i18n::Phrase;

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    Id,
    Name,
    Department,
    Domain,
    AssetClass,
    Topic,
    Poll,
    PollEvery,
    Format,
    ExpectEvery,
    Asset,
    Time,
    Position,
    Values,
    /// A value, by its place in the list.
    Value(usize),
    /// A value's tile.
    Tile(usize),
}

impl Spot {
    /// The id of the field in the page, by which it gets the focus.
    pub(super) fn id(self) -> String {
        match self {
            Self::Id => "connect-id".to_owned(),
            Self::Name => "connect-name".to_owned(),
            Self::Department => "connect-department".to_owned(),
            Self::Domain => "connect-domain".to_owned(),
            Self::AssetClass => "connect-class".to_owned(),
            Self::Topic => "connect-topic".to_owned(),
            Self::Poll => "connect-poll".to_owned(),
            Self::PollEvery => "connect-poll-every".to_owned(),
            Self::Format => "connect-format".to_owned(),
            Self::ExpectEvery => "connect-every".to_owned(),
            Self::Asset => "connect-asset".to_owned(),
            Self::Time => "connect-time".to_owned(),
            Self::Position => "connect-position".to_owned(),
            Self::Values => "connect-values".to_owned(),
            Self::Value(place) => format!("connect-value-{place}"),
            Self::Tile(place) => format!("connect-tile-{place}"),
        }
    }
}

/// Something that is missing or cannot be read, found here already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) spot: Spot,
    pub(super) what: Phrase,
}

impl Fault {
    pub(super) fn of(spot: Spot, what: impl Into<Phrase>) -> Self {
        Self {
            spot,
            what: what.into(),
        }
    }
}

/// Words of the server's sentences about `feeds.toml`, and the field that each is about. The first
/// that fits counts.
const OF_FEEDS: [(&str, Spot); 21] = [
    ("URL", Spot::Poll),
    ("cannot be fetched", Spot::Poll),
    ("leave poll out", Spot::Poll),
    ("is too often", Spot::PollEvery),
    ("is too rare", Spot::PollEvery),
    ("there is no department", Spot::Department),
    ("names no properties", Spot::Format),
    ("needs asset in it", Spot::Asset),
    ("has no level", Spot::Asset),
    ("topic levels", Spot::Asset),
    ("asset_class", Spot::AssetClass),
    ("is no length of time", Spot::ExpectEvery),
    ("expect_every", Spot::ExpectEvery),
    ("topic", Spot::Topic),
    ("needs values", Spot::Values),
    ("one value at least", Spot::Values),
    ("feed id", Spot::Id),
    ("is there already", Spot::Id),
    ("stands twice", Spot::Id),
    ("[feed.map]", Spot::Format),
    ("reports", Spot::Format),
];

/// The field that a sentence of the server's is about, where that can be told.
pub(super) fn spot_of(sentence: &str, draft: &Draft) -> Option<Spot> {
    let (file, words) = sentence.split_once(": ").unwrap_or(("", sentence));
    let value_with = |mark: &str| {
        let mut values = draft.values.iter();
        values.position(|taken| !taken.property.is_empty() && mark == taken.property)
    };
    match file {
        "properties.toml" => quoted_after(words, "property \"")
            .and_then(value_with)
            .map(Spot::Value),
        "metrics.toml" => {
            let metric = quoted_after(words, "metric \"")?;
            let prefix = format!("{}.", draft.feed.id);
            let mut values = draft.values.iter();
            let place = values.position(|taken| {
                let before = taken.tile.as_ref().and_then(|tile| tile.before.as_ref());
                let rest = metric.strip_prefix(&prefix).unwrap_or_default();
                let is_its = rest
                    .rsplit_once('_')
                    .is_some_and(|(id, _)| id == taken.property);
                before.is_some_and(|before| before.id.as_str() == metric) || is_its
            });
            place.map(Spot::Tile)
        }
        _ => {
            let about = quoted_after(words, "no property \"").and_then(value_with);
            if let Some(place) = about {
                return Some(Spot::Value(place));
            }
            // The feed's own id may hold any of the words.
            let words = words.replace(&format!("feed \"{}\"", draft.feed.id), "");
            let fits = |(mark, _): &&(&str, Spot)| words.contains(mark);
            OF_FEEDS.iter().find(fits).map(|(_, spot)| *spot)
        }
    }
}

/// What stands in quotes behind `mark`.
fn quoted_after<'a>(words: &'a str, mark: &str) -> Option<&'a str> {
    let (_, rest) = words.split_once(mark)?;
    rest.split_once('"').map(|(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::connect::draft::{Taken, Tile};

    fn draft() -> Draft {
        let mut draft = Draft::new();
        draft.feed.id = "topic-noise".into();
        for property in ["noise", "temperature"] {
            draft.values.push(Taken {
                from: format!("/{property}"),
                property: property.to_owned(),
                tile: Some(Tile::default()),
                ..Taken::default()
            });
        }
        draft
    }

    #[test]
    fn a_mistake_is_said_beside_the_field_that_it_names() {
        let draft = draft();
        for (sentence, spot) in [
            (
                "feeds.toml: feed \"topic-noise\": there is no department \"nobody\"",
                Some(Spot::Department),
            ),
            (
                "feeds.toml: feed \"topic-noise\": topic filter \"a/#/b\": # must be the last level, alone",
                Some(Spot::Topic),
            ),
            (
                "properties.toml: property \"temperature\": range [5, 1] must be [least, greatest]",
                Some(Spot::Value(1)),
            ),
            (
                "metrics.toml: metric \"topic-noise.noise_mean\": orange at 2 must lie above yellow at 3",
                Some(Spot::Tile(0)),
            ),
            (
                "feeds.toml: feed \"topic-noise\": ftp:// cannot be fetched: write http:// or https://",
                Some(Spot::Poll),
            ),
            (
                "feeds.toml: feed \"topic-noise\": every 1s is too often: 5s is the least",
                Some(Spot::PollEvery),
            ),
            ("areas.geojson: something else", None),
        ] {
            assert_eq!(spot_of(sentence, &draft), spot, "{sentence}");
        }
    }
}
