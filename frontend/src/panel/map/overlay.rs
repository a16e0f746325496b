//! Names, marks and warnings over the map. Room is given in one pass: the corners that are taken,
//! marks, what they are called, warnings, then names by rank.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::text::Language;

use crate::map::camera::{Camera, Mercator};
use crate::map::geometry::Name;
use crate::map::labels::{Room, Wish, has_second_line, place, rank_zoom, width_em};
use crate::screen::fit::unit_px;
use crate::screen::screen;

use super::marks::{self, Mark};
use super::warned::{self, Warned};

/// Sizes at 1080 lines, in the style's units: a case's mark, its title, a district's name and
/// any other.
pub(super) const MARK_U: f64 = 44.0;
const TITLE_U: f64 = 16.0;
const DISTRICT_U: f64 = 20.0;
const NAME_U: f64 = 14.0;

/// Width and height of the notes, bottom right.
const NOTES_U: (f64, f64) = (760.0, 30.0);

/// So many marks at most have a title: the worst, which have the first choice of room.
const TITLES_MAX: usize = 12;

/// What has to find room, beside the names.
#[derive(Clone, Copy)]
pub(super) struct Over {
    /// Where the map looks.
    pub(super) camera: RwSignal<Option<Camera>>,
    /// Names of places.
    pub(super) names: RwSignal<Arc<[Name]>>,
    /// Marks of what is being worked.
    pub(super) marks: Signal<Arc<[Mark]>>,
    /// Areas with warnings in force.
    pub(super) warned: Signal<Arc<[Warned]>>,
    /// How much of the top left corner the legend takes. CSS pixels.
    pub(super) legend: RwSignal<(f64, f64)>,
}

/// What stands over the map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    Legend,
    Notes,
    Mark(String),
    Title(String),
    Warning(String),
    Name(usize),
}

/// Where everything stands.
pub(super) type Rooms = Memo<BTreeMap<Piece, Room>>;

/// Names, marks and warnings.
#[component]
pub(crate) fn Overlay(over: Over) -> impl IntoView {
    let screen = screen();
    let written = Memo::new(move |_| warned::written(&over.warned.read()));
    let rooms = Memo::new(move |_| {
        let camera = over.camera.get();
        camera.map_or_else(BTreeMap::new, |camera| {
            rooms(&camera, &over, &written.read(), screen.language.get())
        })
    });
    let numbered = move || {
        let names = over.names.get();
        names.iter().cloned().enumerate().collect::<Vec<_>>()
    };
    view! {
        <div class="overlay" aria-hidden="true">
            <For each=numbered key=|(place, name)| (*place, name.text.zh.clone()) let:named>
                {name_view(named, rooms)}
            </For>
            <For
                each=move || written.get()
                key=|warned| (warned.id.clone(), warned.notices.clone())
                let:warned
            >
                {warned::label(warned, rooms)}
            </For>
            <For each=move || over.marks.get().to_vec() key=Mark::key let:mark>
                {marks::view_of(mark, rooms)}
            </For>
        </div>
    }
}

/// Where everything stands.
fn rooms(
    camera: &Camera,
    over: &Over,
    warned: &[Warned],
    language: Language,
) -> BTreeMap<Piece, Room> {
    let unit = unit_px();
    let (marks, names) = (over.marks.read(), over.names.read());
    let spot = |position| camera.screen_from(Mercator::of(position));
    let mut wishes = vec![
        taken(
            Piece::Notes,
            camera.width - NOTES_U.0 * unit,
            camera.height - NOTES_U.1 * unit,
            (NOTES_U.0 * unit, NOTES_U.1 * unit),
        ),
        taken(Piece::Legend, 0.0, 0.0, over.legend.get()),
    ];
    for mark in marks.iter() {
        wishes.push(mark_wish(mark, spot(mark.position), unit));
    }
    for mark in marks.iter().take(TITLES_MAX) {
        wishes.push(title_wish(mark, spot(mark.position), unit, language));
    }
    for warned in warned {
        wishes.push(warning_wish(warned, spot(warned.position), unit, language));
    }
    let mut ranked: Vec<(usize, &Name)> = names.iter().enumerate().collect();
    ranked.sort_by_key(|(_, name)| name.rank);
    for (number, name) in ranked {
        if camera.zoom - unit.log2() >= rank_zoom(name.rank) {
            wishes.push(name_wish(number, name, spot(name.position), unit, language));
        }
    }
    place(wishes, camera)
}

