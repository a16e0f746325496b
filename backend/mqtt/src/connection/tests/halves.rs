//! Packets that are begun and not completed: `Limits::packet_timeout`, beside any keep-alive.

use super::*;

/// CONNECT with a keep-alive in seconds; zero for none.
fn connect_alive(keep_alive_s: u16) -> v5_0::Connect {
    let connect = v5_0::Connect::builder().client_id("c").unwrap();
    let connect = connect.keep_alive(keep_alive_s);
    connect.props(vec![by_code_alone()]).build().unwrap()
}

async fn is_dropped(client: &mut Client, world: &World) {
    assert_eq!(client.packet().await, (0xe0, vec![0x8d]));
    client.hears_the_end().await;
    assert_eq!(world.shared.counters.packets_overdue.get(), 1);
    assert_eq!(world.shared.counters.keep_alive_timeouts.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_half_packet_is_waited_for_a_minute_without_keep_alive() {
    let world = World::new();
    let mut client = world.connect(connect_alive(0)).await;
    client.hears_nothing_for(Duration::from_hours(1)).await;
    client.send_bytes(&[0x30]).await;
    client
        .hears_nothing_for(Duration::from_millis(59_900))
        .await;
    let before = tokio::time::Instant::now();
    is_dropped(&mut client, &world).await;
    assert!(before.elapsed() <= Duration::from_millis(200));
}

#[tokio::test(start_paused = true)]
async fn a_byte_now_and_then_does_not_prolong_a_packet() {
    for skipped in [0, 1] {
        let world = World::with_limits(Limits {
            payload_bytes_max: 1,
            ..Limits::default()
        });
        let mut client = world.connect(connect_alive(10)).await;
        // A PUBLISH of 200,000 bytes, buffered up to its head, or skipped after that.
        let mut bytes = b"\x30\xc0\x9a\x0c\x00\x01a\x00".to_vec();
        bytes.resize(bytes.len() + skipped * 70_000, b'x');
        client.send_bytes(&bytes).await;
        for _ in 0..11 {
            client.hears_nothing_for(Duration::from_secs(5)).await;
            client.send_bytes(b"x").await;
        }
        is_dropped(&mut client, &world).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_packet_has_its_own_minute() {
    let mut world = World::new();
    let mut client = world.connect(connect_alive(0)).await;
    let packet = publish_v5("a", 0, b"x").to_continuous_buffer();
    let (front, back) = packet.split_at(3);
    client.send_bytes(front).await;
    for _ in 0..20 {
        client.hears_nothing_for(Duration::from_secs(50)).await;
        client.send_bytes(&[back, front].concat()).await;
        assert_eq!(world.keep().await.len(), 1);
    }
    client.send_bytes(back).await;
    world.keep().await;
    // The same without the taker, for which nothing is read meanwhile.
    let [front, back] = [0xc0, 0x00];
    client.send_bytes(&[front]).await;
    for _ in 0..20 {
        client.hears_nothing_for(Duration::from_secs(50)).await;
        client.send_bytes(&[back, front]).await;
        assert_eq!(client.packet().await, (0xd0, vec![]));
    }
    client.send_bytes(&[back]).await;
    assert_eq!(client.packet().await, (0xd0, vec![]));
    client.hears_nothing_for(Duration::from_mins(10)).await;
    client.is_answered().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_not_read_from_is_not_to_blame_for_its_half_packet() {
    let mut world = World::new();
    let mut client = world.connect(connect_alive(0)).await;
    // Four batches fit the taker's queue; the fifth waits for room, with half a packet behind it.
    for _ in 0..4 {
        client.send(publish_v5("a", 0, b"x")).await;
        client.hears_nothing_for(Duration::from_millis(1)).await;
    }
    let packet = publish_v5("a", 0, b"x").to_continuous_buffer();
    let (front, back) = packet.split_at(3);
    client.send_bytes(&[&packet, front].concat()).await;
    client
        .hears_nothing_for(Duration::from_millis(299_990))
        .await;
    for _ in 0..5 {
        assert_eq!(world.keep().await.len(), 1);
    }
    client.hears_nothing_for(Duration::from_secs(59)).await;
    client.send_bytes(back).await;
    assert_eq!(world.keep().await.len(), 1);
    assert_eq!(world.shared.counters.packets_overdue.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_short_limit_is_kept_as_exactly_as_a_long_one() {
    let world = World::with_limits(Limits {
        packet_timeout: Duration::from_secs(2),
        ..Limits::default()
    });
    let mut client = world.connect(connect_alive(0)).await;
    client.hears_nothing_for(Duration::from_millis(2_500)).await;
    client.send_bytes(&[0xc0]).await;
    client.hears_nothing_for(Duration::from_millis(1_990)).await;
    let before = tokio::time::Instant::now();
    is_dropped(&mut client, &world).await;
    assert!(before.elapsed() <= Duration::from_millis(20));
}
