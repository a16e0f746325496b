//! Room for names: the important ones first, none over another, none over a case. Pure.

use std::collections::BTreeMap;

use egret_shared::text::Language;

use crate::map::camera::Camera;

/// A rectangle on the screen. CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Room {
    /// Left edge.
    pub(crate) left: f64,
    /// Upper edge.
    pub(crate) top: f64,
    /// Width.
    pub(crate) width: f64,
    /// Height.
    pub(crate) height: f64,
}

impl Room {
    fn meets(&self, other: &Self) -> bool {
        self.left < other.left + other.width
            && other.left < self.left + self.width
            && self.top < other.top + other.height
            && other.top < self.top + self.height
    }

    fn is_inside(&self, camera: &Camera) -> bool {
        self.left >= 0.0
            && self.top >= 0.0
            && self.left + self.width <= camera.width
            && self.top + self.height <= camera.height
    }
}

/// Something that wants room.
#[derive(Clone, Debug)]
pub(crate) struct Wish<K> {
    /// What tells it apart.
    pub(crate) key: K,
    /// Where it may stand, best first.
    pub(crate) rooms: Vec<Room>,
    /// Whether it is shown even where there is no room.
    pub(crate) must: bool,
}

/// Gives room to wishes in their order; what finds none is not in the answer.
pub(crate) fn place<K: Ord>(
    wishes: impl IntoIterator<Item = Wish<K>>,
    camera: &Camera,
) -> BTreeMap<K, Room> {
    let mut taken: Vec<Room> = Vec::new();
    let mut placed = BTreeMap::new();
    for wish in wishes {
        let free =
            |room: &&Room| room.is_inside(camera) && !taken.iter().any(|other| other.meets(room));
        let best = wish.rooms.iter().find(free);
        let forced = wish.rooms.first().filter(|_| wish.must);
        if let Some(room) = best.or(forced) {
            taken.push(*room);
            placed.insert(wish.key, *room);
        }
    }
    placed
}

/// About how wide a text is, in its own font size: Chinese characters are square, others a bit
/// over half as wide.
pub(crate) fn width_em(text: &str) -> f64 {
    text.chars()
        .map(|c| if c.is_ascii() { 0.58 } else { 1.02 })
        .sum()
}

/// From which zoom on names of a rank are shown, for a screen of 1080 lines.
pub(crate) fn rank_zoom(rank: u8) -> f64 {
    match rank {
        0 | 1 => 0.0,
        2 => 10.6,
        3 => 11.6,
        _ => 12.4,
    }
}

/// Whether a second line in the other language helps: names of districts, on a Chinese screen.
pub(crate) fn has_second_line(rank: u8, language: Language) -> bool {
    rank <= 1 && language == Language::Zh
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::camera::Mercator;

    const CAMERA: Camera = Camera {
        centre: Mercator { x: 0.5, y: 0.5 },
        zoom: 3.0,
        width: 200.0,
        height: 100.0,
    };

    fn room(left: f64) -> Room {
        Room {
            left,
            top: 10.0,
            width: 50.0,
            height: 20.0,
        }
    }

    fn wish(key: &'static str, rooms: Vec<Room>, must: bool) -> Wish<&'static str> {
        Wish { key, rooms, must }
    }

    #[test]
    fn the_first_gets_its_place_and_the_second_the_next_best() {
        let placed = place(
            [
                wish("a", vec![room(10.0)], false),
                wish("b", vec![room(30.0), room(70.0)], false),
                wish("c", vec![room(40.0)], false),
            ],
            &CAMERA,
        );
        assert_eq!(placed.get("b"), Some(&room(70.0)));
        assert!(!placed.contains_key("c"));
    }

    #[test]
    fn what_must_be_shown_is_shown_and_what_leaves_the_view_is_not() {
        let placed = place(
            [
                wish("a", vec![room(10.0)], false),
                wish("b", vec![room(20.0)], true),
                wish("c", vec![room(180.0)], false),
            ],
            &CAMERA,
        );
        assert!(placed.contains_key("b") && !placed.contains_key("c"));
    }

    #[test]
    fn chinese_is_wider_than_latin() {
        assert!(width_em("同安") > width_em("To"));
    }
}
