//! A page that runs by itself: a paired wall, or any page that is asked to with `?rotate=1`. Where
//! everything is open, `?wall=NAME` gives it a name as well, by which a desk can drive it.
//!
//! What is remembered here outlives the scene that is shown: who has touched the wall and when, what
//! has taken it over, what a desk has told it. Which scene follows from that is worked out in
//! [`crate::page::wall`].

pub(crate) mod rotation;
pub(crate) mod takeovers;
mod touch;

use leptos::prelude::*;
use smol_str::SmolStr;

use egret_shared::id::{IncidentId, SceneId};
use egret_shared::message::ClientMessage;
use egret_shared::package::wall::WallDef;
use egret_shared::people::Kind;
use egret_shared::time::{Span, TimeMs};
use egret_shared::wall::{Drive, Showing, WallState};

use crate::lasting::{Kept, Known, Lasting};
use crate::screen::screen;
use crate::session::{place, session};
use crate::store::Store;
use crate::watch;

use rotation::{Due, Turns};
use takeovers::Takeovers;

/// The parameters of the address that make any page run by itself.
const ROTATE: &str = "rotate";
const WALL: &str = "wall";

/// How long a wall stays as it is after somebody has touched it.
pub(crate) const HAND: Span = Span(2 * 60_000);

/// What has taken the wall over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The incident.
    pub(crate) incident: IncidentId,
    /// Until when; absent if a desk has put it up, and will take it away.
    pub(crate) until: Option<TimeMs>,
}

/// The page as a wall. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub(crate) struct Kiosk(StoredValue<Parts>);

#[derive(Clone, Copy)]
struct Parts {
    store: Store,
    /// Whether the page runs by itself.
    runs: Known<bool>,
    /// Which wall this is, if it is one that a desk can drive.
    wall: Known<Option<SmolStr>>,
    /// What was asked for in the address, which stays true when the address loses it.
    asked: StoredValue<Asked>,
    /// The scenes that it turns through.
    turns: Known<Turns>,
    /// Whether somebody has said that it is to stay where it is.
    held: Kept<bool>,
    /// When somebody last touched it.
    touched_at: Kept<Option<TimeMs>>,
    /// What it was told, and what it is known to show.
    state: RwSignal<Option<WallState>>,
    /// The order whose spotlight somebody has sent away by hand.
    dismissed: Kept<Option<TimeMs>>,
    takeovers: StoredValue<Takeovers>,
    taken: Kept<Option<Taken>>,
    /// What it shows, as the desk is told.
    shows: Kept<Option<Showing>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Asked {
    rotate: bool,
    wall: Option<SmolStr>,
}

impl Asked {
    fn in_address() -> Self {
        let name = place::query(WALL).filter(|name| !name.is_empty());
        Self {
            rotate: place::query(ROTATE).is_some_and(|text| text == "1"),
            wall: name.map(SmolStr::new),
        }
    }

    /// What of it is missing in the address.
    fn missing(&self) -> Vec<(&'static str, String)> {
        let here = Self::in_address();
        let rotate = (self.rotate && !here.rotate).then(|| (ROTATE, "1".to_owned()));
        let wall = self.wall.as_ref().filter(|_| here.wall.is_none());
        let wall = wall.map(|name| (WALL, name.to_string()));
        rotate.into_iter().chain(wall).collect()
    }
}

/// The context that [`Kiosk::provide`] gave.
pub(crate) fn kiosk() -> Kiosk {
    expect_context()
}

impl Kiosk {
    /// Makes the context for everything below, and whatever a wall does beside showing scenes.
    pub(crate) fn provide() -> Self {
        let (store, session) = (screen().store, session());
        let asked = Asked::in_address();
        let own = Memo::new(move |_| {
            let who = session.who().filter(|who| who.kind == Kind::Device);
            who.map(|who| SmolStr::new(who.id))
        });
        let (by_name, by_address) = (asked.wall.clone(), asked.rotate || asked.wall.is_some());
        let wall = Lasting::new(Memo::new(move |_| {
            let named = by_name.clone().filter(|_| session.is_open());
            own.get().or(named)
        }));
        let parts = Parts {
            store,
            runs: Lasting::new(Memo::new(move |_| by_address || own.read().is_some())),
            wall,
            asked: StoredValue::new(asked),
            turns: Lasting::new(Memo::new(move |_| {
                let catalog = store.catalog.read();
                let scenes = catalog.as_ref().map(|catalog| catalog.scenes.as_slice());
                Turns::of(scenes.unwrap_or_default())
            })),
            held: Kept::of(false),
            touched_at: Kept::of(None),
            state: store.wall(),
            dismissed: Kept::of(None),
            takeovers: StoredValue::new(Takeovers::default()),
            taken: Kept::of(None),
            shows: Kept::of(None),
        };
        let kiosk = Self(StoredValue::new(parts));
        provide_context(kiosk);
        kiosk.follow();
        kiosk.watch_incidents();
        kiosk.tell();
        touch::listen(kiosk);
        watch::start(kiosk, store);
        kiosk
    }

