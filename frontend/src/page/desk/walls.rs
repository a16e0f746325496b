//! Walls that somebody at the desk may drive: what each shows, and what it is told. A wall says by
//! itself what it shows, so the table tells what hangs there, not what was wished for.

use leptos::prelude::*;

use egret_shared::access::Right;
use egret_shared::id::{IncidentId, SceneId};
use egret_shared::wall::{DriveOrder, Step, WallRow};

use super::Board;
use crate::api;
use crate::i18n::wall::{Wall as Word, way_word};
use crate::page::listed::{Listed, cell, classed_cell, line, name_cell};
use crate::session::session;
use crate::widget::form::{Form, row_button};
use crate::widget::options::options_of;

/// How often it is asked how the walls stand. Milliseconds.
const ASK_MS: i32 = 1_000;

/// The most incidents that are offered for the spotlight: the worst.
const INCIDENTS_MAX: usize = 20;

const COLUMNS: [Word; 5] = [
    Word::NameOf,
    Word::StateOf,
    Word::Shows,
    Word::ShowScene,
    Word::SpotlightWord,
];

/// What the rows need. A copy is a handle to the same.
#[derive(Clone, Copy)]
struct Walls {
    board: Board,
    rows: Listed<WallRow>,
    form: Form,
}

/// Whether somebody here drives walls at all.
pub(super) fn may_drive() -> Memo<bool> {
    let session = session();
    Memo::new(move |_| session.has(Right::Work) || session.has(Right::Administer))
}

/// The table.
pub(super) fn walls(board: Board) -> AnyView {
    let walls = Walls {
        board,
        rows: Listed::new(api::wall::walls).follow(ASK_MS),
        form: Form::new(),
    };
    view! {
        <section class="panel duty-walls walls-table" aria-label=move || board.word(Word::Tab)>
            {walls.form.failure()}
            {walls.rows.table(&COLUMNS, Word::NoWalls, move |row| wall_line(walls, row))}
            <p>{move || board.word(Word::DriveAbout)}</p>
        </section>
    }
    .into_any()
}

impl Walls {
    fn tell(self, wall: &str, order: DriveOrder) {
        let wall = wall.to_owned();
        self.form.send(
            async move { api::wall::drive(&wall, &order).await },
            move |_| self.rows.refresh(),
        );
    }

    /// The name of a scene.
    fn scene(self, id: &SceneId) -> String {
        let screen = self.board.screen();
        self.board.catalog.with_value(|catalog| {
            let mut scenes = catalog.scenes.iter();
            let scene = scenes.find(|scene| scene.id == *id);
            scene.map_or_else(|| id.to_string(), |scene| screen.text(&scene.name))
        })
    }

    /// The worst incidents in hand, by id and title.
    fn incidents(self) -> Vec<(String, String)> {
        let screen = self.board.screen();
        let cases = screen.store.cases.get_untracked();
        let open = cases
            .iter()
            .filter(|case| !case.cleared && !case.is_alert());
        open.take(INCIDENTS_MAX)
            .map(|case| (case.id.clone(), screen.text(&case.title)))
            .collect()
    }

    /// A button of a row.
    fn button(self, row: &WallRow, word: Word, order: &DriveOrder) -> AnyView {
        let (id, order) = (row.id.clone(), order.clone());
        row_button(word, &row.name, move || self.tell(&id, order.clone()))
    }
}

