//! From a value back to its place in the file.
//!
//! A [`Doc`] is a TOML file with the place of every value kept; an [`Entry`] is one part of it,
//! read into its type on its own, so that a mistake in one `[[feed]]` hides none in the next.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::problem::Problem;
use crate::wording;

/// A file's text, with what it takes to turn an offset into line and column.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl<'a> Source<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text }
    }

    /// A problem at a byte offset; past the end counts as the end.
    pub(crate) fn problem(&self, offset: usize, message: impl Into<String>) -> Problem {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let in_line = before.get(line_start..).unwrap_or("");
        Problem {
            file: self.file.to_owned(),
            line: counted_from_1(before.matches('\n').count()),
            column: counted_from_1(in_line.chars().count()),
            message: message.into(),
        }
    }

    /// The text from `offset` on.
    fn rest(&self, offset: usize) -> &'a str {
        self.text.get(offset..).unwrap_or("")
    }
}

fn counted_from_1(n: usize) -> u32 {
    u32::try_from(n + 1).unwrap_or(u32::MAX)
}

/// A TOML file that has no syntax errors.
pub(crate) struct Doc<'a> {
    source: Rc<Source<'a>>,
    table: Spanned<DeTable<'a>>,
}

impl<'a> Doc<'a> {
    /// The file's tables; all syntax errors go to `problems`.
    pub(crate) fn parse(file: &'a str, text: &'a str, problems: &mut Vec<Problem>) -> Option<Self> {
        let source = Rc::new(Source::new(file, text));
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let offset = error.span().map_or(0, |span| span.start);
            problems.push(source.problem(offset, error.message().trim()));
        }
        errors.is_empty().then_some(Self { source, table })
    }

    /// Refuses top-level keys that the language does not have.
    pub(crate) fn only(&self, keys: &[&str], problems: &mut Vec<Problem>) {
        for key in self.table.get_ref().keys() {
            if !keys.contains(&key.get_ref().as_ref()) {
                let allowed = keys.join(", ");
                let message = format!(
                    "unknown key \"{}\": this file knows {allowed}",
                    key.get_ref()
                );
                problems.push(self.source.problem(key.span().start, message));
            }
        }
    }

    /// The whole file as one entry.
    pub(crate) fn whole<T: DeserializeOwned>(
        self,
        problems: &mut Vec<Problem>,
    ) -> Option<Entry<'a, T>> {
        let span = self.table.span();
        let node = Spanned::new(span, DeValue::Table(self.table.into_inner()));
        Entry::read(self.source, node, "", problems)
    }

    /// The table `[key]`, if there is one.
    pub(crate) fn one<T: DeserializeOwned>(
        &self,
        key: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Entry<'a, T>> {
        let node = self.table.get_ref().get(key)?.clone();
        Entry::read(Rc::clone(&self.source), node, "", problems)
    }

    /// The tables `[[key]]`, in file order.
    pub(crate) fn list<T: DeserializeOwned>(
        &self,
        key: &'static str,
        problems: &mut Vec<Problem>,
    ) -> List<'a, T> {
        let Some(node) = self.table.get_ref().get(key) else {
            return List::default();
        };
        let Some(nodes) = node.get_ref().as_array() else {
            let message = format!("\"{key}\" must be a list of tables: write [[{key}]]");
            problems.push(self.source.problem(node.span().start, message));
            return List::default();
        };
        let mut list = List::default();
        for node in nodes {
            list.ids.extend(id_of(node).map(str::to_owned));
            let source = Rc::clone(&self.source);
            list.entries
                .extend(Entry::read(source, node.clone(), key, problems));
        }
        list
    }
}

/// The tables of one kind: those that could be read, and the ids of all.
pub(crate) struct List<'a, T> {
    pub(crate) entries: Vec<Entry<'a, T>>,
    /// Also of those that could not be read: referring to them is no second mistake.
    pub(crate) ids: BTreeSet<String>,
}

impl<T> Default for List<'_, T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            ids: BTreeSet::new(),
        }
    }
}

impl<T> List<'_, T> {
    /// Refuses the second entry with an id.
    pub(crate) fn refuse_duplicates(&self, problems: &mut Vec<Problem>) {
        let mut seen = BTreeSet::new();
        for entry in &self.entries {
            if let Some(id) = id_of(&entry.node) {
                if id.is_empty() {
                    problems.push(entry.problem("id", "an id must not be empty"));
                } else if !seen.insert(id) {
                    problems.push(
                        entry.problem("id", "this id stands here a second time: choose another"),
                    );
                }
            }
        }
    }

    /// What was read.
    pub(crate) fn into_defs(self) -> Vec<T> {
        self.entries.into_iter().map(|entry| entry.def).collect()
    }
}

