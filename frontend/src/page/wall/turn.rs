//! Which scene a wall is to show: what a desk has told it first, then what has taken it over, the
//! emergency, whoever stands before it, and at last its turn. Pure.
//!
//! Where a wall came from before an emergency stands in its address, so that it finds back after days
//! and reloads.

use egret_shared::mode::Mode;
use egret_shared::time::{Span, TimeMs};

/// How long a scene that somebody has chosen by hand is left alone in an emergency.
const HAND: Span = Span(5 * 60_000);

/// Where a wall is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Here {
    /// The scene it shows.
    pub(super) scene: String,
    /// The scene it showed before the emergency.
    pub(super) from: Option<String>,
    /// When somebody chose the scene by hand; absent if nobody did.
    pub(super) chosen_at: Option<TimeMs>,
    /// The scene it showed before a desk or an incident sent it elsewhere.
    pub(super) away_from: Option<String>,
}

/// What calls a wall elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Calls {
    /// The scene that a desk has told it to show.
    pub(super) driven: Option<String>,
    /// Whether an incident has taken it over.
    pub(super) is_taken: bool,
    /// The scene to show that on, if the one that is shown has no map.
    pub(super) with_map: Option<String>,
    /// The mode of the city.
    pub(super) mode: Mode,
    /// The scene of an emergency.
    pub(super) emergency: Option<String>,
    /// Whether somebody before it wants it to stay.
    pub(super) stays: bool,
    /// The scene whose turn it is, on a wall that turns.
    pub(super) due: Option<String>,
}

/// Where to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Goal {
    /// The scene.
    pub(super) scene: String,
    /// What the address is to remember of where the wall was before the emergency.
    pub(super) from: Option<String>,
    /// Whether the wall will want to come back to where it was before.
    pub(super) is_away: bool,
}

