//! `/admin`: people, tokens, walls, gateways, notifications, and the audit trail, each for whoever may.

mod audit;
mod gateways;
mod notices;
mod tokens;
mod users;
mod walls;

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::components::{A, Redirect};
use leptos_router::hooks::use_params_map;

use egret_shared::access::Right;

use crate::i18n::admin::Admin as Word;
use crate::screen::screen;
use crate::session::{Session, session};

/// A part of the page.
struct Part {
    /// The end of its address.
    end: &'static str,
    name: Word,
    /// What one needs to see it.
    right: Right,
    page: fn() -> AnyView,
}

impl Part {
    const fn new(end: &'static str, name: Word, right: Right, page: fn() -> AnyView) -> Self {
        Self {
            end,
            name,
            right,
            page,
        }
    }

    fn href(&self) -> String {
        format!("/admin/{}", self.end)
    }
}

const PARTS: [Part; 6] = [
    Part::new("users", Word::Users, Right::Administer, users::page),
    Part::new("tokens", Word::Tokens, Right::Administer, tokens::page),
    Part::new("walls", Word::Walls, Right::Administer, walls::page),
    Part::new(
        "gateways",
        Word::Gateways,
        Right::Administer,
        gateways::page,
    ),
    Part::new(
        "notifications",
        Word::Notifications,
        Right::Administer,
        notices::page,
    ),
    Part::new("audit", Word::Audit, Right::Audit, audit::page),
];

/// The places in [`PARTS`] of those that whoever is here may see.
fn parts(session: Session) -> Vec<usize> {
    let may = PARTS.iter().enumerate();
    let may = may.filter(|(_, part)| session.has(part.right));
    may.map(|(place, _)| place).collect()
}

/// The page: one part, and the way to the others.
#[component]
pub(crate) fn Admin() -> impl IntoView {
    let (screen, session) = (screen(), session());
    let params = use_params_map();
    let wanted = Memo::new(move |_| params.read().get("part"));
    let may = Memo::new(move |_| parts(session));
    let link = move |place: usize| {
        let part = PARTS.get(place)?;
        Some(view! { <A href=part.href()>{move || screen.word(part.name)}</A> })
    };
    let part = move || {
        let (wanted, may) = (wanted.get(), may.get());
        let mut may = may.into_iter().filter_map(|place| PARTS.get(place));
        let Some(wanted) = wanted else {
            let first = may.next().map(Part::href);
            return first.map_or_else(not_allowed, |first| {
                view! { <Redirect path=first /> }.into_any()
            });
        };
        let part = may.find(|part| part.end == wanted);
        part.map_or_else(not_allowed, |part| untrack(part.page))
    };
    view! {
        <div class="desk">
            <nav class="sections" aria-label=move || screen.word(Word::Sections)>
                {move || may.get().into_iter().map(link).collect_view()}
            </nav>
            {part}
        </div>
    }
}

fn not_allowed() -> AnyView {
    let screen = screen();
    view! { <p class="words">{move || screen.word(Word::NotAllowed)}</p> }.into_any()
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

/// What is open over a part. A copy is a handle to the same. It holds what makes the dialog, so
/// that one type serves all of them.
#[derive(Clone, Copy)]
struct Over(RwSignal<Option<Make>>);

type Make = Arc<dyn Fn() -> AnyView + Send + Sync>;

impl Over {
    fn new() -> Self {
        Self(RwSignal::new(None))
    }

    fn open(self, make: impl Fn() -> AnyView + Send + Sync + 'static) {
        self.0.set(Some(Arc::new(make)));
    }

    fn close(self) {
        self.0.set(None);
    }

    fn view(self) -> AnyView {
        (move || self.0.get().map(|make| make())).into_any()
    }
}
