//! A letter in words: subject, lines and link in the recipient's language, as Markdown, plain text
//! and HTML.
//!
//! Titles and texts come from rules, departments and citizens. Nothing in them may become markup,
//! a link, or a call for everybody in the group.

mod words;

use chrono::DateTime;
use egret_shared::level::Level;
use egret_shared::text::Language;
use egret_shared::time::TimeMs;

use crate::digest::{Digest, Line};
use crate::limits::{LISTED_MAX, ROBOT_BYTES_MAX};
use crate::notice::Notice;
use crate::send::{Content, Letter};

/// A letter in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// One line, with the mark if it may be a repetition.
    pub(crate) subject: String,
    /// What happened.
    lines: Vec<String>,
    link: Option<Link>,
    /// From whom, so that a robot's keyword can be "Egret".
    foot: String,
    /// The highest level in it.
    pub(crate) level: Level,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Link {
    label: &'static str,
    url: String,
}

impl Message {
    pub(crate) fn of(letter: &Letter) -> Self {
        let mut message = match &letter.content {
            Content::Notice(notice) => of_notice(letter, notice),
            Content::Digest(digest) => of_digest(letter, digest),
        };
        if letter.maybe_repeated {
            let mark = words::maybe_repeated(letter.language);
            message.subject = format!("{mark}{}", message.subject);
        }
        message
    }

    /// As Markdown of at most 18,000 bytes, its parts apart by `between`.
    pub(crate) fn markdown(&self, between: &str) -> String {
        self.markdown_within(between, ROBOT_BYTES_MAX)
    }

    /// As Markdown of at most `bytes_max`: lines that find no room are left out.
    pub(crate) fn markdown_within(&self, between: &str, bytes_max: usize) -> String {
        let head = format!("**{}**{between}", harmless(&self.subject));
        let rest = self.body_markdown(between, bytes_max.saturating_sub(head.len()));
        format!("{head}{rest}")
    }

    /// The same without the subject.
    pub(crate) fn body_markdown(&self, between: &str, bytes_max: usize) -> String {
        let mut tail = String::new();
        if let Some(link) = &self.link {
            tail = format!("[{}]({}){between}", link.label, link.url);
        }
        tail.push_str(&harmless(&self.foot));
        let mut text = String::new();
        for line in &self.lines {
            let line = harmless(line);
            let n_bytes = text.len() + line.len() + tail.len() + 2 * between.len() + "…".len();
            if n_bytes > bytes_max {
                text.push('…');
                text.push_str(between);
                break;
            }
            text.push_str(&line);
            text.push_str(between);
        }
        text + &tail
    }

    /// As plain text.
    pub(crate) fn plain(&self) -> String {
        let mut text = format!("{}\n\n", self.subject);
        for line in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        if let Some(link) = &self.link {
            text = format!("{text}\n{}: {}\n", link.label, link.url);
        }
        format!("{text}\n-- \n{}\n", self.foot)
    }

    /// As a simple page.
    pub(crate) fn html(&self) -> String {
        let lines: Vec<String> = self
            .lines
            .iter()
            .map(|line| format!("<p>{}</p>", escaped(line)))
            .collect();
        let link = self.link.as_ref().map(|link| {
            let url = escaped(&link.url);
            format!("<p><a href=\"{url}\">{}</a></p>", escaped(link.label))
        });
        format!(
            "<!DOCTYPE html><html><body><h2 style=\"border-left:8px solid {};padding-left:8px\">\
             {}</h2>{}{}<p style=\"color:#666\">{}</p></body></html>",
            colour(self.level),
            escaped(&self.subject),
            lines.concat(),
            link.unwrap_or_default(),
            escaped(&self.foot)
        )
    }
}

