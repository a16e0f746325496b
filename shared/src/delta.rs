//! What changed in a channel between two seqs, and how two such changes become one.

use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::asset::AssetState;
use crate::case::Dossier;
use crate::event::{EVENTS_KEPT, Event};
use crate::feed::FeedHealth;
use crate::incident::Incident;
use crate::metric::MetricPoint;
use crate::mode::ModeState;
use crate::snapshot::Mismatch;
use crate::table::Changed;
use crate::tile::TileDelta;
use crate::wall::WallState;

/// A channel's changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delta {
    /// Of `city`.
    City(Box<CityDelta>),
    /// Of `tile/…`.
    Tile(TileDelta),
    /// Of `asset/…`: the asset anew.
    Asset(Option<Box<AssetState>>),
    /// Of `incident/…`: the incident anew.
    Incident(Option<Box<Dossier>>),
    /// Of `metric/…`.
    Metric(Changed<MetricPoint>),
    /// Of `wall/…`: the wall anew.
    Wall(Box<WallState>),
}

/// Changes of the city at a glance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CityDelta {
    /// Metrics with a new value, level, window or truth.
    pub metrics: Changed<MetricPoint>,
    /// Alerts.
    pub alerts: Changed<Alert>,
    /// Incidents.
    pub incidents: Changed<Incident>,
    /// Feeds.
    pub feeds: Changed<FeedHealth>,
    /// New events, oldest first.
    pub events: Vec<Event>,
    /// The mode, if it changed.
    pub mode: Option<ModeState>,
}

impl Delta {
    /// This change followed by `later`, as one.
    ///
    /// # Errors
    /// [`Mismatch`] if the two are of different kinds of channel.
    pub fn merge(&mut self, later: &Self) -> Result<(), Mismatch> {
        match (self, later) {
            (Self::City(city), Self::City(later)) => city.merge(later),
            (Self::Tile(tile), Self::Tile(later)) => tile.merge(later),
            (Self::Asset(asset), Self::Asset(later)) => asset.clone_from(later),
            (Self::Incident(incident), Self::Incident(later)) => incident.clone_from(later),
            (Self::Metric(changed), Self::Metric(later)) => changed.merge(later),
            (Self::Wall(wall), Self::Wall(later)) => wall.clone_from(later),
            _ => return Err(Mismatch),
        }
        Ok(())
    }
}

impl CityDelta {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.metrics.is_empty()
            && self.alerts.is_empty()
            && self.incidents.is_empty()
            && self.feeds.is_empty()
            && self.events.is_empty()
            && self.mode.is_none()
    }

    /// This change followed by `later`, as one.
    pub fn merge(&mut self, later: &Self) {
        if later.mode.is_some() {
            self.mode.clone_from(&later.mode);
        }
        self.metrics.merge(&later.metrics);
        self.alerts.merge(&later.alerts);
        self.incidents.merge(&later.incidents);
        self.feeds.merge(&later.feeds);
        self.events.extend(later.events.iter().cloned());
        let surplus = self.events.len().saturating_sub(EVENTS_KEPT);
        self.events.drain(..surplus);
    }
}