/// The scene to go to, if the wall is to turn.
pub(super) fn turn(here: &Here, calls: &Calls, now: TimeMs) -> Option<Goal> {
    let to = |scene: &str| Goal {
        scene: scene.to_owned(),
        from: None,
        is_away: false,
    };
    let away = |scene: &String| Goal {
        from: here.from.clone(),
        is_away: true,
        ..to(scene)
    };
    let other = |goal: Goal| (goal.scene != here.scene).then_some(goal);
    if let Some(scene) = &calls.driven {
        return other(away(scene));
    }
    if calls.is_taken {
        return calls.with_map.as_ref().map(away).and_then(other);
    }
    if let (Mode::Emergency, Some(scene)) = (calls.mode, &calls.emergency) {
        let is_left_alone = here.chosen_at.is_some_and(|at| now.since(at) < HAND);
        let came_from = here.from.clone().or_else(|| here.away_from.clone());
        let goal = Goal {
            from: Some(came_from.unwrap_or_else(|| here.scene.clone())),
            ..to(scene)
        };
        return other(goal).filter(|_| !is_left_alone);
    }
    if calls.stays {
        return None;
    }
    let back = here.from.as_ref().filter(|_| calls.mode == Mode::Peace);
    let back = back.or(here.away_from.as_ref());
    let scene = calls.due.as_ref().or(back)?;
    let goal = to(scene);
    // The address must forget where it was before the emergency, even if that is here.
    if here.from.is_some() && calls.mode == Mode::Peace {
        return Some(goal);
    }
    other(goal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(scene: &str) -> Here {
        Here {
            scene: scene.to_owned(),
            ..Here::default()
        }
    }

    fn emergency() -> Calls {
        Calls {
            mode: Mode::Emergency,
            ..peace()
        }
    }

    fn peace() -> Calls {
        Calls {
            emergency: Some("flood".to_owned()),
            ..Calls::default()
        }
    }

    fn turned(here: &Here, calls: &Calls, now: i64) -> Option<String> {
        turn(here, calls, TimeMs(now)).map(|goal| goal.scene)
    }

    #[test]
    fn a_wall_turns_to_the_emergency_and_back_to_where_it_was() {
        let calm = at("overview");
        assert_eq!(turn(&calm, &peace(), TimeMs(0)), None);
        let to = turn(&calm, &emergency(), TimeMs(0)).unwrap();
        assert_eq!(
            (to.scene.as_str(), to.from.as_deref()),
            ("flood", Some("overview"))
        );
        let turned = Here {
            from: Some("overview".to_owned()),
            ..at("flood")
        };
        assert_eq!(turn(&turned, &emergency(), TimeMs(9)), None);
        let back = turn(&turned, &peace(), TimeMs(9)).unwrap();
        assert_eq!((back.scene.as_str(), back.from), ("overview", None));
    }

    #[test]
    fn a_scene_chosen_by_hand_is_left_alone_for_a_while() {
        let chosen = Here {
            chosen_at: Some(TimeMs(1_000)),
            ..at("traffic")
        };
        let later = |ms| turned(&chosen, &emergency(), 1_000 + ms);
        assert_eq!(later(0), None);
        assert_eq!(later(HAND.ms() - 1), None);
        assert!(later(HAND.ms()).is_some());
    }

    #[test]
    fn a_city_without_an_emergency_scene_turns_nothing() {
        let calls = Calls {
            emergency: None,
            ..emergency()
        };
        assert_eq!(turned(&at("overview"), &calls, 0), None);
    }

    #[test]
    fn a_wall_shows_the_scene_whose_turn_it_is_unless_somebody_wants_it_to_stay() {
        let calls = Calls {
            due: Some("traffic".to_owned()),
            ..peace()
        };
        assert_eq!(
            turned(&at("overview"), &calls, 0).as_deref(),
            Some("traffic")
        );
        assert_eq!(turned(&at("traffic"), &calls, 0), None);
        let stays = Calls {
            stays: true,
            ..calls.clone()
        };
        assert_eq!(turned(&at("overview"), &stays, 0), None);
        let flood = Calls {
            mode: Mode::Emergency,
            ..calls
        };
        assert_eq!(turned(&at("overview"), &flood, 0).as_deref(), Some("flood"));
    }

    #[test]
    fn a_desk_goes_before_everything_and_the_wall_comes_back_afterwards() {
        let driven = Calls {
            driven: Some("traffic".to_owned()),
            is_taken: true,
            with_map: Some("overview".to_owned()),
            due: Some("hotline".to_owned()),
            ..emergency()
        };
        let to = turn(&at("overview"), &driven, TimeMs(0)).unwrap();
        assert!(to.scene == "traffic" && to.is_away);
        let sent = Here {
            away_from: Some("overview".to_owned()),
            ..at("traffic")
        };
        assert_eq!(turned(&sent, &driven, 0), None);
        assert_eq!(turned(&sent, &peace(), 0).as_deref(), Some("overview"));
    }

    #[test]
    fn an_incident_is_shown_on_a_map_and_gives_the_scene_back() {
        let taken = Calls {
            is_taken: true,
            due: Some("traffic".to_owned()),
            ..peace()
        };
        // The scene has a map of its own: it stays, though its turn is over.
        assert_eq!(turned(&at("overview"), &taken, 0), None);
        let elsewhere = Calls {
            with_map: Some("overview".to_owned()),
            ..taken
        };
        let to = turn(&at("tables"), &elsewhere, TimeMs(0)).unwrap();
        assert!(to.scene == "overview" && to.is_away);
        let sent = Here {
            away_from: Some("tables".to_owned()),
            ..at("overview")
        };
        assert_eq!(turned(&sent, &peace(), 0).as_deref(), Some("tables"));
    }

    #[test]
    fn a_wall_that_was_away_when_the_emergency_came_finds_back_to_where_it_had_been() {
        let sent = Here {
            away_from: Some("tables".to_owned()),
            ..at("overview")
        };
        let to = turn(&sent, &emergency(), TimeMs(0)).unwrap();
        assert_eq!(to.from.as_deref(), Some("tables"));
    }
}
