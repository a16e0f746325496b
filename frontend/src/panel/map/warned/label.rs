//! The label of a warning over the map: `▲ 橙 暴雨预警 至 12:05 +1`.

use leptos::prelude::*;

use egret_shared::text::Language;
use egret_shared::time::TimeMs;

use super::Warned;
use crate::format;
use crate::i18n::map::MapWord;
use crate::i18n::{level_key, word};
use crate::map::labels;
use crate::panel::map::overlay::{Piece, Rooms, transform};
use crate::screen::{Screen, screen};
use crate::select::Truth;
use crate::widget::figure::Said;
use crate::widget::level::{LevelMark, level_class};
use crate::widget::truth::Basis;

/// About how wide a time is, with its word. In its own font size.
const UNTIL_EM: f64 = 4.6;

/// Those that get a label: a warning for many areas is said once, in the northernmost.
pub(in crate::panel::map) fn said(warned: &[Warned]) -> Vec<Warned> {
    let mut said: Vec<&Warned> = Vec::new();
    for one in warned {
        let told = |warned: &Warned| {
            let notice = warned.notices.first()?;
            Some((notice.level, notice.text.clone(), notice.until))
        };
        match said.iter_mut().find(|other| told(other) == told(one)) {
            Some(other) if other.position.lat < one.position.lat => *other = one,
            Some(_) => {}
            None => said.push(one),
        }
    }
    said.into_iter().cloned().collect()
}

/// About how wide a label is, in its own font size.
pub(in crate::panel::map) fn width_em(warned: &Warned, language: Language) -> f64 {
    let Some(notice) = warned.notices.first() else {
        return 0.0;
    };
    let more = if warned.notices.len() > 1 { 3.0 } else { 0.0 };
    let until = notice.until.map_or(0.0, |_| UNTIL_EM);
    let level = word(level_key(notice.level), language);
    labels::width_em(notice.text.get(language)) + labels::width_em(level) + until + more
}

/// `至 12:05` · `to 12:05`; another day is named.
pub(super) fn until_text(screen: Screen, until: TimeMs) -> String {
    let zone_ms = screen.zone_ms.get();
    let day = |at: TimeMs| at.0.saturating_add(zone_ms).div_euclid(86_400_000);
    let time = if day(until) == day(screen.store.now.get()) {
        format::clock_short(until, zone_ms)
    } else {
        format::stamp_short(until, zone_ms)
    };
    format!("{} {time}", screen.word(MapWord::Until))
}

/// The label.
pub(in crate::panel::map) fn label(warned: Warned, rooms: Rooms) -> impl IntoView {
    let screen = screen();
    let piece = Piece::Warning(warned.id.clone());
    let room = Memo::new(move |_| rooms.read().get(&piece).copied());
    let more = warned.notices.len().saturating_sub(1);
    let level = warned.level();
    let notice = warned.notices.into_iter().next();
    let at = notice.as_ref().map(|notice| notice.at).unwrap_or_default();
    let truth = Signal::stored(Truth::of_count(1, 1, Some(at), at));
    let text = move || {
        let notice = notice.as_ref()?;
        let until = notice.until.map(|until| until_text(screen, until));
        let parts = [Some(screen.text(&notice.text)), until];
        Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    };
    view! {
        <div
            class=format!("warning-label {}", level_class(level))
            class:none=move || room.get().is_none()
            style:transform=move || transform(room.get())
            style:width=move || room.get().map(|room| format!("{:.1}px", room.width))
        >
            <LevelMark level=Signal::stored(level) />
            <b>{move || screen.word(level_key(level))}</b>
            <Said of="warning" truth=truth basis=Basis::One>
                {text}
                {(more > 0).then(|| format!(" +{more}"))}
            </Said>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::level::Level;

    use super::super::joined;
    use super::super::tests::{area, notice};
    use super::*;

    #[test]
    fn a_warning_for_many_areas_is_said_once() {
        let notices = vec![
            ("1".into(), notice(Level::Orange, "rain", 5)),
            ("2".into(), notice(Level::Orange, "rain", 5)),
            ("3".into(), notice(Level::Yellow, "rain", 5)),
        ];
        let mut areas = [area("1"), area("2"), area("3")];
        areas[1].centre.lat = 24.9;
        let said = said(&joined(notices, &areas));
        let areas: Vec<_> = said.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(areas, ["2", "3"]);
    }
}
