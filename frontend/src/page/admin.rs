//! `/admin`: people, tokens, walls, gateways, and the audit trail, each for whoever may.

pub(crate) mod audit;
pub(crate) mod first;
pub(crate) mod gateways;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod walls;

use leptos::prelude::*;
use leptos_router::components::{A, Outlet};

use egret_shared::access::Right;

use crate::i18n::admin::Admin as Word;
use crate::screen::screen;
use crate::session::{Session, session};

/// The parts: address, name, and what one needs to see it.
const PARTS: [(&str, Word, Right); 5] = [
    ("/admin/users", Word::Users, Right::Administer),
    ("/admin/tokens", Word::Tokens, Right::Administer),
    ("/admin/walls", Word::Walls, Right::Administer),
    ("/admin/gateways", Word::Gateways, Right::Administer),
    ("/admin/audit", Word::Audit, Right::Audit),
];

/// The parts that whoever is here may see.
fn parts(session: Session) -> impl Iterator<Item = (&'static str, Word)> {
    let may = move |part: &(&'static str, Word, Right)| session.has(part.2);
    PARTS
        .into_iter()
        .filter(may)
        .map(|(href, word, _)| (href, word))
}

/// The page around its parts.
#[component]
pub(crate) fn Admin() -> impl IntoView {
    let (screen, session) = (screen(), session());
    let links = move || {
        let link = |(href, word): (&'static str, Word)| {
            view! { <A href=href>{move || screen.word(word)}</A> }
        };
        parts(session).map(link).collect_view()
    };
    view! {
        <div class="desk">
            <nav class="sections" aria-label=move || screen.word(Word::Sections)>
                {links}
            </nav>
            <Outlet />
        </div>
    }
}

/// A part's frame: its name, what is beside it, and its content.
fn part(name: Word, aside: AnyView, content: AnyView) -> AnyView {
    let screen = screen();
    view! {
        <section class="panel" aria-label=move || screen.word(name)>
            <header class="panel-head">
                <h2>{move || screen.word(name)}</h2>
                <div class="panel-aside">{aside}</div>
            </header>
            {content}
        </section>
    }
    .into_any()
}
