//! Grants in words, and the form that makes them.

mod areas;
mod editor;
pub(crate) mod picks;

use leptos::prelude::*;

use egret_shared::access::Grant;
use egret_shared::catalog::Catalog;
use egret_shared::id::{AreaCode, DepartmentId};

use crate::i18n::access::Access;
use crate::i18n::grant;
use crate::screen::{Screen, screen};
use crate::select;

pub(crate) use editor::GrantEditor;

/// A grant in a sentence, with the names that the city has for areas and departments.
pub(crate) fn sentence(screen: Screen, one: &Grant) -> String {
    let catalog = screen.store.catalog.read();
    let catalog = catalog.as_deref();
    grant::sentence(
        one,
        |code| area_name(screen, catalog, code),
        |id| department_name(screen, catalog, id),
        screen.language.get(),
    )
}

/// Grants, one sentence each.
pub(crate) fn grant_words(grants: &[Grant]) -> AnyView {
    let screen = screen();
    if grants.is_empty() {
        return view! { <p class="words">{move || screen.word(Access::NoGrants)}</p> }.into_any();
    }
    let lines: Vec<_> = grants
        .iter()
        .cloned()
        .map(|one| view! { <li>{move || sentence(screen, &one)}</li> })
        .collect();
    view! { <ul class="grant-words">{lines}</ul> }.into_any()
}

/// What a table says of grants: the roles, with the sentences behind them.
pub(crate) fn grants_in_short(screen: Screen, grants: &[Grant]) -> AnyView {
    let language = screen.language.get();
    let roles: Vec<&str> = grants
        .iter()
        .map(|one| grant::role(one.role, language))
        .collect();
    let sentences: Vec<String> = grants.iter().map(|one| sentence(screen, one)).collect();
    let short = if roles.is_empty() {
        "–".to_owned()
    } else {
        roles.join(" · ")
    };
    view! {
        <span title=sentences.join("\n")>
            <span aria-hidden="true">{short}</span>
            <span class="unseen">{sentences.join("; ")}</span>
        </span>
    }
    .into_any()
}

/// The name of an area; its code where the city has no such area.
fn area_name(screen: Screen, catalog: Option<&Catalog>, code: &AreaCode) -> String {
    let area = catalog.and_then(|catalog| catalog.areas.iter().find(|area| area.code == *code));
    area.map_or_else(|| code.to_string(), |area| screen.text(&area.name))
}

/// The name of a department; its id where the city has none such.
fn department_name(screen: Screen, catalog: Option<&Catalog>, id: &DepartmentId) -> String {
    let name = catalog.and_then(|catalog| select::department(catalog, id));
    name.map_or_else(|| id.to_string(), |name| screen.text(name))
}
