//! The rows of a text in CSV, as it comes.
//!
//! Cells are parted by comma, semicolon or tab, whichever the first line has most of, or by what a
//! first line `sep=;` says. A cell in quotes may have all of these in it, line ends too, and two
//! quotes for one.
//!
//! # Source
//! RFC 4180; `sep=` as Excel reads it.

use crate::limits::{CSV_COLUMNS_MAX, CSV_ROW_BYTES};

/// A row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row<'a> {
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    pub(super) cells: &'a [String],
    /// Whether it is longer, or has more cells, than a row may.
    pub(super) is_cut: bool,
}

/// Cuts a text that comes in pieces into rows.
#[derive(Debug, Default)]
pub(super) struct Rows {
    delimiter: Option<char>,
    /// The beginning of the text, while the delimiter is not known.
    head: String,
    cells: Vec<String>,
    cell: String,
    state: State,
    /// Lines that have ended.
    n_lines: u64,
    /// Lines that had ended when the row began.
    n_before: u64,
    /// Bytes of the row.
    bytes: usize,
    is_cut: bool,
}

/// Where in a cell the text stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before it.
    #[default]
    Begin,
    /// In it, without quotes.
    Plain,
    /// Between quotes.
    Quoted,
    /// Behind a quote that ends it, unless another follows.
    Quote,
}

/// What may part cells.
const DELIMITERS: [char; 3] = [',', ';', '\t'];

