//! The form for a new password.

use leptos::prelude::*;

use egret_shared::people::ChangePassword;

use crate::api;
use crate::i18n::access::Access;
use crate::screen::screen;
use crate::session::session;
use crate::widget::form::{Field, Form, form as form_view};

/// The form; `done` hears when it is changed.
#[component]
pub(super) fn Password(done: Callback<()>) -> impl IntoView {
    let (screen, session) = (screen(), session());
    let old = Field::password(Access::OldPassword, "current-password");
    let new = Field::password(Access::NewPassword, "new-password").hinted(Access::PasswordRule);
    let again = Field::password(Access::PasswordAgain, "new-password");
    let fields = [old, new, again];
    let form = Form::new();
    let is_changed = RwSignal::new(false);
    let submit = move || {
        is_changed.set(false);
        old.need();
        new.need_password();
        if again.text() != new.text() {
            again.blame(Access::NotTheSame);
        }
        if !Form::is_good(&fields) {
            return;
        }
        let change = ChangePassword {
            old: old.text(),
            new: new.text(),
        };
        form.send_or(
            async move { api::people::change_password(&change).await },
            move |()| {
                for field in fields {
                    field.value.set(String::new());
                }
                is_changed.set(true);
                done.run(());
            },
            move |error| match error.code() {
                Some("bad_credentials") => {
                    old.blame(Access::BadOldPassword);
                    None
                }
                Some("weak_password") => {
                    new.blame(Access::WeakPassword);
                    None
                }
                _ => Some(error),
            },
        );
    };
    // For password managers, which otherwise would not know whose password it is.
    let name = move || session.who().map(|who| who.name);
    let head = view! {
        <h2>{move || screen.word(Access::ChangePassword)}</h2>
        <input type="text" hidden autocomplete="username" prop:value=name />
    };
    let done = view! {
        <p class="form-success" role="status">
            {move || is_changed.get().then(|| screen.word(Access::PasswordChanged))}
        </p>
    };
    let parts = vec![
        head.into_any(),
        old.view(),
        new.view(),
        again.view(),
        form.failure(),
        form.submit(Access::ChangePassword),
        done.into_any(),
    ];
    form_view("narrow", submit, parts)
}
