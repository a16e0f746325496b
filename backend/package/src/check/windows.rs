//! Windows of metrics.

use egret_shared::package::metric::{MetricDef, WindowDef};
use egret_shared::time::Span;

use super::positive;
use crate::problem::Problem;
use crate::spans::Entry;

const MINUTE: Span = Span(60_000);
const HOUR: Span = Span(3_600_000);
const DAY: Span = Span(86_400_000);

/// The most slices a sliding window may have: each costs memory in every area and metric. A day
/// by the minute fits.
const SLICES_MAX: i64 = 1_440;

pub(crate) fn check(entry: &Entry<'_, MetricDef>, window: &WindowDef, problems: &mut Vec<Problem>) {
    positive(entry, "window/sliding", window.sliding, problems);
    positive(entry, "window/every", window.every, problems);
    positive(entry, "window/tumbling", window.tumbling, problems);
    let wrong = match (window.sliding, window.every, window.tumbling) {
        (Some(sliding), Some(every), None) if sliding.ms() > 0 && every.ms() > 0 => {
            uneven(sliding, every)
        }
        (Some(_), Some(_), None) => None,
        (Some(_), None, None) => Some((
            "sliding",
            "a sliding window needs its step: every = \"10s\"".to_owned(),
        )),
        (None, Some(_), Some(_)) => Some(("every", "only a sliding window has a step".to_owned())),
        (None, None, Some(tumbling)) => misses_midnight(tumbling).map(|why| ("tumbling", why)),
        (Some(_), _, Some(_)) => Some((
            "tumbling",
            "a window is either sliding or tumbling, not both".to_owned(),
        )),
        (None, _, None) => Some((
            "",
            "a window needs sliding and every, or tumbling: { tumbling = \"1h\" }".to_owned(),
        )),
    };
    if let Some((key, message)) = wrong {
        problems.push(entry.problem(&format!("window/{key}"), message));
    }
}

/// A window over which a feed's messages are counted: by the minute, for an hour at most.
pub(crate) fn whole_minutes<T>(
    entry: &Entry<'_, T>,
    path: &str,
    window: Span,
    problems: &mut Vec<Problem>,
) {
    let is_counted = window.ms() % MINUTE.ms() == 0 && window.ms() <= HOUR.ms();
    if window.ms() > 0 && !is_counted {
        let message = format!("{window} is not made of whole minutes, 60 at most");
        problems.push(entry.problem(path, message));
    }
}

fn uneven(sliding: Span, every: Span) -> Option<(&'static str, String)> {
    if sliding.ms() % every.ms() != 0 {
        Some(("every", format!("{every} does not divide {sliding}")))
    } else if sliding.ms() / every.ms() > SLICES_MAX {
        let slices = sliding.ms() / every.ms();
        Some((
            "every",
            format!("{sliding} by {every} are {slices} slices; {SLICES_MAX} are the most"),
        ))
    } else {
        None
    }
}

/// Tumbling windows begin at midnight: they fit into a day, or days fit into them.
fn misses_midnight(tumbling: Span) -> Option<String> {
    let ms = tumbling.ms();
    let fits = ms <= 0 || DAY.ms() % ms == 0 || ms % DAY.ms() == 0;
    (!fits).then(|| format!("{tumbling} neither divides a day nor is made of whole days"))
}
