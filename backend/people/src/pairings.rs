//! Pairing a wall: it asks with its public key and shows a code; an admin types the code.
//!
//! In the file, so that neither has to begin again when the server does.

use egret_shared::people::{Approve, DeviceRow, Pair, Pairing, PairingRow, PairingState};
use egret_shared::time::TimeMs;
use p256::ecdsa::VerifyingKey;
use rusqlite::params;

use crate::audit::Line;
use crate::check;
use crate::error::Refused;
use crate::limits::{DEVICES_MAX, PAIRINGS_EACH_MAX, PAIRINGS_MAX};
use crate::people::People;
use crate::principal::{Actor, Visit};
use crate::secret;
use crate::state::{PairingAsked, State};

/// Groups of a code: 39 bits, which is enough for what an admin has to approve.
const GROUPS: usize = 2;

/// Bytes of an uncompressed point of P-256.
const KEY_BYTES: usize = 65;

impl People {
    /// A wall asks to be paired. One that asks again with the same key gets the same code.
    ///
    /// # Errors
    /// [`Refused::Invalid`] for the key; [`Refused::TooMany`].
    pub fn ask_pairing(&self, visit: &Visit, pair: &Pair, now: TimeMs) -> Result<Pairing, Refused> {
        let key = public_key("key", &pair.key)?;
        // Anybody may ask: whoever asks again or too much is answered from memory.
        if let Some(id) = asked(&self.state(), visit, &key, now)? {
            return self.asked_pairing(&id, now);
        }
        let id = self.commit(|transaction, state| {
            if let Some(id) = asked(state, visit, &key, now)? {
                return Ok((id, None));
            }
            let id = secret::long_id()?;
            let code = loop {
                let code = secret::code(GROUPS)?;
                if !state.pairings.values().any(|one| one.code == code) {
                    break code;
                }
            };
            transaction.execute(
                "INSERT INTO pairing (id, code, key, address, agent, state, created_at, ends_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', ?6, ?7)",
                params![
                    id,
                    code,
                    key,
                    visit.address.to_string(),
                    visit.agent,
                    now.0,
                    now.plus(self.0.settings.pairing).0
                ],
            )?;
            Ok((id, None))
        })?;
        self.asked_pairing(&id, now)
    }

    fn asked_pairing(&self, id: &str, now: TimeMs) -> Result<Pairing, Refused> {
        self.pairing(id, now)
            .ok_or_else(|| Refused::Missing("pairing of this wall any more: ask again".to_owned()))
    }

    /// Where a pairing stands; `None` if there never was one or it is long over.
    pub fn pairing(&self, id: &str, now: TimeMs) -> Option<Pairing> {
        let state = self.state();
        let is_paired = state.devices.contains_key(id);
        let Some(pairing) = state.pairings.get(id) else {
            // Approved long ago: the wall has been away since.
            let device = state.devices.get(id)?;
            return Some(Pairing {
                id: id.to_owned(),
                code: String::new(),
                state: PairingState::Approved,
                ends_at: device.created_at,
            });
        };
        let stands = if is_paired {
            PairingState::Approved
        } else if pairing.is_waiting(now) {
            PairingState::Waiting
        } else {
            PairingState::Ended
        };
        Some(Pairing {
            id: id.to_owned(),
            code: pairing.code.clone(),
            state: stands,
            ends_at: pairing.ends_at,
        })
    }

    /// The walls that wait, the one that ends first, first.
    pub fn pairings(&self, now: TimeMs) -> Vec<PairingRow> {
        let state = self.state();
        let mut rows: Vec<PairingRow> = state
            .pairings
            .values()
            .filter(|pairing| pairing.is_waiting(now))
            .map(|pairing| PairingRow {
                code: pairing.code.clone(),
                address: pairing.address.clone(),
                agent: pairing.agent.clone(),
                ends_at: pairing.ends_at,
            })
            .collect();
        rows.sort_by(|one, other| (one.ends_at, &one.code).cmp(&(other.ends_at, &other.code)));
        rows
    }

