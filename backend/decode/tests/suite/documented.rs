//! The messages of `docs/formats.md` are read by the feeds that stand above them.

use crate::feeds::decode_by;

const GUIDE: &str = include_str!("../../../../docs/formats.md");

/// The text of the first block in this language.
fn block<'a>(section: &'a str, language: &str) -> Option<&'a str> {
    let (_, after) = section.split_once(&format!("```{language}\n"))?;
    after.split("```").next()
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
        let message = block(section, "json").or_else(|| block(section, "text"));
        let elements = decode_by(feed, topic.unwrap(), message.unwrap().trim_end());
        assert!(elements.iter().all(Result::is_ok), "{elements:?}");
        n_read += 1;
    }
    assert!(n_read >= 1, "the guide has examples");
}
