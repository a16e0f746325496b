//! What was looked at and what was found: a test goes on after the first finding and fails at the
//! end with all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Findings of one kind that are shown; the others are counted.
const SHOWN: usize = 4;

/// A book that many threads write into.
#[derive(Debug, Default)]
pub struct Findings(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    cells: BTreeSet<(String, String)>,
    rows: u64,
    texts: u64,
    markers: u64,
    bytes: u64,
    found: BTreeMap<(String, &'static str), Vec<String>>,
}

impl Findings {
    /// A way was tried as somebody.
    pub fn cell(&self, way: &str, who: &str) {
        self.book().cells.insert((way.to_owned(), who.to_owned()));
    }

    /// So many rows were compared with what they must be.
    pub fn rows(&self, n: usize) {
        self.book().rows += n as u64;
    }

    /// A text of so many bytes was searched, and so many markers were recognised.
    pub fn searched(&self, n_bytes: usize, n_markers: usize) {
        let mut book = self.book();
        book.texts += 1;
        book.bytes += n_bytes as u64;
        book.markers += n_markers as u64;
    }

    /// Somebody was told what they may not know.
    pub fn leak(&self, way: &str, who: &str, what: impl std::fmt::Display) {
        self.note(way, "LEAK", format!("{who}: {what}"));
    }

    /// Somebody was not told what they may know.
    pub fn missing(&self, way: &str, who: &str, what: impl std::fmt::Display) {
        self.note(way, "MISSING", format!("{who}: {what}"));
    }

    /// `expected` and `told` have to be the same.
    pub fn same<T: Ord + std::fmt::Debug>(
        &self,
        way: &str,
        who: &str,
        expected: &BTreeSet<T>,
        told: &BTreeSet<T>,
    ) {
        self.rows(expected.len().max(told.len()));
        for more in told.difference(expected) {
            self.leak(way, who, format_args!("{more:?}"));
        }
        for less in expected.difference(told) {
            self.missing(way, who, format_args!("{less:?}"));
        }
    }

    /// How many leaks and things missing there are so far.
    pub fn len(&self) -> usize {
        self.book().found.values().map(Vec::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Prints what was looked at, and fails the test if anything was found.
    #[track_caller]
    pub fn conclude(&self) {
        let book = self.book();
        println!(
            "{} cells (way x principal), {} rows compared, {} texts of {} bytes searched, {} markers \
             recognised",
            book.cells.len(),
            book.rows,
            book.texts,
            book.bytes,
            book.markers
        );
        let mut report = String::new();
        for ((way, kind), found) in &book.found {
            writeln!(report, "{kind} {way}: {} times", found.len()).expect("a text takes all");
            for one in found.iter().take(SHOWN) {
                writeln!(report, "    {one}").expect("a text takes all");
            }
        }
        assert!(book.found.is_empty(), "\n{report}");
    }

    fn note(&self, way: &str, kind: &'static str, what: String) {
        let mut book = self.book();
        book.found
            .entry((way.to_owned(), kind))
            .or_default()
            .push(what);
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
