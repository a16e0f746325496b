//! Topics and their levels.

/// The level of a topic filter that holds its last wildcard, counted from 0.
pub(crate) fn last_wildcard(filter: &str) -> Option<usize> {
    let wild = |(_, step): &(usize, &str)| matches!(*step, "+" | "#");
    filter
        .split('/')
        .enumerate()
        .filter(wild)
        .last()
        .map(|(level, _)| level)
}

/// A level of a topic, counted from 0; HTTP has no topic and so no level.
pub(crate) fn level_of(topic: &str, level: usize) -> Option<&str> {
    topic.split('/').nth(level).filter(|_| !topic.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_wildcard_of_a_filter_names_the_asset() {
        for (filter, level) in [
            ("egret/v1/manhole/+", Some(3)),
            ("egret/v1/hotline/report/+", Some(4)),
            ("a/+/+/t", Some(2)),
            ("a/#", Some(1)),
            ("gateway/7", None),
        ] {
            assert_eq!(last_wildcard(filter), level, "{filter}");
        }
        assert_eq!(level_of("egret/v1/manhole/M-1", 3), Some("M-1"));
        assert_eq!(level_of("egret/v1", 3), None);
        assert_eq!(level_of("", 0), None);
    }
}
