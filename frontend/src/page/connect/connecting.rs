//! Connecting: the server adds the feed and folds the city anew, which may take minutes; then the
//! way to its tile, and to what was refused meanwhile.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::components::A;

use egret_shared::access::Right;
use egret_shared::catalog::Catalog;
use egret_shared::id::MetricId;
use egret_shared::package::addition::Addition;

use crate::api;
use crate::api::register::{Rerun, Which};
use crate::clock;
use crate::i18n::connect::Connect as Word;
use crate::page::data::told::{read_missed, rerun_told};
use crate::session::session;
use crate::widget::form::{Form, focus};

use super::bench::{Bench, Done, Outcome};
use super::guess::covers;

/// How often the server is asked how far it is. Milliseconds.
const PROGRESS_MS: i32 = 1_000;

/// What is done, on the page.
const DONE: &str = "connect-done";

/// The scene of what was added, if the catalogue does not say.
const SCENE: &str = "connected";

/// The button, and how far it is.
pub(super) fn act(bench: Bench) -> AnyView {
    let word = Memo::new(move |_| bench.is_change());
    let connect = move || leptos::task::spawn_local(connect(bench));
    let form = bench.form;
    let button = move || {
        let word = if word.get() {
            Word::SaveChange
        } else {
            Word::Begin
        };
        form.button("main-button", word, connect)
    };
    let progress = move || {
        form.busy.get().then(|| {
            let done = bench.folding.get();
            let label = move || bench.word(Word::Connecting);
            // Without a value it says only that something is under way.
            let value = done.map(|done| format!("{done:.2}"));
            view! {
                <p class="connect-progress" role="status">
                    {label}
                    <progress max="1" value=value aria-label=label></progress>
                </p>
            }
        })
    };
    view! {
        <div class="connect-act">
            {form.failure()}
            {progress}
            {button}
        </div>
    }
    .into_any()
}

/// Connects what stands in the form.
async fn connect(bench: Bench) {
    if bench.form.busy.get_untracked() {
        return;
    }
    bench.is_strict.set(true);
    let known = untrack(|| bench.city()).properties;
    let written = bench.draft.read_untracked().written(&known);
    let addition = match written {
        Ok(addition) => Arc::new(addition),
        Err(faults) => {
            let first = faults.first().map(|fault| fault.spot);
            bench.outcome.set(Outcome::Lacking(faults));
            if let Some(first) = first {
                focus(&first.id());
            }
            return;
        }
    };
    let sent = Arc::clone(&addition);
    bench
        .form
        .send(async move { api::register::put(&sent).await }, move |_| {
            bench.connected(&addition);
        });
    // `send` marks the form as busy before it asks.
    while bench.form.busy.try_get_untracked() == Some(true) {
        clock::sleep(PROGRESS_MS).await;
        if let Ok(register) = api::register::register().await {
            bench.folding.try_set(register.folding);
        }
    }
}

/// What is done, and where to go from there.
pub(super) fn done(bench: Bench) -> AnyView {
    // Whoever pressed the button far down the page is led to what came of it.
    Effect::new(move |_| {
        if bench.done.read().is_some() {
            // It is laid out by the next frame.
            request_animation_frame(|| focus(DONE));
        }
    });
    let shown = move || bench.done.get().map(|done| done_view(bench, &done));
    shown.into_any()
}

fn done_view(bench: Bench, done: &Done) -> AnyView {
    let screen = bench.screen();
    let name = screen.text(&done.addition.feed.name);
    let tile = done.tile.clone().map(|tile| {
        let href = move || {
            let catalog = screen.store.catalog.read();
            format!("/wall/{}", scene_of(catalog.as_deref(), &tile))
        };
        view! {
            <a class="button main-button" href=href>
                {move || bench.word(Word::ToWall)}
            </a>
        }
    });
    view! {
        <section
            id=DONE
            class="panel connect-done"
            tabindex="-1"
            aria-label=move || bench.word(Word::ConnectedNow)
        >
            <h2 role="status">{bench.word(Word::ConnectedNow)} ": " {name}</h2>
            <p class="field-hint">{move || bench.word(Word::GatewayHint)} " " {gateways(bench)}</p>
            <div class="connect-ways">
                {tile}
                <A href="/data">{move || bench.word(Word::ToFeeds)}</A>
                {missed(bench, &done.addition)}
            </div>
        </section>
    }
    .into_any()
}

/// Where gateways are allowed more: a way there for whoever may.
fn gateways(bench: Bench) -> AnyView {
    let words = move || bench.word(Word::GatewayWay);
    let session = session();
    if untrack(|| session.has(Right::Administer)) {
        view! { <A href="/admin/gateways">{words}</A> }.into_any()
    } else {
        words.into_any()
    }
}

/// The scene that has a tile.
fn scene_of(catalog: Option<&Catalog>, tile: &MetricId) -> String {
    let mut scenes = catalog.into_iter().flat_map(|catalog| &catalog.scenes);
    let has_it = |panels: &[egret_shared::package::scene::PanelDef]| {
        panels
            .iter()
            .any(|panel| panel.metric.as_ref() == Some(tile))
    };
    let scene = scenes.find(|scene| scene.id.as_str().starts_with(SCENE) && has_it(&scene.panels));
    scene.map_or_else(|| SCENE.to_owned(), |scene| scene.id.to_string())
}

/// Messages of its topic that were refused while nobody listened.
fn missed(bench: Bench, addition: &Addition) -> AnyView {
    let session = session();
    if !untrack(|| session.has(Right::Raw) && session.has(Right::Send)) {
        return ().into_any();
    }
    let filter = addition.feed.topic.clone().unwrap_or_default();
    let found = RwSignal::new((0_u64, Vec::<String>::new()));
    leptos::task::spawn_local(async move {
        let Ok(topics) = api::register::topics().await else {
            return;
        };
        let its = topics
            .into_iter()
            .filter(|heard| covers(&filter, &heard.topic));
        let its: Vec<_> = its.collect();
        let n_messages = its.iter().map(|heard| heard.n_messages).sum();
        let topics = its.into_iter().map(|heard| heard.topic).collect();
        found.try_set((n_messages, topics));
    });
    let form = Form::new();
    let said = RwSignal::new(None::<Rerun>);
    let again = move || {
        let (_, topics) = found.get_untracked();
        let ask = async move {
            let mut all = Rerun::default();
            for topic in topics {
                let which = Which {
                    topic: Some(topic),
                    ..Which::default()
                };
                all = all.and(api::register::rerun(&which).await?);
            }
            Ok(all)
        };
        form.send(ask, move |rerun| {
            found.set((0, Vec::new()));
            said.set(Some(rerun));
        });
    };
    let count = Memo::new(move |_| found.read().0);
    let act = move || {
        let n = count.get();
        (n > 0).then(|| {
            view! {
                <button
                    type="button"
                    aria-disabled=move || form.busy.get().to_string()
                    class:busy=form.busy
                    on:click=move |_| again()
                >
                    {move || read_missed(n, bench.screen().language.get())}
                </button>
            }
        })
    };
    let told = move || {
        let language = bench.screen().language.get();
        said.read()
            .as_ref()
            .map(|rerun| rerun_told(rerun, language))
    };
    view! {
        {act}
        <p role="status">{told}</p>
        {form.failure()}
    }
    .into_any()
}
