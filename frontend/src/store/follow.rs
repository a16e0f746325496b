//! What a view follows beside the city: tiles of a map, and the file of an incident.

use std::collections::BTreeSet;
use std::sync::Arc;

use leptos::prelude::*;
use smol_str::SmolStr;

use egret_shared::case::Dossier;
use egret_shared::channel::{Channel, Tile};
use egret_shared::id::IncidentId;
use egret_shared::message::ClientMessage;
use egret_shared::wall::WallState;

use super::{Connected, State, Store, TileListener, TileNews};

/// Tiles that may be kept beside those that are followed, until these have come: those of two
/// moves of the map.
const LEAVING_MAX: usize = 12;

/// An incident's file, as far as it has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Sight {
    /// Nothing yet.
    #[default]
    Waiting,
    /// The city has no such incident in hand, or it is not for whoever asks.
    Unknown,
    /// The file.
    Here(Arc<Dossier>),
}

/// A file that is followed, and by how many views.
#[derive(Debug, Default)]
pub(super) struct Followed {
    pub(super) sight: ArcRwSignal<Sight>,
    n_views: u32,
}

/// For the map.
impl Store {
    /// Hears of tiles from now on.
    pub(crate) fn listen_to_tiles(self, listener: Option<TileListener>) {
        self.update(|state| state.tiles = listener);
    }

    /// Follows exactly these tiles. What is followed no longer is let go of once the new ones have
    /// come, so that nothing blinks when the map moves.
    pub(crate) fn follow_tiles(self, tiles: &BTreeSet<Tile>) {
        let wanted: BTreeSet<Channel> = tiles.iter().copied().map(Channel::Tile).collect();
        self.update(|state| {
            let is_tile = |channel: &&Channel| matches!(channel, Channel::Tile(_));
            let held: BTreeSet<Channel> = state.wanted.iter().filter(is_tile).cloned().collect();
            let new: Vec<Channel> = wanted.difference(&held).cloned().collect();
            state.leaving = held.difference(&wanted).cloned().collect();
            if wanted.is_empty() || state.leaving.len() > LEAVING_MAX {
                state.drop_leaving();
            }
            state.want(new);
            state.drop_leaving_once_all_is_here();
        });
    }
}

/// For a wall.
impl Store {
    /// Follows what this wall is told, and no other's.
    pub(crate) fn follow_wall(self, wall: Option<&SmolStr>) {
        self.update(|state| {
            let is_wall = |channel: &&Channel| matches!(channel, Channel::Wall(_));
            let held: Vec<Channel> = state.wanted.iter().filter(is_wall).cloned().collect();
            for channel in &held {
                state.drop_channel(channel);
            }
            state.say_unless_empty(held, |channels| ClientMessage::Unsubscribe { channels });
            if let Some(wall) = wall {
                state.want(vec![Channel::Wall(wall.clone())]);
            }
        });
        self.show_wall(None);
    }

    /// The wall that is followed, as the server has it.
    pub(crate) fn wall(self) -> RwSignal<Option<WallState>> {
        RwSignal::from(self.with(|state| state.wall.clone()))
    }

    /// Tells who follows the wall how it stands.
    pub(super) fn show_wall(self, wall: Option<WallState>) {
        // Outside of what holds the state: whoever hears of it asks the store.
        self.with(|state| state.wall.clone()).set(wall);
    }

    /// How this is connected.
    pub(crate) fn connected(self) -> RwSignal<Connected> {
        RwSignal::from(self.with(|state| state.connected.clone()))
    }

    /// Says something to the server, if there is a connection.
    pub(crate) fn say(self, message: &ClientMessage) {
        self.with(|state| {
            if let Some(sender) = &state.sender {
                sender(message);
            }
        });
    }
}

/// For whoever works an incident.
impl Store {
    /// An incident's file, followed for as long as the caller's owner lives.
    pub(crate) fn follow_incident(self, id: &IncidentId) -> RwSignal<Sight> {
        let channel = Channel::Incident(id.clone());
        let signal = self.update(|state| {
            let followed = state.dossiers.entry(id.clone()).or_default();
            followed.n_views += 1;
            let signal = followed.sight.clone();
            if !state.wanted.contains(&channel) {
                state.want(vec![channel.clone()]);
            }
            signal
        });
        let id = id.clone();
        on_cleanup(move || self.leave_incident(&id));
        RwSignal::from(signal)
    }

    fn leave_incident(self, id: &IncidentId) {
        self.update(|state| {
            // All that was followed may have been let go of meanwhile.
            let Some(followed) = state.dossiers.get_mut(id) else {
                return;
            };
            followed.n_views = followed.n_views.saturating_sub(1);
            if followed.n_views > 0 {
                return;
            }
            state.dossiers.remove(id);
            let channel = Channel::Incident(id.clone());
            state.drop_channel(&channel);
            let channels = vec![channel];
            state.say_unless_empty(channels, |channels| ClientMessage::Unsubscribe { channels });
        });
    }
}

impl State {
    /// Subscribes to channels, now and after every reconnection.
    fn want(&mut self, channels: Vec<Channel>) {
        self.wanted.extend(channels.iter().cloned());
        self.say_unless_empty(channels, |channels| ClientMessage::Subscribe {
            channels,
            resume: Vec::new(),
        });
    }

    /// Lets tiles go that are followed no longer, if all that are have come.
    pub(super) fn drop_leaving_once_all_is_here(&mut self) {
        let waits = |channel: &Channel| {
            let is_tile = matches!(channel, Channel::Tile(_));
            is_tile && !self.leaving.contains(channel) && self.channels.tile(channel).is_none()
        };
        if !self.leaving.is_empty() && !self.wanted.iter().any(waits) {
            self.drop_leaving();
        }
    }

    fn drop_leaving(&mut self) {
        let gone: Vec<Channel> = std::mem::take(&mut self.leaving).into_iter().collect();
        for channel in &gone {
            self.drop_channel(channel);
        }
        self.say_unless_empty(gone, |channels| ClientMessage::Unsubscribe { channels });
    }

    fn drop_channel(&mut self, channel: &Channel) {
        self.wanted.remove(channel);
        self.channels.forget(channel);
        self.resyncing.remove(channel);
        if let Channel::Tile(tile) = channel {
            self.tell(TileNews::Gone(*tile));
        }
    }

    /// Tells the views of an incident what its file says.
    pub(super) fn tell_dossier(&self, id: &IncidentId) {
        let Some(followed) = self.dossiers.get(id) else {
            return;
        };
        let sight = self.channels.dossier(&Channel::Incident(id.clone()));
        if followed.sight.with_untracked(|known| *known != sight) {
            followed.sight.set(sight);
        }
    }
}
