//! A sample of a feed that is to be fetched: asked for by the server, which may reach what the
//! browser cannot, and may not reach everything.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::package::addition::{Fetched, SAMPLES_MAX, Sample, SampleOrder};
use egret_shared::text::Language;

use crate::api::{self, ApiError};
use crate::i18n::Word as _;
use crate::i18n::access::failure;
use crate::i18n::connect::Connect as Word;
use crate::widget::form::Form;

use super::bench::Bench;

/// The button, and what came of it.
pub(super) fn fetching(bench: Bench) -> AnyView {
    let form = Form::new();
    let fetched = RwSignal::new(None::<Fetched>);
    let is_full = RwSignal::new(false);
    let fetch = move || {
        let asked = order(bench);
        let (url, format) = (asked.url.clone(), asked.format);
        is_full.set(false);
        form.send(
            async move { api::register::fetch(&asked).await },
            move |found| {
                // Of another address by now it is no sample.
                let now = order(bench);
                if (now.url, now.format) != (url, format) {
                    return;
                }
                let before = fetched.get_untracked();
                if bench.take_fetched(&found, before.as_ref()) {
                    fetched.set(Some(found));
                } else {
                    is_full.set(true);
                }
            },
        );
    };
    let trouble = move || {
        let language = bench.screen().language.get();
        if is_full.get() {
            return Some(Word::SamplesFull.said(language).to_owned());
        }
        form.failed.get().map(|error| told(&error, language))
    };
    let came = move || {
        let found = fetched.get().filter(|_| form.failed.read().is_none())?;
        let mut words = format!("{} {}", bench.word(Word::SampleBytes), found.bytes);
        if found.left_out > 0 {
            let left_out = bench.word(Word::SampleLeftOut);
            words = format!("{words} · {left_out} {}", found.left_out);
        }
        Some(words)
    };
    view! {
        <div class="field">
            {form.button("quiet", Word::FetchSample, fetch)}
            <p class="field-about">
                <span class="field-hint" role="status">{came}</span>
                <span class="field-fault" role="alert">{trouble}</span>
            </p>
        </div>
    }
    .into_any()
}

/// What is asked for: what the form says, with the secrets of a feed that is there.
fn order(bench: Bench) -> SampleOrder {
    let draft = bench.draft.read_untracked();
    let poll = draft.feed.poll.as_ref();
    SampleOrder {
        url: draft.poll_url.trim().to_owned(),
        format: draft.feed.format,
        headers: poll.map(|poll| poll.headers.clone()),
        query: poll.map(|poll| poll.query.clone()),
    }
}

/// Why there is no sample: what kind of trouble, in the reader's language, and the server's words.
fn told(error: &Arc<ApiError>, language: Language) -> String {
    let kind = match error.code() {
        Some("fetch_forbidden") => Word::FetchForbidden,
        Some("fetch_failed") => Word::FetchFailed,
        Some("fetch_settings") => Word::FetchSettings,
        Some("sample_unusable") => Word::SampleUnusable,
        Some("busy") => Word::FetchBusy,
        _ => return failure(error, language),
    };
    format!("{}: {}", kind.said(language), failure(error, language))
}

impl Bench {
    /// Takes what was fetched as a sample: in place of one that is empty, or was fetched before;
    /// false if there is no room for one more.
    fn take_fetched(self, found: &Fetched, before: Option<&Fetched>) -> bool {
        let is_stale = |sample: &Sample| {
            sample.payload.trim().is_empty()
                || before.is_some_and(|before| before.payload == sample.payload)
        };
        let kept = self.samples.read_untracked();
        let n_kept = kept.iter().filter(|sample| !is_stale(sample)).count();
        drop(kept);
        if n_kept >= SAMPLES_MAX {
            return false;
        }
        self.change_samples(|samples| {
            samples.retain(|sample| !is_stale(sample));
            samples.push(Sample {
                topic: String::new(),
                payload: found.payload.clone(),
            });
        });
        let last = self.samples.read_untracked().len().saturating_sub(1);
        self.current.set(last);
        true
    }
}