    fn parts(self) -> Parts {
        self.0.get_value()
    }

    /// Whether the page runs by itself.
    pub(crate) fn runs(self) -> bool {
        self.parts().runs.get()
    }

    /// The same for tasks and listeners, which follow no signal and may outlive the page.
    pub(crate) fn still_runs(self) -> bool {
        let parts = self.0.try_get_value();
        let runs = parts.and_then(|parts| parts.runs.try_get_untracked());
        runs.unwrap_or(false)
    }

    /// Whether somebody has said that it is to stay where it is.
    pub(crate) fn held(self) -> bool {
        self.parts().held.get()
    }

    /// Says what it shows from now on.
    pub(crate) fn show(self, showing: Option<Showing>) {
        self.parts().shows.set(showing);
    }

    /// Whether it shows a scene.
    pub(crate) fn shows_scene(self) -> bool {
        self.parts().shows.read().is_some()
    }

    /// Follows what the wall is told.
    fn follow(self) {
        let store = self.parts().store;
        Effect::new(move |before: Option<Option<SmolStr>>| {
            let wall = self.parts().wall.get();
            if before.as_ref() != Some(&wall) {
                store.follow_wall(wall.as_ref());
            }
            wall
        });
        on_cleanup(move || store.follow_wall(None));
    }

    /// Lets incidents take the wall over, and give it back.
    fn watch_incidents(self) {
        let store = self.parts().store;
        let rules = Memo::new(move |_| {
            let catalog = store.catalog.read();
            catalog.as_ref().map(|catalog| catalog.wall)
        });
        Effect::new(move || {
            let Some(rules) = rules.get().filter(|_| self.runs()) else {
                return;
            };
            if store.has_city.get() {
                let incidents = store.incidents.read();
                let notice = |takeovers: &mut Takeovers| takeovers.notice(&incidents, rules);
                self.parts().takeovers.update_value(notice);
            }
        });
        Effect::new(move || {
            let now = store.now.get();
            let rules = rules.get().unwrap_or_default();
            self.settle(rules, now);
        });
    }

    /// Works out what has the wall now.
    fn settle(self, rules: WallDef, now: TimeMs) {
        let spotlight = self.drive(now).and_then(|drive| {
            let is_wanted = self.parts().dismissed.get() != Some(drive.at);
            drive.spotlight.filter(|_| is_wanted)
        });
        let taken = match spotlight {
            Some(incident) => Some(Taken {
                incident,
                until: None,
            }),
            None => self
                .parts()
                .takeovers
                .try_update_value(|takeovers| takeovers.shown(rules.takeover_dwell, now))
                .flatten()
                .map(|(incident, until)| Taken {
                    incident,
                    until: Some(until),
                }),
        };
        if self.parts().taken.with_untracked(|known| *known != taken) {
            self.parts().taken.set(taken);
        }
    }

