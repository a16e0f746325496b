//! Everybody, in memory: the small tables as they stand in the file, and what is looked up in them.
//!
//! A state never changes; after each write another one takes its place. Only what happens at every
//! request, that somebody was seen and that a session's secret changes, lives in [`Seen`] and
//! [`Passes`], which the next state takes over.

mod load;

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use egret_shared::access::{Grant, Role, Scope};
use egret_shared::id::{FeedId, SceneId};
use egret_shared::people::Kind;
use egret_shared::time::{Span, TimeMs};

use crate::principal::Principal;
use crate::secret::Digest;

pub(crate) use load::{load, sessions_by_secret};

/// Everybody.
#[derive(Default, PartialEq)]
pub(crate) struct State {
    pub(crate) users: BTreeMap<String, User>,
    /// Ids by the name as it is compared.
    pub(crate) user_ids: HashMap<String, String>,
    pub(crate) sessions: BTreeMap<String, Arc<Session>>,
    pub(crate) tokens: BTreeMap<String, Token>,
    /// Ids by secret.
    pub(crate) token_ids: HashMap<Digest, String>,
    pub(crate) gateways: BTreeMap<String, Gateway>,
    pub(crate) devices: BTreeMap<String, Device>,
    pub(crate) pairings: BTreeMap<String, PairingAsked>,
}

#[derive(Clone, PartialEq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) display: String,
    pub(crate) grants: Vec<Grant>,
    pub(crate) disabled: bool,
    /// In PHC format; absent for single sign-on alone.
    pub(crate) password: Option<String>,
    pub(crate) must_change: bool,
    /// Issuer and subject of single sign-on, once it has signed in by it.
    pub(crate) subject: Option<(String, String)>,
    pub(crate) created_at: TimeMs,
    pub(crate) signed_in_at: Option<TimeMs>,
}

impl User {
    /// Whether it can manage people.
    pub(crate) fn is_admin(&self) -> bool {
        !self.disabled && self.grants.iter().any(|grant| grant.role == Role::Admin)
    }
}

/// A session of a person or device.
#[derive(PartialEq)]
pub(crate) struct Session {
    pub(crate) principal: Arc<Principal>,
    pub(crate) created_at: TimeMs,
    pub(crate) ends_at: TimeMs,
    pub(crate) agent: String,
    pub(crate) seen: Arc<Seen>,
    pub(crate) passes: Arc<Passes>,
}

impl Session {
    /// Whether it is over: unused for too long, or too old in any case.
    pub(crate) fn is_over(&self, idle: Span, now: TimeMs) -> bool {
        let seen_at = self.seen.get().at.unwrap_or(self.created_at);
        now >= self.ends_at || now.since(seen_at) >= idle
    }
}

#[derive(PartialEq)]
pub(crate) struct Token {
    pub(crate) principal: Arc<Principal>,
    pub(crate) hint: String,
    pub(crate) created_at: TimeMs,
    pub(crate) ends_at: Option<TimeMs>,
    pub(crate) seen: Arc<Seen>,
}

impl Token {
    pub(crate) fn is_over(&self, now: TimeMs) -> bool {
        self.ends_at.is_some_and(|ends_at| now >= ends_at)
    }
}

#[derive(PartialEq)]
pub(crate) struct Gateway {
    pub(crate) principal: Arc<Principal>,
    pub(crate) secret: Digest,
    pub(crate) disabled: bool,
    pub(crate) created_at: TimeMs,
    pub(crate) seen: Arc<Seen>,
}

#[derive(PartialEq)]
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) grants: Vec<Grant>,
    pub(crate) scenes: Scope<SceneId>,
    /// An uncompressed point of P-256.
    pub(crate) key: Vec<u8>,
    pub(crate) key_at: TimeMs,
    /// The key that takes its place as soon as it is used.
    pub(crate) next_key: Option<Vec<u8>>,
    pub(crate) created_at: TimeMs,
    pub(crate) seen: Arc<Seen>,
}

/// A wall that asked to be paired.
#[derive(PartialEq)]
pub(crate) struct PairingAsked {
    pub(crate) code: String,
    pub(crate) key: Vec<u8>,
    pub(crate) address: String,
    pub(crate) agent: String,
    pub(crate) is_approved: bool,
    pub(crate) ends_at: TimeMs,
}

impl PairingAsked {
    pub(crate) fn is_waiting(&self, now: TimeMs) -> bool {
        !self.is_approved && now < self.ends_at
    }
}