fn wall_line(walls: Walls, row: &WallRow) -> AnyView {
    let board = walls.board;
    let screen = board.screen();
    let (class, online) = if row.online {
        ("wall-online", Word::Online)
    } else {
        ("wall-offline", Word::Offline)
    };
    let drive = row.state.drive.as_ref();
    let driven = drive.map(|drive| {
        let until = screen.clock(drive.until);
        let (by, word) = (board.word(Word::DrivenBy), board.word(Word::DrivenUntil));
        view! { <small>{format!("{by} {} · {word} {until}", drive.by)}</small> }
    });
    let state = view! {
        <span class=class>{board.word(online)}</span>
        {driven}
    };
    let shows = row.state.shows.as_ref().map(|shows| {
        let incident = shows
            .incident
            .as_ref()
            .map(|id| view! { <small>{id.to_string()}</small> });
        let way = board.word(way_word(shows.way));
        view! {
            <b>{walls.scene(&shows.scene)}</b>
            " "
            <small>{way}</small>
            {incident}
        }
    });
    let holds = drive.is_some_and(|drive| drive.scene.is_some());
    let (hold, word) = if holds {
        (DriveOrder::Hold(false), Word::GoOn)
    } else {
        (DriveOrder::Hold(true), Word::Hold)
    };
    let turn = view! {
        {scene_choice(walls, row)}
        {walls.button(row, Word::Previous, &DriveOrder::Step(Step::Previous))}
        {walls.button(row, word, &hold)}
        {walls.button(row, Word::Next, &DriveOrder::Step(Step::Next))}
    };
    let light = view! {
        {spot_choice(walls, row)}
        {drive.is_some().then(|| walls.button(row, Word::Release, &DriveOrder::Release))}
    };
    let cells = vec![
        name_cell(row.name.clone().into_any(), "", &row.id),
        cell(state.into_any()),
        cell(shows.into_any()),
        classed_cell("wall-acts", turn.into_any()),
        classed_cell("wall-acts", light.into_any()),
    ];
    line(!row.online, cells)
}

/// The scene that the wall was told to show, to be chosen anew.
fn scene_choice(walls: Walls, row: &WallRow) -> AnyView {
    let told = row.state.drive.as_ref();
    let told = told.and_then(|drive| drive.scene.clone());
    let none = (String::new(), "–".to_owned());
    let scenes = row.scenes.iter();
    let scenes = scenes.map(|id| (id.to_string(), walls.scene(id)));
    let options: Vec<_> = std::iter::once(none).chain(scenes).collect();
    let told = told.map(|scene| scene.to_string()).unwrap_or_default();
    let id = row.id.clone();
    picked(walls, row, Word::ShowScene, options, &told, move |scene| {
        let order = if scene.is_empty() {
            DriveOrder::Hold(false)
        } else {
            DriveOrder::Scene(SceneId::new(scene))
        };
        walls.tell(&id, order);
    })
}

/// The incident that the wall was told to light, to be chosen anew.
fn spot_choice(walls: Walls, row: &WallRow) -> AnyView {
    let told = row.state.drive.as_ref();
    let told = told.and_then(|drive| drive.spotlight.clone());
    let mut options = walls.incidents();
    if let Some(told) = &told
        && !options.iter().any(|(id, _)| id == told.as_str())
    {
        options.push((told.to_string(), told.to_string()));
    }
    let none = walls.board.word(Word::NoSpotlight).to_owned();
    options.insert(0, (String::new(), none));
    let told = told.map(|id| id.to_string()).unwrap_or_default();
    let id = row.id.clone();
    picked(
        walls,
        row,
        Word::SpotlightWord,
        options,
        &told,
        move |incident| {
            if incident.is_empty() {
                walls.tell(&id, DriveOrder::Release);
            } else {
                walls.tell(&id, DriveOrder::Spotlight(IncidentId::new(incident)));
            }
        },
    )
}

/// A choice in a row, which acts at once.
fn picked(
    walls: Walls,
    row: &WallRow,
    word: Word,
    options: Vec<(String, String)>,
    chosen: &str,
    act: impl Fn(String) + 'static,
) -> AnyView {
    let name = format!("{} · {}", row.name, walls.board.word(word));
    view! {
        <select aria-label=name on:change=move |event| act(event_target_value(&event))>
            {options_of(options, chosen)}
        </select>
    }
    .into_any()
}
