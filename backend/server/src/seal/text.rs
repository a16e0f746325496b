//! Personal values as they are compared: one person writes a number with spaces, another with a
//! country's prefix, and both mean the same.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::limits::WORDS_MAX;

/// Digits of a phone number: from a local landline to the longest of E.164.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// What may stand between the digits of a number.
const SEPARATORS: &str = " -().";

/// Digits of a mobile number in China; they begin with 1.
const MOBILE_DIGITS: usize = 11;

/// Least length of a value that can be erased. Less would be found in everything.
pub(crate) const VALUE_CHARS_MIN: usize = 2;

/// The form in which values are compared: a phone number as its digits, anything else in lower
/// case, in the narrow forms of letters and digits, without space around it and with single spaces
/// in it.
pub(crate) fn normal(value: &str) -> String {
    let folded = folded(value);
    phone(&folded).unwrap_or(folded)
}

/// The normal forms by which a field's value is found: the whole of it, and phone numbers in it. A
/// value that was an object or an array is found by each value in it.
pub(crate) fn words(value: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let is_nested = value.trim_start().starts_with(['{', '[']);
    match serde_json::from_str::<Value>(value) {
        Ok(tree) if is_nested => add_leaves(&tree, &mut words),
        _ => add_words(value, &mut words),
    }
    words
}

fn add_leaves(tree: &Value, words: &mut BTreeSet<String>) {
    match tree {
        Value::Object(members) => members.values().for_each(|leaf| add_leaves(leaf, words)),
        Value::Array(elements) => elements.iter().for_each(|leaf| add_leaves(leaf, words)),
        Value::String(text) => add_words(text, words),
        Value::Number(number) => add_words(&number.to_string(), words),
        Value::Null | Value::Bool(_) => {}
    }
}

fn add_words(value: &str, words: &mut BTreeSet<String>) {
    let folded = folded(value);
    let runs = folded.split(|c: char| !c.is_ascii_digit() && c != '+' && !SEPARATORS.contains(c));
    // "13800005678 13900001234" are two numbers, "138 0000 5678" is one.
    let phones = runs
        .flat_map(|run| std::iter::once(run).chain(run.split(' ')))
        .filter_map(phone);
    for word in std::iter::once(normal(value)).chain(phones) {
        if words.len() < WORDS_MAX && word.chars().count() >= VALUE_CHARS_MIN {
            words.insert(word);
        }
    }
}

/// Whether a value, given in its normal form, stands anywhere in a payload, whatever its format
/// and however broken. In doubt it does.
pub(crate) fn stands_in(payload: &[u8], normal: &str) -> bool {
    let text = folded(&unescaped(&String::from_utf8_lossy(payload)));
    if is_digits(normal) && PHONE_DIGITS.contains(&normal.len()) {
        return digit_runs(&text).any(|run| run.contains(normal));
    }
    let is_part = |c: Option<char>, end: Option<char>| {
        let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        is_letter(c) && is_letter(end)
    };
    let mut found = text.match_indices(normal);
    found.any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text
            .get(at + normal.len()..)
            .and_then(|text| text.chars().next());
        !is_part(before, normal.chars().next()) && !is_part(after, normal.chars().next_back())
    })
}

/// In lower case and narrow forms, and with single spaces.
pub(super) fn folded(value: &str) -> String {
    let mut folded = String::with_capacity(value.len());
    for c in value.trim().chars().map(narrow) {
        if !c.is_whitespace() {
            folded.extend(c.to_lowercase());
        } else if !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    folded
}

/// The ASCII character of which `c` is the wide form, or `c`.
fn narrow(c: char) -> char {
    match u32::from(c) {
        0x3000 => ' ',
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

/// The digits of a phone number without China's prefix; `None` for what does not look like one.
pub(super) fn phone(folded: &str) -> Option<String> {
    let text: String = folded
        .chars()
        .filter(|c| !SEPARATORS.contains(*c))
        .collect();
    let (has_plus, digits) = match text.strip_prefix('+') {
        Some(digits) => (true, digits),
        None => (false, text.as_str()),
    };
    let is_mobile = |rest: &&str| rest.len() == MOBILE_DIGITS && rest.starts_with('1');
    let prefixed = digits.strip_prefix("86");
    let national = if has_plus {
        prefixed
    } else {
        let international = digits.strip_prefix("0086");
        international.or(prefixed.filter(is_mobile))
    };
    let digits = national.unwrap_or(digits);
    (is_digits(digits) && PHONE_DIGITS.contains(&digits.len())).then(|| digits.to_owned())
}

fn is_digits(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit())
}

/// Runs of digits, whatever separates groups of them.
fn digit_runs(text: &str) -> impl Iterator<Item = String> {
    let runs = text.split(|c: char| !c.is_ascii_digit() && c != '+' && !SEPARATORS.contains(c));
    runs.map(|run| run.chars().filter(char::is_ascii_digit).collect())
}

/// With JSON's escapes resolved, as far as they are whole.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        plain.push_str(before);
        let (character, n_bytes) = character_of(escape);
        plain.extend(character);
        rest = escape.get(n_bytes..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

/// The character that an escape, without its backslash, stands for, and the escape's length.
fn character_of(escape: &str) -> (Option<char>, usize) {
    let unit = |text: &str| {
        let hex = text.strip_prefix('u')?.get(..4)?;
        u16::from_str_radix(hex, 16).ok()
    };
    let Some(first) = unit(escape) else {
        let next = escape.chars().next();
        let is_space = matches!(next, Some('n' | 'r' | 't'));
        let character = if is_space { Some(' ') } else { next };
        return (character, next.map_or(0, char::len_utf8));
    };
    // Two halves of one character are two escapes.
    let second = escape.get(5..).and_then(|rest| rest.strip_prefix('\\'));
    let pair = second.and_then(unit).map(|second| [first, second]);
    let one = |units: &[u16]| char::decode_utf16(units.iter().copied()).next()?.ok();
    match one(&[first]) {
        Some(character) => (Some(character), 5),
        None => pair.map_or((None, 5), |pair| (one(&pair), 11)),
    }
}

#[cfg(test)]
mod tests;
