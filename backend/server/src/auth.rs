//! Who asks, and what they may see and do. Every way out of the server passes through here.
//!
//! [`admit`] finds out who asks and turns away who may not; handlers take a [`Caller`] and ask it.
//! [`labels`] say what rows are to the predicate, [`sight`] works out what grants let see, [`view`]
//! cuts the city to it, and [`gate`] is the same for MQTT.

pub(crate) mod admit;
pub(crate) mod cases;
mod catalog;
pub(crate) mod cookies;
pub(crate) mod gate;
pub(crate) mod grant_words;
pub(crate) mod headers;
pub(crate) mod labels;
pub(crate) mod pace;
pub(crate) mod refusals;
pub(crate) mod sight;
pub(crate) mod sso;
pub(crate) mod trail;
mod view;
pub(crate) mod walls;

use std::net::SocketAddr;
use std::sync::Arc;

use egret_package::areas::AreaTree;
use egret_people::rights::{self, Row};
use egret_people::{Actor, People, Principal, Visit};
use egret_shared::access::{Grant, Right, Role};
use egret_shared::id::{AreaCode, FeedId};
use egret_shared::people::{Kind, Outcome};
use egret_shared::time::TimeMs;

use crate::clock;
use labels::Labels;
use pace::{Pace, Whose};
use sight::{Sight, Sights};

/// What decides about everybody.
#[derive(Debug)]
pub(crate) struct Access {
    /// Whether everything is open to this machine.
    pub open: bool,
    /// Who there is.
    pub people: People,
    /// What each of them sees.
    pub sights: Sights,
    /// How fast each of them asks.
    pub pace: Pace,
}

/// Somebody who asks, and may.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Who; absent where everything is open.
    pub principal: Option<Arc<Principal>>,
    /// From where.
    pub visit: Visit,
    /// What is seen.
    pub sight: Arc<Sight>,
    grants: Arc<[Grant]>,
}

impl Access {
    /// Decides over rows with these labels by what `people` are granted; everything is allowed to
    /// everybody if it is `open`.
    pub(crate) fn new(open: bool, people: People, labels: Arc<Labels>) -> Self {
        Self {
            open,
            people,
            sights: Sights::new(labels),
            pace: Pace::default(),
        }
    }

    /// `principal` as somebody who asks.
    pub(crate) fn caller(&self, principal: Arc<Principal>, visit: Visit) -> Caller {
        Caller {
            sight: self.sights.of(&principal.grants),
            grants: principal.grants.as_slice().into(),
            principal: Some(principal),
            visit,
        }
    }

    /// Anybody, where everything is open.
    pub(crate) fn anybody(&self, visit: Visit) -> Caller {
        let grants = [Role::Admin, Role::Lead, Role::Handler, Role::Steward].map(Grant::whole);
        Caller {
            principal: None,
            sight: self.sights.of(&grants),
            grants: Arc::new(grants),
            visit,
        }
    }

    /// Counts a request of `caller` against how fast it may ask.
    ///
    /// # Errors
    /// After how many seconds it may ask again.
    pub(crate) fn ask(&self, caller: &Caller) -> Result<(), u64> {
        match &caller.principal {
            Some(principal) => self.pace.ask(Whose::of(principal), clock::now()),
            None => Ok(()),
        }
    }

    /// The same caller as of now, who is there; `None` if nobody is behind it any more.
    pub(crate) fn present(&self, caller: &Caller) -> Option<Caller> {
        let Some(principal) = &caller.principal else {
            return Some(caller.clone());
        };
        let principal = self.people.touch(principal, &caller.visit, clock::now())?;
        Some(self.caller(principal, caller.visit.clone()))
    }

    /// The same caller as of now; `None` if nobody is behind it any more.
    pub(crate) fn still(&self, caller: &Caller) -> Option<Caller> {
        let Some(principal) = &caller.principal else {
            return Some(caller.clone());
        };
        let principal = self.people.still(principal, clock::now())?;
        Some(self.caller(principal, caller.visit.clone()))
    }
}

