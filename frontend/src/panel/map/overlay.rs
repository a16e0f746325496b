//! Names and cases over the map. Room is given in one pass: cases first, then names by rank.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::text::Language;

use crate::format;
use crate::i18n::Key;
use crate::map::camera::{Camera, Mercator};
use crate::map::geometry::Name;
use crate::map::labels::{Room, Wish, has_second_line, place, rank_zoom, width_em};
use crate::map::live::unit_px;
use crate::panel::incidents::truth_of;
use crate::screen::{Screen, screen};
use crate::select::Case;
use crate::widget::figure::Said;
use crate::widget::level::{LevelMark, level_class};
use crate::widget::truth::Basis;

/// Sizes at 1080 lines, in the style's units: a case's mark, its title, a district's name and
/// any other.
const MARK_U: f64 = 44.0;
const TITLE_U: f64 = 16.0;
const DISTRICT_U: f64 = 20.0;
const NAME_U: f64 = 14.0;

/// Width and height of the legend, top left, and of the notes, bottom right.
const LEGEND_U: (f64, f64) = (215.0, 170.0);
const NOTES_U: (f64, f64) = (760.0, 30.0);

/// What stands over the map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Legend,
    Notes,
    Mark(String),
    Title(String),
    Name(usize),
}

/// Names and cases.
#[component]
pub(crate) fn Overlay(
    camera: RwSignal<Option<Camera>>,
    names: RwSignal<Arc<[Name]>>,
    /// What has a mark of its own.
    cases: Signal<Arc<[Case]>>,
    /// Whether a corner is taken by the legend.
    has_legend: bool,
) -> impl IntoView {
    let screen = screen();
    let rooms = Memo::new(move |_| {
        camera.get().map_or_else(BTreeMap::new, |camera| {
            let language = screen.language.get();
            rooms(&camera, &cases.read(), &names.read(), language, has_legend)
        })
    });
    let numbered = move || names.get().iter().cloned().enumerate().collect::<Vec<_>>();
    view! {
        <div class="overlay" aria-hidden="true">
            <For each=numbered key=|(place, name)| (*place, name.text.zh.clone()) let:named>
                {name_view(named, rooms)}
            </For>
            <For
                each=move || cases.get().to_vec()
                key=|case| (case.id.clone(), case.level, case.signals, case.in_force)
                let:case
            >
                {case_view(case, rooms)}
            </For>
        </div>
    }
}

/// Where everything stands.
fn rooms(
    camera: &Camera,
    cases: &[Case],
    names: &[Name],
    language: Language,
    has_legend: bool,
) -> BTreeMap<Piece, Room> {
    let unit = unit_px();
    let mut wishes = vec![taken(
        Piece::Notes,
        camera.width - NOTES_U.0 * unit,
        camera.height - NOTES_U.1 * unit,
        NOTES_U,
        unit,
    )];
    if has_legend {
        wishes.push(taken(Piece::Legend, 0.0, 0.0, LEGEND_U, unit));
    }
    let at = |case: &Case| {
        let position = case.position?;
        Some(camera.screen_from(Mercator::of(position)))
    };
    for case in cases {
        if let Some(spot) = at(case) {
            wishes.push(mark_wish(case, spot, unit));
        }
    }
    for case in cases {
        if let Some(spot) = at(case) {
            wishes.push(title_wish(case, spot, unit, language));
        }
    }
    let mut ranked: Vec<(usize, &Name)> = names.iter().enumerate().collect();
    ranked.sort_by_key(|(_, name)| name.rank);
    for (number, name) in ranked {
        if camera.zoom - unit.log2() >= rank_zoom(name.rank) {
            let spot = camera.screen_from(Mercator::of(name.position));
            wishes.push(name_wish(number, name, spot, unit, language));
        }
    }
    place(wishes, camera)
}

/// A corner that is taken by something else.
fn taken(key: Piece, left: f64, top: f64, (width, height): (f64, f64), unit: f64) -> Wish<Piece> {
    let room = Room {
        left,
        top,
        width: width * unit,
        height: height * unit,
    };
    Wish {
        key,
        rooms: vec![room],
        must: true,
    }
}

fn mark_wish(case: &Case, (x, y): (f64, f64), unit: f64) -> Wish<Piece> {
    let side = MARK_U * unit;
    Wish {
        key: Piece::Mark(case.id.clone()),
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
fn title_wish(case: &Case, (x, y): (f64, f64), unit: f64, language: Language) -> Wish<Piece> {
    let width = (width_em(case.title.get(language)).max(9.0) * TITLE_U + 8.0) * unit;
    let height = 42.0 * unit;
    let gap = MARK_U / 2.0 * unit;
    let room = |left, top| Room {
        left,
        top,
        width,
        height,
    };
    Wish {
        key: Piece::Title(case.id.clone()),
        rooms: vec![
            room(x + gap, y - height / 2.0),
            room(x - gap - width, y - height / 2.0),
            room(x - width / 2.0, y - gap - height),
            room(x - width / 2.0, y + gap),
        ],
        must: false,
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
fn transform(room: Option<Room>) -> String {
    room.map_or_else(String::new, |room| {
        format!("translate({:.1}px, {:.1}px)", room.left, room.top)
    })
}

fn name_view((number, name): (usize, Name), rooms: Memo<BTreeMap<Piece, Room>>) -> impl IntoView {
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

fn case_view(case: Case, rooms: Memo<BTreeMap<Piece, Room>>) -> impl IntoView {
    let screen = screen();
    let (mark, title) = (Piece::Mark(case.id.clone()), Piece::Title(case.id.clone()));
    let mark = Memo::new(move |_| rooms.read().get(&mark).copied());
    let title = Memo::new(move |_| rooms.read().get(&title).copied());
    let level = case.level;
    let text = case.title.clone();
    let truth = Signal::stored(truth_of(&case));
    let detail = move || detail(screen, &case);
    view! {
        <div
            class=format!("case-mark {}", level_class(level))
            class:none=move || mark.get().is_none()
            style:transform=move || transform(mark.get())
        >
            <i></i>
            <LevelMark level=Signal::stored(level) />
        </div>
        <div
            class="case-name"
            class:none=move || title.get().is_none()
            style:transform=move || transform(title.get())
        >
            <Said of="case" truth=truth basis=Basis::Signals>
                <b>{move || screen.text(&text)}</b>
                <span class="case-about">{detail}</span>
            </Said>
        </div>
    }
}

/// `12/14 signals · 4 min`: how many are still in force, of those it rests on.
fn detail(screen: Screen, case: &Case) -> String {
    let key = if case.signals == 1 {
        Key::Signal
    } else {
        Key::Signals
    };
    let age_ms = screen.store.now.get().since(case.since).ms();
    let age = format::age(age_ms, screen.language.get());
    let (in_force, signals) = (case.in_force, case.signals);
    format!("{in_force}/{signals} {} · {age}", screen.word(key))
}
