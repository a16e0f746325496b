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
use egret_shared::package::command::CommandDef;
use egret_shared::package::feed::FeedDef;
use egret_shared::people::{Kind, Outcome};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::refusals::Refusals;
use super::trail::Trail;
use super::{Access, Caller};
use crate::clock;
use crate::live::Live;
use crate::topics::Topics;

/// User name of those who come with a token as their password.
const TOKEN_USER: &str = "token";

/// What a message of the server's own is about: the label it is published with.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Told {
    /// An alert.
    Alert(Box<Alert>),
    /// An incident.
    Incident(Box<Incident>),
    /// An order to whoever sends for a feed.
    Order(FeedId),
    /// How the server itself stands, for every gateway.
    State,
}

/// Which feed a topic belongs to.
#[derive(Debug)]
struct Feeds {
    /// Of what gateways send: readings, and answers to commands.
    topics: Topics,
    /// Of commands, which Egret alone sends.
    commands: Topics,
    /// Which of those are a feed's.
    listens: Vec<Vec<String>>,
    ids: Vec<FeedId>,
    /// Those whose messages tell of persons.
    personal: Vec<FeedId>,
}

impl Feeds {
    fn is_personal(&self, feed: &FeedId) -> bool {
        self.personal.contains(feed)
    }
}

/// What the endpoint decides by: replaced when the city package is.
pub(crate) struct View {
    access: Arc<Access>,
    feeds: Arc<Feeds>,
}

/// Lets gateways and tokens in.
pub(crate) struct Door {
    view: Live<View>,
    audit: Trail,
    refusals: Refusals,
}

impl View {
    /// As `access` has it.
    pub(crate) fn new(access: Arc<Access>) -> Self {
        let package = Arc::clone(access.sights.labels().package());
        let mut topics = Topics::of(&package);
        topics.insert_replies(&package);
        let listens = |feed: &FeedDef| feed.commands.iter().map(CommandDef::filter).collect();
        let feeds = Feeds {
            topics,
            commands: Topics::of_commands(&package),
            listens: package.feeds.iter().map(listens).collect(),
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
        }
    }

    /// Whether messages to this topic are of a feed that tells nothing of persons.
    pub(crate) fn is_impersonal(&self, topic: &str) -> bool {
        let feed = self.feeds.topics.find(topic);
        let feed = feed.and_then(|feed| self.feeds.ids.get(feed));
        feed.is_some_and(|feed| !self.feeds.is_personal(feed))
    }
}

impl Door {
    /// Decides by `view`; whom it lets in and whom not goes to `audit`.
    pub(crate) fn new(view: Live<View>, audit: Trail) -> Self {
        Self {
            view,
            audit,
            refusals: Refusals::default(),
        }
    }

    fn judge(&self, visitor: &Visitor) -> Option<Arc<Principal>> {
        let now = clock::now();
        if let Some(name) = &visitor.certificate
            && visitor.user.as_deref().is_none_or(|user| user == name)
        {
            // What it has shown is more than a password.
            return self.view.get().access.people.by_certificate(name, now);
        }
        let user = visitor.user.as_deref()?;
        let secret = std::str::from_utf8(visitor.password.as_deref()?).ok()?;
        let people = &self.view.get().access.people;
        if user == TOKEN_USER {
            return people.by_token(secret, now);
        }
        people.by_gateway(user, secret, now)
    }

    /// Notes that somebody was let in: once a minute, however often a bad line makes it come anew. Left
    /// out when too many come at once: after a power cut no gateway waits for the disk.
    fn note_admitted(&self, principal: &Principal, visitor: &Visitor, visit: &Visit) {
        let now = clock::now();
        let Some(n_before) = self.refusals.count(visit.network(), &principal.id, now) else {
            return;
        };
        let client: String = visitor.client.chars().take(64).collect();
        let actor = Actor::from((principal, visit));
        let line = Line::new(&actor, "mqtt.connect", &client, now);
        self.audit.note(line.detail(Refusals::detail(n_before)));
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
        self.audit.note(line);
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
            let changes = self.view.get().access.people.changes();
            let version = *changes.borrow();
            let Some(principal) = self.judge(&visitor) else {
                self.note_refused(&visitor, &visit);
                return Err(Denied::Credentials);
            };
            self.note_admitted(&principal, &visitor, &visit);
            let seen = (changes, version);
            let pass = Credential::new(&self.view, principal, visit, seen);
            Ok(Arc::new(pass) as Arc<dyn Pass>)
        })
    }

    fn recall(&self, owner: &str) -> Option<Arc<dyn Pass>> {
        let people = &self.view.get().access.people;
        let changes = people.changes();
        let version = *changes.borrow();
        let (kind, id) = owner.split_once(':')?;
        let principal = people.by_id(kind, id, clock::now())?;
        let nowhere = Visit::new(std::net::IpAddr::from([0, 0, 0, 0]), "");
        let pass = Credential::new(&self.view, principal, nowhere, (changes, version));
        Some(Arc::new(pass))
    }
}

/// What somebody who was let in may do, as of now.
struct Credential {
    view: Live<View>,
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
    feeds: Arc<Feeds>,
    /// By feed.
    may_send: Arc<[bool]>,
}

