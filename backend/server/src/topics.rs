//! Which feed a topic belongs to: a trie of topic filters, walked level by level.
//!
//! # Source
//! MQTT 5, section 4.7: `+` stands for one level, `#` for the rest, and neither for a first level
//! that begins with `$`.

use std::collections::HashMap;

use egret_package::Package;
use egret_shared::package::command::CommandDef;

/// Topic filters with a feed's index at each end. A word beats `+`, and `+` beats `#`.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    words: HashMap<String, Self>,
    any: Option<Box<Self>>,
    rest: Option<usize>,
    end: Option<usize>,
}

impl Topics {
    /// The topics of a package's feeds, by their index.
    pub(crate) fn of(package: &Package) -> Self {
        let mut topics = Self::default();
        for (index, feed) in package.feeds.iter().enumerate() {
            if let Some(filter) = &feed.topic {
                topics.insert(filter, index);
            }
        }
        topics
    }

    /// Adds the topics by which commands of a package's feeds are answered.
    pub(crate) fn insert_replies(&mut self, package: &Package) {
        for (index, feed) in package.feeds.iter().enumerate() {
            let filters = feed.commands.iter().filter_map(CommandDef::reply_filter);
            filters.for_each(|filter| self.insert(&filter, index));
        }
    }

    /// The topics to which the commands of a package's feeds go, by the feeds' index.
    pub(crate) fn of_commands(package: &Package) -> Self {
        let mut topics = Self::default();
        for (index, feed) in package.feeds.iter().enumerate() {
            let filters = feed.commands.iter().map(CommandDef::filter);
            filters.for_each(|filter| topics.insert(&filter, index));
        }
        topics
    }

    /// Adds `filter` for `feed`. Of two equal filters the first stays; `egret check` refuses that.
    pub(crate) fn insert(&mut self, filter: &str, feed: usize) {
        let (level, rest) = match filter.split_once('/') {
            Some((level, rest)) => (level, Some(rest)),
            None => (filter, None),
        };
        if level == "#" {
            self.rest.get_or_insert(feed);
            return;
        }
        let child = match level {
            "+" => self.any.get_or_insert_default(),
            word => self.words.entry(word.to_owned()).or_default(),
        };
        match rest {
            Some(rest) => child.insert(rest, feed),
            None => {
                child.end.get_or_insert(feed);
            }
        }
    }

    /// The feed that `topic` belongs to.
    pub(crate) fn find(&self, topic: &str) -> Option<usize> {
        if topic.starts_with('$') {
            let (first, rest) = topic.split_once('/')?;
            return self.words.get(first)?.walk(Some(rest));
        }
        self.walk(Some(topic))
    }

    fn walk(&self, topic: Option<&str>) -> Option<usize> {
        let Some(topic) = topic else {
            return self.end.or(self.rest);
        };
        let (level, rest) = match topic.split_once('/') {
            Some((level, rest)) => (level, Some(rest)),
            None => (topic, None),
        };
        let by_word = self.words.get(level).and_then(|child| child.walk(rest));
        let by_any = || self.any.as_ref().and_then(|child| child.walk(rest));
        by_word.or_else(by_any).or(self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_beats_a_plus_and_a_plus_beats_a_hash() {
        let mut topics = Topics::default();
        let filters = [
            "egret/v1/manhole/+",
            "vendor-x/+/telemetry",
            "city/+/+/t",
            "#",
            "city/#",
        ];
        for (feed, filter) in filters.iter().enumerate() {
            topics.insert(filter, feed);
        }
        assert_eq!(topics.find("egret/v1/manhole/M-1"), Some(0));
        assert_eq!(topics.find("vendor-x/7/telemetry"), Some(1));
        assert_eq!(topics.find("city/a/b/t"), Some(2));
        assert_eq!(topics.find("city/a/b/u"), Some(4));
        assert_eq!(topics.find("city"), Some(4));
        assert_eq!(topics.find("egret/v1/manhole/M-1/x"), Some(3));
        assert_eq!(topics.find("$SYS/broker"), None);
    }
}
