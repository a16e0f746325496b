//! The wall alone: its one route; for all else the server is asked for the page of every screen.

use leptos::prelude::*;
use leptos_router::components::{Route, Routes};
use leptos_router::path;

use crate::i18n::Key;
use crate::i18n::access::Access;
use crate::page::home::seeing;
use crate::page::wall::Wall;
use crate::session::{Gate, place, way};

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
        Gate::Start | Gate::SignIn | Gate::Pair => elsewhere(),
        Gate::Password => {
            place::leave_for(way::ME);
            words(Key::Connecting)
        }
        Gate::Inside => ().into_any(),
    }
}

/// The address leads to a page of another program.
fn elsewhere() -> AnyView {
    place::reload();
    words(Key::Connecting)
}
