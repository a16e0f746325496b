//! `incidents`: what is being worked and the alerts in force that no incident has taken up, worst
//! first. A row leads to its incident's page.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::level::Level;
use egret_shared::package::scene::PanelDef;
use egret_shared::time::TimeMs;

use crate::i18n::Key;
use crate::i18n::case::{Case as Casework, state_word};
use crate::panel::feeds::every_feed;
use crate::screen::{Screen, screen};
use crate::select::standing::Standing;
use crate::select::{self, Case, CaseCounts, Truth};
use crate::widget::figure::{Figure, Figured, Form, Said};
use crate::widget::frame::{Frame, Words, both, title_of};
use crate::widget::level::{LevelMark, level_class};
use crate::widget::limit::limit_words;
use crate::widget::truth::{Basis, Detail};

/// The most rows that are built: twice what the tallest panel of a wall shows.
const ROWS_MAX: usize = 24;

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
    let screen = screen();
    let store = screen.store;
    let cases = store.cases;
    let counts = Memo::new(move |_| select::case_counts(&cases.read(), store.now.get()));
    let catalog = Arc::clone(catalog);
    let rows = move || {
        let cases = cases.read();
        cases.iter().take(ROWS_MAX).cloned().collect::<Vec<_>>()
    };
    let title = title_of(def, &both(Key::Incidents));
    let count = move || count_text(screen, counts.get());
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
                    key=row_key
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

/// `37 · overdue 2 · alerts 3`: incidents as the desk counts them, alerts by their name.
fn count_text(screen: Screen, counts: CaseCounts) -> String {
    let named = |key: Key, n: usize| format!("{} {n}", screen.word(key));
    if counts.incidents == 0 && counts.alerts > 0 {
        // The heading's "incidents" would be wrong.
        return named(Key::Alerts, counts.alerts);
    }
    let overdue = (counts.overdue > 0).then(|| named(Key::Overdue, counts.overdue));
    let alerts = (counts.alerts > 0).then(|| named(Key::AlertsBeside, counts.alerts));
    let parts = [Some(counts.incidents.to_string()), overdue, alerts];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// What a row's view hangs on: an incident that changed is another value.
fn row_key(case: &Case) -> (String, Level, usize, Option<usize>) {
    let incident = case.incident.as_ref();
    let incident = incident.map(|incident| Arc::as_ptr(incident).addr());
    (case.id.clone(), case.level, case.in_force, incident)
}

fn row(case: &Case, catalog: &Catalog) -> impl IntoView + use<> {
    let screen = screen();
    let title = case.title.clone();
    let level = case.level;
    let truth = Signal::stored(truth_of(case));
    let href = (!case.is_alert()).then(|| format!("/incident/{}", case.id));
    let detail = detail_of(case, catalog);
    let (since, cleared) = (case.since, case.cleared);
    let now = screen.store.now;
    let standing = {
        let case = case.clone();
        Memo::new(move |_| case.standing(now.get()))
    };
    let late = move || !cleared && standing.get().is_overdue();
    let left = move || left_text(screen, since, standing.get());
    let state = case.incident.as_ref().map(|incident| incident.state);
    let state = move || {
        let word = match state {
            _ if late() => return screen.word(Casework::LimitOverdue),
            Some(state) => state_word(state),
            None => return screen.word(Key::Firing),
        };
        screen.word(word)
    };
    let urged = urged_tag(screen, case);
    let spent = move || {
        let spent = standing.get().spent();
        spent.map(|spent| format!("{:.1}%", 100.0 * spent))
    };
    let class = move || format!("case {} {}", level_class(level), standing.get().class());
    view! {
        <li class=class class:cleared=cleared>
            <LevelMark level=level />
            <p class="case-title">
                <Said of="case" truth=truth basis=Basis::Signals>
                    <a href=href>{move || screen.text(&title)}</a>
                </Said>
            </p>
            <p class="case-left" class:late=late>{left}</p>
            <p class="case-detail">
                <Said of="signals" truth=truth basis=Basis::Signals detail=Detail::Shape>
                    {detail}
                </Said>
            </p>
            <p class="case-state">
                {urged}
                <span>{state}</span>
            </p>
            <i class="spent" style:width=spent></i>
        </li>
    }
}

/// That a case is urged from above.
fn urged_tag(screen: Screen, case: &Case) -> Option<impl IntoView + use<>> {
    let incident = case.incident.as_ref().filter(|_| !case.cleared);
    let is_urged = incident.is_some_and(|incident| incident.supervised);
    is_urged.then(|| {
        view! { <b class="tag urged">{move || screen.word(Casework::Supervised)}</b> }
    })
}

/// What a case rests on and who leads it: `12/14 signals · lead Municipal Utilities`.
fn detail_of(case: &Case, catalog: &Catalog) -> impl Fn() -> String + Send + Sync + use<> {
    let screen = screen();
    let lead = case.lead.as_ref();
    let lead = lead.and_then(|id| select::department(catalog, id)).cloned();
    let (in_force, signals) = (case.in_force, case.signals);
    let is_alert = case.is_alert();
    move || {
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

/// The time that is left; without a limit, or with the work done, for how long it has been open.
fn left_text(screen: Screen, since: TimeMs, standing: Standing) -> String {
    match standing {
        Standing::NoLimit | Standing::Stopped { .. } => screen.age(since),
        _ => limit_words(standing, screen.language.get()).0,
    }
}
