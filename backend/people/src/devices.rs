//! Paired walls: how they sign in by their own key, and how an admin manages them.

use std::collections::{HashMap, VecDeque};

use egret_shared::people::{Ask, Challenge, DeviceChange, DeviceRow, DeviceSignIn, Kind};
use egret_shared::time::TimeMs;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use rusqlite::params;

use crate::audit::Line;
use crate::check;
use crate::error::Refused;
use crate::limits::{NONCE_FOR, NONCES_EACH_MAX};
use crate::pairings::public_key;
use crate::people::People;
use crate::principal::{Actor, Opened, Visit};
use crate::secret;
use crate::sessions;
use crate::state::{Device, lock};

/// What a device signs begins with this.
const CONTEXT: &str = "egret-device-v1:";

/// Challenges that are open, by device. Bounded by the number of devices.
#[derive(Default)]
pub(crate) struct Nonces(HashMap<String, VecDeque<(String, TimeMs)>>);

impl Nonces {
    fn add(&mut self, device: &str, nonce: String, now: TimeMs) {
        // Devices that did not come back leave nothing behind.
        self.0.retain(|_, open| {
            open.retain(|(_, ends_at)| now < *ends_at);
            !open.is_empty()
        });
        let open = self.0.entry(device.to_owned()).or_default();
        if open.len() >= NONCES_EACH_MAX {
            open.pop_front();
        }
        open.push_back((nonce, now.plus(NONCE_FOR)));
    }

    /// Whether the challenge is this device's and open; it is not any more.
    fn take(&mut self, device: &str, nonce: &str, now: TimeMs) -> bool {
        let Some(open) = self.0.get_mut(device) else {
            return false;
        };
        let place = open.iter().position(|(known, _)| known == nonce);
        let taken = place.and_then(|place| open.remove(place));
        taken.is_some_and(|(_, ends_at)| now < ends_at)
    }
}

/// Which key a device signed with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signed {
    Current,
    Next,
}

impl People {
    /// A challenge for a device; `None` if there is none with this id.
    pub fn challenge(&self, ask: &Ask, now: TimeMs) -> Option<Challenge> {
        let state = self.state();
        let device = state.devices.get(&ask.device)?;
        let nonce = match secret::secret() {
            Ok(nonce) => nonce,
            Err(error) => {
                tracing::error!(%error, "a wall gets no challenge");
                return None;
            }
        };
        lock(&self.0.nonces).add(&ask.device, nonce.clone(), now);
        Some(Challenge {
            nonce,
            rotate: now.since(device.key_at) >= self.0.settings.key_age,
        })
    }

    /// Signs a device in by what it signed. A next key takes the place of the current one when the
    /// device first signs with it, so that none is lost with an answer.
    ///
    /// # Errors
    /// [`Refused::Missing`] if there is no such device; [`Refused::BadSignature`], also for a
    /// challenge that is over or was used; [`Refused::Invalid`] for the next key.
    pub fn device_sign_in(
        &self,
        visit: &Visit,
        form: &DeviceSignIn,
        now: TimeMs,
    ) -> Result<Opened, Refused> {
        const ACTION: &str = "sign_in";
        let id = form.device.as_str();
        let state = self.state();
        let device = state.devices.get(id).ok_or_else(|| missing(id))?;
        let next_key = form.next_key.as_deref();
        let next_key = next_key
            .map(|key| public_key("next_key", key))
            .transpose()?;
        let is_open = lock(&self.0.nonces).take(id, &form.nonce, now);
        let Some(signed) = signed_with(device, form).filter(|_| is_open) else {
            let why = if is_open {
                "wrong signature"
            } else {
                "no such challenge"
            };
            // Named as the action of walls, so that a flood of these hides no failed password.
            let what = (device.name.as_str(), "device.sign_in", id);
            self.deny(visit, what, why, now)?;
            return Err(Refused::BadSignature);
        };
        let actor = Actor {
            kind: Kind::Device,
            id: id.to_owned(),
            name: device.name.clone(),
            address: visit.address.to_string(),
        };
        let line = Line::new(&actor, ACTION, "", now).detail("key");
        let used = device.key_of(signed);
        let begun = self.write(line, |transaction, state, line| {
            // It may have been revoked, or have changed its key, since its signature was looked at.
            let device = state.devices.get(id).ok_or_else(|| missing(id))?;
            if device.key_of(signed) != used {
                return Err(Refused::BadSignature);
            }
            if signed == Signed::Next {
                transaction.execute(
                    "UPDATE device SET key = next_key, key_at = ?2, next_key = NULL WHERE id = ?1",
                    params![id, now.0],
                )?;
                line.say("uses its new key");
            }
            if let Some(next_key) = next_key.filter(|key| Some(key.as_slice()) != used) {
                transaction.execute(
                    "UPDATE device SET next_key = ?2 WHERE id = ?1",
                    params![id, next_key],
                )?;
                line.say("brings a new key");
            }
            self.begin_session(transaction, state, (Kind::Device, id), visit, now)
        })?;
        if let Some(device) = self.state().devices.get(id) {
            device.seen.touch(now, Some(visit.address));
        }
        self.opened(begun, None)
    }