impl Caller {
    /// What they are granted.
    pub(crate) fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// Whether `right` is given over anything at all.
    pub(crate) fn has(&self, right: Right) -> bool {
        rights::has(&self.grants, right)
    }

    /// Whether `right` is given over everything.
    pub(crate) fn has_whole(&self, right: Right) -> bool {
        rights::has_whole(&self.grants, right)
    }

    /// Whether `right` is given over a feed as a whole: wherever its department works.
    pub(crate) fn may_feed(&self, right: Right, feed: &FeedId) -> bool {
        let labels = self.sight.labels();
        self.may_line(right, feed, labels.line(labels.home(feed)))
    }

    /// Whether `right` is given over what of a feed lies in `area`.
    pub(crate) fn may_feed_at(&self, right: Right, feed: &FeedId, area: &AreaCode) -> bool {
        let labels = self.sight.labels();
        self.may_line(right, feed, labels.line(labels.area(Some(area))))
    }

    /// Whether `right` is given over a feed wherever it tells of.
    pub(crate) fn may_feed_anywhere(&self, right: Right, feed: &FeedId) -> bool {
        self.may_line(right, feed, self.sight.labels().line(AreaTree::ROOT))
    }

    pub(crate) fn may_line(&self, right: Right, feed: &FeedId, line: &[AreaCode]) -> bool {
        let labels = self.sight.labels();
        let Some(label) = labels.all().get(labels.feed(feed).index()) else {
            return false;
        };
        let row = Row {
            line,
            owners: &label.owners,
            given_to: &label.given_to,
            class: label.class,
        };
        rights::may(&self.grants, right, row)
    }

    /// Whoever this is, for the audit trail.
    pub(crate) fn actor(&self) -> Actor {
        match &self.principal {
            Some(principal) => Actor::from((&**principal, &self.visit)),
            None => Actor {
                kind: Kind::Anonymous,
                id: String::new(),
                name: "open".to_owned(),
                address: self.visit.address.to_string(),
            },
        }
    }

    /// A line of the audit trail about this caller, as of `at`.
    pub(crate) fn line(
        &self,
        at: TimeMs,
        (action, target): (&str, &str),
        outcome: Outcome,
        detail: impl Into<String>,
    ) -> egret_people::Line {
        let actor = self.actor();
        egret_people::Line {
            at,
            kind: actor.kind,
            actor: actor.id,
            name: actor.name,
            address: actor.address,
            action: action.to_owned(),
            target: target.to_owned(),
            outcome,
            detail: detail.into(),
        }
    }
}

/// Why a server does not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name} {address} can be reached from other machines, and with --insecure-open anyone \
     there could read and write everything: use a loopback address such as 127.0.0.1, or leave \
     --insecure-open out and sign in"
)]
pub(crate) struct Reachable {
    /// Which setting.
    name: &'static str,
    /// Its value.
    address: SocketAddr,
}

/// Lets a server that is open to everybody start on loopback alone.
///
/// # Errors
/// [`Reachable`], which tells the user what to do.
pub(crate) fn refuse_open_address(
    insecure_open: bool,
    addresses: &[(&'static str, SocketAddr)],
) -> Result<(), Reachable> {
    let reachable = addresses
        .iter()
        .find(|(_, address)| insecure_open && !address.ip().is_loopback());
    match reachable {
        Some((name, address)) => Err(Reachable {
            name,
            address: *address,
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_to_everybody_is_served_on_loopback_alone() {
        let here: SocketAddr = "127.0.0.1:80".parse().unwrap();
        let there: SocketAddr = "0.0.0.0:80".parse().unwrap();
        let both = [("--http", here), ("--mqtt", there)];
        assert_eq!(refuse_open_address(true, &[("--http", here)]), Ok(()));
        assert_eq!(refuse_open_address(false, &both), Ok(()));
        let refused = refuse_open_address(true, &both);
        assert_eq!(
            refused,
            Err(Reachable {
                name: "--mqtt",
                address: there
            })
        );
    }
}
