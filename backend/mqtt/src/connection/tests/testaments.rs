//! Wills over a restart: whoever does not come back is told of, whoever does is not.

use mqtt_protocol_core::mqtt::packet::WillDelayInterval;

use super::lasting::Lasting;
use super::*;
use crate::limits::SWEEP_PERIOD;
use crate::testing::{Guest, GuestList};

/// Seconds that clients are given by [`Limits::default`].
const GRACE_S: u64 = 60;

/// CONNECT with a will on `topic` and a session of so many seconds.
fn with_will(topic: &str, delay_s: u32, expiry_s: u32, is_clean: bool) -> v5_0::Connect {
    let delay = WillDelayInterval::new(delay_s).unwrap().into();
    let connect = v5_0::Connect::builder().client_id("c").unwrap();
    let connect = connect
        .clean_start(is_clean)
        .will_message(topic, b"gone", Qos::AtLeastOnce, true)
        .unwrap()
        .will_props(vec![delay]);
    let properties = vec![expiry(expiry_s), by_code_alone()];
    connect.props(properties).build().unwrap()
}

/// The same in 3.1.1, with a clean session.
fn with_will_v3(client: &str) -> v3_1_1::Connect {
    let connect = v3_1_1::Connect::builder().client_id(client).unwrap();
    let connect = connect.clean_session(true);
    let connect = connect.will_message("wills/c", b"gone", Qos::AtLeastOnce, false);
    connect.unwrap().build().unwrap()
}

/// A world in which somebody with this will was connected when it was killed.
async fn killed_with(connect: impl Into<Packet>) -> Lasting {
    let lasting = Lasting::new();
    let client = lasting.world.connect(connect).await;
    let after = lasting.killed();
    drop(client);
    after
}

/// After how many whole seconds the will comes; it is kept.
async fn comes_after(lasting: &mut Lasting) -> u64 {
    let since = Instant::now();
    let arrivals = lasting.world.keep().await;
    assert_eq!(
        (&*arrivals[0].topic, &*arrivals[0].payload),
        ("wills/c", &b"gone"[..])
    );
    since.elapsed().as_secs()
}

/// No will comes, however long one waits, and none is kept.
async fn never_comes(mut lasting: Lasting) {
    tokio::time::sleep(Duration::from_hours(2)).await;
    assert!(lasting.world.batches.try_recv().is_err(), "a will came");
    lasting.is_kept().await;
    assert!(lasting.kept().wills.is_empty());
}

async fn leaves(mut client: Client) {
    let goodbye = v5_0::Disconnect::builder().build().unwrap();
    client.send(goodbye).await;
    client.hears_the_end().await;
}

#[tokio::test(start_paused = true)]
async fn who_does_not_come_back_in_time_is_told_of_once() {
    for (delay_s, expiry_s, expected_s) in [
        (0, 0, GRACE_S),
        (10, 600, GRACE_S),
        (300, 600, 300),
        (300, 100, 100),
    ] {
        let mut lasting = killed_with(with_will("wills/c", delay_s, expiry_s, false)).await;
        let after_s = comes_after(&mut lasting).await;
        assert_eq!(after_s, expected_s, "{delay_s}/{expiry_s}");
        lasting.is_kept().await;
        never_comes(lasting.killed()).await;
    }
    let mut lasting = killed_with(with_will_v3("c")).await;
    assert_eq!(comes_after(&mut lasting).await, GRACE_S);
}

