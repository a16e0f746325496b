//! Reads the state from the file.

use std::collections::HashMap;
use std::sync::Arc;

use egret_shared::access::Scope;
use egret_shared::people::Kind;
use egret_shared::time::TimeMs;
use rusqlite::{Connection, Row};
use serde::de::DeserializeOwned;

use super::{
    Device, Gateway, NO_FEEDS, PairingAsked, Passes, PassesNow, Previous, Seen, Session, State,
    Token, User,
};
use crate::error::PeopleError;
use crate::principal::Principal;
use crate::secret::{self, Digest};

/// Everybody, as they stand in the file.
pub(crate) fn load(connection: &Connection) -> Result<State, PeopleError> {
    let mut state = State::default();
    each(
        connection,
        "SELECT id, name, compared, display, grants, disabled, password, must_change, issuer,
         subject, created_at, signed_in_at FROM user",
        |row| user(row, &mut state),
    )?;
    each(
        connection,
        "SELECT id, name, grants, scenes, key, key_at, next_key, created_at, seen_at, address
         FROM device",
        |row| device(row, &mut state),
    )?;
    each(
        connection,
        "SELECT id, name, hint, secret, grants, created_at, ends_at, seen_at FROM token",
        |row| token(row, &mut state),
    )?;
    each(
        connection,
        "SELECT id, display, feeds, secret, disabled, created_at, seen_at FROM gateway",
        |row| gateway(row, &mut state),
    )?;
    each(
        connection,
        "SELECT id, code, key, address, agent, state, ends_at FROM pairing",
        |row| pairing(row, &mut state),
    )?;
    each(
        connection,
        "SELECT id, kind, owner, secret, secret_at, previous, previous_until, created_at, seen_at,
         ends_at, address, agent FROM session",
        |row| session(row, &mut state),
    )?;
    state.user_ids.shrink_to_fit();
    Ok(state)
}

fn each(
    connection: &Connection,
    query: &str,
    mut read: impl FnMut(&Row<'_>) -> Result<(), PeopleError>,
) -> Result<(), PeopleError> {
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        read(row)?;
    }
    Ok(())
}

fn user(row: &Row<'_>, state: &mut State) -> Result<(), PeopleError> {
    let id: String = row.get(0)?;
    let issuer: Option<String> = row.get(8)?;
    let subject: Option<String> = row.get(9)?;
    let user = User {
        name: row.get(1)?,
        display: row.get(3)?,
        grants: json(row, 4, "user", &id)?,
        disabled: row.get(5)?,
        password: row.get(6)?,
        must_change: row.get(7)?,
        subject: issuer.zip(subject),
        created_at: TimeMs(row.get(10)?),
        signed_in_at: time(row, 11)?,
    };
    state.user_ids.insert(row.get(2)?, id.clone());
    state.users.insert(id, user);
    Ok(())
}

fn device(row: &Row<'_>, state: &mut State) -> Result<(), PeopleError> {
    let id: String = row.get(0)?;
    let address: String = row.get(9)?;
    let device = Device {
        name: row.get(1)?,
        grants: json(row, 2, "device", &id)?,
        scenes: json(row, 3, "device", &id)?,
        key: row.get(4)?,
        key_at: TimeMs(row.get(5)?),
        next_key: row.get(6)?,
        created_at: TimeMs(row.get(7)?),
        seen: Seen::new(time(row, 8)?, address.parse().ok()),
    };
    state.devices.insert(id, device);
    Ok(())
}

fn token(row: &Row<'_>, state: &mut State) -> Result<(), PeopleError> {
    let id: String = row.get(0)?;
    let name: String = row.get(1)?;
    let principal = Principal {
        kind: Kind::Token,
        id: id.clone(),
        display: name.clone(),
        name,
        grants: json(row, 4, "token", &id)?,
        scenes: Scope::All,
        feeds: NO_FEEDS,
        session: None,
        must_change_password: false,
    };
    let token = Token {
        principal: Arc::new(principal),
        hint: row.get(2)?,
        created_at: TimeMs(row.get(5)?),
        ends_at: time(row, 6)?,
        seen: Seen::new(time(row, 7)?, None),
    };
    state
        .token_ids
        .insert(digest(row, 3, "token", &id)?, id.clone());
    state.tokens.insert(id, token);
    Ok(())
}

