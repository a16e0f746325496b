//! The table twin of a history chart: every point of it, newest first.

use std::sync::Arc;

use leptos::prelude::*;

use super::{Picture, readout};
use crate::format;
use crate::i18n::{Key, level_key, metric as words};
use crate::screen::{Screen, screen};
use crate::widget::frame::absent;
use crate::widget::level::{LevelMark, level_class};

/// The table.
#[component]
pub(crate) fn HistoryTable(picture: Memo<Arc<Picture>>) -> impl IntoView {
    let screen = screen();
    move || {
        let picture = picture.read();
        let compares = !picture.corrected.is_empty();
        let columns = [
            (Key::Time, "", true),
            (Key::Value, "number", true),
            (Key::Level, "", true),
            (Key::Corrected, "number", compares),
            (Key::LeastGreatest, "number", true),
            (Key::TypicalName, "number", true),
            (Key::SourcesExpected, "number", true),
            (Key::FlagsName, "", true),
            (Key::KnownSince, "", true),
        ];
        let heads: Vec<_> = columns
            .into_iter()
            .filter(|(.., shown)| *shown)
            .map(|(key, class, _)| view! { <th scope="col" class=class>{screen.word(key)}</th> })
            .collect();
        let rows: Vec<_> = (0..picture.points.len())
            .rev()
            .map(|place| row(screen, &picture, place, compares))
            .collect();
        view! {
            <div class="scroll" tabindex="0" role="group" aria-label=screen.word(Key::History)>
                <table class="history-table">
                    <thead>
                        <tr>{heads}</tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
    }
}

fn row(
    screen: Screen,
    picture: &Picture,
    place: usize,
    compares: bool,
) -> Option<impl IntoView + use<>> {
    let point = picture.points.get(place)?;
    let unit = picture.unit.as_str();
    let figure = |v: Option<f64>| v.map(|v| format::figure(v, unit));
    let later = readout::corrected(picture, point).and_then(|later| figure(later.v));
    let typical = point.typical.map(|typical| {
        format!(
            "{} ± {}",
            format::figure(typical.v, unit),
            format::figure(typical.spread, unit)
        )
    });
    let v =
        figure(point.v).unwrap_or_else(|| screen.word(absent(point.flags, Key::NoArea)).to_owned());
    let level = point.v.map(|_| {
        let level = point.level;
        view! {
            <span class=format!("level-cell {}", level_class(level))>
                <LevelMark level=level />
                {screen.word(level_key(level))}
            </span>
        }
    });
    Some(view! {
        <tr>
            <th scope="row">{format::stamp_short(point.end, screen.zone_ms.get())}</th>
            <td class="number">{v}</td>
            <td>{level}</td>
            {compares.then(|| view! { <td class="number">{later}</td> })}
            <td class="number">{readout::extremes(point, unit)}</td>
            <td class="number">{typical}</td>
            <td class="number">{readout::sources(point)}</td>
            <td>{words::flags(point.flags, screen.language.get())}</td>
            <td>{readout::known(screen, point)}</td>
        </tr>
    })
}
