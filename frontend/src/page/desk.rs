//! `/desk`: the duty officer's desk. The queue with the file of the chosen incident beside it, alerts
//! in force, how departments do; to report an incident, and to change the mode of the city.
//!
//! The URL holds the reader's [`Place`]; the keyboard does everything that the mouse does.

mod alerts;
mod filters;
mod hushes;
mod mode;
mod orders;
mod place;
mod queue;
mod report;
mod scores;
mod walls;

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use egret_shared::alert::AlertKey;
use egret_shared::catalog::Catalog;
use egret_shared::id::{AreaCode, HushId};
use egret_shared::level::Level;

use crate::api;
use crate::i18n::case::Desk as Word;
use crate::i18n::order::Order;
use crate::i18n::wall::Wall;
use crate::i18n::{Key, Phrase};
use crate::page::case::played;
use crate::screen::{Screen, screen};
use crate::select::queue::Own;
use crate::session::session;
use crate::widget::form::button;

use place::{Place, Tab};

/// What every part of the desk needs. A copy is a handle to the same.
#[derive(Clone, Copy)]
struct Board {
    screen: StoredValue<Screen>,
    catalog: StoredValue<Arc<Catalog>>,
    place: Memo<Place>,
    own: Memo<Own>,
    go: Callback<Place>,
    /// What is open over the desk.
    over: RwSignal<Option<Over>>,
    /// What came of the last report or change.
    said: RwSignal<Option<String>>,
    /// Raised when what is kept quiet has changed.
    hushed: RwSignal<u32>,
}

/// A form over the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Over {
    Report,
    Mode,
    Shelve(AlertKey, Level),
    EndHush(HushId),
}

impl Board {
    fn new(catalog: &Arc<Catalog>) -> Self {
        let (screen, session) = (screen(), session());
        let query = use_query_map();
        let navigate = use_navigate();
        let place = Memo::new(move |_| {
            let query = query.read();
            Place::from_query(|name| query.get_str(name))
        });
        let go = Callback::new(move |place: Place| {
            let options = NavigateOptions {
                scroll: false,
                replace: true,
                ..NavigateOptions::default()
            };
            navigate(&place.href(api::encoded), options);
        });
        Self {
            screen: StoredValue::new(screen),
            catalog: StoredValue::new(Arc::clone(catalog)),
            place,
            own: Memo::new(move |_| {
                let who = session.who();
                let played = || Own::played(&session.played.read());
                who.as_ref().map_or_else(played, Own::of)
            }),
            go,
            over: RwSignal::new(None),
            said: RwSignal::new(None),
            hushed: RwSignal::new(0),
        }
    }

    fn screen(self) -> Screen {
        self.screen.get_value()
    }

    fn word(self, word: impl Into<Phrase>) -> &'static str {
        self.screen().phrase(word.into())
    }

    /// Changes what is looked at.
    fn change(self, change: impl FnOnce(&mut Place)) {
        let mut place = self.place.get_untracked();
        change(&mut place);
        if place != self.place.get_untracked() {
            self.go.run(place);
        }
    }

    /// The address of the same with another choice.
    fn href(self, change: impl FnOnce(&mut Place)) -> String {
        let mut place = self.place.get();
        change(&mut place);
        place.href(api::encoded)
    }

    fn close(self) -> Callback<()> {
        Callback::new(move |()| self.over.set(None))
    }

    /// Areas to choose from: districts, and what lies right below them.
    fn areas(self) -> Vec<(String, String)> {
        let screen = self.screen();
        self.catalog.with_value(|catalog| {
            let levels = catalog.city.levels.iter().skip(1).take(2);
            let levels: Vec<&String> = levels.collect();
            let name = |code: &AreaCode| {
                let mut areas = catalog.areas.iter();
                let area = areas.find(|area| area.code == *code)?;
                Some(screen.text(&area.name))
            };
            let mut rows: Vec<(AreaCode, String)> = Vec::new();
            for area in &catalog.areas {
                let own = screen.text(&area.name);
                let parent = area.parent.as_ref().and_then(name);
                match levels.iter().position(|level| **level == area.level) {
                    Some(0) => rows.push((area.code.clone(), own)),
                    Some(_) => {
                        let parent = parent.unwrap_or_default();
                        rows.push((area.code.clone(), format!("{parent} · {own}")));
                    }
                    None => {}
                }
            }
            rows.sort();
            rows.into_iter()
                .map(|(code, name)| (code.to_string(), name))
                .collect()
        })
    }

    /// Departments to choose from.
    fn departments(self) -> Vec<(String, String)> {
        let screen = self.screen();
        self.catalog.with_value(|catalog| {
            let all = catalog.departments.iter();
            all.map(|def| (def.id.to_string(), screen.text(&def.name)))
                .collect()
        })
    }
}

/// The page.
#[component]
pub(crate) fn Desk() -> impl IntoView {
    let screen = screen();
    move || match screen.store.catalog.get() {
        Some(catalog) => untrack(|| page(Board::new(&catalog))),
        None => view! {
            <div class="nowhere">
                <p>{screen.word(Key::Loading)}</p>
            </div>
        }
        .into_any(),
    }
}

fn page(board: Board) -> AnyView {
    let tab = Memo::new(move |_| board.place.read().tab);
    let content = move || match tab.get() {
        Tab::Queue => queue::queue(board),
        Tab::Alerts => alerts::alerts(board),
        Tab::Hushes => hushes::hushes(board),
        Tab::Scores => scores::scores(board),
        Tab::Orders => orders::orders(board),
        Tab::Walls => walls::walls(board),
    };
    let over = move || {
        Some(match board.over.get()? {
            Over::Report => report::form(board),
            Over::Mode => mode::form(board),
            Over::Shelve(key, level) => hushes::shelve(board, &key, level),
            Over::EndHush(id) => hushes::end(board, &id),
        })
    };
    view! {
        <div class="duty">
            <header class="duty-bar">
                <h2 class="unseen">{move || board.word(Word::Title)}</h2>
                {tabs(board)}
                <p class="duty-said" role="status">
                    {move || board.said.get()}
                </p>
                {played()}
                {mode::control(board)}
                {button(
                    "main-button",
                    Word::Report,
                    move || board.over.set(Some(Over::Report)),
                )}
            </header>
            {content}
            {over}
        </div>
    }
    .into_any()
}

fn tabs(board: Board) -> AnyView {
    let link = move |tab: Tab| {
        let word: Phrase = match tab {
            Tab::Queue => Word::Queue.into(),
            Tab::Alerts => Word::AlertsTab.into(),
            Tab::Hushes => Word::HushesTab.into(),
            Tab::Scores => Word::ScoresTab.into(),
            Tab::Orders => Order::Tab.into(),
            Tab::Walls => Wall::Tab.into(),
        };
        let href = move || board.href(|place| place.tab = tab);
        let current = move || (board.place.read().tab == tab).then_some("page");
        view! {
            <a href=href aria-current=current>
                {move || board.word(word)}
            </a>
        }
    };
    let drives = walls::may_drive();
    let has_actuators = board.catalog.with_value(|catalog| {
        let mut feeds = catalog.feeds.iter();
        feeds.any(|feed| !feed.commands.is_empty())
    });
    let links = move || {
        let shown = Tab::ALL.into_iter();
        let shown = shown.filter(|tab| match tab {
            Tab::Walls => drives.get(),
            Tab::Orders => has_actuators,
            _ => true,
        });
        shown.map(link).collect_view()
    };
    view! {
        <nav class="sections" aria-label=move || board.word(Word::Title)>
            {links}
        </nav>
    }
    .into_any()
}
