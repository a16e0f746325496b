//! Where connections wait until they are admitted, and how many there may be before and after that.
//!
//! Whoever can reach the port can open connections and say nothing, or say it slowly. Those are
//! counted apart from the admitted ones, so that they take no place from them, and by where they come
//! from, so that few who take many places do not keep the others out: when all places are taken, the
//! place that is longest held by whoever holds most of them is given to whoever holds fewer.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::counters::Counters;
use crate::hub::lock;
use crate::limits::Limits;

/// How often refusals are told in the log at most: a flood of connections shall not be one of lines.
const WARN_PERIOD: Duration = Duration::from_mins(1);

/// The bits of an IPv6 address that tell the network. What is behind them is the host's own choice.
const NETWORK_BITS: u128 = !0 << 64;

/// The connections of an endpoint, counted.
pub(crate) struct Lobby {
    admitted_max: usize,
    waiting_max: usize,
    waiting_per_network_max: usize,
    counters: Arc<Counters>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    n_admitted: usize,
    n_waiting: usize,
    /// Of each network those that wait, oldest first, with what puts them out. No network is empty.
    networks: BTreeMap<IpAddr, BTreeMap<u64, CancellationToken>>,
    next_number: u64,
    warned_at: Option<Instant>,
}

/// A connection that has not been admitted; gives its place back when dropped.
pub(crate) struct Waiting {
    lobby: Arc<Lobby>,
    network: IpAddr,
    number: u64,
    put_out: CancellationToken,
}

/// An admitted connection; gives its place back when dropped.
pub(crate) struct Place {
    lobby: Arc<Lobby>,
}

impl Lobby {
    pub(crate) fn new(limits: &Limits, counters: Arc<Counters>) -> Arc<Self> {
        Arc::new(Self {
            admitted_max: limits.connections_max,
            waiting_max: limits.unadmitted_max,
            waiting_per_network_max: limits.unadmitted_per_address_max,
            counters,
            state: Mutex::default(),
        })
    }

    /// Lets a new connection wait; `None` if it is to be closed at once.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Waiting> {
        let network = network_of(address);
        let mut state = lock(&self.state);
        if state.n_admitted >= self.admitted_max {
            self.counters.connections_refused.add(1);
            state.warn(address, self.admitted_max, "too many MQTT connections");
            return None;
        }
        let n_own = state.networks.get(&network).map_or(0, BTreeMap::len);
        if n_own >= self.waiting_per_network_max {
            self.counters.unadmitted_refused.add(1);
            let limit = self.waiting_per_network_max;
            state.warn(
                address,
                limit,
                "too many MQTT connections without CONNECT from here",
            );
            return None;
        }
        if state.n_waiting >= self.waiting_max {
            if !state.put_out_for(n_own) {
                self.counters.unadmitted_refused.add(1);
                state.warn(
                    address,
                    self.waiting_max,
                    "too many MQTT connections without CONNECT",
                );
                return None;
            }
            self.counters.unadmitted_put_out.add(1);
        }
        let number = state.next_number;
        let put_out = CancellationToken::new();
        state.next_number += 1;
        state.n_waiting += 1;
        let waiting = state.networks.entry(network).or_default();
        waiting.insert(number, put_out.clone());
        Some(Waiting {
            lobby: Arc::clone(self),
            network,
            number,
            put_out,
        })
    }
}

impl State {
    /// Puts out the oldest of the network that has most, for one that has `n_own` so far. False if
    /// none has more than it would have then: among equals who came first stays.
    fn put_out_for(&mut self, n_own: usize) -> bool {
        let most = self
            .networks
            .iter()
            .max_by_key(|(_, waiting)| waiting.len());
        let Some((&network, waiting)) = most else {
            return false;
        };
        if waiting.len() <= n_own + 1 {
            return false;
        }
        let Some((&oldest, put_out)) = waiting.first_key_value() else {
            return false;
        };
        put_out.cancel();
        self.leave(network, oldest);
        true
    }

    /// Takes a connection off the list, unless it has been before.
    fn leave(&mut self, network: IpAddr, number: u64) {
        let Some(waiting) = self.networks.get_mut(&network) else {
            return;
        };
        if waiting.remove(&number).is_some() {
            self.n_waiting -= 1;
        }
        if waiting.is_empty() {
            self.networks.remove(&network);
        }
    }

    fn warn(&mut self, address: IpAddr, limit: usize, message: &str) {
        let now = Instant::now();
        if self.warned_at.is_none_or(|at| at + WARN_PERIOD <= now) {
            self.warned_at = Some(now);
            tracing::warn!(%address, limit, "{message}: closed; further ones are only counted");
        }
    }
}

