//! What a chart says of one window: beneath the pointer, and to a screen reader.

use leptos::prelude::*;

use egret_shared::time::{Span, TimeMs};

use super::Picture;
use crate::api::metric::HistoryPoint;
use crate::format::{self, stamp, stamp_short};
use crate::i18n::{Key, level_key, metric as words};
use crate::screen::{Screen, screen};
use crate::widget::frame::absent;
use crate::widget::level::LevelWord;

const DAY: Span = Span(86_400_000);

/// A time on the axis of a chart that shows `span`: the hour, or the day.
pub(super) fn tick(at: TimeMs, span: Span, zone_ms: i64) -> String {
    let midnight = (at.0 + zone_ms).rem_euclid(DAY.ms()) == 0;
    let pattern = match span {
        span if span.ms() > 60 * DAY.ms() => "%Y-%m",
        _ if midnight => "%m-%d",
        _ => "%H:%M",
    };
    format::written(at, zone_ms, pattern)
}

/// A value with its unit.
pub(crate) fn with_unit(v: f64, unit: &str) -> String {
    format!("{} {}", format::figure(v, unit), format::unit(unit))
        .trim_end()
        .to_owned()
}

fn value(screen: Screen, point: &HistoryPoint, unit: &str) -> String {
    match point.v {
        Some(v) => with_unit(v, unit),
        None => screen.word(absent(point.flags, Key::NoValue)).to_owned(),
    }
}

/// `least–greatest`, where the window was made of several values.
pub(super) fn extremes(point: &HistoryPoint, unit: &str) -> Option<String> {
    let (least, greatest) = (point.least?, point.greatest?);
    let text = format!(
        "{}–{}",
        format::figure(least, unit),
        format::figure(greatest, unit)
    );
    (least < greatest).then_some(text)
}

/// `41/52`; absent where nobody counts.
pub(crate) fn sources(point: &HistoryPoint) -> Option<String> {
    (point.expected > 0).then(|| format!("{}/{}", point.sources, point.expected))
}

/// Since when it has been known, in words.
pub(super) fn known(screen: Screen, point: &HistoryPoint) -> String {
    point.known_at.map_or_else(
        || screen.word(Key::NotClosed).to_owned(),
        |at| stamp(at, screen.zone_ms.get()),
    )
}

/// What was known later of the same window, where it differs.
pub(super) fn corrected<'a>(
    picture: &'a Picture,
    point: &HistoryPoint,
) -> Option<&'a HistoryPoint> {
    let place = picture
        .corrected
        .binary_search_by_key(&point.end, |later| later.end)
        .ok()?;
    let later = picture.corrected.get(place)?;
    (later.v != point.v).then_some(later)
}

/// Everything about a window in one sentence.
pub(super) fn sentence(screen: Screen, picture: &Picture, point: &HistoryPoint) -> String {
    let language = screen.language.get();
    let unit = picture.unit.as_str();
    let labelled = |key: Key, text: String| format!("{} {text}", screen.word(key));
    let mut parts = vec![
        stamp_short(point.end, screen.zone_ms.get()),
        value(screen, point, unit),
        screen.word(level_key(point.level)).to_owned(),
    ];
    parts.extend(extremes(point, unit).map(|text| labelled(Key::LeastGreatest, text)));
    parts.extend(sources(point).map(|text| labelled(Key::SourcesExpected, text)));
    let flags = words::flags(point.flags, language);
    parts.extend((!flags.is_empty()).then_some(flags));
    parts.push(labelled(Key::KnownSince, known(screen, point)));
    let later = corrected(picture, point);
    parts.extend(later.map(|later| labelled(Key::Corrected, value(screen, later, unit))));
    parts.join(" · ")
}

/// The same for the eye: label and text, side by side.
#[component]
pub(crate) fn Readout(
    picture: Memo<std::sync::Arc<Picture>>,
    read: RwSignal<Option<usize>>,
) -> impl IntoView {
    let screen = screen();
    move || {
        let picture = picture.read();
        let newest = picture.points.len().checked_sub(1)?;
        let point = picture
            .points
            .get(read.get().unwrap_or(newest).min(newest))?;
        let unit = picture.unit.as_str();
        let language = screen.language.get();
        let level = point.level;
        let later = corrected(&picture, point).map(|later| value(screen, later, unit));
        let flags = words::flags(point.flags, language);
        let rows = [
            (Key::Corrected, later),
            (Key::LeastGreatest, extremes(point, unit)),
            (Key::SourcesExpected, sources(point)),
            (
                Key::FlagsName,
                Some(flags).filter(|flags| !flags.is_empty()),
            ),
            (Key::KnownSince, Some(known(screen, point))),
        ];
        let rows: Vec<_> = rows
            .into_iter()
            .filter_map(|(key, text)| {
                let text = text?;
                Some(view! {
                    <div>
                        <dt>{screen.word(key)}</dt>
                        <dd>{text}</dd>
                    </div>
                })
            })
            .collect();
        let zone_ms = screen.zone_ms.get();
        let time = format!(
            "{} – {}",
            stamp_short(point.start, zone_ms),
            format::clock_short(point.end, zone_ms)
        );
        let known = point.v.is_some();
        Some(view! {
            <dl class="readout">
                <div>
                    <dt>{screen.word(Key::Time)}</dt>
                    <dd>{time}</dd>
                </div>
                <div>
                    <dt>{screen.word(Key::Value)}</dt>
                    <dd>
                        <b>{value(screen, point, unit)}</b>
                        {known.then(|| view! { <LevelWord level=level /> })}
                    </dd>
                </div>
                {rows}
            </dl>
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_names_the_hour_and_at_midnight_the_day() {
        let zone_ms = 8 * 3_600_000;
        let at = TimeMs(1_782_079_200_000);
        assert_eq!(tick(at, DAY, zone_ms), "06:00");
        let midnight = TimeMs(at.0 - 6 * 3_600_000);
        assert_eq!(tick(midnight, DAY, zone_ms), "06-22");
        assert_eq!(tick(midnight, Span(365 * DAY.ms()), zone_ms), "2026-06");
    }

    #[test]
    fn a_value_without_a_unit_ends_in_its_digits() {
        assert_eq!(with_unit(12.0, "1"), "12");
        assert_eq!(with_unit(1.42, "m"), "1.42 m");
    }
}
