//! What of sessions is not there after the process ended, and what was never written down.

use super::lasting::{Lasting, delivery};
use super::*;
use crate::keep::{Kept, ledger};
use crate::testing::{Guest, GuestList};

#[tokio::test(start_paused = true)]
async fn what_comes_and_goes_between_two_commits_is_never_written() {
    let lasting = Lasting::new();
    let (terms, gate) = (Arc::clone(&lasting.terms), Arc::clone(&lasting.gate));
    let slow = Lasting::start(Kept::default(), terms, gate, Limits::default());
    let mut client = slow.world.dial();
    client.send(connect_lasting("s")).await;
    let mut open = Vec::new();
    for n in 0..3_u8 {
        let session = slow.ledger.handled(7, u16::from(n), true);
        open.push(session);
    }
    assert_eq!(open, [1, 1, 1], "one commit for all");
    slow.ledger.forget(7);
    slow.writes();
    slow.is_kept().await;
    assert!(slow.kept().handled.is_empty());
    assert_eq!(slow.kept().sessions.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_expires_while_nobody_runs() {
    for (seconds, is_there) in [(59, true), (61, false)] {
        let lasting = Lasting::new();
        let (subscriber, _) = lasting.returns(connect_lasting("s")).await;
        drop(subscriber);
        lasting.world.is_left().await;
        lasting.is_kept().await;
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let kept = lasting.kept();
        let lasting = Lasting::start(
            kept,
            Arc::clone(&lasting.terms),
            Arc::clone(&lasting.gate),
            Limits::default(),
        );
        lasting.writes();
        lasting.is_kept().await;
        assert_eq!(!lasting.kept().sessions.is_empty(), is_there, "{seconds} s");
        let (_, is_present) = lasting.returns(connect_lasting("s")).await;
        assert_eq!(is_present, is_there, "{seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_session_that_was_connected_runs_from_when_the_process_was_last_alive() {
    for (seconds, is_there) in [(55, true), (75, false)] {
        let lasting = Lasting::new();
        let (subscriber, _) = lasting.returns(connect_lasting("s")).await;
        tokio::time::sleep(Duration::from_mins(2)).await;
        lasting.world.shared.hub.sweep();
        tokio::time::sleep(Duration::from_secs(2)).await;
        let kept = lasting.kept();
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let (terms, gate) = (Arc::clone(&lasting.terms), Arc::clone(&lasting.gate));
        let next = Lasting::start(kept, terms, gate, Limits::default());
        next.writes();
        let (_, is_present) = next.returns(connect_lasting("s")).await;
        assert_eq!(is_present, is_there, "{seconds} s");
        drop(subscriber);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clean_start_and_the_end_of_a_session_are_forgotten_for_good() {
    let lasting = Lasting::new();
    let (mut subscriber, _) = lasting.returns(connect_lasting("s")).await;
    subscriber.subscribe("a", Qos::AtLeastOnce).await;
    drop(subscriber);
    lasting.world.is_left().await;
    lasting.route("a", b"1", 1).await;
    let connect = v5_0::Connect::builder().client_id("s").unwrap();
    let connect = connect.clean_start(true).props(vec![expiry(60)]);
    let (subscriber, is_present) = lasting.returns(connect.build().unwrap()).await;
    assert!(!is_present);
    let kept = lasting.kept();
    assert_eq!((kept.sessions.len(), kept.subscriptions.len()), (1, 0));
    assert!(kept.deliveries.is_empty() && kept.messages.is_empty());
    drop(subscriber);
    // One that is to end with its connection is gone as soon as that begins.
    let lasting = lasting.killed();
    let (_subscriber, is_present) = lasting.returns(connect_v5("s")).await;
    assert!(is_present);
    assert!(lasting.kept().sessions.is_empty());
    let lasting = lasting.killed();
    assert!(!lasting.returns(connect_lasting("s")).await.1);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_was_not_to_outlive_its_connection_is_not_written() {
    let lasting = Lasting::new();
    let (mut subscriber, _) = lasting.returns(connect_v5("s")).await;
    subscriber.subscribe("a", Qos::ExactlyOnce).await;
    lasting.route("a", b"1", 2).await;
    assert_eq!(delivery(&mut subscriber).await.2, 1);
    lasting.is_kept().await;
    let kept = lasting.kept();
    assert!(kept.sessions.is_empty() && kept.subscriptions.is_empty());
    assert!(kept.deliveries.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_session_comes_back_to_its_owner_alone_and_to_nobody_whom_the_gate_knows_no_more() {
    let anna = Guest::new("anna", |_, _| true);
    let bert = Guest::new("bert", |_, _| true);
    let carl = Guest::new("carl", |_, _| true);
    let guests = [("anna", &anna), ("bert", &bert), ("carl", &carl)];
    let lasting = Lasting::with_gate(GuestList::new(guests));
    for user in ["anna", "bert"] {
        let (mut client, _) = lasting.returns(connect_as(user, "c")).await;
        client.subscribe("a", Qos::AtLeastOnce).await;
        drop(client);
    }
    lasting.world.is_left().await;
    lasting.route("a", b"1", 1).await;
    lasting.route("a", b"2", 1).await;
    let kept = lasting.kept();
    assert_eq!((kept.deliveries.len(), kept.messages.len()), (4, 2));
    bert.revoke();
    anna.grant(|_, _| false);
    let lasting = lasting.killed();
    lasting.is_kept().await;
    assert_eq!(lasting.kept().sessions.len(), 1);
    assert!(!lasting.returns(connect_as("carl", "c")).await.1);
    let (mut client, is_present) = lasting.returns(connect_as("anna", "c")).await;
    assert!(is_present);
    client.is_answered().await;
    assert_eq!(lasting.world.shared.counters.deliveries_withheld.get(), 2);
    lasting.is_kept().await;
    assert!(lasting.kept().messages.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_must_not_be_written_down_waits_in_memory_alone() {
    let anna = Guest::new("anna", |topic, _| topic != "secret");
    let lasting = Lasting::with_gate(GuestList::new([("anna", &anna)]));
    let (mut subscriber, _) = lasting.returns(connect_as("anna", "s")).await;
    subscriber.subscribe("#", Qos::AtLeastOnce).await;
    drop(subscriber);
    lasting.world.is_left().await;
    for topic in ["private", "secret", "a"] {
        lasting.world.shared.hub.route(&message(topic, b"x", true));
    }
    lasting.is_kept().await;
    let kept = lasting.kept();
    let topics: Vec<_> = kept.messages.values().map(|row| &row.topic).collect();
    assert_eq!(topics, ["a"]);
    let topics: Vec<_> = kept.retained.keys().collect();
    assert_eq!(
        topics,
        ["a", "secret"],
        "nobody is known who may not have it"
    );
    anna.grant(|_, _| true);
    let (mut subscriber, _) = lasting.returns(connect_as("anna", "s")).await;
    assert_eq!(subscriber.topics().await, ["private", "secret", "a"]);
}

#[tokio::test(start_paused = true)]
async fn the_identifier_of_what_is_not_written_down_is_released_after_a_restart() {
    let lasting = Lasting::new();
    let (mut subscriber, _) = lasting.returns(connect_lasting("s")).await;
    subscriber.subscribe("#", Qos::ExactlyOnce).await;
    lasting.route("private", b"x", 2).await;
    assert_eq!(delivery(&mut subscriber).await.2, 1);
    let kept = lasting.kept();
    assert!(kept.messages.is_empty());
    assert_eq!(kept.deliveries.len(), 1);
    let lasting = lasting.killed();
    let (mut subscriber, _) = lasting.returns(connect_lasting("s")).await;
    assert_eq!(subscriber.packet().await, (0x62, vec![0, 1]), "PUBREL");
    let pubcomp = v5_0::Pubcomp::builder().packet_id(1).build().unwrap();
    subscriber.send(pubcomp).await;
    subscriber.is_answered().await;
    lasting.is_kept().await;
    assert!(lasting.kept().deliveries.is_empty());
}

#[tokio::test(start_paused = true)]
async fn where_there_is_no_room_those_without_subscriptions_go_first() {
    let lasting = Lasting::new();
    for (name, subscribes) in [("s", true), ("c", false)] {
        let (mut client, _) = lasting.returns(connect_lasting(name)).await;
        if subscribes {
            client.subscribe("a", Qos::AtLeastOnce).await;
        }
    }
    let limits = Limits {
        sessions_parked_max: 1,
        ..Limits::default()
    };
    let lasting = lasting.killed_with(limits);
    assert!(!lasting.returns(connect_lasting("c")).await.1);
    assert!(lasting.returns(connect_lasting("s")).await.1);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_cannot_keep_stops_and_promises_nothing() {
    struct Full;
    impl crate::keep::Keep for Full {
        fn commit(
            &mut self,
            _changes: &crate::keep::Changes,
        ) -> Result<(), crate::keep::KeepError> {
            Err("the disk is full".into())
        }
    }
    let lasting = Lasting::new();
    let (terms, gate) = (Arc::clone(&lasting.terms), Arc::clone(&lasting.gate));
    let broken = Lasting::start(Kept::default(), terms, gate, Limits::default());
    let shutdown = broken.world.shared.shutdown.clone();
    let ledger = Arc::clone(&broken.ledger);
    let writing = ledger::write(ledger, Box::new(Full), shutdown.clone());
    broken.world.tracker.spawn(writing);
    let mut client = broken.world.dial();
    client.send(connect_lasting("s")).await;
    client.hears_the_end().await;
    assert!(shutdown.is_cancelled());
    assert_eq!(broken.ledger.failure(), Some("the disk is full"));
}
