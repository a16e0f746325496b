//! The topic filter of a feed, from the topics of its samples.

/// Levels that say nothing of a feed, such as versions and directions.
const EMPTY_WORDS: [&str; 14] = [
    "up",
    "uplink",
    "down",
    "data",
    "telemetry",
    "event",
    "events",
    "state",
    "status",
    "device",
    "devices",
    "mqtt",
    "city",
    "t",
];

/// The filter that all topics match, and the level that names the asset, if one does: levels that
/// differ, that are an asset's id, or of a single topic the last that looks like one. Nothing where
/// there is no topic.
pub(in super::super) fn filter_of(
    topics: &[&str],
    assets: &[String],
) -> Option<(String, Option<usize>)> {
    let topics: Vec<Vec<&str>> = topics
        .iter()
        .filter(|topic| !topic.is_empty())
        .map(|topic| topic.split('/').collect())
        .collect();
    let first = topics.first()?;
    // Topics of other lengths are of another feed.
    let alike: Vec<&Vec<&str>> = topics
        .iter()
        .filter(|topic| topic.len() == first.len())
        .collect();
    let mut levels: Vec<&str> = Vec::new();
    let mut asset = None;
    for (number, level) in first.iter().enumerate() {
        let differs = alike.iter().any(|topic| topic.get(number) != Some(level));
        let is_asset = assets.iter().any(|asset| asset == level);
        if differs || is_asset {
            levels.push("+");
            asset = Some(number);
        } else {
            levels.push(level);
        }
    }
    if asset.is_none() && assets.is_empty() {
        let found = first.iter().rposition(|level| looks_like_an_id(level));
        if let Some(number) = found
            && let Some(level) = levels.get_mut(number)
        {
            *level = "+";
            asset = Some(number);
        }
    }
    Some((levels.join("/"), asset))
}

/// Whether a level has a digit and is no version.
fn looks_like_an_id(level: &str) -> bool {
    let digits = level.chars().filter(char::is_ascii_digit).count();
    let is_version = level
        .strip_prefix('v')
        .is_some_and(|rest| rest.chars().count() == digits);
    digits > 0 && !is_version
}

/// The level that says best what a feed is: the first that is a word of its own.
pub(super) fn word_of(topic: &str, filter: &str) -> Option<String> {
    let levels = topic.split('/').zip(filter.split('/'));
    let says = |(level, step): &(&str, &str)| {
        *step != "+"
            && !level.is_empty()
            && !EMPTY_WORDS.contains(level)
            && !looks_like_an_id(level)
    };
    let mut levels = levels.filter(says);
    levels.next().map(|(level, _)| level.to_owned())
}

/// Whether a topic filter covers a topic.
///
/// # Source
/// MQTT 5.0, section 4.7.
pub(in super::super) fn covers(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') {
        return false;
    }
    let mut steps = filter.split('/');
    let mut levels = topic.split('/');
    loop {
        match (steps.next(), levels.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some(step), Some(level)) if step == "+" || step == level => {}
            _ => return false,
        }
    }
}
