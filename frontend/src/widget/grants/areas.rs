//! Choosing areas in their tree. An area stands for everything in it, so what lies in a chosen one
//! is chosen with it and cannot be chosen by itself.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::access::{Grant, Scope};
use egret_shared::catalog::{Area, Catalog};
use egret_shared::id::AreaCode;

use crate::i18n::admin::Admin;
use crate::screen::{Screen, screen};
use crate::widget::form::tick_box;

/// What every branch of the tree needs.
#[derive(Clone, Copy)]
struct Tree {
    screen: Screen,
    catalog: StoredValue<Arc<Catalog>>,
    grant: RwSignal<Grant>,
}

/// The tree of the city's areas.
pub(super) fn tree(grant: RwSignal<Grant>) -> AnyView {
    let screen = screen();
    let unknown = Memo::new(move |_| {
        let catalog = screen.store.catalog.read();
        let catalog = catalog.as_ref()?;
        Some(strays(catalog, grant.read().areas.named()))
    });
    let known = move || {
        let catalog = screen.store.catalog.get()?;
        let root = catalog
            .areas
            .iter()
            .find(|area| area.parent.is_none())
            .cloned();
        let tree = Tree {
            screen,
            catalog: StoredValue::new(catalog),
            grant,
        };
        root.map(|root| branch(&tree, &root, Vec::new(), true))
    };
    let unknown = move || {
        let codes = unknown.get().unwrap_or_default().into_iter();
        codes.map(|code| stray(grant, code)).collect_view()
    };
    view! { <ul class="area-tree">{known} {unknown}</ul> }.into_any()
}

/// Chosen areas that the city no longer has.
fn strays(catalog: &Catalog, named: &[AreaCode]) -> Vec<AreaCode> {
    let is_known = |code: &&AreaCode| catalog.areas.iter().any(|area| area.code == **code);
    named
        .iter()
        .filter(|code| !is_known(code))
        .cloned()
        .collect()
}

fn stray(grant: RwSignal<Grant>, code: AreaCode) -> impl IntoView {
    let name = code.to_string();
    let take_away = move |_| {
        grant.update(|grant| {
            if let Scope::Only(named) = &mut grant.areas {
                named.retain(|known| *known != code);
            }
        });
    };
    view! { <li>{tick_box(move || name.clone(), true.into(), false.into(), take_away)}</li> }
}

/// An area, and what is in it once somebody wants to see that. `above` are the areas that it is in.
fn branch(tree: &Tree, area: &Area, above: Vec<AreaCode>, is_open: bool) -> AnyView {
    let Tree {
        screen,
        catalog,
        grant,
    } = *tree;
    let tree = *tree;
    let is_open = RwSignal::new(is_open);
    let (code, name) = (area.code.clone(), area.name.clone());
    let inside = {
        let (code, above) = (code.clone(), above.clone());
        let within: Vec<AreaCode> = above.into_iter().chain([code]).collect();
        StoredValue::new(within)
    };
    let above = StoredValue::new(above);
    let is_among = move |codes: StoredValue<Vec<AreaCode>>| {
        Signal::derive(move || {
            let grant = grant.read();
            codes.with_value(|codes| {
                grant
                    .areas
                    .named()
                    .iter()
                    .any(|named| codes.contains(named))
            })
        })
    };
    let tick = {
        let code = code.clone();
        move |is_in: bool| {
            catalog.with_value(|catalog| {
                grant.update(|grant| {
                    let named = grant.areas.named().to_vec();
                    grant.areas = Scope::Only(ticked(named, &code, is_in, catalog));
                });
            });
        }
    };
    let children = catalog.with_value(|catalog| {
        let children = catalog
            .areas
            .iter()
            .filter(|child| child.parent.as_ref() == Some(&code));
        children.cloned().collect::<Vec<Area>>()
    });
    let fold = (!children.is_empty()).then(|| fold(screen, is_open, area));
    let children = StoredValue::new(children);
    let below = move || {
        is_open.get().then(|| {
            let children = children.get_value();
            let branches = children
                .iter()
                .map(|child| branch(&tree, child, inside.get_value(), false));
            view! { <ul>{branches.collect::<Vec<_>>()}</ul> }
        })
    };
    view! {
        <li>
            <div class="area">
                {fold}
                {tick_box(move || screen.text(&name), is_among(inside), is_among(above), tick)}
            </div>
            {below}
        </li>
    }
    .into_any()
}

/// The button that shows what is in an area.
fn fold(screen: Screen, is_open: RwSignal<bool>, area: &Area) -> impl IntoView + use<> {
    let name = area.name.clone();
    view! {
        <button
            type="button"
            class="fold"
            class:open=is_open
            aria-expanded=move || is_open.get().to_string()
            aria-label=move || format!("{} · {}", screen.text(&name), screen.word(Admin::Expand))
            on:click=move |_| is_open.update(|open| *open = !*open)
        >
            <svg viewBox="0 0 10 10" aria-hidden="true">
                <path d="M3 1l4 4l-4 4z" />
            </svg>
        </button>
    }
}

/// Adds an area, in whose place what lies in it is left out; or takes it away.
fn ticked(
    mut named: Vec<AreaCode>,
    code: &AreaCode,
    is_in: bool,
    catalog: &Catalog,
) -> Vec<AreaCode> {
    named.retain(|known| known != code && !lies_in(known, code, &catalog.areas));
    if is_in {
        named.push(code.clone());
    }
    named
}

/// Whether an area lies in another one.
fn lies_in(inner: &AreaCode, outer: &AreaCode, areas: &[Area]) -> bool {
    let mut code = inner;
    // As deep as there are areas: a ring of parents is no tree, but must not hang the page.
    for _ in 0..areas.len() {
        let parent = areas.iter().find(|area| area.code == *code);
        match parent.and_then(|area| area.parent.as_ref()) {
            Some(parent) if parent == outer => return true,
            Some(parent) => code = parent,
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use egret_shared::position::Position;
    use egret_shared::text::Text;

    use super::*;

    fn area(code: &str, parent: Option<&str>) -> Area {
        Area {
            code: code.into(),
            parent: parent.map(Into::into),
            level: "district".to_owned(),
            name: Text::new(code, code),
            centre: Position { lon: 0.0, lat: 0.0 },
        }
    }

    #[test]
    fn an_area_lies_in_every_area_above_it_and_not_in_itself() {
        let areas = [
            area("1", None),
            area("11", Some("1")),
            area("111", Some("11")),
        ];
        assert!(lies_in(&"111".into(), &"1".into(), &areas));
        assert!(lies_in(&"111".into(), &"11".into(), &areas));
        assert!(!lies_in(&"11".into(), &"111".into(), &areas));
        assert!(!lies_in(&"1".into(), &"1".into(), &areas));
        assert!(!lies_in(&"9".into(), &"1".into(), &areas));
    }
}