fn of_notice(letter: &Letter, notice: &Notice) -> Message {
    let language = letter.language;
    let level = words::level(notice.level, language);
    let kind = words::kind(notice.kind, language);
    let title = one_line(notice.title.get(language));
    let subject = match language {
        Language::Zh => format!("【{level}】{kind}：{title}"),
        Language::En => format!("[{level}] {kind}: {title}"),
    };
    let mut lines: Vec<String> = notice
        .text
        .get(language)
        .lines()
        .map(one_line)
        .filter(|line| !line.is_empty())
        .collect();
    lines.push(words::when(&time(letter, notice.at), language));
    if let Some(incident) = &notice.incident {
        lines.push(words::incident(incident.as_str(), language));
    }
    Message {
        subject,
        lines,
        link: link(letter, &notice.link).map(|url| Link {
            label: words::open(language),
            url,
        }),
        foot: words::foot(language).to_owned(),
        level: notice.level,
    }
}

fn of_digest(letter: &Letter, digest: &Digest) -> Message {
    let language = letter.language;
    let mut lines = vec![words::digest_span(
        &time(letter, digest.first_at),
        &time(letter, digest.last_at),
        language,
    )];
    let levels = digest.levels.iter().rev();
    let levels: Vec<String> = levels
        .map(|(level, n)| format!("{} {n}", words::level(*level, language)))
        .collect();
    lines.push(levels.join(" · "));
    let listed = digest.listed.iter().take(LISTED_MAX);
    lines.extend(listed.map(|line| of_line(letter, line)));
    let n_listed = digest.listed.len().min(LISTED_MAX) as u64;
    if digest.count > n_listed {
        lines.push(words::more(digest.count - n_listed, language));
    }
    Message {
        subject: words::digest(digest.count, language),
        lines,
        link: link(letter, "/desk").map(|url| Link {
            label: words::open(language),
            url,
        }),
        foot: words::foot(language).to_owned(),
        level: digest
            .levels
            .keys()
            .next_back()
            .copied()
            .unwrap_or_default(),
    }
}

fn of_line(letter: &Letter, line: &Line) -> String {
    let language = letter.language;
    let level = words::level(line.level, language);
    let kind = words::kind(line.kind, language);
    let title = one_line(line.title.get(language));
    let at = time(letter, line.at);
    match language {
        Language::Zh => format!("{at} 【{level}】{kind}：{title}"),
        Language::En => format!("{at} [{level}] {kind}: {title}"),
    }
}

/// The page that shows `path`, if people can reach this server.
pub(crate) fn link(letter: &Letter, path: &str) -> Option<String> {
    let base = letter.base_url.as_ref()?.as_str().trim_end_matches('/');
    let is_path = path.starts_with('/')
        && path
            .chars()
            .all(|char| char.is_ascii_graphic() && !"<>()[]\"".contains(char));
    is_path.then(|| format!("{base}{path}"))
}

/// In the city's zone, to the minute.
fn time(letter: &Letter, at: TimeMs) -> String {
    match DateTime::from_timestamp_millis(at.0) {
        Some(time) => {
            let local = time.with_timezone(&letter.zone);
            local.format("%Y-%m-%d %H:%M").to_string()
        }
        None => at.to_string(),
    }
}

fn one_line(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect();
    text.trim().to_owned()
}

/// `text` with what would be markup in one of the robots as its wide twin: none of the three has
/// an escape that works everywhere.
fn harmless(text: &str) -> String {
    let wide = |char: char| match char {
        '<' => '＜',
        '>' => '＞',
        '[' => '［',
        ']' => '］',
        '*' => '＊',
        '`' => '｀',
        '#' => '＃',
        '@' => '＠',
        '~' => '～',
        '\\' => '＼',
        other => other,
    };
    text.chars().map(wide).collect()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The bar beside an e-mail's head. The level is in words as well.
fn colour(level: Level) -> &'static str {
    match level {
        Level::Normal => "#8a8a8a",
        Level::Blue => "#2f6fde",
        Level::Yellow => "#d9a400",
        Level::Orange => "#e06c00",
        Level::Red => "#d02020",
    }
}

#[cfg(test)]
mod tests;
