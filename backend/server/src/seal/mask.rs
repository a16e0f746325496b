//! A personal value as it is shown to whoever may work with a report but has given no reason to
//! see it: enough to tell two callers apart, too little to reach one.
//!
//! No mask shows more than half of a value's characters, but for one: a mobile number keeps the
//! three first and four last of its eleven digits, which is how everybody in China writes one.

use super::text::{folded, phone};

/// Digits of a mobile number in China.
const MOBILE_DIGITS: usize = 11;

/// Characters of an address that are kept: province and city.
const ADDRESS_CHARS: usize = 6;

/// A name of Han characters has at most so many, unless its field is called a name.
const HAN_NAME_CHARS: usize = 4;

/// A value that is no name is shown in no part if it has no more characters than this.
const SHORT_CHARS: usize = 3;

/// Most stars of a mask, so that it does not tell how long the value was.
const STARS: &str = "***";

/// `value` of the field `name`, such as `/caller/phone`, masked.
pub(crate) fn mask(name: &str, value: &str) -> String {
    let value = value.trim();
    let name = name.to_lowercase();
    let is_called = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let n_chars = value.chars().count();
    let is_all_han = n_chars > 0 && value.chars().all(|c| is_han(c) || "·•".contains(c));
    if let Some(digits) = phone(&folded(value)) {
        return phone_mask(&digits);
    }
    if let Some((_, domain)) = value.split_once('@') {
        return email_mask(value, domain, n_chars);
    }
    if is_called(&["addr", "住址", "地址"]) && value.chars().any(is_han) {
        return address_mask(value, n_chars);
    }
    let is_name = is_called(&["name", "姓名"]);
    if is_all_han && (n_chars <= HAN_NAME_CHARS || is_name) {
        return han_name_mask(value, n_chars);
    }
    if value.chars().any(is_han) && !is_name && looks_like_address(value) {
        return address_mask(value, n_chars);
    }
    if n_chars > SHORT_CHARS || (is_name && n_chars > 1) {
        beginning(value, 1) + STARS
    } else {
        STARS.to_owned()
    }
}

fn is_han(c: char) -> bool {
    matches!(u32::from(c), 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF)
}

/// Whether a text names places, the larger before the smaller.
fn looks_like_address(value: &str) -> bool {
    let places = [
        "省", "市", "区", "县", "镇", "乡", "村", "街", "路", "巷", "弄", "号",
    ];
    let n_places = places.iter().filter(|place| value.contains(*place)).count();
    n_places >= 2
}

fn beginning(value: &str, n_chars: usize) -> String {
    value.chars().take(n_chars).collect()
}

/// The last digits alone, of a mobile number the first as well.
fn phone_mask(digits: &str) -> String {
    let (n_first, n_last) = match digits.len() {
        MOBILE_DIGITS => (3, 4),
        n_digits => (0, (n_digits / 2).min(4)),
    };
    let first = digits.get(..n_first).unwrap_or_default();
    let last = digits.get(digits.len() - n_last..).unwrap_or_default();
    format!("{first}****{last}")
}

/// The first letter, and the domain if it is a small part of the whole.
fn email_mask(value: &str, domain: &str, n_chars: usize) -> String {
    let n_domain = domain.chars().count();
    if (n_domain + 2) * 2 <= n_chars {
        format!("{}{STARS}@{domain}", beginning(value, 1))
    } else if n_chars > SHORT_CHARS && !value.starts_with('@') {
        format!("{}{STARS}@{STARS}", beginning(value, 1))
    } else {
        STARS.to_owned()
    }
}

fn address_mask(value: &str, n_chars: usize) -> String {
    beginning(value, ADDRESS_CHARS.min(n_chars / 2)) + STARS
}

/// The first character, and a star for each other one.
fn han_name_mask(value: &str, n_chars: usize) -> String {
    if n_chars < 2 {
        return "*".to_owned();
    }
    let n_stars = (n_chars - 1).min(STARS.len());
    beginning(value, 1) + &"*".repeat(n_stars)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn phones_names_addresses_and_the_rest_are_masked_as_people_know_it() {
        for (name, value, expected) in [
            ("/caller/phone", "13800005678", "138****5678"),
            ("/caller/phone", "+86 138-0000-5678", "138****5678"),
            ("/x", "138 0000 5678", "138****5678"),
            ("/phone", "2000000", "****000"),
            ("/phone", "059220000000", "****0000"),
            ("/phone", "110", "***"),
            ("/caller/name", "张三", "张*"),
            ("/caller/name", "欧阳娜娜", "欧***"),
            ("/caller/name", "买买提·吐尔逊", "买***"),
            ("/who", "李小明", "李**"),
            ("/caller/name", "张", "*"),
            ("/caller/name", "Zhang San", "Z***"),
            ("/caller/name", "Al", "A***"),
            ("/caller/name", "X", "***"),
            ("/address", "福建省厦门市思明区某路1号", "福建省厦门市***"),
            ("/address", "厦门市某路1号", "厦门市***"),
            ("/address", "某路1号", "某路***"),
            ("/where", "福建省厦门市思明区某路1号", "福建省厦门市***"),
            ("/address", "SIM-ADDRESS-12", "S***"),
            ("/mail", "zhangsanfeng.wudang@qq.com", "z***@qq.com"),
            ("/mail", "zhang@example.com", "z***@***"),
            ("/mail", "a@b", "***"),
            ("/mail", "@example.com", "***"),
            ("/id", "35020019900101001X", "3***"),
            ("/caller/age", "35", "***"),
            ("/text", "路口积水很深请尽快处理", "路***"),
            ("/text", "", "***"),
        ] {
            assert_eq!(mask(name, value), expected, "{name} {value}");
        }
    }

    proptest! {
        #[test]
        fn no_mask_shows_more_than_half_but_that_of_a_mobile_number(
            name in "/(phone|name|address|x)",
            value in "[0-9]{0,16}|[张三欧阳厦门市路号区1·]{0,14}|[a-z @.]{0,20}|\\PC{0,16}",
        ) {
            let masked = mask(&name, &value);
            let is_mobile = phone(&folded(&value)).is_some_and(|digits| digits.len() == MOBILE_DIGITS);
            let n_shown = masked.chars().filter(|c| *c != '*').count();
            let n_chars = value.trim().chars().count();
            prop_assert!(masked.contains('*'));
            prop_assert!(is_mobile || n_shown * 2 <= n_chars, "{value:?} is shown as {masked:?}");
        }
    }
}
