//! JSON Pointers.

use crate::problem::Problem;
use crate::spans::Entry;

/// Refuses a text that is no JSON Pointer.
///
/// # Source
/// RFC 6901, section 3.
pub(crate) fn pointer<T>(
    entry: &Entry<'_, T>,
    path: &str,
    text: &str,
    problems: &mut Vec<Problem>,
) {
    if !(text.is_empty() || text.starts_with('/')) {
        let message = format!("\"{text}\" is no JSON Pointer: it begins with /, as in \"/{text}\"");
        problems.push(entry.problem(path, message));
    } else if text
        .split('~')
        .skip(1)
        .any(|after| !after.starts_with(['0', '1']))
    {
        let message = format!("\"{text}\" is no JSON Pointer: ~ is written ~0, and / in a key ~1");
        problems.push(entry.problem(path, message));
    }
}
