//! One way out, tried as one principal: everything that is said is searched for what is foreign.

use std::collections::BTreeSet;

use super::findings::Findings;
use super::label::{Label, Marker, Place, markers};
use super::reader::{Grant, Reader, Right};
use super::stage::{Holder, Stage};
use crate::http::Answer;
use crate::wait;
use serde_json::Value;

/// A way and who goes it.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    /// The city.
    pub stage: &'a Stage,
    /// Who.
    pub holder: &'a Holder,
    /// Which way, as it stands in the table.
    pub way: &'a str,
    /// Where to write what is found.
    pub findings: &'a Findings,
    /// What may be read here beyond the rule for markers.
    pub allowed: fn(&Reader, &Marker) -> bool,
}

/// Nothing beyond the rule.
pub fn nothing_more(_: &Reader, _: &Marker) -> bool {
    false
}

impl<'a> Cell<'a> {
    /// The same, where more may be read.
    #[must_use]
    pub fn allowing(self, allowed: fn(&Reader, &Marker) -> bool) -> Self {
        Self { allowed, ..self }
    }

    /// Whose grants they are.
    pub fn reader(&self) -> &'a Reader {
        &self.holder.reader
    }

    /// Whose grants they are, in words.
    pub fn who(&self) -> String {
        self.reader().to_string()
    }

    /// What `GET path` is answered with, searched.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    /// What a request is answered with, searched.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let headers: &[_] = if body.is_empty() || path.contains("/attachments") {
            &[]
        } else {
            &[("content-type", "application/json")]
        };
        let answer = self.patient(method, path, headers, body);
        let asked = format!("{method} {path} {body}");
        self.search(&asked, &answer.body);
        for (name, value) in &answer.headers {
            self.search(&asked, &format!("{name}: {value}"));
        }
        if answer.status >= 500 {
            let what = format!("{asked}: {} {}", answer.status, answer.body);
            self.findings.missing(self.way, &self.who(), what);
        }
        answer
    }

    /// As [`crate::http::Http::ask_again`], more slowly if the server wants that.
    #[track_caller]
    fn patient(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        wait::until("the server has time for us", || {
            let answer = self.holder.api.ask_again(method, path, headers, body);
            if answer.status == 429 {
                Err(answer.body)
            } else {
                Ok(answer)
            }
        })
    }

    /// All rows of a list, page by page, each page searched.
    #[track_caller]
    pub fn list(&self, path: &str, limit: usize) -> Vec<Value> {
        let join = if path.contains('?') { '&' } else { '?' };
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let answer = self.get(&format!("{path}{join}limit={limit}{cursor}"));
            if answer.status != 200 {
                self.missing(format_args!("{path}: {} {}", answer.status, answer.body));
                return rows;
            }
            let mut page = answer.json();
            let Value::Array(items) = page["items"].take() else {
                panic!("{path} is no list: {page}");
            };
            rows.extend(items);
            let Some(next) = page["next"].as_str() else {
                return rows;
            };
            cursor = format!("&cursor={next}");
        }
    }

    /// Searches what was said for what they may not read. What they said themselves is no news.
    #[track_caller]
    pub fn search(&self, asked: &str, said: &str) {
        let found = markers(said);
        self.findings.searched(said.len(), found.len());
        let may = |marker: &Marker| {
            self.reader()
                .may_read(marker, |number| self.stage.of_value(number))
                || (self.allowed)(self.reader(), marker)
        };
        let foreign: Vec<_> = found.into_iter().filter(|marker| !may(marker)).collect();
        if foreign.is_empty() {
            return;
        }
        let known: BTreeSet<_> = markers(asked).into_iter().collect();
        for marker in foreign.iter().filter(|marker| !known.contains(marker)) {
            let asked: String = asked.chars().take(200).collect();
            self.leak(format_args!("{marker:?} in the answer to {asked}"));
        }
    }

    /// Fails later unless `told` is what is `expected`.
    pub fn same<T: Ord + std::fmt::Debug>(&self, expected: &BTreeSet<T>, told: &BTreeSet<T>) {
        self.findings.same(self.way, &self.who(), expected, told);
    }

    /// They were told what they may not know.
    pub fn leak(&self, what: impl std::fmt::Display) {
        self.findings.leak(self.way, &self.who(), what);
    }

    /// They were not told what they may know.
    pub fn missing(&self, what: impl std::fmt::Display) {
        self.findings.missing(self.way, &self.who(), what);
    }

    /// Whether they see what has this label, there.
    pub fn sees(&self, label: &Label, place: Place) -> bool {
        self.reader().sees(&label.at(place))
    }

    /// Whether a grant of theirs that sees `fits`.
    pub fn any_grant(&self, fits: impl Fn(&Grant) -> bool) -> bool {
        let grants = self.reader().grants.iter();
        let mut seeing = grants.filter(|grant| grant.gives(Right::See));
        seeing.any(fits)
    }
}
