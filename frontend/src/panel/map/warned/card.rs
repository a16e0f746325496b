//! The card of the warnings at a place: what each says, who issued it, from when until when.

use std::sync::Arc;

use leptos::prelude::*;

use super::label::until_text;
use super::{Notice, Warned};
use crate::format;
use crate::i18n::Key;
use crate::i18n::map::MapWord;
use crate::i18n::panel::Panel as Word;
use crate::map::camera::{Camera, Mercator};
use crate::map::live::LiveMap;
use crate::panel::map::Drawn;
use crate::screen::{Screen, screen};
use crate::select::Truth;
use crate::widget::figure::Said;
use crate::widget::level::{LevelWord, level_class};
use crate::widget::truth::Basis;

/// So many warnings are told; the others are counted.
const TOLD_MAX: usize = 5;

/// A place that somebody has picked for its warnings.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::panel::map) struct Picked {
    /// The warnings there, on top first: see [`Warned::id`].
    pub(in crate::panel::map) ids: Vec<String>,
    /// Where on the map.
    pub(in crate::panel::map) place: Mercator,
}

impl Picked {
    /// What is in force at a place of the screen; nothing where nothing is.
    pub(in crate::panel::map) fn at(spot: (f64, f64), drawn: Drawn) -> Option<Self> {
        let (ids, place) = drawn.ask(|map| (map.warnings_at(spot), map.place_of(spot)))?;
        let place = place.filter(|_| !ids.is_empty())?;
        Some(Self { ids, place })
    }

    /// The next of the warnings in view, the worst first; after the last none, then the first again.
    /// Inside an area whose own middle is elsewhere, what is in force in the middle of the view.
    pub(in crate::panel::map) fn after(
        picked: Option<&Self>,
        warned: &[Warned],
        drawn: Drawn,
    ) -> Option<Self> {
        let seen = drawn.ask(|map| in_turn(warned, |warned| map.shows(warned.position)))?;
        let place_of = |picked: &Self| {
            let held = seen.iter().position(|one| picked.ids.contains(&one.id));
            held.map(|place| place + 1)
        };
        let last = picked.map_or(Some(0), place_of);
        if let Some(next) = last.and_then(|next| seen.get(next)) {
            return Some(Self {
                ids: vec![next.id.clone()],
                place: Mercator::of(next.position),
            });
        }
        let around = Self::at(drawn.ask(LiveMap::middle)?, drawn);
        let around = around.filter(|around| place_of(around).is_none());
        match (last, around) {
            // After the last one in view.
            (Some(_), around) => around,
            (None, Some(around)) if picked.is_some_and(|picked| picked.ids == around.ids) => None,
            // What was held is out of view: from the beginning.
            (None, _) => Self::after(None, warned, drawn).filter(|_| !seen.is_empty()),
        }
    }
}

/// The worst and newest first, of those that are in view.
pub(super) fn in_turn(warned: &[Warned], is_in_view: impl Fn(&Warned) -> bool) -> Vec<&Warned> {
    let mut seen: Vec<&Warned> = warned.iter().filter(|one| is_in_view(one)).collect();
    seen.sort_by_key(|one| {
        let at = one.notices.first().map(|notice| notice.at);
        (std::cmp::Reverse((one.level(), at)), one.id.clone())
    });
    seen
}

/// The warnings there that are still in force, the worst first, each once.
fn notices(picked: &Picked, warned: &[Warned]) -> Vec<Notice> {
    let there = warned
        .iter()
        .filter(|warned| picked.ids.contains(&warned.id));
    let mut notices: Vec<Notice> = Vec::new();
    for notice in there.flat_map(|warned| &warned.notices) {
        if !notices.contains(notice) {
            notices.push(notice.clone());
        }
    }
    notices.sort_by_key(|notice| std::cmp::Reverse((notice.level, notice.at)));
    notices
}

