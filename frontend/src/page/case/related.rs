//! Other incidents that this one has to do with, and what it links to.

use leptos::prelude::*;

use egret_shared::case::{Act, Dossier, What};

use super::{Folder, nothing, section};
use crate::i18n::case::Case as Word;

/// Something that an incident points to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pointer {
    how: Word,
    to: String,
    note: String,
}

impl Pointer {
    fn new(how: Word, to: &impl ToString) -> Self {
        Self {
            how,
            to: to.to_string(),
            note: String::new(),
        }
    }

    /// Where it leads: a page of our own, or one elsewhere.
    fn href(&self) -> String {
        if self.is_elsewhere() {
            self.to.clone()
        } else {
            format!("/incident/{}", self.to)
        }
    }

    fn is_elsewhere(&self) -> bool {
        ["http://", "https://"]
            .iter()
            .any(|scheme| self.to.starts_with(scheme))
    }
}

/// Everything that a file points to, each once.
fn pointers(dossier: &Dossier) -> Vec<Pointer> {
    let incident = &dossier.incident;
    let mut pointers = Vec::new();
    pointers.extend(
        incident
            .parent
            .as_ref()
            .map(|id| Pointer::new(Word::ParentOf, id)),
    );
    pointers.extend(
        incident
            .merged_into
            .as_ref()
            .map(|id| Pointer::new(Word::MergedInto, id)),
    );
    let children = dossier.children.iter();
    pointers.extend(children.map(|id| Pointer::new(Word::ChildOf, id)));
    for deed in &dossier.timeline {
        let pointer = match &deed.what {
            What::Took(id) => Pointer::new(Word::Took, id),
            What::SplitFrom(id) => Pointer::new(Word::SplitFrom, id),
            What::SplitOff(id) => Pointer::new(Word::SplitOff, id),
            What::Follows(id) => Pointer::new(Word::Follows, id),
            What::Act(Act::Link { to, note }) => Pointer {
                note: note.clone(),
                ..Pointer::new(Word::LinkWord, to)
            },
            _ => continue,
        };
        if !pointers.contains(&pointer) {
            pointers.push(pointer);
        }
    }
    pointers
}

/// What it is related to.
pub(super) fn related(folder: Folder) -> AnyView {
    let found = Memo::new(move |_| {
        folder
            .dossier()
            .map_or_else(Vec::new, |dossier| pointers(&dossier))
    });
    let rows = move || {
        let line = |pointer: Pointer| {
            let href = pointer.href();
            let rel = pointer
                .is_elsewhere()
                .then_some("noreferrer noopener external");
            let target = pointer.is_elsewhere().then_some("_blank");
            view! {
                <li>
                    <span>{folder.word(pointer.how)}</span>
                    <a href=href rel=rel target=target>
                        {pointer.to}
                    </a>
                    <small>{pointer.note}</small>
                </li>
            }
        };
        found.get().into_iter().map(line).collect_view()
    };
    let is_none = Memo::new(move |_| found.read().is_empty());
    let content = view! {
        <Show when=move || is_none.get()>{nothing(folder, Word::NoRelated)}</Show>
        <ul class="related">{rows}</ul>
    };
    section(
        folder,
        "incident-related",
        Word::Related,
        || None,
        content.into_any(),
    )
}

#[cfg(test)]
mod tests {
    use egret_shared::case::Deed;
    use egret_shared::incident::Incident;
    use egret_shared::level::Level;
    use egret_shared::text::Text;
    use egret_shared::time::TimeMs;

    use super::*;

    #[test]
    fn what_it_points_to_is_listed_once_and_leads_somewhere() {
        let at = TimeMs(0);
        let mut incident =
            Incident::opened("1".into(), "r".into(), Level::Red, Text::default(), at);
        incident.parent = Some("20260622-0009".into());
        let link = |to: &str| {
            What::Act(Act::Link {
                to: to.into(),
                note: String::new(),
            })
        };
        let whats = [
            link("https://example.org/a"),
            link("https://example.org/a"),
            What::Took("20260622-0003".into()),
            What::Warned,
        ];
        let timeline = whats.into_iter().map(|what| Deed {
            n: 1,
            at,
            by: None,
            version: 1,
            what,
        });
        let found = pointers(&Dossier {
            incident,
            timeline: timeline.collect(),
            checklist: Vec::new(),
            children: vec!["20260622-0004".into()],
        });
        let hrefs: Vec<String> = found.iter().map(Pointer::href).collect();
        assert_eq!(
            hrefs,
            [
                "/incident/20260622-0009",
                "/incident/20260622-0004",
                "https://example.org/a",
                "/incident/20260622-0003"
            ]
        );
    }
}
