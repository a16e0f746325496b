//! Who may drive which wall: whoever works all that it shows, and admins.

use egret_people::rights;
use egret_shared::access::{Grant, Right, Role, Scope};
use egret_shared::id::{AreaCode, SceneId};
use egret_shared::people::Kind;
use egret_shared::wall::WALL_NAME_BYTES_MAX;
use smol_str::SmolStr;

use super::{Access, Caller};
use crate::walls::Walls;

/// A wall, as far as one has to know it to drive it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownWall {
    /// Its id.
    pub id: SmolStr,
    /// What people call it.
    pub name: String,
    /// What it sees.
    pub grants: Vec<Grant>,
    /// What it may show.
    pub scenes: Scope<SceneId>,
}

/// Whether a page may give itself this name as a wall, where everything is open.
pub(crate) fn is_wall_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.len() <= WALL_NAME_BYTES_MAX && name.chars().all(is_plain)
}

impl Access {
    /// The walls that `caller` may drive, by name. Where everything is open, those that are there.
    pub(crate) fn walls_for(&self, caller: &Caller, walls: &Walls) -> Vec<KnownWall> {
        if self.open {
            return walls.here().into_iter().map(open_wall).collect();
        }
        let devices = self.people.devices().into_iter();
        let may = devices.filter(|device| caller.may_drive(&device.grants));
        may.map(|device| KnownWall {
            id: device.id.into(),
            name: device.name,
            grants: device.grants,
            scenes: device.scenes,
        })
        .collect()
    }

    /// The wall with this id, if `caller` may drive it.
    pub(crate) fn wall_for(&self, caller: &Caller, id: &SmolStr) -> Option<KnownWall> {
        if self.open {
            return is_wall_name(id).then(|| open_wall(id.clone()));
        }
        let devices = self.people.devices().into_iter();
        let mut found = devices.filter(|device| device.id == id.as_str());
        let device = found.next()?;
        caller.may_drive(&device.grants).then(|| KnownWall {
            id: id.clone(),
            name: device.name,
            grants: device.grants,
            scenes: device.scenes,
        })
    }

    /// Whether `caller` may follow what the wall with this id is told: itself, and who may drive it.
    pub(crate) fn follows_wall(&self, caller: &Caller, id: &SmolStr) -> bool {
        caller.wall_id().as_ref() == Some(id) || self.wall_for(caller, id).is_some()
    }
}

/// A page that called itself a wall, where everything is open.
fn open_wall(id: SmolStr) -> KnownWall {
    KnownWall {
        name: id.to_string(),
        id,
        grants: vec![Grant::whole(Role::Viewer)],
        scenes: Scope::All,
    }
}

impl Caller {
    /// Its id, if it is a paired wall.
    pub(crate) fn wall_id(&self) -> Option<SmolStr> {
        let principal = self.principal.as_ref()?;
        (principal.kind == Kind::Device).then(|| principal.id.as_str().into())
    }

    /// Whether they may drive any wall at all.
    pub(crate) fn drives_walls(&self) -> bool {
        self.has(Right::Work) || self.has_whole(Right::Administer)
    }

    /// Whether they may drive a wall that sees what `grants` let it see: nobody puts something up for
    /// others that they do not work themselves.
    fn may_drive(&self, grants: &[Grant]) -> bool {
        let labels = self.sight.labels();
        let line = |area: &AreaCode| labels.line(labels.area(Some(area)));
        let sees = |grant: &&Grant| grant.role.rights().contains(&Right::See);
        self.has_whole(Right::Administer)
            || (self.has(Right::Work)
                && grants
                    .iter()
                    .filter(sees)
                    .all(|grant| rights::contains(self.grants(), Right::Work, grant, line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_calls_itself_by_a_short_plain_name() {
        for name in ["hall", "大厅-1", "b.2_x"] {
            assert!(is_wall_name(name), "{name}");
        }
        let long = "x".repeat(WALL_NAME_BYTES_MAX + 1);
        for name in ["", "a b", "a/b", "<b>", long.as_str()] {
            assert!(!is_wall_name(name), "{name}");
        }
    }
}
