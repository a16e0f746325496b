//! The screens: files of the browser part, built into the binary.
//!
//! Pages name every other file below `/~HASH/`, by the hash of the whole site, so that a browser
//! keeps those for good; a page itself is asked for each time. What compresses lies there
//! compressed already.

use std::borrow::Cow;

use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::problem::{self, Problem};

/// What `cargo xtask build` made of `frontend`. A debug build reads it from the folder instead.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../target/site"]
struct Site;

/// Shown in place of the screens by a server that was built without them.
const WITHOUT_SITE: &str = "<!doctype html><title>Egret</title><p>This server was built without \
    its screens: <code>cargo xtask build</code> makes them. The API is at \
    <code>/api/v1/catalog</code>.";

/// Screens that show one thing by its id, which may have dots as file names have.
const SCREENS_OF_ONE: [&str; 3] = ["metric", "asset", "incident"];

/// The file with the site's hash.
const HASH_FILE: &str = "site";

/// The page of every screen.
const PAGE: &str = "index.html";

/// The page of the wall alone, and the paths that get it. A quick build has none.
const WALL_PAGE: &str = "wall.html";
const WALLS: &str = "wall";

/// A wall reloads itself when the server is a new version; asked each time, never stale.
const ASK: &str = "no-cache";

/// The content of such an address never changes. A year, in seconds, is the most there is.
const KEEP: &str = "public, max-age=31536000, immutable";

/// How a file may be compressed: the ending of its twin, and the word for it, best first.
const ENCODINGS: [(&str, &str); 2] = [("br", "br"), ("gz", "gzip")];

/// A file of the browser part; any other path is a screen, which the browser part routes itself.
pub(super) async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return problem::not_found(uri).await.into_response();
    }
    let (path, caching) = match versioned(path) {
        Some((version, path)) if is_current(version) => (path, KEEP),
        // A page of another version finds what there is now under its old names.
        Some((_, path)) => (path, ASK),
        None => (path, ASK),
    };
    if let Some(answer) = file(path, caching, &headers) {
        return answer;
    }
    let (room, name) = path.split_once('/').unwrap_or(("", path));
    let is_screen = SCREENS_OF_ONE.contains(&room);
    if !is_screen
        && name
            .rsplit('/')
            .next()
            .is_some_and(|name| name.contains('.'))
    {
        return Problem::missing(format!("there is no file /{path}")).into_response();
    }
    let wall = (room == WALLS).then(|| file(WALL_PAGE, ASK, &headers));
    wall.flatten()
        .or_else(|| file(PAGE, ASK, &headers))
        .unwrap_or_else(|| (StatusCode::SERVICE_UNAVAILABLE, Html(WITHOUT_SITE)).into_response())
}

/// `~HASH/js/a.mjs`: the hash and the file.
fn versioned(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix('~')?.split_once('/')
}

fn is_current(version: &str) -> bool {
    Site::get(HASH_FILE).is_some_and(|file| *file.data == *version.as_bytes())
}

/// The file as this browser takes it.
fn file(path: &str, caching: &'static str, headers: &HeaderMap) -> Option<Response> {
    let plain = Site::get(path)?;
    let accepted = headers.get(header::ACCEPT_ENCODING);
    let accepted = accepted.and_then(|value| value.to_str().ok()).unwrap_or("");
    let twin = ENCODINGS.iter().find_map(|(ending, word)| {
        let twin = takes(accepted, word).then(|| Site::get(&format!("{path}.{ending}")))?;
        Some((twin?, Some(*word)))
    });
    let (sent, encoding) = twin.unwrap_or((plain, None));
    Some(respond(path, sent, encoding, caching, headers))
}

/// Whether a browser that says `accepted` takes an encoding.
pub(super) fn takes(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|part| {
        let (name, rest) = part.split_once(';').unwrap_or((part, ""));
        let weight = rest.trim().strip_prefix("q=");
        let refused = weight.is_some_and(|weight| weight.parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

fn respond(
    path: &str,
    file: EmbeddedFile,
    encoding: Option<&'static str>,
    caching: &'static str,
    asked: &HeaderMap,
) -> Response {
    let tag = tag_of(&file);
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(
        header::VARY,
        HeaderValue::from_name(header::ACCEPT_ENCODING),
    );
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    let known = asked.get(header::IF_NONE_MATCH);
    let known = known.and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| is_known(known, &tag)) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    if let Ok(kind) = HeaderValue::from_str(&kind_of(path)) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    match file.data {
        Cow::Borrowed(bytes) => (headers, bytes).into_response(),
        Cow::Owned(bytes) => (headers, bytes).into_response(),
    }
}

/// Half of the content's hash; each encoding of a file has content of its own.
fn tag_of(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let digits = hash
        .iter()
        .take(12)
        .fold(String::new(), |tag, byte| format!("{tag}{byte:02x}"));
    format!("\"{digits}\"")
}

/// Whether `If-None-Match` names the tag. Who compresses on the way makes it a weak one.
pub(super) fn is_known(known: &str, tag: &str) -> bool {
    let mut names = known.split(',').map(str::trim);
    names.any(|name| name == "*" || name.trim_start_matches("W/") == tag)
}

fn kind_of(path: &str) -> String {
    match path.rsplit_once('.') {
        Some((_, "mjs")) => "text/javascript".to_owned(),
        _ => mime_guess::from_path(path)
            .first_or_octet_stream()
            .to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_sent_to_those_who_take_it() {
        assert!(takes("gzip, deflate, br, zstd", "br"));
        assert!(takes("GZIP;q=0.5", "gzip"));
        assert!(!takes("gzip;q=0, br;q=0.000", "gzip"));
        assert!(!takes("gzip;q=0, br;q=0.000", "br"));
        assert!(!takes("", "br"));
        assert!(!takes("brotli", "br"));
    }

    #[test]
    fn a_tag_is_known_in_a_list_and_as_a_weak_one() {
        assert!(is_known("\"a\", \"b\"", "\"b\""));
        assert!(is_known("W/\"b\"", "\"b\""));
        assert!(is_known("*", "\"b\""));
        assert!(!is_known("\"a\"", "\"b\""));
    }

    #[test]
    fn a_version_stands_before_the_file() {
        assert_eq!(versioned("~1f/js/a.mjs"), Some(("1f", "js/a.mjs")));
        assert_eq!(versioned("js/a.mjs"), None);
        assert_eq!(versioned("~1f"), None);
    }
}
