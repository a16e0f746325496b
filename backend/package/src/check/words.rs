//! `words.toml`.

use egret_shared::package::words::WordsDef;

use super::Known;
use crate::problem::Problem;
use crate::spans::Entry;

pub(crate) fn check(entry: &Entry<'_, WordsDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    for feed in entry.def.category.keys() {
        let path = format!("category/{feed}");
        known.feeds.refer(entry, &path, feed.as_str(), problems);
        let def = known.feed_defs.get(feed.as_str());
        if def.is_some_and(|def| !def.report) {
            let message = format!("feed \"{feed}\" carries readings, which have no category");
            problems.push(entry.problem(&path, message));
        }
    }
}
