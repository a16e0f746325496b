//! The head of a file: what it is called, how bad, what marks it has, how much time is left, and
//! who looks after it.

use leptos::prelude::*;

use egret_shared::incident::{Incident, IncidentState};
use egret_shared::level::Level;

use super::Folder;
use crate::format;
use crate::i18n::case::{Case as Word, class_word, state_word};
use crate::select::standing::{Standing, standing};
use crate::widget::level::{LevelWord, level_class};
use crate::widget::limit::limit_words;

/// The head.
pub(super) fn head(folder: Folder, is_compact: bool, is_archived: bool) -> AnyView {
    let screen = folder.screen();
    let level = folder.part(|incident| incident.level);
    let level = Signal::derive(move || level.get().unwrap_or(Level::Normal));
    let title = folder.title();
    let name = move || title.get().map(|title| screen.text(&title));
    let other = move || title.get().map(|title| screen.other_text(&title));
    let id = folder.id.with_value(ToString::to_string);
    let href = format!("/incident/{id}");
    let heading = if is_compact {
        view! { <h2>{name}</h2> }.into_any()
    } else {
        view! { <h1>{name}</h1> }.into_any()
    };
    let whole = is_compact.then(|| {
        view! {
            <a class="whole-page" href=href>
                {move || folder.word(Word::WholePage)}
            </a>
        }
    });
    view! {
        <header class=move || format!("panel incident-head {}", level_class(level.get()))>
            <div class="incident-name">
                <p class="incident-id">
                    <LevelWord level=level />
                    <code>{id}</code>
                    {marks(folder, is_archived)}
                    {whole}
                </p>
                {heading}
                <p class="other" lang=move || screen.other_tag()>{other}</p>
            </div>
            {limit(folder)}
            {facts(folder)}
        </header>
    }
    .into_any()
}

/// What sets it apart: urged, disputed, archived.
fn marks(folder: Folder, is_archived: bool) -> AnyView {
    let marks = folder.part(|incident| {
        let is_over = incident.state.is_over() || incident.state == IncidentState::Cleared;
        [
            (incident.supervised && !is_over, Word::Supervised, "urged"),
            (incident.dispute.is_some(), Word::Disputed, "disputed"),
            (incident.decided && !is_over, Word::Decided, "decided"),
        ]
        .into_iter()
        .filter_map(|(is_so, word, class)| is_so.then_some((word, class)))
        .collect::<Vec<_>>()
    });
    let tags = move || {
        let marks = marks.get().unwrap_or_default();
        let tags = marks.into_iter().map(|(word, class)| {
            view! { <b class=format!("tag {class}")>{folder.word(word)}</b> }
        });
        tags.collect_view()
    };
    let archived = is_archived.then(|| {
        view! { <b class="tag">{move || folder.word(Word::Archived)}</b> }
    });
    view! {
        {tags}
        {archived}
    }
    .into_any()
}

/// How much time is left, in figures, in words and as a bar.
fn limit(folder: Folder) -> AnyView {
    let screen = folder.screen();
    let standing = Memo::new(move |_| {
        let second = screen.store.now.get();
        folder.dossier().map_or(Standing::NoLimit, |dossier| {
            standing(&dossier.incident, second)
        })
    });
    let words = move || limit_words(standing.get(), screen.language.get());
    let due = folder.part(|incident| incident.due_at);
    let due = move || {
        let due_at = due.get().flatten()?;
        let at = format::stamp_short(due_at, screen.zone_ms.get());
        Some(format!("{} {at}", folder.word(Word::DueAt)))
    };
    let spent = move || {
        standing
            .get()
            .spent()
            .map(|spent| format!("{:.1}%", 100.0 * spent))
    };
    view! {
        <div class=move || format!("deadline {}", standing.get().class())>
            <span class="deadline-word">{move || words().1}</span>
            <b class="deadline-figure">{move || words().0}</b>
            <span class="deadline-due">{due}</span>
            <span class="deadline-bar" aria-hidden="true">
                <i style:width=spent></i>
            </span>
        </div>
    }
    .into_any()
}

/// Who and what it is with, in short.
fn facts(folder: Folder) -> AnyView {
    let screen = folder.screen();
    let facts = Memo::new(move |_| {
        let dossier = folder.dossier()?;
        let incident = &dossier.incident;
        let mut facts = vec![(
            Word::Progress,
            folder.word(state_word(incident.state)).to_owned(),
        )];
        if !incident.state.is_over() {
            facts.push((Word::LooksAfter, looks_after(folder, incident)));
        }
        if let Some(lead) = &incident.lead {
            let proposed = incident
                .tasks
                .is_empty()
                .then(|| folder.word(Word::Proposed));
            let proposed = proposed.map_or_else(String::new, |word| format!(" ({word})"));
            facts.push((
                Word::LeadDepartment,
                format!("{}{proposed}", folder.department(lead)),
            ));
        }
        let responsible = incident.responsible.as_ref();
        if let Some(responsible) = responsible.filter(|one| incident.lead.as_ref() != Some(one)) {
            facts.push((Word::Responsible, folder.department(responsible)));
        }
        facts.push((
            Word::Class,
            folder.word(class_word(incident.class)).to_owned(),
        ));
        let opened = format::stamp_short(incident.opened_at, screen.zone_ms.get());
        facts.push((Word::OpenedAt, opened));
        Some(facts)
    });
    let rows = move || {
        let facts = facts.get().unwrap_or_default();
        let rows = facts.into_iter().map(|(name, text)| {
            view! {
                <div>
                    <dt>{folder.word(name)}</dt>
                    <dd>{text}</dd>
                </div>
            }
        });
        rows.collect_view()
    };
    view! { <dl class="incident-facts">{rows}</dl> }.into_any()
}

/// Who looks after it, and until when.
fn looks_after(folder: Folder, incident: &Incident) -> String {
    let screen = folder.screen();
    match &incident.acknowledged {
        None => folder.word(Word::NobodyLooksAfter).to_owned(),
        Some(ack) => format!(
            "{} · {} {}",
            ack.by.name,
            folder.word(Word::UntilWord),
            format::clock_short(ack.until, screen.zone_ms.get())
        ),
    }
}
