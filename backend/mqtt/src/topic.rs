//! Topic names and topic filters: which are valid, which match, which are ours alone.
//!
//! # Source
//! MQTT 5.0 section 4.7 (the same rules as MQTT 3.1.1 section 4.7).

use crate::limits::TOPIC_LEVELS_MAX;

/// What the server itself publishes; clients may only subscribe.
const RESERVED_PREFIXES: [&str; 2] = ["egret/v1/out", "$SYS"];

/// What shared subscriptions begin with.
const SHARE: &str = "$share";

/// Whether a client may use this as a topic name: not empty, no wildcards, no NUL, not too deep.
pub(crate) fn is_valid_name(topic: &str) -> bool {
    !topic.is_empty() && !topic.contains(['+', '#', '\0']) && has_sane_depth(topic)
}

/// Whether only the server may publish here.
pub(crate) fn is_reserved(topic: &str) -> bool {
    RESERVED_PREFIXES.iter().any(|prefix| {
        topic
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Whether this is a well-formed filter: wildcards stand alone in their level, `#` only at the end.
pub(crate) fn is_valid_filter(filter: &str) -> bool {
    if filter.is_empty() || filter.contains('\0') || !has_sane_depth(filter) {
        return false;
    }
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        let is_last = levels.peek().is_none();
        let is_well_formed = match level {
            "#" => is_last,
            "+" => true,
            plain => !plain.contains(['+', '#']),
        };
        if !is_well_formed {
            return false;
        }
    }
    true
}

/// What a client subscribes to, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subscription<'a> {
    /// All of it, if it shares the messages with others: groups of one name with different filters
    /// are different groups.
    pub(crate) share: Option<&'a str>,
    /// Which topics.
    pub(crate) filter: &'a str,
}

impl<'a> Subscription<'a> {
    /// Takes a filter apart; `None` if it is malformed.
    ///
    /// # Source
    /// MQTT 5.0 section 4.8.2: `$share/{group}/{filter}`, where the group is not empty and has no
    /// wildcard.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let Some(shared) = text.strip_prefix(SHARE) else {
            return is_valid_filter(text).then_some(Self {
                share: None,
                filter: text,
            });
        };
        let (group, filter) = shared.strip_prefix('/')?.split_once('/')?;
        let is_well_formed =
            !group.is_empty() && !group.contains(['+', '#', '\0']) && is_valid_filter(filter);
        is_well_formed.then_some(Self {
            share: Some(text),
            filter,
        })
    }
}

/// Whether a valid filter matches a valid topic name.
pub(crate) fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut names = topic.split('/');
    for level in filter.split('/') {
        match (level, names.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (level, Some(name)) if level == name => {}
            _ => return false,
        }
    }
    names.next().is_none()
}

fn has_sane_depth(topic: &str) -> bool {
    topic.bytes().filter(|&byte| byte == b'/').count() < TOPIC_LEVELS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_the_standard_says() {
        for (filter, topic, expected) in [
            ("sport/tennis/player1/#", "sport/tennis/player1", true),
            (
                "sport/tennis/player1/#",
                "sport/tennis/player1/score/wimbledon",
                true,
            ),
            ("sport/+", "sport", false),
            ("sport/+", "sport/", true),
            ("+/+", "/finance", true),
            ("/+", "/finance", true),
            ("+", "/finance", false),
            ("#", "$SYS/uptime", false),
            ("+/monitor/clients", "$SYS/monitor/clients", false),
            ("$SYS/#", "$SYS/uptime", true),
            ("a/b", "a/b/c", false),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} on {topic}");
        }
    }

    #[test]
    fn wildcards_must_stand_alone() {
        for filter in ["a/#/b", "a#", "a+/b", "", "a\0"] {
            assert!(!is_valid_filter(filter), "{filter:?}");
        }
        for filter in ["#", "+", "a/+/b/#", "/", "a//b"] {
            assert!(is_valid_filter(filter), "{filter:?}");
        }
    }

    #[test]
    fn shared_subscriptions_are_taken_apart_and_malformed_ones_refused() {
        for (text, filter) in [
            ("$share/g/a/#", "a/#"),
            ("$share/g/#", "#"),
            ("$share/g//a", "/a"),
            ("$share/g/$share/g/a", "$share/g/a"),
        ] {
            let share = Some(text);
            assert_eq!(
                Subscription::parse(text),
                Some(Subscription { share, filter })
            );
        }
        for text in [
            "$share",
            "$share/",
            "$share/g",
            "$share/g/",
            "$share//a",
            "$share/+/a",
            "$share/g#/a",
            "$share/g/a#",
            "$shared/a",
        ] {
            assert_eq!(Subscription::parse(text), None, "{text}");
        }
        let plain = Subscription {
            share: None,
            filter: "a/$share/b",
        };
        assert_eq!(Subscription::parse("a/$share/b"), Some(plain));
    }

    #[test]
    fn the_servers_own_topics_are_reserved() {
        assert!(is_reserved("egret/v1/out/alerts/350203"));
        assert!(is_reserved("$SYS/x"));
        assert!(!is_reserved("egret/v1/outfall/M-1"));
    }

    #[test]
    fn topics_deeper_than_the_tree_are_refused() {
        assert!(is_valid_name(&"a/".repeat(TOPIC_LEVELS_MAX - 1)));
        assert!(!is_valid_name(&"a/".repeat(TOPIC_LEVELS_MAX)));
    }
}
