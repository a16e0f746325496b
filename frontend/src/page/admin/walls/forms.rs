//! The forms about a wall: let in, changed.

use leptos::prelude::*;

use egret_shared::access::{Grant, Role, Scope};
use egret_shared::id::SceneId;
use egret_shared::package::city::Classification;
use egret_shared::people::{Approve, DeviceChange, DeviceRow};

use crate::api;
use crate::i18n::access::Access;
use crate::i18n::admin::Admin as Word;
use crate::screen::Screen;
use crate::session::way;
use crate::widget::dialog::{buttons, dialog};
use crate::widget::form::{Field, Form, fault_line, form as form_view};
use crate::widget::grants::GrantEditor;
use crate::widget::grants::picks::{Chosen, all_or_some, boxes};

use super::AllWalls;

/// How long a wall's code is, with its dash.
const CODE_CHARS: usize = 9;

/// Which scenes a wall may show. A copy is a handle to the same.
#[derive(Clone, Copy)]
struct Scenes {
    screen: Screen,
    chosen: RwSignal<Chosen>,
    is_missing: RwSignal<bool>,
}

impl Scenes {
    fn new(screen: Screen, scenes: &Scope<SceneId>) -> Self {
        let chosen = match scenes {
            Scope::All => Scope::All,
            Scope::Only(named) => Scope::Only(named.iter().map(ToString::to_string).collect()),
        };
        Self {
            screen,
            chosen: RwSignal::new(chosen),
            is_missing: RwSignal::new(false),
        }
    }

    fn scenes(self) -> Scope<SceneId> {
        match self.chosen.get_untracked() {
            Scope::All => Scope::All,
            Scope::Only(named) => Scope::Only(named.iter().map(SceneId::new).collect()),
        }
    }

    fn is_good(self) -> bool {
        let chosen = self.chosen.read_untracked();
        let is_good = chosen.is_all() || !chosen.named().is_empty();
        self.is_missing.set(!is_good);
        is_good
    }

    fn view(self) -> AnyView {
        let Self {
            screen,
            chosen,
            is_missing,
        } = self;
        let is_all = Signal::derive(move || chosen.read().is_all());
        let choose_way = move |to_all: bool| {
            is_missing.set(false);
            chosen.set(if to_all {
                Scope::All
            } else {
                Scope::Only(Vec::new())
            });
        };
        let choose = Callback::new(move |scenes| {
            is_missing.set(false);
            chosen.set(scenes);
        });
        let named = move || {
            let catalog = screen.store.catalog.read();
            let scenes = catalog.iter().flat_map(|catalog| &catalog.scenes);
            let named = scenes.map(|scene| (scene.id.to_string(), screen.text(&scene.name)));
            named.collect()
        };
        let fault = move || is_missing.get().then(|| Word::PickScene.into());
        let picks = all_or_some(
            Word::Scenes,
            [Word::AllScenes.into(), Word::SomeScenes.into()],
            is_all,
            choose_way,
            move || boxes(named, chosen.into(), choose),
        );
        vec![picks, fault_line(Signal::derive(fault))].into_any()
    }
}

/// The form that lets a wall in.
pub(super) fn approve(walls: AllWalls, known: &str) -> AnyView {
    let screen = walls.screen();
    let code = Field::new(Word::Code).hinted(Word::CodeHint).with(known);
    let name = Field::new(Word::WallName).hinted(Word::WallNameHint);
    // A wall is seen by whoever walks past it.
    let modest = Grant {
        up_to: Classification::Internal,
        ..Grant::whole(Role::Viewer)
    };
    let editor = GrantEditor::new(&[modest]).needing_one();
    let scenes = Scenes::new(screen, &Scope::All);
    let form = Form::new();
    let submit = move || {
        let written = way::wall_code(&code.text());
        if written.len() != CODE_CHARS {
            code.blame(Word::CodeShort);
        }
        name.need();
        let rest_is_good = [editor.is_good(), scenes.is_good()];
        if !Form::is_good(&[code, name]) || rest_is_good.contains(&false) {
            return;
        }
        let words = Approve {
            name: name.text(),
            grants: editor.grants(),
            scenes: scenes.scenes(),
        };
        form.send_or(
            async move { api::admin::approve(&written, &words).await },
            move |_| walls.changed(),
            move |error| {
                if error.is_unknown() {
                    code.blame(Access::BadCode);
                    return None;
                }
                Some(error)
            },
        );
    };
    let parts = vec![
        code.view(),
        name.view(),
        editor.view(),
        scenes.view(),
        form.failure(),
        buttons(form, Word::Approve, walls.close()),
    ];
    let content = form_view("wide", submit, parts);
    let title = move || screen.word(Word::ApproveTitle).to_owned();
    dialog(title, walls.close(), content)
}

/// The form that changes a wall.
pub(super) fn edit_wall(walls: AllWalls, row: &DeviceRow) -> AnyView {
    let screen = walls.screen();
    let name = Field::new(Word::WallName).with(&row.name);
    let editor = GrantEditor::new(&row.grants).needing_one();
    let scenes = Scenes::new(screen, &row.scenes);
    let form = Form::new();
    let (id, called) = (row.id.clone(), row.name.clone());
    let submit = move || {
        name.need();
        let rest_is_good = [editor.is_good(), scenes.is_good()];
        if !Form::is_good(&[name]) || rest_is_good.contains(&false) {
            return;
        }
        let id = id.clone();
        let change = DeviceChange {
            name: Some(name.text()),
            grants: Some(editor.grants()),
            scenes: Some(scenes.scenes()),
        };
        form.send(
            async move { api::admin::change_device(&id, &change).await },
            move |_| walls.changed(),
        );
    };
    let parts = vec![
        name.view(),
        editor.view(),
        scenes.view(),
        form.failure(),
        buttons(form, Word::Save, walls.close()),
    ];
    let content = form_view("wide", submit, parts);
    let title = move || format!("{} · {called}", screen.word(Word::EditWall));
    dialog(title, walls.close(), content)
}
