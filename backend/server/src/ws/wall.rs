//! What walls say over the socket, and who may follow one.

use std::sync::Arc;

use egret_shared::channel::Channel;
use egret_shared::id::{ID_BYTES_MAX, IncidentId};
use egret_shared::wall::{Reload, Showing};
use smol_str::SmolStr;

use super::{Ended, Session};
use crate::auth::walls::is_wall_name;
use crate::clock;
use crate::publish::log::ChannelLog;

/// Why something about a wall is refused: the code, and a sentence.
type Refusal = (&'static str, String);

impl Session {
    /// Counts a paired wall as there.
    pub(super) fn arrive(&mut self) {
        let Some(id) = self.caller.wall_id() else {
            return;
        };
        if let Err(refusal) = self.come_as(&id) {
            tracing::warn!(wall = %id, why = refusal.1, "a wall cannot be driven");
        }
    }

    /// The log of a wall's channel, for itself and for who may drive it. For everybody else it is as
    /// if there were none.
    pub(super) fn wall_log(&self, id: &SmolStr) -> Result<Arc<ChannelLog>, Refusal> {
        let context = &self.context;
        if !context.access.follows_wall(&self.caller, id) {
            let channel = Channel::Wall(id.clone());
            return Err(("no_channel", format!("{channel}: there is no such wall")));
        }
        let log = context.walls.open(id, clock::now());
        log.map_err(|full| ("too_many_channels", full.to_string()))
    }

    /// Whether a channel may still be followed, as far as the sight does not say.
    pub(super) fn still_follows(&self, channel: &Channel) -> bool {
        match channel {
            Channel::Wall(id) => self.context.access.follows_wall(&self.caller, id),
            _ => true,
        }
    }

    /// The wall says what it shows.
    pub(super) async fn shows(
        &mut self,
        name: Option<SmolStr>,
        showing: Showing,
    ) -> Result<(), Ended> {
        let said = self.as_wall(name).and_then(|id| {
            let mut scenes = self.context.package.scenes.iter();
            if !scenes.any(|scene| scene.id == showing.scene) {
                let why = format!("showing.scene: there is no scene \"{}\"", showing.scene);
                return Err(("bad_message", why));
            }
            let id_bytes = showing.incident.as_ref().map(IncidentId::as_str);
            if id_bytes.is_some_and(|id| id.len() > ID_BYTES_MAX) {
                let why = format!("showing.incident: an id has {ID_BYTES_MAX} bytes at most");
                return Err(("bad_message", why));
            }
            Ok(id)
        });
        match said {
            Ok(id) => self.context.walls.shows(&id, showing, clock::now()),
            Err((code, why)) => self.refuse(code, why).await?,
        }
        Ok(())
    }

    /// The wall says that it loads itself anew.
    pub(super) async fn reloads(
        &mut self,
        name: Option<SmolStr>,
        cause: Reload,
        (held, budget): (u64, u64),
    ) -> Result<(), Ended> {
        match self.as_wall(name) {
            Ok(id) => {
                if self.context.walls.may_report(&id, clock::now()) {
                    let principal = self.caller.principal.as_ref();
                    let name = principal.map_or(id.as_str(), |principal| &principal.name);
                    let cause_word = cause.as_str();
                    tracing::warn!(
                        wall = name,
                        cause = cause_word,
                        held,
                        budget,
                        "a wall has outgrown a budget and loads itself anew"
                    );
                    self.context.telemetry.wall_reloads(cause);
                }
                Ok(())
            }
            Err((code, why)) => self.refuse(code, why).await,
        }
    }

    /// Which wall speaks. A paired one needs no name; where everything is open, a page that gives
    /// itself one is a wall, too.
    fn as_wall(&mut self, name: Option<SmolStr>) -> Result<SmolStr, Refusal> {
        if let Err(seconds) = self.context.access.ask(&self.caller) {
            return Err(("too_fast", format!("try again in {seconds} s")));
        }
        if let Some(presence) = &self.presence
            && name.as_ref().is_none_or(|name| name == presence.id())
        {
            return Ok(presence.id().clone());
        }
        let name = name.filter(|_| self.context.access.open);
        let Some(name) = name else {
            let why = "only a paired wall says what it shows".to_owned();
            return Err(("not_a_wall", why));
        };
        if !is_wall_name(&name) {
            let why = format!("wall: \"{name}\" is no name: letters, digits and - _ . are");
            return Err(("bad_message", why));
        }
        self.come_as(&name)?;
        Ok(name)
    }

    fn come_as(&mut self, id: &SmolStr) -> Result<(), Refusal> {
        let presence = self.context.walls.arrive(id, clock::now());
        let presence = presence.map_err(|full| ("too_many_channels", full.to_string()))?;
        self.presence = Some(presence);
        Ok(())
    }
}
