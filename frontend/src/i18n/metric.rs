//! Sentences about a metric, in every language: over how long it looks, what its flags say, what
//! is usual, why something was left out of it. Pure.

use egret_shared::flags::Flags;
use egret_shared::metric::Typical;
use egret_shared::package::metric::{MetricDef, WindowDef};
use egret_shared::text::Language;

use crate::api::metric::Learning;
use crate::format;

/// One of two phrases.
fn pick(language: Language, zh: impl Into<String>, en: impl Into<String>) -> String {
    match language {
        Language::Zh => zh.into(),
        Language::En => en.into(),
    }
}

const FLAGS: [(Flags, &str, &str); 14] = [
    (Flags::NO_TIME, "发送方未给时间", "sender gave no time"),
    (Flags::FUTURE, "发送方时钟超前", "sender's clock ahead"),
    (Flags::LATE, "过晚", "too late"),
    (Flags::REVISED, "已更正", "revised"),
    (Flags::RANGE, "超出合理范围", "outside the plausible range"),
    (Flags::JUMP, "突跳", "jumped"),
    (Flags::STUCK, "数值不变", "stuck"),
    (Flags::STALE, "陈旧", "stale"),
    (Flags::PARTIAL, "来源不足", "sources missing"),
    (Flags::NO_POSITION, "无位置", "no position"),
    (Flags::OUTSIDE, "城市区域之外", "outside the city"),
    (Flags::ANOMALY, "异于常态", "unusual"),
    (Flags::SUPPRESSED, "人数过少，不予显示", "withheld: too few"),
    (Flags::DOUBTED, "发送方标记为无效", "doubted by its sender"),
];

/// What flags say; empty if there are none.
pub(crate) fn flags(flags: Flags, language: Language) -> String {
    let words = FLAGS.iter().filter(|(flag, ..)| flags.has(*flag));
    let words: Vec<&str> = words
        .map(|(_, zh, en)| match language {
            Language::Zh => *zh,
            Language::En => *en,
        })
        .collect();
    words.join(match language {
        Language::Zh => "、",
        Language::En => ", ",
    })
}

/// Over how long a metric looks.
pub(crate) fn window(def: &WindowDef, language: Language) -> Option<String> {
    if let Some(length) = def.tumbling {
        let length = format::span(length, language);
        return Some(pick(
            language,
            format!("每 {length}一段，自零点起"),
            format!("each {length}, from midnight"),
        ));
    }
    let length = format::span(def.sliding?, language);
    Some(match def.every.map(|every| format::span(every, language)) {
        Some(every) => pick(
            language,
            format!("最近 {length}，每 {every}更新"),
            format!("the last {length}, every {every}"),
        ),
        None => pick(
            language,
            format!("最近 {length}"),
            format!("the last {length}"),
        ),
    })
}

/// What is usual, or why that is not known: `常态 62 ± 5（4 周）`.
pub(crate) fn typical(
    typical: Option<&Typical>,
    def: &MetricDef,
    learning: Option<Learning>,
    language: Language,
) -> String {
    let figure = |v: f64| format::figure(v, &def.unit);
    match typical {
        Some(Typical {
            v, spread, weeks, ..
        }) => {
            let band = format!("{} ± {}", figure(*v), figure(*spread));
            pick(
                language,
                format!("{band}（{weeks} 周）"),
                format!("{band} ({weeks} weeks)"),
            )
        }
        None if def.baseline
            && let Some(Learning { weeks, needed }) = learning =>
        {
            pick(
                language,
                format!("尚未学得：此时段已有 {weeks} 周，需 {needed} 周"),
                format!("not yet known: {weeks} of {needed} weeks of this hour"),
            )
        }
        None if def.baseline => pick(
            language,
            "历史不足数周，尚未学得",
            "not yet known: weeks of history are needed",
        ),
        None => pick(language, "该指标不学习常态", "not learned for this metric"),
    }
}

/// How far from usual: `偏离 +3.8 σ`.
pub(crate) fn distance(z: f64, language: Language) -> String {
    let z = format!("{z:+.1}").replace('-', "\u{2212}");
    pick(language, format!("偏离 {z} σ"), format!("{z} σ away"))
}

/// Why there is no forecast yet: `have` of `needed` hours of history.
pub(crate) fn forecast_needs(needed: u32, have: u32, language: Language) -> String {
    let left = needed.saturating_sub(have);
    pick(
        language,
        format!("还需 {left} 小时历史（已有 {have}，需 {needed}）"),
        format!("{left} more hours of history needed ({have} of {needed})"),
    )
}

/// How sure a forecast is: `level` of what may come lies within its interval, 0 to 1.
pub(crate) fn forecast_interval(level: f64, language: Language) -> String {
    let percent = 100.0 * level;
    pick(
        language,
        format!("{percent:.0} % 区间"),
        format!("{percent:.0} % interval"),
    )
}

/// What a level of the area tree is called; a level that the screens do not know, as it is.
pub(crate) fn area_level(level: &str, language: Language) -> String {
    let (zh, en) = match level {
        "city" => ("全市", "City"),
        "district" => ("区", "Districts"),
        "subdistrict" => ("街道/镇", "Subdistricts"),
        "community" => ("社区", "Communities"),
        "grid" => ("网格", "Grids"),
        other => (other, other),
    };
    pick(language, zh, en)
}

/// Why an observation was not counted, by the server's word for it; a word that the screens do
/// not know, as it is.
pub(crate) fn not_counted(why: &str, language: Language) -> String {
    let (zh, en) = match why {
        "duplicate" => ("重复", "seen before"),
        "outside" => ("在城市区域之外", "outside the city"),
        "other_area" => ("属于其他区域", "counts for another area"),
        "filtered" => ("不满足条件", "does not fulfil the condition"),
        "late" => ("到达过晚", "arrived too late"),
        "no_begin" => ("起始状态未知", "the first state is not known"),
        "negative" => ("结束早于开始", "ended before it began"),
        other => (other, other),
    };
    pick(language, zh, en)
}

#[cfg(test)]
mod tests {
    use egret_shared::time::Span;

    use super::*;

    #[test]
    fn every_flag_has_words_in_both_languages() {
        for (flag, zh, en) in FLAGS {
            assert_eq!(flags(flag, Language::Zh), zh);
            assert_eq!(flags(flag, Language::En), en);
            assert_eq!(flag.names().count(), 1);
        }
        let both = Flags::LATE.with(Flags::STUCK);
        assert_eq!(flags(both, Language::En), "too late, stuck");
        assert_eq!(flags(Flags::NONE, Language::Zh), "");
    }

    #[test]
    fn a_window_says_its_length_and_its_step() {
        let sliding = WindowDef {
            sliding: Some(Span(300_000)),
            every: Some(Span(10_000)),
            tumbling: None,
        };
        assert_eq!(
            window(&sliding, Language::Zh).as_deref(),
            Some("最近 5 分，每 10 秒更新")
        );
        let tumbling = WindowDef {
            sliding: None,
            every: None,
            tumbling: Some(Span(86_400_000)),
        };
        assert_eq!(
            window(&tumbling, Language::En).as_deref(),
            Some("each 24 h, from midnight")
        );
    }

    #[test]
    fn what_is_missing_for_a_forecast_is_said_in_whole_hours() {
        let text = forecast_needs(72, 5, Language::En);
        assert_eq!(text, "67 more hours of history needed (5 of 72)");
    }
}
