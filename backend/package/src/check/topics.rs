//! MQTT topic filters.

/// Whether `filter` is one.
///
/// # Errors
/// A sentence.
///
/// # Source
/// MQTT 5.0, section 4.7.
pub(crate) fn filter(filter: &str) -> Result<(), String> {
    if filter.is_empty() {
        return Err("a topic filter must not be empty".to_owned());
    }
    if filter.len() > usize::from(u16::MAX) || filter.contains('\0') {
        return Err(format!(
            "topic filter {filter:?} is too long or holds a NUL"
        ));
    }
    if filter.starts_with('$') {
        return Err(format!(
            "topic filter \"{filter}\" begins with $, which is the broker's own"
        ));
    }
    let n_levels = filter.split('/').count();
    for (number, level) in filter.split('/').enumerate() {
        if level.contains('#') && (level != "#" || number + 1 < n_levels) {
            return Err(format!(
                "topic filter \"{filter}\": # must be the last level, alone"
            ));
        }
        if level.contains('+') && level != "+" {
            return Err(format!(
                "topic filter \"{filter}\": + must stand alone in its level"
            ));
        }
    }
    Ok(())
}

/// Whether every message matched by `filter` has a topic level `number`, counted from 0.
pub(crate) fn has_level(filter: &str, number: usize) -> bool {
    filter.split('/').filter(|level| *level != "#").count() > number || filter.ends_with('#')
}

/// Level `number` of every topic that `filter` matches, counted from 0, if it is written out.
pub(crate) fn written(filter: &str, number: usize) -> Option<&str> {
    let level = filter.split('/').nth(number)?;
    (!level.contains(['+', '#'])).then_some(level)
}

/// Whether there is a topic that both filters match.
pub(crate) fn meet(one: &str, other: &str) -> bool {
    let (mut ones, mut others) = (one.split('/'), other.split('/'));
    loop {
        match (ones.next(), others.next()) {
            // A # stands for its parent, too.
            (Some("#"), _) | (_, Some("#")) | (None, None) => return true,
            (None, Some(_)) | (Some(_), None) => return false,
            (Some(one), Some(other)) => {
                if one != other && one != "+" && other != "+" {
                    return false;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_accepted_as_mqtt_has_them() {
        for good in ["a/+/b", "#", "+", "a/#", "/a", "a//b", "积水/+"] {
            assert_eq!(filter(good), Ok(()), "{good}");
        }
        for bad in ["", "a/#/b", "a#", "a/b+", "$share/g/a", "a\0b"] {
            assert!(filter(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn filters_meet_where_a_topic_fits_both() {
        for (one, other) in [
            ("a/b", "a/b"),
            ("a/+", "a/b"),
            ("a/+/c", "+/b/c"),
            ("a/#", "a"),
            ("#", "a/b"),
        ] {
            assert!(meet(one, other) && meet(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("a/b", "a/c"),
            ("a/+", "a/b/c"),
            ("a/b/#", "a/c"),
            ("a", "a/b"),
        ] {
            assert!(!meet(one, other) && !meet(other, one), "{one} {other}");
        }
    }

    #[test]
    fn a_level_is_there_if_the_filter_has_it_or_leaves_the_end_open() {
        assert!(has_level("a/+/b", 2) && !has_level("a/+/b", 3));
        assert!(has_level("a/#", 7));
    }
}