    /// Says what the wall shows, at once and whenever that changes or a connection is new.
    fn tell(self) {
        let store = self.parts().store;
        Effect::new(move || {
            store.connected().track();
            let (Some(wall), Some(showing)) = (self.parts().wall.get(), self.parts().shows.get())
            else {
                return;
            };
            store.say(&ClientMessage::Shows {
                wall: self.name_of(&wall),
                showing,
            });
        });
    }

    /// The name that this wall has to say; none for a paired one, which the server knows.
    fn name_of(self, wall: &SmolStr) -> Option<SmolStr> {
        let named = self.parts().asked.with_value(|asked| asked.wall.clone());
        named.filter(|name| name == wall)
    }

    /// Says a message about itself, if the page is a wall: `message` gets its name.
    pub(crate) fn say(self, message: impl FnOnce(Option<SmolStr>) -> ClientMessage) {
        if let Some(wall) = self.parts().wall.get_untracked() {
            self.parts().store.say(&message(self.name_of(&wall)));
        }
    }

    /// What a desk has told the wall, as far as it counts now.
    pub(crate) fn drive(self, now: TimeMs) -> Option<Drive> {
        let state = self.parts().state.read();
        state
            .as_ref()
            .and_then(|state| state.in_force(now).cloned())
    }

    /// The scene that is due now, if the wall turns at all.
    pub(crate) fn due(self, now: TimeMs) -> Option<Due> {
        self.parts().turns.with(|turns| turns.due(now))
    }

    /// The scene beside `from` in its turn.
    pub(crate) fn beside(self, from: &str, ahead: bool) -> Option<SceneId> {
        self.parts().turns.with(|turns| turns.beside(from, ahead))
    }

    /// Whether there is more than one scene to turn through.
    pub(crate) fn turns(self) -> bool {
        self.parts().turns.with(|turns| turns.len() > 1)
    }

    /// What has taken the wall over.
    pub(crate) fn taken(self) -> Option<Taken> {
        self.parts().taken.get()
    }

    /// Whether something has taken the wall over; for tasks, which follow no signal.
    pub(crate) fn is_taken(self) -> bool {
        self.parts().taken.with_untracked(Option::is_some)
    }

    /// Whether an incident of the level that takes walls over has opened within `span`.
    pub(crate) fn has_news(self, span: Span) -> bool {
        let now = self.parts().store.now.get_untracked();
        let catalog = self.parts().store.catalog.get_untracked();
        let least = catalog.and_then(|catalog| catalog.wall.takeover.least_level());
        let Some(least) = least else { return false };
        self.parts().store.incidents.with_untracked(|incidents| {
            let mut incidents = incidents.iter();
            incidents.any(|one| one.level >= least && now.since(one.opened_at) < span)
        })
    }

    /// Gives the wall back.
    pub(crate) fn give_back(self) {
        let now = self.parts().store.now.get_untracked();
        untrack(|| match self.drive(now) {
            Some(drive) if drive.spotlight.is_some() => self.parts().dismissed.set(Some(drive.at)),
            _ => self.parts().takeovers.update_value(Takeovers::dismiss),
        });
        self.parts().taken.set(None);
    }

    /// Somebody has touched the wall.
    pub(crate) fn touched(self) {
        self.parts()
            .touched_at
            .set(Some(self.parts().store.now.get_untracked()));
    }

    /// Until when the wall stays as it is because somebody has touched it; absent if nobody has, or
    /// it is over.
    pub(crate) fn left_alone_until(self, now: TimeMs) -> Option<TimeMs> {
        let until = self.parts().touched_at.get().map(|at| at.plus(HAND));
        until.filter(|until| now < *until)
    }

    /// Holds the wall where it is, or lets it go on at once.
    pub(crate) fn toggle_hold(self) {
        let now = self.parts().store.now.get_untracked();
        let stays = untrack(|| self.parts().held.get() || self.left_alone_until(now).is_some());
        self.parts().held.set(!stays);
        if stays {
            self.parts().touched_at.set(None);
        }
    }

    /// Puts what the page was asked for back into its address, so that a reload finds it there.
    pub(crate) fn keep_address(self) {
        for (name, value) in self.parts().asked.with_value(Asked::missing) {
            place::set_query(name, &value);
        }
    }
}
