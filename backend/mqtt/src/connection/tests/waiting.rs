//! Connections that have not been admitted: what they may hold, and what they are told.

use super::*;
use crate::testing::GuestList;

fn host(number: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, number).into()
}

fn small() -> Limits {
    Limits {
        connections_max: 2,
        unadmitted_max: 3,
        unadmitted_per_address_max: 3,
        ..Limits::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_says_nothing_keeps_nobody_from_elsewhere_out() {
    let world = World::with_limits(small());
    let mut admitted = world.connect(connect_v5("admitted")).await;
    let mut crowd: Vec<_> = (0..3).filter_map(|_| world.dial_from(host(1))).collect();
    for client in &mut crowd {
        client.send_bytes(b"\x10\x7f\x00\x04MQ").await;
    }
    assert!(world.dial_from(host(1)).is_none());
    let mut newcomer = world.dial_from(host(2)).expect("closed at once");
    newcomer.send(connect_v5("newcomer")).await;
    assert_eq!(newcomer.packet().await.1[..2], [0, 0]);
    crowd[0].hears_the_end().await;
    crowd[1].hears_nothing_for(Duration::from_secs(1)).await;
    admitted.is_answered().await;
    newcomer.is_answered().await;
    assert_eq!(world.shared.counters.unadmitted_put_out.get(), 1);
    assert_eq!(world.shared.counters.unadmitted_refused.get(), 1);
    drop((admitted, newcomer, crowd));
    world.is_left().await;
}

#[tokio::test(start_paused = true)]
async fn who_connects_when_every_place_is_taken_is_told_to_come_back() {
    let world = World::with_limits(small());
    let (mut v5, mut v3) = (world.dial(), world.dial());
    let first = world.connect(connect_v5("first")).await;
    let second = world.connect(connect_v5("second")).await;
    assert!(world.dial_from(host(1)).is_none(), "closed at once");
    v5.send(connect_v5("v5")).await;
    let (first_byte, body) = v5.packet().await;
    assert_eq!((first_byte, &body[..2]), (0x20, &[0, 0x89][..]));
    v5.hears_the_end().await;
    v3.send(connect_v3("v3")).await;
    assert_eq!(v3.packet().await, (0x20, vec![0, 3]));
    v3.hears_the_end().await;
    drop((first, v5, v3));
    while world.shared.counters.connections_open.get() > 1 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut late = world.connect(connect_v5("late")).await;
    late.is_answered().await;
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn who_is_denied_is_told_and_holds_its_place_for_a_second_at_most() {
    let world = World::with_gate(small(), GuestList::new([]));
    for _ in 0..10 {
        let mut crowd: Vec<_> = (0..3).filter_map(|_| world.dial_from(host(1))).collect();
        assert_eq!(crowd.len(), 3);
        for client in &mut crowd {
            client.send(connect_v5("c")).await;
            assert_eq!(client.packet().await.1[..2], [0, 0x86]);
        }
        assert!(world.dial_from(host(1)).is_none(), "not gone yet");
        for client in &mut crowd {
            client.hears_the_end().await;
        }
        // They do not close their side, and are dropped nevertheless.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert_eq!(world.shared.counters.connections_open.get(), 0);
    }
    assert_eq!(world.shared.counters.connects_denied.get(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_takes_its_time_holds_up_its_own_visitor_only() {
    /// A gate that never answers anybody but `quick`.
    struct Slow;
    impl Gate for Slow {
        fn admit(
            &self,
            visitor: crate::gate::Visitor,
        ) -> BoxFuture<'_, Result<Arc<dyn crate::gate::Pass>, crate::gate::Denied>> {
            Box::pin(async move {
                if visitor.client != "quick" {
                    std::future::pending::<()>().await;
                }
                Ok(Arc::new(Open) as Arc<dyn crate::gate::Pass>)
            })
        }

        fn recall(&self, _owner: &str) -> Option<Arc<dyn crate::gate::Pass>> {
            None
        }
    }
    let world = World::with_gate(small(), Arc::new(Slow));
    let mut slow: Vec<_> = (0..2).map(|_| world.dial()).collect();
    for client in &mut slow {
        client.send(connect_v5("slow")).await;
    }
    world.connect(connect_v5("quick")).await.is_answered().await;
    slow[0]
        .hears_nothing_for(Duration::from_millis(9_900))
        .await;
    slow[0].hears_the_end().await;
}

#[tokio::test(start_paused = true)]
async fn a_connect_that_comes_byte_by_byte_has_no_more_time_than_another() {
    let world = World::new();
    let mut client = world.dial();
    let bytes = connect_v5("slow").to_continuous_buffer();
    assert!(bytes.len() > 10, "longer than the seconds it has");
    for byte in bytes.iter().take(10) {
        client.send_bytes(&[*byte]).await;
        client.hears_nothing_for(Duration::from_millis(999)).await;
    }
    client.hears_the_end().await;
    drop(client);
    world.is_left().await;
}
