//! What serde says about a value, in the words of those who write the files.
//!
//! serde speaks of fields, variants and sequences; the files have keys, words and lists.

use crate::names::{did_you_mean, nearest};

/// Their words and ours. Longer ones stand before those that are part of them.
const WORDS: [(&str, &str); 24] = [
    ("unknown field", "unknown key"),
    ("missing field", "missing key"),
    ("unknown variant", "unknown word"),
    (", expected one of `", "; there are `"),
    (", expected `", "; there are `"),
    ("` or `", "`, `"),
    (
        "invalid type: unit variant, expected newtype variant",
        "this word does not stand alone: write { word = … }",
    ),
    ("expected table, found ", "write the word alone, not with "),
    (
        "wanted string or table",
        "write a word in quotes, or { word = … }",
    ),
    (
        "wanted exactly 1 element, more than 1 element",
        "write one { word = … } only",
    ),
    (
        "wanted exactly 1 element, found 0 elements",
        "write one { word = … }",
    ),
    (
        "a text or a list of texts",
        "write a text in quotes, or a list of them",
    ),
    ("invalid type: string", "this is the text"),
    ("invalid type: integer", "this is the number"),
    ("invalid type: floating point", "this is the number"),
    ("invalid type: boolean", "this is"),
    ("invalid type: map", "this is a table { … }"),
    ("invalid type: sequence", "this is a list [ … ]"),
    ("invalid type: ", "this is "),
    ("expected a string", "expected a text in quotes"),
    ("expected a boolean", "expected true or false"),
    ("expected a sequence", "expected a list [ … ]"),
    ("expected f64", "expected a number"),
    ("expected u32", "expected a whole number, 0 or more"),
];

/// The message as the files' authors would put it. A word that looks like one of those that there
/// are gets that as a suggestion. `written` is the text that the message is about, if it is one.
pub(crate) fn of(message: &str, written: Option<&str>) -> String {
    let mut told = message.trim().to_owned();
    for (theirs, ours) in WORDS {
        told = told.replace(theirs, ours);
    }
    if let Some(written) = written {
        told = told.replace("{ word = … }", &format!("{{ {written} = … }}"));
    }
    // The types' names are nothing to the author.
    if let Some((before, _)) = told.split_once("expected struct ") {
        told = format!("{before}expected a table {{ … }}");
    }
    // serde puts words between back quotes: the wrong one first, then those that there are.
    let mut words = message.split('`').skip(1).step_by(2);
    let wrong = words.next().filter(|_| message.starts_with("unknown "));
    if let Some(near) = wrong.and_then(|wrong| nearest(wrong, words)) {
        told.push_str(&did_you_mean(near));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_says_is_put_into_the_words_of_the_files() {
        for (theirs, ours) in [
            (
                "unknown field `agregate`, expected one of `id`, `aggregate`",
                "unknown key `agregate`; there are `id`, `aggregate`; did you mean \"aggregate\"?",
            ),
            (
                "unknown variant `places`, expected `place` or `responsible`",
                "unknown word `places`; there are `place`, `responsible`; did you mean \"place\"?",
            ),
            ("missing field `unit`", "missing key `unit`"),
            (
                "invalid type: integer `5`, expected struct LevelsDef",
                "this is the number `5`, expected a table { … }",
            ),
            (
                "invalid type: string \"yes\", expected a boolean",
                "this is the text \"yes\", expected true or false",
            ),
            (
                "invalid type: unit variant, expected newtype variant",
                "this word does not stand alone: write { rate = … }",
            ),
        ] {
            assert_eq!(of(theirs, Some("rate")), ours);
        }
    }
}
