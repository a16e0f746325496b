//! The screens: files of the browser part, built into the binary.

use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;

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

/// A file of the browser part; any other path is a screen, which the browser part routes itself.
pub(super) async fn serve(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return problem::not_found(uri).await.into_response();
    }
    if let Some(file) = Site::get(path) {
        return respond(path, file);
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
    match Site::get("index.html") {
        Some(file) => respond("index.html", file),
        None => (StatusCode::SERVICE_UNAVAILABLE, Html(WITHOUT_SITE)).into_response(),
    }
}

fn respond(path: &str, file: rust_embed::EmbeddedFile) -> Response {
    let kind = match path.rsplit_once('.') {
        Some((_, "mjs")) => "text/javascript".to_owned(),
        _ => mime_guess::from_path(path)
            .first_or_octet_stream()
            .to_string(),
    };
    let tag = file
        .metadata
        .sha256_hash()
        .iter()
        .take(12)
        .fold(String::new(), |tag, byte| format!("{tag}{byte:02x}"));
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::ETAG, format!("\"{tag}\"")),
        // A wall reloads itself when the server is a new version; asked each time, never stale.
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    (headers, file.data.into_owned()).into_response()
}
