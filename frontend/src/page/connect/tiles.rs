//! Which of the values stand on the wall, how they are made one number, and from where on it is
//! bad.

use leptos::prelude::*;

use egret_shared::package::metric::Aggregate;

use crate::i18n::connect::{AGGREGATES, Connect as Word, aggregate_name};
use crate::widget::form::tick_box;

use super::bench::Bench;
use super::draft::written::aggregate_word;
use super::draft::{Draft, Tile};
use super::faults::Spot;
use super::fields::{Line, faults, pick};
use super::values::{read, write};

/// A limit's word and place in [`Tile::limits`].
const LIMITS: [(Word, usize); 4] = [
    (Word::Blue, 0),
    (Word::Yellow, 1),
    (Word::Orange, 2),
    (Word::Red, 3),
];

/// The values, each with its tile.
pub(super) fn tiles(bench: Bench) -> AnyView {
    let from = Memo::new(move |_| {
        let draft = bench.draft.read();
        let from = draft.values.iter().map(|taken| taken.from.clone());
        from.collect::<Vec<_>>()
    });
    let is_empty = Memo::new(move |_| from.read().is_empty());
    let shown = move || {
        (!is_empty.get()).then(|| {
            view! {
                <fieldset class="connect-tiles">
                    <legend>{move || bench.word(Word::Tiles)}</legend>
                    <For
                        each=move || from.get()
                        key=Clone::clone
                        children=move |from| one(bench, StoredValue::new(from))
                    />
                </fieldset>
            }
        })
    };
    shown.into_any()
}

fn one(bench: Bench, from: StoredValue<String>) -> AnyView {
    let has_tile =
        Memo::new(move |_| read(&bench.draft.read(), from, |taken| taken.tile.is_some()));
    let place = Memo::new(move |_| {
        let draft = bench.draft.read();
        let mut values = draft.values.iter();
        values.position(|taken| from.with_value(|from| taken.from == *from))
    });
    let name = move || {
        let draft = bench.draft.read();
        let property = read(&draft, from, |taken| taken.property.clone());
        let of = if property.is_empty() {
            from.get_value()
        } else {
            property
        };
        format!("{} · {of}", bench.word(Word::ShowAsTile))
    };
    let toggle = move |is_on: bool| {
        bench.change(|draft| write(draft, from, |taken| taken.tile = is_on.then(Tile::default)));
    };
    let spot = move || Spot::Tile(place.get().unwrap_or(usize::MAX));
    view! {
        <div class="connect-value" id=move || spot().id() tabindex="-1">
            {tick_box(name, has_tile.into(), false.into(), toggle)}
            {move || faults(bench, spot())}
            {move || has_tile.get().then(|| parts(bench, from))}
        </div>
    }
    .into_any()
}

fn tile_of<T: Default>(
    draft: &Draft,
    from: StoredValue<String>,
    get: impl FnOnce(&Tile) -> T,
) -> T {
    read(draft, from, |taken| {
        taken.tile.as_ref().map(get).unwrap_or_default()
    })
}

fn set_tile(draft: &mut Draft, from: StoredValue<String>, change: impl FnOnce(&mut Tile)) {
    write(draft, from, |taken| {
        if let Some(tile) = &mut taken.tile {
            change(tile);
        }
    });
}

fn parts(bench: Bench, from: StoredValue<String>) -> AnyView {
    let options = move || {
        let offered = AGGREGATES.iter().map(|aggregate| {
            let name = bench.word(aggregate_name(aggregate)).to_owned();
            (aggregate_word(aggregate).to_owned(), name)
        });
        offered.collect()
    };
    let get = move |draft: &Draft| {
        tile_of(draft, from, |tile| {
            aggregate_word(&tile.aggregate).to_owned()
        })
    };
    let set = move |draft: &mut Draft, word: String| {
        let found = AGGREGATES
            .iter()
            .find(|aggregate| aggregate_word(aggregate) == word);
        let aggregate = found.cloned().unwrap_or(Aggregate::Mean);
        set_tile(draft, from, |tile| tile.aggregate = aggregate);
    };
    let limit = move |(label, place): (Word, usize)| {
        Line::new(label).view(
            bench,
            move |draft| {
                tile_of(draft, from, |tile| {
                    tile.limits.get(place).cloned().unwrap_or_default()
                })
            },
            move |draft, text| {
                set_tile(draft, from, |tile| {
                    if let Some(limit) = tile.limits.get_mut(place) {
                        *limit = text;
                    }
                });
            },
        )
    };
    let below = super::fields::tick(
        bench,
        Word::Below,
        move |draft| tile_of(draft, from, |tile| tile.below),
        move |draft, below| set_tile(draft, from, |tile| tile.below = below),
    );
    view! {
        {pick(bench, Word::AggregateOf, None, options, get, set)}
        <div class="connect-limits">{LIMITS.map(limit).into_iter().collect_view()}</div>
        {below}
    }
    .into_any()
}
