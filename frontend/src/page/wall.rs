//! `/wall/:scene`: the panels of a scene in its grid. While the city is in its emergency mode, walls
//! turn to the emergency scene. A wall that runs by itself ([`crate::kiosk`]) also turns from scene to
//! scene, shows what a desk has told it, and is taken over by what cannot wait.

mod takeover;
mod turn;

use leptos::ev;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};

use egret_shared::mode::Mode;
use egret_shared::package::scene::{PanelKind, SceneDef};
use egret_shared::time::TimeMs;
use egret_shared::wall::{Showing, Way};

use crate::clock;
use crate::i18n::Key;
use crate::kiosk::{Kiosk, kiosk};
use crate::page::not_found::Nowhere;
use crate::panel;
use crate::screen::screen;
use crate::session::place;
use crate::store::Store;
use crate::store::link::Link;
use crate::watch;
use crate::widget::keys::letter_of;

use takeover::Takeover;
use turn::{Calls, Goal, Here, turn};

/// How long the catalogue waits for the city. Milliseconds.
const PATIENCE_MS: i32 = 800;

/// The page.
#[component]
pub(crate) fn Wall() -> impl IntoView {
    let (store, kiosk) = (screen().store, kiosk());
    let params = use_params_map();
    let wanted = Memo::new(move |_| params.read().get("scene"));
    conduct(wanted);
    let is_taken = Memo::new(move |_| kiosk.taken().is_some());
    let has_begun = has_begun(store);
    let scene = move || {
        let wanted = wanted.get();
        let Some(catalog) = store.catalog.get().filter(|_| has_begun.get()) else {
            return view! { <Opening /> }.into_any();
        };
        let mut scenes = catalog.scenes.iter();
        match scenes.find(|scene| Some(scene.id.as_str()) == wanted.as_deref()) {
            Some(scene) => panel::grid::scene(scene, &catalog),
            None => view! { <Nowhere key=Key::NoScene /> }.into_any(),
        }
    };
    view! {
        <div class="stage" class:taken=is_taken>
            {scene}
            <Takeover />
        </div>
    }
}

/// Whether a scene is to be put up. A city that comes with the catalogue is waited for, or every figure
/// would be made twice, at first without its number; one that takes its time is not.
fn has_begun(store: Store) -> Memo<bool> {
    let is_late = RwSignal::new(false);
    Effect::new(move || {
        if store.catalog.read().is_some() {
            leptos::task::spawn_local(async move {
                clock::sleep(PATIENCE_MS).await;
                is_late.try_set(true);
            });
        }
    });
    Memo::new(move |_| is_late.get() || store.has_city.get())
}

/// What has become of the scene: which it is, and how it came about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shown {
    scene: Option<String>,
    chosen_at: Option<TimeMs>,
    away_from: Option<String>,
}

/// The last scene that the wall went to by itself, and where it was before, if it is to come back.
type Sent = StoredValue<Option<(String, Option<String>)>>;

/// Turns the wall to the scene that it is to show, and says what it shows.
fn conduct(wanted: Memo<Option<String>>) {
    let (store, kiosk) = (screen().store, kiosk());
    let query = use_query_map();
    let from = Memo::new(move |_| query.read().get("from"));
    let sent: Sent = StoredValue::new(None);
    let shown = shown(wanted, sent, store);
    let here = Memo::new(move |_| {
        let shown = shown.get();
        shown.scene.map(|scene| Here {
            scene,
            from: from.get(),
            chosen_at: shown.chosen_at,
            away_from: shown.away_from,
        })
    });
    let emergency = Memo::new(move |_| emergency_scene(store));
    let calls = Memo::new(move |_| calls(store, kiosk, here.read().as_ref(), emergency.get()));
    let goal = Memo::new(move |_| {
        if !store.has_city.get() {
            return None;
        }
        let (here, calls) = (here.read(), calls.read());
        // The time matters to what somebody has chosen, alone.
        let has_chosen = here.as_ref().is_some_and(|here| here.chosen_at.is_some());
        let now = if has_chosen {
            store.now.get()
        } else {
            store.now.get_untracked()
        };
        here.as_ref().and_then(|here| turn(here, &calls, now))
    });
    let navigate = use_navigate();
    Effect::new(move || {
        let Some(goal) = goal.get() else { return };
        let here = here.get_untracked().unwrap_or_default();
        let came_from = here.away_from.unwrap_or(here.scene);
        sent.set_value(Some((
            goal.scene.clone(),
            goal.is_away.then_some(came_from),
        )));
        let options = NavigateOptions {
            replace: true,
            ..NavigateOptions::default()
        };
        navigate(&href(&goal), options);
    });
    // A scene has just begun: the best moment to load anew, if that is due.
    Effect::new(move || {
        shown.with(|_| ());
        kiosk.keep_address();
        watch::scene_began();
    });
    step_by_keys(here, kiosk, sent);
    tell(here, calls, kiosk);
}

