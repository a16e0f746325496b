//! The forms about somebody: new, changed, with a new password.

use leptos::prelude::*;

use egret_shared::people::{NewUser, UserChange, UserRow};

use crate::api;
use crate::api::ApiError;
use crate::i18n::access::Access;
use crate::i18n::admin::Admin as Word;
use crate::widget::dialog::{buttons, dialog};
use crate::widget::form::{Field, Form, form as form_view};
use crate::widget::grants::GrantEditor;

use super::People;

/// The form for somebody new.
pub(super) fn new_user(people: People) -> AnyView {
    let screen = people.screen();
    let name = Field::new(Access::Name);
    let display = Field::new(Word::Display).hinted(Word::DisplayHint);
    let password =
        Field::password(Word::FirstPassword, "new-password").hinted(Word::FirstPasswordHint);
    let fields = [name, display, password];
    let editor = GrantEditor::new(&[]);
    let form = Form::new();
    let submit = move || {
        name.need();
        if !password.text().is_empty() {
            password.need_password();
        }
        // Both are looked at, so that both say what is wrong.
        let grants_are_good = editor.is_good();
        if !Form::is_good(&fields) || !grants_are_good {
            return;
        }
        let user = NewUser {
            name: name.text(),
            display: display.text(),
            password: Some(password.text()).filter(|text| !text.is_empty()),
            grants: editor.grants(),
        };
        form.send_or(
            async move { api::admin::new_user(&user).await },
            move |_| people.changed(),
            move |error| blame(error, Some(name), Some(password)),
        );
    };
    let parts = vec![
        name.view(),
        display.view(),
        password.view(),
        editor.view(),
        form.failure(),
        buttons(form, Word::Create, people.close()),
    ];
    let content = form_view("wide", submit, parts);
    let title = move || screen.word(Word::NewUser).to_owned();
    dialog(title, people.close(), content)
}

/// The form that changes somebody's name and grants.
pub(super) fn edit_user(people: People, row: &UserRow) -> AnyView {
    let screen = people.screen();
    let display = Field::new(Word::Display).with(&row.display);
    let editor = GrantEditor::new(&row.grants);
    let form = Form::new();
    let (id, name) = (row.id.clone(), row.name.clone());
    let submit = move || {
        display.need();
        let grants_are_good = editor.is_good();
        if !Form::is_good(&[display]) || !grants_are_good {
            return;
        }
        let id = id.clone();
        let change = UserChange {
            display: Some(display.text()),
            grants: Some(editor.grants()),
            ..UserChange::default()
        };
        form.send(
            async move { api::admin::change_user(&id, &change).await },
            move |_| people.changed(),
        );
    };
    let parts = vec![
        display.view(),
        editor.view(),
        form.failure(),
        buttons(form, Word::Save, people.close()),
    ];
    let content = form_view("wide", submit, parts);
    let title = move || format!("{} · {name}", screen.word(Word::EditUser));
    dialog(title, people.close(), content)
}

/// The form that gives somebody a new password.
pub(super) fn reset_password(people: People, row: &UserRow) -> AnyView {
    let screen = people.screen();
    let password =
        Field::password(Access::NewPassword, "new-password").hinted(Word::NewPasswordHint);
    let form = Form::new();
    let (id, name) = (row.id.clone(), row.name.clone());
    let submit = move || {
        password.need_password();
        if !Form::is_good(&[password]) {
            return;
        }
        let id = id.clone();
        let change = UserChange {
            password: Some(password.text()),
            ..UserChange::default()
        };
        form.send_or(
            async move { api::admin::change_user(&id, &change).await },
            move |_| people.changed(),
            move |error| blame(error, None, Some(password)),
        );
    };
    let parts = vec![
        password.view(),
        form.failure(),
        buttons(form, Word::ResetPassword, people.close()),
    ];
    let content = form_view("", submit, parts);
    let title = move || format!("{} · {name}", screen.word(Word::ResetPassword));
    dialog(title, people.close(), content)
}

/// Says a failure beside the field that it is about; gives it back where there is none.
fn blame(error: ApiError, name: Option<Field>, password: Option<Field>) -> Option<ApiError> {
    let (field, fault) = match error.code() {
        Some("name_taken") => (name, Access::NameTaken),
        Some("weak_password") => (password, Access::WeakPassword),
        _ => (None, Access::Gone),
    };
    match field {
        Some(field) => {
            field.blame(fault);
            None
        }
        None => Some(error),
    }
}
