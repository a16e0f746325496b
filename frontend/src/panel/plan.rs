//! `plan`: the response plan of the worst case in hand with what has been ticked of it, or a fixed
//! text.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::case::CheckItem;
use egret_shared::catalog::Catalog;
use egret_shared::id::{IncidentId, PlanId};
use egret_shared::level::Level;
use egret_shared::package::scene::PanelDef;
use egret_shared::text::Text;

use crate::i18n::Key;
use crate::i18n::panel::Panel as Word;
use crate::screen::screen;
use crate::store::follow::Sight;
use crate::widget::frame::{Frame, both, title_of, words};
use crate::widget::level::{LevelMark, level_class};

/// A case with a plan.
#[derive(Clone, Debug, PartialEq)]
struct Worst {
    id: IncidentId,
    plan: PlanId,
    level: Level,
    title: Text,
}

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
    let title = title_of(def, &both(Word::Plan));
    match &def.text {
        Some(text) => fixed(title, text.clone()),
        None => of_worst(title, Arc::clone(catalog)),
    }
}

fn fixed(title: Text, text: Text) -> AnyView {
    let screen = screen();
    let paragraphs = move || {
        let text = screen.text(&text);
        let lines = text.lines().map(str::to_owned);
        lines.map(|line| view! { <p>{line}</p> }).collect_view()
    };
    view! {
        <Frame title=title kind="plan">
            <div class="plan-text" data-not-measured>
                {paragraphs}
            </div>
        </Frame>
    }
    .into_any()
}

fn of_worst(title: Text, catalog: Arc<Catalog>) -> AnyView {
    let store = screen().store;
    let worst = Memo::new(move |_| {
        let cases = store.cases.read();
        let mut open = cases.iter().filter(|case| !case.cleared);
        open.find_map(|case| {
            let incident = case.incident.as_ref()?;
            Some(Worst {
                id: incident.id.clone(),
                plan: incident.plan.clone()?,
                level: case.level,
                title: case.title.clone(),
            })
        })
    });
    let nothing = move || {
        if store.has_city.get() {
            Word::NoPlan.into()
        } else {
            Key::Loading.into()
        }
    };
    let content = move || match worst.get() {
        None => words(nothing).into_any(),
        Some(worst) => steps(&worst, &catalog),
    };
    view! { <Frame title=title kind="plan">{content}</Frame> }.into_any()
}

fn steps(worst: &Worst, catalog: &Catalog) -> AnyView {
    let screen = screen();
    let sight = screen.store.follow_incident(&worst.id);
    let mut plans = catalog.plans.iter();
    let plan = plans.find(|plan| plan.id == worst.plan);
    let plan = plan.map_or_else(
        || Text::new(worst.plan.as_str(), worst.plan.as_str()),
        |plan| plan.name.clone(),
    );
    let items = Memo::new(move |_| match &*sight.read() {
        Sight::Here(dossier) => dossier.checklist.clone(),
        Sight::Waiting | Sight::Unknown => Vec::new(),
    });
    let done = move || {
        let items = items.read();
        let done = items.iter().filter(|item| item.done.is_some()).count();
        (!items.is_empty()).then(|| format!("{done}/{}", items.len()))
    };
    let level = worst.level;
    let (title, href) = (worst.title.clone(), format!("/incident/{}", worst.id));
    let lines = move || items.get().into_iter().map(line).collect_view();
    view! {
        <p class=format!("plan-case {}", level_class(level))>
            <LevelMark level=level />
            <a href=href data-not-measured>
                {move || screen.text(&title)}
            </a>
        </p>
        <p class="plan-name">
            <span>{move || screen.text(&plan)}</span>
            <b data-not-measured>{done}</b>
        </p>
        <ol class="plan-steps" data-not-measured>
            {lines}
        </ol>
    }
    .into_any()
}

fn line(item: CheckItem) -> impl IntoView {
    let screen = screen();
    let is_done = item.done.is_some();
    let mark = if is_done {
        "M3 10l5 5l9-11"
    } else {
        "M4 4h12v12h-12z"
    };
    view! {
        <li class:done=is_done>
            <svg class="tick" viewBox="0 0 20 20" aria-hidden="true">
                <path d=mark />
            </svg>
            <span>{move || screen.text(&item.text)}</span>
        </li>
    }
}
