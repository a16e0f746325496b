//! `scorecard`: how departments do this month with what they are given, the busiest first.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::id::DepartmentId;
use egret_shared::package::scene::PanelDef;
use egret_shared::scorecard::Tally;

use crate::api;
use crate::format;
use crate::i18n::Key;
use crate::i18n::case::Desk;
use crate::i18n::panel::Panel as Word;
use crate::page::loaded::{Loaded, ask};
use crate::screen::screen;
use crate::select::score::{Share, by_department, in_time, satisfaction};
use crate::select::{self, Truth};
use crate::widget::figure::next_id;
use crate::widget::frame::{Frame, both, title_of, words};
use crate::widget::truth::{Basis, Detail, TruthParts};

/// How often it is asked for anew, milliseconds: tasks end in hours.
const RELOAD_MS: i64 = 60_000;

/// The most rows that are built: twice what the tallest panel of a wall shows.
const ROWS_MAX: usize = 30;

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
    let screen = screen();
    let store = screen.store;
    let month = Memo::new(move |_| format::written(store.now.get(), screen.zone_ms.get(), "%Y-%m"));
    let found = ask(
        move || month.get(),
        Some(RELOAD_MS),
        |month: String| async move { api::case::scorecards(month, None).await },
    );
    let sums = Memo::new(move |_| {
        let found = found.read();
        let cards = found.here().map_or(&[][..], Vec::as_slice);
        let mut sums: Vec<(DepartmentId, Tally)> = by_department(cards).into_iter().collect();
        sums.sort_by(|a, b| b.1.given.cmp(&a.1.given).then_with(|| a.0.cmp(&b.0)));
        sums
    });
    let truth = Signal::derive(move || {
        let sums = sums.read();
        let (mut ended, mut given) = (0, 0);
        for (_, tally) in sums.iter() {
            ended += tally.in_time + tally.late;
            given += tally.given;
        }
        let heard_at = store.heard_at.get_untracked().unwrap_or_default();
        let truth = Truth::of_count(ended as usize, given as usize, None, heard_at);
        // Work that is still going on is no gap in what is known.
        Some(Truth { short: false, ..truth })
    });
    let catalog = Arc::clone(catalog);
    let id = next_id();
    let described = id.clone();
    let rows = move || {
        let sums = sums.get();
        let shown = sums.into_iter().take(ROWS_MAX);
        shown.map(|(id, tally)| row(&id, &tally, &catalog)).collect_view()
    };
    let nothing = move || match &*found.read() {
        Loaded::Waiting => Key::Loading.into(),
        Loaded::Failed(_) => Key::LoadFailed.into(),
        Loaded::Missing | Loaded::Here(_) => Word::NoScores.into(),
    };
    let heads = [Word::Given, Word::InTime, Word::Late, Word::Returned, Word::Judged];
    let heads = heads.map(|word| view! { <th scope="col">{move || screen.word(word)}</th> });
    let is_empty = move || sums.read().is_empty();
    let aside = move || {
        let id = id.clone();
        view! {
            <p class="truth" class:none=is_empty id=id>
                <TruthParts truth=truth basis=Basis::Tasks detail=Detail::Fraction />
            </p>
        }
    };
    view! {
        <Frame title=title_of(def, &both(Word::Scorecard)) kind="scorecard" aside=aside>
            <Show when=is_empty>{words(nothing)}</Show>
            <table
                class="areas-table scores"
                class:none=is_empty
                data-figure="scores"
                aria-describedby=described
            >
                <thead>
                    <tr>
                        <th scope="col">{move || screen.word(Desk::DepartmentWord)}</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </Frame>
    }
    .into_any()
}

fn row(id: &DepartmentId, tally: &Tally, catalog: &Catalog) -> impl IntoView + use<> {
    let screen = screen();
    let name = select::department(catalog, id).cloned();
    let id = id.to_string();
    let name = move || name.as_ref().map_or_else(|| id.clone(), |name| screen.text(name));
    let share = move |share: Option<Share>| match share {
        None => view! { <td>"–"</td> }.into_any(),
        Some(share) => view! {
            <td class:few=share.is_few title=share.is_few.then(|| screen.word(Word::Few))>
                {share.text}
            </td>
        }
        .into_any(),
    };
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td>{tally.given}</td>
            {share(in_time(tally))}
            <td class:late=tally.late.gt(&0)>{tally.late}</td>
            <td>{tally.returned}</td>
            {share(satisfaction(tally))}
        </tr>
    }
}
