//! The feed whose reports are the requests of the Open311 server.

use egret_shared::package::feed::{Crs, FeedDef};
use egret_shared::package::words::WordsDef;

use crate::problem::Problem;
use crate::spans::List;

/// Checks the feed that says `open311 = true`: one, of reports, with words for its services.
pub(crate) fn check(
    feeds: &List<'_, FeedDef>,
    words: Option<&WordsDef>,
    problems: &mut Vec<Problem>,
) {
    let mut chosen = feeds.entries.iter().filter(|entry| entry.def.open311);
    let Some(entry) = chosen.next() else {
        return;
    };
    let feed = &entry.def;
    for other in chosen {
        let message = format!("feed \"{}\" has the city's requests already", feed.id);
        problems.push(other.problem("open311", message));
    }
    if !feed.report {
        let message = "requests are reports: it needs report = true";
        problems.push(entry.problem("open311", message));
        return;
    }
    if !matches!(feed.crs, Crs::Wgs84 | Crs::Cgcs2000) {
        let message = "positions of requests are WGS 84: leave crs out";
        problems.push(entry.problem("crs", message));
    }
    let categories = words.and_then(|words| words.category.get(&feed.id));
    if categories.is_none_or(std::collections::BTreeMap::is_empty) {
        let message = format!(
            "its services are the categories in words.toml: [category.{}] must name one at least",
            feed.id
        );
        problems.push(entry.problem("open311", message));
    }
}
