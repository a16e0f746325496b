//! What is measured: each number with its property, which may be made for it.

use leptos::prelude::*;

use crate::i18n::connect::Connect as Word;
use crate::widget::form::row_button;

use super::bench::Bench;
use super::draft::{Draft, NewProperty, Taken, Way};
use super::faults::Spot;
use super::fields::{Line, faults, pick};
use super::guess::{new_property, value};
use super::names::{Named, names};

/// The choice that makes a property.
const NEW: &str = "+";

/// The list of values.
pub(super) fn list(bench: Bench) -> AnyView {
    let from = Memo::new(move |_| {
        let draft = bench.draft.read();
        let from = draft.values.iter().map(|taken| taken.from.clone());
        from.collect::<Vec<_>>()
    });
    let kept = Memo::new(move |_| !bench.draft.read().map.values.is_empty());
    let about = move || kept.get().then(|| bench.word(Word::KeptValues));
    view! {
        <fieldset class="connect-values" id=Spot::Values.id() tabindex="-1">
            <legend>{move || bench.word(Word::Values)}</legend>
            <p class="field-hint">{move || bench.word(Word::ValuesAbout)}</p>
            {faults(bench, Spot::Values)}
            <For
                each=move || from.get()
                key=Clone::clone
                children=move |from| one(bench, StoredValue::new(from))
            />
            <p class="field-hint">{about}</p>
            {untaken(bench)}
        </fieldset>
    }
    .into_any()
}

/// One of them; it is found by where it is taken from.
fn one(bench: Bench, from: StoredValue<String>) -> AnyView {
    let place = Memo::new(move |_| {
        let draft = bench.draft.read();
        let mut values = draft.values.iter();
        values.position(|taken| from.with_value(|from| taken.from == *from))
    });
    let is_new = Memo::new(move |_| read(&bench.draft.read(), from, |taken| taken.new.is_some()));
    let spot = move || Spot::Value(place.get().unwrap_or(usize::MAX));
    let title = from.get_value();
    let remove = move || {
        bench.change(|draft| {
            draft
                .values
                .retain(|taken| from.with_value(|from| taken.from != *from));
        });
    };
    let own_names = Memo::new(move |_| bench.draft.read().way() == Way::Own);
    let sent = move || {
        (!own_names.get()).then(|| {
            text(
                bench,
                from,
                Word::SentUnit,
                Some(Word::SentUnitHint),
                |taken| &mut taken.unit,
            )
        })
    };
    view! {
        <div class="connect-value" id=move || spot().id() tabindex="-1">
            <div class="connect-value-head">
                <code>{title.clone()}</code>
                {row_button(Word::RemoveValue, &title, remove)}
            </div>
            {move || faults(bench, spot())}
            {move || (!own_names.get()).then(|| property(bench, from))}
            {sent}
            {move || is_new.get().then(|| made(bench, from, own_names))}
        </div>
    }
    .into_any()
}

/// Reads a value of the draft.
pub(super) fn read<T: Default>(
    draft: &Draft,
    from: StoredValue<String>,
    get: impl FnOnce(&Taken) -> T,
) -> T {
    let taken = from.with_value(|from| draft.value_of(from).map(get));
    taken.unwrap_or_default()
}

/// Changes a value of the draft.
pub(super) fn write(draft: &mut Draft, from: StoredValue<String>, change: impl FnOnce(&mut Taken)) {
    let taken = from.with_value(|from| draft.value_mut(from));
    if let Some(taken) = taken {
        change(taken);
    }
}

/// A line about a value.
fn text(
    bench: Bench,
    from: StoredValue<String>,
    label: Word,
    hint: Option<Word>,
    part: fn(&mut Taken) -> &mut String,
) -> AnyView {
    let line = Line::new(label);
    let line = match hint {
        Some(hint) => line.hinted(hint),
        None => line,
    };
    line.view(
        bench,
        move |draft| {
            read(draft, from, |taken| {
                let mut taken = taken.clone();
                part(&mut taken).clone()
            })
        },
        move |draft, text| write(draft, from, |taken| *part(taken) = text),
    )
}

