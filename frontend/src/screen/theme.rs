//! Dark or light, as the address, the browser's memory or a key says. The colours of both are in
//! `style/tokens.css`; `js/theme.js` sets the attribute before anything is drawn.

#[cfg(test)]
mod tokens;

use leptos::prelude::*;

use crate::lasting::Kept;

/// Under which name the browser remembers it; the same in `js/theme.js`.
const STORED: &str = "egret.theme";

/// Its name in the address.
const QUERY: &str = "theme";

/// The attribute of the document by which the style chooses.
const ATTRIBUTE: &str = "data-theme";

/// How the screens look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// A harbour at night: for rooms with walls of light.
    #[default]
    Dark,
    /// For bright rooms.
    Light,
}

impl Theme {
    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::Dark,
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        let all = [Self::Dark, Self::Light];
        all.into_iter().find(|theme| theme.code() == code)
    }
}

/// Keeps the theme in step with the document, the memory and the address; for everything below.
pub(super) fn provide() {
    let theme = Kept::of(first());
    Effect::new(move || remember(theme.get()));
    provide_context(theme);
}

/// The theme that [`provide`] gave.
pub(crate) fn theme() -> Kept<Theme> {
    expect_context()
}

fn first() -> Theme {
    let asked = super::query(QUERY);
    let remembered = || {
        let storage = web_sys::window()?.local_storage().ok().flatten()?;
        storage.get_item(STORED).ok().flatten()
    };
    let code = asked.or_else(remembered);
    code.and_then(|code| Theme::from_code(&code))
        .unwrap_or_default()
}

/// A browser that forbids one of them only forgets.
fn remember(theme: Theme) {
    let Some(window) = web_sys::window() else {
        return;
    };
    if let Ok(Some(storage)) = window.local_storage() {
        drop(storage.set_item(STORED, theme.code()));
    }
    let root = window.document();
    if let Some(root) = root.and_then(|document| document.document_element()) {
        drop(root.set_attribute(ATTRIBUTE, theme.code()));
    }
    // An address that names a theme would bring the old one back.
    if super::query(QUERY).is_some() {
        drop(super::replace_in_url(&window, QUERY, theme.code()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_is_read_back_from_its_code() {
        for theme in [Theme::Dark, Theme::Light] {
            assert_eq!(Theme::from_code(theme.code()), Some(theme));
            assert_ne!(theme.other(), theme);
        }
        assert_eq!(Theme::from_code("sepia"), None);
    }
}
