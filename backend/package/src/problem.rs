//! What is wrong with a city package, and where.

use std::fmt;

/// One mistake in one file.
///
/// Displays as `feeds.toml:14:9: feed "water.level": …`, the form that editors jump to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path relative to the package's folder.
    pub file: String,
    /// Line, counted from 1; 0 if the file as a whole is meant.
    pub line: u32,
    /// Column in characters, counted from 1; 0 if the file as a whole is meant.
    pub column: u32,
    /// A sentence that names the value, the limit, and what would do.
    pub message: String,
}

impl Problem {
    /// A problem with a file as a whole, such as that it is missing.
    pub fn whole(file: &str, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: 0,
            column: 0,
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.file, self.message)
        } else {
            write!(
                f,
                "{}:{}:{}: {}",
                self.file, self.line, self.column, self.message
            )
        }
    }
}
