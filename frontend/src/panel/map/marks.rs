//! Marks of what is being worked. Those that would hide one another are one mark with a count, the
//! worst speaking for all.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::level::Level;
use egret_shared::position::Position;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;

use super::overlay::{MARK_U, Piece, Rooms, transform};
use crate::format;
use crate::i18n::Key;
use crate::map::camera::{Camera, Mercator};
use crate::map::group;
use crate::screen::fit::unit_px;
use crate::screen::{Screen, screen};
use crate::select::{Case, Truth};
use crate::widget::figure::Said;
use crate::widget::level::{LevelMark, level_class};
use crate::widget::truth::Basis;

/// So near are marks one: half of a mark's size, where they begin to hide one another.
const NEAR_U: f64 = MARK_U / 2.0;

/// The most marks on one map: more than an eye counts, and few enough for each frame.
const MARKS_MAX: usize = 48;

/// One mark, of one case or of several.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mark {
    /// The id of the case that speaks for it.
    pub(super) id: String,
    /// Its level, the worst of all.
    pub(super) level: Level,
    /// What it is called.
    pub(super) title: Text,
    /// Where it is.
    pub(super) position: Position,
    /// How many cases it stands for.
    pub(super) count: usize,
    /// How many signals they rest on, and how many of those are in force.
    signals: usize,
    in_force: usize,
    newest_at: TimeMs,
    since: TimeMs,
}

impl Mark {
    /// What tells it apart, looks and all.
    pub(super) fn key(&self) -> (String, Level, usize, usize, usize) {
        (
            self.id.clone(),
            self.level,
            self.count,
            self.signals,
            self.in_force,
        )
    }
}

/// The marks of cases, worst first, as a camera sees them.
pub(super) fn marks(cases: &[Case], camera: &Camera) -> Arc<[Mark]> {
    let spot = |case: &Case| Some(camera.screen_from(Mercator::of(case.position?)));
    let spots: Vec<Option<(f64, f64)>> = cases.iter().map(spot).collect();
    let groups = group::join(&spots, NEAR_U * unit_px(), MARKS_MAX);
    let marks = groups.iter().filter_map(|group| mark(group, cases));
    marks.collect()
}

fn mark(group: &group::Group, cases: &[Case]) -> Option<Mark> {
    let lead = cases.get(group.lead)?;
    let rest = || group.rest.iter().filter_map(|number| cases.get(*number));
    let all = || std::iter::once(lead).chain(rest());
    Some(Mark {
        id: lead.id.clone(),
        level: all().map(|case| case.level).max()?,
        title: lead.title.clone(),
        position: lead.position?,
        count: group.count(),
        signals: all().map(|case| case.signals).sum(),
        in_force: all().map(|case| case.in_force).sum(),
        newest_at: all().map(|case| case.newest_at).max()?,
        since: lead.since,
    })
}

/// A mark with its count and its title.
pub(super) fn view_of(mark: Mark, rooms: Rooms) -> impl IntoView {
    let screen = screen();
    let (piece, title) = (Piece::Mark(mark.id.clone()), Piece::Title(mark.id.clone()));
    let room = Memo::new(move |_| rooms.read().get(&piece).copied());
    let title = Memo::new(move |_| rooms.read().get(&title).copied());
    let (level, count, text) = (mark.level, mark.count, mark.title.clone());
    let truth = Truth::of_count(
        mark.in_force,
        mark.signals,
        Some(mark.newest_at),
        mark.since,
    );
    let truth = Signal::stored(truth);
    let badge = (count > 1).then(|| {
        view! {
            <span class="mark-count">
                <Said of="cases" truth=truth basis=Basis::Signals>
                    {format::figure(count as f64, "1")}
                </Said>
            </span>
        }
    });
    let detail = move || detail(screen, &mark);
    view! {
        <div
            class=format!("case-mark {}", level_class(level))
            class:none=move || room.get().is_none()
            style:transform=move || transform(room.get())
        >
            <i></i>
            <LevelMark level=Signal::stored(level) />
            {badge}
        </div>
        <div
            class="case-name"
            class:none=move || title.get().is_none()
            style:transform=move || transform(title.get())
        >
            <Said of="case" truth=truth basis=Basis::Signals>
                <b>{move || screen.text(&text)}</b>
                <span class="case-about">{detail}</span>
            </Said>
        </div>
    }
}

/// `12/14 signals · 4 min`: how many are still in force, of those it rests on.
fn detail(screen: Screen, mark: &Mark) -> String {
    let key = if mark.signals == 1 {
        Key::Signal
    } else {
        Key::Signals
    };
    let age_ms = screen.store.now.get().since(mark.since).ms();
    let age = format::age(age_ms, screen.language.get());
    let (in_force, signals) = (mark.in_force, mark.signals);
    format!("{in_force}/{signals} {} · {age}", screen.word(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(id: &str, level: Level, lon: f64) -> Case {
        Case {
            id: id.to_owned(),
            level,
            title: Text::new(id, id),
            signals: 2,
            in_force: 1,
            newest_at: TimeMs(1),
            lead: None,
            since: TimeMs(0),
            due_at: None,
            position: Some(Position { lon, lat: 24.5 }),
            cleared: false,
            incident: None,
        }
    }

    #[test]
    fn the_worst_speaks_for_a_joined_mark_and_the_signals_of_all_are_counted() {
        let cases = [
            case("a", Level::Red, 118.0),
            case("b", Level::Yellow, 118.0),
            case("c", Level::Blue, 118.2),
        ];
        let group = group::Group {
            lead: 0,
            rest: vec![1],
        };
        let mark = mark(&group, &cases).unwrap();
        assert_eq!(
            (mark.id.as_str(), mark.level, mark.count),
            ("a", Level::Red, 2)
        );
        assert_eq!((mark.signals, mark.in_force), (4, 2));
    }
}
