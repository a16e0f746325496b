//! What an incident leaves undone: signals in force and points of its plan, told to whoever is
//! about to verify or close it. Nothing of it hinders them: a signal may be wrong, and a point
//! needless.

use leptos::prelude::*;

use egret_shared::text::Language;

use super::Folder;
use crate::select;

/// What is undone, as a line that is not there while everything is done.
pub(super) fn line(folder: Folder) -> AnyView {
    let screen = folder.screen();
    let words = Memo::new(move |_| {
        let dossier = folder.dossier()?;
        let alerts = screen.store.alerts.read();
        let evidence = dossier.incident.evidence.iter();
        let in_force = evidence
            .filter(|one| select::is_in_force(&alerts, &one.alert))
            .count();
        let points = dossier.checklist.iter();
        let open = points.filter(|point| point.done.is_none()).count();
        let all = dossier.checklist.len();
        told(in_force, (open, all), screen.language.get())
    });
    (move || {
        let words = words.get()?;
        Some(view! {
            <p class="undone" role="note">
                {words}
            </p>
        })
    })
    .into_any()
}

/// The line's words: how many signals are in force, and how many points of how many are open.
fn told(in_force: usize, (open, all): (usize, usize), language: Language) -> Option<String> {
    let signals = (in_force > 0).then(|| match language {
        Language::Zh => format!("{in_force} 个信号仍生效"),
        Language::En if in_force == 1 => "1 signal still in force".to_owned(),
        Language::En => format!("{in_force} signals still in force"),
    });
    let points = (open > 0).then(|| match language {
        Language::Zh => format!("预案清单 {all} 项中 {open} 项未勾选"),
        Language::En => format!("{open} of {all} points of the plan not ticked"),
    });
    let parts: Vec<String> = signals.into_iter().chain(points).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_undone_is_told() {
        let en = |in_force, points| told(in_force, points, Language::En);
        assert_eq!(en(0, (0, 6)), None);
        assert_eq!(en(0, (0, 0)), None);
        assert_eq!(en(1, (0, 6)).as_deref(), Some("1 signal still in force"));
        assert_eq!(
            en(0, (4, 6)).as_deref(),
            Some("4 of 6 points of the plan not ticked")
        );
        assert_eq!(
            told(2, (4, 6), Language::Zh).as_deref(),
            Some("2 个信号仍生效 · 预案清单 6 项中 4 项未勾选")
        );
    }
}
