//! Who has been given what, and the points of the plan.

use leptos::prelude::*;

use egret_shared::case::task::{Task, TaskState};
use egret_shared::case::{Act, ActKind, CheckItem, What};

use super::{Folder, acts, nothing, section};
use crate::format;
use crate::i18n::case::{Case as Word, part_word, task_word};
use crate::widget::form::tick_box;

/// The tasks of departments.
pub(super) fn tasks(folder: Folder) -> AnyView {
    let tasks = folder.part(|incident| incident.tasks.clone());
    let rows = move || {
        let tasks = tasks.get().unwrap_or_default();
        tasks
            .iter()
            .map(|task| task_line(folder, task))
            .collect_view()
    };
    let is_none = Memo::new(move |_| tasks.read().as_ref().is_some_and(Vec::is_empty));
    let content = view! {
        <Show when=move || is_none.get()>{nothing(folder, Word::NoTasks)}</Show>
        <ul class="tasks">{rows}</ul>
        {dispute(folder)}
    };
    section(
        folder,
        "incident-tasks",
        Word::Tasks,
        || None,
        content.into_any(),
    )
}

fn task_line(folder: Folder, task: &Task) -> AnyView {
    let zone_ms = folder.screen().zone_ms.get();
    let stamp = |at| format::stamp_short(at, zone_ms);
    let mut details = vec![format!(
        "{} {}",
        folder.word(Word::GivenAt),
        stamp(task.given_at)
    )];
    if task.skip_level {
        details.insert(0, folder.word(Word::SkipLevel).to_owned());
    }
    if let Some(person) = &task.accepted_by {
        details.push(format!("{} {}", folder.word(Word::AcceptedBy), person.name));
    }
    if let Some(at) = task.ended_at {
        details.push(format!("{} {}", folder.word(Word::EndedAt), stamp(at)));
    }
    let class = match task.state {
        TaskState::Given => "task-state given",
        TaskState::Accepted => "task-state accepted",
        TaskState::Done => "task-state done",
        TaskState::Returned | TaskState::Withdrawn => "task-state off",
    };
    view! {
        <li class:off=!task.is_open()>
            <p>
                <b class="task-part">{folder.word(part_word(task.part))}</b>
                <span class="task-name">{folder.department(&task.department)}</span>
                <span class=class>{folder.word(task_word(task.state))}</span>
            </p>
            <p class="task-details">{details.join(" · ")}</p>
        </li>
    }
    .into_any()
}

/// A department's objection, while nobody has decided.
fn dispute(folder: Folder) -> AnyView {
    let dispute = folder.part(|incident| incident.dispute.clone());
    let reason = Memo::new(move |_| {
        let dossier = folder.dossier()?;
        dossier
            .timeline
            .iter()
            .rev()
            .find_map(|deed| match &deed.what {
                What::Act(Act::Dispute { reason, .. }) => Some(reason.clone()),
                _ => None,
            })
    });
    (move || {
        let dispute = dispute.get().flatten()?;
        let who = format!(
            "{} · {}",
            folder.department(&dispute.department),
            dispute.by.name
        );
        Some(view! {
            <div class="dispute">
                <p>
                    <b class="tag disputed">{folder.word(Word::Disputed)}</b>
                    " "
                    {who}
                </p>
                <p class="deed-text">{reason.get()}</p>
            </div>
        })
    })
    .into_any()
}

/// The points of the plan, with ticks.
pub(super) fn checklist(folder: Folder) -> AnyView {
    let items = Memo::new(move |_| {
        let dossier = folder.dossier();
        dossier.map_or_else(Vec::new, |dossier| dossier.checklist.clone())
    });
    let plan = folder.part(|incident| incident.plan.clone());
    let screen = folder.screen();
    let plan_name = move || {
        let id = plan.get().flatten()?;
        folder.catalog.with_value(|catalog| {
            let plan = catalog.plans.iter().find(|plan| plan.id == id)?;
            Some(screen.text(&plan.name))
        })
    };
    let count = move || {
        let items = items.read();
        let done = items.iter().filter(|item| item.done.is_some()).count();
        (!items.is_empty()).then(|| format!("{done}/{}", items.len()))
    };
    let rows = move || {
        let items = items.get();
        items
            .into_iter()
            .enumerate()
            .map(|(place, item)| point(folder, place, item))
            .collect_view()
    };
    let is_none = Memo::new(move |_| items.read().is_empty());
    let content = view! {
        <p class="plan-name">{plan_name}</p>
        <Show when=move || is_none.get()>{nothing(folder, Word::NoPlan)}</Show>
        <ol class="checklist">{rows}</ol>
    };
    section(
        folder,
        "incident-checklist",
        Word::Checklist,
        count,
        content.into_any(),
    )
}

fn point(folder: Folder, place: usize, item: CheckItem) -> AnyView {
    let screen = folder.screen();
    let is_done = item.done.is_some();
    let text = item.text;
    let may_tick = move || {
        folder.is_live() && !folder.quick.busy.get() && folder.moves.read().contains(&ActKind::Tick)
    };
    let tick = move |done: bool| {
        if let Ok(item) = u16::try_from(place) {
            acts::at_once(folder, Act::Tick { item, done });
        }
    };
    let by = item.done.map(|(person, at)| {
        let at = format::stamp_short(at, screen.zone_ms.get());
        view! { <small>{format!("{} {} · {at}", folder.word(Word::TickedBy), person.name)}</small> }
    });
    view! {
        <li class:done=is_done>
            {tick_box(
                move || screen.text(&text),
                Signal::stored(is_done),
                Signal::derive(move || !may_tick()),
                tick,
            )}
            {by}
        </li>
    }
    .into_any()
}