/// Which property it is: one of the city's, or a new one.
fn property(bench: Bench, from: StoredValue<String>) -> AnyView {
    let options = move || {
        let screen = bench.screen();
        let city = bench.city().properties;
        let known = city.iter().map(|def| {
            let name = format!("{} · {} ({})", screen.text(&def.name), def.id, def.unit);
            (def.id.to_string(), name)
        });
        let first = [
            (
                String::new(),
                format!("– {}", bench.word(Word::ChooseProperty)),
            ),
            (
                NEW.to_owned(),
                format!("+ {}", bench.word(Word::NewProperty)),
            ),
        ];
        first.into_iter().chain(known).collect()
    };
    let get = move |draft: &Draft| {
        read(draft, from, |taken| match &taken.new {
            Some(_) => NEW.to_owned(),
            None => taken.property.clone(),
        })
    };
    let set = move |draft: &mut Draft, chosen: String| {
        let city = untrack(|| bench.city());
        let fresh = fresh(draft, from, &city);
        write(draft, from, |taken| {
            if chosen == NEW {
                taken.property = fresh.property;
                taken.new = fresh.new;
            } else {
                taken.property = chosen;
                taken.new = None;
            }
        });
    };
    pick(bench, Word::PropertyOf, None, options, get, set)
}

/// The value as it would be with a property of its own.
fn fresh(draft: &Draft, from: StoredValue<String>, city: &super::guess::City) -> Taken {
    let mut others = draft.clone();
    others
        .values
        .retain(|taken| from.with_value(|from| taken.from != *from));
    let title = read(draft, from, |taken| Some(taken.title())).unwrap_or_default();
    let mut fresh = value("", &title, &others, city);
    if fresh.new.is_none() {
        fresh.property = format!("{}_2", fresh.property);
        fresh.new = Some(new_property(&title));
    }
    fresh
}

/// What a new property is.
fn made(bench: Bench, from: StoredValue<String>, own_names: Memo<bool>) -> AnyView {
    fn part(taken: &mut Taken) -> &mut NewProperty {
        taken.new.get_or_insert_with(NewProperty::default)
    }
    let id = move || {
        (!own_names.get()).then(|| {
            text(bench, from, Word::PropertyId, None, |taken| {
                &mut taken.property
            })
        })
    };
    let line = move |label, hint, part| text(bench, from, label, hint, part);
    view! {
        <div class="connect-fields">
            {line(Word::NameZh, None, |taken| &mut part(taken).zh)}
            {line(Word::NameEn, None, |taken| &mut part(taken).en)}
            {line(Word::UnitOf, Some(Word::UnitHint), |taken| &mut part(taken).unit)}
            {id}
            {line(Word::Least, None, |taken| &mut part(taken).least)}
            {line(Word::Greatest, None, |taken| &mut part(taken).greatest)}
        </div>
    }
    .into_any()
}

/// Names in the sample that are not taken, where names are what counts.
fn untaken(bench: Bench) -> AnyView {
    let rest = Memo::new(move |_| {
        let draft = bench.draft.read();
        if draft.way() == Way::Pointers {
            return Vec::new();
        }
        let mut found = names(draft.feed.format, &bench.sample().payload);
        found.retain(|named| draft.value_of(&named.name).is_none());
        found
    });
    let take = move |named: &Named| {
        let city = untrack(|| bench.city());
        let name = named.name.clone();
        bench.change(|draft| {
            let mut taken = value(&name, &name, draft, &city);
            if draft.way() == Way::Own {
                let is_known = city.properties.iter().any(|def| def.id.as_str() == name);
                taken.property.clone_from(&name);
                taken.new = (!is_known).then(|| new_property(&name));
            }
            draft.values.push(taken);
        });
    };
    let line = move |named: Named| {
        let shown = format!("{} = {}", named.name, named.example);
        let label = named.name.clone();
        view! {
            <li>
                <code>{shown}</code>
                " "
                {row_button(Word::TakeName, &label, move || take(&named))}
            </li>
        }
    };
    let shown = move || {
        let rest = rest.get();
        (!rest.is_empty()).then(|| {
            view! {
                <p class="field-label">{move || bench.word(Word::NotTaken)}</p>
                <ul class="connect-names">{rest.into_iter().map(line).collect_view()}</ul>
            }
        })
    };
    shown.into_any()
}
