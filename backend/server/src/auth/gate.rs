//! The same at the MQTT endpoint: gateways publish to their feeds' topics, tokens to what they may
//! send and hear what they may see. Decided when a message is delivered, not when somebody
//! subscribes: so a wildcard is no way around, and a grant that changes counts at once.

use std::sync::{Arc, PoisonError, RwLock};

use egret_mqtt::gate::{Denied, Gate, Label, Pass, Visitor};
use egret_people::{Actor, Line, Principal, Visit};
use egret_shared::access::Right;
use egret_shared::alert::Alert;
use egret_shared::id::FeedId;
use egret_shared::incident::Incident;
use egret_shared::people::{Kind, Outcome};
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};

use super::refusals::Refusals;
use super::{Access, Caller};
use crate::clock;
use crate::topics::Topics;

/// User name of those who come with a token as their password.
const TOKEN_USER: &str = "token";

/// What a message of the server's own is about: the label it is published with.
#[derive(Debug)]
pub(crate) enum Told {
    /// An alert.
    Alert(Box<Alert>),
    /// An incident.
    Incident(Box<Incident>),
}

/// Which feed a topic belongs to.
#[derive(Debug)]
struct Feeds {
    topics: Topics,
    ids: Vec<FeedId>,
    /// Those whose messages tell of persons.
    personal: Vec<FeedId>,
}

impl Feeds {
    fn is_personal(&self, feed: &FeedId) -> bool {
        self.personal.contains(feed)
    }
}

/// Lets gateways and tokens in.
pub(crate) struct Door {
    access: Arc<Access>,
    feeds: Arc<Feeds>,
    audit: mpsc::Sender<Line>,
    refusals: Refusals,
}

impl Door {
    /// Decides by `access`; refusals go to `audit`.
    pub(crate) fn new(access: Arc<Access>, audit: mpsc::Sender<Line>) -> Self {
        let package = Arc::clone(access.sights.labels().package());
        let feeds = Feeds {
            topics: Topics::of(&package),
            ids: package.feeds.iter().map(|feed| feed.id.clone()).collect(),
            personal: package
                .feeds
                .iter()
                .filter(|feed| !feed.personal.is_empty())
                .map(|feed| feed.id.clone())
                .collect(),
        };
        Self {
            access,
            feeds: Arc::new(feeds),
            audit,
            refusals: Refusals::default(),
        }
    }

    fn judge(&self, visitor: &Visitor) -> Option<Arc<Principal>> {
        let now = clock::now();
        let user = visitor.user.as_deref()?;
        let secret = std::str::from_utf8(visitor.password.as_deref()?).ok()?;
        if user == TOKEN_USER {
            return self.access.people.by_token(secret, now);
        }
        self.access.people.by_gateway(user, secret, now)
    }

    /// Notes that somebody was let in: once a minute, however often a bad line makes it come anew.
    fn note_admitted(&self, principal: &Principal, visitor: &Visitor, visit: &Visit) {
        let now = clock::now();
        let Some(n_before) = self.refusals.count(visit.network(), &principal.id, now) else {
            return;
        };
        let client: String = visitor.client.chars().take(64).collect();
        let actor = Actor::from((principal, visit));
        let line = Line::new(&actor, "mqtt.connect", &client, now);
        self.note(line.detail(Refusals::detail(n_before)));
    }

    fn note(&self, line: Line) {
        if self.audit.try_send(line).is_err() {
            tracing::warn!("a connection is left out of the audit trail");
        }
    }

    fn note_refused(&self, visitor: &Visitor, visit: &Visit) {
        let now = clock::now();
        let Some(n_before) = self.refusals.count(visit.network(), "", now) else {
            return;
        };
        let name: String = visitor
            .user
            .as_deref()
            .unwrap_or_default()
            .chars()
            .take(64)
            .collect();
        let client: String = visitor.client.chars().take(64).collect();
        let line = Line {
            at: now,
            kind: Kind::Anonymous,
            actor: String::new(),
            name,
            address: visit.address.to_string(),
            action: "mqtt.connect".to_owned(),
            target: client,
            outcome: Outcome::Denied,
            detail: Refusals::detail(n_before),
        };
        self.note(line);
    }
}

impl Gate for Door {
    fn admit(&self, visitor: Visitor) -> BoxFuture<'_, Result<Arc<dyn Pass>, Denied>> {
        Box::pin(async move {
            let address = visitor.peer.map(|peer| peer.ip());
            let visit = Visit::new(
                address.unwrap_or(std::net::IpAddr::from([0, 0, 0, 0])),
                &visitor.client,
            );
            // First, so that what changes while this is decided is not missed.
            let changes = self.access.people.changes();
            let version = *changes.borrow();
            let Some(principal) = self.judge(&visitor) else {
                self.note_refused(&visitor, &visit);
                return Err(Denied::Credentials);
            };
            self.note_admitted(&principal, &visitor, &visit);
            let seen = (changes, version);
            let pass = Credential::new(&self.access, &self.feeds, principal, visit, seen);
            Ok(Arc::new(pass) as Arc<dyn Pass>)
        })
    }
}

