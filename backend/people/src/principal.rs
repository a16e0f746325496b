//! Who asks, and who that turns out to be.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use egret_shared::access::{Grant, Right, Scope};
use egret_shared::id::{FeedId, SceneId};
use egret_shared::people::{Kind, Who};
use egret_shared::time::TimeMs;

use crate::limits::AGENT_CHARS_MAX;
use crate::secret::SessionSecret;

/// Who asks, before it is known who that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// From where.
    pub address: IpAddr,
    /// What the browser calls itself, cut and without control characters.
    pub agent: String,
}

impl Visit {
    /// A visit from `address` with this `User-Agent`, however long and strange.
    pub fn new(address: IpAddr, agent: &str) -> Self {
        Self {
            address: address.to_canonical(),
            agent: plain(agent, AGENT_CHARS_MAX),
        }
    }

    /// What is counted together: an IPv4 address, or an IPv6 network of 64 bits, of which anybody
    /// who has one address has all.
    pub fn network(&self) -> IpAddr {
        match self.address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                let network = address.to_bits() & !u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
        }
    }
}

/// `text` without control characters, cut to `chars_max` characters.
pub(crate) fn plain(text: &str, chars_max: usize) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(chars_max)
        .collect()
}

/// Somebody who is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// A person, token, device or gateway.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// The name to sign in with, or the device's or token's name.
    pub name: String,
    /// What people call it.
    pub display: String,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// The scenes that it may show; only devices are narrowed.
    pub scenes: Scope<SceneId>,
    /// The feeds whose topics a gateway may publish to; nobody else has any.
    pub feeds: Vec<FeedId>,
    /// The public id of its session; of a gateway, of its secret, so that a connection with the
    /// secret before does not outlive it. Tokens have none.
    pub session: Option<String>,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
}

impl Principal {
    /// As it is told to itself.
    pub fn who(&self) -> Who {
        let mut rights: Vec<Right> = self
            .grants
            .iter()
            .flat_map(|grant| grant.role.rights().iter().copied())
            .collect();
        rights.sort_unstable();
        rights.dedup();
        Who {
            kind: self.kind,
            id: self.id.clone(),
            name: self.name.clone(),
            display: self.display.clone(),
            grants: self.grants.clone(),
            rights,
            scenes: self.scenes.clone(),
            must_change_password: self.must_change_password,
        }
    }
}

/// Whose session a secret is.
#[derive(Clone, Debug)]
pub struct Found {
    /// Whose.
    pub principal: Arc<Principal>,
    /// The secret to be used from now on, if it was time for a new one.
    pub rotated: Option<SessionSecret>,
    /// When the session ends in any case.
    pub ends_at: TimeMs,
}

/// A session that has just begun.
#[derive(Clone)]
pub struct Opened {
    /// Whose.
    pub principal: Arc<Principal>,
    /// Its secret.
    pub secret: SessionSecret,
    /// The value of the cookie by which this browser is known from now on; devices have none.
    pub known: Option<String>,
    /// When it ends in any case.
    pub ends_at: TimeMs,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("principal", &self.principal)
            .field("ends_at", &self.ends_at)
            .finish_non_exhaustive()
    }
}

/// Who does something, for the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Of what kind.
    pub kind: Kind,
    /// Its id; empty for the console and for nobody.
    pub id: String,
    /// Its name at this time.
    pub name: String,
    /// From where; empty for the console.
    pub address: String,
}

impl Actor {
    /// The server's own command line.
    pub fn console() -> Self {
        Self {
            kind: Kind::Console,
            id: String::new(),
            name: "console".to_owned(),
            address: String::new(),
        }
    }

    /// Nobody who could be named, with the name that is claimed.
    pub fn anonymous(visit: &Visit, claimed: &str) -> Self {
        Self {
            kind: Kind::Anonymous,
            id: String::new(),
            name: claimed.to_owned(),
            address: visit.address.to_string(),
        }
    }
}

impl From<(&Principal, &Visit)> for Actor {
    fn from((principal, visit): (&Principal, &Visit)) -> Self {
        Self {
            kind: principal.kind,
            id: principal.id.clone(),
            name: principal.name.clone(),
            address: visit.address.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_counts_as_one_and_ipv4_within_ipv6_as_ipv4() {
        let network = |text: &str| Visit::new(text.parse().unwrap(), "").network();
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:10.1.2.3"), network("10.1.2.3"));
        assert_ne!(network("10.1.2.3"), network("10.1.2.4"));
    }

    #[test]
    fn an_agent_is_cut_and_cannot_forge_a_line() {
        let visit = Visit::new(
            "10.0.0.1".parse().unwrap(),
            &("a\r\n\u{1b}[2J".to_owned() + &"é".repeat(300)),
        );
        assert!(visit.agent.starts_with("a[2Jé"));
        assert_eq!(visit.agent.chars().count(), 200);
    }

    #[test]
    fn rights_are_those_of_every_grant_once() {
        use Right::{Administer, Audit, Connect, Operate, Raw, See, Send};
        use egret_shared::access::Role;
        let principal = Principal {
            kind: Kind::User,
            id: "1".to_owned(),
            name: "a".to_owned(),
            display: "a".to_owned(),
            grants: vec![Grant::whole(Role::Auditor), Grant::whole(Role::Admin)],
            scenes: Scope::All,
            feeds: Vec::new(),
            session: None,
            must_change_password: false,
        };
        assert_eq!(
            principal.who().rights,
            [See, Raw, Send, Connect, Operate, Audit, Administer]
        );
    }
}
