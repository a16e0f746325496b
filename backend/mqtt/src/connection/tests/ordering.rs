//! Orders: who counts as having one.

use super::*;
use crate::Order;

/// An order to whoever listens to `a`.
fn order(qos: u8) -> Order {
    Order {
        topic: "a".to_owned(),
        payload: "on".into(),
        qos,
        expiry: Duration::from_mins(10),
        response_topic: None,
        correlation: "o-1".into(),
    }
}

async fn n_reached(world: &World, qos: u8) -> usize {
    let label: Label = Arc::new("an order");
    world.shared.hub.order(order(qos), label).await
}

#[tokio::test(start_paused = true)]
async fn who_has_no_room_for_an_order_does_not_have_it() {
    for filter in ["a", "$share/g/a"] {
        let world = World::with_limits(Limits {
            outbox_messages_max: 2,
            ..Limits::default()
        });
        let mut pump = world.connect(connect_v5("pump")).await;
        pump.subscribe(filter, Qos::AtLeastOnce).await;
        // Until something is waited for, nothing leaves the outbox.
        for payload in [b"1", b"2"] {
            world.shared.hub.route(&message("a", payload, false));
        }
        assert_eq!(n_reached(&world, 0).await, 0, "{filter}");
        for payload in [b"1", b"2"] {
            assert_eq!(pump.publish().await.payload().as_slice(), payload);
        }
        assert_eq!(n_reached(&world, 0).await, 1, "{filter}");
        let heard = pump.publish().await;
        assert_eq!(heard.payload().as_slice(), b"on", "{filter}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_waits_with_who_is_away_if_that_is_what_it_subscribed_to() {
    let world = World::new();
    for (topic_qos, n_waiting) in [(Qos::AtMostOnce, 0), (Qos::AtLeastOnce, 1)] {
        let mut pump = world.connect(connect_lasting("pump")).await;
        pump.subscribe("a", topic_qos).await;
        assert_eq!(n_reached(&world, 1).await, 1);
        assert_eq!(pump.publish().await.payload().as_slice(), b"on");
        drop(pump);
        world.is_left().await;
        assert_eq!(n_reached(&world, 0).await, 0);
        assert_eq!(n_reached(&world, 1).await, n_waiting, "{topic_qos:?}");
    }
}