/// The scene that is shown, and how it came about.
fn shown(wanted: Memo<Option<String>>, sent: Sent, store: Store) -> Memo<Shown> {
    Memo::new(move |before: Option<&Shown>| {
        let scene = wanted.get();
        let now = store.now.get_untracked();
        let sent = sent
            .get_value()
            .filter(|(to, _)| Some(to) == scene.as_ref());
        match (before, sent) {
            // What a wall opens with, and what it turned to by itself, nobody chose.
            (None, _) => Shown {
                scene,
                ..Shown::default()
            },
            (Some(before), _) if before.scene == scene => before.clone(),
            (Some(_), Some((_, away_from))) => Shown {
                scene,
                chosen_at: None,
                away_from,
            },
            (Some(_), None) => Shown {
                scene,
                chosen_at: Some(now),
                away_from: None,
            },
        }
    })
}

/// The scene that walls turn to in an emergency. A wall may have been given other scenes alone.
fn emergency_scene(store: Store) -> Option<String> {
    let catalog = store.catalog.read();
    let catalog = catalog.as_ref()?;
    let scene = catalog.casework.emergency.scene.as_ref()?;
    let mut shown = catalog.scenes.iter();
    shown.any(|one| one.id == *scene).then(|| scene.to_string())
}

/// What calls the wall elsewhere at this moment.
fn calls(store: Store, kiosk: Kiosk, here: Option<&Here>, emergency: Option<String>) -> Calls {
    let mode = store.mode.read().mode;
    let none = Calls {
        mode,
        emergency,
        ..Calls::default()
    };
    if !kiosk.runs() {
        return none;
    }
    let now = store.now.get();
    let catalog = store.catalog.read();
    let scenes = catalog.as_ref().map(|catalog| catalog.scenes.as_slice());
    let scenes = scenes.unwrap_or_default();
    let has_map = |scene: &&SceneDef| {
        let mut panels = scene.panels.iter();
        panels.any(|panel| panel.kind == PanelKind::Map)
    };
    let shows_map = here.is_some_and(|here| {
        let mut maps = scenes.iter().filter(has_map);
        maps.any(|scene| scene.id.as_str() == here.scene)
    });
    let first_map = scenes.iter().find(has_map);
    let drive = kiosk.drive(now);
    let driven = drive.and_then(|drive| drive.scene);
    let driven = driven.filter(|scene| scenes.iter().any(|one| one.id == *scene));
    let chosen_at = here.and_then(|here| here.chosen_at);
    let is_left_alone = kiosk.left_alone_until(now).is_some()
        || chosen_at.is_some_and(|at| now.since(at) < crate::kiosk::HAND);
    Calls {
        driven: driven.map(|scene| scene.to_string()),
        is_taken: kiosk.taken().is_some(),
        with_map: first_map
            .filter(|_| !shows_map)
            .map(|scene| scene.id.to_string()),
        stays: kiosk.held() || is_left_alone,
        due: kiosk.due(now).map(|due| due.scene.to_string()),
        ..none
    }
}

/// The address of where to go, with whatever else stands in this one.
fn href(goal: &Goal) -> String {
    let search = place::query_with("from", goal.from.as_deref());
    format!("/wall/{}{search}", goal.scene)
}

/// The arrows turn the scene by hand, where nothing else needs them.
fn step_by_keys(here: Memo<Option<Here>>, kiosk: Kiosk, sent: Sent) {
    let navigate = use_navigate();
    let handle = window_event_listener(ev::keydown, move |event| {
        let ahead = match letter_of(&event).as_deref() {
            Some("ArrowRight") => true,
            Some("ArrowLeft") => false,
            _ => return,
        };
        let is_free = kiosk.still_runs() && !event.default_prevented() && is_on_page(&event);
        let Some(here) = here.get_untracked().filter(|_| is_free) else {
            return;
        };
        if let Some(scene) = kiosk.beside(&here.scene, ahead) {
            sent.set_value(None);
            kiosk.touched();
            let goal = Goal {
                scene: scene.to_string(),
                from: here.from,
                is_away: false,
            };
            navigate(&href(&goal), NavigateOptions::default());
        }
    });
    on_cleanup(move || handle.remove());
}

/// Whether a key goes to the page as a whole, and to nothing on it.
fn is_on_page(event: &web_sys::KeyboardEvent) -> bool {
    use wasm_bindgen::JsCast as _;
    let target = event.target();
    let element = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_none_or(|element| matches!(element.tag_name().as_str(), "BODY" | "HTML"))
}

/// Says what the wall shows.
fn tell(here: Memo<Option<Here>>, calls: Memo<Calls>, kiosk: Kiosk) {
    let shows = Memo::new(move |_| {
        let (here, calls) = (here.read(), calls.read());
        let here = here.as_ref()?;
        let is_emergency = calls.mode == Mode::Emergency && calls.emergency.is_some();
        let way = if calls.driven.is_some() {
            Way::Driven
        } else if is_emergency {
            Way::Emergency
        } else if calls.stays {
            Way::Held
        } else if kiosk.turns() {
            Way::Turns
        } else {
            Way::Stays
        };
        Some(Showing {
            scene: here.scene.as_str().into(),
            way,
            incident: kiosk.taken().map(|taken| taken.incident),
        })
    });
    Effect::new(move || kiosk.show(shows.get()));
    on_cleanup(move || kiosk.show(None));
}

/// Until the catalogue has come.
#[component]
fn Opening() -> impl IntoView {
    let screen = screen();
    let key = move || match screen.store.link.get() {
        Link::Outdated => Key::Outdated,
        _ => Key::Connecting,
    };
    view! {
        <div class="nowhere">
            <p>{move || screen.word(key())}</p>
        </div>
    }
}
