//! `/data`: how every feed does, what was refused, and for whoever may connect feeds, what is
//! fetched, what nobody listens to and what was connected here.

mod added;
mod brokers;
mod feeds;
mod polled;
mod quarantine;
pub(crate) mod told;
mod unconnected;
mod worse;

use leptos::prelude::*;
use leptos_router::components::A;

use egret_shared::access::Right;

use crate::i18n::connect::Connect as Word;
use crate::i18n::{Key, Phrase};
use crate::screen::screen;
use crate::session::session;

use feeds::FeedTable;

/// How often lists are asked for anew that change by themselves. Milliseconds.
const REFRESH_MS: i32 = 10_000;

/// The page.
#[component]
pub(crate) fn Data() -> impl IntoView {
    let (screen, session) = (screen(), session());
    let connects = Memo::new(move |_| session.has(Right::Connect));
    let operates = Memo::new(move |_| session.has(Right::Operate));
    let sees_raw = Memo::new(move |_| session.has(Right::Raw));
    let way = move || {
        connects.get().then(|| {
            view! {
                <A href="/data/connect" attr:class="button main-button">
                    {move || screen.word(Word::NewConnection)}
                </A>
            }
        })
    };
    view! {
        <div class="desk data">
            <section class="panel feeds-panel" aria-label=move || screen.word(Key::Feeds)>
                <header class="panel-head">
                    <h2>{move || screen.word(Key::DataPage)}</h2>
                    <div class="panel-aside">{way}</div>
                </header>
                <div class="scroll" tabindex="0">
                    <FeedTable />
                </div>
            </section>
            {move || connects.get().then(polled::section)}
            {move || operates.get().then(brokers::section)}
            {move || sees_raw.get().then(worse::section)}
            {move || connects.get().then(unconnected::section)}
            {move || connects.get().then(added::section)}
            {quarantine::section()}
        </div>
    }
}

/// A part of the page: its name, what it is about, and its content.
fn part(
    class: &'static str,
    name: impl Into<Phrase>,
    about: impl Into<Phrase>,
    content: AnyView,
) -> AnyView {
    let (screen, name, about) = (screen(), name.into(), about.into());
    view! {
        <section class=format!("panel {class}") aria-label=move || screen.phrase(name)>
            <header class="panel-head">
                <h2>{move || screen.phrase(name)}</h2>
                <span class="other">{move || screen.phrase(about)}</span>
            </header>
            {content}
        </section>
    }
    .into_any()
}
