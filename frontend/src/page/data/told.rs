//! What became of refused messages, in a sentence.

use egret_shared::text::Language;

use crate::api::register::Rerun;

/// Reasons that are told: those of the first messages are those of most.
const REASONS_TOLD: usize = 2;

/// How many are taken now, and why others stay.
pub(crate) fn rerun_told(rerun: &Rerun, language: Language) -> String {
    let taken = match language {
        Language::Zh => format!("{} 条已接收", rerun.accepted),
        Language::En => format!("{} taken", rerun.accepted),
    };
    if rerun.refused == 0 {
        return taken;
    }
    let mut reasons: Vec<&str> = Vec::new();
    for stays in &rerun.rejected {
        if !reasons.contains(&stays.detail.as_str()) {
            reasons.push(&stays.detail);
        }
    }
    reasons.truncate(REASONS_TOLD);
    let reasons = reasons.join("; ");
    match language {
        Language::Zh => format!("{taken}，{} 条仍被拒收：{reasons}", rerun.refused),
        Language::En => format!("{taken}, {} stay: {reasons}", rerun.refused),
    }
}

/// How many were let go.
pub(crate) fn discard_told(n: usize, language: Language) -> String {
    match language {
        Language::Zh => format!("已丢弃 {n} 条"),
        Language::En => format!("{n} discarded"),
    }
}

/// What the button says that reads messages which were refused before there was a feed.
pub(crate) fn read_missed(n: u64, language: Language) -> String {
    match (language, n) {
        (Language::Zh, n) => format!("重新解析此前拒收的 {n} 条报文"),
        (Language::En, 1) => "Read the refused message again".to_owned(),
        (Language::En, n) => format!("Read the {n} refused messages again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::register::Stays;

    #[test]
    fn a_reason_that_many_share_is_told_once() {
        let stays = |detail: &str| Stays {
            detail: detail.to_owned(),
        };
        let rerun = Rerun {
            accepted: 12,
            refused: 4,
            rejected: vec![
                stays("/dB is missing"),
                stays("/dB is missing"),
                stays("a"),
                stays("b"),
            ],
        };
        assert_eq!(
            rerun_told(&rerun, Language::En),
            "12 taken, 4 stay: /dB is missing; a"
        );
        let all = Rerun {
            accepted: 3,
            ..Rerun::default()
        };
        assert_eq!(rerun_told(&all, Language::Zh), "3 条已接收");
    }

    #[test]
    fn one_message_is_not_many() {
        assert_eq!(
            read_missed(1, Language::En),
            "Read the refused message again"
        );
        assert!(read_missed(2, Language::En).contains("2 refused messages"));
    }
}