fn gateway(row: &Row<'_>, state: &mut State) -> Result<(), PeopleError> {
    let id: String = row.get(0)?;
    let secret = digest(row, 3, "gateway", &id)?;
    let (named, _) = secret.split_at(8);
    let principal = Principal {
        kind: Kind::Gateway,
        id: id.clone(),
        name: id.clone(),
        display: row.get(1)?,
        grants: Vec::new(),
        scenes: Scope::Only(Vec::new()),
        feeds: json(row, 2, "gateway", &id)?,
        session: Some(secret::hex(named)),
        must_change_password: false,
    };
    let gateway = Gateway {
        principal: Arc::new(principal),
        secret,
        disabled: row.get(4)?,
        created_at: TimeMs(row.get(5)?),
        seen: Seen::new(time(row, 6)?, None),
    };
    state.gateways.insert(id, gateway);
    Ok(())
}

fn pairing(row: &Row<'_>, state: &mut State) -> Result<(), PeopleError> {
    let word: String = row.get(5)?;
    let pairing = PairingAsked {
        code: row.get(1)?,
        key: row.get(2)?,
        address: row.get(3)?,
        agent: row.get(4)?,
        is_approved: word == "approved",
        ends_at: TimeMs(row.get(6)?),
    };
    state.pairings.insert(row.get(0)?, pairing);
    Ok(())
}

fn session(row: &Row<'_>, state: &mut State) -> Result<(), PeopleError> {
    let id: String = row.get(0)?;
    let (kind, owner): (String, String) = (row.get(1)?, row.get(2)?);
    let Some(principal) = owner_of(state, &kind, owner, &id) else {
        // Its owner was removed or disabled by hand: it opens nothing.
        return Ok(());
    };
    let previous: Option<Vec<u8>> = row.get(5)?;
    let until = time(row, 6)?;
    let previous = previous.and_then(|bytes| Digest::try_from(bytes).ok());
    let address: String = row.get(10)?;
    let session = Session {
        principal: Arc::new(principal),
        created_at: TimeMs(row.get(7)?),
        ends_at: TimeMs(row.get(9)?),
        agent: row.get(11)?,
        seen: Seen::new(time(row, 8)?, address.parse().ok()),
        passes: Passes::new(PassesNow {
            secret: digest(row, 3, "session", &id)?,
            secret_at: TimeMs(row.get(4)?),
            previous: previous.map(|secret| Previous { secret, until }),
            is_written: true,
        }),
    };
    state.sessions.insert(id, Arc::new(session));
    Ok(())
}

/// Whose session it is; `None` if that is nobody who may come in.
fn owner_of(state: &State, kind: &str, owner: String, session: &str) -> Option<Principal> {
    if kind == Kind::Device.as_str() {
        let device = state.devices.get(&owner)?;
        return Some(Principal {
            kind: Kind::Device,
            id: owner,
            name: device.name.clone(),
            display: device.name.clone(),
            grants: device.grants.clone(),
            scenes: device.scenes.clone(),
            feeds: NO_FEEDS,
            session: Some(session.to_owned()),
            must_change_password: false,
        });
    }
    let user = state.users.get(&owner).filter(|user| !user.disabled)?;
    Some(Principal {
        kind: Kind::User,
        id: owner,
        name: user.name.clone(),
        display: user.display.clone(),
        grants: user.grants.clone(),
        scenes: Scope::All,
        feeds: NO_FEEDS,
        session: Some(session.to_owned()),
        must_change_password: user.must_change,
    })
}

/// Ids of sessions by each secret that opens them.
pub(crate) fn sessions_by_secret(state: &State) -> HashMap<Digest, String> {
    let mut by_secret = HashMap::with_capacity(state.sessions.len() * 2);
    for (id, session) in &state.sessions {
        let passes = session.passes.lock();
        by_secret.insert(passes.secret, id.clone());
        if let Some(previous) = passes.previous {
            by_secret.insert(previous.secret, id.clone());
        }
    }
    by_secret
}

fn time(row: &Row<'_>, place: usize) -> rusqlite::Result<Option<TimeMs>> {
    Ok(row.get::<_, Option<i64>>(place)?.map(TimeMs))
}

fn json<T: DeserializeOwned>(
    row: &Row<'_>,
    place: usize,
    table: &'static str,
    id: &str,
) -> Result<T, PeopleError> {
    let text: String = row.get(place)?;
    serde_json::from_str(&text).map_err(|error| PeopleError::Row {
        table,
        id: id.to_owned(),
        why: error.to_string(),
    })
}

fn digest(
    row: &Row<'_>,
    place: usize,
    table: &'static str,
    id: &str,
) -> Result<Digest, PeopleError> {
    let bytes: Vec<u8> = row.get(place)?;
    Digest::try_from(bytes).map_err(|bytes| PeopleError::Row {
        table,
        id: id.to_owned(),
        why: format!("its secret's hash has {} bytes instead of 32", bytes.len()),
    })
}
