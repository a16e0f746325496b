//! Walls that are there or driven: what each has been told, and what it says that it shows.
//!
//! Nothing of this is the city's: it is not journaled, and gone when the server ends. A wall that
//! comes back says anew what it shows, and what it was told lapses after minutes anyway. Each wall
//! has a [`ChannelLog`] as the city's channels have, so that its followers are served alike.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use egret_city::entry::Seq;
use egret_shared::channel::Channel;
use egret_shared::delta::Delta;
use egret_shared::snapshot::Snapshot;
use egret_shared::time::TimeMs;
use egret_shared::wall::{Drive, Showing, WallState, WatchDef};
use smol_str::SmolStr;

use crate::limits::{WALL_REPORT_EVERY, WALLS_MAX};
use crate::publish::log::ChannelLog;

/// Every wall that is there, driven or followed.
#[derive(Debug)]
pub(crate) struct Walls {
    generation: u64,
    watch: WatchDef,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Counts changes of all walls, so that a wall that was forgotten and comes back never stands
    /// where a client believes to have seen it.
    last_seq: Seq,
    walls: BTreeMap<SmolStr, Wall>,
}

#[derive(Debug)]
struct Wall {
    log: Arc<ChannelLog>,
    state: WallState,
    /// How many connections it has.
    n_here: usize,
    reported_at: Option<TimeMs>,
}

/// There are as many walls as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{WALLS_MAX} walls are there or driven already; close one")]
pub(crate) struct TooManyWalls;

/// A wall's connection, counted for as long as this lives.
#[derive(Debug)]
pub(crate) struct Presence {
    walls: Arc<Walls>,
    id: SmolStr,
}

impl Presence {
    /// Which wall.
    pub(crate) fn id(&self) -> &SmolStr {
        &self.id
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.walls.leave(&self.id);
    }
}

impl Walls {
    /// No wall yet. `generation` tells this start of the server from others, and `watch` walls how
    /// to watch themselves.
    pub(crate) fn new(generation: u64, watch: WatchDef) -> Self {
        Self {
            generation,
            watch,
            inner: Mutex::default(),
        }
    }

    /// How walls watch themselves.
    pub(crate) fn watch(&self) -> WatchDef {
        self.watch
    }

    /// The log of a wall's channel.
    ///
    /// # Errors
    /// [`TooManyWalls`].
    pub(crate) fn open(&self, id: &SmolStr, now: TimeMs) -> Result<Arc<ChannelLog>, TooManyWalls> {
        let mut inner = self.lock();
        let wall = inner.wall(id, self.generation, now)?;
        Ok(Arc::clone(&wall.log))
    }

    /// A wall has connected.
    ///
    /// # Errors
    /// [`TooManyWalls`].
    pub(crate) fn arrive(
        self: &Arc<Self>,
        id: &SmolStr,
        now: TimeMs,
    ) -> Result<Presence, TooManyWalls> {
        self.lock().wall(id, self.generation, now)?.n_here += 1;
        Ok(Presence {
            walls: Arc::clone(self),
            id: id.clone(),
        })
    }

    fn leave(&self, id: &SmolStr) {
        let now = crate::clock::now();
        let mut inner = self.lock();
        let Some(wall) = inner.walls.get_mut(id) else {
            return;
        };
        wall.n_here = wall.n_here.saturating_sub(1);
        if wall.n_here == 0 {
            inner.change(id, now, |state| state.shows = None);
        }
        inner.forget(now);
    }

    /// A wall that is there says what it shows.
    pub(crate) fn shows(&self, id: &SmolStr, showing: Showing, now: TimeMs) {
        self.lock()
            .change(id, now, |state| state.shows = Some(showing));
    }

    /// Tells a wall what `order` makes of how it stands; how it stands then. Nobody else tells it
    /// anything in between.
    ///
    /// # Errors
    /// [`TooManyWalls`], and why `order` cannot be.
    pub(crate) fn drive<E: From<TooManyWalls>>(
        &self,
        id: &SmolStr,
        now: TimeMs,
        order: impl FnOnce(&WallState) -> Result<Option<Drive>, E>,
    ) -> Result<WallState, E> {
        let mut inner = self.lock();
        inner.wall(id, self.generation, now)?;
        let drive = order(&inner.state(id, now))?;
        inner.change(id, now, |state| state.drive = drive);
        Ok(inner.state(id, now))
    }

