//! The browser's address: read, changed, left.

use web_sys::{Location, Window};

use super::way;

fn location() -> Option<Location> {
    web_sys::window().map(|window| window.location())
}

/// The path without query and fragment.
pub(super) fn path() -> String {
    let path = location().and_then(|location| location.pathname().ok());
    path.unwrap_or_else(|| way::HOME.to_owned())
}

/// The path with its query and fragment.
fn whole_path() -> Option<String> {
    let location = location()?;
    let (search, hash) = (location.search().ok()?, location.hash().ok()?);
    Some(format!("{}{search}{hash}", path()))
}

/// What stands after `#`, with it.
pub(crate) fn fragment() -> String {
    let hash = location().and_then(|location| location.hash().ok());
    hash.unwrap_or_default()
}

/// A value of the query.
pub(crate) fn query(name: &str) -> Option<String> {
    let search = location()?.search().ok()?;
    let query = web_sys::UrlSearchParams::new_with_str(&search).ok()?;
    query.get(name)
}

/// The query, with its question mark, with a value of its own for one name; without the name, if
/// there is no value. Empty, if nothing is left.
pub(crate) fn query_with(name: &str, value: Option<&str>) -> String {
    let search = location().and_then(|location| location.search().ok());
    let query = web_sys::UrlSearchParams::new_with_str(&search.unwrap_or_default());
    let Ok(query) = query else {
        return String::new();
    };
    match value {
        Some(value) => query.set(name, value),
        None => query.delete(name),
    }
    let text = String::from(query.to_string());
    if text.is_empty() {
        text
    } else {
        format!("?{text}")
    }
}

/// Puts a value into the query, without leaving the page.
pub(crate) fn set_query(name: &str, value: &str) {
    let search = query_with(name, Some(value));
    let hash = location().and_then(|location| location.hash().ok());
    show(&format!("{}{search}{}", path(), hash.unwrap_or_default()));
}

/// Whether a wall's scene is shown.
pub(crate) fn is_wall() -> bool {
    path().starts_with("/wall/")
}

/// Where one who comes in here wanted to go.
pub(crate) fn back() -> String {
    let wanted = query("back");
    let safe = wanted.as_deref().and_then(way::safe_back);
    safe.unwrap_or(way::HOME).to_owned()
}

/// Shows another address without leaving the page.
pub(super) fn show(path: &str) {
    let changed = |window: Window| {
        let history = window.history().ok()?;
        let state = wasm_bindgen::JsValue::NULL;
        history.replace_state_with_url(&state, "", Some(path)).ok()
    };
    if web_sys::window().and_then(changed).is_none() {
        leptos::logging::warn!("the address could not be changed to {path}");
    }
}

/// Shows the sign-in page's address, with the way back to where one is.
pub(super) fn show_sign_in() {
    if path() == way::SIGN_IN {
        return;
    }
    let back = whole_path().unwrap_or_default();
    let encoded = String::from(js_sys::encode_uri_component(&back));
    show(&way::sign_in_href(&back, &encoded));
}

/// Leaves this page for another of the same server, and with it all that this one holds. The
/// server has just answered, so the other page will come.
pub(crate) fn leave_for(path: &str) {
    // A path that differs in its fragment alone would be no new page.
    let bare = |path: &str| path.split('#').next().map(str::to_owned);
    if whole_path().is_some_and(|here| bare(&here) == bare(path)) {
        show(path);
        return reload();
    }
    let left = location().map(|location| location.replace(path));
    if let Some(Err(error)) = left {
        leptos::logging::error!("could not go to {path}: {error:?}");
    }
}

/// Under which name the browser remembers the part that somebody plays where everything is open.
const PLAYED: &str = "egret.as";

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.session_storage().ok().flatten()
}

/// The part that somebody plays in this tab; empty if none.
pub(crate) fn played() -> String {
    let known = storage().and_then(|storage| storage.get_item(PLAYED).ok().flatten());
    known.unwrap_or_default()
}

/// Remembers it. A browser that forbids it only forgets.
pub(super) fn keep_played(name: &str) {
    if let Some(storage) = storage() {
        drop(storage.set_item(PLAYED, name));
    }
}

/// What this tab remembers under a name.
pub(crate) fn remembered(name: &str) -> Option<String> {
    storage()?.get_item(name).ok().flatten()
}

/// Remembers something for as long as this tab lives. A browser that forbids it only forgets.
pub(crate) fn remember(name: &str, text: &str) {
    if let Some(storage) = storage() {
        drop(storage.set_item(name, text));
    }
}

/// Loads this page anew.
pub(crate) fn reload() {
    if let Some(Err(error)) = location().map(|location| location.reload()) {
        leptos::logging::error!("could not reload: {error:?}");
    }
}