impl State {
    /// The person with this name, however it is written.
    pub(crate) fn user_named(&self, name: &str) -> Option<(&str, &User)> {
        let id = self.user_ids.get(&compared(name))?;
        Some((id, self.users.get(id)?))
    }

    /// Whether somebody else than `id` can manage people.
    pub(crate) fn has_admin_beside(&self, id: &str) -> bool {
        self.users
            .iter()
            .any(|(other, user)| other != id && user.is_admin())
    }

    /// The sessions of this owner, oldest use first.
    pub(crate) fn sessions_of(&self, kind: Kind, owner: &str) -> Vec<(&str, &Session)> {
        let mut sessions: Vec<_> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.principal.kind == kind && session.principal.id == owner)
            .map(|(id, session)| (id.as_str(), session.as_ref()))
            .collect();
        sessions.sort_by_key(|(_, session)| session.seen.get().at);
        sessions
    }

    /// This state, with what the one before had seen.
    pub(crate) fn following(mut self, before: &Self) -> Self {
        for (id, session) in &mut self.sessions {
            if let (Some(known), Some(session)) = (before.sessions.get(id), Arc::get_mut(session)) {
                session.seen = Arc::clone(&known.seen);
                session.passes = Arc::clone(&known.passes);
            }
        }
        let take = |seen: &mut Arc<Seen>, known: Option<&Arc<Seen>>| {
            if let Some(known) = known {
                *seen = Arc::clone(known);
            }
        };
        for (id, token) in &mut self.tokens {
            take(
                &mut token.seen,
                before.tokens.get(id).map(|known| &known.seen),
            );
        }
        for (id, gateway) in &mut self.gateways {
            take(
                &mut gateway.seen,
                before.gateways.get(id).map(|known| &known.seen),
            );
        }
        for (id, device) in &mut self.devices {
            take(
                &mut device.seen,
                before.devices.get(id).map(|known| &known.seen),
            );
        }
        self
    }
}

/// A name as it is compared.
pub(crate) fn compared(name: &str) -> String {
    name.to_lowercase()
}

/// When and from where somebody was last seen. Written now and then, so that it does not count
/// when states are compared.
pub(crate) struct Seen(Mutex<SeenAt>);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeenAt {
    pub(crate) at: Option<TimeMs>,
    pub(crate) address: Option<IpAddr>,
    /// Whether the file has it.
    is_written: bool,
}

impl Seen {
    pub(crate) fn new(at: Option<TimeMs>, address: Option<IpAddr>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(SeenAt {
            at,
            address,
            is_written: true,
        })))
    }

    pub(crate) fn get(&self) -> SeenAt {
        *lock(&self.0)
    }

    /// It was seen now. Never goes back.
    pub(crate) fn touch(&self, now: TimeMs, address: Option<IpAddr>) {
        let mut seen = lock(&self.0);
        if seen.at.is_none_or(|at| at <= now) {
            seen.at = Some(now);
            seen.address = address.or(seen.address);
            seen.is_written = false;
        }
    }

    /// What the file does not have yet.
    pub(crate) fn unwritten(&self) -> Option<SeenAt> {
        Some(self.get()).filter(|seen| !seen.is_written)
    }

    /// The file has `seen` now.
    pub(crate) fn written(&self, seen: &SeenAt) {
        let mut now = lock(&self.0);
        if *now == *seen {
            now.is_written = true;
        }
    }
}

impl PartialEq for Seen {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl SeenAt {
    /// The address as text; empty if there is none.
    pub(crate) fn address_text(&self) -> String {
        self.address.map(|a| a.to_string()).unwrap_or_default()
    }
}

/// The secrets that open a session. They do not count when states are compared: who may what stays
/// the same when they change.
pub(crate) struct Passes(Mutex<PassesNow>);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct PassesNow {
    pub(crate) secret: Digest,
    pub(crate) secret_at: TimeMs,
    pub(crate) previous: Option<Previous>,
    /// Whether the file has them.
    pub(crate) is_written: bool,
}

/// The secret before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Previous {
    pub(crate) secret: Digest,
    /// Until when it is good; open as long as nobody has come with the new one, whose answer may
    /// have been lost on its way.
    pub(crate) until: Option<TimeMs>,
}

impl Passes {
    pub(crate) fn new(now: PassesNow) -> Arc<Self> {
        Arc::new(Self(Mutex::new(now)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, PassesNow> {
        lock(&self.0)
    }
}

impl PartialEq for Passes {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The feeds of a principal that has none.
pub(crate) const NO_FEEDS: Vec<FeedId> = Vec::new();
