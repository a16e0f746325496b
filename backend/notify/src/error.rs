//! What can go wrong with the settings and with the outbox's file, in words and without secrets.

use std::fmt;
use std::path::Path;

use crate::limits::SAID_CHARS_MAX;

/// The outbox, or what it needs, failed.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The database failed. The caller tries again: nothing of the call has been done.
    #[error("notify.db: {0}")]
    Database(#[from] rusqlite::Error),
    /// A file cannot be read or made.
    #[error("{path}: {why}")]
    File {
        /// Which.
        path: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// A row cannot be understood.
    #[error("notify.db: delivery {id}: {why}; put the file back from a backup")]
    Row {
        /// Its number.
        id: i64,
        /// What is wrong.
        why: String,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
    /// A thread that waited for the file ended.
    #[error("notify.db: {0}")]
    Task(String),
    /// The settings cannot be used; all that is wrong with them, a line each.
    #[error("{}", lines(.0))]
    Settings(Vec<Mistake>),
}

/// One thing that is wrong in `[notify]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where: `notify.channel[1] "ding".url`, counted from 0.
    pub path: String,
    /// What is wrong, and what to do.
    pub why: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.why)
    }
}

fn lines(mistakes: &[Mistake]) -> String {
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl NotifyError {
    /// The file at `path` is wrong.
    pub(crate) fn file(path: &Path, why: impl fmt::Display) -> Self {
        Self::File {
            path: path.display().to_string(),
            why: why.to_string(),
        }
    }
}

/// A text from elsewhere, short and without what could break a line of a log.
pub(crate) fn said(text: &str) -> String {
    let mut chars = text.chars();
    let mut said = String::new();
    for char in chars.by_ref().take(SAID_CHARS_MAX) {
        said.push(if char.is_control() { ' ' } else { char });
    }
    if chars.next().is_some() {
        said.push('…');
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_receivers_say_is_cut_and_stays_in_one_line() {
        assert_eq!(said("no\r\nentry"), "no  entry");
        let long = said(&"白".repeat(SAID_CHARS_MAX + 1));
        assert_eq!(long, format!("{}…", "白".repeat(SAID_CHARS_MAX)));
    }

    #[test]
    fn every_mistake_has_its_own_line() {
        let mistake = |path: &str| Mistake {
            path: path.to_owned(),
            why: "is empty".to_owned(),
        };
        let error = NotifyError::Settings(vec![mistake("notify.base_url"), mistake("b")]);
        assert_eq!(error.to_string(), "notify.base_url: is empty\nb: is empty");
    }
}
