//! Sessions: who comes with a secret, and whether that still holds.

use std::sync::{Arc, PoisonError};

use egret_shared::people::{Kind, SessionRow};
use egret_shared::time::{Span, TimeMs};
use rusqlite::{Transaction, params};

use crate::audit::Line;
use crate::error::{PeopleError, Refused};
use crate::limits::{OLD_SECRET_FOR, SESSIONS_EACH_MAX};
use crate::people::People;
use crate::principal::{Actor, Found, Opened, Principal, Visit};
use crate::secret::{self, Digest, SessionSecret};
use crate::state::{PassesNow, Previous, Session, State};

/// A session that is written and not yet committed.
pub(crate) struct Begun {
    id: String,
    secret: SessionSecret,
}

/// A secret opens a session.
enum Pass {
    /// And stays.
    Same,
    /// And is replaced by this one.
    Fresh(SessionSecret),
}

/// What a secret is to a session.
enum Look {
    /// None of its own.
    Wrong,
    Good,
    /// Good, and it is time for another.
    Old,
}

impl PassesNow {
    fn look(&mut self, tried: &Digest, rotate: Span, now: TimeMs) -> Look {
        let age = now.since(self.secret_at);
        if *tried == self.secret {
            if let Some(previous) = &mut self.previous
                && previous.until.is_none()
            {
                // The new secret has arrived: the one before goes.
                previous.until = Some(now.plus(OLD_SECRET_FOR));
                self.is_written = false;
            }
            return if age >= rotate { Look::Old } else { Look::Good };
        }
        match self.previous {
            Some(Previous { secret, until }) if secret == *tried => match until {
                Some(until) if now < until => Look::Good,
                Some(_) => Look::Wrong,
                // The new secret was lost with its answer, or is still on its way.
                None if age >= OLD_SECRET_FOR => Look::Old,
                None => Look::Good,
            },
            _ => Look::Wrong,
        }
    }

    /// Takes a new secret for whoever came with `tried`; the one that is good no more.
    fn rotate(&mut self, tried: &Digest, fresh: Digest, now: TimeMs) -> Option<Digest> {
        let gone = if *tried == self.secret {
            let gone = self.previous.map(|previous| previous.secret);
            self.previous = Some(Previous {
                secret: self.secret,
                until: None,
            });
            gone
        } else {
            Some(self.secret)
        };
        self.secret = fresh;
        self.secret_at = now;
        self.is_written = false;
        gone
    }
}

impl People {
    /// Whose session this secret opens, and a new secret if it was time for one. Looks in memory
    /// alone; that the session was seen and has a new secret is written by [`Self::refresh`].
    ///
    /// The old secret stays good for 60 s after the new one was first used. Until then it stays
    /// good, too: the answer that carried the new one may have been lost.
    pub fn by_session(&self, secret: &str, visit: &Visit, now: TimeMs) -> Option<Found> {
        let tried = secret::digest(secret);
        let id = {
            let by_secret = self.0.by_secret.read();
            let by_secret = by_secret.unwrap_or_else(PoisonError::into_inner);
            by_secret.get(&tried)?.clone()
        };
        let state = self.state();
        let session = state.sessions.get(&id)?;
        if session.is_over(self.0.settings.idle, now) {
            return None;
        }
        let rotated = match self.pass(&id, session, &tried, now)? {
            Pass::Same => None,
            Pass::Fresh(secret) => Some(secret),
        };
        session.seen.touch(now, Some(visit.address));
        if session.principal.kind == Kind::Device
            && let Some(device) = state.devices.get(&session.principal.id)
        {
            device.seen.touch(now, Some(visit.address));
        }
        Some(Found {
            principal: Arc::clone(&session.principal),
            rotated,
            ends_at: session.ends_at,
        })
    }

