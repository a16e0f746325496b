//! Every screen: the routes of all pages, and all the ways in.

use leptos::prelude::*;
use leptos_router::components::{Route, Routes};
use leptos_router::path;

use crate::i18n::Key;
use crate::i18n::access::Access;
use crate::page::admin::Admin;
use crate::page::{
    asset::Asset,
    connect::Connect,
    data::Data,
    desk::Desk,
    home::{Home, seeing},
    incident::Incident,
    me::{Me, MustChange},
    metric::Metric,
    not_found::NotFound,
    pair::Pair,
    sign_in::SignIn,
    start::Start,
    wall::Wall,
};
use crate::session::Gate;

use super::{Parts, words};

/// The program.
pub(crate) const PARTS: Parts = Parts { routes, gate };

fn routes() -> AnyView {
    view! {
        <Routes fallback=|| view! { <NotFound /> }>
            <Route path=path!("/") view=Home />
            <Route
                path=path!("/wall/:scene")
                view=|| seeing(|| view! { <Wall /> }.into_any())/>
            <Route
                path=path!("/metric/:id")
                view=|| seeing(|| view! { <Metric /> }.into_any())/>
            <Route
                path=path!("/incident/:id")
                view=|| seeing(|| view! { <Incident /> }.into_any())/>
            <Route
                path=path!("/asset/:feed/:asset")
                view=|| seeing(|| view! { <Asset /> }.into_any())/>
            <Route path=path!("/desk") view=|| seeing(|| view! { <Desk /> }.into_any())/>
            <Route path=path!("/data") view=|| seeing(|| view! { <Data /> }.into_any())/>
            <Route
                path=path!("/data/connect")
                view=|| seeing(|| view! { <Connect /> }.into_any())/>
            <Route path=path!("/me") view=Me />
            <Route path=path!("/admin") view=Admin />
            <Route path=path!("/admin/:part") view=Admin />
        </Routes>
    }
    .into_any()
}

/// The page for whoever is at the gate.
fn gate(gate: Gate) -> AnyView {
    match gate {
        Gate::Asking => words(Key::Connecting),
        Gate::Entering => words(Access::WallEntering),
        Gate::Start => view! { <Start /> }.into_any(),
        Gate::SignIn => view! { <SignIn /> }.into_any(),
        Gate::Pair => view! { <Pair /> }.into_any(),
        Gate::Password => view! { <MustChange /> }.into_any(),
        Gate::Inside => ().into_any(),
    }
}
