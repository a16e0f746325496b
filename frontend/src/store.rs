//! What the screen knows, and who is told when it changes.
//!
//! Frames come in from [`crate::socket`] and move the [`held`] snapshots at once; signals follow
//! at most once per animation frame, one for each metric, so a changed figure redraws itself and
//! nothing else. Memory is bounded: by the catalogue (metrics × areas), by the shared limits
//! (events) and by rings (trends), never by uptime.

mod flush;
pub(crate) mod follow;
pub(crate) mod forecast;
pub(crate) mod held;
pub(crate) mod link;
mod past;
pub(crate) mod rows;
pub(crate) mod server_clock;
pub(crate) mod touched;
pub(crate) mod trend;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::alert::Alert;
use egret_shared::catalog::Catalog;
use egret_shared::channel::{Channel, Tile};
use egret_shared::codec;
use egret_shared::delta::Delta;
use egret_shared::event::Event;
use egret_shared::feed::FeedHealth;
use egret_shared::id::IncidentId;
use egret_shared::incident::Incident;
use egret_shared::message::{ClientMessage, DeltaFrame, ServerMessage, SnapshotFrame, Welcome};
use egret_shared::metric::{MetricKey, MetricPoint};
use egret_shared::mode::ModeState;
use egret_shared::snapshot::Snapshot;
use egret_shared::tile::{TileDelta, TileSnapshot};
use egret_shared::time::TimeMs;
use egret_shared::wall::WallState;

use crate::lasting::{Kept, Known, Lasting};
use crate::select::{self, Case};
use crate::{api, clock};

use follow::Followed;
use forecast::Forecast;
use held::Channels;
use link::{Link, Watch};
use rows::Rows;
use server_clock::ServerClock;
use touched::Touched;
use trend::Trend;

/// How often the screen looks at the clock and at the connection. Milliseconds: a twelfth of
/// the time within which a lost connection must be visible.
const TICK_MS: i32 = 250;

/// How often what is held is laid out anew. Milliseconds: rows come and go all the time, and a wall
/// that has run for an hour would hold a tenth more than one that was just opened.
const PACK_MS: i32 = 300_000;

/// Speaks to the server, while there is a connection.
type Sender = Rc<dyn Fn(&ClientMessage)>;

/// Hears of tiles at once, before the next animation frame.
type TileListener = Rc<dyn Fn(TileNews<'_>)>;

/// What happened to a tile.
#[derive(Debug)]
pub(crate) enum TileNews<'a> {
    /// Its full state came.
    Reset(Tile, &'a TileSnapshot),
    /// It moved on.
    Moved(Tile, &'a TileDelta),
    /// It is no longer followed.
    Gone(Tile),
}

/// The screen's one store. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub(crate) struct Store {
    state: StoredValue<State, LocalStorage>,
    /// How the screen stands to the server.
    pub(crate) link: Kept<Link>,
    /// The server's time, twice a second or more often.
    pub(crate) now: Kept<TimeMs>,
    /// The server's time in the newest message.
    pub(crate) heard_at: Kept<Option<TimeMs>>,
    /// Names, units, limits and scenes.
    pub(crate) catalog: Kept<Option<Arc<Catalog>>>,
    /// Whether a city has come at all.
    pub(crate) has_city: Kept<bool>,
    /// Incidents by id.
    pub(crate) incidents: Kept<Arc<[Arc<Incident>]>>,
    /// Alerts by key.
    pub(crate) alerts: Kept<Arc<[Arc<Alert>]>>,
    /// What is being worked, worst first: worked out once for all who show it.
    pub(crate) cases: Known<Arc<[Case]>>,
    /// Feeds by id.
    pub(crate) feeds: Kept<Arc<[FeedHealth]>>,
    /// The newest events, oldest first.
    pub(crate) events: Kept<Arc<[Event]>>,
    /// Everyday or emergency.
    pub(crate) mode: Kept<ModeState>,
}

#[derive(Default)]
struct State {
    /// What owns the signals that are made as they are asked for.
    page: Owner,
    channels: Channels,
    wanted: BTreeSet<Channel>,
    /// Of these, tiles that are followed only until others have come in their place.
    leaving: BTreeSet<Channel>,
    resyncing: BTreeSet<Channel>,
    watch: Watch,
    clock: ServerClock,
    generation: Option<u64>,
    touched: Touched,
    incidents: Rows<Incident>,
    alerts: Rows<Alert>,
    dossiers: BTreeMap<IncidentId, Followed>,
    metrics: BTreeMap<MetricKey, Kept<Option<MetricPoint>>>,
    trends: BTreeMap<Asked, Kept<Trend>>,
    /// Of these, those whose past is yet to be asked for.
    unasked: Vec<Asked>,
    forecasts: BTreeMap<MetricKey, Kept<Option<Forecast>>>,
    /// The wall that is followed, as the server has it.
    wall: ArcRwSignal<Option<WallState>>,
    connected: ArcRwSignal<Connected>,
    sender: Option<Sender>,
    tiles: Option<TileListener>,
    frame_is_due: bool,
    rows_are_due: bool,
    /// Raised when everything is let go, so that answers to older questions come to nothing.
    epoch: u32,
}

/// Which start of the server this is connected to, and how often a connection has been opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Connected {
    /// The start, once there was a connection.
    pub(crate) generation: Option<u64>,
    /// How often.
    pub(crate) welcomes: u32,
}

