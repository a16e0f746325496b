//! Which layers of maps somebody has switched off. It stands in the URL as `?hide=assets,heat`, so
//! that a wall comes back as it was set up, and a link shows a colleague the same.

use std::collections::BTreeSet;

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use egret_shared::package::layer::LayerKind;

use crate::lasting::Kept;

/// The name in the URL.
const QUERY: &str = "hide";

/// What is switched off. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub(crate) struct Hidden(Kept<BTreeSet<LayerKind>>);

/// The context that [`Hidden::provide`] gave.
pub(crate) fn hidden() -> Hidden {
    expect_context()
}

impl Hidden {
    /// Makes the context: what the URL says.
    pub(crate) fn provide() {
        let kinds = own_url().map(|url| read(&url.search_params().get(QUERY).unwrap_or_default()));
        provide_context(Self(Kept::of(kinds.unwrap_or_default())));
    }

    /// Whether a kind of layer is shown.
    pub(crate) fn shows(self, kind: LayerKind) -> bool {
        !self.0.read().contains(&kind)
    }

    /// Switches a kind of layer on or off.
    pub(crate) fn show(self, kind: LayerKind, is_shown: bool) {
        self.0.update(|hidden| {
            if is_shown {
                hidden.remove(&kind);
            } else {
                hidden.insert(kind);
            }
        });
        self.remember();
    }

    /// Writes it into the address, which another page may have come to without it.
    pub(crate) fn remember(self) {
        let text = written(&self.0.read());
        // A browser that forbids it only forgets.
        drop(replace(&text));
    }
}

fn own_url() -> Option<web_sys::Url> {
    let href = web_sys::window()?.location().href().ok()?;
    web_sys::Url::new(&href).ok()
}

fn replace(text: &str) -> Result<(), JsValue> {
    let (Some(url), Some(window)) = (own_url(), web_sys::window()) else {
        return Ok(());
    };
    let query = url.search_params();
    if query.get(QUERY).unwrap_or_default() == text {
        return Ok(());
    }
    if text.is_empty() {
        query.delete(QUERY);
    } else {
        query.set(QUERY, text);
    }
    let history = window.history()?;
    history.replace_state_with_url(&history.state()?, "", Some(&url.href()))
}

/// The kinds that a text names; what makes no sense is left out.
fn read(text: &str) -> BTreeSet<LayerKind> {
    text.split(',').filter_map(LayerKind::from_word).collect()
}

fn written(kinds: &BTreeSet<LayerKind>) -> String {
    let words: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    words.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_read_back_from_the_address() {
        let kinds = BTreeSet::from([LayerKind::Assets, LayerKind::Heat]);
        assert_eq!(written(&kinds), "heat,assets");
        assert_eq!(read(&written(&kinds)), kinds);
        assert_eq!(read("heat,,nonsense"), BTreeSet::from([LayerKind::Heat]));
        assert!(read("").is_empty());
    }
}
