//! Scorecards 考核评价: how departments did with what they were given, month by month.

use leptos::prelude::*;

use egret_shared::id::{AreaCode, DepartmentId};
use egret_shared::scorecard::Tally;

use super::Board;
use crate::api;
use crate::format;
use crate::i18n::Key;
use crate::i18n::case::Desk as Word;
use crate::page::listed::{classed_cell, line, name_cell, table};
use crate::page::loaded::{Loaded, ask};
use crate::select::score::{Share, by_department, in_time, satisfaction};
use crate::widget::form::choice;

/// How many months back can be looked at.
const MONTHS: usize = 13;

const COLUMNS: [Word; 8] = [
    Word::DepartmentWord,
    Word::Given,
    Word::InTime,
    Word::LateTasks,
    Word::ReturnedTasks,
    Word::ReopenedCases,
    Word::SupervisedCases,
    Word::Satisfaction,
];

/// Months to choose from, the newest first: `2026-06`.
fn months(newest: &str) -> Vec<String> {
    let parts = newest.split_once('-');
    let parts = parts.and_then(|(year, month)| Some((year.parse().ok()?, month.parse().ok()?)));
    let Some((mut year, mut month)): Option<(i32, u32)> = parts else {
        return Vec::new();
    };
    let mut months = Vec::with_capacity(MONTHS);
    for _ in 0..MONTHS {
        months.push(format!("{year:04}-{month:02}"));
        if month > 1 {
            month -= 1;
        } else {
            (year, month) = (year - 1, 12);
        }
    }
    months
}

/// The scorecards.
pub(super) fn scores(board: Board) -> AnyView {
    let screen = board.screen();
    let now = screen.store.now.get_untracked();
    let newest = format::written(now, screen.zone_ms.get_untracked(), "%Y-%m");
    let month = RwSignal::new(newest.clone());
    let area = RwSignal::new(String::new());
    let found = ask(
        move || (month.get(), area.get()),
        None,
        |(month, area): (String, String)| async move {
            let area = Some(area).filter(|code| !code.is_empty());
            let area = area.map(|code| AreaCode::new(&code));
            api::case::scorecards(month, area).await
        },
    );
    let lines = move || match &*found.read() {
        Loaded::Waiting => Err(board.word(Key::Loading).to_owned()),
        Loaded::Missing => Err(board.word(Word::NoScores).to_owned()),
        Loaded::Failed(why) => Err(format!("{} · {why}", board.word(Key::LoadFailed))),
        Loaded::Here(cards) if cards.is_empty() => Err(board.word(Word::NoScores).to_owned()),
        Loaded::Here(cards) => {
            let sums = by_department(cards);
            Ok(sums.iter().map(|(id, sum)| row(board, id, sum)).collect())
        }
    };
    let month_options = move || {
        let months = months(&newest);
        months
            .into_iter()
            .map(|month| (month.clone(), month))
            .collect()
    };
    let area_options = move || {
        let any = (String::new(), board.word(Word::AnyArea).to_owned());
        std::iter::once(any).chain(board.areas()).collect()
    };
    view! {
        <section class="panel duty-scores" aria-label=move || board.word(Word::ScoresTab)>
            <header class="panel-head">
                <h2>{move || board.word(Word::ScoresTab)}</h2>
                <div class="panel-aside">
                    {choice(
                        Word::Month,
                        month_options,
                        month.into(),
                        move |to| month.set(to),
                    )} {choice(Word::ReportArea, area_options, area.into(), move |to| area.set(to))}
                </div>
            </header>
            <p class="nothing">{move || board.word(Word::ScoresAbout)}</p>
            {table(&COLUMNS, lines)}
        </section>
    }
    .into_any()
}

fn row(board: Board, id: &DepartmentId, tally: &Tally) -> AnyView {
    let screen = board.screen();
    let name = board.catalog.with_value(|catalog| {
        let name = crate::select::department(catalog, id);
        name.map_or_else(|| id.to_string(), |name| screen.text(name))
    });
    let share = |share: Option<Share>| {
        let few = board.word(Word::FewTasks);
        let content = share.map_or_else(
            || view! { <span>"–"</span> }.into_any(),
            |share| {
                let few = share
                    .is_few
                    .then(|| view! { <small class="few">{few}</small> });
                view! {
                    <span>{share.text}</span>
                    " "
                    {few}
                }
                .into_any()
            },
        );
        classed_cell("number", content)
    };
    let number = |n: u32| classed_cell("number", n.to_string());
    let cells = vec![
        name_cell(name.into_any(), "", ""),
        number(tally.given),
        share(in_time(tally)),
        number(tally.late),
        number(tally.returned),
        number(tally.reopened),
        number(tally.supervised),
        share(satisfaction(tally)),
    ];
    line(false, cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_go_back_over_the_turn_of_the_year() {
        let months = months("2026-02");
        assert_eq!(&months[..3], ["2026-02", "2026-01", "2025-12"]);
        assert_eq!(months.len(), MONTHS);
        assert!(super::months("").is_empty());
    }
}