/// A range as part of a key.
type RangeMs = i64;

/// A metric's past, and how much of it.
type Asked = (MetricKey, RangeMs);

impl Store {
    /// An empty store that ticks from now on.
    pub(crate) fn start() -> Self {
        let state = State {
            page: Owner::current().unwrap_or_default(),
            ..State::wanting_the_city()
        };
        let (incidents, alerts) = (Kept::of(Arc::default()), Kept::of(Arc::default()));
        let store = Self {
            state: StoredValue::new_local(state),
            link: Kept::of(Link::Connecting),
            now: Kept::of(clock::wall()),
            heard_at: Kept::of(None),
            catalog: Kept::of(None),
            has_city: Kept::of(false),
            incidents,
            alerts,
            // Asked for anew only when rows have changed: to compare them all would cost more than
            // to show them.
            cases: Lasting::new(Memo::new_with_compare(
                move |_| select::cases(&incidents.read(), &alerts.read()).into(),
                |_, _| true,
            )),
            feeds: Kept::of(Arc::default()),
            events: Kept::of(Arc::default()),
            mode: Kept::of(ModeState::default()),
        };
        leptos::task::spawn_local(async move {
            loop {
                store.tick();
                clock::sleep(TICK_MS).await;
            }
        });
        leptos::task::spawn_local(async move {
            loop {
                clock::sleep(PACK_MS).await;
                store.update(|state| state.channels.pack());
            }
        });
        leptos::task::spawn_local(store.keep_trends());
        leptos::task::spawn_local(store.keep_forecasts());
        store
    }

    fn with<T>(self, read: impl FnOnce(&State) -> T) -> T {
        self.state.with_value(read)
    }

    fn update<T>(self, change: impl FnOnce(&mut State) -> T) -> T {
        // The store lives as long as the page.
        self.state
            .try_update_value(change)
            .unwrap_or_else(|| unreachable!("the store is never disposed of"))
    }

