//! What was done, by whom and when, the newest first.

use leptos::prelude::*;

use egret_shared::case::{Act, Deed, What};

use super::{Folder, section};
use crate::i18n::case::Case as Word;
use crate::i18n::deed::{Told, told};

/// The timeline.
pub(super) fn timeline(folder: Folder) -> AnyView {
    let deeds = Memo::new(move |_| {
        let dossier = folder.dossier();
        dossier.map_or_else(Vec::new, |dossier| {
            dossier.timeline.iter().rev().cloned().collect()
        })
    });
    let count = move || Some(deeds.read().len().to_string());
    let content = view! {
        <ol class="timeline">
            <For each=move || deeds.get() key=|deed| deed.n let:deed>
                {line(folder, deed)}
            </For>
        </ol>
    };
    section(
        folder,
        "incident-timeline",
        Word::TimelineWord,
        count,
        content.into_any(),
    )
}

/// A deed in the reader's words.
pub(super) fn tell(folder: Folder, what: &What) -> Told {
    let names = |department: &_| folder.department(department);
    told(what, &names, folder.screen().language.get())
}

/// A line of the timeline, or of what has changed meanwhile.
pub(super) fn line(folder: Folder, deed: Deed) -> AnyView {
    let screen = folder.screen();
    let at = deed.at;
    let who = deed.by.map(|person| person.name);
    let is_persons = who.is_some();
    let is_remark = matches!(deed.what, What::Act(Act::Comment { .. }));
    let what = StoredValue::new(deed.what);
    let told = Memo::new(move |_| {
        let told = what.with_value(|what| tell(folder, what));
        (told.head, told.text)
    });
    let name = move || {
        who.clone()
            .unwrap_or_else(|| folder.word(Word::System).to_owned())
    };
    let text = move || {
        let (_, text) = told.get();
        (!text.is_empty()).then(|| view! { <p class="deed-text">{text}</p> })
    };
    view! {
        <li class:by-system=!is_persons class:remark=is_remark>
            <p class="deed-head">
                <b>{move || told.get().0}</b>
            </p>
            <p class="deed-by">
                <span>{name}</span>
                <time>{move || screen.stamp(at)}</time>
            </p>
            {text}
        </li>
    }
    .into_any()
}
