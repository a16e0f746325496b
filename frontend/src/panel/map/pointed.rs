//! What somebody points at on the map, with a pointer or by keyboard. Pure but for the keys.

use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::Drawn;
use crate::map::live::{Asset, LiveMap, Seen};
use crate::map::walk::Way;

/// How it is pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// By a pointer that may go on.
    Hover,
    /// By the arrow keys.
    Walk,
    /// It stays until somebody closes it.
    Kept,
}

/// What is pointed at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pointed {
    /// The assets there, the one on top first.
    pub(super) seen: Vec<Seen>,
    /// Which of them the card is about.
    chosen: usize,
    /// Where the card stands. CSS pixels.
    pub(super) spot: (f64, f64),
    /// How.
    pub(super) how: How,
}

impl Pointed {
    /// By a pointer; nothing where there is no asset.
    pub(super) fn over(seen: Vec<Seen>, spot: (f64, f64)) -> Option<Self> {
        (!seen.is_empty()).then_some(Self {
            seen,
            chosen: 0,
            spot,
            how: How::Hover,
        })
    }

    /// At an asset, and at whatever lies on it.
    fn at(seen: &Seen, map: &LiveMap, how: How) -> Self {
        let mut near = map.at(seen.spot);
        if near.is_empty() {
            near.push(seen.clone());
        }
        let chosen = near.iter().position(|one| one.asset == seen.asset);
        Self {
            seen: near,
            chosen: chosen.unwrap_or_default(),
            spot: seen.spot,
            how,
        }
    }

    /// The asset that the card is about.
    pub(super) fn asset(&self) -> Option<Asset> {
        self.seen.get(self.chosen).map(|seen| seen.asset.clone())
    }

    /// Makes the card about another of the assets.
    pub(super) fn choose(&mut self, asset: &Asset) {
        if let Some(place) = self.seen.iter().position(|seen| seen.asset == *asset) {
            self.chosen = place;
        }
    }
}

/// A click keeps the card of what is there open, and closes it where nothing is.
pub(super) fn click(spot: (f64, f64), drawn: Drawn, pointed: RwSignal<Option<Pointed>>) {
    let kept = drawn.ask(|map| {
        let seen = map.at(spot);
        seen.first().map(|seen| Pointed::at(seen, map, How::Kept))
    });
    pointed.set(kept.flatten());
}

/// Keys of the focused map: Enter picks and keeps, arrows go on, Escape lets go. Other keys, and
/// arrows while nothing is picked, are the map's own.
pub(super) fn key(event: &KeyboardEvent, drawn: Drawn, pointed: RwSignal<Option<Pointed>>) {
    let held = pointed
        .get_untracked()
        .filter(|pointed| pointed.how != How::Hover);
    let next = match (event.key().as_str(), &held) {
        ("Enter", None) => drawn.ask(|map| {
            let seen = map.in_the_middle()?;
            Some(Pointed::at(&seen, map, How::Walk))
        }),
        ("Enter", Some(held)) => Some(Some(Pointed {
            how: How::Kept,
            ..held.clone()
        })),
        ("Escape", Some(_)) => Some(None),
        (key, Some(held)) => match Way::of_key(key) {
            Some(way) => drawn.ask(|map| {
                let next = map.next(held.spot, way);
                // At the last one an arrow stays where it is.
                let there = next.map(|seen| Pointed::at(&seen, map, How::Walk));
                Some(there.unwrap_or_else(|| held.clone()))
            }),
            None => return,
        },
        _ => return,
    };
    if let Some(next) = next {
        event.prevent_default();
        event.stop_propagation();
        pointed.set(next);
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::level::Level;

    use super::*;

    fn seen(asset: &str) -> Seen {
        Seen {
            asset: ("air".into(), asset.into()),
            level: Level::Normal,
            spot: (1.0, 2.0),
        }
    }

    #[test]
    fn a_card_is_about_the_one_on_top_until_another_is_chosen() {
        assert_eq!(Pointed::over(Vec::new(), (0.0, 0.0)), None);
        let mut pointed = Pointed::over(vec![seen("a"), seen("b")], (1.0, 2.0)).unwrap();
        let about = |pointed: &Pointed| pointed.asset().map(|(_, asset)| asset.to_string());
        assert_eq!(about(&pointed).as_deref(), Some("a"));
        pointed.choose(&seen("b").asset);
        assert_eq!(about(&pointed).as_deref(), Some("b"));
        pointed.choose(&seen("c").asset);
        assert_eq!(about(&pointed).as_deref(), Some("b"));
    }
}
