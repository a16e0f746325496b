//! `incidents`: what is being worked, worst first; without incidents, the alerts in force.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::package::scene::PanelDef;
use egret_shared::time::TimeMs;

use crate::format;
use crate::i18n::Key;
use crate::panel::feeds::every_feed;
use crate::screen::{Screen, screen};
use crate::select::{self, Case, Truth};
use crate::widget::figure::{Figure, Figured, Form, Said};
use crate::widget::frame::{Frame, Words, both, title_of};
use crate::widget::level::{LevelMark, level_class};
use crate::widget::truth::{Basis, Detail};

/// The most rows that are built: twice what the tallest panel of a wall shows.
const ROWS_MAX: usize = 24;

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
    let screen = screen();
    let store = screen.store;
    let cases = Memo::new(move |_| select::cases(&store.incidents.read(), &store.alerts.read()));
    let counts = Memo::new(move |_| select::case_counts(&cases.read(), store.now.get()));
    let catalog = Arc::clone(catalog);
    let rows = move || {
        let cases = cases.read();
        cases.iter().take(ROWS_MAX).cloned().collect::<Vec<_>>()
    };
    let title = title_of(def, &both(Key::Incidents));
    let are_alerts = Memo::new(move |_| cases.read().iter().any(|case| case.is_alert));
    let count = move || count_text(screen, counts.get(), are_alerts.get());
    let count = Figured::count("cases", count, every_feed(screen), Basis::Feeds);
    let count = StoredValue::new(count);
    let aside = move || {
        view! {
            <Show when=move || store.has_city.get()>
                <Figure figure=count.get_value() form=Form::Row />
            </Show>
        }
    };
    view! {
        <Frame title=title kind="incidents" aside=aside>
            <Show when=move || cases.read().is_empty()>
                <Words key=nothing_key(screen) />
            </Show>
            <ol class="cases">
                <For
                    each=rows
                    key=|case| (case.id.clone(), case.level, case.signals, case.in_force, case.cleared)
                    let:case
                >
                    {row(&case, &catalog)}
                </For>
            </ol>
        </Frame>
    }
    .into_any()
}

fn nothing_key(screen: Screen) -> Signal<Key> {
    Signal::derive(move || {
        if screen.store.has_city.get() {
            Key::NoIncidents
        } else {
            Key::Loading
        }
    })
}

/// `37 · overdue 2`; alerts have no deadline, and the heading's "incidents" would be wrong.
fn count_text(screen: Screen, (open, overdue): (usize, usize), are_alerts: bool) -> String {
    match (overdue, are_alerts) {
        (_, true) => format!("{} {open}", screen.word(Key::Alerts)),
        (0, false) => open.to_string(),
        (_, false) => format!("{open} · {} {overdue}", screen.word(Key::Overdue)),
    }
}

fn row(case: &Case, catalog: &Catalog) -> impl IntoView + use<> {
    let screen = screen();
    let lead = case.lead.as_ref();
    let lead = lead.and_then(|id| select::department(catalog, id)).cloned();
    let title = case.title.clone();
    let level = case.level;
    let (in_force, signals) = (case.in_force, case.signals);
    let is_alert = case.is_alert;
    let truth = Signal::stored(truth_of(case));
    let detail = move || {
        let word = screen.word(if signals == 1 {
            Key::Signal
        } else {
            Key::Signals
        });
        let evidence = format!("{in_force}/{signals} {word}");
        match &lead {
            Some(lead) => format!(
                "{evidence} · {} {}",
                screen.word(Key::Lead),
                screen.text(lead)
            ),
            None if is_alert => screen.word(Key::Firing).to_owned(),
            None => format!("{evidence} · {}", screen.word(Key::Unassigned)),
        }
    };
    let (since, due_at, cleared) = (case.since, case.due_at, case.cleared);
    let now = screen.store.now;
    let late = move || !cleared && due_at.is_some_and(|due_at| due_at < now.get());
    let left = move || left_text(screen, since, due_at);
    let state = move || {
        screen.word(match (cleared, late()) {
            (true, _) => Key::Cleared,
            (false, true) => Key::Overdue,
            (false, false) if is_alert => Key::Firing,
            (false, false) => Key::Reported,
        })
    };
    let spent = move || due_at.map(|due_at| format!("{:.1}%", spent(since, due_at, now.get())));
    view! {
        <li class=format!("case {}", level_class(level)) class:cleared=cleared>
            <LevelMark level=level />
            <p class="case-title">
                <Said of="case" truth=truth basis=Basis::Signals>
                    {move || screen.text(&title)}
                </Said>
            </p>
            <p class="case-left" class:late=late>{left}</p>
            <p class="case-detail">
                <Said of="signals" truth=truth basis=Basis::Signals detail=Detail::Shape>
                    {detail}
                </Said>
            </p>
            <p class="case-state">{state}</p>
            <i class="spent" style:width=spent></i>
        </li>
    }
}

/// What stands behind a case: how many of its signals are still in force, and how old the newest
/// is.
pub(crate) fn truth_of(case: &Case) -> Truth {
    Truth::of_count(
        case.in_force,
        case.signals,
        Some(case.newest_at),
        case.since,
    )
}

fn left_text(screen: Screen, since: TimeMs, due_at: Option<TimeMs>) -> String {
    match due_at {
        Some(due_at) => format::countdown(due_at.since(screen.store.now.get()).ms()),
        None => screen.age(since),
    }
}

/// How much of the time from opening to the deadline is gone, in percent.
fn spent(since: TimeMs, due_at: TimeMs, now: TimeMs) -> f64 {
    let whole_ms = due_at.since(since).ms().max(1) as f64;
    (100.0 * now.since(since).ms() as f64 / whole_ms).clamp(0.0, 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spent_time_runs_from_nothing_to_all_of_it() {
        let spent_at = |now| spent(TimeMs(100), TimeMs(200), TimeMs(now));
        assert!(spent_at(50).abs() < 1e-9);
        assert!((spent_at(125) - 25.0).abs() < 1e-9);
        assert!((spent_at(900) - 100.0).abs() < 1e-9);
    }
}