impl Credential {
    fn new(
        view: &Live<View>,
        principal: Arc<Principal>,
        visit: Visit,
        (changes, version): (watch::Receiver<u64>, u64),
    ) -> Self {
        let owner = format!("{}:{}", principal.kind.as_str(), principal.id);
        let seen = view.get();
        let caller = seen.access.caller(principal, visit);
        let may_send = may_send(&seen.feeds, &caller);
        Self {
            view: view.clone(),
            owner,
            changes,
            now: RwLock::new(Now {
                version,
                caller: Some(caller),
                feeds: Arc::clone(&seen.feeds),
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
            let view = self.view.get();
            now.version = version;
            now.caller = now
                .caller
                .take()
                .and_then(|caller| view.access.still(&caller));
            now.feeds = Arc::clone(&view.feeds);
            now.may_send = match &now.caller {
                Some(caller) => may_send(&view.feeds, caller),
                None => Arc::new([]),
            };
        }
        ask(&now)
    }

    /// Whether a filter is for nothing but commands to feeds that it may send for.
    fn takes(&self, filter: &str) -> bool {
        self.with(|now| {
            let feeds = now.feeds.listens.iter().zip(now.may_send.iter());
            let mut own = feeds.filter(|(_, may)| **may).flat_map(|(own, _)| own);
            own.any(|own| is_within(filter, own))
        })
    }

    /// Whoever it is of; `None` once it is good for nothing.
    fn caller(&self) -> Option<Caller> {
        self.with(|now| now.caller.clone())
    }
}

fn is_gateway(caller: &Caller) -> bool {
    let principal = caller.principal.as_ref();
    principal.is_some_and(|principal| principal.kind == Kind::Gateway)
}

/// Whether somebody sends at all: every gateway does.
fn sends(caller: &Caller) -> bool {
    is_gateway(caller) || caller.has(Right::Send)
}

/// Whether a filter is for what a Sparkplug node hears: orders to nodes and devices, and how the host
/// stands. Whose orders come is decided when they do.
///
/// # Source
/// Sparkplug 3.0.0, sections 4.1 and 5.3: `spBv1.0/{group}/NCMD/{node}`, `…/DCMD/{node}/{device}`,
/// `spBv1.0/STATE/{host}`.
fn orders(filter: &str) -> bool {
    let mut levels = filter.split('/');
    let is_ours = levels.next() == Some("spBv1.0");
    let (group, kind) = (levels.next(), levels.next());
    is_ours && (group == Some("STATE") || matches!(kind, Some("NCMD" | "DCMD")))
}

/// Whether every topic that `filter` matches is one that `wide` does, in which `+` is the only
/// wildcard.
fn is_within(filter: &str, wide: &str) -> bool {
    let (mut levels, mut wides) = (filter.split('/'), wide.split('/'));
    loop {
        match (levels.next(), wides.next()) {
            (None, None) => return true,
            (Some(level), Some(wide)) if level != "#" && (wide == "+" || wide == level) => {}
            _ => return false,
        }
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
        self.with(|now| match now.feeds.topics.find(topic) {
            // Whoever listens there does what it says.
            _ if now.feeds.commands.find(topic).is_some() => false,
            Some(feed) => now.may_send.get(feed).copied().unwrap_or(false),
            // Nobody's messages are nobody else's either: they go to quarantine, where a steward finds
            // what could be connected.
            None => now.caller.as_ref().is_some_and(sends),
        })
    }

    fn may_subscribe(&self, filter: &str) -> bool {
        let caller = self.caller();
        caller.is_some_and(|caller| {
            caller.has(Right::See)
                || caller.has(Right::Raw)
                || (is_gateway(&caller) && (orders(filter) || self.takes(filter)))
        })
    }

    fn may_receive(&self, topic: &str, label: Option<&Label>) -> bool {
        let (caller, feeds) = self.with(|now| (now.caller.clone(), Arc::clone(&now.feeds)));
        let Some(caller) = caller else {
            return false;
        };
        match label.map(|label| label.downcast_ref::<Told>()) {
            Some(Some(Told::Alert(alert))) => caller.sight.alert(alert),
            // One payload for all: whoever sees a part of the evidence asks for the incident.
            Some(Some(Told::Incident(incident))) => caller.sight.sees_whole(incident),
            Some(Some(Told::Order(feed))) => {
                let gateway = caller.principal.as_ref().filter(|_| is_gateway(&caller));
                gateway.is_some_and(|gateway| gateway.feeds.contains(feed))
            }
            Some(Some(Told::State)) => is_gateway(&caller) || caller.has(Right::See),
            Some(None) => false,
            // A message as its sender wrote it.
            None => {
                let feed = feeds.topics.find(topic);
                let feed = feed.and_then(|feed| feeds.ids.get(feed));
                // Where it tells of is not known here. Whoever wants to know of a person says why,
                // which no subscription does.
                feed.is_some_and(|feed| {
                    caller.may_feed_anywhere(Right::Raw, feed) && !feeds.is_personal(feed)
                })
            }
        }
    }

    fn ended(&self) -> BoxFuture<'static, ()> {
        let access = Arc::clone(&self.view.get().access);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_may_ask_for_no_more_than_the_commands_of_its_feeds() {
        let wide = "vendor-x/+/command";
        for filter in ["vendor-x/+/command", "vendor-x/G-1/command"] {
            assert!(is_within(filter, wide), "{filter}");
        }
        for filter in [
            "#",
            "vendor-x/#",
            "vendor-x/+/+",
            "vendor-x/+/command/#",
            "+/+/command",
            "vendor-x/G-1",
            "vendor-x/G-1/telemetry",
        ] {
            assert!(!is_within(filter, wide), "{filter}");
        }
    }
}