    /// A signal that lives as long as the page, whoever asks for it.
    fn held<T: Send + Sync + 'static>(self, value: T) -> Kept<T> {
        let page = self.with(|state| state.page.clone());
        page.with(|| Kept::of(value))
    }

    fn tick(self) {
        let now_ms = clock::monotonic_ms();
        let (link, now) = self.with(|state| {
            let now = state.clock.now(clock::wall());
            (state.watch.link(now_ms), now)
        });
        if self.link.get_untracked() != link {
            self.link.set(link);
        }
        self.now.set(now);
    }

    /// Loads what does not come over the socket.
    pub(crate) fn load(self) {
        leptos::task::spawn_local(self.load_catalog());
    }

    /// Lets go of everything that is known of the city, and of what follows from it.
    pub(crate) fn clear(self) {
        let before = self.update(|state| {
            let next = State {
                // Signals must outlast the views that are only about to go.
                page: state.page.clone(),
                clock: std::mem::take(&mut state.clock),
                frame_is_due: state.frame_is_due,
                rows_are_due: state.rows_are_due,
                epoch: state.epoch.wrapping_add(1),
                wall: state.wall.clone(),
                connected: state.connected.clone(),
                ..State::wanting_the_city()
            };
            std::mem::replace(state, next)
        });
        for metric in before.metrics.into_values() {
            metric.set(None);
        }
        for trend in before.trends.into_values() {
            trend.update(Trend::let_go);
        }
        for forecast in before.forecasts.into_values() {
            forecast.set(None);
        }
        self.link.set(Link::Connecting);
        self.heard_at.set(None);
        self.catalog.set(None);
        self.has_city.set(false);
        self.incidents.set(Arc::default());
        self.alerts.set(Arc::default());
        self.feeds.set(Arc::default());
        self.events.set(Arc::default());
        self.mode.set(ModeState::default());
    }

    /// Loads the catalogue, again and again until it comes.
    async fn load_catalog(self) {
        let epoch = self.with(|state| state.epoch);
        loop {
            let answer = api::catalog().await;
            if self.with(|state| state.epoch) != epoch {
                return;
            }
            match answer {
                Ok(catalog) => {
                    let known = self.catalog.get_untracked();
                    if known.as_deref() != Some(&catalog) {
                        self.catalog.set(Some(Arc::new(catalog)));
                    }
                    return;
                }
                Err(error) => leptos::logging::warn!("the catalogue: {error}"),
            }
            clock::sleep(1_000).await;
        }
    }
}

/// For the socket.
impl Store {
    /// A connection stands, whose welcome came when the browser's clock showed `came_at`, and this is how
    /// to speak on it.
    pub(crate) fn opened(self, welcome: &Welcome, came_at: TimeMs, sender: Sender) {
        let before = self.update(|state| {
            state.watch.opened(welcome.silence_ms);
            state.clock.observe(welcome.at, came_at);
            state.resyncing.clear();
            let subscribe = ClientMessage::Subscribe {
                channels: state.wanted.iter().cloned().collect(),
                resume: state.channels.resume(&state.wanted),
            };
            sender(&subscribe);
            state.sender = Some(sender);
            state.generation.replace(welcome.generation)
        });
        self.with(|state| state.connected.clone())
            .update(|connected| {
                connected.generation = Some(welcome.generation);
                connected.welcomes = connected.welcomes.wrapping_add(1);
            });
        let Some(before) = before else {
            return;
        };
        if before == welcome.generation {
            self.catch_up();
        } else {
            leptos::task::spawn_local(self.load_catalog());
            self.reload_trends();
        }
    }

    /// The connection is gone.
    pub(crate) fn closed(self) {
        self.update(|state| {
            state.watch.closed();
            state.sender = None;
        });
    }

    /// The server speaks another version.
    pub(crate) fn outdated(self) {
        self.update(|state| state.watch.outdated());
    }

    /// How long nothing current has come. Milliseconds.
    pub(crate) fn silent_ms(self) -> f64 {
        self.with(|state| state.watch.silent_ms(clock::monotonic_ms()))
    }

    /// Takes a message in that came when the browser's clock showed `came_at`.
    pub(crate) fn receive(self, message: ServerMessage, came_at: TimeMs) {
        let at = match message {
            ServerMessage::Welcome(_) => return,
            ServerMessage::Heartbeat(beat) => {
                self.update(|state| state.clock.observe(beat.at, came_at));
                beat.at
            }
            ServerMessage::Snapshot(frame) => self.take_snapshot(frame),
            ServerMessage::Delta(frame) => self.take_delta(&frame),
            ServerMessage::Error(error) => {
                leptos::logging::warn!("the server: {}: {}", error.code, error.message);
                return;
            }
        };
        self.update(|state| state.watch.heard(clock::monotonic_ms()));
        self.heard_at.set(Some(at));
    }

