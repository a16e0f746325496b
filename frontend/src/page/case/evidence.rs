//! What an incident rests on: each alert, why it belongs here, since when, and whether it is still
//! in force.

use leptos::prelude::*;

use egret_shared::alert::{AlertKey, AlertState, Subject};
use egret_shared::incident::Evidence;
use egret_shared::level::Level;
use egret_shared::text::Text;

use super::{Folder, nothing, section};
use crate::api::order::asset_href;
use crate::i18n::case::Case as Word;
use crate::i18n::order::Order;
use crate::select;
use crate::widget::level::{LevelMark, level_class};

/// How an alert stands that an incident rests on.
#[derive(Clone, PartialEq)]
struct Force {
    level: Level,
    in_force: bool,
    message: Text,
}

/// The evidence.
pub(super) fn evidence(folder: Folder) -> AnyView {
    let alerts = folder.screen().store.alerts;
    let evidence = folder.part(|incident| incident.evidence.clone());
    let rows = move || {
        let evidence = evidence.get().unwrap_or_default();
        evidence.into_iter().enumerate().collect::<Vec<_>>()
    };
    let count = move || {
        let evidence = evidence.read();
        let evidence = evidence.as_ref()?;
        let alerts = alerts.read();
        let in_force = evidence
            .iter()
            .filter(|one| select::is_in_force(&alerts, &one.alert))
            .count();
        let word = folder.word(Word::InForce);
        Some(format!("{in_force}/{} {word}", evidence.len()))
    };
    let is_none = Memo::new(move |_| evidence.read().as_ref().is_some_and(Vec::is_empty));
    let content = view! {
        <Show when=move || is_none.get()>{nothing(folder, Word::NoEvidence)}</Show>
        <ol class="evidence">
            <For
                each=rows
                key=|(place, one)| (*place, one.alert.clone(), one.because.zh.clone())
                let:row
            >
                {line(folder, row.1)}
            </For>
        </ol>
    };
    section(
        folder,
        "incident-evidence",
        Word::EvidenceWord,
        count,
        content.into_any(),
    )
}

fn line(folder: Folder, one: Evidence) -> AnyView {
    let screen = folder.screen();
    let alerts = screen.store.alerts;
    let key = one.alert.clone();
    let force = Memo::new(move |_| {
        let alerts = alerts.read();
        let alert = select::alert(&alerts, &key)?;
        Some(Force {
            level: alert.level,
            in_force: alert.state == AlertState::Firing,
            message: alert.message.clone(),
        })
    });
    let level = move || {
        force
            .read()
            .as_ref()
            .map_or(Level::Normal, |force| force.level)
    };
    let in_force = move || force.read().as_ref().is_some_and(|force| force.in_force);
    let (because, joined_at) = (one.because, one.joined_at);
    let subject = subject(folder, &one.alert);
    let rule = folder
        .catalog
        .with_value(|catalog| select::rule_name(catalog, one.alert.rule.as_str()));
    let rule_id = one.alert.rule.to_string();
    let rule = move || {
        rule.as_ref()
            .map_or_else(|| rule_id.clone(), |name| screen.text(name))
    };
    let said = because.clone();
    // What the alert itself says, where the reason says something else.
    let message = move || {
        let message = force.read().as_ref().map(|force| force.message.clone());
        message
            .filter(|message| *message != said)
            .map(|message| screen.text(&message))
    };
    let state = move || {
        folder.word(if in_force() {
            Word::InForce
        } else {
            Word::NotInForce
        })
    };
    view! {
        <li class=move || level_class(level()) class:faded=move || !in_force()>
            <LevelMark level=Signal::derive(level) />
            <div>
                <p class="evidence-name">
                    <b>{rule}</b>
                    " "
                    {subject}
                </p>
                <p class="evidence-why">{move || screen.text(&because)}</p>
                <p class="evidence-says">{message}</p>
            </div>
            <p class="evidence-when">
                <b>{state}</b>
                <span>{move || screen.age(joined_at)}</span>
            </p>
        </li>
    }
    .into_any()
}

/// What an alert is about; an asset that can be told something leads to its page.
fn subject(folder: Folder, key: &AlertKey) -> AnyView {
    let words = select::subject(key);
    let href = match &key.subject {
        Subject::Asset { feed, asset } => folder.catalog.with_value(|catalog| {
            select::takes_orders(catalog, feed).then(|| asset_href(feed, asset))
        }),
        _ => None,
    };
    let Some(href) = href else {
        return view! { <code>{words}</code> }.into_any();
    };
    let title = move || folder.screen().word(Order::OpenAsset);
    view! {
        <a class="evidence-asset" href=href title=title>
            <code>{words}</code>
        </a>
    }
    .into_any()
}
