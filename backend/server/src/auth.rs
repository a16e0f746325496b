//! Who may see what. Every channel, query and command passes through a [`Grant`].
//!
//! Until people can sign in there is one grant, which sees everything, and the server then
//! listens on loopback alone ([`refuse_open_address`]).

use std::net::SocketAddr;

use egret_shared::channel::Channel;
use egret_shared::id::FeedId;

/// What somebody may see: areas × departments × classification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    everything: bool,
}

impl Grant {
    /// Sees everything; given to whoever reaches a server that runs with `--insecure-open`.
    pub(crate) const EVERYTHING: Self = Self { everything: true };

    /// Whether `channel` may be subscribed to.
    pub(crate) fn sees_channel(self, _channel: &Channel) -> bool {
        self.everything
    }

    /// Whether what `feed` tells may be seen.
    pub(crate) fn sees_feed(self, _feed: &FeedId) -> bool {
        self.everything
    }

    /// Whether lists of the whole city may be seen.
    pub(crate) fn sees_city(self) -> bool {
        self.everything
    }

    /// Whether events may be sent in by HTTP.
    pub(crate) fn sends_events(self) -> bool {
        self.everything
    }
}

/// Why a server does not start without sign-in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotOpen {
    /// Nobody said that it may be open.
    #[error(
        "nobody can sign in yet, so everything would be open to anyone who can connect: \
         say --insecure-open if that is what you want; it then listens on loopback only"
    )]
    NotSaid,
    /// The address can be reached by others.
    #[error(
        "{name} {address} can be reached from other machines, and with --insecure-open anyone \
         there could read and write everything: use a loopback address such as 127.0.0.1"
    )]
    Reachable {
        /// Which setting.
        name: &'static str,
        /// Its value.
        address: SocketAddr,
    },
}

/// Lets a server without sign-in start only if that was asked for, and only on loopback.
///
/// # Errors
/// [`NotOpen`], which tells the user what to do.
pub(crate) fn refuse_open_address(
    insecure_open: bool,
    addresses: &[(&'static str, SocketAddr)],
) -> Result<(), NotOpen> {
    if !insecure_open {
        return Err(NotOpen::NotSaid);
    }
    match addresses
        .iter()
        .find(|(_, address)| !address.ip().is_loopback())
    {
        Some((name, address)) => Err(NotOpen::Reachable {
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
    fn without_sign_in_only_loopback_is_served_and_only_if_asked_for() {
        let here: SocketAddr = "127.0.0.1:80".parse().unwrap();
        let there: SocketAddr = "0.0.0.0:80".parse().unwrap();
        assert_eq!(
            refuse_open_address(false, &[("--http", here)]),
            Err(NotOpen::NotSaid)
        );
        assert_eq!(refuse_open_address(true, &[("--http", here)]), Ok(()));
        let refused = refuse_open_address(true, &[("--http", here), ("--mqtt", there)]);
        assert_eq!(
            refused,
            Err(NotOpen::Reachable {
                name: "--mqtt",
                address: there
            })
        );
    }
}
