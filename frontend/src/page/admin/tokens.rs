//! `/admin/tokens`: API tokens.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::people::{NewToken, TokenRow};
use egret_shared::time::TimeMs;

use crate::i18n::admin::Admin as Word;
use crate::page::listed::{Listed, cell, classed_cell, code, line, name_cell};
use crate::screen::{Screen, screen};
use crate::widget::dialog::{buttons, confirm, dialog};
use crate::widget::form::{Field, Form, Kind, button, form as form_view, row_button};
use crate::widget::grants::{GrantEditor, grants_in_short};
use crate::widget::secret::made;
use crate::{api, format};

use super::{Over, part};

const COLUMNS: [Word; 7] = [
    Word::TokenName,
    Word::TokenHint,
    Word::Grants,
    Word::Created,
    Word::TokenEnds,
    Word::LastUsed,
    Word::Actions,
];

/// The page.
pub(super) fn page() -> AnyView {
    let screen = screen();
    let listed = Listed::new(api::admin::tokens);
    let over = Over::new();
    let changed = Callback::new(move |()| {
        over.close();
        listed.refresh();
    });
    let new = move || over.open(move || new_token(screen, changed));
    let aside = button("main-button", Word::NewToken, new);
    let delete = Callback::new(move |row: Arc<TokenRow>| {
        over.open(move || delete_token(screen, &row, changed));
    });
    let rows = listed.table(&COLUMNS, Word::NoTokens, move |row| {
        token_line(screen, delete, row)
    });
    let content = view! {
        {rows}
        {over.view()}
    };
    part(Word::Tokens, aside, content.into_any())
}

fn token_line(screen: Screen, delete: Callback<Arc<TokenRow>>, row: &TokenRow) -> AnyView {
    let row = Arc::new(row.clone());
    let now = screen.store.now.get_untracked();
    let ends = match row.ends_at {
        Some(at) if at <= now => format!("{} · {}", screen.word(Word::Ended), screen.stamp(at)),
        Some(at) => screen.stamp(at),
        None => screen.word(Word::NeverEnds).to_owned(),
    };
    let seen = match row.seen_at {
        Some(at) => screen.stamp(at),
        None => screen.word(Word::NeverUsed).to_owned(),
    };
    let delete = {
        let row = Arc::clone(&row);
        move || delete.run(Arc::clone(&row))
    };
    let cells = vec![
        name_cell(row.name.clone().into_any(), "", ""),
        cell(code(&format!("{}…", row.hint))),
        cell(grants_in_short(screen, &row.grants)),
        cell(screen.stamp(row.created_at)),
        cell(ends),
        cell(seen),
        classed_cell("row-buttons", row_button(Word::Delete, &row.name, delete)),
    ];
    line(row.ends_at.is_some_and(|at| at <= now), cells)
}

/// Asks whether a token is to end.
fn delete_token(screen: Screen, row: &TokenRow, done: Callback<()>) -> AnyView {
    let form = Form::new();
    let (name, id) = (row.name.clone(), row.id.clone());
    let title = move || format!("{} · {name}", screen.word(Word::Delete));
    let act = move || {
        let id = id.clone();
        form.send(
            async move { api::admin::delete_token(&id).await },
            move |()| done.run(()),
        );
    };
    confirm(title, Word::DeleteTokenAsk, Word::Delete, form, done, act)
}

/// The form for a new token, and then its secret. Done or not, the list is asked for anew.
fn new_token(screen: Screen, close: Callback<()>) -> AnyView {
    let name = Field::new(Word::TokenName);
    let ends = Field::new(Word::TokenEnds)
        .of(Kind::Moment)
        .hinted(Word::TokenEndsHint);
    let fields = [name, ends];
    let editor = GrantEditor::new(&[]).needing_one();
    let form = Form::new();
    let secret = RwSignal::new(None::<String>);
    let submit = move || {
        name.need();
        let ends_at = moment(screen, ends);
        if ends_at.is_some_and(|at| at <= screen.store.now.get_untracked()) {
            ends.blame(Word::EndsInPast);
        }
        let grants_are_good = editor.is_good();
        if !Form::is_good(&fields) || !grants_are_good {
            return;
        }
        let token = NewToken {
            name: name.text(),
            grants: editor.grants(),
            ends_at,
        };
        form.send(
            async move { api::admin::new_token(&token).await },
            move |made| {
                secret.set(Some(made.secret));
            },
        );
    };
    let ask = move || {
        let parts = vec![
            name.view(),
            ends.view(),
            editor.view(),
            form.failure(),
            buttons(form, Word::Create, close),
        ];
        form_view("wide", submit, parts)
    };
    let content = move || match secret.get() {
        Some(secret) => made(vec![(Word::Secret, secret)], close),
        None => ask(),
    };
    let title = move || screen.word(Word::NewToken).to_owned();
    dialog(title, close, content.into_any())
}

/// The moment in a field, in the city's time.
fn moment(screen: Screen, field: Field) -> Option<TimeMs> {
    format::from_field(&field.text(), screen.zone_ms.get_untracked())
}
