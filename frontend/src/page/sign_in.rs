//! `/sign-in`: name and password, or the city's single sign-on.

use leptos::prelude::*;

use egret_shared::people::SignIn as Credentials;
use egret_shared::time::{Span, TimeMs};

use crate::i18n::access::Access;
use crate::screen::screen;
use crate::session::{place, session, way};
use crate::widget::form::{Field, Form, focus, form as form_view};
use crate::{api, format};

/// The page.
#[component]
pub(crate) fn SignIn() -> impl IntoView {
    let screen = screen();
    let name = Field::new(Access::Name).filled_by("username");
    let password = Field::password(Access::Password, "current-password");
    let form = Form::new();
    // Whoever comes here is about to write; the field is there with the next frame.
    request_animation_frame(move || focus(&name.id()));
    let locked_until = RwSignal::new(None::<TimeMs>);
    let now = screen.store.now;
    let left = Memo::new(move |_| locked_until.get().and_then(|until| left(until, now.get())));
    let submit = move || {
        [name, password].into_iter().for_each(Field::need);
        if !Form::is_good(&[name, password]) || left.get_untracked().is_some() {
            return;
        }
        let credentials = Credentials {
            name: name.text(),
            password: password.text(),
        };
        locked_until.set(None);
        form.send_or(
            async move { api::people::sign_in(&credentials).await },
            |_| place::leave_for(&place::back()),
            move |error| match error.retry_after_s() {
                Some(seconds) => {
                    let wait = Span(i64::from(seconds) * 1_000);
                    locked_until.set(Some(now.get_untracked().plus(wait)));
                    None
                }
                None => Some(error),
            },
        );
    };
    let locked = move || {
        let left = left.get()?;
        Some(view! {
            <p class="form-failure">
                <span role="alert">{move || screen.word(Access::Locked)}</span>
                " "
                <span class="countdown">{left}</span>
            </p>
        })
    };
    let head = view! { <h1>{move || screen.word(Access::SignIn)}</h1> };
    let foot = view! {
        <SingleSignOn />
        <a class="aside" href=way::PAIR>
            {move || screen.word(Access::ThisIsAWall)}
        </a>
    };
    let parts = vec![
        head.into_any(),
        name.view(),
        password.view(),
        form.failure(),
        locked.into_any(),
        form.submit(Access::SignIn),
        foot.into_any(),
    ];
    form_view("gate", submit, parts)
}

/// The way by the city's own sign-on, if it has one.
#[component]
fn SingleSignOn() -> impl IntoView {
    let (screen, session) = (screen(), session());
    let has_failed = place::query("error").is_some();
    move || {
        let name = session.me()?.oidc.clone()?;
        let href = api::people::oidc_href(&place::back());
        let label = move || match name.as_str() {
            "" => screen.word(Access::SignInWith).to_owned(),
            name => format!("{} · {name}", screen.word(Access::SignInWith)),
        };
        Some(view! {
            <p class="or">{move || screen.word(Access::Or)}</p>
            <a class="button" href=href>
                {label}
            </a>
            <p class="form-failure">
                {move || has_failed.then(|| screen.word(Access::OidcFailed))}
            </p>
        })
    }
}

/// What is left until a moment, as `4:07`; nothing once it has come.
fn left(until: TimeMs, now: TimeMs) -> Option<String> {
    let left_ms = until.since(now).ms();
    // The last second is shown as one, not as none.
    (left_ms > 0).then(|| format::countdown(left_ms + 999))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_counts_down_to_its_end_and_is_gone_then() {
        let until = TimeMs(300_000);
        assert_eq!(left(until, TimeMs(53_000)).as_deref(), Some("4:07"));
        assert_eq!(left(until, TimeMs(299_500)).as_deref(), Some("0:01"));
        assert_eq!(left(until, until), None);
        assert_eq!(left(until, TimeMs(400_000)), None);
    }
}