    /// How the secret opens the session, if it does.
    fn pass(&self, id: &str, session: &Session, tried: &Digest, now: TimeMs) -> Option<Pass> {
        let rotate = self.0.settings.rotate;
        let look = session.passes.lock().look(tried, rotate, now);
        match look {
            Look::Wrong => return None,
            Look::Good => return Some(Pass::Same),
            Look::Old => {}
        }
        let fresh = match SessionSecret::new() {
            Ok(fresh) => fresh,
            Err(error) => {
                tracing::error!(%error, "a session keeps its secret");
                return Some(Pass::Same);
            }
        };
        let mut by_secret = self
            .0
            .by_secret
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let mut passes = session.passes.lock();
        // Another request may have been faster.
        match passes.look(tried, rotate, now) {
            Look::Wrong => None,
            Look::Good => Some(Pass::Same),
            Look::Old => {
                let digest = secret::digest(fresh.as_str());
                if let Some(gone) = passes.rotate(tried, digest, now) {
                    by_secret.remove(&gone);
                }
                by_secret.insert(digest, id.to_owned());
                Some(Pass::Fresh(fresh))
            }
        }
    }

    /// The same principal as of now, with what it may do now; `None` if its session, token or
    /// gateway, or its account or wall, is gone, disabled or over. Looks in memory alone, and does
    /// not count as use.
    pub fn still(&self, principal: &Principal, now: TimeMs) -> Option<Arc<Principal>> {
        let state = self.state();
        let found = match principal.kind {
            Kind::User | Kind::Device => {
                let session = state.sessions.get(principal.session.as_ref()?)?;
                if session.is_over(self.0.settings.idle, now) {
                    return None;
                }
                &session.principal
            }
            Kind::Token => {
                let token = state.tokens.get(&principal.id)?;
                if token.is_over(now) {
                    return None;
                }
                &token.principal
            }
            Kind::Gateway => {
                let gateway = state.gateways.get(&principal.id)?;
                if gateway.disabled || gateway.principal.session != principal.session {
                    return None;
                }
                &gateway.principal
            }
            Kind::Console | Kind::Anonymous | Kind::Rule => return None,
        };
        Some(Arc::clone(found))
    }

    /// The token or gateway with this id, for what it left when it was last here; `None` if it is gone,
    /// disabled or over, and for every other `kind`. Looks in memory alone, and does not count as use.
    pub fn by_id(&self, kind: &str, id: &str, now: TimeMs) -> Option<Arc<Principal>> {
        let state = self.state();
        if kind == Kind::Token.as_str() {
            let token = state.tokens.get(id).filter(|token| !token.is_over(now))?;
            return Some(Arc::clone(&token.principal));
        }
        let gateways = state.gateways.get(id);
        let gateway = gateways.filter(|gateway| !gateway.disabled)?;
        (kind == Kind::Gateway.as_str()).then(|| Arc::clone(&gateway.principal))
    }

    /// As [`Self::still`], and counts as use: of a session whose page is open and followed, which
    /// may ask for nothing during a whole shift.
    pub fn touch(
        &self,
        principal: &Principal,
        visit: &Visit,
        now: TimeMs,
    ) -> Option<Arc<Principal>> {
        let found = self.still(principal, now)?;
        let state = self.state();
        let session = principal
            .session
            .as_ref()
            .and_then(|id| state.sessions.get(id));
        if let Some(session) = session {
            session.seen.touch(now, Some(visit.address));
        }
        if principal.kind == Kind::Device
            && let Some(device) = state.devices.get(&principal.id)
        {
            device.seen.touch(now, Some(visit.address));
        }
        Some(found)
    }

    /// Ends the session of whoever signs out.
    ///
    /// # Errors
    /// [`Refused::Missing`] if it has ended already.
    pub fn sign_out(
        &self,
        principal: &Principal,
        visit: &Visit,
        now: TimeMs,
    ) -> Result<(), Refused> {
        let id = principal.session.clone().unwrap_or_default();
        let line = Line::new(&Actor::from((principal, visit)), "sign_out", "", now);
        self.write(line, |transaction, _, _| remove(transaction, &id))
    }

