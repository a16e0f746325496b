//! A wall as a desk sees and drives it: what it has been told, and what it says that it shows.
//!
//! The channel `wall/{id}` carries the whole [`WallState`]. What a wall was told is a state and no
//! sequence of orders, so a wall that reconnects needs the newest alone.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::id::{IncidentId, SceneId};
use crate::time::{Span, TimeMs};

/// The longest name that a page may give itself as a wall, where everything is open. Bytes.
pub const WALL_NAME_BYTES_MAX: usize = 64;

/// What is known of a wall: the channel `wall/{id}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WallState {
    /// What it has been told; absent while it runs by itself.
    pub drive: Option<Drive>,
    /// What it says that it shows; absent while it is not there.
    pub shows: Option<Showing>,
}

/// What somebody has told a wall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drive {
    /// The scene that it stays on; absent, it turns as it would.
    pub scene: Option<SceneId>,
    /// The incident that it puts into the light.
    pub spotlight: Option<IncidentId>,
    /// Who told it.
    pub by: String,
    /// When.
    pub at: TimeMs,
    /// From when on it counts no more.
    pub until: TimeMs,
}

/// What a wall says that it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Showing {
    /// The scene.
    pub scene: SceneId,
    /// Why this one.
    pub way: Way,
    /// The incident that has taken the wall over.
    #[serde(default)]
    pub incident: Option<IncidentId>,
}

/// Why a wall shows the scene that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// It turns from scene to scene.
    Turns,
    /// It has one scene, and stays there.
    Stays,
    /// Somebody in front of it holds it.
    Held,
    /// A desk has told it to.
    Driven,
    /// The city is in its emergency mode.
    Emergency,
}

/// A wall that may be driven: a row of `GET /api/v1/walls`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WallRow {
    /// Its id: the device's, or where everything is open, the name it gave itself.
    pub id: SmolStr,
    /// What people call it.
    pub name: String,
    /// Whether it is connected.
    pub online: bool,
    /// The scenes that it may show, in the order of the tabs.
    pub scenes: Vec<SceneId>,
    /// What it has been told and what it shows.
    #[serde(flatten)]
    pub state: WallState,
}

/// Body of `POST /api/v1/walls/{id}/drive`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriveOrder {
    /// Stay on this scene.
    Scene(SceneId),
    /// Go to a neighbour of the scene that is shown, and stay there.
    Step(Step),
    /// Stay on the scene that is shown; `false`: go on turning.
    Hold(bool),
    /// Put this incident into the light.
    Spotlight(IncidentId),
    /// Run by yourself again.
    Release,
}

/// Which neighbour of a scene, around the end of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The one before.
    Previous,
    /// The one after.
    Next,
}

/// Why a wall loads itself anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reload {
    /// Its memory has outgrown the budget.
    Memory,
    /// Its document has.
    Document,
    /// Its buffers on the graphics card have.
    Graphics,
}

impl Reload {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Memory, Self::Document, Self::Graphics];

    /// The word, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Document => "document",
            Self::Graphics => "graphics",
        }
    }
}

/// How walls watch themselves: `[wall]` of the server's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchDef {
    /// How much memory a wall's page may take, scripts and WebAssembly together. Bytes.
    pub memory_budget: u64,
    /// How often it looks.
    pub check_every: Span,
}

impl Default for WatchDef {
    /// 768 MB: some eight times what the demo city's wall takes, and well below the 2 to 4 GB at
    /// which browsers end a page. Every minute: a leak that matters over weeks takes hours.
    fn default() -> Self {
        Self {
            memory_budget: 768_000_000,
            check_every: Span(60_000),
        }
    }
}

impl Step {
    /// The scene beside `from`, of `scenes`; the first, if `from` is none of them.
    pub fn of<'a>(self, scenes: &'a [SceneId], from: Option<&SceneId>) -> Option<&'a SceneId> {
        let place = from.and_then(|from| scenes.iter().position(|scene| scene == from));
        let (place, n) = (place, scenes.len());
        match (place, self) {
            (None, _) => scenes.first(),
            (Some(place), Self::Next) => scenes.get((place + 1) % n),
            (Some(place), Self::Previous) => scenes.get((place + n - 1) % n),
        }
    }
}

impl WallState {
    /// What still counts at `now` of what the wall was told.
    pub fn in_force(&self, now: TimeMs) -> Option<&Drive> {
        self.drive.as_ref().filter(|drive| now < drive.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_as_it_is_written() {
        for (text, order) in [
            (
                r#"{"scene":"traffic"}"#,
                DriveOrder::Scene("traffic".into()),
            ),
            (r#"{"step":"next"}"#, DriveOrder::Step(Step::Next)),
            (r#"{"hold":false}"#, DriveOrder::Hold(false)),
            (
                r#"{"spotlight":"20260622-0001"}"#,
                DriveOrder::Spotlight("20260622-0001".into()),
            ),
            (r#""release""#, DriveOrder::Release),
        ] {
            assert_eq!(serde_json::from_str::<DriveOrder>(text).unwrap(), order);
            assert_eq!(serde_json::to_string(&order).unwrap(), text);
        }
    }

    #[test]
    fn neighbours_go_around_the_end() {
        let scenes: Vec<SceneId> = ["a", "b", "c"].map(Into::into).to_vec();
        let step = |step: Step, from: &str| {
            let found = step.of(&scenes, Some(&from.into()));
            found.map(SceneId::as_str).unwrap()
        };
        assert_eq!(step(Step::Next, "c"), "a");
        assert_eq!(step(Step::Previous, "a"), "c");
        assert_eq!(step(Step::Previous, "c"), "b");
        assert_eq!(step(Step::Next, "gone"), "a");
        assert_eq!(Step::Next.of(&[], None), None);
    }

    #[test]
    fn what_a_wall_was_told_lapses() {
        let drive = Drive {
            scene: None,
            spotlight: None,
            by: String::new(),
            at: TimeMs(0),
            until: TimeMs(10),
        };
        let state = WallState {
            drive: Some(drive),
            shows: None,
        };
        assert!(state.in_force(TimeMs(9)).is_some());
        assert!(state.in_force(TimeMs(10)).is_none());
    }
}