#[tokio::test(start_paused = true)]
async fn who_is_back_in_time_is_not_told_of_however_it_comes_back() {
    let ways: [Packet; 4] = [
        with_will("wills/c", 0, 0, true).into(),
        with_will("wills/c", 0, 600, false).into(),
        connect_v3("c").into(),
        connect_v5("c").into(),
    ];
    for (n, way) in ways.into_iter().enumerate() {
        for connect in [
            with_will("wills/c", 0, 0, true),
            with_will("wills/c", 90, 600, false),
        ] {
            let lasting = killed_with(connect).await;
            tokio::time::sleep(Duration::from_secs(GRACE_S - 1)).await;
            let client = lasting.world.connect(way.clone()).await;
            if n == 2 {
                let mut client = client;
                client
                    .send(v3_1_1::Disconnect::builder().build().unwrap())
                    .await;
                client.hears_the_end().await;
            } else {
                leaves(client).await;
            }
            never_comes(lasting).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_client_or_owner_that_comes_calls_nothing_off() {
    let mut lasting = killed_with(with_will("wills/c", 0, 600, false)).await;
    let _other = lasting.world.connect(connect_v5("d")).await;
    assert_eq!(comes_after(&mut lasting).await, GRACE_S);
}

#[tokio::test(start_paused = true)]
async fn after_the_grace_a_session_that_is_resumed_calls_it_off_and_a_clean_start_makes_it_due() {
    let lasting = killed_with(with_will("wills/c", 300, 600, false)).await;
    tokio::time::sleep(Duration::from_secs(GRACE_S + 30)).await;
    leaves(lasting.world.connect(connect_lasting("c")).await).await;
    never_comes(lasting).await;

    let mut lasting = killed_with(with_will("wills/c", 300, 600, false)).await;
    tokio::time::sleep(Duration::from_secs(GRACE_S + 30)).await;
    let _anew = lasting.world.connect(connect_v3("c")).await;
    assert_eq!(comes_after(&mut lasting).await, 0);
}

#[tokio::test(start_paused = true)]
async fn the_time_goes_on_while_nobody_runs_and_each_start_gives_its_grace() {
    // Lost before the server was, and its delay has begun.
    let lasting = Lasting::new();
    drop(
        lasting
            .world
            .connect(with_will("wills/c", 300, 600, false))
            .await,
    );
    lasting.world.is_left().await;
    lasting.is_kept().await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    let mut lasting = lasting.killed();
    assert_eq!(
        comes_after(&mut lasting).await,
        199,
        "a moment is gone already"
    );

    // Connected when the server was killed: the delay counts from then, over two starts.
    let lasting = killed_with(with_will("wills/c", 300, 600, false)).await;
    lasting.is_kept().await;
    tokio::time::sleep(Duration::from_secs(200)).await;
    let mut lasting = lasting.killed();
    assert!((98..=100 + SWEEP_PERIOD.as_secs()).contains(&comes_after(&mut lasting).await));

    let lasting = killed_with(with_will("wills/c", 0, 0, false)).await;
    tokio::time::sleep(Duration::from_secs(GRACE_S - 5)).await;
    let mut lasting = lasting.killed();
    assert_eq!(comes_after(&mut lasting).await, GRACE_S);
}

#[tokio::test(start_paused = true)]
async fn an_orderly_stop_publishes_nothing_and_leaves_it_to_the_next_start() {
    // One is connected, and the other's will waits.
    let mut lasting = Lasting::new();
    let mut client = lasting
        .world
        .connect(with_will("wills/c", 0, 0, true))
        .await;
    let mut waiting = lasting
        .world
        .connect({
            let connect = v5_0::Connect::builder().client_id("d").unwrap();
            let delay = WillDelayInterval::new(300).unwrap().into();
            let connect = connect.will_message("wills/c", b"gone", Qos::AtLeastOnce, false);
            let connect = connect.unwrap().will_props(vec![delay]);
            connect.props(vec![expiry(600)]).build().unwrap()
        })
        .await;
    waiting.is_answered().await;
    drop(waiting);
    tokio::time::sleep(Duration::from_secs(1)).await;
    lasting.world.shared.shutdown.cancel();
    client.packet().await;
    client.hears_the_end().await;
    lasting.world.is_left().await;
    lasting.is_kept().await;
    assert!(lasting.world.batches.try_recv().is_err());
    assert_eq!(lasting.kept().wills.len(), 2);
    let mut lasting = lasting.killed();
    assert_eq!(comes_after(&mut lasting).await, GRACE_S);
    assert!((230..=240).contains(&comes_after(&mut lasting).await));
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_or_a_revoked_pass_leaves_no_will_and_what_is_private_is_not_written_down() {
    let lasting = Lasting::new();
    leaves(
        lasting
            .world
            .connect(with_will("wills/c", 0, 600, true))
            .await,
    )
    .await;
    lasting.is_kept().await;
    never_comes(lasting.killed()).await;

    let lasting = Lasting::new();
    let client = lasting
        .world
        .connect(with_will("private/c", 0, 600, true))
        .await;
    assert!(lasting.kept().wills.is_empty());
    let lasting = lasting.killed();
    drop(client);
    never_comes(lasting).await;

    // Whoever may not any more when it is due, has none.
    let guest = Guest::new("ann", |_, _| true);
    let gate = GuestList::new([("guest", &guest)]);
    let lasting = Lasting::with_gate(gate);
    let connect = v5_0::Connect::builder().client_id("c").unwrap();
    let connect = connect.user_name("guest").unwrap();
    let connect = connect.will_message("wills/c", b"gone", Qos::AtLeastOnce, true);
    let client = lasting
        .world
        .connect(connect.unwrap().build().unwrap())
        .await;
    let lasting = lasting.killed();
    drop(client);
    guest.revoke();
    never_comes(lasting).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_is_waited_for_whose_name_the_server_made_up() {
    let mut lasting = killed_with(with_will_v3("")).await;
    assert_eq!(comes_after(&mut lasting).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_will_that_was_not_taken_in_before_the_end_is_published_after_it() {
    let mut lasting = Lasting::new();
    drop(
        lasting
            .world
            .connect(with_will("wills/c", 0, 600, true))
            .await,
    );
    let (arrivals, receipt) = lasting.world.batch().await;
    assert_eq!(arrivals[0].topic, "wills/c");
    drop(receipt);
    lasting.world.is_left().await;
    lasting.is_kept().await;
    let mut lasting = lasting.killed();
    assert_eq!(comes_after(&mut lasting).await, GRACE_S);
}
