//! The outbox's bounds, and what a lost seat can still do.

use bytes::Bytes;

use super::*;

fn delivery(qos: u8, payload_bytes: usize) -> Delivery {
    let message = Message {
        topic: "a".into(),
        payload: Bytes::from(vec![0; payload_bytes]),
        qos,
        is_retained: false,
        properties: Vec::new(),
        from: 0,
    };
    Delivery {
        message: Arc::new(message),
        qos,
        is_retained: false,
    }
}

fn session() -> Arc<Session> {
    Arc::new(Session::new(1, "c".into()))
}

#[test]
fn the_oldest_qos_0_gives_way_and_qos_1_overruns() {
    let session = session();
    let seat = session.attach(Duration::ZERO, false);
    for qos in [0, 1, 0] {
        assert_eq!(
            session.push(delivery(qos, 1), 3, 100),
            Pushed::Queued { n_dropped: 0 }
        );
    }
    assert_eq!(
        session.push(delivery(1, 1), 3, 100),
        Pushed::Queued { n_dropped: 1 }
    );
    assert_eq!(
        session.push(delivery(1, 1), 3, 100),
        Pushed::Queued { n_dropped: 1 }
    );
    assert_eq!(session.push(delivery(0, 1), 3, 100), Pushed::Refused);
    assert_eq!(session.push(delivery(1, 1), 3, 100), Pushed::Overrun);
    let order: Vec<_> = std::iter::from_fn(|| seat.next(10))
        .map(|next| next.qos)
        .collect();
    assert_eq!(order, [1, 1, 1]);
}

#[test]
fn bytes_are_bounded_too() {
    let session = session();
    let _seat = session.attach(Duration::ZERO, false);
    assert_eq!(
        session.push(delivery(1, 60), 10, 100),
        Pushed::Queued { n_dropped: 0 }
    );
    assert_eq!(session.push(delivery(1, 60), 10, 100), Pushed::Overrun);
}

#[test]
fn the_window_holds_qos_1_back_until_an_acknowledgement() {
    let session = session();
    let seat = session.attach(Duration::ZERO, false);
    session.push(delivery(1, 1), 10, 100);
    session.push(delivery(1, 1), 10, 100);
    let first = seat.next(1).unwrap();
    seat.sent(5, first);
    assert!(seat.next(1).is_none());
    seat.acknowledged(5);
    assert!(seat.next(1).is_some());
}

#[test]
fn a_seat_that_was_taken_over_takes_no_more_messages() {
    let session = session();
    let old = session.attach(Duration::from_mins(1), false);
    let new = session.attach(Duration::from_mins(1), true);
    session.push(delivery(1, 1), 10, 100);
    assert!(old.next(10).is_none());
    assert_eq!(old.ending(), Some(Ending::TakenOver));
    assert!(!session.park(old.epoch, Instant::now(), Duration::MAX));
    assert!(new.next(10).is_some());
    assert_eq!(new.ending(), None);
}