/// A corner that is taken by something else.
fn taken(key: Piece, left: f64, top: f64, (width, height): (f64, f64)) -> Wish<Piece> {
    let room = Room {
        left,
        top,
        width,
        height,
    };
    Wish {
        key,
        rooms: vec![room],
        must: true,
    }
}

fn mark_wish(mark: &Mark, (x, y): (f64, f64), unit: f64) -> Wish<Piece> {
    let side = MARK_U * unit;
    Wish {
        key: Piece::Mark(mark.id.clone()),
        rooms: vec![Room {
            left: x - side / 2.0,
            top: y - side / 2.0,
            width: side,
            height: side,
        }],
        must: true,
    }
}

/// A title stands right of its mark, else left, else above or below.
fn title_wish(mark: &Mark, (x, y): (f64, f64), unit: f64, language: Language) -> Wish<Piece> {
    let width = (width_em(mark.title.get(language)).max(9.0) * TITLE_U + 8.0) * unit;
    let height = 42.0 * unit;
    let gap = MARK_U / 2.0 * unit;
    let room = |left, top| Room {
        left,
        top,
        width,
        height,
    };
    Wish {
        key: Piece::Title(mark.id.clone()),
        rooms: vec![
            room(x + gap, y - height / 2.0),
            room(x - gap - width, y - height / 2.0),
            room(x - width / 2.0, y - gap - height),
            room(x - width / 2.0, y + gap),
        ],
        must: false,
    }
}

/// A warning stands above the middle of its area, else below, where the area's name leaves room.
fn warning_wish(warned: &Warned, (x, y): (f64, f64), unit: f64, language: Language) -> Wish<Piece> {
    let width = (warned::width_em(warned, language) * NAME_U + 34.0) * unit;
    let height = 24.0 * unit;
    let room = |dy: f64| Room {
        left: x - width / 2.0,
        top: y - height / 2.0 + dy * unit,
        width,
        height,
    };
    Wish {
        key: Piece::Warning(warned.id.clone()),
        rooms: [-34.0, 34.0, -62.0, 62.0, -90.0, 90.0].map(room).to_vec(),
        must: true,
    }
}

fn name_wish(
    number: usize,
    name: &Name,
    (x, y): (f64, f64),
    unit: f64,
    language: Language,
) -> Wish<Piece> {
    let size = name_size(name) * unit;
    let two = has_second_line(name.rank, language);
    let width = width_em(name.text.get(language)) * size + 6.0 * unit;
    let height = size * 1.25 + if two { NAME_U * 1.25 * unit } else { 0.0 };
    let room = |dy: f64| Room {
        left: x - width / 2.0,
        top: y - height / 2.0 + dy,
        width,
        height,
    };
    let step = height * 1.1;
    Wish {
        key: Piece::Name(number),
        rooms: if name.rank <= 1 {
            vec![
                room(0.0),
                room(-step),
                room(step),
                room(-2.0 * step),
                room(2.0 * step),
            ]
        } else {
            vec![room(0.0)]
        },
        must: false,
    }
}

fn name_size(name: &Name) -> f64 {
    if name.rank <= 1 { DISTRICT_U } else { NAME_U }
}

/// Moves an element to its room, or out of sight.
pub(super) fn transform(room: Option<Room>) -> String {
    room.map_or_else(String::new, |room| {
        format!("translate({:.1}px, {:.1}px)", room.left, room.top)
    })
}

fn name_view((number, name): (usize, Name), rooms: Rooms) -> impl IntoView {
    let screen = screen();
    let room = Memo::new(move |_| rooms.read().get(&Piece::Name(number)).copied());
    let rank = name.rank;
    let text = StoredValue::new(name.text);
    let second = move || {
        let two = has_second_line(rank, screen.language.get());
        two.then(|| view! { <small>{text.with_value(|text| screen.other_text(text))}</small> })
    };
    view! {
        <p
            class="place"
            class:district=rank <= 1
            class:none=move || room.get().is_none()
            style:transform=move || transform(room.get())
            style:width=move || room.get().map(|room| format!("{:.1}px", room.width))
        >
            {move || text.with_value(|text| screen.text(text))}
            {second}
        </p>
    }
}
