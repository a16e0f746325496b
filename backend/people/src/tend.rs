//! What is looked after every now and then: changes of another process, who was seen, what is over.

use egret_shared::time::{Span, TimeMs};
use rusqlite::{Connection, params};

use crate::error::PeopleError;
use crate::limits::{PAIRING_KEPT_FOR, SEEN_EVERY};
use crate::people::People;
use crate::state::{self, PassesNow, Seen, SeenAt, State, lock};
use crate::store;

/// When this was last done.
#[derive(Clone, Copy)]
pub(crate) struct Tended {
    /// Looked at what is over.
    pub(crate) checked_at: TimeMs,
    /// Wrote who was seen.
    pub(crate) seen_at: TimeMs,
}

/// What is to be written, or to be kept in mind as written.
#[derive(Default)]
struct Due<'a> {
    passes: Vec<(&'a str, PassesNow)>,
    seen: Vec<(Place, &'a str, &'a Seen, SeenAt)>,
    over: Vec<&'a str>,
    /// Pairings that have ended long enough ago.
    forgotten: Vec<&'a str>,
}

#[derive(Clone, Copy)]
enum Place {
    Session,
    Token,
    Gateway,
    Device,
}

impl People {
    /// Takes over what another process changed, ends sessions that are over, and writes new secrets
    /// at once and who was seen once a minute. Cheap if there is nothing to do; to be called every
    /// 300 ms or so. Whether anybody may do something else than before.
    ///
    /// # Errors
    /// If the file fails; what could not be written is tried again the next time.
    pub fn refresh(&self, now: TimeMs) -> Result<bool, PeopleError> {
        let is_due = {
            let tended = lock(&self.0.tended);
            // A clock that was put back must not stop it.
            now.since(tended.seen_at).ms().saturating_abs() >= SEEN_EVERY.ms()
        };
        self.tend(is_due, now)
    }

    /// The same, and writes who was seen: to be called before the server ends.
    ///
    /// # Errors
    /// If the file fails.
    pub fn flush(&self, now: TimeMs) -> Result<(), PeopleError> {
        self.tend(true, now).map(|_is_other| ())
    }

    fn tend(&self, is_due: bool, now: TimeMs) -> Result<bool, PeopleError> {
        let mut store = lock(&self.0.store);
        let version = store::data_version(&store.connection)?;
        let state = self.state();
        let due = Due::of(&state, self.0.settings.idle, is_due, now);
        let mut is_other = false;
        if version != store.version || !due.is_empty() {
            let transaction = store::begin(&mut store.connection)?;
            due.write(&transaction)?;
            let version = store::data_version(&transaction)?;
            let fresh = state::load(&transaction)?;
            transaction.commit()?;
            due.written(&state);
            store.version = version;
            is_other = self.replace(fresh);
        }
        let mut tended = lock(&self.0.tended);
        let has_ended = state
            .tokens
            .values()
            .any(|token| token.is_over(now) && !token.is_over(tended.checked_at));
        tended.checked_at = now;
        if is_due {
            tended.seen_at = now;
        }
        drop(tended);
        if has_ended && !is_other {
            self.tell();
        }
        Ok(is_other || has_ended)
    }
}

impl<'a> Due<'a> {
    fn of(state: &'a State, idle: Span, is_due: bool, now: TimeMs) -> Self {
        let mut due = Self::default();
        for (id, session) in &state.sessions {
            if session.is_over(idle, now) {
                due.over.push(id);
                continue;
            }
            let passes = *session.passes.lock();
            if !passes.is_written {
                due.passes.push((id, passes));
            }
            if is_due {
                due.see(Place::Session, id, &session.seen);
            }
        }
        for (id, pairing) in &state.pairings {
            if now.since(pairing.ends_at) >= PAIRING_KEPT_FOR {
                due.forgotten.push(id);
            }
        }
        if is_due {
            for (id, token) in &state.tokens {
                due.see(Place::Token, id, &token.seen);
            }
            for (id, gateway) in &state.gateways {
                due.see(Place::Gateway, id, &gateway.seen);
            }
            for (id, device) in &state.devices {
                due.see(Place::Device, id, &device.seen);
            }
        }
        due
    }

    fn see(&mut self, place: Place, id: &'a str, seen: &'a Seen) {
        if let Some(unwritten) = seen.unwritten() {
            self.seen.push((place, id, seen, unwritten));
        }
    }

    fn is_empty(&self) -> bool {
        let n_rows = self.passes.len() + self.seen.len() + self.over.len() + self.forgotten.len();
        n_rows == 0
    }

    /// Writes it. A row that is gone stays gone.
    fn write(&self, connection: &Connection) -> Result<(), PeopleError> {
        for id in &self.over {
            connection
                .prepare_cached("DELETE FROM session WHERE id = ?1")?
                .execute([id])?;
        }
        for id in &self.forgotten {
            connection
                .prepare_cached("DELETE FROM pairing WHERE id = ?1")?
                .execute([id])?;
        }
        for (id, passes) in &self.passes {
            let previous = passes.previous;
            connection
                .prepare_cached(
                    "UPDATE session SET secret = ?2, secret_at = ?3, previous = ?4,
                     previous_until = ?5 WHERE id = ?1",
                )?
                .execute(params![
                    id,
                    passes.secret,
                    passes.secret_at.0,
                    previous.map(|previous| previous.secret),
                    previous
                        .and_then(|previous| previous.until)
                        .map(|until| until.0)
                ])?;
        }
        for (place, id, _, seen) in &self.seen {
            let at = seen.at.map(|at| at.0);
            let write = |query| -> Result<(), PeopleError> {
                connection
                    .prepare_cached(query)?
                    .execute(params![id, at, seen.address_text()])?;
                Ok(())
            };
            match place {
                Place::Session => {
                    write("UPDATE session SET seen_at = ?2, address = ?3 WHERE id = ?1")?;
                }
                Place::Device => {
                    write("UPDATE device SET seen_at = ?2, address = ?3 WHERE id = ?1")?;
                }
                // Their rows have no address; the statement takes it all the same.
                Place::Token => {
                    write("UPDATE token SET seen_at = ?2 WHERE id = ?1 AND ?3 IS NOT NULL")?;
                }
                Place::Gateway => {
                    write("UPDATE gateway SET seen_at = ?2 WHERE id = ?1 AND ?3 IS NOT NULL")?;
                }
            }
        }
        Ok(())
    }

    /// The file has it now.
    fn written(&self, state: &State) {
        for (id, passes) in &self.passes {
            if let Some(session) = state.sessions.get(*id) {
                let mut now = session.passes.lock();
                if *now == *passes {
                    now.is_written = true;
                }
            }
        }
        for (_, _, seen, written) in &self.seen {
            seen.written(written);
        }
    }
}