    /// Every paired wall, by name.
    pub fn devices(&self) -> Vec<DeviceRow> {
        let state = self.state();
        let devices = state.devices.iter();
        let mut rows: Vec<DeviceRow> = devices.map(|(id, device)| row(id, device)).collect();
        rows.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        rows
    }

    /// The wall with this id.
    pub(crate) fn device(&self, id: &str) -> Result<DeviceRow, Refused> {
        let state = self.state();
        let device = state.devices.get(id).ok_or_else(|| missing(id))?;
        Ok(row(id, device))
    }

    /// Changes what a wall is called and may see and show.
    ///
    /// # Errors
    /// [`Refused::Missing`], [`Refused::Invalid`].
    pub fn change_device(
        &self,
        by: &Actor,
        id: &str,
        change: &DeviceChange,
        now: TimeMs,
    ) -> Result<DeviceRow, Refused> {
        let name = change.name.as_deref().map(str::trim);
        if let Some(name) = name {
            check::name("name", name)?;
        }
        if let Some(grants) = &change.grants {
            check::grants(grants)?;
        }
        if let Some(scenes) = &change.scenes {
            check::scenes(scenes)?;
        }
        let line = Line::new(by, "device.change", id, now);
        self.write(line, |transaction, state, line| {
            let device = state.devices.get(id).ok_or_else(|| missing(id))?;
            let name = name.unwrap_or(&device.name);
            let grants = change.grants.as_ref().unwrap_or(&device.grants);
            let grants = check::json("grants", grants)?;
            let scenes = change.scenes.as_ref().unwrap_or(&device.scenes);
            let scenes = check::json("scenes", scenes)?;
            line.detail = format!("{name}; grants {grants}; scenes {scenes}");
            transaction.execute(
                "UPDATE device SET name = ?2, grants = ?3, scenes = ?4 WHERE id = ?1",
                params![id, name, grants, scenes],
            )?;
            Ok(())
        })?;
        self.device(id)
    }

    /// Revokes a wall and ends its sessions.
    ///
    /// # Errors
    /// [`Refused::Missing`].
    pub fn remove_device(&self, by: &Actor, id: &str, now: TimeMs) -> Result<(), Refused> {
        let line = Line::new(by, "device.remove", id, now);
        self.write(line, |transaction, state, line| {
            let device = state.devices.get(id).ok_or_else(|| missing(id))?;
            line.detail.clone_from(&device.name);
            transaction.execute("DELETE FROM device WHERE id = ?1", [id])?;
            transaction.execute("DELETE FROM pairing WHERE id = ?1", [id])?;
            sessions::remove_all(transaction, (Kind::Device, id), None)?;
            Ok(())
        })
    }
}

impl Device {
    fn key_of(&self, signed: Signed) -> Option<&[u8]> {
        match signed {
            Signed::Current => Some(&self.key),
            Signed::Next => self.next_key.as_deref(),
        }
    }
}

/// Which of the device's keys signed the form, if any.
fn signed_with(device: &Device, form: &DeviceSignIn) -> Option<Signed> {
    let signature = secret::from_base64(&form.signature)?;
    let signature = Signature::from_slice(&signature).ok()?;
    let mut said = format!("{CONTEXT}{}", form.nonce);
    if let Some(next_key) = &form.next_key {
        said.push(':');
        said.push_str(next_key);
    }
    [Signed::Current, Signed::Next].into_iter().find(|signed| {
        let key = device.key_of(*signed).map(VerifyingKey::from_sec1_bytes);
        key.is_some_and(|key| key.is_ok_and(|key| key.verify(said.as_bytes(), &signature).is_ok()))
    })
}

fn row(id: &str, device: &Device) -> DeviceRow {
    let seen = device.seen.get();
    DeviceRow {
        id: id.to_owned(),
        name: device.name.clone(),
        grants: device.grants.clone(),
        scenes: device.scenes.clone(),
        created_at: device.created_at,
        key_at: device.key_at,
        seen_at: seen.at,
        address: seen.address_text(),
    }
}

fn missing(id: &str) -> Refused {
    Refused::Missing(format!("wall \"{id}\""))
}
