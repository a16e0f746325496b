//! All of it together: the file, the state in memory, and how a change goes from one to the other.
//!
//! A change is one transaction: it looks at the state as of its beginning, writes its rows and its
//! line of the audit trail, and reads the state anew. Look-ups read memory alone.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use egret_shared::people::{AuditRow, Outcome, Verified};
use egret_shared::time::{Span, TimeMs};
use rusqlite::Transaction;
use tokio::sync::watch;

use crate::audit::{self, AuditFilter, Line};
use crate::devices::Nonces;
use crate::error::{PeopleError, Refused};
use crate::first::FirstCode;
use crate::password::{Cost, Passwords};
use crate::principal::{Actor, Visit};
use crate::seal::Key;
use crate::secret::Digest;
use crate::state::{self, State, lock};
use crate::store::{self, Store};
use crate::tend::Tended;
use crate::throttle::Throttle;

/// How long things are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A session without use.
    pub idle: Span,
    /// A session in any case.
    pub absolute: Span,
    /// A session's secret, while it is used.
    pub rotate: Span,
    /// A wall's key.
    pub key_age: Span,
    /// A wall's code, until an admin has approved it.
    pub pairing: Span,
}

impl Default for Settings {
    fn default() -> Self {
        const MINUTE: i64 = 60_000;
        const HOUR: i64 = 60 * MINUTE;
        const DAY: i64 = 24 * HOUR;
        Self {
            idle: Span(12 * HOUR),
            absolute: Span(7 * DAY),
            rotate: Span(HOUR),
            key_age: Span(30 * DAY),
            pairing: Span(10 * MINUTE),
        }
    }
}

/// Everybody, and what each may do. A clone is the same people.
#[derive(Clone)]
pub struct People(pub(crate) Arc<Inner>);

impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("People")
            .field("folder", &self.0.folder)
            .finish_non_exhaustive()
    }
}

pub(crate) struct Inner {
    folder: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) key: Key,
    pub(crate) store: Mutex<Store>,
    state: RwLock<Arc<State>>,
    /// Sessions by secret. Whoever changes a session's secrets holds it for writing.
    pub(crate) by_secret: RwLock<HashMap<Digest, String>>,
    pub(crate) throttle: Mutex<Throttle>,
    pub(crate) passwords: Passwords,
    pub(crate) first: Mutex<FirstCode>,
    pub(crate) nonces: Mutex<Nonces>,
    pub(crate) tended: Mutex<Tended>,
    changes: watch::Sender<u64>,
}

impl People {
    /// Opens `people.db` in `folder`; both are made if they are missing.
    ///
    /// # Errors
    /// If the file cannot be opened or read, is of a newer version, or `audit.key` is gone.
    pub fn open(folder: &Path, settings: Settings, now: TimeMs) -> Result<Self, PeopleError> {
        Self::open_at(folder, settings, Cost::REAL, now)
    }

    /// The same, with passwords that cost as much.
    pub(crate) fn open_at(
        folder: &Path,
        settings: Settings,
        cost: Cost,
        now: TimeMs,
    ) -> Result<Self, PeopleError> {
        let store = Store::open(folder)?;
        let state = state::load(&store.connection)?;
        let by_secret = state::sessions_by_secret(&state);
        let first = FirstCode::new(state.users.is_empty())?;
        Ok(Self(Arc::new(Inner {
            folder: folder.to_owned(),
            settings,
            key: store.key.clone(),
            store: Mutex::new(store),
            state: RwLock::new(Arc::new(state)),
            by_secret: RwLock::new(by_secret),
            throttle: Mutex::new(Throttle::new()),
            passwords: Passwords::new(cost)?,
            first: Mutex::new(first),
            nonces: Mutex::new(Nonces::default()),
            tended: Mutex::new(Tended {
                checked_at: now,
                seen_at: now,
            }),
            changes: watch::Sender::new(0),
        })))
    }

    /// Follows everything that changes who may do what; the number rises at each change, also when
    /// a session or token ends by itself and [`Self::refresh`] notices.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// How long things are good.
    pub fn settings(&self) -> Settings {
        self.0.settings
    }

    /// How many passwords were hashed to be compared since the start: one for each sign-in that was
    /// looked at, whatever became of it.
    pub fn passwords_checked(&self) -> u64 {
        self.0.passwords.n_checked()
    }

    /// Whether there is an account. While there is none, the first admin is to be made.
    pub fn has_account(&self) -> bool {
        !self.state().users.is_empty()
    }

