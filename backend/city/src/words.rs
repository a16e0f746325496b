//! The fold's own words in both languages, and how numbers, distances and templates are written.

use egret_shared::level::Level;
use egret_shared::text::{Language, Text};

/// The level's name.
pub(crate) fn level(level: Level) -> Text {
    let (zh, en) = match level {
        Level::Normal => ("正常", "normal"),
        Level::Blue => ("蓝色", "blue"),
        Level::Yellow => ("黄色", "yellow"),
        Level::Orange => ("橙色", "orange"),
        Level::Red => ("红色", "red"),
    };
    Text::new(zh, en)
}

/// `v` with at most two decimals, none of them a trailing zero.
pub(crate) fn number(v: f64) -> String {
    let text = format!("{v:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// The UCUM unit as people read it; the pure number 1 has none.
pub(crate) fn unit(ucum: &str) -> &str {
    match ucum {
        "1" => "",
        "ug/m3" => "µg/m³",
        "Cel" => "°C",
        other => other,
    }
}

/// `metres` as people say it: `180 m`, `1.2 km`.
pub(crate) fn distance(metres: f64) -> Text {
    if metres < 1_000.0 {
        let tens = (metres / 10.0).round() * 10.0;
        Text::new(format!("{tens} 米"), format!("{tens} m"))
    } else {
        let km = number((metres / 100.0).round() / 10.0);
        Text::new(format!("{km} 公里"), format!("{km} km"))
    }
}

/// `ms` as people say it, in whole units: `45 s`, `6 min`, `3 h`, `2 d`.
pub(crate) fn duration(ms: i64) -> Text {
    let seconds = ms.max(0) / 1_000;
    let (n, zh, en) = match seconds {
        0..120 => (seconds, "秒", "s"),
        120..7_200 => (seconds / 60, "分钟", "min"),
        7_200..172_800 => (seconds / 3_600, "小时", "h"),
        _ => (seconds / 86_400, "天", "d"),
    };
    Text::new(format!("{n} {zh}"), format!("{n} {en}"))
}

/// `template` with its `{places}` filled by what `find` has for them.
pub(crate) fn fill(template: &Text, find: &dyn Fn(&str) -> Text) -> Text {
    let fill_one = |text: &str, language: Language| {
        let mut filled = String::with_capacity(text.len() + 32);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            filled.push_str(find(name).get(language));
            rest = behind;
        }
        filled.push_str(rest);
        filled
    };
    Text::new(
        fill_one(&template.zh, Language::Zh),
        fill_one(&template.en, Language::En),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lose_their_trailing_zeros() {
        for (v, text) in [
            (15.0, "15"),
            (1.42, "1.42"),
            (0.126, "0.13"),
            (-0.001, "0"),
            (100.0, "100"),
        ] {
            assert_eq!(number(v), text);
        }
    }

    #[test]
    fn a_template_is_filled_in_both_languages() {
        let find = |name: &str| match name {
            "asset" => Text::new("一号井", "M-1"),
            "value" => Text::new("15", "15"),
            _ => Text::new("cm", "cm"),
        };
        let template = Text::new(
            "{asset} 积水 {value} {unit}",
            "{asset} under {value} {unit} of water",
        );
        let filled = fill(&template, &find);
        assert_eq!(
            filled,
            Text::new("一号井 积水 15 cm", "M-1 under 15 cm of water")
        );
    }

    #[test]
    fn durations_are_whole_and_never_less_than_two_of_their_unit() {
        for (ms, said) in [
            (0, "0 s"),
            (119_999, "119 s"),
            (120_000, "2 min"),
            (7_200_000, "2 h"),
        ] {
            assert_eq!(duration(ms).en, said);
        }
        assert_eq!(duration(3 * 86_400_000).zh, "3 天");
    }

    #[test]
    fn distances_are_rounded_as_people_do() {
        assert_eq!(distance(183.0).en, "180 m");
        assert_eq!(distance(1_234.0).en, "1.2 km");
    }
}
