//! When a wall turns to the emergency scene, and back. Pure.
//!
//! Where a wall came from stands in its address, so that it finds back after days and reloads.

use egret_shared::mode::Mode;
use egret_shared::time::{Span, TimeMs};

/// How long a scene that somebody has chosen by hand is left alone.
const HAND: Span = Span(5 * 60_000);

/// Where a wall is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Here {
    /// The scene it shows.
    pub(super) scene: String,
    /// The scene it showed before the emergency.
    pub(super) from: Option<String>,
    /// When somebody chose the scene by hand; absent if nobody did.
    pub(super) chosen_at: Option<TimeMs>,
}

/// The address to go to, if the wall is to turn.
pub(super) fn turn(
    here: &Here,
    mode: Mode,
    emergency: Option<&str>,
    now: TimeMs,
) -> Option<String> {
    let Here {
        scene,
        from,
        chosen_at,
    } = here;
    match (mode, emergency, from) {
        (Mode::Peace, _, Some(from)) => Some(format!("/wall/{from}")),
        (Mode::Peace, _, None) | (Mode::Emergency, None, _) => None,
        (Mode::Emergency, Some(emergency), _) => {
            let is_left_alone = chosen_at.is_some_and(|at| now.since(at) < HAND);
            let turns = scene != emergency && !is_left_alone;
            turns.then(|| format!("/wall/{emergency}?from={scene}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOOD: Option<&str> = Some("flood");

    fn at(scene: &str, from: Option<&str>, chosen_at: Option<i64>) -> Here {
        Here {
            scene: scene.to_owned(),
            from: from.map(str::to_owned),
            chosen_at: chosen_at.map(TimeMs),
        }
    }

    #[test]
    fn a_wall_turns_to_the_emergency_and_back_to_where_it_was() {
        let calm = at("overview", None, None);
        assert_eq!(turn(&calm, Mode::Peace, FLOOD, TimeMs(0)), None);
        let to = turn(&calm, Mode::Emergency, FLOOD, TimeMs(0));
        assert_eq!(to.as_deref(), Some("/wall/flood?from=overview"));
        let turned = at("flood", Some("overview"), None);
        assert_eq!(turn(&turned, Mode::Emergency, FLOOD, TimeMs(9)), None);
        let back = turn(&turned, Mode::Peace, FLOOD, TimeMs(9));
        assert_eq!(back.as_deref(), Some("/wall/overview"));
    }

    #[test]
    fn a_scene_chosen_by_hand_is_left_alone_for_a_while() {
        let chosen = at("traffic", None, Some(1_000));
        let later = |ms| turn(&chosen, Mode::Emergency, FLOOD, TimeMs(1_000 + ms));
        assert_eq!(later(0), None);
        assert_eq!(later(HAND.ms() - 1), None);
        assert!(later(HAND.ms()).is_some());
    }

    #[test]
    fn a_city_without_an_emergency_scene_turns_nothing() {
        let here = at("overview", None, None);
        assert_eq!(turn(&here, Mode::Emergency, None, TimeMs(0)), None);
    }
}
