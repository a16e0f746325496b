//! The own sessions.

use leptos::prelude::*;

use egret_shared::people::SessionRow;

use crate::api;
use crate::i18n::access::Access;
use crate::page::listed::{Listed, cell, line, name_cell};
use crate::screen::{Screen, screen};
use crate::widget::form::Form;

const COLUMNS: [Access; 6] = [
    Access::Browser,
    Access::Address,
    Access::Since,
    Access::LastSeen,
    Access::EndsAt,
    Access::Actions,
];

/// The table.
#[component]
pub(super) fn Sessions() -> impl IntoView {
    let screen = screen();
    let listed = Listed::new(api::people::sessions);
    let form = Form::new();
    view! {
        {form.failure()}
        {listed.table(&COLUMNS, Access::NoSessions, move |row| session_line(screen, form, listed, row))}
    }
}

fn session_line(
    screen: Screen,
    form: Form,
    listed: Listed<SessionRow>,
    row: &SessionRow,
) -> AnyView {
    let agent =
        browser(&row.agent).unwrap_or_else(|| screen.word(Access::UnknownBrowser).to_owned());
    let id = row.id.clone();
    let end = move || {
        let id = id.clone();
        form.send(
            async move { api::people::end_session(&id).await },
            move |()| {
                listed.refresh();
            },
        );
    };
    let act = if row.current {
        view! { <b>{screen.word(Access::ThisSession)}</b> }.into_any()
    } else {
        form.button("row-button", Access::EndSession, end)
    };
    let cells = vec![
        name_cell(agent.into_any(), "", &row.agent),
        cell(row.address.clone()),
        cell(screen.stamp(row.created_at)),
        cell(screen.stamp(row.seen_at)),
        cell(screen.stamp(row.ends_at)),
        cell(act),
    ];
    line(false, cells)
}

/// Browser and system in a word each, from what the browser calls itself.
pub(crate) fn browser(agent: &str) -> Option<String> {
    // The first that fits: every browser calls itself by the names of its forerunners, too.
    const BROWSERS: [(&str, &str); 5] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    let of = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(sign, _)| agent.contains(sign));
        found.map(|(_, name)| *name)
    };
    match (of(&BROWSERS), of(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} · {system}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_by_the_name_that_is_its_own() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0";
        assert_eq!(browser(edge).as_deref(), Some("Edge · Windows"));
        let phone =
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36";
        assert_eq!(browser(phone).as_deref(), Some("Chrome · Android"));
        assert_eq!(browser("curl/8"), None);
    }
}
