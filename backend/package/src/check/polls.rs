//! `[feed.poll]` of `feeds.toml`: what can be fetched, and how often.
//!
//! Whether an address may be reached is the settings' matter and is seen when it is resolved; here is
//! what is wrong with it wherever the server stands.

use egret_shared::package::feed::{FeedDef, PollDef};
use egret_shared::time::Span;
use url::Url;

use crate::problem::Problem;
use crate::spans::Entry;

/// The shortest time between two fetches: live positions of public transport are made anew every 5 to
/// 30 s, and who asks more often is soon shut out.
const EVERY_LEAST: Span = Span(5_000);

/// The longest: beyond a day a file is better sent by whoever has it.
const EVERY_MOST: Span = Span(86_400_000);

/// The longest URL, in bytes: what servers take.
const URL_BYTES_MAX: usize = 2_048;

/// Headers that are the fetching's own.
const OWN_HEADERS: [&str; 11] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "if-modified-since",
    "if-none-match",
    "range",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Checks where a feed is fetched from.
pub(crate) fn check(entry: &Entry<'_, FeedDef>, problems: &mut Vec<Problem>) {
    let feed = &entry.def;
    let Some(poll) = &feed.poll else {
        return;
    };
    if !feed.format.can_be_polled() {
        let format = feed.format.as_str();
        let message =
            format!("{format} is sent when there is something, not fetched: leave poll out");
        problems.push(entry.problem("poll", message));
    }
    if feed.topic.is_some() {
        let message = "what is fetched comes by no topic: leave topic or poll out";
        problems.push(entry.problem("topic", message));
    }
    if let Err(message) = fetchable(&poll.url) {
        problems.push(entry.problem("poll/url", message));
    }
    let every = poll.every;
    if every < EVERY_LEAST {
        let message = format!("every {every} is too often: {EVERY_LEAST} is the least");
        problems.push(entry.problem("poll/every", message));
    } else if every > EVERY_MOST {
        let message = format!("every {every} is too rare: {EVERY_MOST} is the most");
        problems.push(entry.problem("poll/every", message));
    }
    check_secrets(entry, poll, problems);
}

/// Whether a URL can be fetched, as far as it says itself.
fn fetchable(text: &str) -> Result<(), String> {
    if text.len() > URL_BYTES_MAX {
        let bytes = text.len();
        return Err(format!(
            "the URL has {bytes} bytes, {URL_BYTES_MAX} are allowed"
        ));
    }
    let url = Url::parse(text).map_err(|error| {
        format!("\"{text}\" is no URL ({error}): write https://HOST/PATH, as a browser has it")
    })?;
    let scheme = url.scheme();
    if !matches!(scheme, "http" | "https") {
        return Err(format!(
            "{scheme}:// cannot be fetched: write http:// or https://"
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "a name or password has no place in a URL: make it a secret of the settings, and name \
             it in headers"
                .to_owned(),
        );
    }
    Ok(())
}

/// Headers that can be sent, and secrets that have names.
fn check_secrets(entry: &Entry<'_, FeedDef>, poll: &PollDef, problems: &mut Vec<Problem>) {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    for (header, secret) in &poll.headers {
        let path = format!("poll/headers/{header}");
        let is_own = OWN_HEADERS.contains(&header.to_ascii_lowercase().as_str());
        if header.is_empty() || !header.chars().all(is_token) {
            problems.push(entry.problem("poll/headers", format!("\"{header}\" is no header")));
        } else if is_own {
            let message = format!("the header {header} is set by the fetching itself");
            problems.push(entry.problem(&path, message));
        }
        named(entry, &path, secret, problems);
    }
    for (key, secret) in &poll.query {
        named(entry, &format!("poll/query/{key}"), secret, problems);
    }
}

/// A secret is told by its name, which is not taken for the secret itself.
fn named(entry: &Entry<'_, FeedDef>, path: &str, secret: &str, problems: &mut Vec<Problem>) {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let begins_well = secret.starts_with(|c: char| c.is_ascii_lowercase());
    if !(begins_well && secret.chars().all(is_plain) && secret.len() <= 64) {
        // It may be the secret itself: it is not repeated.
        let message = "write the name of a secret that [poll.secrets] of the settings has, in a to \
                       z, 0 to 9, - and _; the secret itself stays out of the package";
        problems.push(entry.problem(path, message));
    }
}
