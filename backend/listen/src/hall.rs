//! Who is in: a seat for each connection, counted in all and by address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::counters::Counters;

/// All seats.
pub(crate) struct Hall {
    taken: Mutex<Taken>,
    connections_max: usize,
    per_address_max: usize,
    counters: Arc<Counters>,
    /// Waits until everybody has left.
    tracker: TaskTracker,
}

#[derive(Default)]
struct Taken {
    n_seats: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's seat, until it is dropped. It goes with the socket, not with the task that serves
/// it: a WebSocket leaves the task and is still a connection.
pub(crate) struct Seat {
    address: IpAddr,
    hall: Arc<Hall>,
    _token: TaskTrackerToken,
}

/// Why there is no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// All are taken.
    Hall,
    /// This address has as many as it may have.
    Address,
}

impl Hall {
    /// An empty hall.
    pub(crate) fn new(
        connections_max: usize,
        per_address_max: usize,
        counters: Arc<Counters>,
    ) -> Arc<Self> {
        Arc::new(Self {
            taken: Mutex::default(),
            connections_max,
            per_address_max,
            counters,
            tracker: TaskTracker::new(),
        })
    }

    /// A seat for somebody from `address`.
    ///
    /// # Errors
    /// There is none; the refusal is counted.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Seat, Full> {
        let address = household(address);
        let mut taken = self.taken();
        let n_there = taken.by_address.get(&address).copied().unwrap_or(0);
        if taken.n_seats >= self.connections_max {
            self.counters.refused_by_limit.increase();
            return Err(Full::Hall);
        }
        if n_there >= self.per_address_max {
            self.counters.refused_by_address.increase();
            return Err(Full::Address);
        }
        taken.n_seats += 1;
        taken.by_address.insert(address, n_there + 1);
        self.counters.connections_total.increase();
        self.counters.connections_open.increase();
        Ok(Seat {
            address,
            hall: Arc::clone(self),
            _token: self.tracker.token(),
        })
    }

    /// Waits until every seat is free. Nobody may be admitted any more.
    pub(crate) async fn empty(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.hall.taken();
        taken.n_seats = taken.n_seats.saturating_sub(1);
        if let Some(n_there) = taken.by_address.get_mut(&self.address) {
            *n_there -= 1;
            if *n_there == 0 {
                taken.by_address.remove(&self.address);
            }
        }
        drop(taken);
        self.hall.counters.connections_open.decrease();
    }
}

/// What is counted as one address: an IPv6 subscriber has a /64, and with it more addresses than there
/// are seats in the world.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hall(connections_max: usize, per_address_max: usize) -> (Arc<Hall>, Arc<Counters>) {
        let counters = Arc::new(Counters::default());
        let hall = Hall::new(connections_max, per_address_max, Arc::clone(&counters));
        (hall, counters)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_seat_is_free_again_once_its_connection_has_ended() {
        let (hall, counters) = hall(10, 1);
        let seat = hall.admit(ip("10.0.0.1")).unwrap();
        assert_eq!(hall.admit(ip("10.0.0.1")).err(), Some(Full::Address));
        assert!(hall.admit(ip("10.0.0.2")).is_ok());
        drop(seat);
        assert!(hall.admit(ip("10.0.0.1")).is_ok());
        assert_eq!(counters.refused_by_address.get(), 1);
        assert_eq!(counters.connections_open.get(), 0);
        assert_eq!(counters.connections_total.get(), 3);
        assert!(hall.taken().by_address.is_empty());
    }

    #[test]
    fn a_full_hall_refuses_everybody() {
        let (hall, counters) = hall(2, 2);
        let _seats = [
            hall.admit(ip("10.0.0.1")).unwrap(),
            hall.admit(ip("10.0.0.2")).unwrap(),
        ];
        assert_eq!(hall.admit(ip("10.0.0.3")).err(), Some(Full::Hall));
        assert_eq!(counters.refused_by_limit.get(), 1);
    }

    #[test]
    fn the_addresses_of_one_ipv6_subscriber_and_of_a_mapped_ipv4_one_are_one() {
        let (hall, _) = hall(10, 1);
        let _six = hall.admit(ip("2001:db8:0:1::1")).unwrap();
        assert_eq!(
            hall.admit(ip("2001:db8:0:1:ffff::2")).err(),
            Some(Full::Address)
        );
        assert!(hall.admit(ip("2001:db8:0:2::1")).is_ok());
        let _four = hall.admit(ip("10.0.0.1")).unwrap();
        assert_eq!(hall.admit(ip("::ffff:10.0.0.1")).err(), Some(Full::Address));
    }
}
