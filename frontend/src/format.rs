//! Numbers, units, ages and times as people read them on a wall. Pure.

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};

use egret_shared::text::Language;
use egret_shared::time::{Span, TimeMs};

/// A figure with as many digits as an eye takes in at a glance: whole counts, one decimal below
/// a hundred, two below ten where the unit is metres-like.
pub(crate) fn figure(v: f64, unit: &str) -> String {
    let whole = unit == "1" || v.abs() >= 100.0 || (v.fract() == 0.0 && v.abs() >= 10.0);
    let decimals = match (whole, unit) {
        (true, _) => 0,
        (false, "m") => 2,
        (false, _) => 1,
    };
    with_separators(&format!("{v:.decimals$}"))
}

/// `1234.5` → `1,234.5`; minus becomes the typographic one.
fn with_separators(plain: &str) -> String {
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("\u{2212}", digits),
        None => ("", plain),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut text = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// A UCUM unit as people write it; empty for plain counts.
///
/// # Source
/// UCUM case-sensitive codes; those without an everyday sign stand as they are.
pub(crate) fn unit(ucum: &str) -> &str {
    match ucum {
        "1" => "",
        "Cel" => "°C",
        "deg" => "°",
        "ug/m3" => "µg/m³",
        "mg/m3" => "mg/m³",
        "m3" => "m³",
        "m3/s" => "m³/s",
        "/m2" => "/m²",
        "MW.h" => "MWh",
        "kW.h" => "kWh",
        "dB[SPL]" => "dB",
        "[ppm]" => "ppm",
        "[pH]" => "pH",
        other => other,
    }
}

/// How long ago, in one unit: `14 s`, `32 min`, `5 h`, `3 d`. Negative ages read as 0 s.
pub(crate) fn age(ms: i64, language: Language) -> String {
    let seconds = ms.max(0) / 1_000;
    let (number, zh, en) = match seconds {
        0..=99 => (seconds, "秒", "s"),
        100..=5_999 => (seconds / 60, "分", "min"),
        6_000..=172_799 => (seconds / 3_600, "小时", "h"),
        _ => (seconds / 86_400, "天", "d"),
    };
    match language {
        Language::Zh => format!("{number} {zh}"),
        Language::En => format!("{number} {en}"),
    }
}

/// A length of time in its largest whole unit: `90 s`, `5 min`, `1 h`, `24 h`, `7 d`.
pub(crate) fn span(span: Span, language: Language) -> String {
    /// Up to here hours are what people say: a window of 24 hours is not one of a day.
    const HOURS_MAX: i64 = 48;
    let seconds = span.ms().max(0) / 1_000;
    let (number, zh, en) = match seconds {
        seconds if seconds % 60 != 0 || seconds == 0 => (seconds, "秒", "s"),
        seconds if seconds % 3_600 != 0 => (seconds / 60, "分", "min"),
        seconds if seconds % 86_400 != 0 || seconds <= HOURS_MAX * 3_600 => {
            (seconds / 3_600, "小时", "h")
        }
        seconds => (seconds / 86_400, "天", "d"),
    };
    match language {
        Language::Zh => format!("{number} {zh}"),
        Language::En => format!("{number} {en}"),
    }
}

/// How much of a whole there is, in whole per cent: 100 only if nothing is missing, 0 only if
/// everything is.
pub(crate) fn percent(part: u32, whole: u32) -> String {
    if part >= whole {
        return "100%".to_owned();
    }
    let share = 100.0 * f64::from(part) / f64::from(whole);
    let least = if part > 0 { 1.0 } else { 0.0 };
    format!("{:.0}%", share.clamp(least, 99.0))
}

/// A short delay in seconds with a tenth: `0.4 s`.
pub(crate) fn delay(ms: i64, language: Language) -> String {
    let tenths = ms.max(0) / 100;
    let seconds = match language {
        Language::Zh => "秒",
        Language::En => "s",
    };
    format!("{}.{} {seconds}", tenths / 10, tenths % 10)
}

/// Time left, or with a plus the time since: `1:38:05`, `22:10`, `+3:00`.
pub(crate) fn countdown(left_ms: i64) -> String {
    let sign = if left_ms < 0 { "+" } else { "" };
    let seconds = left_ms.abs() / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours >= 24 {
        format!("{sign}{} d {} h", hours / 24, hours % 24)
    } else if hours > 0 {
        format!("{sign}{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{sign}{minutes}:{seconds:02}")
    }
}

/// The same in the reader's words where days are counted: `6 天 23 时`.
pub(crate) fn time_left(left_ms: i64, language: Language) -> String {
    const DAY_S: i64 = 86_400;
    let seconds = left_ms.abs() / 1_000;
    if language == Language::En || seconds < DAY_S {
        return countdown(left_ms);
    }
    let sign = if left_ms < 0 { "+" } else { "" };
    format!("{sign}{} 天 {} 时", seconds / DAY_S, seconds / 3_600 % 24)
}

fn local(at: TimeMs, offset_ms: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_millis(at.0.saturating_add(offset_ms)).map(|time| time.naive_utc())
}

/// A moment as a clerk writes it, in the city's time: `2026-06-22 14:05:32`; empty outside the
/// calendar.
pub(crate) fn stamp(at: TimeMs, offset_ms: i64) -> String {
    written(at, offset_ms, "%Y-%m-%d %H:%M:%S")
}

/// The same to the minute, without the year: `06-22 14:05`.
pub(crate) fn stamp_short(at: TimeMs, offset_ms: i64) -> String {
    written(at, offset_ms, "%m-%d %H:%M")
}

/// A moment by a pattern of chrono's; empty outside the calendar.
pub(crate) fn written(at: TimeMs, offset_ms: i64, pattern: &str) -> String {
    local(at, offset_ms).map_or_else(String::new, |time| time.format(pattern).to_string())
}

/// A moment as the browser's field for one writes it, in the city's time.
pub(crate) fn in_field(at: TimeMs, offset_ms: i64) -> String {
    stamp(at, offset_ms).replace(' ', "T")
}

/// The moment that the browser's field names; without seconds where they are 0.
pub(crate) fn from_field(text: &str, offset_ms: i64) -> Option<TimeMs> {
    let text = text.replace('T', " ");
    let whole = format!("{text}:00");
    let local_ms = ms_from_local(&text).or_else(|| ms_from_local(&whole))?;
    Some(TimeMs(local_ms - offset_ms))
}

/// `14:05:32` in the city's time; empty for times outside the calendar.
pub(crate) fn clock(at: TimeMs, offset_ms: i64) -> String {
    written(at, offset_ms, "%H:%M:%S")
}

/// `14:05` in the city's time.
pub(crate) fn clock_short(at: TimeMs, offset_ms: i64) -> String {
    local(at, offset_ms).map_or_else(String::new, |time| {
        format!("{:02}:{:02}", time.hour(), time.minute())
    })
}

/// `6月22日 周二`, `Tue 22 June`.
pub(crate) fn date(at: TimeMs, offset_ms: i64, language: Language) -> String {
    const DAYS: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];
    let Some(time) = local(at, offset_ms) else {
        return String::new();
    };
    match language {
        Language::Zh => {
            let day = DAYS
                .get(time.weekday().num_days_from_monday() as usize)
                .unwrap_or(&"");
            format!("{}月{}日 周{day}", time.month(), time.day())
        }
        Language::En => time.format("%a %-d %B").to_string(),
    }
}

