//! The outbox's bounds, and what a lost seat can still do.

use bytes::Bytes;

use super::*;
use crate::gate::Open;
use crate::testing::Guest;

fn delivery(qos: u8, payload_bytes: usize) -> Delivery {
    delivery_to("a", qos, payload_bytes)
}

fn delivery_to(topic: &str, qos: u8, payload_bytes: usize) -> Delivery {
    let message = Message {
        topic: topic.into(),
        payload: Bytes::from(vec![0; payload_bytes]),
        qos,
        ..Message::default()
    };
    Delivery {
        message: Arc::new(message),
        qos,
        is_retained: false,
        identifiers: Vec::new(),
        share: None,
        place: 0,
    }
}

fn session() -> Arc<Session> {
    let key = Key {
        owner: "".into(),
        client: "c".into(),
    };
    Arc::new(Session::new(1, key, Arc::new(Open)))
}

fn open() -> Arc<dyn Pass> {
    Arc::new(Open)
}

fn queued(n_dropped: usize, n_withheld: usize) -> Pushed {
    Pushed::Queued {
        n_dropped,
        n_withheld,
        ticket: 0,
    }
}

#[test]
fn the_oldest_qos_0_gives_way_and_qos_1_overruns() {
    let session = session();
    let seat = session.attach(&open(), Duration::ZERO, false);
    for qos in [0, 1, 0] {
        assert_eq!(session.push(delivery(qos, 1), 3, 100), queued(0, 0));
    }
    assert_eq!(session.push(delivery(1, 1), 3, 100), queued(1, 0));
    assert_eq!(session.push(delivery(1, 1), 3, 100), queued(1, 0));
    assert_eq!(session.push(delivery(0, 1), 3, 100), Pushed::Refused);
    assert_eq!(session.push(delivery(1, 1), 3, 100), Pushed::Overrun);
    let order: Vec<_> = std::iter::from_fn(|| seat.next(10, 1_000))
        .map(|next| next.qos)
        .collect();
    assert_eq!(order, [1, 1, 1]);
}

#[test]
fn bytes_are_bounded_too() {
    let session = session();
    let _seat = session.attach(&open(), Duration::ZERO, false);
    assert_eq!(session.push(delivery(1, 60), 10, 100), queued(0, 0));
    assert_eq!(session.push(delivery(1, 60), 10, 100), Pushed::Overrun);
}

#[test]
fn the_window_holds_qos_1_back_until_an_acknowledgement() {
    let session = session();
    let seat = session.attach(&open(), Duration::ZERO, false);
    session.push(delivery(1, 1), 10, 100);
    session.push(delivery(1, 1), 10, 100);
    let first = seat.next(1, 1_000).unwrap();
    seat.sent(5, first);
    assert!(seat.next(1, 1_000).is_none());
    seat.settled(5);
    assert!(seat.next(1, 1_000).is_some());
}

#[test]
fn the_window_holds_back_by_bytes_too_but_never_the_only_message() {
    let session = session();
    let seat = session.attach(&open(), Duration::ZERO, false);
    for payload_bytes in [80, 10, 20, 0] {
        session.push(delivery(2, payload_bytes), 10, 1_000);
    }
    for (identifier, payload_bytes) in [(1, 80), (2, 10)] {
        let next = seat
            .next(10, if identifier == 1 { 50 } else { 90 })
            .unwrap();
        assert_eq!(next.message.payload.len(), payload_bytes);
        seat.sent(identifier, next);
    }
    assert!(seat.next(10, 100).is_none());
    seat.released(1);
    let third = seat.next(10, 100).unwrap();
    assert_eq!(third.message.payload.len(), 20);
    seat.sent(3, third);
    seat.settled(2);
    seat.settled(2);
    assert!(
        seat.next(2, 100).is_none(),
        "its PUBREL counts as a message"
    );
    assert!(seat.next(3, 20).is_some());
}

#[test]
fn a_seat_that_was_taken_over_takes_no_more_messages() {
    let session = session();
    let old = session.attach(&open(), Duration::from_mins(1), false);
    let new = session.attach(&open(), Duration::from_mins(1), true);
    session.push(delivery(1, 1), 10, 100);
    assert!(old.next(10, 1_000).is_none());
    assert_eq!(old.ending(), Some(Ending::TakenOver));
    assert!(!session.park(old.epoch, Instant::now(), Duration::MAX));
    assert!(new.next(10, 1_000).is_some());
    assert_eq!(new.ending(), None);
}

#[test]
fn what_may_not_be_received_makes_room_before_the_session_is_overrun() {
    let session = session();
    let guest = Guest::new("o", |topic, _| topic == "mine");
    let pass: Arc<dyn Pass> = guest;
    let seat = session.attach(&pass, Duration::ZERO, false);
    for topic in ["other", "mine", "other"] {
        assert_eq!(
            session.push(delivery_to(topic, 1, 10), 3, 100),
            queued(0, 0)
        );
    }
    assert_eq!(
        session.push(delivery_to("other", 1, 10), 3, 100),
        Pushed::Withheld
    );
    assert_eq!(
        session.push(delivery_to("mine", 1, 80), 3, 100),
        queued(0, 2)
    );
    assert_eq!(
        session.push(delivery_to("mine", 1, 11), 3, 100),
        Pushed::Overrun,
        "the bytes of what was dropped are free, and those of what stayed are not"
    );
    assert_eq!(
        session.push(delivery_to("mine", 1, 10), 3, 100),
        queued(0, 0)
    );
    let sizes: Vec<_> = std::iter::from_fn(|| seat.next(10, 1_000))
        .map(|next| next.message.payload.len())
        .collect();
    assert_eq!(sizes, [10, 80, 10]);
}

#[test]
fn a_session_whose_pass_was_revoked_is_not_found_again() {
    let session = session();
    let guest = Guest::new("o", |_, _| true);
    let pass: Arc<dyn Pass> = Arc::clone(&guest) as Arc<dyn Pass>;
    let seat = session.attach(&pass, Duration::from_mins(1), false);
    let now = Instant::now();
    assert!(session.survives(now));
    guest.revoke();
    assert!(!session.survives(now));
    assert!(!session.park(seat.epoch, now, Duration::MAX));
}
