//! What recipients read.

use egret_shared::text::Text;

use super::*;
use crate::notice::NoticeKind;

fn letter(language: Language, maybe_repeated: bool, text: &str) -> Letter {
    let notice = Notice {
        key: "20260622-0007/1/opened".to_owned(),
        seq: 7,
        at: TimeMs::from_rfc3339("2026-06-22T06:05:00+08:00").unwrap(),
        kind: NoticeKind::Opened,
        level: Level::Red,
        class: String::new(),
        areas: Vec::new(),
        lead: None,
        support: Vec::new(),
        persons: Vec::new(),
        title: Text::new("仙岳路积水", "Ponding on Xianyue Road"),
        text: Text::new(text, text),
        incident: Some("20260622-0007".into()),
        link: "/incident/20260622-0007".to_owned(),
    };
    Letter {
        id: "egret-1".to_owned(),
        recipient: String::new(),
        mentions: Vec::new(),
        language,
        maybe_repeated,
        content: Content::Notice(Box::new(notice)),
        base_url: Some("https://egret.example/".parse().unwrap()),
        zone: chrono_tz::Asia::Shanghai,
        now: TimeMs(0),
    }
}

#[test]
fn a_message_says_level_kind_place_time_and_where_to_look_in_both_languages() {
    let zh = Message::of(&letter(Language::Zh, false, "水深 30 cm"));
    assert_eq!(zh.subject, "【红色】新案件：仙岳路积水");
    let text = zh.plain();
    for part in [
        "水深 30 cm",
        "2026-06-22 06:05",
        "https://egret.example/incident/20260622-0007",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let en = Message::of(&letter(Language::En, false, "30 cm deep"));
    assert_eq!(en.subject, "[RED] New incident: Ponding on Xianyue Road");
}

#[test]
fn what_may_be_a_repetition_says_so_in_the_subject() {
    let zh = Message::of(&letter(Language::Zh, true, ""));
    assert!(zh.subject.starts_with("（可能重复）"), "{}", zh.subject);
    let en = Message::of(&letter(Language::En, true, ""));
    assert!(
        en.subject.starts_with("(maybe repeated) "),
        "{}",
        en.subject
    );
}

#[test]
fn nothing_that_somebody_wrote_becomes_markup_or_a_call() {
    let evil = "<@all> [click](http://evil) @all **x** <at id=all></at>\n# head";
    let message = Message::of(&letter(Language::En, false, evil));
    let markdown = message.body_markdown("\n", 10_000);
    for markup in ["<@", "<at", "](http://evil", "@all", "\n#"] {
        assert!(!markdown.contains(markup), "{markup}: {markdown}");
    }
    let html = Message::of(&letter(Language::En, false, "<script>\"'&")).html();
    assert!(html.contains("&lt;script&gt;&quot;&#39;&amp;"), "{html}");
}

#[test]
fn a_message_that_is_too_long_keeps_its_link() {
    let message = Message::of(&letter(Language::Zh, false, &"很长的一行。\n".repeat(200)));
    let markdown = message.markdown_within("\n", 500);
    assert!(markdown.len() <= 500, "{}", markdown.len());
    assert!(markdown.contains("](https://egret.example/incident/20260622-0007)"));
    assert!(markdown.contains('…'));
}

#[test]
fn a_path_that_could_leave_the_link_makes_none() {
    let letter = letter(Language::Zh, false, "");
    assert!(link(&letter, "/incident/1").is_some());
    assert_eq!(link(&letter, "/incident/1) [x](http://evil"), None);
    assert_eq!(link(&letter, "http://evil"), None);
}
