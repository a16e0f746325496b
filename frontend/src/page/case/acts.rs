//! What can be done: a button for each legal act, with its letter; and what is done at once.

use leptos::prelude::*;

use egret_shared::case::{Act, ActKind};
use egret_shared::incident::IncidentState;

use super::{Folder, letter};
use crate::api;
use crate::i18n::case::{Case as Word, act_word};

/// The act that moves an incident on from where it stands.
fn next_act(state: IncidentState) -> Option<ActKind> {
    match state {
        IncidentState::Reported | IncidentState::Cleared => Some(ActKind::File),
        IncidentState::Filed => Some(ActKind::Dispatch),
        IncidentState::Dispatched => Some(ActKind::Accept),
        IncidentState::Handling => Some(ActKind::Feedback),
        IncidentState::Feedback => Some(ActKind::Verify),
        IncidentState::Verified => Some(ActKind::Close),
        IncidentState::Closed => Some(ActKind::Evaluate),
        IncidentState::Evaluated | IncidentState::Dismissed | IncidentState::Merged => None,
    }
}

/// The buttons: what moves the incident on comes first.
fn ordered(moves: &[ActKind], state: IncidentState) -> Vec<(ActKind, bool)> {
    let next = next_act(state).filter(|act| moves.contains(act));
    let others = moves
        .iter()
        .filter(|act| Some(**act) != next && **act != ActKind::Tick);
    let others = others.map(|act| (*act, false));
    next.map(|act| (act, true))
        .into_iter()
        .chain(others)
        .collect()
}

/// The acts.
pub(super) fn acts(folder: Folder) -> AnyView {
    let state = folder.part(|incident| incident.state);
    let shown = Memo::new(move |_| {
        let state = state.get().unwrap_or(IncidentState::Reported);
        ordered(&folder.moves.read(), state)
    });
    let buttons = move || {
        let shown = shown.get();
        shown
            .into_iter()
            .map(|(act, is_next)| act_button(folder, act, is_next))
            .collect_view()
    };
    let words = move || {
        let word = if !folder.is_live() {
            Word::Offline
        } else if folder.doer.read().is_none() {
            Word::LoadingActs
        } else if shown.read().is_empty() {
            Word::NoActs
        } else {
            return None;
        };
        Some(folder.word(word))
    };
    view! {
        <section class="panel acts" aria-label=move || folder.word(Word::Acts)>
            <div class="act-buttons">{buttons}</div>
            <p class="acts-why" role="status">
                {words}
            </p>
            {folder.quick.failure()}
        </section>
    }
    .into_any()
}

fn act_button(folder: Folder, act: ActKind, is_next: bool) -> AnyView {
    let letter = letter(act).map(String::from);
    let keys = letter.clone();
    view! {
        <button
            type="button"
            class:main-button=is_next
            aria-keyshortcuts=keys
            aria-disabled=move || (!folder.is_live()).to_string()
            data-act=act.as_str()
            on:click=move |_| folder.begin(act)
        >
            <span>{move || folder.word(act_word(act))}</span>
            <kbd aria-hidden="true">{letter}</kbd>
        </button>
    }
    .into_any()
}

/// Does what needs no words. If the incident has changed meanwhile, it is done to what it has
/// become: an acknowledgement and a tick mean the same after any change.
pub(super) fn at_once(folder: Folder, act: Act) {
    let version = folder.content.with_untracked(|content| match content {
        super::Content::Here(dossier) => Some(dossier.incident.version),
        _ => None,
    });
    let Some(version) = version else {
        return;
    };
    let id = folder.id.get_value();
    let question = async move {
        let first = api::case::command(&id, &api::case::new_id(), version, &act).await;
        match first {
            Err(error) => match error.changed() {
                Some((version, _)) => {
                    api::case::command(&id, &api::case::new_id(), version, &act).await
                }
                None => Err(error),
            },
            done => done,
        }
    };
    folder.quick.send(question, |_| ());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_incident_on_comes_first_if_it_is_legal() {
        let moves = [
            ActKind::Acknowledge,
            ActKind::File,
            ActKind::Tick,
            ActKind::Comment,
        ];
        assert_eq!(
            ordered(&moves, IncidentState::Reported),
            [
                (ActKind::File, true),
                (ActKind::Acknowledge, false),
                (ActKind::Comment, false)
            ]
        );
        assert_eq!(
            ordered(&[ActKind::Comment], IncidentState::Filed),
            [(ActKind::Comment, false)]
        );
    }

    #[test]
    fn every_state_that_is_not_over_has_an_act_that_moves_it_on() {
        for state in IncidentState::ALL {
            assert!(state.is_over() || next_act(state).is_some(), "{state:?}");
        }
    }
}
