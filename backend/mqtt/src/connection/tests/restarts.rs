//! Whenever the process is killed, and whatever was on its way then: a subscriber that keeps to the
//! protocol gets QoS 2 exactly once, QoS 1 at least once, in order.

use proptest::prelude::*;

use super::breaks::{Subscriber, connect, expect_all};
use super::lasting::Lasting;
use super::*;

/// One run of the process.
#[derive(Clone, Debug)]
struct Run {
    /// The QoS of what is published before and after the subscriber connects.
    before: Vec<u8>,
    after: Vec<u8>,
    receive_maximum: u16,
    /// How many packets it takes before the process is killed.
    n_packets: usize,
    /// Whether its answer to the last of them is lost.
    is_last_lost: bool,
}

fn runs() -> impl Strategy<Value = Vec<Run>> {
    let published = || prop::collection::vec(1..=2_u8, 0..4);
    let run = (
        published(),
        published(),
        1..4_u16,
        0..8_usize,
        any::<bool>(),
    )
        .prop_map(
            |(before, after, receive_maximum, n_packets, is_last_lost)| Run {
                before,
                after,
                receive_maximum,
                n_packets,
                is_last_lost,
            },
        );
    prop::collection::vec(run, 1..6)
}

/// Publishes, and waits for the acknowledgement, as far as one may count on it.
async fn publish(lasting: &Lasting, published: &mut Vec<u8>, qos: &[u8]) {
    for &qos in qos {
        let ticket = lasting.world.shared.hub.route(&Arc::new(Message {
            topic: "a".into(),
            payload: published.len().to_string().into(),
            qos,
            ..Message::default()
        }));
        lasting.is_durable(ticket).await;
        published.push(qos);
    }
}

async fn run_all(runs: &[Run]) {
    let mut lasting = Lasting::new();
    let mut subscriber = Subscriber::default();
    let mut published = Vec::new();
    let mut client = connect(&lasting.world, 1).await;
    client.subscribe("a", Qos::ExactlyOnce).await;
    drop(client);
    for run in runs {
        publish(&lasting, &mut published, &run.before).await;
        let mut client = connect(&lasting.world, run.receive_maximum).await;
        publish(&lasting, &mut published, &run.after).await;
        subscriber
            .listen(&mut client, run.n_packets, run.is_last_lost)
            .await;
        lasting = lasting.killed();
    }
    let mut client = connect(&lasting.world, 3).await;
    subscriber.listen(&mut client, usize::MAX, false).await;
    client.is_answered().await;
    expect_all(&subscriber, &published);
    // Nothing is left over either, once that is known.
    lasting.is_left_with_nothing().await;
}

proptest! {
    #[test]
    fn qos_2_comes_exactly_once_and_qos_1_at_least_once_in_order_over_restarts(runs in runs()) {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(run_all(&runs));
    }
}
