//! The letters of acts: one key does what a button does. Pure.

use egret_shared::case::ActKind;

/// The letter of an act; ticks have boxes of their own. `j`, `k` and `l` are taken: they move in the
/// queue and switch the language. The two that exclude each other share one.
pub(crate) const fn letter(act: ActKind) -> Option<char> {
    Some(match act {
        ActKind::Acknowledge => 'a',
        ActKind::File => 'f',
        ActKind::Dismiss => 'x',
        ActKind::Dispatch => 'd',
        ActKind::Command => 'c',
        ActKind::Accept => 't',
        ActKind::Return => 'r',
        ActKind::Dispute => 'o',
        ActKind::Decide => 'i',
        ActKind::Feedback => 'b',
        ActKind::Verify => 'v',
        ActKind::Close => 'e',
        ActKind::Evaluate => 's',
        ActKind::Reopen => 'n',
        ActKind::Supervise => 'u',
        ActKind::Grade => 'g',
        ActKind::Wait | ActKind::Resume => 'p',
        ActKind::Comment => 'm',
        ActKind::Attach => 'h',
        ActKind::Link => 'q',
        ActKind::Merge => 'w',
        ActKind::Split => 'y',
        ActKind::Parent => 'z',
        ActKind::Tick => return None,
    })
}

/// The legal act that a key stands for.
pub(super) fn act_of(key: &str, moves: &[ActKind]) -> Option<ActKind> {
    let mut chars = key.chars();
    let pressed = chars.next().filter(|_| chars.next().is_none())?;
    let is_meant = |act: &&ActKind| letter(**act) == Some(pressed);
    moves.iter().find(is_meant).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_act_but_a_tick_has_a_letter_that_nothing_else_uses() {
        let mut used: BTreeMap<char, Vec<ActKind>> = BTreeMap::new();
        for act in ActKind::ALL {
            match letter(act) {
                Some(letter) => used.entry(letter).or_default().push(act),
                None => assert_eq!(act, ActKind::Tick),
            }
        }
        for (letter, acts) in used {
            assert!(!matches!(letter, 'j' | 'k' | 'l'), "{letter}");
            let is_shared = acts == [ActKind::Wait, ActKind::Resume];
            assert!(acts.len() == 1 || is_shared, "{letter}: {acts:?}");
        }
    }

    #[test]
    fn a_key_does_what_is_legal_and_nothing_else() {
        let moves = [ActKind::File, ActKind::Resume];
        assert_eq!(act_of("f", &moves), Some(ActKind::File));
        assert_eq!(act_of("p", &moves), Some(ActKind::Resume));
        for key in ["d", "F1", "Enter", ""] {
            assert_eq!(act_of(key, &moves), None);
        }
    }
}
