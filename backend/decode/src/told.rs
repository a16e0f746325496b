//! A report's text from the parts that a sender has for it, and which of its languages is taken.

use crate::limits::TEXT_BYTES_MAX;
use crate::refuse::beginning;

/// `text`, cut off at [`TEXT_BYTES_MAX`] with an ellipsis that shows it.
pub(crate) fn cut(text: &str) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let start = beginning(text, TEXT_BYTES_MAX - "…".len());
    format!("{start}…")
}

/// The parts that say something, each on a line of its own; a part that only repeats another is
/// left out.
pub(crate) fn lines<'a>(parts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut told = String::new();
    for part in parts {
        let part = part.trim();
        if part.is_empty() || told.contains(part) {
            continue;
        }
        if !told.is_empty() {
            told.push('\n');
        }
        told.push_str(beginning(part, TEXT_BYTES_MAX + 1));
        if told.len() > TEXT_BYTES_MAX {
            break;
        }
    }
    (!told.is_empty()).then(|| cut(&told))
}

/// How gladly a text in the language of this tag is taken, least first: Chinese, English, one that
/// says no language, any other. Cities here speak Chinese first.
pub(crate) fn rank(language: Option<&str>) -> u8 {
    let primary = language.and_then(|tag| tag.trim().split(['-', '_']).next());
    match primary {
        Some(tag) if tag.eq_ignore_ascii_case("zh") => 0,
        Some(tag) if tag.eq_ignore_ascii_case("en") => 1,
        None | Some("") => 2,
        Some(_) => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_become_lines_and_repetitions_are_left_out() {
        let parts = ["Road closed", "", " Road closed ", "Use the bridge"];
        assert_eq!(lines(parts).unwrap(), "Road closed\nUse the bridge");
        assert_eq!(lines(["", " "]), None);
    }

    #[test]
    fn a_long_text_is_cut_off_at_a_character_and_shows_it() {
        let long = "井".repeat(TEXT_BYTES_MAX);
        for told in [cut(&long), lines([long.as_str(), "more"]).unwrap()] {
            assert!(told.len() <= TEXT_BYTES_MAX && told.ends_with('…'));
        }
    }

    #[test]
    fn chinese_comes_before_english_before_no_language_before_others() {
        let ranks = [Some("zh-Hans"), Some("EN-us"), None, Some("es-US")].map(rank);
        assert!(ranks.is_sorted_by(|a, b| a < b), "{ranks:?}");
    }
}
