//! How much time is left, in words: `剩余 1:38:05`, `Overdue +3:00`.

use egret_shared::text::Language;

use crate::format;
use crate::i18n::case::Case as Word;
use crate::i18n::word;
use crate::select::standing::Standing;

/// How an incident stands to its limit: the figure, and the word that tells what it means.
pub(crate) fn limit_words(standing: Standing, language: Language) -> (String, &'static str) {
    let (figure, said) = match standing {
        Standing::NoLimit => ("–".to_owned(), Word::LimitNone),
        Standing::Runs {
            left_ms,
            is_warning,
            ..
        } => {
            let said = if is_warning {
                Word::LimitWarning
            } else {
                Word::LimitLeft
            };
            (format::time_left(left_ms, language), said)
        }
        Standing::Overdue { by_ms } => (
            format::time_left(by_ms.max(1_000).saturating_neg(), language),
            Word::LimitOverdue,
        ),
        Standing::Paused { left_ms, .. } => {
            (format::time_left(left_ms, language), Word::LimitPaused)
        }
        Standing::Stopped { in_time, left_ms } => {
            let said = if in_time {
                Word::LimitKept
            } else {
                Word::LimitMissed
            };
            (format::time_left(left_ms, language), said)
        }
    };
    (figure, word(said, language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standing_has_a_figure_and_a_word_in_both_languages() {
        for (standing, figure, zh) in [
            (Standing::NoLimit, "–", "无时限"),
            (
                Standing::Runs {
                    left_ms: 98_000,
                    spent: 0.1,
                    is_warning: false,
                },
                "1:38",
                "剩余",
            ),
            (
                Standing::Runs {
                    left_ms: 98_000,
                    spent: 0.9,
                    is_warning: true,
                },
                "1:38",
                "即将超时",
            ),
            (Standing::Overdue { by_ms: 180_000 }, "+3:00", "已超时"),
            (
                Standing::Paused {
                    left_ms: 98_000,
                    spent: 0.1,
                },
                "1:38",
                "暂停计时",
            ),
            (
                Standing::Stopped {
                    in_time: true,
                    left_ms: 98_000,
                },
                "1:38",
                "按时完成",
            ),
            (
                Standing::Stopped {
                    in_time: false,
                    left_ms: -98_000,
                },
                "+1:38",
                "超时完成",
            ),
        ] {
            let (figure_zh, said_zh) = limit_words(standing, Language::Zh);
            assert_eq!((figure_zh.as_str(), said_zh), (figure, zh));
            let (_, said_en) = limit_words(standing, Language::En);
            assert_ne!(said_en, said_zh);
        }
    }
}