impl Waiting {
    /// Resolves when the place is needed for somebody else.
    pub(crate) async fn put_out(&self) {
        self.put_out.cancelled().await;
    }

    /// Turns the place in the lobby into one among the admitted.
    ///
    /// # Errors
    /// There is none free; the connection goes on waiting, to be told.
    pub(crate) fn admit(self) -> Result<Place, Self> {
        let mut state = lock(&self.lobby.state);
        if state.n_admitted >= self.lobby.admitted_max {
            drop(state);
            self.lobby.counters.connections_refused.add(1);
            return Err(self);
        }
        state.n_admitted += 1;
        drop(state);
        Ok(Place {
            lobby: Arc::clone(&self.lobby),
        })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        lock(&self.lobby.state).leave(self.network, self.number);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.lobby.state).n_admitted -= 1;
    }
}

/// What counts as one place of origin: an IPv4 address, or an IPv6 network of 64 bits.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK_BITS).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lobby(admitted: usize, waiting: usize, per_address: usize) -> Arc<Lobby> {
        let limits = Limits {
            connections_max: admitted,
            unadmitted_max: waiting,
            unadmitted_per_address_max: per_address,
            ..Limits::default()
        };
        Lobby::new(&limits, Arc::default())
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_has_its_share_and_gets_it_back() {
        let lobby = lobby(10, 10, 2);
        let first = lobby.enter(address("10.0.0.1")).unwrap();
        let _second = lobby.enter(address("::ffff:10.0.0.1")).unwrap();
        assert!(lobby.enter(address("10.0.0.1")).is_none());
        assert!(lobby.enter(address("10.0.0.2")).is_some());
        drop(first);
        assert!(lobby.enter(address("10.0.0.1")).is_some());
        assert_eq!(lobby.counters.unadmitted_refused.get(), 1);
    }

    #[test]
    fn an_ipv6_host_has_one_share_for_all_its_addresses() {
        let lobby = lobby(10, 10, 1);
        let _held = lobby.enter(address("2001:db8:0:1::1")).unwrap();
        assert!(lobby.enter(address("2001:db8:0:1:ffff::2")).is_none());
        assert!(lobby.enter(address("2001:db8:0:2::1")).is_some());
    }

    #[test]
    fn the_admitted_take_no_place_in_the_lobby_and_the_lobby_none_of_theirs() {
        let lobby = lobby(2, 2, 2);
        let _crowd: Vec<_> = (0..2).map(|_| lobby.enter(address("10.0.0.9"))).collect();
        for host in ["10.0.0.1", "10.0.0.2"] {
            let place = lobby.enter(address(host)).unwrap().admit();
            std::mem::forget(place.ok().unwrap());
        }
        assert!(
            lobby.enter(address("10.0.0.3")).is_none(),
            "all places are taken"
        );
        assert_eq!(lobby.counters.connections_refused.get(), 1);
    }

    #[test]
    fn who_is_late_for_the_last_place_goes_on_waiting_to_be_told() {
        let lobby = lobby(1, 2, 2);
        let first = lobby.enter(address("10.0.0.1")).unwrap();
        let second = lobby.enter(address("10.0.0.2")).unwrap();
        let place = first.admit().ok().unwrap();
        let second = second.admit().err().unwrap();
        assert_eq!(lock(&lobby.state).n_waiting, 1);
        drop(place);
        assert!(second.admit().is_ok());
        assert_eq!(lock(&lobby.state).n_waiting, 0);
        assert_eq!(lock(&lobby.state).n_admitted, 0);
    }

    #[test]
    fn a_crowd_from_few_addresses_makes_room_oldest_first_and_one_from_many_does_not() {
        let lobby = lobby(10, 4, 3);
        let mut crowd: Vec<_> = ["10.0.0.1", "10.0.0.2", "10.0.0.2", "10.0.0.2"]
            .iter()
            .map(|host| lobby.enter(address(host)).unwrap())
            .collect();
        let others: Vec<_> = ["10.0.0.3", "10.0.0.4"]
            .iter()
            .map(|host| lobby.enter(address(host)).unwrap())
            .collect();
        let are_out: Vec<_> = crowd.iter().map(|w| w.put_out.is_cancelled()).collect();
        assert_eq!(are_out, [false, true, true, false]);
        assert!(
            lobby.enter(address("10.0.0.5")).is_none(),
            "one each is fair"
        );
        assert!(others.iter().all(|other| !other.put_out.is_cancelled()));
        crowd.truncate(3);
        assert!(
            lobby.enter(address("10.0.0.5")).is_some(),
            "a place counts once"
        );
        drop((crowd, others));
        let state = lock(&lobby.state);
        assert_eq!((state.n_waiting, state.networks.len()), (0, 0));
    }
}