/// The milliseconds of `2026-06-22 14:05:32`, read as if it were UTC.
pub(crate) fn ms_from_local(text: &str) -> Option<i64> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S")
        .ok()
        .map(|time| time.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_digits_a_wall_needs() {
        for (v, unit, text) in [
            (78.04, "mm", "78.0"),
            (1486.2, "1", "1,486"),
            (1.42, "m", "1.42"),
            (-1234.0, "1", "\u{2212}1,234"),
            (31.0, "km/h", "31"),
            (0.0, "1", "0"),
            (1_234_567.8, "mm", "1,234,568"),
        ] {
            assert_eq!(figure(v, unit), text);
        }
    }

    #[test]
    fn an_age_has_one_unit_and_never_runs_backwards() {
        assert_eq!(age(14_900, Language::En), "14 s");
        assert_eq!(age(1_920_000, Language::Zh), "32 分");
        assert_eq!(age(-5, Language::En), "0 s");
        assert_eq!(age(200_000_000, Language::En), "2 d");
    }

    #[test]
    fn a_window_is_told_in_its_largest_whole_unit() {
        for (seconds, zh, en) in [
            (90, "90 秒", "90 s"),
            (300, "5 分", "5 min"),
            (3_600, "1 小时", "1 h"),
            (86_400, "24 小时", "24 h"),
            (604_800, "7 天", "7 d"),
        ] {
            assert_eq!(span(Span(seconds * 1_000), Language::Zh), zh);
            assert_eq!(span(Span(seconds * 1_000), Language::En), en);
        }
    }

    #[test]
    fn per_cent_are_rounded_but_never_to_all_or_nothing() {
        assert_eq!(percent(41, 52), "79%");
        assert_eq!(percent(9_999, 10_000), "99%");
        assert_eq!(percent(1, 10_000), "1%");
        assert_eq!(percent(0, 10), "0%");
        assert_eq!(percent(10, 10), "100%");
    }

    #[test]
    fn a_countdown_runs_past_its_end_with_a_plus() {
        assert_eq!(countdown(98_000), "1:38");
        assert_eq!(countdown(3_700_000), "1:01:40");
        assert_eq!(countdown(-180_000), "+3:00");
        assert_eq!(countdown(90_000_000), "1 d 1 h");
        assert_eq!(time_left(-90_000_000, Language::Zh), "+1 天 1 时");
        assert_eq!(time_left(90_000_000, Language::En), "1 d 1 h");
        assert_eq!(time_left(98_000, Language::Zh), "1:38");
    }

    #[test]
    fn dates_and_clocks_are_the_citys_not_the_browsers() {
        let at = TimeMs(1_782_079_532_000);
        let xiamen_ms = 8 * 3_600_000;
        assert_eq!(clock(at, xiamen_ms), "06:05:32");
        assert_eq!(clock_short(at, xiamen_ms), "06:05");
        assert_eq!(date(at, xiamen_ms, Language::Zh), "6月22日 周一");
        assert_eq!(date(at, xiamen_ms, Language::En), "Mon 22 June");
        assert_eq!(
            ms_from_local("2026-06-21 22:05:32"),
            Some(1_782_079_532_000)
        );
    }

    #[test]
    fn a_moment_is_read_back_from_the_browsers_field() {
        let zone_ms = 8 * 3_600_000;
        let at = TimeMs(1_782_079_500_000);
        assert_eq!(stamp(at, zone_ms), "2026-06-22 06:05:00");
        assert_eq!(in_field(at, zone_ms), "2026-06-22T06:05:00");
        assert_eq!(from_field("2026-06-22T06:05:00", zone_ms), Some(at));
        assert_eq!(from_field("2026-06-22T06:05", zone_ms), Some(at));
        assert_eq!(from_field("", zone_ms), None);
    }
}