impl Rows {
    /// Hands on every row that ends in `text`, until `each` fails.
    ///
    /// # Errors
    /// That of `each`.
    pub(super) fn read(
        &mut self,
        text: &str,
        mut each: impl FnMut(Row<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        let Some(delimiter) = self.delimiter else {
            self.head.push_str(text);
            let is_known = self.head.contains('\n') || self.head.len() > CSV_ROW_BYTES;
            return if is_known { self.begin(each) } else { Ok(()) };
        };
        for c in text.chars() {
            if self.put(c, delimiter) {
                self.hand_on(&mut each)?;
            }
        }
        Ok(())
    }

    /// Hands on the last row, if nothing ended it.
    ///
    /// # Errors
    /// That of `each`.
    pub(super) fn end(
        &mut self,
        mut each: impl FnMut(Row<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        if self.delimiter.is_none() {
            self.begin(&mut each)?;
        }
        self.end_cell();
        self.hand_on(&mut each)
    }

    /// What parts the cells.
    pub(super) fn delimiter(&self) -> char {
        self.delimiter.unwrap_or(',')
    }

    /// Finds the delimiter, and reads what has come so far.
    fn begin(&mut self, each: impl FnMut(Row<'_>) -> Result<(), String>) -> Result<(), String> {
        let head = std::mem::take(&mut self.head);
        let (first, rest) = head.split_once('\n').unwrap_or((&head, ""));
        let said = first.trim_end_matches('\r').strip_prefix("sep=");
        let mut said = said.into_iter().flat_map(str::chars);
        if let (Some(delimiter), None) = (said.next(), said.next()) {
            self.delimiter = Some(delimiter);
            (self.n_lines, self.n_before) = (1, 1);
            return self.read(rest, each);
        }
        self.delimiter = Some(sniffed(first));
        self.read(&head, each)
    }

    /// Takes the next character; whether it ended a row.
    fn put(&mut self, c: char, delimiter: char) -> bool {
        self.bytes += c.len_utf8();
        let ends_line = c == '\n';
        if ends_line {
            self.n_lines += 1;
        }
        match self.state {
            State::Quoted if c == '"' => self.state = State::Quote,
            State::Quoted => self.push(c),
            State::Quote if c == '"' => {
                self.push(c);
                self.state = State::Quoted;
            }
            State::Begin if c == '"' => self.state = State::Quoted,
            _ if c == delimiter => self.end_cell(),
            _ if ends_line => {
                self.end_cell();
                return true;
            }
            State::Quote if c == '\r' => {}
            State::Begin | State::Plain | State::Quote => {
                self.push(c);
                self.state = State::Plain;
            }
        }
        false
    }

    fn push(&mut self, c: char) {
        if self.bytes > CSV_ROW_BYTES {
            self.is_cut = true;
        } else {
            self.cell.push(c);
        }
    }

    fn end_cell(&mut self) {
        let mut cell = std::mem::take(&mut self.cell);
        if self.state == State::Plain && cell.ends_with('\r') {
            cell.pop();
        }
        self.state = State::Begin;
        if self.cells.len() < CSV_COLUMNS_MAX {
            self.cells.push(cell);
        } else {
            self.is_cut = true;
        }
    }

    /// Hands on the row that has ended; an empty one is none.
    fn hand_on(
        &mut self,
        each: &mut impl FnMut(Row<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        let cells = std::mem::take(&mut self.cells);
        let row = Row {
            line: self.n_before + 1,
            cells: &cells,
            is_cut: self.is_cut,
        };
        self.n_before = self.n_lines;
        self.bytes = 0;
        self.is_cut = false;
        if row.is_cut || cells.iter().any(|cell| !cell.trim().is_empty()) {
            each(row)
        } else {
            Ok(())
        }
    }
}

/// What the first line has most of outside of quotes; of equally many the first of [`DELIMITERS`].
fn sniffed(line: &str) -> char {
    let mut counts = DELIMITERS.map(|delimiter| (0_usize, delimiter));
    let mut is_quoted = false;
    for c in line.chars() {
        is_quoted ^= c == '"';
        for (count, delimiter) in &mut counts {
            *count += usize::from(!is_quoted && c == *delimiter);
        }
    }
    let most = counts.iter().rev().max_by_key(|(count, _)| *count);
    most.map_or(',', |(_, delimiter)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Seen = Vec<(u64, Vec<String>, bool)>;

    fn rows(pieces: &[&str]) -> (Seen, char) {
        let mut seen = Vec::new();
        let mut note = |row: Row<'_>| {
            seen.push((row.line, row.cells.to_vec(), row.is_cut));
            Ok(())
        };
        let mut rows = Rows::default();
        for piece in pieces {
            rows.read(piece, &mut note).unwrap();
        }
        rows.end(&mut note).unwrap();
        (seen, rows.delimiter())
    }

    fn cells(text: &str) -> Vec<(u64, Vec<String>)> {
        let (seen, _) = rows(&[text]);
        seen.into_iter()
            .map(|(line, cells, _)| (line, cells))
            .collect()
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (line, cells.iter().map(|&cell| cell.to_owned()).collect())
    }

    #[test]
    fn quotes_hold_delimiters_line_ends_and_quotes() {
        let text = "a,b\r\n\"1,5\",\"two\nlines\"\r\n\n\"say \"\"hm\"\"\",\r\nlast,x";
        let expected = [
            row(1, &["a", "b"]),
            row(2, &["1,5", "two\nlines"]),
            row(5, &["say \"hm\"", ""]),
            row(6, &["last", "x"]),
        ];
        assert_eq!(cells(text), expected);
    }

    #[test]
    fn rows_are_the_same_wherever_the_text_is_cut() {
        let text = "名;b\r\n\"1;5\"\"\";x\n\n2;\"y\n\"\n";
        let whole = rows(&[text]);
        assert_eq!(whole.0.len(), 3);
        for (at, _) in text.char_indices() {
            let (before, after) = text.split_at(at);
            assert_eq!(rows(&[before, after]), whole, "cut at {at}");
        }
    }

    #[test]
    fn the_delimiter_is_what_the_first_line_has_most_of_or_says() {
        for (text, delimiter) in [
            ("a,b;c,d", ','),
            ("a;b;c,d\n1,2,3", ';'),
            ("a\tb", '\t'),
            ("\"a,b,c\";d", ';'),
            ("a", ','),
            ("sep=|\na|b\n", '|'),
        ] {
            assert_eq!(rows(&[text]).1, delimiter, "{text}");
        }
        assert_eq!(cells("sep=;\r\na;b\n"), [row(2, &["a", "b"])]);
        assert_eq!(cells("sep=ab,c\n").len(), 1, "is a name");
    }

    #[test]
    fn a_row_that_is_too_long_is_cut_and_the_next_is_whole() {
        let long = "x".repeat(CSV_ROW_BYTES + 10);
        let wide = ",".repeat(CSV_COLUMNS_MAX + 3);
        let (seen, _) = rows(&[&format!("a,b\n1,{long}\n{wide}\n2,y\n")]);
        let told: Vec<_> = seen
            .iter()
            .map(|(line, _, is_cut)| (*line, *is_cut))
            .collect();
        assert_eq!(told, [(1, false), (2, true), (3, true), (4, false)]);
        assert!(seen[1].1[1].len() <= CSV_ROW_BYTES && seen[2].1.len() == CSV_COLUMNS_MAX);
    }
}
