//! `/admin/users`: who has an account, and what they may do.

mod forms;

use std::future::Future;
use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::people::{UserChange, UserRow};

use crate::api::{self, ApiError};
use crate::i18n::admin::Admin as Word;
use crate::page::listed::{Listed, cell, classed_cell, line, name_cell};
use crate::screen::{Screen, screen};
use crate::widget::dialog::confirm;
use crate::widget::form::{Field, Form, Kind, button, row_button};
use crate::widget::grants::grants_in_short;

use super::{Over, part};
use forms::{edit_user, new_user, reset_password};

const COLUMNS: [Word; 6] = [
    Word::Display,
    Word::Grants,
    Word::State,
    Word::LastSignIn,
    Word::Sessions,
    Word::Actions,
];

/// What the rows and dialogs need. A copy is a handle to the same.
#[derive(Clone, Copy)]
struct People {
    screen: StoredValue<Screen>,
    listed: Listed<UserRow>,
    over: Over,
    form: Form,
}

/// The page.
pub(super) fn page() -> AnyView {
    let screen = screen();
    let people = People {
        screen: StoredValue::new(screen),
        listed: Listed::new(api::admin::users),
        over: Over::new(),
        form: Form::new(),
    };
    let search = Field::new(Word::Search).of(Kind::Search);
    let wanted = Memo::new(move |_| search.value.read().trim().to_lowercase());
    let new = move || people.over.open(move || new_user(people));
    let aside = view! {
        {search.view()}
        {button("main-button", Word::NewUser, new)}
    };
    let rows = people.listed.table_of(
        &COLUMNS,
        Word::NoUsers,
        move |row| is_meant(row, &wanted.read()),
        move |row| user_line(people, row),
    );
    let content = view! {
        {people.form.failure()}
        {rows}
        {people.over.view()}
    };
    part(Word::Users, aside.into_any(), content.into_any())
}

/// Whether somebody is meant by what was searched for, which is in small letters.
fn is_meant(row: &UserRow, wanted: &str) -> bool {
    [&row.name, &row.display]
        .into_iter()
        .any(|name| name.to_lowercase().contains(wanted))
}

impl People {
    fn screen(self) -> Screen {
        self.screen.get_value()
    }

    /// Closes what is open.
    fn close(self) -> Callback<()> {
        Callback::new(move |()| self.over.close())
    }

    /// Closes what is open, after a change.
    fn changed(self) {
        self.over.close();
        self.listed.refresh();
    }
}

fn user_line(people: People, row: &UserRow) -> AnyView {
    let screen = people.screen();
    let row = Arc::new(row.clone());
    let seen = match row.signed_in_at {
        Some(at) => screen.stamp(at),
        None => screen.word(Word::NeverSignedIn).to_owned(),
    };
    let open = |word: Word, make: fn(People, &UserRow) -> AnyView| {
        let of = Arc::clone(&row);
        let act = move || {
            let of = Arc::clone(&of);
            people.form.failed.set(None);
            people.over.open(move || make(people, &of));
        };
        row_button(word, &row.name, act)
    };
    let able = if row.disabled {
        Word::Enable
    } else {
        Word::Disable
    };
    let toggle = {
        let row = Arc::clone(&row);
        move || {
            let id = row.id.clone();
            let change = UserChange {
                disabled: Some(!row.disabled),
                ..UserChange::default()
            };
            people.form.send(
                async move { api::admin::change_user(&id, &change).await },
                move |_| people.listed.refresh(),
            );
        }
    };
    let mut acts = vec![open(Word::Edit, edit_user)];
    if !row.external {
        acts.push(open(Word::ResetPassword, reset_password));
    }
    acts.push(open(Word::SignOutEverywhere, sign_out));
    acts.push(row_button(able, &row.name, toggle));
    acts.push(open(Word::Delete, delete));
    let cells = vec![
        name_cell(row.display.clone().into_any(), &row.name, ""),
        cell(grants_in_short(screen, &row.grants)),
        cell(states(screen, &row)),
        cell(seen),
        classed_cell("number", row.sessions.to_string()),
        classed_cell("row-buttons", acts),
    ];
    line(row.disabled, cells)
}

fn states(screen: Screen, row: &UserRow) -> String {
    let able = if row.disabled {
        Word::Disabled
    } else {
        Word::Active
    };
    let states = [
        (true, able),
        (row.external, Word::External),
        (row.must_change_password, Word::MustChange),
    ];
    let set = states.into_iter().filter(|(is_so, _)| *is_so);
    set.map(|(_, word)| screen.word(word))
        .collect::<Vec<_>>()
        .join(" · ")
}

fn sign_out(people: People, row: &UserRow) -> AnyView {
    let id = row.id.clone();
    let ask = move || {
        let id = id.clone();
        async move { api::admin::sign_user_out(&id).await }
    };
    sure(people, row, Word::SignOutEverywhere, Word::SignOutAsk, ask)
}

fn delete(people: People, row: &UserRow) -> AnyView {
    let id = row.id.clone();
    let ask = move || {
        let id = id.clone();
        async move { api::admin::delete_user(&id).await }
    };
    sure(people, row, Word::Delete, Word::DeleteUserAsk, ask)
}

/// Asks whether it is meant before it is done.
fn sure<F: Future<Output = Result<(), ApiError>> + 'static>(
    people: People,
    row: &UserRow,
    word: Word,
    about: Word,
    ask: impl Fn() -> F + 'static,
) -> AnyView {
    let (screen, form) = (people.screen(), Form::new());
    let name = row.name.clone();
    let title = move || format!("{} · {name}", screen.word(word));
    let act = move || form.send(ask(), move |()| people.changed());
    confirm(title, about, word, form, people.close(), act)
}

#[cfg(test)]
mod tests {
    use egret_shared::time::TimeMs;

    use super::*;

    #[test]
    fn somebody_is_found_by_any_part_of_either_name() {
        let row = UserRow {
            id: "1".into(),
            name: "Lin.Wei".into(),
            display: "林伟".into(),
            grants: Vec::new(),
            disabled: false,
            external: false,
            must_change_password: false,
            created_at: TimeMs(0),
            signed_in_at: None,
            sessions: 0,
        };
        for wanted in ["", "lin", "wei", "林"] {
            assert!(is_meant(&row, wanted), "{wanted}");
        }
        assert!(!is_meant(&row, "chen"));
    }
}