    /// How a wall stands, and whether it is there.
    pub(crate) fn state(&self, id: &str, now: TimeMs) -> (WallState, bool) {
        let inner = self.lock();
        let is_here = inner.walls.get(id).is_some_and(|wall| wall.n_here > 0);
        (inner.state(id, now), is_here)
    }

    /// The walls that are there.
    pub(crate) fn here(&self) -> Vec<SmolStr> {
        let inner = self.lock();
        let here = inner.walls.iter().filter(|(_, wall)| wall.n_here > 0);
        here.map(|(id, _)| id.clone()).collect()
    }

    /// Whether a wall may say at `now` that it loads itself anew; then it has.
    pub(crate) fn may_report(&self, id: &SmolStr, now: TimeMs) -> bool {
        let mut inner = self.lock();
        let Some(wall) = inner.walls.get_mut(id) else {
            return false;
        };
        let is_time = wall
            .reported_at
            .is_none_or(|at| now.since(at) >= WALL_REPORT_EVERY);
        if is_time {
            wall.reported_at = Some(now);
        }
        is_time
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here can panic half-way.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn wall(
        &mut self,
        id: &SmolStr,
        generation: u64,
        now: TimeMs,
    ) -> Result<&mut Wall, TooManyWalls> {
        if !self.walls.contains_key(id) {
            self.forget(now);
            if self.walls.len() >= WALLS_MAX {
                return Err(TooManyWalls);
            }
            self.last_seq += 1;
        }
        let seq = self.last_seq;
        Ok(self.walls.entry(id.clone()).or_insert_with(|| {
            let channel = Channel::Wall(id.clone());
            let state = Snapshot::Wall(Box::default());
            Wall {
                log: Arc::new(ChannelLog::new(channel, generation, seq, now, state)),
                state: WallState::default(),
                n_here: 0,
                reported_at: None,
            }
        }))
    }

    /// How a wall stands, without what has lapsed.
    fn state(&self, id: &str, now: TimeMs) -> WallState {
        let wall = self.walls.get(id);
        let mut state = wall.map(|wall| wall.state.clone()).unwrap_or_default();
        if state.in_force(now).is_none() {
            state.drive = None;
        }
        state
    }

    fn change(&mut self, id: &SmolStr, now: TimeMs, change: impl FnOnce(&mut WallState)) {
        let Some(wall) = self.walls.get_mut(id) else {
            return;
        };
        let mut newer = wall.state.clone();
        change(&mut newer);
        if newer.in_force(now).is_none() {
            newer.drive = None;
        }
        if newer == wall.state {
            return;
        }
        wall.state = newer.clone();
        self.last_seq += 1;
        let changes = Delta::Wall(Box::new(newer));
        wall.log.push(self.last_seq, now, changes, Instant::now());
    }

    /// Lets walls go that are not there, not followed, and told nothing.
    fn forget(&mut self, now: TimeMs) {
        self.walls.retain(|_, wall| {
            let is_followed = Arc::strong_count(&wall.log) > 1;
            wall.n_here > 0 || is_followed || wall.state.in_force(now).is_some()
        });
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::codec::{self, Encoding};
    use egret_shared::message::ServerMessage;
    use egret_shared::wall::Way;

    use super::*;

    fn drive(scene: &str, until: i64) -> Drive {
        Drive {
            scene: Some(scene.into()),
            spotlight: None,
            by: "lin".to_owned(),
            at: TimeMs(0),
            until: TimeMs(until),
        }
    }

    fn walls() -> Arc<Walls> {
        Arc::new(Walls::new(7, WatchDef::default()))
    }

    /// Tells a wall this, however it stands.
    fn tell(walls: &Walls, id: &SmolStr, now: TimeMs, drive: Drive) {
        let told = walls.drive(id, now, |_| Ok::<_, TooManyWalls>(Some(drive)));
        told.unwrap();
    }

    fn showing(scene: &str) -> Showing {
        Showing {
            scene: scene.into(),
            way: Way::Turns,
            incident: None,
        }
    }

    #[test]
    fn a_wall_that_reconnects_gets_what_it_was_told_meanwhile() {
        let walls = walls();
        let id = SmolStr::new("hall");
        tell(&walls, &id, TimeMs(0), drive("a", 10));
        tell(&walls, &id, TimeMs(1), drive("b", 11));
        let log = walls.open(&id, TimeMs(2)).unwrap();
        let next = log.next(None, Encoding::Binary).unwrap().unwrap();
        let ServerMessage::Snapshot(frame) = codec::decode(&next.bytes).unwrap() else {
            panic!("a snapshot")
        };
        let Snapshot::Wall(state) = frame.state else {
            panic!("of a wall")
        };
        assert_eq!(state.drive, Some(drive("b", 11)));
        assert_eq!(walls.state("hall", TimeMs(11)).0.drive, None);
    }

    #[test]
    fn an_order_builds_on_the_one_before_and_one_that_cannot_be_changes_nothing() {
        let walls = walls();
        let id = SmolStr::new("hall");
        tell(&walls, &id, TimeMs(0), drive("a", 10));
        let spotlight = |state: &WallState| {
            let drive = state.drive.clone().map(|before| Drive {
                spotlight: Some("1".into()),
                ..before
            });
            Ok::<_, TooManyWalls>(drive)
        };
        let both = walls
            .drive(&id, TimeMs(1), spotlight)
            .unwrap()
            .drive
            .unwrap();
        assert_eq!(both.scene, Some("a".into()));
        assert_eq!(both.spotlight, Some("1".into()));
        let refused = walls.drive(&id, TimeMs(2), |_| Err(TooManyWalls));
        assert_eq!(refused, Err(TooManyWalls));
        assert_eq!(walls.state("hall", TimeMs(2)).0.drive, Some(both));
    }

    #[test]
    fn what_a_wall_shows_is_known_while_any_connection_of_it_is_there() {
        let walls = walls();
        let id = SmolStr::new("hall");
        let one = walls.arrive(&id, TimeMs(0)).unwrap();
        let other = walls.arrive(&id, TimeMs(0)).unwrap();
        walls.shows(&id, showing("a"), TimeMs(0));
        drop(one);
        let (state, is_here) = walls.state("hall", TimeMs(0));
        assert!(is_here && state.shows == Some(showing("a")));
        drop(other);
        assert_eq!(
            walls.state("hall", TimeMs(0)),
            (WallState::default(), false)
        );
        assert!(walls.here().is_empty());
    }

    #[test]
    fn a_wall_that_was_forgotten_never_stands_where_a_client_has_seen_it() {
        let walls = walls();
        let id = SmolStr::new("hall");
        let seq = {
            let log = walls.open(&id, TimeMs(0)).unwrap();
            tell(&walls, &id, TimeMs(0), drive("a", 10));
            let held = log.next(None, Encoding::Binary).unwrap().unwrap();
            held.seq
        };
        // Forgotten, for it is neither there, nor followed, nor driven any more.
        walls.open(&SmolStr::new("other"), TimeMs(20)).unwrap();
        let log = walls.open(&id, TimeMs(20)).unwrap();
        assert!(log.next(Some(seq), Encoding::Binary).unwrap().is_some());
    }

    #[test]
    fn there_are_no_more_walls_than_may_be_and_one_reports_once_in_a_while() {
        let walls = walls();
        let named = |n: usize| SmolStr::new(format!("w{n}"));
        let all: Vec<_> = (0..WALLS_MAX)
            .map(|n| walls.arrive(&named(n), TimeMs(0)).unwrap())
            .collect();
        let one_more = walls.arrive(&SmolStr::new("one-more"), TimeMs(0));
        assert_eq!(one_more.map(|_| ()), Err(TooManyWalls));
        let (later, every) = (TimeMs(5), WALL_REPORT_EVERY.ms());
        assert!(walls.may_report(&named(0), TimeMs(0)));
        assert!(!walls.may_report(&named(0), later));
        assert!(walls.may_report(&named(0), TimeMs(every)));
        drop(all);
        assert!(!walls.may_report(&named(0), TimeMs(9 * every)));
    }
}
