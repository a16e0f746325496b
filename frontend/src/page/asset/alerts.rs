//! What is wrong with an asset: its alerts in force, and the incidents that they belong to.

use std::cmp::Reverse;
use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::components::A;

use egret_shared::alert::{Alert, AlertState, Subject};
use egret_shared::id::{AssetId, FeedId, IncidentId};

use super::Board;
use crate::i18n::case::Desk;
use crate::i18n::level_key;
use crate::i18n::order::Order as Word;
use crate::select;
use crate::store::rows::is_other;
use crate::widget::level::{LevelMark, level_class};

/// The panel.
pub(super) fn alerts(board: Board) -> AnyView {
    let screen = board.screen();
    let store = screen.store;
    let (feed, asset) = board.actuator.get_value();
    let ask = move |_: Option<&_>| of_asset(&store.alerts.read(), &feed, &asset);
    let found: Memo<Arc<[Arc<Alert>]>> = Memo::new_with_compare(ask, is_other);
    let rows = move || {
        let found = found.get();
        found
            .iter()
            .map(|alert| line(board, alert))
            .collect::<Vec<_>>()
    };
    let nothing = move || {
        let words = || view! { <p class="words">{screen.word(Desk::NoAlerts)}</p> };
        found.read().is_empty().then(words)
    };
    view! {
        <section class="panel asset-alerts" aria-label=move || screen.word(Word::AlertsOf)>
            <header class="panel-head">
                <h2>{move || screen.word(Word::AlertsOf)}</h2>
            </header>
            {nothing}
            <ol class="evidence">{rows}</ol>
        </section>
    }
    .into_any()
}

/// The asset's alerts in force, the worst and then the newest first.
fn of_asset(alerts: &[Arc<Alert>], feed: &FeedId, asset: &AssetId) -> Arc<[Arc<Alert>]> {
    let is_own = |alert: &&Arc<Alert>| {
        let is_about = matches!(
            &alert.key.subject,
            Subject::Asset { feed: of, asset: one } if of == feed && one == asset
        );
        is_about && alert.state == AlertState::Firing
    };
    let mut own: Vec<&Arc<Alert>> = alerts.iter().filter(is_own).collect();
    own.sort_by_key(|alert| (Reverse(alert.level), Reverse(alert.fired_at)));
    own.into_iter().cloned().collect()
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
    let message = alert.message.clone();
    let fired_at = alert.fired_at.unwrap_or(alert.since);
    let incident = alert.incident.clone().map(|id| incident(board, id));
    view! {
        <li class=level_class(level)>
            <LevelMark level=level />
            <div>
                <p class="evidence-name">
                    <span class="unseen">{move || screen.word(level_key(level))}</span>
                    <b>{rule}</b>
                </p>
                <p class="evidence-why">{move || screen.text(&message)}</p>
                {incident}
            </div>
            <p class="evidence-when">
                <span>{move || screen.age(fired_at)}</span>
            </p>
        </li>
    }
    .into_any()
}

/// The way to the incident that an alert belongs to.
fn incident(board: Board, id: IncidentId) -> AnyView {
    let screen = board.screen();
    let href = format!("/incident/{id}");
    let name = move || {
        let incidents = screen.store.incidents.read();
        let incident = incidents.iter().find(|incident| incident.id == id);
        // Its title comes with the list of incidents, which may be later.
        incident.map_or_else(
            || id.to_string(),
            |incident| format!("{id} · {}", screen.text(&incident.title)),
        )
    };
    view! {
        <p class="evidence-says">
            {move || screen.word(Desk::InIncident)} " "
            <A href=href attr:class="asset-incident">
                {name}
            </A>
        </p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use egret_shared::level::Level;
    use egret_shared::time::TimeMs;

    use super::*;
    use crate::fixture;

    fn alert(asset: &str, state: AlertState, level: Level) -> Arc<Alert> {
        let (feed, asset) = ("road".into(), asset.into());
        let subject = Subject::Asset { feed, asset };
        let alert = fixture::alert("ponding", subject, state, level);
        Arc::new(Alert {
            fired_at: Some(TimeMs(0)),
            ..alert
        })
    }

    #[test]
    fn an_asset_has_its_own_alerts_that_are_in_force() {
        let alerts = [
            alert("A", AlertState::Firing, Level::Blue),
            alert("A", AlertState::Resolved, Level::Orange),
            alert("A", AlertState::Firing, Level::Red),
            alert("B", AlertState::Firing, Level::Red),
        ];
        let levels = |feed: &str, asset: &str| -> Vec<Level> {
            let own = of_asset(&alerts, &feed.into(), &asset.into());
            own.iter().map(|alert| alert.level).collect()
        };
        assert_eq!(levels("road", "A"), [Level::Red, Level::Blue]);
        assert!(levels("manhole", "A").is_empty());
    }
}
