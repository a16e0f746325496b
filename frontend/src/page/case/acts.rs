//! What can be done: a button for each legal act, with its letter; and what is done at once.

use leptos::prelude::*;

use egret_shared::case::task::{Part, TaskState};
use egret_shared::case::{self, Act, ActKind, Doer, Refusal};
use egret_shared::id::DepartmentId;
use egret_shared::incident::{Incident, IncidentState};

use super::{Folder, letter};
use crate::api;
use crate::i18n::case::{Case as Word, act_word};

/// What `doer` may do to `incident` that would change something: who looks after it already does
/// not take it again.
pub(super) fn offered(incident: &Incident, doer: &Doer) -> Vec<ActKind> {
    let mut moves = case::moves(incident, doer);
    let holder = incident.acknowledged.as_ref().map(|held| &held.by.id);
    if holder == Some(&doer.person.id) {
        moves.retain(|act| *act != ActKind::Acknowledge);
    }
    moves
}

/// What keeps a handler from the next step.
#[derive(Clone, Debug, PartialEq)]
enum Waits {
    /// Supporting departments have not said that they are done.
    For(Vec<DepartmentId>),
    /// A department has objected.
    Disputed,
}

/// What feedback waits for, to whoever handles for the lead that has accepted; by the rule that
/// would refuse it.
fn waits(incident: &Incident, doer: &Doer) -> Option<Waits> {
    let task = incident.tasks.iter().find(|task| {
        task.part == Part::Lead
            && task.state == TaskState::Accepted
            && doer.handles_for(&task.department)
    })?;
    let act = Act::Feedback {
        department: task.department.clone(),
        // Any text: the rule asks for one.
        text: "-".to_owned(),
    };
    match case::step(incident, doer, &act, incident.opened_at) {
        Err(Refusal::OpenTasks(open)) => Some(Waits::For(open)),
        Err(Refusal::Disputed) => Some(Waits::Disputed),
        Ok(_) | Err(_) => None,
    }
}

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
    let waits = Memo::new(move |_| {
        let (dossier, doer) = (folder.dossier()?, folder.doer.get()?);
        waits(&dossier.incident, &doer)
    });
    let words = move || {
        let word = if !folder.is_live() {
            Word::Offline
        } else if folder.doer.read().is_none() {
            Word::LoadingActs
        } else if let Some(waits) = waits.get() {
            return Some(waiting(folder, &waits));
        } else if shown.read().is_empty() {
            Word::NoActs
        } else {
            return None;
        };
        Some(folder.word(word).to_owned())
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

fn waiting(folder: Folder, waits: &Waits) -> String {
    match waits {
        Waits::For(open) => {
            let names: Vec<String> = open.iter().map(|id| folder.department(id)).collect();
            let names = names.join(folder.word(Word::Comma));
            format!("{}{names}", folder.word(Word::FeedbackWaits))
        }
        Waits::Disputed => folder.word(Word::FeedbackDisputed).to_owned(),
    }
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
    use std::collections::BTreeSet;

    use egret_shared::access::Scope;
    use egret_shared::case::Power;
    use egret_shared::case::task::Task;
    use egret_shared::incident::{Acknowledged, Person};
    use egret_shared::level::Level;
    use egret_shared::text::Text;
    use egret_shared::time::TimeMs;

    use super::*;

    fn person(id: &str) -> Person {
        Person {
            id: id.into(),
            name: id.to_owned(),
        }
    }

    fn doer(id: &str, powers: &[Power], handles: &[&str]) -> Doer {
        Doer {
            person: person(id),
            is_person: true,
            powers: powers.iter().copied().collect::<BTreeSet<_>>(),
            handles: Scope::Only(handles.iter().map(|one| (*one).into()).collect()),
        }
    }

    fn task(department: &str, part: Part, state: TaskState) -> Task {
        Task {
            department: department.into(),
            part,
            state,
            given_at: TimeMs(0),
            skip_level: false,
            accepted_by: None,
            ended_at: None,
        }
    }

    fn incident(state: IncidentState) -> Incident {
        let title = Text::new("积水", "Ponding");
        let mut incident = Incident::opened(
            "20261201-0001".into(),
            "ponding".into(),
            Level::Red,
            title,
            TimeMs(0),
        );
        incident.state = state;
        incident
    }

    #[test]
    fn feedback_waits_for_supporting_departments_and_says_for_which() {
        let mut handling = incident(IncidentState::Handling);
        handling.tasks = vec![
            task("water", Part::Lead, TaskState::Accepted),
            task("police", Part::Support, TaskState::Given),
        ];
        let lead = doer("hu", &[], &["water"]);
        assert_eq!(
            waits(&handling, &lead),
            Some(Waits::For(vec!["police".into()]))
        );
        assert_eq!(waits(&handling, &doer("li", &[], &["police"])), None);
        handling.tasks = vec![task("water", Part::Lead, TaskState::Accepted)];
        assert_eq!(waits(&handling, &lead), None);
    }

    #[test]
    fn who_looks_after_it_is_not_asked_to_take_it() {
        let mut reported = incident(IncidentState::Reported);
        let (one, other) = (
            doer("hu", &[Power::Supervise], &[]),
            doer("li", &[Power::Supervise], &[]),
        );
        reported.acknowledged = Some(Acknowledged {
            by: person("hu"),
            at: TimeMs(0),
            until: TimeMs(1),
        });
        assert!(!offered(&reported, &one).contains(&ActKind::Acknowledge));
        assert!(offered(&reported, &other).contains(&ActKind::Acknowledge));
    }

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
