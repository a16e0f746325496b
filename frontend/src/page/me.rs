//! `/me`: who one is, what one may do, one's password and sessions.

mod password;
mod sessions;

use leptos::prelude::*;

use crate::i18n::access::Access;
use crate::screen::screen;
use crate::session::{place, session};
use crate::widget::form::Form;
use crate::widget::grants::grant_words;

use password::Password;
use sessions::Sessions;
pub(crate) use sessions::browser;

/// The page.
#[component]
pub(crate) fn Me() -> impl IntoView {
    let (screen, session) = (screen(), session());
    let who = Memo::new(move |_| session.who());
    let person = move || session.person().is_some();
    view! {
        <div class="desk" tabindex="0" role="region" aria-label=move || screen.word(Access::MyPage)>
            <section class="panel">
                {move || match who.get() {
                    Some(who) => view! {
                        <header class="panel-head">
                            <h2>{who.display.clone()}</h2>
                            <span class="other">{who.name.clone()}</span>
                            <div class="panel-aside">
                                <Show when=person>
                                    <SignOut />
                                </Show>
                            </div>
                        </header>
                        <h3>{screen.word(Access::AboutMe)}</h3>
                        {grant_words(&who.grants)}
                    }
                    .into_any(),
                    None => view! { <p>{screen.word(Access::EverythingOpen)}</p> }.into_any(),
                }}
            </section>
            <Show when=person>
                <section class="panel">
                    <header class="panel-head">
                        <h2>{move || screen.word(Access::Sessions)}</h2>
                    </header>
                    <Sessions />
                </section>
                <section class="panel">
                    <Password done=Callback::new(|()| {}) />
                </section>
            </Show>
        </div>
    }
}

/// The form for a new password in front of everything, for somebody who has to change it.
#[component]
pub(crate) fn MustChange() -> impl IntoView {
    let screen = screen();
    view! {
        <div class="gate">
            <h1>{move || screen.word(Access::MustChange)}</h1>
            <Password done=Callback::new(|()| place::reload()) />
            <SignOut />
        </div>
    }
}

/// Ends the session.
#[component]
pub(crate) fn SignOut() -> impl IntoView {
    let (form, session) = (Form::new(), session());
    let leave = move || form.send(session.sign_out(), |()| ());
    view! {
        {form.button("sign-out", Access::SignOut, leave)}
        {form.failure()}
    }
}
