//! Whom a report tells of, opened below its observation: masked, and in clear for a reason.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::access::Right;
use egret_shared::id::{FeedId, ReportId};
use egret_shared::people::Personal;

use crate::api::people as api;
use crate::i18n::Key;
use crate::i18n::access::Access;
use crate::page::loaded::Loaded;
use crate::screen::Screen;
use crate::session::session;
use crate::widget::form::{Field, Form};

/// What stands in the row below: nothing while closed.
type Opened = RwSignal<Option<Loaded<Arc<Personal>>>>;

/// The report whose persons are shown.
type Of = Arc<(FeedId, ReportId)>;

/// A button that opens and closes what is known of persons, and the row in which it stands.
pub(super) fn persons_button(
    screen: Screen,
    feed: &FeedId,
    report: &ReportId,
) -> (AnyView, AnyView) {
    let opened: Opened = RwSignal::new(None);
    let of: Of = Arc::new((feed.clone(), report.clone()));
    let asked = Arc::clone(&of);
    let toggle = move |_| {
        if opened.with_untracked(Option::is_some) {
            return opened.set(None);
        }
        opened.set(Some(Loaded::Waiting));
        let of = Arc::clone(&asked);
        leptos::task::spawn_local(async move {
            let answer = api::personal(&of.0, &of.1).await.map(Arc::new).into();
            // The signal ends with the row; one that was closed meanwhile stays closed.
            opened.try_update(|opened| {
                if opened.is_some() {
                    *opened = Some(answer);
                }
            });
        });
    };
    let button = view! {
        <button
            type="button"
            class="action raw"
            aria-expanded=move || opened.read().is_some().to_string()
            on:click=toggle
        >
            {move || screen.word(Access::Persons)}
        </button>
    };
    let row = move || {
        let of = Arc::clone(&of);
        opened.get().map(|answer| {
            view! {
                <tr class="raw-row">
                    <td colspan="8">{content(screen, opened, of, answer)}</td>
                </tr>
            }
        })
    };
    (button.into_any(), row.into_any())
}

fn content(screen: Screen, opened: Opened, of: Of, answer: Loaded<Arc<Personal>>) -> AnyView {
    let said = |word: String, why: Option<String>| {
        view! {
            <p class="words">
                {word} <small>{why}</small>
            </p>
        }
        .into_any()
    };
    match answer {
        Loaded::Waiting => said(screen.word(Key::Loading).to_owned(), None),
        Loaded::Missing => said(screen.word(Access::NoPersons).to_owned(), None),
        Loaded::Failed(why) => said(screen.word(Key::LoadFailed).to_owned(), Some(why)),
        Loaded::Here(personal) if personal.erased => {
            said(screen.word(Access::PersonsErased).to_owned(), None)
        }
        Loaded::Here(personal) => view! {
            {shown(&personal)}
            {personal.masked.then(|| asking(screen, opened, of))}
        }
        .into_any(),
    }
}

fn shown(personal: &Personal) -> AnyView {
    let fields: Vec<_> = personal
        .fields
        .iter()
        .cloned()
        .map(|(name, value)| {
            view! {
                <div>
                    <dt>{name.trim_start_matches('/').replace('/', " · ")}</dt>
                    <dd>{value}</dd>
                </div>
            }
        })
        .collect();
    view! { <dl class="readout">{fields}</dl> }.into_any()
}

/// The form by which somebody says why they need to know; nothing for who may not.
fn asking(screen: Screen, opened: Opened, of: Of) -> AnyView {
    if !session().has(Right::Personal) {
        return view! { <p class="words">{screen.word(Access::PersonsNotYours)}</p> }.into_any();
    }
    let reason = Field::new(Access::ReasonToSee).hinted(Access::ReasonIsKept);
    let form = Form::new();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        reason.need();
        if !Form::is_good(&[reason]) {
            return;
        }
        let (of, why) = (Arc::clone(&of), reason.text());
        form.send(
            async move { api::personal_shown(&of.0, &of.1, why).await },
            move |personal| opened.set(Some(Loaded::Here(Arc::new(personal)))),
        );
    };
    view! {
        <form class="reason-form" on:submit=submit>
            {reason.view()}
            {form.failure()}
            {form.submit(Access::ShowPersons)}
        </form>
    }
    .into_any()
}
