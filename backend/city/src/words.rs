//! The fold's own words in both languages, and how numbers, distances and templates are written.

use egret_shared::level::Level;
use egret_shared::text::Text;

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

/// What fills a rule's message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filling {
    pub(crate) asset: Text,
    pub(crate) area: Text,
    pub(crate) value: String,
    pub(crate) unit: String,
    pub(crate) count: String,
}

/// `template` with its `{places}` filled.
pub(crate) fn fill(template: &Text, filling: &Filling) -> Text {
    let fill_one = |text: &str, asset: &str, area: &str| {
        let mut filled = String::with_capacity(text.len() + asset.len() + area.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            filled.push_str(match name {
                "asset" => asset,
                "area" => area,
                "value" => &filling.value,
                "unit" => &filling.unit,
                "count" => &filling.count,
                _ => "",
            });
            rest = behind;
        }
        filled.push_str(rest);
        filled
    };
    Text::new(
        fill_one(&template.zh, &filling.asset.zh, &filling.area.zh),
        fill_one(&template.en, &filling.asset.en, &filling.area.en),
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
        let filling = Filling {
            asset: Text::new("一号井", "M-1"),
            value: "15".to_owned(),
            unit: "cm".to_owned(),
            ..Filling::default()
        };
        let template = Text::new(
            "{asset} 积水 {value} {unit}",
            "{asset} under {value} {unit} of water",
        );
        let filled = fill(&template, &filling);
        assert_eq!(
            filled,
            Text::new("一号井 积水 15 cm", "M-1 under 15 cm of water")
        );
    }

    #[test]
    fn distances_are_rounded_as_people_do() {
        assert_eq!(distance(183.0).en, "180 m");
        assert_eq!(distance(1_234.0).en, "1.2 km");
    }
}
