//! `/admin/walls`: walls that wait to be let in, and those that are.

mod forms;

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::access::Scope;
use egret_shared::id::SceneId;
use egret_shared::people::{DeviceRow, PairingRow};

use crate::i18n::admin::Admin as Word;
use crate::page::listed::{Listed, cell, classed_cell, code, line, name_cell};
use crate::page::me::browser;
use crate::screen::{Screen, screen};
use crate::session::{place, way};
use crate::widget::dialog::confirm;
use crate::widget::form::{Form, button, row_button};
use crate::widget::grants::grants_in_short;
use crate::{api, format};

use super::{Over, part};
use forms::{approve, edit_wall};

/// How often it is asked which walls wait. Milliseconds.
const ASK_MS: i32 = 2_000;

const WAITING: [Word; 5] = [
    Word::Code,
    Word::Who,
    Word::From,
    Word::WaitingUntil,
    Word::Actions,
];

const COLUMNS: [Word; 7] = [
    Word::WallName,
    Word::Grants,
    Word::Scenes,
    Word::PairedAt,
    Word::KeyAge,
    Word::LastUsed,
    Word::Actions,
];

/// What the rows and dialogs need. A copy is a handle to the same.
#[derive(Clone, Copy)]
struct AllWalls {
    screen: StoredValue<Screen>,
    waiting: Listed<PairingRow>,
    paired: Listed<DeviceRow>,
    over: Over,
    form: Form,
}

/// The page.
pub(super) fn page() -> AnyView {
    let screen = screen();
    let walls = AllWalls {
        screen: StoredValue::new(screen),
        waiting: Listed::new(api::admin::pairings).follow(ASK_MS),
        paired: Listed::new(api::admin::devices),
        over: Over::new(),
        form: Form::new(),
    };
    if let Some(code) = way::code_in_fragment(&place::fragment()) {
        walls.approve(code);
    }
    let ask = move || walls.approve(String::new());
    let aside = button("main-button", Word::ApproveTitle, ask);
    let waiting = view! {
        {walls.form.failure()}
        {walls.waiting.table(&WAITING, Word::NoPairings, move |row| waiting_line(walls, row))}
    };
    let paired = view! {
        {walls.paired.table(&COLUMNS, Word::NoWalls, move |row| wall_line(walls, row))}
        {walls.over.view()}
    };
    view! {
        {part(Word::Waiting, aside, waiting.into_any())}
        {part(Word::Walls, ().into_any(), paired.into_any())}
    }
    .into_any()
}

impl AllWalls {
    /// Opens the form that lets a wall in, with the code that is known of it.
    fn approve(self, code: String) {
        self.over.open(move || approve(self, &code));
    }

    fn screen(self) -> Screen {
        self.screen.get_value()
    }

    fn close(self) -> Callback<()> {
        Callback::new(move |()| self.over.close())
    }

    fn changed(self) {
        self.over.close();
        self.waiting.refresh();
        self.paired.refresh();
    }
}

fn waiting_line(walls: AllWalls, row: &PairingRow) -> AnyView {
    let screen = walls.screen();
    let ends_at = row.ends_at;
    let left = move || format::countdown(ends_at.since(screen.store.now.get()).ms().max(0));
    let shown = row.code.clone();
    let approve = {
        let code = shown.clone();
        move || walls.approve(code.clone())
    };
    let refuse = {
        let code = shown.clone();
        move || {
            let code = code.clone();
            walls
                .form
                .send(async move { api::admin::refuse(&code).await }, move |()| {
                    walls.waiting.refresh();
                });
        }
    };
    let acts = vec![
        row_button(Word::Approve, &shown, approve),
        row_button(Word::Refuse, &shown, refuse),
    ];
    let cells = vec![
        name_cell(code(&shown), "", ""),
        cell(browser(&row.agent).unwrap_or_default()),
        cell(row.address.clone()),
        classed_cell("countdown", left),
        classed_cell("row-buttons", acts),
    ];
    line(false, cells)
}

fn wall_line(walls: AllWalls, row: &DeviceRow) -> AnyView {
    let screen = walls.screen();
    let row = Arc::new(row.clone());
    let seen = match row.seen_at {
        Some(at) => format!("{} · {}", screen.stamp(at), row.address),
        None => screen.word(Word::NeverUsed).to_owned(),
    };
    let open = |word: Word, make: fn(AllWalls, &DeviceRow) -> AnyView| {
        let of = Arc::clone(&row);
        let act = move || {
            let of = Arc::clone(&of);
            walls.over.open(move || make(walls, &of));
        };
        row_button(word, &row.name, act)
    };
    let acts = vec![open(Word::Edit, edit_wall), open(Word::Revoke, revoke)];
    let cells = vec![
        name_cell(row.name.clone().into_any(), "", ""),
        cell(grants_in_short(screen, &row.grants)),
        cell(scenes(screen, &row.scenes)),
        cell(screen.stamp(row.created_at)),
        cell(screen.stamp(row.key_at)),
        cell(seen),
        classed_cell("row-buttons", acts),
    ];
    line(false, cells)
}

/// The names of scenes.
fn scenes(screen: Screen, scenes: &Scope<SceneId>) -> String {
    if scenes.is_all() {
        return screen.word(Word::AllScenes).to_owned();
    }
    let catalog = screen.store.catalog.read();
    let name = |id: &SceneId| {
        let mut known = catalog.iter().flat_map(|catalog| &catalog.scenes);
        let scene = known.find(|scene| scene.id == *id);
        scene.map_or_else(|| id.to_string(), |scene| screen.text(&scene.name))
    };
    scenes
        .named()
        .iter()
        .map(name)
        .collect::<Vec<_>>()
        .join(" · ")
}

/// Asks whether a wall is to be sent away.
fn revoke(walls: AllWalls, row: &DeviceRow) -> AnyView {
    let (screen, form) = (walls.screen(), Form::new());
    let (name, id) = (row.name.clone(), row.id.clone());
    let title = move || format!("{} · {name}", screen.word(Word::Revoke));
    let act = move || {
        let id = id.clone();
        form.send(
            async move { api::admin::delete_device(&id).await },
            move |()| walls.changed(),
        );
    };
    let about = Word::RevokeWallAsk;
    confirm(title, about, Word::Revoke, form, walls.close(), act)
}