/// The card, while a place is picked and something is in force there.
#[component]
pub(in crate::panel::map) fn WarningCard(
    picked: RwSignal<Option<Picked>>,
    warned: Signal<Arc<[Warned]>>,
    camera: RwSignal<Option<Camera>>,
) -> impl IntoView {
    let screen = screen();
    let told = Memo::new(move |_| {
        let picked = picked.read();
        let picked = picked.as_ref();
        picked.map_or_else(Vec::new, |picked| notices(picked, &warned.read()))
    });
    let spot = Memo::new(move |_| {
        let (camera, place) = (camera.get()?, picked.read().as_ref()?.place);
        let (x, y) = camera.screen_from(place);
        let is_in_view = (0.0..=camera.width).contains(&x) && (0.0..=camera.height).contains(&y);
        is_in_view.then_some((x, y, x > camera.width / 2.0, y > camera.height / 2.0))
    });
    let is_open = Memo::new(move |_| spot.read().is_some() && !told.read().is_empty());
    let px = |v: f64| format!("{v:.1}px");
    let rows = move || {
        let told = told.get();
        let more = told.len().saturating_sub(TOLD_MAX);
        let rows = told.into_iter().take(TOLD_MAX);
        let rows: Vec<_> = rows.map(|notice| row(screen, &notice)).collect();
        let more = (more > 0).then(|| {
            let more = format!("+{more} {}", screen.word(MapWord::MoreWarnings));
            view! { <li>{more}</li> }
        });
        view! {
            {rows}
            {more}
        }
    };
    view! {
        <Show when=move || is_open.get()>
            <div
                class="card kept warning-card"
                role="status"
                class:to-left=move || spot.get().is_some_and(|(.., to_left, _)| to_left)
                class:to-top=move || spot.get().is_some_and(|(.., to_top)| to_top)
                style:left=move || spot.get().map(|(x, ..)| px(x))
                style:top=move || spot.get().map(|(_, y, ..)| px(y))
            >
                <ul>{rows}</ul>
                <button
                    type="button"
                    class="card-close"
                    aria-label=move || screen.word(Key::Close)
                    on:click=move |_| picked.set(None)
                >
                    "×"
                </button>
            </div>
        </Show>
    }
}

fn row(screen: Screen, notice: &Notice) -> impl IntoView + use<> {
    let text = screen.text(&notice.text);
    let (name, other) = match notice.headline.as_str() {
        "" => (text, None),
        headline => (headline.to_owned(), Some(text)),
    };
    let since = format::clock_short(notice.at, screen.zone_ms.get());
    let since = match screen.language.get() {
        egret_shared::text::Language::Zh => format!("{since} {}", screen.word(Word::Since)),
        egret_shared::text::Language::En => format!("{} {since}", screen.word(Word::Since)),
    };
    let until = match notice.until {
        Some(until) => until_text(screen, until),
        None => screen.word(MapWord::NoEnd).to_owned(),
    };
    let by = notice.by.as_ref().map(|by| screen.text(by));
    let by = by.map(|by| view! { <p>{format!("{} · {by}", screen.word(MapWord::IssuedBy))}</p> });
    let left_out = (notice.left_out > 0).then(|| {
        let n = notice.left_out;
        view! { <p class="other">{format!("{}: {n}", screen.word(MapWord::NotDrawn))}</p> }
    });
    let truth = Signal::stored(Truth::of_count(1, 1, Some(notice.at), notice.at));
    let level = notice.level;
    view! {
        <li class=level_class(level)>
            <b class="card-name">{name}</b>
            <LevelWord level=Signal::stored(level) />
            <p class="other">{other}</p>
            {by}
            <p>
                <Said of="warning" truth=truth basis=Basis::One>
                    {format!("{since} · {until}")}
                </Said>
            </p>
            {left_out}
        </li>
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::level::Level;
    use egret_shared::position::Position;

    use super::super::tests::notice;
    use super::*;

    #[test]
    fn keys_go_from_the_worst_warning_in_view_to_the_mildest() {
        let place = Position::checked(118.0, 24.5).unwrap();
        let warned = |id: &str, level, at| Warned {
            id: id.to_owned(),
            shapes: Vec::new(),
            position: place,
            notices: vec![notice(level, "rain", at)],
        };
        let all = [
            warned("1", Level::Yellow, 5),
            warned("2", Level::Red, 1),
            warned("3", Level::Yellow, 9),
            warned("4", Level::Red, 8),
        ];
        let ids = |all: Vec<&Warned>| all.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(in_turn(&all, |_| true)), ["4", "2", "3", "1"]);
        assert_eq!(ids(in_turn(&all, |one| one.id != "4")), ["2", "3", "1"]);
    }

    #[test]
    fn a_card_tells_the_worst_first_and_what_two_areas_share_once() {
        let place = Position::checked(118.0, 24.5).unwrap();
        let warned = |id: &str, notices: Vec<Notice>| Warned {
            id: id.to_owned(),
            shapes: Vec::new(),
            position: place,
            notices,
        };
        let all = [
            warned("1", vec![notice(Level::Yellow, "rain", 5)]),
            warned(
                "11",
                vec![
                    notice(Level::Red, "flood", 1),
                    notice(Level::Yellow, "rain", 5),
                ],
            ),
            warned("2", vec![notice(Level::Red, "fire", 9)]),
        ];
        let picked = Picked {
            ids: vec!["1".to_owned(), "11".to_owned()],
            place: Mercator::of(place),
        };
        let told = notices(&picked, &all);
        let told: Vec<_> = told.iter().map(|notice| notice.text.en.as_str()).collect();
        assert_eq!(told, ["flood", "rain"]);
    }
}