    /// Lets the wall that shows `code` in.
    ///
    /// # Errors
    /// [`Refused::Missing`] if none shows it; [`Refused::Invalid`], [`Refused::TooMany`].
    pub fn approve(
        &self,
        by: &Actor,
        code: &str,
        approve: &Approve,
        now: TimeMs,
    ) -> Result<DeviceRow, Refused> {
        let name = approve.name.trim();
        check::name("name", name)?;
        check::grants(&approve.grants)?;
        check::scenes(&approve.scenes)?;
        let grants = check::json("grants", &approve.grants)?;
        let scenes = check::json("scenes", &approve.scenes)?;
        let line = Line::new(by, "pairing.approve", "", now);
        let id =
            self.write(line, |transaction, state, line| {
                let (id, pairing) = waiting(state, code, now)?;
                if state.devices.len() >= DEVICES_MAX {
                    return Err(Refused::TooMany(format!("walls: at most {DEVICES_MAX}")));
                }
                id.clone_into(&mut line.target);
                line.detail = format!(
                    "{name}; at {}; grants {grants}; scenes {scenes}",
                    pairing.address
                );
                transaction.execute(
                "INSERT INTO device (id, name, grants, scenes, key, key_at, created_at, address)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)",
                params![id, name, grants, scenes, pairing.key, now.0, pairing.address],
            )?;
                transaction.execute("UPDATE pairing SET state = 'approved' WHERE id = ?1", [id])?;
                Ok(id.to_owned())
            })?;
        self.device(&id)
    }

    /// Sends the wall that shows `code` away.
    ///
    /// # Errors
    /// [`Refused::Missing`] if none shows it.
    pub fn refuse_pairing(&self, by: &Actor, code: &str, now: TimeMs) -> Result<(), Refused> {
        let line = Line::new(by, "pairing.refuse", "", now);
        self.write(line, |transaction, state, line| {
            let (id, pairing) = waiting(state, code, now)?;
            id.clone_into(&mut line.target);
            line.detail = format!("at {}", pairing.address);
            transaction.execute(
                "UPDATE pairing SET ends_at = min(ends_at, ?2) WHERE id = ?1",
                params![id, now.0],
            )?;
            Ok(())
        })
    }
}

/// The pairing that waits for the wall with this key, if it has asked already; or why it may not.
fn asked(state: &State, visit: &Visit, key: &[u8], now: TimeMs) -> Result<Option<String>, Refused> {
    let mut n_waiting = 0;
    let mut n_from_there = 0;
    for (id, pairing) in &state.pairings {
        if !pairing.is_waiting(now) {
            continue;
        }
        if pairing.key == key {
            return Ok(Some(id.clone()));
        }
        n_waiting += 1;
        let address = pairing.address.parse();
        if address.is_ok_and(|address| Visit::new(address, "").network() == visit.network()) {
            n_from_there += 1;
        }
    }
    if n_from_there >= PAIRINGS_EACH_MAX {
        return Err(too_many(PAIRINGS_EACH_MAX, "from one address"));
    }
    if n_waiting >= PAIRINGS_MAX {
        return Err(too_many(PAIRINGS_MAX, "in all"));
    }
    Ok(None)
}

/// The pairing whose wall shows this code, however it is typed.
fn waiting<'a>(
    state: &'a State,
    code: &str,
    now: TimeMs,
) -> Result<(&'a str, &'a PairingAsked), Refused> {
    let typed = secret::typed_code(code);
    let is_it = |pairing: &PairingAsked| {
        pairing.is_waiting(now) && secret::typed_code(&pairing.code) == typed
    };
    state
        .pairings
        .iter()
        .find(|(_, pairing)| is_it(pairing))
        .map(|(id, pairing)| (id.as_str(), pairing))
        .ok_or_else(|| {
            Refused::Missing(format!(
                "wall that waits with the code \"{code}\": look again"
            ))
        })
}

/// A public key as it is sent.
pub(crate) fn public_key(field: &str, text: &str) -> Result<Vec<u8>, Refused> {
    secret::from_base64(text)
        .filter(|bytes| bytes.len() == KEY_BYTES && VerifyingKey::from_sec1_bytes(bytes).is_ok())
        .ok_or_else(|| {
            Refused::Invalid(format!(
                "{field}: is no key: send an uncompressed point of P-256, {KEY_BYTES} bytes in base64url"
            ))
        })
}

fn too_many(n_max: usize, whose: &str) -> Refused {
    Refused::TooMany(format!(
        "walls that wait to be paired: at most {n_max} {whose}, try again in some minutes"
    ))
}
