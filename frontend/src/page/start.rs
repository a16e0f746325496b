//! `/start`: the first admin is made, with the code that the server printed.

use leptos::prelude::*;

use egret_shared::people::FirstStart;

use crate::api;
use crate::i18n::access::Access;
use crate::screen::screen;
use crate::session::{place, way};
use crate::widget::form::{Field, Form, form as form_view};

/// The page.
#[component]
pub(crate) fn Start() -> impl IntoView {
    let screen = screen();
    let code = Field::new(Access::OneTimeCode).filled_by("one-time-code");
    let name = Field::new(Access::Name).filled_by("username");
    let password = Field::password(Access::Password, "new-password").hinted(Access::PasswordRule);
    let again = Field::password(Access::PasswordAgain, "new-password");
    let fields = [code, name, password, again];
    let form = Form::new();
    let submit = move || {
        [code, name].into_iter().for_each(Field::need);
        password.need_password();
        if again.text() != password.text() {
            again.blame(Access::NotTheSame);
        }
        if !Form::is_good(&fields) {
            return;
        }
        let first = FirstStart {
            code: code.text(),
            name: name.text(),
            password: password.text(),
        };
        form.send_or(
            async move { api::people::first_start(&first).await },
            |_| place::leave_for(way::HOME),
            move |error| match error.code() {
                Some("bad_code") => {
                    code.blame(Access::BadCode);
                    None
                }
                Some("weak_password") => {
                    password.blame(Access::WeakPassword);
                    None
                }
                _ => Some(error),
            },
        );
    };
    let head = view! {
        <h1>{move || screen.word(Access::FirstStart)}</h1>
        <p>{move || screen.word(Access::FirstStartAbout)}</p>
    };
    let parts = vec![
        head.into_any(),
        code.view(),
        name.view(),
        password.view(),
        again.view(),
        form.failure(),
        form.submit(Access::MakeAdmin),
    ];
    form_view("gate", submit, parts)
}
