//! The messages of `docs/formats.md` are read by the feeds that stand above them.

use crate::feeds::{decoder_of, message};

const GUIDE: &str = include_str!("../../../../docs/formats.md");

/// The text of the first block in this language.
fn block<'a>(section: &'a str, language: &str) -> Option<&'a str> {
    let (_, after) = section.split_once(&format!("```{language}\n"))?;
    after.split("```").next()
}

/// The bytes that hexadecimal digits write, whatever stands between them.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    let byte = |pair: &[u32]| u8::try_from(pair[0] * 16 + pair[1]).unwrap();
    digits.chunks(2).map(byte).collect()
}

#[test]
fn every_documented_message_is_read() {
    let mut n_read = 0;
    for section in GUIDE.split("\n## ").skip(1) {
        let Some(feed) = block(section, "toml") else {
            continue;
        };
        let topic = section
            .split("Sent to `")
            .nth(1)
            .and_then(|text| text.split('`').next());
        let texts = ["json", "xml", "text"];
        let text = texts.iter().find_map(|language| block(section, language));
        let payload = match text {
            Some(text) => text.trim_end().as_bytes().to_owned(),
            None => bytes(block(section, "hex").unwrap()),
        };
        let elements = decoder_of(feed).decode(&message(topic.unwrap(), &payload));
        assert!(!elements.is_empty(), "{section}");
        assert!(elements.iter().all(Result::is_ok), "{elements:?}");
        n_read += 1;
    }
    assert!(n_read >= 1, "the guide has examples");
}