/// One part of a file, read into its type.
pub(crate) struct Entry<'a, T> {
    pub(crate) def: T,
    name: String,
    node: Spanned<DeValue<'a>>,
    source: Rc<Source<'a>>,
}

impl<'a, T: DeserializeOwned> Entry<'a, T> {
    fn read(
        source: Rc<Source<'a>>,
        node: Spanned<DeValue<'a>>,
        kind: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let name = match (kind, id_of(&node)) {
            ("", _) => String::new(),
            (kind, Some(id)) => format!("{kind} \"{id}\": "),
            (kind, None) => format!("{kind}: "),
        };
        match T::deserialize(ValueDeserializer::from(node.clone())) {
            Ok(def) => Some(Self {
                def,
                name,
                node,
                source,
            }),
            Err(error) => {
                let offset = error.span().map_or(node.span().start, |span| span.start);
                let offset = narrowed(&node, offset, error.message());
                let written = begins_at(&node, offset).and_then(|node| node.get_ref().as_str());
                let message = wording::of(error.message(), written);
                problems.push(source.problem(offset, format!("{name}{message}")));
                None
            }
        }
    }
}

/// Where an error at `offset` really is. `{ rate = "hourly" }` is refused as a whole, although it
/// is the text in it that the message quotes.
fn narrowed(node: &Spanned<DeValue<'_>>, offset: usize, message: &str) -> usize {
    let whole = begins_at(node, offset).and_then(|node| node.get_ref().as_table());
    let mut values = whole.into_iter().flat_map(DeTable::values);
    match (values.next(), values.next()) {
        (Some(only), None) => {
            let text = only.get_ref().as_str();
            let is_quoted = text.is_some_and(|text| message.contains(&format!("\"{text}\"")));
            if is_quoted { only.span().start } else { offset }
        }
        _ => offset,
    }
}

/// The value in `node` that begins at `offset`.
fn begins_at<'n, 'a>(
    node: &'n Spanned<DeValue<'a>>,
    offset: usize,
) -> Option<&'n Spanned<DeValue<'a>>> {
    if node.span().start == offset {
        return Some(node);
    }
    let value = node.get_ref();
    let of_table = value.as_table().into_iter().flat_map(DeTable::values);
    let of_list = value.as_array().into_iter().flatten();
    of_table
        .chain(of_list)
        .find_map(|part| begins_at(part, offset))
}

impl<T> Entry<'_, T> {
    /// A problem with the value at `path`: keys and array indices joined by `/`. If there is no
    /// such value, its nearest ancestor is pointed at.
    pub(crate) fn problem(&self, path: &str, message: impl AsRef<str>) -> Problem {
        self.problem_at(self.offset(path), message)
    }

    /// A problem at `inside`, a line and column (counted from 1) within the text at `path`.
    pub(crate) fn problem_inside(
        &self,
        path: &str,
        inside: (usize, usize),
        message: impl AsRef<str>,
    ) -> Problem {
        let (line, column) = inside;
        let offset = self.offset(path);
        let rest = self.source.rest(offset);
        let quotes = rest.len() - rest.trim_start_matches(['"', '\'']).len();
        let body = rest.get(quotes..).unwrap_or("");
        let newline = usize::from(quotes == 3 && body.starts_with('\n'));
        let into = body.get(newline..).and_then(|body| {
            let start: usize = body
                .split_inclusive('\n')
                .take(line - 1)
                .map(str::len)
                .sum();
            let (in_line, _) = body.get(start..)?.char_indices().nth(column - 1)?;
            Some(start + in_line)
        });
        self.problem_at(offset + quotes + newline + into.unwrap_or(0), message)
    }

    fn problem_at(&self, offset: usize, message: impl AsRef<str>) -> Problem {
        let message = format!("{}{}", self.name, message.as_ref());
        self.source.problem(offset, message)
    }

    /// Whether something is written at `path`: a default is not.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.find(path).1
    }

    fn offset(&self, path: &str) -> usize {
        self.find(path).0
    }

    /// Where the value at `path` begins, and true; or where its nearest ancestor begins.
    fn find(&self, path: &str) -> (usize, bool) {
        let mut node = &self.node;
        for step in path.split('/').filter(|step| !step.is_empty()) {
            let value = node.get_ref();
            let next = match step.parse::<usize>() {
                Ok(index) if value.is_array() => value.get(index),
                _ => value.get(step),
            };
            match next {
                Some(next) => node = next,
                None => return (node.span().start, false),
            }
        }
        (node.span().start, true)
    }
}

fn id_of<'n>(node: &'n Spanned<DeValue<'_>>) -> Option<&'n str> {
    node.get_ref().get("id")?.get_ref().as_str()
}
