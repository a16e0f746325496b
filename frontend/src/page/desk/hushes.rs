//! What is kept quiet: by whom, until when, how much of it there was; and the ends of it.

use leptos::prelude::*;

use egret_shared::alert::AlertKey;
use egret_shared::hush::{Hush, HushDef, HushKind, HushOrder, Matcher};
use egret_shared::id::HushId;
use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::Span;

use super::{Board, Over};
use crate::api;
use crate::i18n::access::Access;
use crate::i18n::case::{Case, Desk as Word};
use crate::i18n::level_key;
use crate::page::listed::{Listed, cell, classed_cell, line, name_cell};
use crate::select;
use crate::session::session;
use crate::widget::dialog::{buttons, dialog};
use crate::widget::form::{Field, Form, Kind, choice, form as form_view, row_button};

/// How often the list is asked for, milliseconds: its counts grow without anybody's doing.
const REFRESH_MS: i32 = 10_000;

/// For how many hours an alert can be shelved.
const HOURS: [i64; 4] = [1, 4, 8, 24];

/// The list.
pub(super) fn hushes(board: Board) -> AnyView {
    let listed = Listed::new(api::case::hushes).follow(REFRESH_MS);
    Effect::new(move |before: Option<()>| {
        board.hushed.track();
        if before.is_some() {
            listed.refresh();
        }
    });
    let columns: [crate::i18n::Phrase; 7] = [
        Word::HushWhat.into(),
        Word::HushUpTo.into(),
        Word::OwnerWord.into(),
        Case::ReasonWord.into(),
        Word::HushUntil.into(),
        Word::HushCount.into(),
        Access::Actions.into(),
    ];
    let table = listed.table(&columns, Word::NoHushes, move |hush| row(board, hush));
    view! {
        <section class="panel duty-scores" aria-label=move || board.word(Word::HushesTab)>
            <header class="panel-head">
                <h2>{move || board.word(Word::HushesTab)}</h2>
            </header>
            {table}
        </section>
    }
    .into_any()
}

fn row(board: Board, hush: &Hush) -> AnyView {
    let screen = board.screen();
    let def = &hush.hush;
    let (kind, what) = words(board, &def.kind);
    let mut kind = board.word(kind).to_owned();
    if !hush.active {
        kind = format!("{kind} · {}", board.word(Word::NotYet));
    }
    let id = hush.id.clone();
    let end = move || board.over.set(Some(Over::EndHush(id.clone())));
    let button = row_button(Word::HushEnd, &what, end);
    let owner = format!("{} · {}", def.owner, hush.by.name);
    let cells = vec![
        name_cell(what.into_any(), &kind, hush.id.as_str()),
        cell(board.word(level_key(def.up_to))),
        cell(owner),
        classed_cell("detail", def.reason.clone()),
        cell(screen.stamp(def.until)),
        classed_cell("number", format!("{} / {}", hush.hushing, hush.hushed)),
        classed_cell("row-buttons", button),
    ];
    line(!hush.active, cells)
}

/// What kind of quiet, and of what.
fn words(board: Board, kind: &HushKind) -> (Word, String) {
    match kind {
        HushKind::Silence(what) => (Word::Silence, of_matcher(board, what)),
        HushKind::Maintenance { what, .. } => (Word::Maintenance, of_matcher(board, what)),
        HushKind::Shelf(key) => (Word::Shelf, of_alert(board, key)),
    }
}

fn of_matcher(board: Board, what: &Matcher) -> String {
    let said = |name: Option<&Text>, id: &str| {
        name.map_or_else(|| id.to_owned(), |name| board.screen().text(name))
    };
    board.catalog.with_value(|catalog| {
        let rule = what.rule.as_ref().map(|id| {
            let rules = &catalog.rules.rules;
            let rule = rules.iter().find(|rule| rule.id == *id);
            said(rule.map(|rule| &rule.name), id.as_str())
        });
        let feed = what.feed.as_ref().map(|id| {
            let feed = catalog.feeds.iter().find(|feed| feed.id == *id);
            said(feed.map(|feed| &feed.name), id.as_str())
        });
        let area = what.area.as_ref().map(|code| {
            let area = catalog.areas.iter().find(|area| area.code == *code);
            said(area.map(|area| &area.name), code.as_str())
        });
        let asset = what.asset.as_ref().map(ToString::to_string);
        let parts = [rule, feed, asset, area];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    })
}

fn of_alert(board: Board, key: &AlertKey) -> String {
    let rule = Matcher {
        rule: Some(key.rule.clone()),
        ..Matcher::default()
    };
    format!("{} · {}", of_matcher(board, &rule), select::subject(key))
}

/// The form that shelves an alert.
pub(super) fn shelve(board: Board, key: &AlertKey, level: Level) -> AnyView {
    let session = session();
    let who = untrack(|| session.who());
    let name = who.map_or_else(|| session.played.get_untracked(), |who| who.display);
    let owner = Field::new(Word::OwnerWord).with(&name);
    let reason = Field::new(Case::ReasonWord).of(Kind::Long);
    let hours = RwSignal::new("4".to_owned());
    let form = Form::new();
    let alert = key.clone();
    let submit = move || {
        owner.need();
        reason.need();
        if !Form::is_good(&[owner, reason]) {
            return;
        }
        let from = board.screen().store.now.get_untracked();
        let hours: i64 = hours.get_untracked().parse().unwrap_or(1);
        let order = HushOrder::Put {
            id: None,
            hush: HushDef {
                kind: HushKind::Shelf(alert.clone()),
                up_to: level,
                owner: owner.text(),
                reason: reason.text(),
                from,
                until: from.plus(Span(hours * 3_600_000)),
            },
        };
        send(board, form, order);
    };
    let options = move || {
        let option = |n: i64| {
            (
                n.to_string(),
                format!("{n} {}", board.word(Word::HoursWord)),
            )
        };
        HOURS.map(option).to_vec()
    };
    let about = view! { <p>{move || board.word(Word::ShelveAbout)}</p> };
    let parts = vec![
        about.into_any(),
        choice(Word::ShelveFor, options, hours.into(), move |to| {
            hours.set(to);
        }),
        owner.view(),
        reason.view(),
        form.failure(),
        buttons(form, Word::Shelf, board.close()),
    ];
    let key = key.clone();
    let title = move || format!("{} · {}", board.word(Word::Shelf), of_alert(board, &key));
    dialog(title, board.close(), form_view("", submit, parts))
}

/// The form that ends a hush before its time.
pub(super) fn end(board: Board, id: &HushId) -> AnyView {
    let reason = Field::new(Case::ReasonWord).of(Kind::Long);
    let form = Form::new();
    let hush = id.clone();
    let submit = move || {
        reason.need();
        if !Form::is_good(&[reason]) {
            return;
        }
        let order = HushOrder::End {
            id: hush.clone(),
            reason: reason.text(),
        };
        send(board, form, order);
    };
    let about = view! { <p>{move || board.word(Word::HushEndAbout)}</p> };
    let parts = vec![
        about.into_any(),
        reason.view(),
        form.failure(),
        buttons(form, Word::HushEnd, board.close()),
    ];
    let id = id.clone();
    let title = move || format!("{} · {id}", board.word(Word::HushEnd));
    dialog(title, board.close(), form_view("", submit, parts))
}

fn send(board: Board, form: Form, order: HushOrder) {
    // A hush that is put twice is refused the second time, so that no id has to be kept.
    let id = api::case::new_id();
    form.send(
        async move { api::case::order_hush(&id, &order).await },
        move |()| {
            board.over.set(None);
            board.hushed.update(|n| *n = n.wrapping_add(1));
        },
    );
}