    fn take_snapshot(self, frame: SnapshotFrame) -> TimeMs {
        let (channel, at) = (frame.channel.clone(), frame.at);
        if let Snapshot::Wall(wall) = &frame.state {
            self.show_wall(Some((**wall).clone()));
        }
        self.update(|state| {
            state.resyncing.remove(&channel);
            state.channels.replace(frame);
            match &channel {
                Channel::City => {
                    state.touched.all();
                    state.watch.synced(clock::monotonic_ms());
                }
                Channel::Tile(tile) => {
                    state.tell_reset(&channel, *tile);
                    state.drop_leaving_once_all_is_here();
                }
                Channel::Incident(id) => drop(state.touched.dossiers.insert(id.clone())),
                Channel::Asset(..) | Channel::Metric(_) | Channel::Wall(_) => {}
            }
        });
        self.schedule();
        at
    }

    fn take_delta(self, frame: &DeltaFrame) -> TimeMs {
        self.update(|state| {
            if state.channels.advance(frame).is_err() {
                state.resync(&frame.channel);
                return;
            }
            match (&frame.channel, &frame.changes) {
                (_, Delta::City(changes)) => {
                    state.touched.by(changes);
                    state.watch.synced(clock::monotonic_ms());
                }
                (Channel::Tile(tile), Delta::Tile(changes)) => {
                    state.tell(TileNews::Moved(*tile, changes));
                }
                (Channel::Incident(id), _) => drop(state.touched.dossiers.insert(id.clone())),
                _ => {}
            }
        });
        if let Delta::Wall(wall) = &frame.changes {
            self.show_wall(Some((**wall).clone()));
        }
        self.schedule();
        frame.at
    }
}

/// For panels.
impl Store {
    /// A metric in an area, followed from now on.
    pub(crate) fn metric(self, key: &MetricKey) -> Kept<Option<MetricPoint>> {
        let known = self.with(|state| state.metrics.get(key).copied());
        known.unwrap_or_else(|| {
            let current = self.with(|state| {
                let city = state.channels.city();
                city.and_then(|city| city.metrics.get(key)).cloned()
            });
            let signal = self.held(current);
            self.update(|state| state.metrics.insert(key.clone(), signal));
            signal
        })
    }

    /// All points of a metric, one for each area.
    pub(crate) fn areas_of(
        self,
        metric: &egret_shared::id::MetricId,
        areas: &[egret_shared::catalog::Area],
    ) -> Vec<(egret_shared::catalog::Area, Kept<Option<MetricPoint>>)> {
        let follow = |area: &egret_shared::catalog::Area| {
            let key = MetricKey {
                metric: metric.clone(),
                area: area.code.clone(),
            };
            (area.clone(), self.metric(&key))
        };
        areas.iter().map(follow).collect()
    }
}

impl State {
    fn wanting_the_city() -> Self {
        Self {
            wanted: BTreeSet::from([Channel::City]),
            ..Self::default()
        }
    }

    fn tell(&self, news: TileNews<'_>) {
        if let Some(listener) = &self.tiles {
            listener(news);
        }
    }

    fn tell_reset(&self, channel: &Channel, tile: Tile) {
        if let Some(snapshot) = self.channels.tile(channel) {
            self.tell(TileNews::Reset(tile, snapshot));
        }
    }

    /// Asks for a channel anew, once; frames of channels let go of are not worth asking about.
    fn resync(&mut self, channel: &Channel) {
        if self.wanted.contains(channel) && self.resyncing.insert(channel.clone()) {
            let channels = vec![channel.clone()];
            self.say_unless_empty(channels, |channels| ClientMessage::Resync { channels });
        }
    }

    fn say_unless_empty(
        &self,
        channels: Vec<Channel>,
        message: impl FnOnce(Vec<Channel>) -> ClientMessage,
    ) {
        if let (Some(sender), false) = (&self.sender, channels.is_empty()) {
            sender(&message(channels));
        }
    }
}

/// Whether the server's wire is this page's.
pub(crate) fn speaks_our_schema(welcome: &Welcome) -> bool {
    welcome.schema == codec::schema()
}