/// What somebody who was let in may do, as of now.
struct Credential {
    access: Arc<Access>,
    feeds: Arc<Feeds>,
    /// Tells those apart who sign in.
    owner: String,
    changes: watch::Receiver<u64>,
    now: RwLock<Now>,
}

/// What a credential was good for when people last changed.
struct Now {
    version: u64,
    /// Absent once it is good for nothing.
    caller: Option<Caller>,
    /// By feed.
    may_send: Arc<[bool]>,
}

impl Credential {
    fn new(
        access: &Arc<Access>,
        feeds: &Arc<Feeds>,
        principal: Arc<Principal>,
        visit: Visit,
        (changes, version): (watch::Receiver<u64>, u64),
    ) -> Self {
        let owner = format!("{}:{}", principal.kind.as_str(), principal.id);
        let caller = access.caller(principal, visit);
        let may_send = may_send(feeds, &caller);
        Self {
            access: Arc::clone(access),
            feeds: Arc::clone(feeds),
            owner,
            changes,
            now: RwLock::new(Now {
                version,
                caller: Some(caller),
                may_send,
            }),
        }
    }

    /// Asks what it is good for now.
    fn with<T>(&self, ask: impl FnOnce(&Now) -> T) -> T {
        let version = *self.changes.borrow();
        {
            // Nothing in here can panic half-way.
            let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
            if now.version == version {
                return ask(&now);
            }
        }
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        if now.version != version {
            now.version = version;
            now.caller = now
                .caller
                .take()
                .and_then(|caller| self.access.still(&caller));
            now.may_send = match &now.caller {
                Some(caller) => may_send(&self.feeds, caller),
                None => Arc::new([]),
            };
        }
        ask(&now)
    }

    /// Whoever it is of; `None` once it is good for nothing.
    fn caller(&self) -> Option<Caller> {
        self.with(|now| now.caller.clone())
    }

    fn feed_of(&self, topic: &str) -> Option<usize> {
        self.feeds.topics.find(topic)
    }
}

/// The feeds that somebody may send for.
fn may_send(feeds: &Feeds, caller: &Caller) -> Arc<[bool]> {
    let gateway = caller
        .principal
        .as_ref()
        .filter(|principal| principal.kind == Kind::Gateway);
    let may = |feed: &FeedId| match gateway {
        Some(gateway) => gateway.feeds.contains(feed),
        None => caller.may_feed(Right::Send, feed),
    };
    feeds.ids.iter().map(may).collect()
}

impl Pass for Credential {
    fn owner(&self) -> &str {
        &self.owner
    }

    fn may_publish(&self, topic: &str) -> bool {
        let feed = self.feed_of(topic);
        let may = |now: &Now| feed.and_then(|feed| now.may_send.get(feed).copied());
        self.with(|now| may(now).unwrap_or(false))
    }

    fn may_subscribe(&self, _filter: &str) -> bool {
        let caller = self.caller();
        caller.is_some_and(|caller| caller.has(Right::See) || caller.has(Right::Raw))
    }

    fn may_receive(&self, topic: &str, label: Option<&Label>) -> bool {
        let Some(caller) = self.caller() else {
            return false;
        };
        match label.map(|label| label.downcast_ref::<Told>()) {
            Some(Some(Told::Alert(alert))) => caller.sight.alert(alert),
            // One payload for all: whoever sees a part of the evidence asks for the incident.
            Some(Some(Told::Incident(incident))) => caller.sight.sees_whole(incident),
            Some(None) => false,
            // A message as its sender wrote it.
            None => {
                let feed = self.feed_of(topic);
                let feed = feed.and_then(|feed| self.feeds.ids.get(feed));
                // Where it tells of is not known here. Whoever wants to know of a person says why,
                // which no subscription does.
                feed.is_some_and(|feed| {
                    caller.may_feed_anywhere(Right::Raw, feed) && !self.feeds.is_personal(feed)
                })
            }
        }
    }

    fn ended(&self) -> BoxFuture<'static, ()> {
        let access = Arc::clone(&self.access);
        let caller = self.caller();
        Box::pin(async move {
            let Some(mut caller) = caller else { return };
            let mut changes = access.people.changes();
            while let Some(still) = access.still(&caller) {
                caller = still;
                if changes.changed().await.is_err() {
                    return;
                }
            }
        })
    }
}