    /// The sessions of whoever asks, newest use first.
    pub fn sessions(&self, principal: &Principal, now: TimeMs) -> Vec<SessionRow> {
        let state = self.state();
        let sessions = state.sessions_of(principal.kind, &principal.id);
        let is_on = |session: &Session| !session.is_over(self.0.settings.idle, now);
        let rows = sessions.into_iter().rev();
        rows.filter(|(_, session)| is_on(session))
            .map(|(id, session)| {
                let seen = session.seen.get();
                SessionRow {
                    id: id.to_owned(),
                    created_at: session.created_at,
                    seen_at: seen.at.unwrap_or(session.created_at),
                    ends_at: session.ends_at,
                    address: seen.address_text(),
                    agent: session.agent.clone(),
                    current: principal.session.as_deref() == Some(id),
                }
            })
            .collect()
    }

    /// Ends one of the own sessions.
    ///
    /// # Errors
    /// [`Refused::Missing`] if it is none of them.
    pub fn end_session(
        &self,
        by: &Principal,
        visit: &Visit,
        id: &str,
        now: TimeMs,
    ) -> Result<(), Refused> {
        let line = Line::new(&Actor::from((by, visit)), "session.end", id, now);
        self.write(line, |transaction, state, _| {
            let is_own = state.sessions.get(id).is_some_and(|session| {
                session.principal.kind == by.kind && session.principal.id == by.id
            });
            if !is_own {
                return Err(missing(id));
            }
            remove(transaction, id)
        })
    }

    /// What is told of a session that has just been committed.
    pub(crate) fn opened(&self, begun: Begun, known: Option<String>) -> Result<Opened, Refused> {
        let state = self.state();
        let session = state.sessions.get(&begun.id);
        // Somebody else may have ended it in the same moment.
        let session = session.ok_or_else(|| missing(&begun.id))?;
        Ok(Opened {
            principal: Arc::clone(&session.principal),
            secret: begun.secret,
            known,
            ends_at: session.ends_at,
        })
    }

    /// Writes a session of this owner, within the caller's transaction.
    pub(crate) fn begin_session(
        &self,
        transaction: &Transaction<'_>,
        state: &State,
        (kind, owner): (Kind, &str),
        visit: &Visit,
        now: TimeMs,
    ) -> Result<Begun, Refused> {
        let sessions = state.sessions_of(kind, owner);
        let n_too_many = (sessions.len() + 1).saturating_sub(SESSIONS_EACH_MAX);
        for (id, _) in sessions.iter().take(n_too_many) {
            remove(transaction, id)?;
        }
        let begun = Begun {
            id: secret::id()?,
            secret: SessionSecret::new()?,
        };
        transaction.execute(
            "INSERT INTO session (id, kind, owner, secret, secret_at, created_at, seen_at, ends_at,
             address, agent) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?5, ?6, ?7, ?8)",
            params![
                begun.id,
                kind.as_str(),
                owner,
                secret::digest(begun.secret.as_str()),
                now.0,
                now.plus(self.0.settings.absolute).0,
                visit.address.to_string(),
                visit.agent
            ],
        )?;
        Ok(begun)
    }
}

fn remove(transaction: &Transaction<'_>, id: &str) -> Result<(), Refused> {
    match transaction.execute("DELETE FROM session WHERE id = ?1", [id])? {
        0 => Err(missing(id)),
        _ => Ok(()),
    }
}

/// Ends every session of this owner but `except`, within the caller's transaction.
pub(crate) fn remove_all(
    transaction: &Transaction<'_>,
    (kind, owner): (Kind, &str),
    except: Option<&str>,
) -> Result<usize, PeopleError> {
    Ok(transaction.execute(
        "DELETE FROM session WHERE kind = ?1 AND owner = ?2 AND id IS NOT ?3",
        params![kind.as_str(), owner, except],
    )?)
}

fn missing(id: &str) -> Refused {
    Refused::Missing(format!("session \"{id}\" of yours"))
}
