//! To report an incident that no rule found.

use leptos::prelude::*;

use egret_shared::command::OpenOrder;
use egret_shared::incident::CaseClass;
use egret_shared::level::Level;
use egret_shared::position::Position;

use super::{Board, Place};
use crate::api;
use crate::i18n::Phrase;
use crate::i18n::case::{Case, Desk as Word, class_word};
use crate::i18n::level_key;
use crate::widget::dialog::{buttons, dialog};
use crate::widget::form::{Field, Form, Kind, choice, fault_line, form as form_view};

/// A place as somebody types it: `118.09, 24.48`.
fn position(text: &str) -> Option<Position> {
    let (lon, lat) = text.split_once([',', '，', ' '])?;
    let (lon, lat) = (lon.trim().parse().ok()?, lat.trim().parse().ok()?);
    let is_place = (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat);
    is_place.then_some(Position { lon, lat })
}

/// The form.
pub(super) fn form(board: Board) -> AnyView {
    let title = Field::new(Word::ReportTitle);
    let text = Field::new(Word::ReportText).of(Kind::Long);
    let place = Field::new(Word::ReportPlace);
    let level = RwSignal::new(Level::Yellow);
    let class = RwSignal::new(CaseClass::default());
    let area = RwSignal::new(String::new());
    let fault: RwSignal<Option<Phrase>> = RwSignal::new(None);
    let form = Form::new();
    let id = StoredValue::new(api::case::new_id());
    let submit = move || {
        title.need();
        text.need();
        let typed = place.text();
        let at = position(&typed);
        if !typed.is_empty() && at.is_none() {
            place.blame(Word::BadPlace);
        }
        let code = area.get_untracked();
        let is_nowhere = typed.is_empty() && code.is_empty();
        fault.set(is_nowhere.then(|| Word::NeedPlace.into()));
        if !Form::is_good(&[title, text, place]) || is_nowhere {
            return;
        }
        let order = OpenOrder {
            title: title.text(),
            text: text.text(),
            level: level.get_untracked(),
            class: class.get_untracked(),
            area: Some(code)
                .filter(|code| !code.is_empty())
                .map(|code| code.as_str().into()),
            position: at,
        };
        let told = id.get_value();
        form.send_or(
            async move { api::case::open(&told, &order).await },
            move |done| opened(board, &done),
            move |error| {
                if !error.is_uncertain() {
                    id.set_value(api::case::new_id());
                }
                Some(error)
            },
        );
    };
    let parts = vec![
        title.view(),
        text.view(),
        level_choice(board, level),
        class_choice(board, class),
        area_choice(board, area, fault),
        place.view(),
        fault_line(fault.into()),
        form.failure(),
        buttons(form, Word::Report, board.close()),
    ];
    let content = form_view("", submit, parts);
    let name = move || board.word(Word::Report).to_owned();
    dialog(name, board.close(), content)
}

/// Shows what was reported.
fn opened(board: Board, done: &api::case::Done) {
    let id = done.incident.to_string();
    board.over.set(None);
    let said = format!("{} {id}", board.word(Word::Reported));
    board.said.set(Some(said));
    board.change(|place| {
        *place = Place {
            chosen: Some(id),
            ..Place::default()
        };
    });
}

fn level_choice(board: Board, level: RwSignal<Level>) -> AnyView {
    let options = move || {
        let levels = Level::ALL
            .into_iter()
            .filter(|level| *level > Level::Normal);
        levels
            .rev()
            .map(|level| {
                (
                    level.as_str().to_owned(),
                    board.word(level_key(level)).to_owned(),
                )
            })
            .collect()
    };
    let chosen = Signal::derive(move || level.get().as_str().to_owned());
    let choose = move |code: String| {
        let found = Level::ALL.into_iter().find(|level| level.as_str() == code);
        level.set(found.unwrap_or(Level::Yellow));
    };
    choice(Word::LevelWord, options, chosen, choose)
}

fn class_choice(board: Board, class: RwSignal<CaseClass>) -> AnyView {
    let options = move || {
        CaseClass::ALL
            .map(|class| {
                let name = board.word(class_word(class)).to_owned();
                (class.as_str().to_owned(), name)
            })
            .to_vec()
    };
    let chosen = Signal::derive(move || class.get().as_str().to_owned());
    let choose = move |code: String| {
        let found = CaseClass::ALL
            .into_iter()
            .find(|class| class.as_str() == code);
        class.set(found.unwrap_or_default());
    };
    choice(Case::Class, options, chosen, choose)
}

fn area_choice(board: Board, area: RwSignal<String>, fault: RwSignal<Option<Phrase>>) -> AnyView {
    let options = move || {
        let none = (String::new(), "–".to_owned());
        std::iter::once(none).chain(board.areas()).collect()
    };
    let choose = move |code: String| {
        area.set(code);
        fault.set(None);
    };
    choice(Word::ReportArea, options, area.into(), choose)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_however_it_is_separated() {
        for text in ["118.09, 24.48", "118.09，24.48", "118.09 24.48"] {
            let place = position(text).unwrap();
            assert!((place.lon - 118.09).abs() < 1e-9 && (place.lat - 24.48).abs() < 1e-9);
        }
        for text in ["", "118.09", "24.48, 118.09", "here, there"] {
            assert_eq!(position(text), None, "{text}");
        }
    }
}
