//! The sample as a tree: a leaf is a button that says what it is taken for, and opens the choice.

use leptos::prelude::*;
use serde_json::Value;

use egret_shared::package::feed::{Format, TimeForm};

use crate::i18n::connect::Connect as Word;
use crate::widget::form::{button, focus};

use super::bench::Bench;
use super::draft::{Role, Way};
use super::guess::{propose_roles, time_form, value};
use super::tree::{Node, Row, last_key, relative, rows};

/// Longest value that is shown in a line, in characters: what fits beside its name.
const SHOWN_CHARS: usize = 40;

/// The word for a role.
pub(super) fn role_word(role: Role) -> Word {
    match role {
        Role::Nothing => Word::RoleNothing,
        Role::Asset => Word::RoleAsset,
        Role::Time => Word::RoleTime,
        Role::Lon => Word::RoleLon,
        Role::Lat => Word::RoleLat,
        Role::Message => Word::RoleMessage,
        Role::Value => Word::RoleValue,
    }
}

/// The tree of the sample that is looked at.
pub(super) fn tree(bench: Bench) -> AnyView {
    // Anew with other lines only: what a leaf is taken for changes within its line.
    let lines = Memo::new(move |_| bench.json().map(|json| rows(&json)));
    let has_payload = Memo::new(move |_| !bench.sample().payload.trim().is_empty());
    let open = RwSignal::new(None::<String>);
    let content = move || match lines.get() {
        _ if !has_payload.get() => ().into_any(),
        None => view! { <p class="words">{bench.word(Word::NotJson)}</p> }.into_any(),
        Some(lines) => {
            let lines = lines.into_iter().enumerate();
            let lines: Vec<_> = lines
                .map(|(number, row)| line(bench, open, number, &row))
                .collect();
            view! {
                <h3 id="connect-tree">{move || bench.word(Word::Tree)}</h3>
                <ul class="tree" aria-labelledby="connect-tree">
                    {lines}
                </ul>
            }
            .into_any()
        }
    };
    content.into_any()
}

fn line(bench: Bench, open: RwSignal<Option<String>>, number: usize, row: &Row) -> AnyView {
    let indent = format!("calc({} * 16 * var(--u))", row.depth);
    let content = match &row.node {
        Node::Leaf(text) => leaf(bench, open, number, row, shortened(text)),
        Node::Array(n, objects) => {
            let each = *objects && !row.pointer.is_empty();
            let title = format!("{} [{n}]", row.key);
            let toggle = each.then(|| each_button(bench, row.pointer.clone()));
            view! { <span class="branch">{title}</span> {toggle} }.into_any()
        }
        Node::Object(_) if row.key.is_empty() => ().into_any(),
        Node::Object(_) => view! { <span class="branch">{row.key.clone()}</span> }.into_any(),
    };
    view! { <li style:padding-left=indent>{content}</li> }.into_any()
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN_CHARS {
        return text.to_owned();
    }
    let head: String = text.chars().take(SHOWN_CHARS).collect();
    format!("{head}…")
}

/// Says that the elements of an array are readings, or not.
fn each_button(bench: Bench, pointer: String) -> AnyView {
    let pointer = StoredValue::new(pointer);
    // An event's pointers count from its data.
    let each = move || {
        let pointer = pointer.get_value();
        match bench.draft.read().feed.format {
            Format::Cloudevents => {
                let inside = pointer.find("/data").and_then(|at| pointer.get(at + 5..));
                inside.map(str::to_owned)
            }
            _ => Some(pointer),
        }
    };
    let is_on = move || {
        let each = each();
        each.is_some() && bench.draft.read().map.each == each
    };
    let can = move || bench.draft.read().way() == Way::Pointers;
    let toggle = move |_| {
        let next = if untrack(is_on) { None } else { untrack(each) };
        let payload = untrack(|| bench.sample()).payload;
        let city = untrack(|| bench.city());
        bench.change(|draft| {
            draft.map.each = next;
            propose_roles(draft, &payload, &city);
        });
    };
    let shown = move || {
        can().then(|| {
            view! {
                <button
                    type="button"
                    class="row-button"
                    aria-pressed=move || is_on().to_string()
                    on:click=toggle
                >
                    {move || bench.word(Word::EachReading)}
                </button>
            }
        })
    };
    shown.into_any()
}

