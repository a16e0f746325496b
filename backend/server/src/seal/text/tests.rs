//! Values by table: what is the same, and what is found where.

use super::*;

#[test]
fn one_number_in_many_ways_is_one_number() {
    for way in [
        "13800005678",
        " 13800005678 ",
        "138 0000 5678",
        "138-0000-5678",
        "+86 138 0000 5678",
        "+8613800005678",
        "008613800005678",
        "8613800005678",
        "(+86)13800005678",
        "１３８００００５６７８",
    ] {
        assert_eq!(normal(way), "13800005678", "{way}");
    }
    assert_eq!(normal("0592-2000 0000"), "059220000000");
    assert_eq!(normal("+1 (202) 555-0100"), "12025550100");
}

#[test]
fn what_is_no_number_is_compared_without_case_width_and_spaces() {
    for (value, expected) in [
        ("张三", "张三"),
        ("　张三\n", "张三"),
        ("Zhang  San", "zhang san"),
        ("ＺＨＡＮＧ san", "zhang san"),
        ("A.B@Example.COM", "a.b@example.com"),
        ("35020019900101001X", "35020019900101001x"),
        ("350200199001010011", "350200199001010011"),
        ("123456", "123456"),
        ("", ""),
    ] {
        assert_eq!(normal(value), expected, "{value:?}");
    }
}

fn found_by(value: &str) -> Vec<String> {
    words(value).into_iter().collect()
}

#[test]
fn a_field_is_found_by_its_whole_and_by_the_numbers_in_it() {
    assert_eq!(found_by("138-0000-5678"), ["13800005678"]);
    assert_eq!(found_by("张三"), ["张三"]);
    assert_eq!(found_by("x"), [""; 0]);
    assert_eq!(
        found_by("Call +86 138 0000 5678, or 05922000000"),
        [
            "05922000000",
            "13800005678",
            "call +86 138 0000 5678, or 05922000000"
        ]
    );
    let two = found_by("13800005678 13900001234");
    assert!(two.contains(&"13800005678".to_owned()), "{two:?}");
    assert!(two.contains(&"13900001234".to_owned()), "{two:?}");
}

#[test]
fn a_value_with_members_is_found_by_each_of_them() {
    let caller = r#"{"name":"张三","phone":13800005678,"other":["李四",null,true]}"#;
    assert_eq!(found_by(caller), ["13800005678", "张三", "李四"]);
    assert_eq!(found_by("[broken"), ["[broken"]);
}

#[test]
fn a_field_has_a_bounded_number_of_words() {
    let many: Vec<String> = (0..1_000).map(|n| format!("name {n}")).collect();
    let many = serde_json::to_string(&many).unwrap();
    assert_eq!(words(&many).len(), WORDS_MAX);
}

#[test]
fn a_value_is_found_in_any_payload_and_not_in_parts_of_others() {
    for (payload, value, expected) in [
        (r#"{"phone":"13800005678"}"#, "13800005678", true),
        (r#"{"phone":"+86 138-0000-5678"#, "13800005678", true),
        (r#"{"phone":13800005678}"#, "138 0000 5678", true),
        (r#"{"phone":"13800005679"}"#, "13800005678", false),
        ("name=张三;tel=", "张三", true),
        (r#"{"n":"\u5f20\u4e09"}"#, "张三", true),
        (r#"{"n":"\u5f20\u4e"#, "张三", false),
        (r#"{"n":"\ud83d\ude00 Ann"}"#, "😀 ann", true),
        (r#"{"n":"ANN LEE"}"#, "Ann  Lee", true),
        (r#"{"n":"Joann"}"#, "Ann", false),
        (r#"{"n":"Anna"}"#, "Ann", false),
        (r#"{"n":"a\/b"}"#, "a/b", true),
        ("", "张三", false),
    ] {
        let found = stands_in(payload.as_bytes(), &normal(value));
        assert_eq!(found, expected, "{value} in {payload}");
    }
}
