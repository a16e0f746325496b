//! Alerts in force, the worst and newest first.

use std::cmp::Reverse;
use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use egret_shared::alert::{Alert, AlertKey, AlertState};

use super::{Board, Over};
use crate::i18n::case::Desk as Word;
use crate::i18n::{Key, level_key};
use crate::select;
use crate::store::rows::is_other;
use crate::widget::form::button;
use crate::widget::level::{LevelMark, level_class};
use crate::widget::long_list::LongList;

/// By which id the list is found.
const LIST: &str = "desk-alerts";

/// Alerts that fire, the worst and then the newest first; what is kept quiet, after all others.
fn in_force(alerts: &[Arc<Alert>]) -> Arc<[Arc<Alert>]> {
    let firing = |alert: &&Arc<Alert>| alert.state == AlertState::Firing;
    let mut firing: Vec<&Arc<Alert>> = alerts.iter().filter(firing).collect();
    firing.sort_by_key(|alert| {
        let is_hushed = alert.hushed.is_some();
        (is_hushed, Reverse(alert.level), Reverse(alert.fired_at))
    });
    firing.into_iter().cloned().collect()
}

/// The alerts.
pub(super) fn alerts(board: Board) -> AnyView {
    let store = board.screen().store;
    let ask = move |_: Option<&_>| in_force(&store.alerts.read());
    let rows: Memo<Arc<[Arc<Alert>]>> = Memo::new_with_compare(ask, is_other);
    let navigate = use_navigate();
    let key: RwSignal<Option<AlertKey>> = RwSignal::new(None);
    let chosen = Memo::new(move |_| {
        let key = key.get()?;
        rows.read().iter().position(|alert| alert.key == key)
    });
    let list = LongList {
        len: Signal::derive(move || rows.read().len()),
        key: StoredValue::new(Arc::new(move |place| {
            let rows = rows.read();
            let row = rows.get(place);
            row.map_or_else(String::new, |row| format!("{:p}", Arc::as_ptr(row)))
        })),
        row: StoredValue::new(Arc::new(move |place| {
            let row = rows.with_untracked(|rows| rows.get(place).cloned());
            row.map_or_else(|| ().into_any(), |row| line(board, &row))
        })),
        chosen: chosen.into(),
        choose: Callback::new(move |place: usize| {
            let alert = rows.with_untracked(|rows| rows.get(place).map(|one| one.key.clone()));
            key.set(alert);
        }),
        open: Callback::new(move |place: usize| {
            let incident = rows.with_untracked(|rows| rows.get(place)?.incident.clone());
            if let Some(incident) = incident {
                navigate(&format!("/incident/{incident}"), NavigateOptions::default());
            }
        }),
    };
    let count = move || rows.read().len().to_string();
    let shelve = move || {
        let place = chosen.get_untracked();
        let alert = rows.with_untracked(|rows| rows.get(place?).cloned());
        match alert.filter(|alert| alert.hushed.is_none()) {
            Some(alert) => board
                .over
                .set(Some(Over::Shelve(alert.key.clone(), alert.level))),
            None => board.said.set(Some(board.word(Word::PickAlert).to_owned())),
        }
    };
    let nothing = move || rows.read().is_empty().then(|| board.word(Word::NoAlerts));
    let name = move || board.word(Word::AlertsTab).to_owned();
    view! {
        <section class="panel duty-list" aria-label=move || board.word(Word::AlertsTab)>
            <header class="panel-head">
                <h2>{move || board.word(Key::Alerts)}</h2>
                <b>{count}</b>
                <span class="panel-aside">{button("", Word::Shelve, shelve)}</span>
            </header>
            <p class="nothing" role="status">
                {nothing}
            </p>
            {list.view(LIST, name)}
        </section>
    }
    .into_any()
}

fn line(board: Board, alert: &Arc<Alert>) -> AnyView {
    let screen = board.screen();
    let level = alert.level;
    let rule = board
        .catalog
        .with_value(|catalog| select::rule_name(catalog, alert.key.rule.as_str()));
    let rule_id = alert.key.rule.to_string();
    let rule = move || {
        rule.as_ref()
            .map_or_else(|| rule_id.clone(), |name| screen.text(name))
    };
    let subject = select::subject(&alert.key);
    let message = alert.message.clone();
    let fired_at = alert.fired_at.unwrap_or(alert.since);
    let incident = alert.incident.as_ref().map(ToString::to_string);
    let incident = move || {
        let id = incident.as_ref()?;
        Some(format!("{} {id}", board.word(Word::InIncident)))
    };
    let tags = [
        (alert.hushed.is_some(), Word::Hushed),
        (alert.flapping, Word::Flapping),
    ];
    let tags = tags.into_iter().filter(|(is_so, _)| *is_so);
    let tags: Vec<_> = tags
        .map(|(_, word)| view! { <b class="tag">{move || board.word(word)}</b> })
        .collect();
    let is_hushed = alert.hushed.is_some();
    view! {
        <div class=format!("queue-line {}", level_class(level)) class:quiet=is_hushed>
            <LevelMark level=level />
            <p class="queue-title">
                <span class="unseen">{move || board.word(level_key(level))}</span>
                <b>{move || screen.text(&message)}</b>
            </p>
            <p class="queue-detail">{rule} " · " <code>{subject}</code></p>
            <p class="queue-state">{tags} <span>{incident}</span></p>
            <p class="queue-limit">
                <b>{move || screen.age(fired_at)}</b>
            </p>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use egret_shared::alert::Subject;
    use egret_shared::level::Level;
    use egret_shared::time::TimeMs;

    use super::*;
    use crate::fixture;

    fn alert(asset: &str, state: AlertState, level: Level, at: i64) -> Arc<Alert> {
        let (feed, asset) = ("road".into(), asset.into());
        let subject = Subject::Asset { feed, asset };
        let alert = fixture::alert("ponding", subject, state, level);
        Arc::new(Alert {
            since: TimeMs(at),
            fired_at: Some(TimeMs(at)),
            ..alert
        })
    }

    #[test]
    fn alerts_in_force_are_listed_the_worst_and_newest_first() {
        let alerts = [
            alert("A", AlertState::Firing, Level::Blue, 9),
            alert("B", AlertState::Pending, Level::Red, 9),
            alert("C", AlertState::Firing, Level::Red, 1),
            alert("D", AlertState::Resolved, Level::Red, 9),
            alert("E", AlertState::Firing, Level::Red, 5),
        ];
        let subjects: Vec<String> = in_force(&alerts)
            .iter()
            .map(|alert| select::subject(&alert.key))
            .collect();
        assert_eq!(subjects, ["E", "C", "A"]);
    }
}
