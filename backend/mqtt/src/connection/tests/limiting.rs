//! Limits of one client and of one owner.

use super::*;
use crate::testing::{Guest, GuestList};

fn burst(n_messages: u16) -> Vec<u8> {
    let packets = (1..=n_messages).map(|identifier| publish_v5("a", identifier, &[b'x'; 90]));
    packets
        .flat_map(|packet| packet.to_continuous_buffer())
        .collect()
}

/// Sends the messages at once, and keeps them as they come; how long that takes in virtual time.
async fn time_for(limits: Limits, n_messages: u16) -> u128 {
    let mut world = World::with_limits(limits);
    let mut client = world.connect(connect_v5("c")).await;
    client.send_bytes(&burst(n_messages)).await;
    let started_at = Instant::now();
    let mut n_kept = 0;
    while n_kept < usize::from(n_messages) {
        n_kept += world.keep().await.len();
    }
    for identifier in 1..=n_messages {
        let puback = identifier.to_be_bytes().to_vec();
        assert_eq!(
            client.packet().await,
            (0x40, puback),
            "in order, none dropped"
        );
    }
    let time_ms = started_at.elapsed().as_millis();
    client.is_answered().await;
    time_ms
}

#[tokio::test(start_paused = true)]
async fn a_client_that_publishes_too_fast_is_read_from_no_faster() {
    let limits = Limits {
        publishes_per_second_max: 10,
        ..Limits::default()
    };
    let time_ms = time_for(limits, 51).await;
    assert!((4_000..4_200).contains(&time_ms), "{time_ms} ms");
    assert!(time_for(Limits::default(), 51).await < 100);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_too_many_bytes_is_read_from_no_faster() {
    let limits = Limits {
        bytes_per_second_max: 1_000,
        ..Limits::default()
    };
    // 51 packets of 98 bytes, of which a second's worth comes at once and one is in debt.
    let time_ms = time_for(limits, 51).await;
    assert!((2_900..4_200).contains(&time_ms), "{time_ms} ms");
}

#[tokio::test(start_paused = true)]
async fn who_is_slowed_down_is_not_taken_for_silent() {
    let limits = Limits {
        publishes_per_second_max: 1,
        ..Limits::default()
    };
    let mut world = World::with_limits(limits);
    let connect = v5_0::Connect::builder().client_id("c").unwrap();
    let mut client = world.connect(connect.keep_alive(2).build().unwrap()).await;
    client.send_bytes(&burst(10)).await;
    let mut n_kept = 0;
    while n_kept < 10 {
        n_kept += world.keep().await.len();
    }
    for identifier in 1..=10 {
        assert_eq!(client.packet().await.1, [0, identifier]);
    }
    client.is_answered().await;
}

#[tokio::test(start_paused = true)]
async fn an_owner_has_so_many_connections_and_gets_them_back() {
    let (ann, bob) = (
        Guest::new("ann", |_, _| true),
        Guest::new("bob", |_, _| true),
    );
    let gate = GuestList::new([("ann", &ann), ("bob", &bob)]);
    let limits = Limits {
        connections_per_owner_max: 2,
        ..Limits::default()
    };
    let world = World::with_gate(limits, gate);
    let one = world.connect(connect_as("ann", "1")).await;
    let mut two = world.connect(connect_as("ann", "2")).await;
    let mut three = world.dial();
    three.send(connect_as("ann", "3")).await;
    assert_eq!(three.packet().await, (0x20, vec![0, 0x97, 0]));
    three.hears_the_end().await;
    let mut of_bob = world.connect(connect_as("bob", "3")).await;
    // Taking its own session over counts once, clean or not.
    for is_clean in [false, true] {
        let connect = v5_0::Connect::builder().client_id("2").unwrap();
        let connect = connect.user_name("ann").unwrap().clean_start(is_clean);
        let connect = connect.props(vec![by_code_alone(), expiry(60)]);
        let mut again = world.connect(connect.build().unwrap()).await;
        assert_eq!(two.packet().await, (0xe0, vec![0x8e]));
        again.is_answered().await;
        two = again;
    }
    of_bob.is_answered().await;
    drop(one);
    while world.shared.counters.connections_open.get() > 3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut three = world.connect(connect_as("ann", "3")).await;
    three.is_answered().await;
    let connect = v3_1_1::Connect::builder().client_id("4").unwrap();
    let connect = connect.user_name("ann").unwrap().clean_session(true);
    let mut four = world.dial();
    four.send(connect.build().unwrap()).await;
    assert_eq!(four.packet().await, (0x20, vec![0, 3]));
    assert_eq!(world.shared.counters.owners_refused.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_longer_keep_alive_than_allowed_is_told_and_counts() {
    let limits = Limits {
        keep_alive_max: Duration::from_secs(20),
        ..Limits::default()
    };
    for asked in [0, 100, 10] {
        let world = World::with_limits(limits.clone());
        let connect = v5_0::Connect::builder().client_id("c").unwrap();
        let connect = connect.keep_alive(asked).props(vec![by_code_alone()]);
        let mut client = world.dial();
        client.send(connect.build().unwrap()).await;
        let body = client.packet().await.1;
        let connack = v5_0::Connack::parse(&body).unwrap().0;
        let told = connack.props().iter().find_map(|property| match property {
            Property::ServerKeepAlive(seconds) => Some(seconds.val()),
            _ => None,
        });
        assert_eq!(told, (asked != 10).then_some(20), "{asked} s");
        let counts = if asked == 10 { 15_000 } else { 30_000 };
        client
            .hears_nothing_for(Duration::from_millis(counts - 100))
            .await;
        assert_eq!(client.packet().await, (0xe0, vec![0x8d]));
    }
}
