//! Where an incident stands in its life: the steps from report to close, and how far it has come.

use leptos::prelude::*;

use egret_shared::incident::IncidentState;

use super::Folder;
use crate::i18n::case::{Case as Word, state_word};

/// The steps of an ordinary life.
const STEPS: [IncidentState; 7] = [
    IncidentState::Reported,
    IncidentState::Filed,
    IncidentState::Dispatched,
    IncidentState::Handling,
    IncidentState::Feedback,
    IncidentState::Verified,
    IncidentState::Closed,
];

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Past,
    Here,
    Ahead,
}

/// The steps, and where an incident in `state` stands on them; last, where it left them, if it did.
fn way(state: IncidentState) -> (Vec<(IncidentState, Stage)>, Option<IncidentState>) {
    let (reached, left_for) = match state {
        IncidentState::Evaluated => (STEPS.len(), Some(state)),
        IncidentState::Cleared | IncidentState::Dismissed | IncidentState::Merged => {
            (0, Some(state))
        }
        _ => {
            let place = STEPS.iter().position(|step| *step == state);
            (place.unwrap_or(0), None)
        }
    };
    let stage = |place: usize| match place.cmp(&reached) {
        std::cmp::Ordering::Less => Stage::Past,
        std::cmp::Ordering::Equal if left_for.is_none() => Stage::Here,
        _ if place == 0 => Stage::Past,
        _ => Stage::Ahead,
    };
    let steps = STEPS.iter().enumerate();
    let steps = steps.map(|(place, step)| (*step, stage(place))).collect();
    (steps, left_for)
}

/// The steps.
pub(super) fn steps(folder: Folder) -> AnyView {
    let state = folder.part(|incident| incident.state);
    let steps = move || {
        let (mut steps, left_for) = way(state.get().unwrap_or(IncidentState::Reported));
        steps.extend(left_for.map(|state| (state, Stage::Here)));
        let step = |(state, stage): (IncidentState, Stage)| {
            let class = match stage {
                Stage::Past => "step past",
                Stage::Here => "step here",
                Stage::Ahead => "step",
            };
            let current = (stage == Stage::Here).then_some("step");
            view! {
                <li class=class aria-current=current>
                    <i aria-hidden="true"></i>
                    <span>{folder.word(state_word(state))}</span>
                </li>
            }
        };
        steps.into_iter().map(step).collect_view()
    };
    view! {
        <ol class="steps panel" aria-label=move || folder.word(Word::Progress)>
            {steps}
        </ol>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::Stage::{Ahead, Here, Past};
    use super::*;

    #[test]
    fn exactly_one_place_is_here_for_every_state() {
        for state in IncidentState::ALL {
            let (steps, left_for) = way(state);
            let here = steps.iter().filter(|(_, stage)| *stage == Stage::Here);
            let here: Vec<IncidentState> = here.map(|(step, _)| *step).chain(left_for).collect();
            assert_eq!(here, [state]);
            assert_eq!(steps.len(), STEPS.len());
        }
    }

    #[test]
    fn what_lies_behind_is_past_and_what_comes_is_ahead() {
        let stages =
            |state| -> Vec<Stage> { way(state).0.into_iter().map(|(_, stage)| stage).collect() };
        assert_eq!(
            stages(IncidentState::Handling),
            [Past, Past, Past, Here, Ahead, Ahead, Ahead]
        );
        assert_eq!(stages(IncidentState::Evaluated), [Past; 7]);
        assert_eq!(
            stages(IncidentState::Dismissed),
            [Past, Ahead, Ahead, Ahead, Ahead, Ahead, Ahead]
        );
    }
}
