//! What has its time: messages that wait, wills that are put off, sessions.

use mqtt_protocol_core::mqtt::packet::{MessageExpiryInterval, WillDelayInterval};

use super::*;

/// A PUBLISH of QoS 1 whose message is of use for so long.
fn publish_for(seconds: u32, is_retained: bool) -> v5_0::Publish {
    let expiry = MessageExpiryInterval::new(seconds).unwrap().into();
    let packet = v5_0::Publish::builder().topic_name("a").unwrap();
    let packet = packet.qos(Qos::AtLeastOnce).packet_id(1);
    let packet = packet.retain(is_retained).props(vec![expiry]);
    let payload = seconds.to_string().into_bytes();
    packet.payload(payload).build().unwrap()
}

async fn publish(world: &mut World, client: &mut Client, packet: v5_0::Publish) {
    client.send(packet).await;
    world.keep().await;
    assert_eq!(client.packet().await, (0x40, vec![0, 1]));
}

/// The seconds that a message has left, and its payload.
fn left(publish: &v5_0::Publish) -> (Option<u32>, String) {
    let seconds = publish.props().iter().find_map(|property| match property {
        Property::MessageExpiryInterval(seconds) => Some(seconds.val()),
        _ => None,
    });
    let payload = publish.payload().as_slice().to_vec();
    (seconds, String::from_utf8(payload).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_queued_message_is_dropped_when_its_time_has_passed_and_told_what_is_left_of_it() {
    let mut world = World::new();
    let mut subscriber = world.connect(connect_lasting("s")).await;
    subscriber.subscribe("a", Qos::AtLeastOnce).await;
    drop(subscriber);
    world.is_left().await;
    let mut client = world.connect(connect_v5("c")).await;
    for seconds in [5, 20] {
        publish(&mut world, &mut client, publish_for(seconds, false)).await;
    }
    tokio::time::sleep(Duration::from_millis(7_500)).await;
    let mut subscriber = world.connect(connect_lasting("s")).await;
    // A begun second counts as one.
    let expected = (Some(13), "20".to_owned());
    assert_eq!(left(&subscriber.publish().await), expected);
    subscriber.hears_nothing_for(Duration::from_secs(1)).await;
    assert_eq!(world.shared.counters.deliveries_expired.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_retained_message_goes_when_its_time_has_passed() {
    let mut world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    publish(&mut world, &mut client, publish_for(20, true)).await;
    tokio::time::sleep(Duration::from_secs(12)).await;
    for filter in ["a", "+"] {
        client.subscribe(filter, Qos::AtLeastOnce).await;
        assert_eq!(left(&client.publish().await).0, Some(8), "{filter}");
    }
    tokio::time::sleep(Duration::from_secs(8)).await;
    for filter in ["a", "+"] {
        client.subscribe(filter, Qos::AtLeastOnce).await;
        client.hears_nothing_for(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_sent_in_time_is_repeated_after_it() {
    let mut world = World::new();
    let mut subscriber = world.connect(connect_lasting("s")).await;
    subscriber.subscribe("a", Qos::AtLeastOnce).await;
    let mut client = world.connect(connect_v5("c")).await;
    publish(&mut world, &mut client, publish_for(5, false)).await;
    assert_eq!(left(&subscriber.publish().await).0, Some(5));
    drop(subscriber);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let mut subscriber = world.connect(connect_lasting("s")).await;
    let again = subscriber.publish().await;
    assert_eq!((again.dup(), left(&again).0), (true, Some(0)));
}

#[tokio::test(start_paused = true)]
async fn expired_messages_make_room_before_a_subscriber_is_overrun() {
    let limits = Limits {
        outbox_messages_max: 2,
        ..Limits::default()
    };
    let mut world = World::with_limits(limits);
    let mut subscriber = world.connect(connect_lasting("s")).await;
    subscriber.subscribe("a", Qos::AtLeastOnce).await;
    drop(subscriber);
    world.is_left().await;
    let mut client = world.connect(connect_v5("c")).await;
    for seconds in [5, 5] {
        publish(&mut world, &mut client, publish_for(seconds, false)).await;
    }
    tokio::time::sleep(Duration::from_secs(6)).await;
    for seconds in [7, 8] {
        publish(&mut world, &mut client, publish_for(seconds, false)).await;
    }
    let mut subscriber = world.connect(connect_lasting("s")).await;
    for payload in ["7", "8"] {
        assert_eq!(left(&subscriber.publish().await).1, payload);
    }
    assert_eq!(world.shared.counters.subscribers_overrun.get(), 0);
}

/// CONNECT with a will that is put off.
fn with_will(delay_s: u32, expiry_s: u32, is_clean: bool) -> v5_0::Connect {
    let delay = WillDelayInterval::new(delay_s).unwrap().into();
    let use_s = MessageExpiryInterval::new(90).unwrap().into();
    let connect = v5_0::Connect::builder().client_id("c").unwrap();
    let connect = connect
        .clean_start(is_clean)
        .will_message("wills/c", b"gone", Qos::AtLeastOnce, false)
        .unwrap()
        .will_props(vec![delay, use_s]);
    connect.props(vec![expiry(expiry_s)]).build().unwrap()
}

/// When the will comes, after the connection is lost.
async fn will_after(world: &mut World) -> Duration {
    let lost_at = Instant::now();
    assert_eq!(world.keep().await[0].topic, "wills/c");
    lost_at.elapsed()
}

/// Virtual time that the endpoint's work takes, and that of waking up.
fn is_about(time: Duration, seconds: u64) -> bool {
    let expected = Duration::from_secs(seconds);
    (expected..expected + Duration::from_millis(50)).contains(&time)
}

#[tokio::test(start_paused = true)]
async fn a_will_is_due_after_its_delay_or_when_the_session_ends_before() {
    for (delay_s, expiry_s, expected_s) in [(10, 60, 10), (60, 20, 20), (60, 0, 0), (0, 60, 0)] {
        let mut world = World::new();
        drop(world.connect(with_will(delay_s, expiry_s, false)).await);
        let after = will_after(&mut world).await;
        assert!(
            is_about(after, expected_s),
            "{delay_s}/{expiry_s}: {after:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_back_in_time_calls_its_will_off() {
    let mut world = World::new();
    drop(world.connect(with_will(10, 60, false)).await);
    tokio::time::sleep(Duration::from_secs(9)).await;
    let mut client = world.connect(connect_lasting("c")).await;
    client.hears_nothing_for(Duration::from_mins(1)).await;
    client
        .send(v5_0::Disconnect::builder().build().unwrap())
        .await;
    client.hears_the_end().await;
    world.ends_with_nothing_taken().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_starts_clean_ends_the_session_and_so_makes_the_will_due() {
    let mut world = World::new();
    drop(world.connect(with_will(30, 60, false)).await);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let _client = world.connect(with_will(30, 60, true)).await;
    assert!(is_about(will_after(&mut world).await, 0));
}

#[tokio::test(start_paused = true)]
async fn a_takeover_calls_a_will_off_that_is_put_off_and_no_other() {
    for (delay_s, is_due) in [(30, false), (0, true)] {
        let mut world = World::new();
        let mut old = world.connect(with_will(delay_s, 60, false)).await;
        let mut new = world.connect(connect_lasting("c")).await;
        old.packet().await;
        old.hears_the_end().await;
        drop(old);
        if is_due {
            assert!(is_about(will_after(&mut world).await, 0));
        }
        new.hears_nothing_for(Duration::from_secs(40)).await;
        new.send(v5_0::Disconnect::builder().build().unwrap()).await;
        new.hears_the_end().await;
        world.ends_with_nothing_taken().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_a_will_but_publishes_it() {
    let mut world = World::new();
    drop(world.connect(with_will(30, 60, false)).await);
    world.is_left().await;
    world.shared.shutdown.cancel();
    assert!(is_about(will_after(&mut world).await, 0));
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_will_s_message_begins_when_it_is_published() {
    let mut world = World::new();
    let mut subscriber = world.connect(connect_v5("s")).await;
    subscriber.subscribe("wills/+", Qos::AtLeastOnce).await;
    drop(world.connect(with_will(30, 60, false)).await);
    world.keep().await;
    assert_eq!(left(&subscriber.publish().await), (Some(90), "gone".into()));
}

fn goodbye(expiry_s: u32) -> v5_0::Disconnect {
    let packet = v5_0::Disconnect::builder()
        .reason_code(DisconnectReasonCode::NormalDisconnection)
        .props(vec![expiry(expiry_s)]);
    packet.build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_may_change_the_session_s_time_but_not_give_it_one() {
    for (at_first, at_last, after_s, is_present) in [
        (5, 60, 30, 1),
        (60, 0, 0, 0),
        (60, 10, 11, 0),
        (60, 10, 9, 1),
    ] {
        let world = World::new();
        let mut client = world
            .connect(connect_with("c", vec![expiry(at_first)]))
            .await;
        client.send(goodbye(at_last)).await;
        client.hears_the_end().await;
        world.is_left().await;
        tokio::time::sleep(Duration::from_secs(after_s)).await;
        let mut client = world.dial();
        client.send(connect_lasting("c")).await;
        let body = client.packet().await.1;
        assert_eq!(
            body[..2],
            [is_present, 0],
            "{at_first}, {at_last} s after {after_s} s"
        );
    }
    let world = World::new();
    let mut client = world.connect(connect_v5("c")).await;
    client.send(goodbye(60)).await;
    assert_eq!(client.packet().await, (0xe0, vec![0x82]));
    client.hears_the_end().await;
}
