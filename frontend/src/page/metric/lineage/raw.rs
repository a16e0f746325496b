//! A message as it came, opened below its observation.

use leptos::prelude::*;

use crate::api::metric::{self as api, RawMessage};
use crate::format::stamp;
use crate::i18n::Key;
use crate::page::loaded::Loaded;
use crate::screen::Screen;

/// What stands in the row below: nothing while closed.
type Opened = RwSignal<Option<Loaded<RawMessage>>>;

/// A button that opens and closes the message of entry `seq`, and the row in which it stands.
pub(super) fn raw_button(screen: Screen, seq: u64) -> (impl IntoView, impl IntoView) {
    let opened: Opened = RwSignal::new(None);
    let toggle = move |_| {
        if opened.with_untracked(Option::is_some) {
            return opened.set(None);
        }
        opened.set(Some(Loaded::Waiting));
        leptos::task::spawn_local(async move {
            let answer = api::raw(seq).await.into();
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
            {move || screen.word(Key::Raw)}
            " #"
            {seq}
        </button>
    };
    let row = move || {
        opened.get().map(|answer| {
            view! {
                <tr class="raw-row">
                    <td colspan="8">{content(screen, answer)}</td>
                </tr>
            }
        })
    };
    (button, row)
}

fn content(screen: Screen, answer: Loaded<RawMessage>) -> AnyView {
    let said = |key: Key, why: Option<String>| {
        view! {
            <p class="words">
                {screen.word(key)} <small>{why}</small>
            </p>
        }
        .into_any()
    };
    match answer {
        Loaded::Waiting => said(Key::Loading, None),
        Loaded::Missing => said(Key::RawGone, None),
        Loaded::Failed(why) => said(Key::LoadFailed, Some(why)),
        Loaded::Here(message) => shown(screen, message),
    }
}

/// Who sent it, where to, when, and the payload.
fn shown(screen: Screen, message: RawMessage) -> AnyView {
    let bytes = format!("{} {}", message.bytes, screen.word(Key::Bytes));
    let facts = [
        (Key::Sender, message.sender),
        (Key::Topic, message.topic),
        (
            Key::Received,
            stamp(message.received_at, screen.zone_ms.get()),
        ),
        (Key::Payload, bytes),
    ];
    let facts = facts.map(|(key, text)| {
        view! {
            <div>
                <dt>{screen.word(key)}</dt>
                <dd>{text}</dd>
            </div>
        }
    });
    let payload = match message.text {
        _ if message.sealed => view! { <p class="words">{screen.word(Key::Sealed)}</p> }.into_any(),
        Some(text) => view! { <pre tabindex="0">{pretty(&text)}</pre> }.into_any(),
        None => view! { <p class="words">{screen.word(Key::RawNoText)}</p> }.into_any(),
    };
    view! {
        <dl class="readout">{facts}</dl>
        {payload}
    }
    .into_any()
}

/// JSON with its members one a line; anything else as it is.
fn pretty(text: &str) -> String {
    serde_json::from_str::<serde_json::Value>(text)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_laid_out_and_anything_else_left_as_it_came() {
        assert_eq!(pretty("{\"v\":1.42}"), "{\n  \"v\": 1.42\n}");
        assert_eq!(pretty("ST=22;CN=2011"), "ST=22;CN=2011");
    }
}
