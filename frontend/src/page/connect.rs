//! `/data/connect`: from the messages of a vendor that nobody knows to a feed with its tile,
//! without a file: samples, what is in them, and what they would become.
//!
//! [`guess`] proposes a [`draft`] of what the samples look like; whoever connects the feed changes
//! it ([`definition`], [`values`]); every change is tried by the server a moment later
//! ([`outcome`]), and what was tried is what is connected ([`connecting`]).

mod bench;
mod connecting;
mod definition;
mod draft;
mod faults;
mod fetching;
mod fields;
mod guess;
mod leaving;
mod names;
mod outcome;
mod samples;
mod tiles;
mod tree;
mod tree_view;
mod tried;
mod values;

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;

use egret_shared::access::Right;

use crate::i18n::admin::Admin;
use crate::i18n::connect::Connect as Word;
use crate::screen::screen;
use crate::session::session;

use bench::Bench;

/// The page.
#[component]
pub(crate) fn Connect() -> impl IntoView {
    let (screen, session) = (screen(), session());
    let query = use_query_map();
    // Other samples, or another feed, are another page.
    let asked = Memo::new(move |_| {
        let query = query.read();
        (query.get("feed"), query.get("topic"))
    });
    let may = Memo::new(move |_| session.has(Right::Connect));
    move || {
        if may.get() {
            let (feed, topic) = asked.get();
            untrack(|| bench_view(Bench::start(feed, topic)))
        } else {
            view! { <p class="words">{move || screen.word(Admin::NotAllowed)}</p> }.into_any()
        }
    }
}

fn bench_view(bench: Bench) -> AnyView {
    let title = move || {
        if bench.is_change() {
            Word::ChangeFeed
        } else {
            Word::NewConnection
        }
    };
    view! {
        <div class="desk connect">
            <header class="connect-head">
                <h1>{move || bench.word(title())}</h1>
                <p class="connect-told" role="status">
                    {move || bench.told.get().map(|word| bench.phrase(word))}
                </p>
                <A href="/data">{move || bench.word(Word::BackToData)}</A>
            </header>
            {connecting::done(bench)}
            <div class="connect-columns">
                {samples::section(bench)}
                {definition::section(bench)}
                {outcome::section(bench)}
            </div>
            {leaving::guard(bench)}
        </div>
    }
    .into_any()
}
