//! The samples: messages that are pasted, or that came by a topic without a feed.

use leptos::prelude::*;

use egret_shared::package::addition::{SAMPLES_MAX, Sample};

use crate::i18n::connect::Connect as Word;
use crate::widget::figure::next_id;
use crate::widget::form::{button, choice};

use super::bench::Bench;
use super::fields::Line;
use super::tree_view;

/// The first column.
pub(super) fn section(bench: Bench) -> AnyView {
    let topic = Line::new(Word::SampleTopic)
        .hinted(Word::SampleTopicHint)
        .of(
            bench,
            Signal::derive(move || bench.sample().topic),
            Box::new(move |text| change(bench, |sample| sample.topic = text)),
        );
    view! {
        <section class="panel" aria-label=move || bench.word(Word::Samples)>
            <header class="panel-head">
                <h2>{move || bench.word(Word::Samples)}</h2>
                <span class="other">{move || bench.word(Word::SamplesAbout)}</span>
            </header>
            {unconnected(bench)}
            {tabs(bench)}
            {topic}
            {payload(bench)}
            {tree_view::tree(bench)}
        </section>
    }
    .into_any()
}

fn change(bench: Bench, change: impl FnOnce(&mut Sample)) {
    let current = bench.current.get_untracked();
    bench.change_samples(|samples| {
        if let Some(sample) = samples.get_mut(current) {
            change(sample);
        }
    });
}

/// Topics without a feed, while there are some.
fn unconnected(bench: Bench) -> AnyView {
    let options = move || {
        let none = (String::new(), bench.word(Word::ChooseTopic).to_owned());
        let topics = bench.topics.get().into_iter();
        let topics = topics.map(|heard| {
            let name = format!("{} ({})", heard.topic, heard.n_messages);
            (heard.topic, name)
        });
        std::iter::once(none).chain(topics).collect()
    };
    let has_some = Memo::new(move |_| !bench.topics.read().is_empty());
    let list = move || {
        let choose = move |topic: String| {
            if !topic.is_empty() {
                bench.take_topic(&topic);
            }
        };
        choice(Word::TakeTopic, options, String::new().into(), choose)
    };
    (move || has_some.get().then(list)).into_any()
}

/// A button for each sample, and for one more.
fn tabs(bench: Bench) -> AnyView {
    let count = Memo::new(move |_| bench.samples.read().len());
    let one = move |place: usize| {
        view! {
            <button
                type="button"
                class="row-button"
                aria-pressed=move || (bench.current.get() == place).to_string()
                on:click=move |_| bench.current.set(place)
            >
                {move || format!("{} {}", bench.word(Word::SampleN), place + 1)}
            </button>
        }
    };
    let add = move || {
        let topic = bench
            .samples
            .read_untracked()
            .last()
            .map(|sample| sample.topic.clone());
        bench.change_samples(|samples| {
            samples.push(Sample {
                topic: topic.unwrap_or_default(),
                payload: String::new(),
            });
        });
        bench.current.set(count.get_untracked().saturating_sub(1));
    };
    let remove = move || {
        let current = bench.current.get_untracked();
        bench.current.set(current.saturating_sub(1));
        bench.change_samples(|samples| {
            if current < samples.len() {
                samples.remove(current);
            }
        });
    };
    view! {
        <div class="connect-tabs" role="group" aria-label=move || bench.word(Word::Samples)>
            {move || (0..count.get()).map(one).collect_view()}
            {move || (count.get() < SAMPLES_MAX).then(|| button("quiet", Word::AddSample, add))}
            {move || (count.get() > 1).then(|| button("quiet", Word::RemoveSample, remove))}
        </div>
    }
    .into_any()
}

fn payload(bench: Bench) -> AnyView {
    let id = next_id();
    let label_for = id.clone();
    let value = Memo::new(move |_| bench.sample().payload);
    let write = move |event| {
        let text = event_target_value(&event);
        change(bench, |sample| sample.payload = text);
    };
    // Only as long as there is nothing in its place.
    let sealed = move || {
        if bench.is_sealed.get() && value.read().trim().is_empty() {
            bench.word(Word::PayloadSealed)
        } else {
            ""
        }
    };
    view! {
        <div class="field">
            <label for=label_for>{move || bench.word(Word::Payload)}</label>
            <textarea
                id=id
                class="code"
                rows="6"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                prop:value=value
                on:input=write
            ></textarea>
            <p class="field-hint" role="status">
                {sealed}
            </p>
        </div>
    }
    .into_any()
}
