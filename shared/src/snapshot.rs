//! The full state of a channel at one seq, and THE reducer: [`Snapshot::apply`].
//!
//! The browser, the server's hub and the tests all move a snapshot forward with this one
//! function, so `apply(snapshot(n), delta(n→m)) == snapshot(m)` can be tested once and trusted.

use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::asset::AssetState;
use crate::case::Dossier;
use crate::delta::{CityDelta, Delta};
use crate::event::{EVENTS_KEPT, Event};
use crate::feed::FeedHealth;
use crate::incident::Incident;
use crate::metric::MetricPoint;
use crate::mode::ModeState;
use crate::table::Table;
use crate::tile::TileSnapshot;
use crate::wall::WallState;

/// A channel's full state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Snapshot {
    /// Of `city`.
    City(Box<CitySnapshot>),
    /// Of `tile/…`.
    Tile(TileSnapshot),
    /// Of `asset/…`; absent while the asset is unknown.
    Asset(Option<Box<AssetState>>),
    /// Of `incident/…`; absent while the incident is unknown.
    Incident(Option<Box<Dossier>>),
    /// Of `metric/…`: the metric in every area.
    Metric(Table<MetricPoint>),
    /// Of `wall/…`.
    Wall(Box<WallState>),
}

/// The city at a glance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CitySnapshot {
    /// Every metric in every area that has one.
    pub metrics: Table<MetricPoint>,
    /// Alerts that are pending or firing, and those resolved of late.
    pub alerts: Table<Alert>,
    /// Incidents not yet gone from the list.
    pub incidents: Table<Incident>,
    /// Every feed.
    pub feeds: Table<FeedHealth>,
    /// The newest events, oldest first, at most [`EVENTS_KEPT`].
    pub events: Vec<Event>,
    /// Everyday or emergency.
    pub mode: ModeState,
}

/// A delta of one channel was put to the snapshot of another: a fault of the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the delta does not belong to this kind of channel")]
pub struct Mismatch;

impl Snapshot {
    /// Moves this state forward by `delta`.
    ///
    /// # Errors
    /// [`Mismatch`] if the two are of different kinds; the state is as before, and the caller
    /// asks for a new snapshot.
    pub fn apply(&mut self, delta: &Delta) -> Result<(), Mismatch> {
        match (self, delta) {
            (Self::City(city), Delta::City(changes)) => city.apply(changes),
            (Self::Tile(tile), Delta::Tile(changes)) => tile.apply(changes),
            (Self::Asset(asset), Delta::Asset(newer)) => asset.clone_from(newer),
            (Self::Incident(incident), Delta::Incident(newer)) => incident.clone_from(newer),
            (Self::Metric(points), Delta::Metric(changed)) => points.apply(changed),
            (Self::Wall(wall), Delta::Wall(newer)) => wall.clone_from(newer),
            _ => return Err(Mismatch),
        }
        Ok(())
    }

    /// Holds the same in as little memory as can be ([`Table::pack`]).
    pub fn pack(&mut self) {
        match self {
            Self::City(city) => {
                city.metrics.pack();
                city.alerts.pack();
                city.incidents.pack();
                city.feeds.pack();
            }
            Self::Tile(tile) => {
                tile.assets.pack();
                tile.cells.pack();
            }
            Self::Metric(points) => points.pack(),
            Self::Asset(_) | Self::Incident(_) | Self::Wall(_) => {}
        }
    }
}

impl CitySnapshot {
    /// Moves the city forward by `delta`.
    pub fn apply(&mut self, delta: &CityDelta) {
        self.metrics.apply(&delta.metrics);
        self.alerts.apply(&delta.alerts);
        self.incidents.apply(&delta.incidents);
        self.feeds.apply(&delta.feeds);
        self.events.extend(delta.events.iter().cloned());
        let surplus = self.events.len().saturating_sub(EVENTS_KEPT);
        self.events.drain(..surplus);
        if let Some(mode) = &delta.mode {
            self.mode.clone_from(mode);
        }
    }
}
