//! Which scene is due: a wall turns by the server's clock alone, so walls with the same scenes turn
//! together, and one that loads itself anew goes on where it was. Pure.

use egret_shared::id::SceneId;
use egret_shared::package::scene::SceneDef;
use egret_shared::time::{Span, TimeMs};

/// The scenes that have a dwell, in the order of the tabs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turns(Vec<(SceneId, Span)>);

/// The scene that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// Which.
    pub(crate) scene: SceneId,
    /// How long it stays in all.
    pub(crate) dwell: Span,
    /// How long it still does.
    pub(crate) left: Span,
}

impl Turns {
    /// The turn through `scenes`.
    pub(crate) fn of(scenes: &[SceneDef]) -> Self {
        let dwelling = scenes.iter().filter_map(|scene| {
            let dwell = scene.dwell.filter(|dwell| dwell.ms() > 0)?;
            Some((scene.id.clone(), dwell))
        });
        Self(dwelling.collect())
    }

    /// How many scenes there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The scene that is due at `now`; none, if no scene has a dwell.
    pub(crate) fn due(&self, now: TimeMs) -> Option<Due> {
        let total: i64 = self.0.iter().map(|(_, dwell)| dwell.ms()).sum();
        let mut into = now.0.checked_rem_euclid(total)?;
        for (scene, dwell) in &self.0 {
            if into < dwell.ms() {
                return Some(Due {
                    scene: scene.clone(),
                    dwell: *dwell,
                    left: Span(dwell.ms() - into),
                });
            }
            into -= dwell.ms();
        }
        None
    }

    /// The scene after `from`, or before it; the first, if `from` is not in the turn.
    pub(crate) fn beside(&self, from: &str, ahead: bool) -> Option<SceneId> {
        let n = self.0.len();
        let place = self.0.iter().position(|(scene, _)| scene.as_str() == from);
        let place = match (place, ahead) {
            (None, _) => 0,
            (Some(place), true) => (place + 1).checked_rem(n)?,
            (Some(place), false) => (place + n - 1).checked_rem(n)?,
        };
        self.0.get(place).map(|(scene, _)| scene.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(dwells: &[(&str, i64)]) -> Turns {
        let of = |(scene, ms): &(&str, i64)| (SceneId::new(scene), Span(*ms));
        Turns(dwells.iter().map(of).collect())
    }

    #[test]
    fn every_scene_has_its_dwell_and_the_first_follows_the_last() {
        let turns = turns(&[("a", 40), ("b", 20)]);
        let due = |at| {
            let due = turns.due(TimeMs(at)).unwrap();
            (due.scene.to_string(), due.left.ms())
        };
        assert_eq!(due(0), ("a".to_owned(), 40));
        assert_eq!(due(39), ("a".to_owned(), 1));
        assert_eq!(due(40), ("b".to_owned(), 20));
        assert_eq!(due(60), ("a".to_owned(), 40));
        assert_eq!(due(600_041), ("b".to_owned(), 19));
    }

    #[test]
    fn scenes_without_a_dwell_are_not_in_the_turn() {
        let scene = |id: &str, dwell: Option<i64>| SceneDef {
            dwell: dwell.map(Span),
            ..serde_json::from_value(serde_json::json!({
                "id": id, "name": {"zh": "景", "en": id}, "grid": [1, 1],
            }))
            .unwrap()
        };
        let turns = Turns::of(&[
            scene("a", Some(10)),
            scene("flood", None),
            scene("b", Some(10)),
        ]);
        assert_eq!(turns.len(), 2);
        assert_eq!(turns.due(TimeMs(10)).unwrap().scene.as_str(), "b");
        assert_eq!(turns.beside("flood", true).unwrap().as_str(), "a");
        assert_eq!(Turns::default().due(TimeMs(5)), None);
    }

    #[test]
    fn neighbours_go_around_the_end() {
        let turns = turns(&[("a", 1), ("b", 1), ("c", 1)]);
        let beside = |from, ahead| turns.beside(from, ahead).unwrap().to_string();
        assert_eq!(beside("c", true), "a");
        assert_eq!(beside("a", false), "c");
        assert_eq!(Turns::default().beside("a", true), None);
    }
}
