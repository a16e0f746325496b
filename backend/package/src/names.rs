//! Which names there are, for whatever refers to one.

use std::collections::BTreeSet;

use crate::problem::Problem;
use crate::spans::Entry;

/// The names of one kind of thing.
pub(crate) struct Names {
    kind: &'static str,
    /// Absent if the file that gives them could not be read: then any name may be right.
    known: Option<BTreeSet<String>>,
}

impl Names {
    pub(crate) fn new(kind: &'static str, known: Option<BTreeSet<String>>) -> Self {
        Self { kind, known }
    }

    /// Refuses a reference at `path` of `entry` to something that there is not.
    pub(crate) fn refer<T>(
        &self,
        entry: &Entry<'_, T>,
        path: &str,
        name: &str,
        problems: &mut Vec<Problem>,
    ) {
        if let Some(message) = self.refusal(name) {
            problems.push(entry.problem(path, message));
        }
    }

    /// Why `name` is refused, if it is.
    pub(crate) fn refusal(&self, name: &str) -> Option<String> {
        let known = self.known.as_ref()?;
        if known.contains(name) {
            return None;
        }
        let hint = match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => did_you_mean(near),
            None if known.is_empty() => String::new(),
            None if known.len() <= LISTED_MAX => {
                let all: Vec<&str> = known.iter().map(String::as_str).collect();
                format!("; there are: {}", all.join(", "))
            }
            None => String::new(),
        };
        Some(format!("there is no {} \"{name}\"{hint}", self.kind))
    }
}

/// A longer list would bury the sentence.
const LISTED_MAX: usize = 8;

/// The most similar name, if it could be meant. 0.8 of Jaro-Winkler is a slip or two in a word.
pub(crate) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let rated = known.map(|other| (strsim::jaro_winkler(name, other), other));
    let best = rated.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 >= 0.8).then_some(best.1)
}

/// How a message ends that has a suggestion.
pub(crate) fn did_you_mean(name: &str) -> String {
    format!("; did you mean \"{name}\"?")
}
