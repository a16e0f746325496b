//! Alerts in force, the worst and newest first.

use std::cmp::Reverse;
use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use egret_shared::alert::{Alert, AlertState};

use super::Board;
use crate::i18n::case::Desk as Word;
use crate::i18n::{Key, level_key};
use crate::select;
use crate::widget::level::{LevelMark, level_class};
use crate::widget::long_list::LongList;

/// By which id the list is found.
const LIST: &str = "desk-alerts";

/// Alerts that fire, the worst and then the newest first.
fn in_force(alerts: &[Arc<Alert>]) -> Arc<[Arc<Alert>]> {
    let firing = |alert: &&Arc<Alert>| alert.state == AlertState::Firing;
    let mut firing: Vec<&Arc<Alert>> = alerts.iter().filter(firing).collect();
    firing.sort_by_key(|alert| (Reverse(alert.level), Reverse(alert.fired_at)));
    firing.into_iter().cloned().collect()
}

/// The alerts.
pub(super) fn alerts(board: Board) -> AnyView {
    let store = board.screen().store;
    let rows = Memo::new(move |_| in_force(&store.alerts.read()));
    let navigate = use_navigate();
    let chosen: RwSignal<Option<usize>> = RwSignal::new(None);
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
        choose: Callback::new(move |place| chosen.set(Some(place))),
        open: Callback::new(move |place: usize| {
            let incident = rows.with_untracked(|rows| rows.get(place)?.incident.clone());
            if let Some(incident) = incident {
                navigate(&format!("/incident/{incident}"), NavigateOptions::default());
            }
        }),
    };
    let count = move || {
        let n = rows.read().len();
        format!("{n}")
    };
    let nothing = move || rows.read().is_empty().then(|| board.word(Word::NoAlerts));
    let name = move || board.word(Word::AlertsTab).to_owned();
    view! {
        <section class="panel duty-list" aria-label=move || board.word(Word::AlertsTab)>
            <header class="panel-head">
                <h2>{move || board.word(Key::Alerts)}</h2>
                <span class="panel-aside">{count}</span>
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
    let rule = board.catalog.with_value(|catalog| {
        let rules = &catalog.rules.rules;
        let rule = rules.iter().find(|rule| rule.id == alert.key.rule);
        rule.map(|rule| rule.name.clone())
    });
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
    view! {
        <div class=format!("queue-line {}", level_class(level))>
            <LevelMark level=level />
            <p class="queue-title">
                <span class="unseen">{move || board.word(level_key(level))}</span>
                <b>{move || screen.text(&message)}</b>
            </p>
            <p class="queue-detail">{rule} " · " <code>{subject}</code></p>
            <p class="queue-state">{incident}</p>
            <p class="queue-limit">
                <b>{move || screen.age(fired_at)}</b>
            </p>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use egret_shared::alert::{AlertKey, Subject};
    use egret_shared::level::Level;
    use egret_shared::text::Text;
    use egret_shared::time::TimeMs;

    use super::*;

    fn alert(asset: &str, state: AlertState, level: Level, at: i64) -> Arc<Alert> {
        Arc::new(Alert {
            key: AlertKey {
                rule: "ponding".into(),
                subject: Subject::Asset {
                    feed: "road".into(),
                    asset: asset.into(),
                },
            },
            state,
            level,
            areas: Vec::new(),
            position: None,
            v: None,
            unit: String::new(),
            since: TimeMs(at),
            fired_at: Some(TimeMs(at)),
            resolved_at: None,
            message: Text::default(),
            incident: None,
            hushed: None,
            flapping: false,
            changes: 0,
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
