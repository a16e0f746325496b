//! The wall alone: its one route; for all else the server is asked for the page of every screen.

use leptos::prelude::*;
use leptos_router::components::{Route, Routes};
use leptos_router::hooks::use_location;
use leptos_router::path;

use crate::i18n::Key;
use crate::i18n::access::Access;
use crate::page::home::seeing;
use crate::page::wall::Wall;
use crate::screen::screen;
use crate::session::{Gate, place, way};
use crate::store::link::Link;

use super::{Parts, words};

/// The program.
pub(crate) const PARTS: Parts = Parts { routes, gate };

fn routes() -> AnyView {
    view! {
        <Routes fallback=elsewhere>
            <Route
                path=path!("/wall/:scene")
                view=|| seeing(|| view! { <Wall /> }.into_any())/>
        </Routes>
    }
    .into_any()
}

/// The page for whoever is at the gate. A wall comes in by itself; all others are led to a page
/// that has a way in.
fn gate(gate: Gate) -> AnyView {
    match gate {
        Gate::Asking => words(Key::Connecting),
        Gate::Entering => words(Access::WallEntering),
        // The session shows the address of the way in already.
        Gate::Start | Gate::SignIn | Gate::Pair => {
            place::reload();
            words(Key::Connecting)
        }
        Gate::Password => {
            place::leave_for(way::ME);
            words(Key::Connecting)
        }
        Gate::Inside => ().into_any(),
    }
}

/// The address leads to a page of the other program, which the server has once it is there.
fn elsewhere() -> AnyView {
    let store = screen().store;
    let to = use_location();
    Effect::new(move || {
        if store.link.get() != Link::Live {
            return;
        }
        let (path, search, hash) = (to.pathname.get(), to.search.get(), to.hash.get());
        let query = search.trim_start_matches('?');
        let mark = if query.is_empty() { "" } else { "?" };
        place::leave_for(&format!("{path}{mark}{query}{hash}"));
    });
    words(Key::Connecting)
}
