//! The files that were put to an incident.

use leptos::prelude::*;

use egret_shared::case::{Act, What};
use egret_shared::text::Language;

use super::{Folder, nothing, section};
use crate::api;
use crate::i18n::case::Case as Word;

/// A file as the timeline tells of it.
#[derive(Clone, Debug, PartialEq)]
struct Attached {
    href: String,
    name: String,
    bytes: u32,
    by: String,
}

/// The attachments.
pub(super) fn files(folder: Folder) -> AnyView {
    let files = Memo::new(move |_| {
        let Some(dossier) = folder.dossier() else {
            return Vec::new();
        };
        let id = folder.id.get_value();
        let attached = dossier.timeline.iter().filter_map(|deed| {
            let What::Act(Act::Attach {
                file, name, bytes, ..
            }) = &deed.what
            else {
                return None;
            };
            Some(Attached {
                href: api::case::attachment_href(&id, file),
                name: name.clone(),
                bytes: *bytes,
                by: deed
                    .by
                    .as_ref()
                    .map_or_else(String::new, |by| by.name.clone()),
            })
        });
        attached.collect()
    });
    let rows = move || {
        let language = folder.screen().language.get();
        let line = |file: Attached| {
            let size = size(file.bytes, language);
            let name = file.name.clone();
            view! {
                <li>
                    <a href=file.href download=name rel="external">
                        {file.name}
                    </a>
                    <small>{format!("{size} · {}", file.by)}</small>
                </li>
            }
        };
        files.get().into_iter().map(line).collect_view()
    };
    let count = move || {
        let n = files.read().len();
        (n > 0).then(|| n.to_string())
    };
    let is_none = Memo::new(move |_| files.read().is_empty());
    let content = view! {
        <Show when=move || is_none.get()>{nothing(folder, Word::NoFiles)}</Show>
        <ul class="files">{rows}</ul>
    };
    section(
        folder,
        "incident-files",
        Word::Files,
        count,
        content.into_any(),
    )
}

/// A file's length as people read it.
fn size(bytes: u32, language: Language) -> String {
    match (bytes, language) {
        (0..=999, Language::Zh) => format!("{bytes} 字节"),
        (0..=999, Language::En) => format!("{bytes} bytes"),
        (1_000..=999_999, _) => format!("{} kB", bytes / 1_000),
        _ => format!("{:.1} MB", f64::from(bytes) / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_told_in_the_unit_that_fits() {
        assert_eq!(size(12, Language::En), "12 bytes");
        assert_eq!(size(12_345, Language::Zh), "12 kB");
        assert_eq!(size(2_500_000, Language::En), "2.5 MB");
    }
}