fn leaf(
    bench: Bench,
    open: RwSignal<Option<String>>,
    number: usize,
    row: &Row,
    shown: String,
) -> AnyView {
    let (key, pointer) = (row.key.clone(), StoredValue::new(row.pointer.clone()));
    let here = Memo::new(move |_| {
        let json = bench.json()?;
        let draft = bench.draft.read();
        let each = draft.map.each.as_deref();
        pointer.with_value(|pointer| relative(draft.feed.format, &json, each, pointer))
    });
    let role = Memo::new(move |_| {
        let here = here.get()?;
        Some(bench.draft.read().role(&here))
    });
    let may = Memo::new(move |_| here.read().is_some() && !bench.draft.read().roles().is_empty());
    let is_open = Memo::new(move |_| {
        may.get()
            && open
                .read()
                .as_ref()
                .is_some_and(|open| pointer.with_value(|at| at == open))
    });
    let id = format!("connect-leaf-{number}");
    let roles_id = format!("connect-roles-{number}");
    let controls = roles_id.clone();
    let said = move || match role.get() {
        None => bench.word(Word::OutOfReach).to_owned(),
        Some(Role::Value) => {
            let here = here.get().unwrap_or_default();
            let draft = bench.draft.read();
            let taken = draft
                .value_of(&here)
                .filter(|taken| !taken.property.is_empty());
            taken.map_or_else(
                || bench.word(Word::RoleValue).to_owned(),
                |taken| taken.property.clone(),
            )
        }
        Some(Role::Nothing) => named(bench, &here.get().unwrap_or_default()),
        Some(role) => bench.word(role_word(role)).to_owned(),
    };
    let is_taken = move || !matches!(role.get(), None | Some(Role::Nothing));
    let toggle = move |_| {
        let next = (!is_open.get_untracked()).then(|| pointer.get_value());
        open.set(next);
    };
    let back = id.clone();
    let choices = move || {
        is_open
            .get()
            .then(|| choices(bench, here, role, open, roles_id.clone(), back.clone()))
    };
    view! {
        <button
            type="button"
            id=id
            class="leaf"
            class:taken=is_taken
            disabled=move || !may.get()
            aria-expanded=move || is_open.get().to_string()
            aria-controls=move || is_open.get().then(|| controls.clone())
            on:click=toggle
        >
            <span class="leaf-key">{key}</span>
            <span class="leaf-value">{shown}</span>
            <b class="leaf-role">{said}</b>
        </button>
        {choices}
    }
    .into_any()
}

/// Where names are what counts: the property that a leaf's name means.
fn named(bench: Bench, pointer: &str) -> String {
    let draft = bench.draft.read();
    if draft.way() == Way::Pointers {
        return String::new();
    }
    let taken = draft.value_of(&last_key(pointer));
    taken
        .map(|taken| taken.property.clone())
        .unwrap_or_default()
}

/// What a leaf may be taken for.
fn choices(
    bench: Bench,
    here: Memo<Option<String>>,
    role: Memo<Option<Role>>,
    open: RwSignal<Option<String>>,
    id: String,
    back: String,
) -> AnyView {
    let back = StoredValue::new(back);
    let choose = move |chosen: Role| {
        let Some(pointer) = here.get_untracked() else {
            return;
        };
        take(bench, &pointer, chosen);
        open.set(None);
        focus(&back.get_value());
    };
    let leave = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            open.set(None);
            focus(&back.get_value());
        }
    };
    let roles = untrack(|| bench.draft.read().roles());
    let roles: Vec<_> = roles
        .into_iter()
        .map(|one| {
            view! {
                <button
                    type="button"
                    class="row-button"
                    aria-pressed=move || (role.get() == Some(one)).to_string()
                    on:click=move |_| choose(one)
                >
                    {move || bench.word(role_word(one))}
                </button>
            }
        })
        .collect();
    view! {
        <div
            class="leaf-roles"
            id=id
            role="group"
            aria-label=move || here.get().unwrap_or_default()
            on:keydown=leave
        >
            {roles}
        </div>
    }
    .into_any()
}

fn take(bench: Bench, pointer: &str, role: Role) {
    let city = untrack(|| bench.city());
    let json = untrack(|| bench.json()).unwrap_or(Value::Null);
    bench.change(|draft| {
        let each = draft.map.each.clone();
        let format = draft.feed.format;
        let found = rows(&json).into_iter().find(|row| {
            relative(format, &json, each.as_deref(), &row.pointer).as_deref() == Some(pointer)
        });
        let leaf = found.and_then(|row| json.pointer(&row.pointer).cloned());
        let time = leaf
            .as_ref()
            .and_then(time_form)
            .unwrap_or(TimeForm::Rfc3339);
        let proposed = value(pointer, &last_key(pointer), draft, &city);
        draft.take(pointer, role, time, proposed);
    });
}

/// A button that proposes the whole definition anew.
pub(super) fn propose_button(bench: Bench) -> AnyView {
    let propose = move || bench.propose_anew();
    view! {
        <span title=move || bench.word(Word::GuessAgainAbout)>
            {button("quiet", Word::GuessAgain, propose)}
        </span>
    }
    .into_any()
}