    /// Everybody, as of now.
    pub(crate) fn state(&self) -> Arc<State> {
        let state = self.0.state.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&state)
    }

    /// Makes a change and its line of the audit trail, both or neither. `change` may say more in
    /// the line. That the last admin must stay is a line, too.
    pub(crate) fn write<T>(
        &self,
        line: Line,
        change: impl FnOnce(&Transaction<'_>, &State, &mut Line) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let mut written = line;
        let result = self.commit(|transaction, state| {
            let value = change(transaction, state, &mut written)?;
            Ok((value, Some(written.clone())))
        });
        if let Err(refused @ Refused::LastAdmin) = &result {
            written.say(refused.code());
            self.note(&written.outcome(Outcome::Denied))?;
        }
        result
    }

    /// Makes a change, with its line of the audit trail if it has one.
    pub(crate) fn commit<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>, &State) -> Result<(T, Option<Line>), Refused>,
    ) -> Result<T, Refused> {
        let mut store = lock(&self.0.store);
        let Store {
            connection,
            key,
            head,
            version,
        } = &mut *store;
        let transaction = store::begin(connection)?;
        let now = store::data_version(&transaction)?;
        if now != *version {
            self.replace(state::load(&transaction)?);
            *version = now;
        }
        let (value, line) = change(&transaction, &self.state())?;
        let after = match &line {
            Some(line) => audit::append(&transaction, key, head, line)?,
            None => *head,
        };
        let state = state::load(&transaction)?;
        transaction.commit()?;
        *head = after;
        self.replace(state);
        Ok(value)
    }

    /// Puts a state that was just read in the place of the last one; whether it differs.
    /// Called by whoever holds the store, so that none gets lost.
    pub(crate) fn replace(&self, fresh: State) -> bool {
        let before = self.state();
        let fresh = fresh.following(&before);
        let is_other = fresh != *before;
        let fresh = Arc::new(fresh);
        {
            let mut by_secret = self
                .0
                .by_secret
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            *by_secret = state::sessions_by_secret(&fresh);
            *self.0.state.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
        if is_other {
            self.tell();
        }
        is_other
    }

    /// Tells everybody who follows the changes; also when what rights are over has changed.
    pub fn tell(&self) {
        self.0.changes.send_modify(|n_changes| *n_changes += 1);
    }

    /// Writes a line of the audit trail.
    ///
    /// # Errors
    /// If the file fails: then what the line tells of must not happen.
    pub fn note(&self, line: &Line) -> Result<(), PeopleError> {
        lock(&self.0.store).append(line)
    }

    /// Writes a line that tells of a refusal, which anybody can cause at any rate: of those of one
    /// action from one address the first, and then every hundredth until there are none for 15
    /// minutes. Its detail says the number.
    ///
    /// # Errors
    /// If the file fails.
    pub fn note_denied(&self, visit: &Visit, line: Line) -> Result<(), PeopleError> {
        let n_refused = lock(&self.0.throttle).refuse(visit.network(), &line.action, line.at);
        let Some(n_refused) = n_refused else {
            return Ok(());
        };
        let detail = if n_refused == 1 {
            line.detail.clone()
        } else {
            format!("{}; {n_refused} times from this address", line.detail)
        };
        self.note(&line.outcome(Outcome::Denied).detail(detail))
    }

    /// The line of a refusal of somebody who could not be named.
    pub(crate) fn deny(
        &self,
        visit: &Visit,
        (claimed, action, target): (&str, &str, &str),
        why: &str,
        now: TimeMs,
    ) -> Result<(), PeopleError> {
        let actor = Actor::anonymous(visit, claimed);
        self.note_denied(visit, Line::new(&actor, action, target, now).detail(why))
    }

    /// A page of the audit trail, newest first.
    ///
    /// # Errors
    /// If the file fails.
    pub fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, PeopleError> {
        audit::page(&store::reader(&self.0.folder)?, filter)
    }

    /// Every line of the audit trail from `from` until before `to`, oldest first, as of one moment,
    /// until `each` answers `false`. Holds up nobody who writes.
    ///
    /// # Errors
    /// If the file fails.
    pub fn audit_each(
        &self,
        from: Option<TimeMs>,
        to: Option<TimeMs>,
        mut each: impl FnMut(AuditRow) -> bool,
    ) -> Result<(), PeopleError> {
        audit::each(&store::reader(&self.0.folder)?, from, to, &mut each)
    }

    /// Whether the audit trail is whole. With `head`, a seal that was written down earlier, also
    /// whether it is still in it.
    ///
    /// # Errors
    /// If the file fails. A fault of the trail is no error.
    pub fn verify(&self, head: Option<&str>) -> Result<Verified, PeopleError> {
        let mut connection = store::reader(&self.0.folder)?;
        let transaction = connection.transaction()?;
        audit::verify(&transaction, &self.0.key, head)
    }
}

#[cfg(test)]
mod tests;
